//! What Compose and Swarm say in the same words.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::value::SecretKey;
use orch_manifest::{Duration, Id, Quantity, SecretName};
use serde::Serialize;

use super::interpolation::{escape, secret_variable};
use crate::plan::resolve::Probe;
use crate::plan::{HealthCheck, Piece, Plan, Published, Role, Variable, Workload};

/// A `healthcheck`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Healthcheck {
    /// How it is asked: `CMD` and the words of a command, which no shell reads, or `CMD-SHELL` and a line for `/bin/sh
    /// -c`. An engine that wants one text for `CMD` has to be given the words with a shell's quotes.
    pub(super) test: Vec<String>,
    /// The time between two checks.
    interval: Duration,
    /// The time after which a check has failed.
    timeout: Duration,
    /// How many checks in a row have to fail.
    retries: u32,
    /// The time at the start in which a failed check does not count.
    start_period: Duration,
}

/// A soft and a hard limit of a process.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Limits {
    /// The limit that the process sees.
    soft: u64,
    /// The limit up to which it may raise it.
    hard: u64,
}

/// CPUs and memory.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Amounts {
    /// CPUs, as a decimal: `0.5`.
    cpus: Option<String>,
    /// Bytes, with a unit: `256M`.
    memory: Option<String>,
}

/// A network of the system.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Network {
    /// `internal` or `external`.
    name: &'static str,
    /// Whether it leads nowhere else.
    internal: bool,
}

/// A file that is mounted.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct ConfigMount {
    /// The `name` of a file among `configs`.
    pub(super) source: String,
    /// The path in the container.
    pub(super) target: String,
}

/// A variable that the deployer gives. Every text is to the letter.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Supplied {
    /// The variable.
    pub(super) name: String,
    /// What it is where it is not given; `null` where it has to be given.
    pub(super) default: Option<String>,
    /// The secret that it holds; `null` where it holds none.
    pub(super) secret: Option<String>,
    /// The key of that secret; `null` where it has none.
    pub(super) key: Option<String>,
    /// What it is for, and who uses it.
    pub(super) about: String,
    /// The same as a line of an environment file; a comment where nothing has to be given.
    pub(super) line: String,
}

impl Supplied {
    /// One that has to be given.
    pub(super) fn required(name: &str, about: String) -> Self {
        let line = format!("{name}=");
        Self { name: name.to_owned(), default: None, secret: None, key: None, about, line }
    }

    /// One with a default, which `quote` writes in the syntax of the file.
    pub(super) fn optional(name: &str, default: String, about: String, quote: impl Fn(&str) -> String) -> Self {
        let line = format!("# {name}={}", quote(&default));
        Self { name: name.to_owned(), default: Some(default), secret: None, key: None, about, line }
    }
}

/// The networks of a workload. Applications face both ways. A service faces in, and out where it
/// publishes a port, since an engine publishes none from an internal network, or where it connects
/// to outside.
pub(crate) fn networks(workload: &Workload) -> Vec<&'static str> {
    let app = matches!(workload.role, Role::App(_));
    let out = app || workload.is_published() || workload.is_public() || !workload.egress.is_empty();
    if out { vec!["external", "internal"] } else { vec!["internal"] }
}

/// The networks that somebody is in.
pub(super) fn all_networks(used: &BTreeSet<&'static str>) -> Vec<Network> {
    let all = [Network { name: "external", internal: false }, Network { name: "internal", internal: true }];
    all.into_iter().filter(|network| used.contains(network.name)).collect()
}

/// When a workload recurs.
pub(super) fn schedule(workload: &Workload) -> Option<String> {
    workload.schedule.as_ref().map(ToString::to_string)
}

/// What is written about a workload, and which system, service and profile own its containers.
pub(super) fn labels(workload: &Workload, plan: &Plan) -> BTreeMap<String, String> {
    let mut labels: BTreeMap<String, String> =
        workload.labels.iter().map(|(key, value)| (key.to_string(), escape(value))).collect();
    let own = [
        ("dev.orch.system", plan.system.to_string()),
        ("dev.orch.profile", plan.profile.to_string()),
        ("dev.orch.service", workload.id.to_string()),
    ];
    labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
    labels
}

pub(super) fn ulimits(workload: &Workload) -> BTreeMap<String, Limits> {
    let limits = workload.ulimits.iter();
    limits.map(|(name, limit)| (name.to_string(), Limits { soft: limit.soft, hard: limit.hard })).collect()
}

pub(super) fn limits(workload: &Workload) -> Amounts {
    let resources = &workload.resources;
    Amounts { cpus: resources.cpu_limit.as_ref().map(cpus), memory: resources.memory_limit.as_ref().map(memory) }
}

