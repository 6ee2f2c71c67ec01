//! Everything that is decided before something is started.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use orch_manifest::{Id, Port, Protocol};
use orch_templates::Packs;
use sha2::{Digest, Sha256};

use super::super::engine::files;
use super::super::failure::Failure;
use super::super::selection::Loaded;
use super::{Args, Conflicts};
use crate::config::DataPlace;
use crate::engine::{Compose, Container, Interrupt, Kind, Project, Tool};
use crate::exit::Exit;
use crate::finding::Finding;
use crate::hex::hex;
use crate::launch::environment::{self, Given, Missing, Vault};
use crate::launch::excerpt::{leave_out, leave_out_apps};
use crate::launch::ports::{Assigned, Conflict, Host, PROBES, Said, assign, wishes};
use crate::launch::project::{self, Owner};
use crate::launch::{Folder, State, listeners, overlay, secrets};
use crate::plan::{Place, Places, Plan, Profile, ports};
use crate::target;

/// What is going to be started.
pub(super) struct Launch {
    pub(super) plan: Plan,
    /// The same in Compose's terms.
    pub(super) compose: target::Compose,
    pub(super) findings: Vec<Finding>,
    pub(super) assigned: Assigned,
    pub(super) state: State,
    pub(super) given: Given,
    /// The rendered files, and the one over them.
    pub(super) files: Vec<(String, String)>,
    /// A hash of everything that Compose is given.
    pub(super) fingerprint: String,
    /// The secrets that were made.
    pub(super) made: Vec<target::SecretFile>,
}

/// The circumstances of a launch.
pub(super) struct Setting<'a> {
    pub(super) args: &'a Args,
    pub(super) loaded: &'a Loaded,
    pub(super) profile: &'a Profile,
    pub(super) folder: &'a Folder,
    pub(super) tool: &'a Tool,
    pub(super) packs: &'a Packs,
    pub(super) before: Option<&'a State>,
    pub(super) interrupt: &'a Interrupt,
}

pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Setting<'_> {
    /// The plan of what is started, as the flags say.
    pub(super) fn plan(&self, places: &Places) -> Result<Plan, Failure> {
        let mut plan = self.loaded.plan_with(self.profile, places)?;
        if self.args.expose_internals {
            ports::expose(&mut plan);
        }
        Ok(plan)
    }

    /// The name of the project: the one from before, unless this is a copy of another checkout.
    pub(super) fn project(&self) -> Result<(String, PathBuf), Failure> {
        let root = self.folder.workspace();
        if let Some(before) = self.before.filter(|before| !is_copy(before, root, self.profile)) {
            return Ok((before.project.clone(), before.checkout.clone()));
        }
        let plain = format!("{}-{}", self.loaded.manifest.system, self.profile);
        let owner =
            |name: &str| -> Result<Owner, Failure> { Ok(project::owner(self.tool, name, root, self.interrupt)?) };
        Ok((project::choose(&plain, owner)?, root.to_owned()))
    }

    /// Decides all of it; containers of the project that are there keep their ports.
    pub(super) fn decide(&self, project: (String, PathBuf), containers: &[Container]) -> Result<Launch, Failure> {
        let mut plan = self.plan(&Places::new())?;
        let assigned = self.assign(&plan, containers, self.args.conflicts(self.profile))?;
        let skipped = self.skipped(&plan, &assigned)?;
        if !skipped.is_empty() {
            plan = self.plan(&skipped)?;
            leave_out(&mut plan, |id| skipped.contains_key(id));
        }
        if self.args.no_apps {
            leave_out_apps(&mut plan, &self.loaded.manifest);
        }
        let vault = Vault::of(self.profile, self.folder, &variable);
        let needed = secrets::of_plan(&self.plan(&Places::new())?);
        let made = match &vault.folder {
            Some(folder) if vault.makes && !self.args.terms.dry_run => secrets::make(folder, &needed.keys().collect())?,
            _ => Vec::new(),
        };
        let given = environment::given(&plan, &assigned.ports, &vault, &self.folder.data(), &variable)?;
        if !self.args.terms.dry_run || !vault.makes {
            refuse_missing(&given.missing, self.profile)?;
        }
        let mut view = target::View::new(&plan, "compose", self.packs)?;
        if self.tool.kind() == Kind::Podman {
            view = view.for_podman();
        }
        let rendered = view.render(|_| false)?;
        let mut files: Vec<(String, String)> = rendered.into_iter().map(|file| (file.path, file.contents)).collect();
        let compose = target::Compose::new(&plan).0;
        let overlay = overlay::write(&compose, &project.1, !skipped.is_empty());
        files.push((overlay::FILE.to_owned(), overlay));
        let mut findings = plan.findings.clone();
        findings.extend(view.findings);
        let state = self.state(project, &plan, &assigned, &skipped, &given);
        let fingerprint = fingerprint(&files, &given, &plan);
        Ok(Launch { plan, compose, findings, assigned, state, given, files, fingerprint, made })
    }

    fn state(
        &self,
        (project, checkout): (String, PathBuf),
        plan: &Plan,
        assigned: &Assigned,
        skipped: &Places,
        given: &Given,
    ) -> State {
        let mut state = State::new(plan.system.clone(), checkout, project, self.tool.kind());
        state.services = plan.workloads.iter().map(|workload| workload.id.clone()).collect();
        state.bound = plan.options.data == DataPlace::Bind;
        state.without_apps = self.args.no_apps;
        state.exposed = self.args.expose_internals;
        let first = |place: &Place| place.ports.values().next().copied();
        state.skipped = skipped.iter().filter_map(|(id, place)| Some((id.clone(), first(place)?))).collect();
        state.ports.clone_from(&assigned.ports);
        state.requires = environment::required(plan, given);
        state
    }

    fn assign(&self, plan: &Plan, containers: &[Container], conflicts: Conflicts) -> Result<Assigned, Failure> {
        let workspace = self.folder.workspace().to_string_lossy();
        let in_orch_toml = |id: &Id| self.loaded.says_ports(self.profile, id);
        let said =
            Said { flags: &self.args.port, environment: &variable, in_orch_toml: &in_orch_toml, workspace: &workspace };
        let wishes = wishes(plan, &said)?;
        let ours = published(containers);
        let host = Host { is_taken: &listeners::is_taken, ours: &ours, probes: probes()? };
        let copied = self.before.is_some_and(|before| is_copy(before, self.folder.workspace(), self.profile));
        let before = self.before.filter(|_| !copied).map(|before| before.ports.clone()).unwrap_or_default();
        let assigned = assign(&wishes, &before, &host, conflicts == Conflicts::Avoid);
        let refused: Vec<&Conflict> = assigned.conflicts.iter().filter(|conflict| conflict.instead.is_none()).collect();
        if conflicts == Conflicts::Skip || refused.is_empty() {
            return Ok(assigned);
        }
        Err(taken(&refused, self.profile))
    }

    /// Where those are reached that are left out since a stranger has their ports.
    fn skipped(&self, plan: &Plan, assigned: &Assigned) -> Result<Places, Failure> {
        let mut places = Places::new();
        if self.args.conflicts(self.profile) != Conflicts::Skip {
            return Ok(places);
        }
        let gateway = gateway(self.tool, self.interrupt);
        for Conflict { wish, .. } in &assigned.conflicts {
            let place = places.entry(wish.service.clone());
            let place = place.or_insert_with(|| Place { host: overlay::HOST.to_owned(), ports: BTreeMap::new() });
            place.ports.insert(wish.target, wish.desired);
            let used = plan.workloads.iter().any(|workload| workload.talks_to.contains(&wish.service));
            if let Some(gateway) = gateway.filter(|_| used && wish.protocol == Protocol::Tcp)
                && !listeners::answers(SocketAddr::new(gateway, wish.desired.get()))
            {
                let message = format!(
                    "`{}` would be left out, and whoever listens on port {} of the host cannot be reached from a container",
                    wish.service, wish.desired
                );
                let help = format!(
                    "let it listen on every address, or on {gateway}, where containers find the host; or take another port with `--conflicts avoid`"
                );
                return Err(Failure::new(Exit::Findings, message).help(help));
            }
        }
        Ok(places)
    }

    /// The project as Compose is called on it.
    pub(super) fn compose(&self, launch: &Launch) -> Compose {
        let variables = launch.given.variables.iter();
        Compose::new(
            self.tool.clone(),
            Project {
                name: launch.state.project.clone(),
                files: files(self.folder, self.profile),
                environment: variables.map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
            },
        )
    }
}

/// Whether what is remembered was copied here with the folder that is still where it was.
fn is_copy(before: &State, root: &Path, profile: &Profile) -> bool {
    let there = Folder::of(&before.checkout).profile(profile);
    before.checkout != root && State::read(&there).is_ok_and(|other| other.is_some())
}

/// The ports of the host that containers have.
fn published(containers: &[Container]) -> BTreeSet<(Protocol, Port)> {
    let ports = containers.iter().flat_map(|container| &container.ports);
    let protocol = |word: &str| [Protocol::Tcp, Protocol::Udp].into_iter().find(|known| known.as_str() == word);
    ports.filter_map(|port| Some((protocol(&port.protocol)?, Port::new(port.port.into()).ok()?))).collect()
}

