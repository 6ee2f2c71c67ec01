//! What is in a pod, and its container.

use orch_manifest::Quantity;
use orch_manifest::model::{AppKind, Resources};
use serde::Serialize;

use super::env::{Arguments, Variable};
use super::object::{Shared, Texts};
use super::probe::{Probes, probes};
use super::security::{ContainerSecurity, PodSecurity};
use super::storage::{Mount, Storage, Volume};
use super::{Writer, config, names, scaling, security, service};
use crate::finding::{Code, Finding};
use crate::plan::resolve::Probe as Check;
use crate::plan::{Role, Workload};

/// How long a pod that is to end still answers, so that everyone who sends requests has heard of it.
const DRAIN_SECONDS: u64 = 5;

/// What is requested where nothing is said.
const CPU: &str = "100m";
const MEMORY: &str = "128Mi";
/// How many times the requested memory may be used where no limit is said.
const MEMORY_LIMIT_FACTOR: u128 = 2;

/// The template of a workload's pods.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct PodTemplate {
    /// Labels of the pods.
    pub(super) labels: Shared,
    /// Annotations of the pods; a hash of each mounted file is among them.
    annotations: Texts,
    /// The service account, whose token is not mounted.
    service_account: String,
    /// `null` where the controller allows one only.
    restart: Option<&'static str>,
    /// The host's name in the pod, where it is stated.
    hostname: Option<String>,
    /// Secrets with the credentials of registries.
    image_pull_secrets: Vec<String>,
    /// Labels of the nodes on which it may run.
    node_selector: Texts,
    /// How replicas are spread.
    spread: Vec<scaling::Spread>,
    /// What holds for the whole pod.
    security: PodSecurity,
    /// Seconds from being asked to stop to being killed, `drain_seconds` among them.
    grace_seconds: u64,
    /// The one container.
    pub(super) container: Container,
    /// What is mounted.
    volumes: Vec<Volume>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Container {
    /// Its name: the workload's id.
    name: String,
    /// The image, with tag or digest.
    image: String,
    /// The program with its first arguments, where it is not the image's: `command` of the API.
    entrypoint: Vec<String>,
    /// Arguments, where they are not the image's: `args` of the API.
    command: Vec<String>,
    /// The folder it starts in, where it is not the image's.
    working_dir: Option<String>,
    /// Ports that it listens on.
    ports: Vec<ContainerPort>,
    /// Variables, in an order in which each follows those it is made of.
    pub(super) env: Vec<Variable>,
    /// What is reserved.
    requests: Amounts,
    /// What it may use at most.
    limits: Amounts,
    /// How it is asked whether it works.
    probes: Probes,
    /// Seconds to wait before it is asked to stop, until nobody is sent to it any more.
    drain_seconds: Option<u64>,
    /// What holds for the container.
    security: ContainerSecurity,
    /// Where volumes are mounted.
    mounts: Vec<Mount>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct ContainerPort {
    /// Its name, at most 15 letters.
    name: String,
    /// The port.
    number: u16,
    /// `TCP`, `UDP` or `SCTP`.
    protocol: String,
}

#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Amounts {
    /// CPUs, as a quantity: `250m`.
    cpu: Option<String>,
    /// Bytes, as a quantity: `256Mi`.
    memory: Option<String>,
    /// A quantity like the others, so it is text.
    gpu: Option<String>,
}

