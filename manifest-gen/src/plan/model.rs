use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orch_manifest::manifest::DeclaredBy;
use orch_manifest::model::{
    AppKind, ContainerPort, Egress, Ingress, Kind, Resources, RestartPolicy, Scale, Ulimit, UserIds,
};
use orch_manifest::name::{LabelKey, LinuxCapability, UlimitName, VolumeName};
use orch_manifest::{
    AbsolutePath, CronSchedule, Duration, EnvName, Hostname, Id, ImageRef, Port, PortName, Quantity, SecretName,
    UrlPath,
};

use super::{Profile, Text};
use crate::finding::Finding;

/// A system, planned for one profile.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The system's name.
    pub system: Id,
    /// The profile.
    pub profile: Profile,
    /// What runs as containers, in the order of ids.
    pub workloads: Vec<Workload>,
    /// Services that are there already, in the order of ids.
    pub externals: Vec<External>,
    /// The secrets that somebody has to supply, in the order of names.
    pub secrets: Vec<SecretUse>,
    /// The variables that the deployer may or has to set, in the order of names.
    pub variables: Vec<Variable>,
    /// What `orch.toml` says about targets and about where secrets are.
    pub options: crate::config::Options,
    /// What was found.
    pub findings: Vec<Finding>,
}

impl Plan {
    /// The workload with this id.
    pub fn workload(&self, id: &Id) -> Option<&Workload> {
        self.workloads.binary_search_by(|workload| workload.id.cmp(id)).ok().map(|index| &self.workloads[index])
    }
}

/// What a workload is in the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A service of this kind.
    Service(Kind),
    /// An application of this kind.
    App(AppKind),
}

impl Role {
    /// The word for it: `database`, `web`, `job`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Service(kind) => kind.as_str(),
            Self::App(kind) => kind.as_str(),
        }
    }
}

/// A binary of the workspace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Program {
    /// Its package.
    pub package: String,
    /// Its name.
    pub bin: String,
    /// The version of its package.
    pub version: String,
    /// The application in whose image it is, where that is another one's.
    pub image_of: Option<Id>,
}

/// Something that runs as containers.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its id, which is its host name.
    pub id: Id,
    /// What it is in the system.
    pub role: Role,
    /// The binary that it runs; `None` where its image is somebody else's.
    pub program: Option<Program>,
    /// The place that declares it.
    pub declared_by: DeclaredBy,
    /// The name that people are shown.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The image.
    pub image: ImageRef,
    /// The entry point; the image's when empty.
    pub entrypoint: Vec<Text>,
    /// The arguments; the image's when empty.
    pub command: Vec<Text>,
    /// The environment.
    pub env: BTreeMap<EnvName, Environment>,
    /// The ports, the workload's own first.
    pub ports: Vec<Published>,
    /// How it is reached from outside.
    pub ingress: Vec<Ingress>,
    /// The data paths.
    pub volumes: Vec<Volume>,
    /// The files that are mounted.
    pub files: Vec<MountedFile>,
    /// How its health is judged; `None` where running is enough.
    pub health: Option<HealthCheck>,
    /// For what it waits.
    pub dependencies: Vec<Dependency>,
    /// With whom it talks, in the order of ids: those it waits for and those it calls.
    pub talks_to: BTreeSet<Id>,
    /// When it recurs.
    pub schedule: Option<CronSchedule>,
    /// How many run.
    pub replicas: u32,
    /// Between which bounds the number follows the load.
    pub scale: Option<Scale>,
    /// What it requests and may use.
    pub resources: Resources,
    /// The user it runs as; the image's when `None`.
    pub user: Option<UserIds>,
    /// The group that owns its volumes.
    pub fs_group: Option<u32>,
    /// The working directory.
    pub workdir: Option<AbsolutePath>,
    /// The host name it sees for itself.
    pub hostname: Option<Hostname>,
    /// How long it has to stop.
    pub grace: Duration,
    /// When it is started again.
    pub restart: RestartPolicy,
    /// Linux capabilities beyond none.
    pub cap_add: Vec<LinuxCapability>,
    /// Whether it is held to the restricted pod security standard.
    pub restricted: bool,
    /// Where it connects to outside the system.
    pub egress: Vec<Egress>,
    /// Labels of the nodes it may run on.
    pub placement: BTreeMap<LabelKey, String>,
    /// The size of `/dev/shm`.
    pub shm_size: Option<Quantity>,
    /// Limits of the process.
    pub ulimits: BTreeMap<UlimitName, Ulimit>,
    /// Labels.
    pub labels: BTreeMap<LabelKey, String>,
    /// Annotations.
    pub annotations: BTreeMap<LabelKey, String>,
    /// What is known about the image.
    pub facts: Option<Arc<crate::catalog::Entry>>,
}

