//! A plan in the terms of a Swarm stack: schema 3.13, read by `docker stack`.
//!
//! | module | says |
//! |---|---|
//! | `text` | literals, variables and the words of a shell |
//! | `secrets` | how a secret gets to the program that needs it |
//! | `storage` | what is mounted |
//! | `deploy` | how many run where, and how they are replaced |
//! | `nature` | what Swarm cannot say, or does differently |

mod deploy;
mod nature;
mod secrets;
mod storage;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::{Duration, Id, PortRef};
use serde::Serialize;

use super::docker::{self, ConfigMount, Healthcheck, Limits, Network, SecretFile, Supplied};
use super::interpolation::{escape, published};
use crate::finding::{Code, Finding, Severity};
use crate::plan::{Plan, Published, Workload};
use deploy::Deploy;
#[cfg(feature = "cli")]
pub(crate) use deploy::replicas;
use storage::{Config, Mount, NodeVolume};

/// The target whose pack is ours.
const NAME: &str = "swarm";

/// What the pack `swarm` is given.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Swarm {
    /// What the first line of every file says.
    banner: String,
    /// The system.
    system: String,
    /// The profile.
    profile: String,
    /// The name under which the stack is deployed, `SYSTEM-PROFILE`.
    stack: String,
    /// Services and applications, jobs among them.
    services: Vec<Service>,
    /// The networks, `external` and `internal`.
    networks: Vec<Network>,
    /// Volumes of the nodes.
    volumes: Vec<NodeVolume>,
    /// Secrets, which are there before the stack is.
    secrets: Vec<ExternalSecret>,
    /// Files that are mounted.
    configs: Vec<Config>,
    /// What the deployer's environment has to have or may have.
    supplied: Vec<Supplied>,
}

/// A service. A text is as `docker stack` reads it, unless it is said to be to the letter: `$$` is a dollar,
/// `${NAME:?message}` a variable that has to be given, and `${NAME:-default}` one that may be. They are never in each
/// other; a default is to the letter and has no closing brace. `environment` and the targets and names of what is
/// mounted are Go templates besides, in which `{{"{{"}}` is `{{`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Service {
    /// Its name, under which others reach it.
    id: String,
    /// What it is, for people, to the letter.
    description: Option<String>,
    /// What it is in the system: `web`, `worker`, `job` or `cron` of an application, and of a service its kind:
    /// `database`, `cache`, `messaging` and others.
    kind: String,
    /// When it runs, as five fields of cron or `@daily` and the like; `null` where it does not recur.
    schedule: Option<String>,
    /// The image, with tag or digest.
    image: String,
    /// The program with its first arguments; the image's where it is empty.
    entrypoint: Vec<String>,
    /// Arguments; the image's where it is empty.
    command: Vec<String>,
    /// Variables by their names; no secret is in them.
    environment: BTreeMap<String, String>,
    /// Ports that are published, in the short form: `${ORCH_PORT_API:-8080}:8080/tcp`.
    ports: Vec<String>,
    /// What is mounted besides secrets and files.
    mounts: Vec<Mount>,
    /// Names of `secrets`, which are files in `/run/secrets`.
    secrets: BTreeSet<String>,
    /// Files that are mounted.
    configs: Vec<ConfigMount>,
    /// How it is asked whether it works; `null` where nobody asks.
    healthcheck: Option<Healthcheck>,
    /// Names of `networks`.
    networks: Vec<&'static str>,
    /// The user and the group: `999:999`; the image's where there is none.
    user: Option<String>,
    /// The folder it starts in, where it is not the image's.
    working_dir: Option<String>,
    /// The host's name in the container, where it is stated.
    hostname: Option<String>,
    /// Limits by their names.
    ulimits: BTreeMap<String, Limits>,
    /// Capabilities that it keeps, without `CAP_`; all others are dropped.
    cap_add: Vec<String>,
    /// Whether the root of the container cannot be written to.
    read_only: bool,
    /// The time from being asked to stop to being killed.
    stop_grace_period: Duration,
    /// Labels of its containers.
    labels: BTreeMap<String, String>,
    /// How many run, where, and how they are replaced.
    deploy: Deploy,
}

/// A secret that is created before the stack is deployed.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct ExternalSecret {
    /// Its name in the stack, which is its file's name in a container.
    file: String,
    /// Its name in the swarm.
    name: String,
    /// How it is created.
    command: String,
    /// Who uses it.
    used_by: String,
}

impl Swarm {
    /// Says a plan in Swarm's terms, and what Swarm cannot say.
    pub fn new(plan: &Plan) -> (Self, Vec<Finding>) {
        Self::for_target(plan, NAME)
    }

    /// The same for a target of this name.
    pub(super) fn for_target(plan: &Plan, target: &str) -> (Self, Vec<Finding>) {
        let mut writer = Writer::new(plan, target);
        let services: Vec<Service> = plan.workloads.iter().map(|workload| writer.service(workload)).collect();
        let volumes = plan.workloads.iter().flat_map(storage::volumes).collect();
        let secrets = writer.external_secrets();
        writer.about_system();
        writer.findings.extend(super::without_folders(plan, "Swarm", "volumes of the nodes"));
        let mut supplied = docker::variables(plan, text::quote);
        supplied.extend(docker::ports(plan, is_published));
        let swarm = Self {
            banner: super::banner(plan, target),
            system: plan.system.to_string(),
            profile: plan.profile.to_string(),
            stack: stack(plan),
            networks: docker::all_networks(&services.iter().flat_map(|service| &service.networks).copied().collect()),
            services,
            volumes,
            secrets,
            configs: writer.configs,
            supplied,
        };
        (swarm, writer.findings)
    }
}