impl Writer<'_> {
    /// The template of a workload's pods; `spread` where several of them run.
    pub(super) fn pod(&mut self, workload: &Workload, restart: Option<&'static str>) -> PodTemplate {
        let storage = self.storage(workload);
        self.check_storage(workload, &storage);
        let mut annotations = Self::annotations(workload);
        annotations.extend(self.config_hash(workload).map(|hash| (config::HASH.to_owned(), hash)));
        let drain = drain(workload);
        let placement = workload
            .placement
            .iter()
            .filter(|(key, value)| names::is_qualified(key.as_str()) && names::is_label_value(value));
        let Storage { volumes, mounts } = storage;
        PodTemplate {
            labels: self.labels(&workload.id),
            annotations,
            service_account: workload.id.to_string(),
            restart,
            hostname: hostname(workload),
            image_pull_secrets: self.options.image_pull_secrets.clone(),
            node_selector: placement.map(|(key, value)| (key.to_string(), value.clone())).collect(),
            spread: self.spread(workload),
            security: security::pod(workload),
            grace_seconds: workload.grace.as_secs_ceil() + drain.unwrap_or(0),
            container: self.container(workload, drain, mounts),
            volumes,
        }
    }

    fn container(&mut self, workload: &Workload, drain_seconds: Option<u64>, mounts: Vec<Mount>) -> Container {
        let Arguments { env, entrypoint, command } = self.arguments(workload);
        let (requests, limits) = amounts(&workload.resources);
        Container {
            name: workload.id.to_string(),
            image: workload.image.to_string(),
            entrypoint,
            command,
            working_dir: workload.workdir.as_ref().map(ToString::to_string),
            ports: ports(workload),
            env,
            requests,
            limits,
            probes: probes(workload),
            drain_seconds,
            security: security::container(workload),
            mounts,
        }
    }

    /// What was chosen where nothing was said.
    pub(super) fn check_resources(&mut self, workload: &Workload) {
        let resources = &workload.resources;
        let (cpu, memory) = (resources.cpu.is_none(), resources.memory.is_none() && resources.memory_limit.is_none());
        if cpu || memory {
            let (requests, limits) = amounts(resources);
            let text = |amount: &Option<String>| amount.clone().unwrap_or_default();
            let message = format!(
                "`{}` requests {} of CPU and {} of memory, of which it may use {}",
                workload.id,
                text(&requests.cpu),
                text(&requests.memory),
                text(&limits.memory)
            );
            let help = "write `resources(cpu = \"…\", memory = \"…\")` for what it needs";
            self.findings.push(Finding::new(Code::TargetNature, message).help(help).at(&workload.declared_by));
        }
    }
}

fn ports(workload: &Workload) -> Vec<ContainerPort> {
    let named = workload.ports.iter().zip(service::port_names(workload));
    named
        .map(|(port, name)| ContainerPort {
            name,
            number: port.port.number.get(),
            protocol: service::protocol(port.port.transport()),
        })
        .collect()
}

/// Whether and how long a pod that is to end goes on first: what answers HTTP does.
fn drain(workload: &Workload) -> Option<u64> {
    let scheme = |port: &crate::plan::Published| {
        port.port.scheme.as_ref().is_some_and(|scheme| matches!(scheme.as_str(), "http" | "https"))
    };
    let asked = matches!(workload.health.as_ref().map(|health| &health.probe), Some(Check::Http(..)));
    let answers = asked || workload.role == Role::App(AppKind::Web) || workload.ports.iter().any(scheme);
    (answers && !workload.is_job()).then_some(DRAIN_SECONDS)
}

/// A pod's host name is one label, and in a `StatefulSet` it is the pod's own name.
fn hostname(workload: &Workload) -> Option<String> {
    let name = workload.hostname.as_ref().map(ToString::to_string);
    name.filter(|name| !name.contains('.') && !workload.is_stateful())
}

/// Requests and limits; CPU and memory are always requested, memory is always limited.
fn amounts(resources: &Resources) -> (Amounts, Amounts) {
    let or =
        |declared: Option<&Quantity>, default: &str| declared.map_or_else(|| default.to_owned(), ToString::to_string);
    // A request above the limit would be refused.
    let least = |limit: Option<&Quantity>, default: &str| match (limit, Quantity::parse(default)) {
        (Some(limit), Ok(default)) if limit.nanos() < default.nanos() => limit.to_string(),
        _ => default.to_owned(),
    };
    let cpu = or(resources.cpu.as_ref(), &least(resources.cpu_limit.as_ref(), CPU));
    let memory = or(resources.memory.as_ref(), &least(resources.memory_limit.as_ref(), MEMORY));
    let limit = Quantity::parse(&memory).map(|memory| bytes(memory.units_ceil() * MEMORY_LIMIT_FACTOR));
    let memory_limit = or(resources.memory_limit.as_ref(), &limit.unwrap_or_default());
    let limits = Amounts {
        cpu: resources.cpu_limit.as_ref().map(ToString::to_string),
        memory: Some(memory_limit),
        gpu: resources.gpu.filter(|gpu| *gpu > 0).map(|gpu| gpu.to_string()),
    };
    (Amounts { cpu: Some(cpu), memory: Some(memory), gpu: None }, limits)
}

/// Bytes in the largest binary unit that gives a whole number.
fn bytes(bytes: u128) -> String {
    let unit = [(1_u128 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")].into_iter();
    match unit.into_iter().find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size)) {
        Some((size, name)) => format!("{}{name}", bytes / size),
        None => bytes.to_string(),
    }
}
