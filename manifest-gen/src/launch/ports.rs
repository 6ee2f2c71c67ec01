//! The ports of the host: which are wanted, and which are had.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use orch_manifest::{Id, Port, Protocol};
use serde::{Deserialize, Serialize};

use super::state::PortRecord;
use crate::plan::ports::{FIRST, LAST, UNPRIVILEGED, deterministic};
use crate::plan::{Plan, Published, Role, Workload, port_label};

/// How many ports are tried in place of one that is taken, unless `ORCH_PORT_PROBE_MAX` says so.
pub const PROBES: u32 = 200;

/// Who wants a port of the host to be this one, the first that wins first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// `--port`.
    Flag,
    /// The variable of the environment.
    Environment,
    /// `host_port` in `orch.toml`.
    OrchToml,
    /// `host_port` of the attribute.
    Attribute,
    /// It is the container's own, of an application that faces out.
    Container,
    /// It follows from the workspace's folder and the id.
    Deterministic,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flag => "from `--port`",
            Self::Environment => "from the environment",
            Self::OrchToml => "from orch.toml",
            Self::Attribute => "from the attribute",
            Self::Container => "the container's own",
            Self::Deterministic => "from the folder and the id",
        })
    }
}

/// A port of the host that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The variable that supplies it.
    pub variable: String,
    /// Whose it is.
    pub service: Id,
    /// The port of the container.
    pub target: Port,
    /// Its transport.
    pub protocol: Protocol,
    /// The address that will be bound.
    pub address: IpAddr,
    /// The one that is wanted.
    pub desired: Port,
    /// Who wants it.
    pub source: Source,
}

/// What somebody says about ports, beside the declarations.
pub struct Said<'a> {
    /// `--port`: a service, perhaps with the name or number of one of its ports, and a port of the host.
    pub flags: &'a [PortFlag],
    /// The process's environment.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// Whether `orch.toml` says something about the ports of this id.
    pub in_orch_toml: &'a dyn Fn(&Id) -> bool,
    /// The root of the workspace.
    pub workspace: &'a str,
}

/// `ID=PORT` or `ID.PORT=PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortFlag {
    service: String,
    port: Option<String>,
    wanted: Port,
}

impl std::str::FromStr for PortFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (who, wanted) = text.split_once('=').ok_or("write ID=PORT, as in `postgres=5432`")?;
        let (service, port) = match who.split_once('.') {
            Some((service, port)) => (service, Some(port.to_owned())),
            None => (who, None),
        };
        let wanted = number(wanted).ok_or_else(|| format!("`{wanted}` is no port from 1 to 65535"))?;
        Ok(Self { service: service.to_owned(), port, wanted })
    }
}

fn number(text: &str) -> Option<Port> {
    Port::new(text.parse::<u16>().ok()?.into()).ok()
}

impl fmt::Display for PortFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port.as_ref().map(|port| format!(".{port}")).unwrap_or_default();
        write!(f, "{}{port}={}", self.service, self.wanted)
    }
}

impl PortFlag {
    fn is_for(&self, workload: &Workload, index: usize) -> bool {
        let port = &workload.ports[index].port;
        let named = |name: &String| {
            *name == port.number.to_string() || port.name.as_ref().is_some_and(|own| own.as_str() == name.as_str())
        };
        workload.id.as_str() == self.service && self.port.as_ref().map_or(index == 0, named)
    }
}

/// A value of the environment or a flag that means nothing.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// A flag is about something that publishes no such port.
    #[error("`--port {0}` names nothing that is published")]
    Flag(PortFlag),
    /// A variable is no port.
    #[error("`{name}` is {value:?}, which is no port from 1 to 65535")]
    Variable {
        /// The variable.
        name: String,
        /// Its value.
        value: String,
    },
}

/// The ports that are wanted for what a plan publishes.
pub fn wishes(plan: &Plan, said: &Said<'_>) -> Result<Vec<Wish>, WishError> {
    let mut wishes = Vec::new();
    let mut unused: Vec<&PortFlag> = said.flags.iter().collect();
    for workload in &plan.workloads {
        for (index, published) in workload.ports.iter().enumerate() {
            let Some(publish) = &published.publish else { continue };
            unused.retain(|flag| !flag.is_for(workload, index));
            let (desired, source) = desired(workload, index, &publish.variable, said)?;
            wishes.push(Wish {
                variable: publish.variable.clone(),
                service: workload.id.clone(),
                target: published.port.number,
                protocol: published.port.transport(),
                address: IpAddr::V4(if publish.loopback { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED }),
                desired,
                source,
            });
        }
    }
    match unused.first() {
        Some(flag) => Err(WishError::Flag((*flag).clone())),
        None => Ok(wishes),
    }
}

