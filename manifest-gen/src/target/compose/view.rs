//! What the pack is given.

use std::collections::BTreeMap;

use orch_manifest::Duration;
use serde::Serialize;

use super::super::docker::{Amounts, ConfigMount, Healthcheck, Limits, Network, Supplied};

/// What the pack `compose` is given.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Compose {
    /// What the first line of every file says.
    pub(super) banner: String,
    /// The system.
    pub(super) system: String,
    /// The profile.
    pub(super) profile: String,
    /// The project's name, `SYSTEM-PROFILE`.
    pub(super) name: String,
    /// Services and applications, jobs among them.
    pub(super) services: Vec<Service>,
    /// The networks, `external` and `internal`.
    pub(super) networks: Vec<Network>,
    /// Names of volumes of the engine.
    pub(super) volumes: Vec<String>,
    /// Secrets, which are files of the deployer's.
    pub(super) secrets: Vec<SecretFile>,
    /// Files that are mounted.
    pub(super) configs: Vec<Config>,
    /// What the deployer's environment has to have or may have.
    pub(super) supplied: Vec<Supplied>,
}

/// A service. Each key is the one of that name in the Compose Specification, in the form that is written
/// there, besides `id`, `description`, `kind` and `schedule`. A text is as Compose reads it, unless it is said to be to
/// the letter: `$$` is a dollar, `${NAME:?message}` a variable that has to be given, and `${NAME:-default}` one that
/// may be. They are never in each other; in a default are no braces and no line breaks, and `$$` is a dollar there too.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Service {
    /// Its name, under which others reach it.
    pub(super) id: String,
    /// What it is, for people, to the letter.
    pub(super) description: Option<String>,
    /// What it is in the system: `web`, `worker`, `job` or `cron` of an application, and of a service its kind:
    /// `database`, `cache`, `messaging` and others.
    pub(super) kind: String,
    /// When it runs, as five fields of cron or `@daily` and the like; `null` where it does not recur.
    pub(super) schedule: Option<String>,
    /// The image, with tag or digest.
    pub(super) image: String,
    /// The Compose profiles without which it is not started: `scheduled` for what has a `schedule`.
    pub(super) profiles: Vec<String>,
    /// The program with its first arguments; the image's where it is empty.
    pub(super) entrypoint: Vec<String>,
    /// Arguments; the image's where it is empty.
    pub(super) command: Vec<String>,
    /// Variables by their names. One with a secret in it has `${NAME:?…}`.
    pub(super) environment: BTreeMap<String, String>,
    /// Ports that are published on the host.
    pub(super) ports: Vec<Port>,
    /// What is mounted besides secrets, files and what is in memory.
    pub(super) volumes: Vec<Mount>,
    /// Folders in memory, with their options: `/tmp:mode=1777`.
    pub(super) tmpfs: Vec<String>,
    /// Names of `secrets`, which are files in `/run/secrets`.
    pub(super) secrets: Vec<String>,
    /// Files that are mounted.
    pub(super) configs: Vec<ConfigMount>,
    /// How it is asked whether it works; `null` where nobody asks.
    pub(super) healthcheck: Option<Healthcheck>,
    /// What has to be there before it.
    pub(super) depends_on: Vec<DependsOn>,
    /// Names of `networks`.
    pub(super) networks: Vec<&'static str>,
    /// `none` for what talks to nobody, instead of networks.
    pub(super) network_mode: Option<&'static str>,
    /// The user and the group: `999:999`; the image's where there is none.
    pub(super) user: Option<String>,
    /// The folder it starts in, where it is not the image's.
    pub(super) working_dir: Option<String>,
    /// The host's name in the container, where it is stated.
    pub(super) hostname: Option<String>,
    /// Bytes of `/dev/shm`, where it is not the engine's own size.
    pub(super) shm_size: Option<u64>,
    /// Limits by their names.
    pub(super) ulimits: BTreeMap<String, Limits>,
    /// Capabilities that it keeps, without `CAP_`; all others are dropped.
    pub(super) cap_add: Vec<String>,
    /// Whether the root of the container cannot be written to.
    pub(super) read_only: bool,
    /// `unless-stopped`, `on-failure`, `always` or `no`.
    pub(super) restart: &'static str,
    /// The time from being asked to stop to being killed.
    pub(super) stop_grace_period: Duration,
    /// How many run, where it is more than one.
    pub(super) replicas: Option<u32>,
    /// What it may use at most.
    pub(super) limits: Amounts,
    /// What is reserved.
    pub(super) reservations: Amounts,
    /// How many GPUs are reserved.
    pub(super) gpus: Option<u32>,
    /// Labels of its containers.
    pub(super) labels: BTreeMap<String, String>,
    /// Annotations of its containers.
    pub(super) annotations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Port {
    /// Its name.
    pub(super) name: Option<String>,
    /// The port in the container.
    pub(super) target: u16,
    /// The port of the host: `${ORCH_PORT_API:-8080}`.
    pub(super) published: String,
    /// The address of the host; all where there is none.
    pub(super) host_ip: Option<&'static str>,
    /// `tcp`, `udp` or `sctp`.
    pub(super) protocol: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Mount {
    /// `volume` or `bind`.
    pub(super) kind: &'static str,
    /// A name of `volumes`, or the folder of the host, which is relative to the file it is written in.
    pub(super) source: String,
    /// The path in the container.
    pub(super) target: String,
    /// Whether it cannot be written to.
    pub(super) read_only: bool,
    /// Whether the folder of the host is created where it is missing.
    pub(super) create_host_path: bool,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Config {
    /// Its name.
    pub(super) name: String,
    /// The file's path, relative to the output folder.
    pub(super) path: String,
    /// The same for Compose, which takes a path without `./` for a name.
    pub(super) file: String,
    /// What is in it, to the letter.
    pub(super) content: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct SecretFile {
    /// Its name: that of the secret, and behind a dot its key where it has one.
    pub(super) name: String,
    /// The file of the host, as Compose reads it: `${ORCH_SECRETS:?…}/postgres-password`.
    pub(super) file: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct DependsOn {
    /// The `id` of a service.
    pub(super) id: String,
    /// `service_healthy`, `service_started` or `service_completed_successfully`.
    pub(super) condition: &'static str,
    /// Whether it cannot do without.
    pub(super) required: bool,
}
