//! Who may talk to whom: nobody, but for the edges of the system, name resolution, and what is
//! declared.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::{Id, Port, Protocol};
use serde::Serialize;

use super::object::{Shared, of_system};
use super::{Writer, service};
use crate::finding::{Code, Finding};
use crate::plan::{Plan, Workload};

/// The port of name servers.
const DNS: u16 = 53;
/// The name of a port whose reader is the monitoring.
const METRICS: &str = "metrics";

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct NetworkPolicy {
    /// The labels of the pods that it is for; all pods where there is none.
    selector: Shared,
    /// Who may talk to them.
    ingress: Vec<Rule>,
    /// To whom they may talk.
    egress: Vec<Rule>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Rule {
    /// For whom it is, for people.
    about: String,
    /// Any where there is none.
    peers: Vec<Peer>,
    /// Any where there is none.
    ports: Vec<PolicyPort>,
}

/// One of these.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Peer {
    /// Pods with these labels.
    pods: Option<Shared>,
    /// All pods of this namespace.
    namespace: Option<String>,
    /// Addresses: `10.0.0.0/8`.
    cidr: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct PolicyPort {
    /// The container's port.
    port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    protocol: String,
}

/// Who talks to whom, from the other end.
pub(super) fn callers(plan: &Plan) -> BTreeMap<&Id, Vec<&Id>> {
    let mut callers: BTreeMap<&Id, Vec<&Id>> = BTreeMap::new();
    for workload in &plan.workloads {
        for other in &workload.talks_to {
            callers.entry(other).or_default().push(&workload.id);
        }
    }
    callers
}

impl Writer<'_> {
    /// What holds for every pod of the system: it is reached by nobody and reaches name servers.
    pub(super) fn default_policy(&mut self) {
        let system = self.plan.system.as_str();
        let dns = Rule {
            about: "name resolution".to_owned(),
            peers: namespaces(&self.options.dns_namespaces),
            ports: [Protocol::Udp, Protocol::Tcp].map(|transport| policy_port(DNS, transport)).into(),
        };
        let spec = NetworkPolicy { selector: Shared::new(of_system(system)), ingress: Vec::new(), egress: vec![dns] };
        let metadata = self.system_metadata(&format!("{system}-default-deny"));
        let object = self.system_object("NetworkPolicy", "network-policy.yaml".to_owned(), metadata, spec);
        self.out.network_policies.push(object);
    }

    /// What holds for a workload beyond that, if anything does.
    pub(super) fn network_policy(&mut self, workload: &Workload) {
        let (ingress, egress) = (self.towards(workload), self.away_from(workload));
        if ingress.is_empty() && egress.is_empty() {
            return;
        }
        let spec = NetworkPolicy { selector: self.selector(&workload.id), ingress, egress };
        let metadata = self.metadata(workload, workload.id.as_str());
        let object = self.object(workload, "NetworkPolicy", "network-policy", metadata, spec);
        self.out.network_policies.push(object);
    }

    fn towards(&self, workload: &Workload) -> Vec<Rule> {
        let mut rules = Vec::new();
        let ports = all_ports(workload);
        if !ports.is_empty() {
            let callers = self.callers.get(&workload.id).into_iter().flatten();
            rules.extend(callers.map(|other| Rule {
                about: format!("from {other}"),
                peers: vec![self.peer(other)],
                ports: ports.clone(),
            }));
        }
        rules.extend(self.replicas(workload, "from"));
        let from = |about: &str, names: &[String], ports: Vec<PolicyPort>| {
            let about = format!("from the {about}");
            (!names.is_empty() && !ports.is_empty()).then(|| Rule { about, peers: namespaces(names), ports })
        };
        rules.extend(from("ingress controller", &self.options.ingress_namespaces, public_ports(workload)));
        rules.extend(from("monitoring", &self.options.monitoring_namespaces, metrics_ports(workload)));
        rules
    }

    fn away_from(&mut self, workload: &Workload) -> Vec<Rule> {
        let mut rules = Vec::new();
        for id in workload.talks_to.iter().filter(|id| **id != workload.id) {
            if let Some(other) = self.plan.workload(id) {
                let ports = all_ports(other);
                if !ports.is_empty() {
                    rules.push(Rule { about: format!("to {id}"), peers: vec![self.peer(id)], ports });
                }
            } else {
                rules.extend(self.outside(workload, id));
            }
        }
        rules.extend(self.replicas(workload, "to"));
        rules.extend(workload.egress.iter().map(|egress| Rule {
            about: format!("to port {} outside", egress.port),
            peers: egress.cidr.iter().map(|cidr| Peer { cidr: Some(cidr.to_string()), ..Peer::default() }).collect(),
            ports: vec![policy_port(egress.port.get(), egress.protocol.unwrap_or(Protocol::Tcp))],
        }));
        rules
    }

    /// What is there already is known by a name, and the API knows addresses only.
    fn outside(&mut self, workload: &Workload, id: &Id) -> Option<Rule> {
        let external = self.plan.externals.iter().find(|external| external.id == *id)?;
        let Some(port) = external.port else {
            let message = format!("`{}` cannot reach `{id}`, whose port is not known", workload.id);
            let help = format!("write the port of `{id}`, or `egress(port = …)` for `{}`", workload.id);
            let finding = Finding::new(Code::Unrepresentable, message).help(help);
            self.findings.push(finding.at(&external.declared_by).at(&workload.declared_by));
            return None;
        };
        let message = format!(
            "`{}` may connect to port {port} of any address, since a NetworkPolicy does not know the name of `{id}`",
            workload.id
        );
        self.findings.push(Finding::new(Code::TargetNature, message).at(&external.declared_by));
        let ports = vec![policy_port(port.get(), Protocol::Tcp)];
        Some(Rule { about: format!("to {id}, which is not in the cluster"), peers: Vec::new(), ports })
    }

    /// The replicas of what keeps data talk to each other, on ports that they do not declare.
    fn replicas(&self, workload: &Workload, way: &str) -> Option<Rule> {
        (workload.is_stateful() && workload.replicas > 1).then(|| Rule {
            about: format!("{way} its other replicas"),
            peers: vec![self.peer(&workload.id)],
            ports: Vec::new(),
        })
    }

    fn peer(&self, id: &Id) -> Peer {
        Peer { pods: Some(self.selector(id)), ..Peer::default() }
    }
}