fn probes() -> Result<u32, Failure> {
    let Some(text) = variable("ORCH_PORT_PROBE_MAX").filter(|text| !text.is_empty()) else { return Ok(PROBES) };
    text.parse().map_err(|_| {
        Failure::new(Exit::Usage, format!("`ORCH_PORT_PROBE_MAX` is {text:?}, which is no number"))
            .help("write how many ports are tried, or leave it out")
    })
}

/// Where containers find the host, if that is an address of this machine.
fn gateway(tool: &Tool, interrupt: &Interrupt) -> Option<IpAddr> {
    let network = match tool.kind() {
        Kind::Docker => "bridge",
        Kind::Podman => return None,
    };
    let format = "{{range .IPAM.Config}}{{.Gateway}} {{.Subnet}} {{end}}";
    let output =
        tool.command().args(["network", "inspect", "--format", format, network]).output(interrupt, None).ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.split_whitespace().filter_map(host_in).find(|address| std::net::TcpListener::bind((*address, 0)).is_ok())
}

/// The address that a network's gateway has. Before an engine is started for the second time it names only the subnet
/// of its own network, of which that is the first address.
fn host_in(gateway_or_subnet: &str) -> Option<IpAddr> {
    let Some((subnet, _)) = gateway_or_subnet.split_once('/') else { return gateway_or_subnet.parse().ok() };
    Some(match subnet.parse().ok()? {
        IpAddr::V4(subnet) => Ipv4Addr::from_bits(subnet.to_bits().checked_add(1)?).into(),
        IpAddr::V6(subnet) => Ipv6Addr::from_bits(subnet.to_bits().checked_add(1)?).into(),
    })
}

fn taken(conflicts: &[&Conflict], profile: &Profile) -> Failure {
    let lines = conflicts.iter().map(|Conflict { wish, .. }| {
        format!("port {} of {} for `{}` ({})", wish.desired, wish.address, wish.service, wish.source)
    });
    let lines: Vec<String> = lines.collect();
    let first = &conflicts[0].wish;
    let help = if profile.base() == crate::plan::profile::Base::Prod {
        format!("free it, or choose another with `--port {}=N`", first.service)
    } else {
        format!(
            "free it, choose another with `--port {}=N`, or let one be found with `--conflicts avoid`",
            first.service
        )
    };
    Failure::new(Exit::Findings, format!("somebody else has {}", lines.join(", "))).help(help)
}

fn refuse_missing(missing: &[Missing], profile: &Profile) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let list = |ids: &BTreeSet<Id>| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let describe = |missing: &Missing| match missing {
        Missing::Secret { secret, used_by, .. } => format!("the secret {} for {}", secret.name(), list(used_by)),
        Missing::Variable { name, used_by } => format!("the variable {name} for {}", list(used_by)),
    };
    let cure = |missing: &Missing| match missing {
        Missing::Secret { secret, as_file: true, .. } => {
            format!("put `{}` into the folder that `ORCH_SECRETS` names", secret.name())
        }
        Missing::Secret { secret, .. } => {
            format!("set `{}`, or put `{}` into the folder that `ORCH_SECRETS` names", secret.variable(), secret.name())
        }
        Missing::Variable { name, .. } => format!("set `{name}`"),
    };
    let what: Vec<String> = missing.iter().map(describe).collect();
    let how: Vec<String> = missing.iter().map(cure).collect();
    Err(Failure::new(Exit::Findings, format!("`{profile}` lacks {}", what.join(", "))).help(how.join("; ")))
}

/// A hash of everything that Compose is given.
fn fingerprint(files: &[(String, String)], given: &Given, plan: &Plan) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update(text.len().to_le_bytes());
        hash.update(text.as_bytes());
    };
    for (path, contents) in files {
        add(path);
        add(contents);
    }
    for (name, value) in &given.variables {
        add(name);
        add(value.expose());
    }
    for named in &plan.variables {
        add(named.name.as_str());
        add(&variable(named.name.as_str()).unwrap_or_default());
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::host_in;

    #[test]
    fn a_network_is_reached_at_its_gateway_or_at_the_first_address_of_its_subnet() {
        for (said, address) in [
            ("172.17.0.1", Some("172.17.0.1")),
            ("172.17.0.0/16", Some("172.17.0.1")),
            ("fd00::/80", Some("fd00::1")),
            ("", None),
            ("x/16", None),
            ("255.255.255.255/32", None),
        ] {
            assert_eq!(host_in(said).map(|address| address.to_string()).as_deref(), address, "{said}");
        }
    }
}