pub(super) fn reservations(workload: &Workload) -> Amounts {
    let resources = &workload.resources;
    Amounts { cpus: resources.cpu.as_ref().map(cpus), memory: resources.memory.as_ref().map(memory) }
}

/// The command in a container that makes a check.
pub(super) fn probe(probe: &Probe) -> Vec<String> {
    let shell = |script: String| vec!["/bin/sh".to_owned(), "-c".to_owned(), script];
    match probe {
        Probe::Command(command) => command.clone(),
        Probe::Shell(script) => shell(script.clone()),
        Probe::Tcp(port) => shell(super::probe::tcp(*port)),
        Probe::Http(path, port) => shell(super::probe::http(path, *port)),
    }
}

pub(super) fn healthcheck(health: &HealthCheck) -> Healthcheck {
    let words = probe(&health.probe).into_iter().map(|word| escape(&word));
    // Where a shell is asked for anyway, the engine calls the image's own.
    let test = match &health.probe {
        Probe::Command(_) => std::iter::once("CMD".to_owned()).chain(words).collect(),
        _ => std::iter::once("CMD-SHELL".to_owned()).chain(words.skip(2)).collect(),
    };
    Healthcheck {
        test,
        interval: health.interval,
        timeout: health.timeout,
        retries: health.retries,
        start_period: health.start_period,
    }
}

/// The size of `/dev/shm` in bytes.
pub(super) fn shm_size(workload: &Workload) -> Option<u64> {
    workload.shm_size.as_ref().and_then(|size| u64::try_from(size.units_ceil()).ok())
}

/// What is said of the deployer's variables; `quote` writes a default in the syntax of the file.
pub(super) fn variables(plan: &Plan, quote: impl Fn(&str) -> String) -> Vec<Supplied> {
    let supplied = |variable: &Variable| {
        let (name, about) = (variable.name.as_str(), format!("for {}", list(&variable.used_by)));
        match &variable.default {
            None => Supplied::required(name, about),
            Some(default) => Supplied::optional(name, default.clone(), about, &quote),
        }
    };
    plan.variables.iter().map(supplied).collect()
}

/// What is said of the host's ports.
pub(super) fn ports(plan: &Plan, is_published: impl Fn(&Workload, &Published) -> bool) -> Vec<Supplied> {
    let ports = plan.workloads.iter().flat_map(|workload| workload.ports.iter().map(move |port| (workload, port)));
    let supplied = |(workload, port): (&Workload, &Published)| {
        let publish = port.publish.as_ref().filter(|_| is_published(workload, port))?;
        let about = format!("the port of the host for {} ({})", workload.id, port.port.number);
        Some(Supplied::optional(&publish.variable, publish.default.to_string(), about, str::to_owned))
    };
    ports.filter_map(supplied).collect()
}

/// Ids for people.
pub(super) fn list(ids: &BTreeSet<Id>) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// CPUs as a decimal number.
fn cpus(quantity: &Quantity) -> String {
    let nanos = quantity.nanos();
    let (whole, rest) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    let text = format!("{whole}.{rest:09}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Bytes, in the largest of Docker's units (powers of 1024) that gives a whole number.
fn memory(quantity: &Quantity) -> String {
    let bytes = quantity.units_ceil();
    let unit = [(1_u128 << 30, "G"), (1 << 20, "M"), (1 << 10, "K")]
        .into_iter()
        .find(|(size, _)| bytes >= *size && bytes.is_multiple_of(*size));
    match unit {
        Some((size, name)) => format!("{}{name}", bytes / size),
        None => format!("{bytes}B"),
    }
}

/// Where the engines mount secrets.
const SECRETS: &str = "/run/secrets";

/// A secret, or one key of it: a file of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretFile {
    /// The secret.
    pub secret: SecretName,
    /// The key.
    pub key: Option<SecretKey>,
}

impl SecretFile {
    /// The secret that a piece of a text is.
    pub fn of(piece: &Piece) -> Option<Self> {
        match piece {
            Piece::Secret { name, key, .. } => Some(Self { secret: name.clone(), key: key.clone() }),
            _ => None,
        }
    }

    /// The file's name.
    pub fn name(&self) -> String {
        match &self.key {
            None => self.secret.to_string(),
            Some(key) => format!("{}.{key}", self.secret),
        }
    }

    /// The variable that holds it where it is no file.
    pub fn variable(&self) -> String {
        secret_variable(&self.secret, self.key.as_ref())
    }

    /// Where it is in a container.
    pub(super) fn path(&self) -> String {
        format!("{SECRETS}/{}", self.name())
    }
}