fn namespaces(names: &[String]) -> Vec<Peer> {
    names.iter().map(|name| Peer { namespace: Some(name.clone()), ..Peer::default() }).collect()
}

fn policy_port(port: u16, transport: Protocol) -> PolicyPort {
    PolicyPort { port, protocol: service::protocol(transport) }
}

fn all_ports(workload: &Workload) -> Vec<PolicyPort> {
    workload.ports.iter().map(|port| policy_port(port.port.number.get(), port.port.transport())).collect()
}

/// The ports that face out: those that say so, and those to which an ingress leads.
fn public_ports(workload: &Workload) -> Vec<PolicyPort> {
    let led: BTreeSet<usize> =
        workload.ingress.iter().filter_map(|ingress| service::referred(workload, ingress.port.as_ref())).collect();
    let ports = all_ports(workload).into_iter().enumerate();
    let public = ports.filter(|(index, _)| workload.ports[*index].port.public || led.contains(index));
    public.map(|(_, port)| port).collect()
}

/// The ports that the monitoring reads: the one of that name, else what the annotations say that
/// Prometheus is used to.
fn metrics_ports(workload: &Workload) -> Vec<PolicyPort> {
    let named = |port: &crate::plan::Published| port.port.name.as_ref().is_some_and(|name| name.as_str() == METRICS);
    if let Some(index) = workload.ports.iter().position(named) {
        return all_ports(workload).into_iter().skip(index).take(1).collect();
    }
    let annotation = |key: &str| workload.annotations.iter().find(|(k, _)| k.as_str() == key).map(|(_, value)| value);
    if annotation("prometheus.io/scrape").is_none_or(|value| value != "true") {
        return Vec::new();
    }
    let written = annotation("prometheus.io/port").and_then(|text| text.parse().ok()).and_then(|n| Port::new(n).ok());
    match written {
        Some(port) => vec![policy_port(port.get(), Protocol::Tcp)],
        None => all_ports(workload).into_iter().take(1).collect(),
    }
}