fn desired(workload: &Workload, index: usize, variable: &str, said: &Said<'_>) -> Result<(Port, Source), WishError> {
    let Published { port, .. } = &workload.ports[index];
    if let Some(flag) = said.flags.iter().rev().find(|flag| flag.is_for(workload, index)) {
        return Ok((flag.wanted, Source::Flag));
    }
    if let Some(value) = (said.environment)(variable).filter(|value| !value.is_empty()) {
        let port = number(&value).ok_or_else(|| WishError::Variable { name: variable.to_owned(), value })?;
        return Ok((port, Source::Environment));
    }
    if let Some(host_port) = port.host_port {
        let source = if (said.in_orch_toml)(&workload.id) { Source::OrchToml } else { Source::Attribute };
        return Ok((host_port, source));
    }
    let is_app = matches!(workload.role, Role::App(_));
    if is_app && workload.is_public() && port.public && port.number.get() >= UNPRIVILEGED {
        return Ok((port.number, Source::Container));
    }
    let mut text = format!("{}:{}", said.workspace, workload.id);
    if index > 0 {
        text = format!("{text}:{}", port_label(port.name.as_ref(), port.number));
    }
    let number = Port::new(deterministic(&text).into()).unwrap_or(port.number);
    Ok((number, Source::Deterministic))
}

/// What is done about a port that a stranger has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conflicts {
    /// Another port is taken.
    Avoid,
    /// The service is left out, and the stranger used in its place.
    Skip,
    /// Nothing is started.
    Fail,
}

/// A port of the host that is wanted and that a stranger has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// What was wanted.
    pub wish: Wish,
    /// What is had instead; none where none is looked for, or none was free.
    pub instead: Option<Port>,
}

/// What became of the wishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    /// The ports, by the variable that supplies each.
    pub ports: BTreeMap<String, PortRecord>,
    /// The wishes that were not granted.
    pub conflicts: Vec<Conflict>,
}

/// What is known about the host.
pub struct Host<'a> {
    /// Whether somebody has a port.
    pub is_taken: &'a dyn Fn(IpAddr, Protocol, Port) -> bool,
    /// The ports that containers of this project have.
    pub ours: &'a BTreeSet<(Protocol, Port)>,
    /// How many ports are tried in place of one that is taken.
    pub probes: u32,
}

/// Assigns ports: the one from before as long as the same one is wanted, else the wanted one, else
/// where `avoid` says so the next one that is free.
pub fn assign(wishes: &[Wish], before: &BTreeMap<String, PortRecord>, host: &Host<'_>, avoid: bool) -> Assigned {
    let mut assigned = Assigned::default();
    let mut used: BTreeSet<(Protocol, Port)> = BTreeSet::new();
    let mut rest = Vec::new();
    for wish in wishes {
        let kept = before.get(&wish.variable).filter(|record| record.desired == wish.desired);
        match kept.filter(|record| host.is_free(wish, record.assigned, &used)) {
            Some(record) => assigned.grant(wish, record.assigned, &mut used),
            None => rest.push(wish),
        }
    }
    // What somebody asked for goes before what merely follows from names.
    rest.sort_by_key(|wish| wish.source);
    for wish in rest {
        if host.is_free(wish, wish.desired, &used) {
            assigned.grant(wish, wish.desired, &mut used);
            continue;
        }
        let next = || next(wish.desired).take(host.probes as usize).find(|port| host.is_free(wish, *port, &used));
        let instead = if avoid { next() } else { None };
        assigned.conflicts.push(Conflict { wish: wish.clone(), instead });
        if let Some(port) = instead {
            assigned.grant(wish, port, &mut used);
        }
    }
    assigned
}

