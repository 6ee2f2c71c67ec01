use std::collections::BTreeMap;
use std::fmt;

use super::Health;
use crate::name::{LabelKey, LinuxCapability, Scheme, UlimitName, VolumeName};
use crate::{
    AbsolutePath, Capability, Cidr, Duration, EnvName, Hostname, ImageRef, IngressHost, Invalid, Port, PortName,
    PortRef, Protocol, Quantity, SecretName, SourcePath, Template, UrlPath, Value,
};

record! {
    /// What services and applications have in common.
    #[derive(Default)]
    pub struct Workload {
        required {}
        optional {
            /// The name that people are shown.
            name: Option<String>,
            /// What it is for, for people.
            description: Option<String>,
            /// The container image.
            image: Option<ImageRef>,
            /// The entry point in exec form; replaces the image's.
            entrypoint: Vec<Value>,
            /// The arguments in exec form; replace the image's.
            command: Vec<Value>,
            /// The container's environment.
            env: BTreeMap<EnvName, Value>,
            /// What is given to every application that uses this.
            app_env: BTreeMap<EnvName, Template>,
            /// Container ports; the first is the workload's own.
            ports: Vec<ContainerPort>,
            /// How it is reached from outside.
            ingress: Vec<Ingress>,
            /// Tokens it provides beyond its id and its kind.
            provides: Vec<Capability>,
            /// Tokens it needs.
            consumes: Vec<Capability>,
            /// Tokens it takes when somebody provides them.
            wants: Vec<Capability>,
            /// Data paths.
            volumes: Vec<Volume>,
            /// Files of the package that are mounted read-only.
            files: Vec<File>,
            /// How its health is judged.
            health: Option<Health>,
            /// What it requests and how much it may use.
            resources: Option<Resources>,
            /// How many run.
            replicas: Option<u32>,
            /// Between which bounds the number follows the load.
            scale: Option<Scale>,
            /// The user and group it runs as.
            user: Option<UserIds>,
            /// The group that owns its volumes.
            fs_group: Option<u32>,
            /// The working directory.
            workdir: Option<AbsolutePath>,
            /// The host name it sees for itself.
            hostname: Option<Hostname>,
            /// How long it has to stop.
            grace: Option<Duration>,
            /// When it is started again.
            restart: Option<RestartPolicy>,
            /// Linux capabilities it needs (`NET_BIND_SERVICE`).
            cap_add: Vec<LinuxCapability>,
            /// Whether it is held to the restricted pod security standard; it is unless this says no.
            restricted: Option<bool>,
            /// Where it connects to outside the system.
            egress: Vec<Egress>,
            /// Labels of the nodes it may run on.
            placement: BTreeMap<LabelKey, String>,
            /// The size of `/dev/shm`.
            shm_size: Option<Quantity>,
            /// Limits of the process, by their name.
            ulimits: BTreeMap<UlimitName, Ulimit>,
            /// Labels of what is rendered.
            labels: BTreeMap<LabelKey, String>,
            /// Annotations of what is rendered.
            annotations: BTreeMap<LabelKey, String>,
        }
    }
}

record! {
    /// A port of a container.
    pub struct ContainerPort {
        required {
            /// The number.
            number: Port,
        }
        optional {
            /// Its name, unique in the workload.
            name: Option<PortName>,
            /// Its transport; TCP when absent.
            protocol: Option<Protocol>,
            /// The scheme of URLs to it.
            scheme: Option<Scheme>,
            /// The port under which it is published on a host.
            host_port: Option<Port>,
            /// Whether it faces out of the system.
            public: bool,
        }
    }
}

impl ContainerPort {
    /// A TCP port with this number and nothing else.
    pub fn new(number: Port) -> Self {
        Self { number, name: None, protocol: None, scheme: None, host_port: None, public: false }
    }

    /// The transport.
    pub fn transport(&self) -> Protocol {
        self.protocol.unwrap_or(Protocol::Tcp)
    }
}