impl Workload {
    /// Whether it keeps data.
    pub fn is_stateful(&self) -> bool {
        self.volumes.iter().any(|volume| volume.persistent)
    }

    /// The health check, where the container can make it: HTTP and TCP are asked for by a shell, which
    /// its image may not have. Kubernetes asks from outside.
    pub fn check_inside(&self) -> Option<&HealthCheck> {
        let has_shell = self.facts.as_ref().is_none_or(|facts| facts.image.shell);
        self.health.as_ref().filter(|health| has_shell || matches!(health.probe, super::resolve::Probe::Command(_)))
    }

    /// Whether it runs to its end.
    pub fn is_job(&self) -> bool {
        matches!(self.role, Role::App(AppKind::Job | AppKind::Cron))
    }

    /// Whether a port of it is published on the host.
    pub fn is_published(&self) -> bool {
        self.ports.iter().any(|port| port.publish.is_some())
    }

    /// Whether it faces out of the system.
    pub fn is_public(&self) -> bool {
        !self.ingress.is_empty() || self.ports.iter().any(|port| port.port.public)
    }
}

/// The value of a variable with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The value.
    pub value: Text,
    /// Where it comes from.
    pub origin: Origin,
    /// The variable through which the image takes the name of a file with the value instead, when it
    /// has one and the value is one secret.
    pub file_form: Option<EnvName>,
}

/// Where a variable comes from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// The workload's own `env`.
    Own,
    /// The `app_env` of what this id names.
    Binding(Id),
    /// The planner.
    Planner,
}

/// A port with how it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The port.
    pub port: ContainerPort,
    /// How it is published on the host, if it is.
    pub publish: Option<Publish>,
}

/// How a port is published on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publish {
    /// The variable through which another port is chosen.
    pub variable: String,
    /// The port unless another is chosen.
    pub default: Port,
    /// Whether only the host itself reaches it.
    pub loopback: bool,
}

/// A data path with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name, unique in the workload.
    pub name: VolumeName,
    /// Where in the container.
    pub path: AbsolutePath,
    /// Whether it is there after a restart.
    pub persistent: bool,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// How much it holds.
    pub size: Option<Quantity>,
    /// The storage class of its claim.
    pub storage_class: Option<Hostname>,
}

/// A file that is mounted read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountedFile {
    /// Its name, unique in the workload: a key that a Kubernetes ConfigMap accepts.
    pub name: String,
    /// Where in the container.
    pub path: AbsolutePath,
    /// What is in it.
    pub content: Text,
}

/// How health is judged, with every port a number and every time decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// What is asked.
    pub probe: super::resolve::Probe,
    /// The path that says whether the process lives.
    pub live: Option<UrlPath>,
    /// The time between two checks.
    pub interval: Duration,
    /// How long one check may take.
    pub timeout: Duration,
    /// How many failures in a row make it unhealthy.
    pub retries: u32,
    /// How long it may take to start.
    pub start_period: Duration,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dependency {
    /// Who.
    pub id: Id,
    /// For what.
    pub condition: Condition,
    /// Whether it has to be there.
    pub required: bool,
}

/// What somebody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// That it was started.
    Started,
    /// That it is healthy.
    Healthy,
    /// That it ended well.
    Completed,
}

/// A service that is there already.
#[derive(Clone, Debug)]
pub struct External {
    /// Its id.
    pub id: Id,
    /// What it is.
    pub kind: Kind,
    /// The place that declares it.
    pub declared_by: DeclaredBy,
    /// Where it is, for people.
    pub address: String,
    /// The port, when it is known.
    pub port: Option<Port>,
}

/// A secret that somebody has to supply.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretUse {
    /// Its name.
    pub name: SecretName,
    /// Who uses it.
    pub used_by: BTreeSet<Id>,
    /// Whether an engine puts it into a URL.
    pub in_url: bool,
}

/// A variable of the deployer's environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Variable {
    /// Its name.
    pub name: EnvName,
    /// What is used when it is not set; it has to be set when `None`.
    pub default: Option<String>,
    /// Who uses it.
    pub used_by: BTreeSet<Id>,
}

/// The name of a port in a variable's name and for people: its name, else its number.
pub(crate) fn port_label(name: Option<&PortName>, number: Port) -> String {
    name.map_or_else(|| number.to_string(), ToString::to_string)
}