impl Assigned {
    fn grant(&mut self, wish: &Wish, port: Port, used: &mut BTreeSet<(Protocol, Port)>) {
        used.insert((wish.protocol, port));
        let record = PortRecord {
            service: wish.service.clone(),
            target: wish.target,
            protocol: wish.protocol,
            desired: wish.desired,
            source: wish.source,
            assigned: port,
        };
        self.ports.insert(wish.variable.clone(), record);
    }
}

impl Host<'_> {
    fn is_free(&self, wish: &Wish, port: Port, used: &BTreeSet<(Protocol, Port)>) -> bool {
        let key = (wish.protocol, port);
        !used.contains(&key) && (self.ours.contains(&key) || !(self.is_taken)(wish.address, wish.protocol, port))
    }
}

/// The ports after one: up to the last, then from the first of those that are chosen.
fn next(port: Port) -> impl Iterator<Item = Port> {
    let after = u32::from(port.get()) + 1;
    (after..=LAST).chain(FIRST..=LAST).filter_map(|number| Port::new(number.into()).ok())
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::net::{IpAddr, Ipv4Addr};

    use orch_manifest::manifest::Manifest;
    use orch_manifest::{Id, Port, Protocol};
    use serde_json::json;

    use super::{Assigned, Host, PortFlag, PortRecord, Said, Source, Wish, WishError, assign, wishes};
    use crate::plan::profile::Base;
    use crate::plan::{Plan, Profile, plan};

    fn port(number: u16) -> Port {
        Port::new(number.into()).unwrap()
    }

    fn wish(id: &str, desired: u16) -> Wish {
        Wish {
            variable: format!("ORCH_PORT_{}", id.to_uppercase()),
            service: Id::parse(id).unwrap(),
            target: port(80),
            protocol: Protocol::Tcp,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            desired: port(desired),
            source: Source::Deterministic,
        }
    }

    fn given(wishes: &[Wish], before: &Assigned, taken: &[u16], ours: &[u16]) -> Assigned {
        let ours: BTreeSet<_> = ours.iter().map(|number| (Protocol::Tcp, port(*number))).collect();
        let is_taken = |_, _, port: Port| taken.contains(&port.get());
        assign(wishes, &before.ports, &Host { is_taken: &is_taken, ours: &ours, probes: 200 }, true)
    }

    fn numbers(assigned: &Assigned) -> Vec<u16> {
        assigned.ports.values().map(|record: &PortRecord| record.assigned.get()).collect()
    }

    #[test]
    fn the_next_free_one_comes_after_one_that_is_taken_and_wraps() {
        let none = Assigned::default();
        assert_eq!(numbers(&given(&[wish("a", 8080)], &none, &[8080, 8081], &[])), [8082]);
        assert_eq!(numbers(&given(&[wish("a", 50_000)], &none, &[50_000], &[])), [30_000]);
        assert_eq!(numbers(&given(&[wish("a", 60_000)], &none, &[60_000], &[])), [30_000]);
        let all: Vec<u16> = (40_000..40_201).collect();
        let assigned = given(&[wish("a", 40_000)], &none, &all, &[]);
        assert_eq!((numbers(&assigned), assigned.conflicts[0].instead), (vec![], None), "200 tries are enough");
    }

    #[test]
    fn no_two_of_a_plan_have_one_port_but_tcp_and_udp_may() {
        let none = Assigned::default();
        assert_eq!(numbers(&given(&[wish("a", 40_000), wish("b", 40_000)], &none, &[], &[])), [40_000, 40_001]);
        let udp = Wish { protocol: Protocol::Udp, ..wish("b", 40_000) };
        assert_eq!(numbers(&given(&[wish("a", 40_000), udp], &none, &[], &[])), [40_000, 40_000]);
    }

    #[test]
    fn what_was_assigned_stays_while_the_same_is_wanted() {
        let first = given(&[wish("a", 40_000)], &Assigned::default(), &[40_000], &[]);
        assert_eq!(numbers(&first), [40_001]);
        assert_eq!(numbers(&given(&[wish("a", 40_000)], &first, &[], &[])), [40_001], "the wanted one is free again");
        let again = given(&[wish("a", 40_000)], &first, &[40_000, 40_001], &[40_001]);
        assert_eq!((numbers(&again), again.conflicts.len()), (vec![40_001], 0), "our own container has it");
        assert_eq!(numbers(&given(&[wish("a", 40_005)], &first, &[], &[])), [40_005], "another one is wanted");
        assert_eq!(numbers(&given(&[wish("a", 40_000)], &first, &[40_001], &[])), [40_000], "a stranger has it");
    }

    #[test]
    fn a_new_service_takes_no_port_from_one_that_has_it() {
        let before = given(&[wish("b", 40_000)], &Assigned::default(), &[], &[]);
        let both = given(&[wish("a", 40_000), wish("b", 40_000)], &before, &[40_000], &[40_000]);
        assert_eq!(numbers(&both), [40_001, 40_000]);
    }

    #[test]
    fn without_avoiding_every_conflict_is_said() {
        let host = Host { is_taken: &|_, _, _| true, ours: &BTreeSet::new(), probes: 200 };
        let assigned = assign(&[wish("a", 1), wish("b", 2)], &BTreeMap::new(), &host, false);
        let ids: Vec<&str> = assigned.conflicts.iter().map(|conflict| conflict.wish.service.as_str()).collect();
        assert_eq!((ids, assigned.ports.len()), (vec!["a", "b"], 0));
    }

    fn shop() -> Plan {
        let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
        let ports = json!([{"number": 5432}, {"number": 9187, "name": "metrics"}]);
        let text = json!({
            "schemaVersion": 1,
            "system": "shop",
            "apps": [{"id": "api", "version": "0.1.0", "ports": [{"number": 8080, "public": true}], "declaredBy": place}],
            "services": [
                {"id": "db", "kind": "database", "image": "x:1", "ports": ports, "declaredBy": place},
                {"id": "fixed", "kind": "cache", "image": "x:1", "ports": [{"number": 6379, "hostPort": 6000}],
                 "declaredBy": place},
            ],
        });
        plan(&Manifest::from_json(&text.to_string()).unwrap(), &Profile::built_in(Base::Local))
    }

    #[test]
    fn each_port_has_its_source_and_the_first_wins() {
        let flags: Vec<PortFlag> = ["db.metrics=7000", "api=7001"].map(|text| text.parse().unwrap()).into();
        let environment = |name: &str| (name == "ORCH_PORT_FIXED").then(|| "7002".to_owned());
        let wished = |flags: &[PortFlag], environment: &dyn Fn(&str) -> Option<String>, toml: bool| {
            let said = Said { flags, environment, in_orch_toml: &|_| toml, workspace: "/srv/app" };
            let wishes = wishes(&shop(), &said).unwrap();
            wishes.iter().map(|wish| (wish.variable.clone(), wish.desired.get(), wish.source)).collect::<Vec<_>>()
        };
        let named = |entries: &[(&str, u16, Source)]| -> Vec<(String, u16, Source)> {
            entries.iter().map(|(name, number, source)| (format!("ORCH_PORT_{name}"), *number, *source)).collect()
        };
        let plain = wished(&[], &|_| None, false);
        assert_eq!(plain[0], ("ORCH_PORT_API".to_owned(), 8080, Source::Container));
        assert_eq!(plain[3], ("ORCH_PORT_FIXED".to_owned(), 6000, Source::Attribute));
        assert!(plain[1].2 == Source::Deterministic && plain[2].2 == Source::Deterministic && plain[1].1 != plain[2].1);
        assert_eq!(wished(&[], &|_| None, true)[3], named(&[("FIXED", 6000, Source::OrchToml)])[0]);
        let all = wished(&flags, &environment, false);
        assert_eq!(all[0], named(&[("API", 7001, Source::Flag)])[0]);
        assert_eq!(all[2..], named(&[("DB_METRICS", 7000, Source::Flag), ("FIXED", 7002, Source::Environment)]));
    }

    #[test]
    fn a_flag_that_means_nothing_is_an_error() {
        let flags: Vec<PortFlag> = vec!["nobody=1".parse().unwrap()];
        let said = Said { flags: &flags, environment: &|_| None, in_orch_toml: &|_| false, workspace: "/w" };
        assert_eq!(wishes(&shop(), &said).unwrap_err(), WishError::Flag(flags[0].clone()));
        for bad in ["db", "db=0", "db=70000", "db=x"] {
            assert!(bad.parse::<PortFlag>().is_err(), "{bad}");
        }
    }
}