record! {
    /// A rule by which requests from outside reach a port.
    pub struct Ingress {
        required {}
        optional {
            /// The host; any when absent.
            host: Option<IngressHost>,
            /// The path's beginning; `/` when absent.
            path: Option<UrlPath>,
            /// The port; the workload's own when absent.
            port: Option<PortRef>,
            /// The secret with certificate and key.
            tls: Option<SecretName>,
        }
    }
}

record! {
    /// A data path. The profile decides what is mounted there.
    pub struct Volume {
        required {
            /// Where in the container.
            path: AbsolutePath,
        }
        optional {
            /// Its name, unique in the workload.
            name: Option<VolumeName>,
            /// How much it holds.
            size: Option<Quantity>,
            /// The storage class of the claim.
            storage_class: Option<Hostname>,
            /// Whether it may be empty after every start.
            ephemeral: bool,
            /// Whether it is mounted read-only.
            read_only: bool,
        }
    }
}

record! {
    /// A UTF-8 file of the package, mounted read-only.
    pub struct File {
        required {
            /// Where in the container.
            path: AbsolutePath,
            /// Where in the package.
            source: SourcePath,
        }
        optional {
            /// Whether it has tokens.
            template: bool,
            /// Its text; absent in a fragment, present in a manifest.
            content: Option<String>,
            /// The SHA-256 of the text, in hexadecimal; present where the text is.
            sha256: Option<String>,
        }
    }
}

record! {
    /// What a workload requests and how much it may use.
    #[derive(Default)]
    pub struct Resources {
        required {}
        optional {
            /// CPUs requested.
            cpu: Option<Quantity>,
            /// Bytes of memory requested.
            memory: Option<Quantity>,
            /// CPUs it may use.
            cpu_limit: Option<Quantity>,
            /// Bytes of memory it may use.
            memory_limit: Option<Quantity>,
            /// GPUs.
            gpu: Option<u32>,
        }
    }
}

record! {
    /// Bounds between which the number of replicas follows the load.
    pub struct Scale {
        required {
            /// The fewest.
            min: u32,
            /// The most.
            max: u32,
        }
        optional {
            /// The CPU utilization that is aimed at, in percent of the request.
            cpu: Option<u32>,
        }
    }
}

record! {
    /// A connection out of the system that is allowed.
    pub struct Egress {
        required {
            /// The port.
            port: Port,
        }
        optional {
            /// The network; any address when absent.
            cidr: Option<Cidr>,
            /// The transport; TCP when absent.
            protocol: Option<Protocol>,
        }
    }
}

record! {
    /// A soft and a hard limit of a process.
    pub struct Ulimit {
        required {
            /// The limit in force.
            soft: u64,
            /// What it may be raised to.
            hard: u64,
        }
        optional {}
    }
}

choice! {
    /// When a container is started again.
    pub enum RestartPolicy : "a restart policy" {
        /// Whenever it ends.
        Always = "always",
        /// When it fails.
        OnFailure = "on-failure",
        /// Whenever it ends, unless it was stopped by hand.
        UnlessStopped = "unless-stopped",
        /// Never.
        No = "no",
    }
}

/// The user, and where it is written the group, a container runs as: `999` or `999:999`.
///
/// Numbers only: the kubelet cannot tell whether a named user is root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^[0-9]+(:[0-9]+)?$")))]
pub struct UserIds {
    /// The user's number.
    pub uid: u32,
    /// The group's number.
    pub gid: Option<u32>,
}

impl UserIds {
    /// Reads `uid` or `uid:gid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten().filter(|n| i32::try_from(*n).is_ok())
        };
        let parsed = match text.split_once(':') {
            Some((uid, gid)) => number(uid).zip(number(gid)).map(|(uid, gid)| Self { uid, gid: Some(gid) }),
            None => number(text).map(|uid| Self { uid, gid: None }),
        };
        parsed.ok_or_else(|| {
            Invalid::new(format!("{} is not a user", crate::invalid::quoted(text)))
                .help("numbers, such as `999` or `999:999`: Kubernetes cannot tell whether a named user is root")
        })
    }

    fn write_text(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.gid {
            Some(gid) => write!(f, "{}:{gid}", self.uid),
            None => write!(f, "{}", self.uid),
        }
    }
}

text_impls!(UserIds, "a user");