/// The name under which a plan is deployed.
pub(crate) fn stack(plan: &Plan) -> String {
    format!("{}-{}", plan.system, plan.profile)
}

/// What a process of its own in a container of a workload begins with, so that it has the environment of what runs
/// there; nothing where it has that by itself.
#[cfg(feature = "cli")]
pub(crate) fn process(plan: &Plan, workload: &Workload) -> Vec<String> {
    secrets::process(&mut Writer::new(plan, NAME), workload)
}

/// Whether Swarm publishes a port that the plan publishes. It does so on every address of every node,
/// so what only the host itself should reach is left out unless it faces out anyway.
fn is_published(workload: &Workload, port: &Published) -> bool {
    port.publish.as_ref().is_some_and(|publish| !publish.loopback || faces_out(workload, port))
}

fn faces_out(workload: &Workload, port: &Published) -> bool {
    let is_first = workload.ports.first().is_some_and(|first| first.port.number == port.port.number);
    let serves = |target: Option<&PortRef>| match target {
        None => is_first,
        Some(PortRef::Number(number)) => *number == port.port.number,
        Some(PortRef::Name(name)) => port.port.name.as_ref() == Some(name),
    };
    port.port.public || workload.ingress.iter().any(|ingress| serves(ingress.port.as_ref()))
}

struct Writer<'a> {
    plan: &'a Plan,
    /// Whether our own pack lays it out, so that the commands of Swarm run it.
    is_ours: bool,
    /// The secrets that are mounted, and by whom.
    files: BTreeMap<SecretFile, BTreeSet<Id>>,
    configs: Vec<Config>,
    findings: Vec<Finding>,
}

impl<'a> Writer<'a> {
    fn new(plan: &'a Plan, target: &str) -> Self {
        Self { plan, is_ours: target == NAME, files: BTreeMap::new(), configs: Vec::new(), findings: Vec::new() }
    }

    fn service(&mut self, workload: &Workload) -> Service {
        self.about(workload);
        let mut inside = self.inside(workload);
        let configs = self.mount_configs(workload, &mut inside);
        for file in &inside.files {
            self.files.entry(file.clone()).or_default().insert(workload.id.clone());
        }
        Service {
            id: workload.id.to_string(),
            description: workload.description.clone(),
            kind: workload.role.as_str().to_owned(),
            schedule: docker::schedule(workload),
            image: workload.image.to_string(),
            entrypoint: inside.entrypoint,
            command: inside.command,
            environment: inside.environment,
            ports: workload.ports.iter().filter(|port| is_published(workload, port)).filter_map(port).collect(),
            mounts: storage::mounts(workload),
            secrets: inside.files.iter().map(SecretFile::name).collect(),
            configs,
            healthcheck: inside.healthcheck,
            networks: docker::networks(workload),
            user: workload.user.map(|user| user.to_string()),
            working_dir: workload.workdir.as_ref().map(|path| escape(path.as_str())),
            hostname: workload.hostname.as_ref().map(ToString::to_string),
            ulimits: docker::ulimits(workload),
            cap_add: workload.cap_add.iter().map(ToString::to_string).collect(),
            read_only: workload.restricted,
            stop_grace_period: workload.grace,
            labels: docker::labels(workload, self.plan),
            deploy: self.deploy(workload),
        }
    }

    fn external_secrets(&mut self) -> Vec<ExternalSecret> {
        let files = std::mem::take(&mut self.files);
        let mut secrets = Vec::new();
        for (file, used_by) in files {
            let name = format!("{}_{}", self.plan.system, file.name());
            if !is_object_name(&name) {
                let message = format!("`{name}` cannot be the name of a secret in Swarm");
                let help = "give it a shorter name, or a key that begins and ends with a letter or digit";
                self.error(message, help, used_by.first().and_then(|id| self.plan.workload(id)));
            }
            secrets.push(ExternalSecret {
                file: file.name(),
                command: format!("docker secret create {name} -"),
                name,
                used_by: docker::list(&used_by),
            });
        }
        secrets
    }

    fn error(&mut self, message: String, help: &str, workload: Option<&Workload>) {
        let mut finding = Finding::new(Code::Unrepresentable, message).help(help);
        finding.severity = Severity::Error;
        self.findings.push(match workload {
            Some(workload) => finding.at(&workload.declared_by),
            None => finding,
        });
    }
}

/// The names that Swarm takes for secrets and configs.
fn is_object_name(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    name.len() <= 64 && name.chars().all(inner) && ends(name.chars().next()) && ends(name.chars().last())
}

/// In the short form: in the long one the schema wants a number, which a variable is not.
fn port(port: &Published) -> Option<String> {
    let publish = port.publish.as_ref()?;
    Some(format!("{}:{}/{}", published(publish), port.port.number, port.port.transport()))
}
