//! Startup, readiness and liveness from the one declaration of health.

use orch_manifest::{Duration, Port, Protocol, UrlPath};
use serde::Serialize;

use super::env::escape;
use super::service::port_names;
use crate::plan::resolve::Probe as Check;
use crate::plan::{HealthCheck, Workload};

/// How many times as many failures end a process as take it out of service, where both ask the same.
const PATIENCE: u32 = 3;

/// The probes of a container.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Probes {
    /// Asked first, until it answers once.
    startup: Option<Probe>,
    /// Whether it is sent anybody.
    readiness: Option<Probe>,
    /// Whether it is started anew.
    liveness: Option<Probe>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Probe {
    #[serde(flatten)]
    question: Question,
    /// Seconds between two questions.
    period: u64,
    /// Seconds after which there is no answer.
    timeout: u64,
    /// How many in a row mean no.
    failures: u64,
}

/// What is asked: one of these.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
enum Question {
    /// A request that is answered with 2xx or 3xx.
    Http {
        /// The path.
        path: String,
        /// The port.
        port: PortRef,
        /// `HTTP` or `HTTPS`.
        scheme: &'static str,
    },
    /// A connection.
    Tcp {
        /// The port.
        port: PortRef,
    },
    /// A command in the container that ends with 0.
    Exec {
        /// Its words.
        command: Vec<String>,
    },
}

/// A container's port by its name, or by its number where it is not declared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(untagged)]
enum PortRef {
    Name(String),
    Number(u16),
}

/// The probes of a workload; none where running is enough, and for what runs to its end.
pub(super) fn probes(workload: &Workload) -> Probes {
    let Some(health) = workload.health.as_ref().filter(|_| !workload.is_job()) else { return Probes::default() };
    let question = question(workload, &health.probe);
    let period = seconds(health.interval);
    let retries = u64::from(health.retries.max(1));
    let probe = |question, failures| Probe { question, period, timeout: seconds(health.timeout), failures };
    let startup = health.start_period.as_secs_ceil().div_ceil(period) + retries;
    let alive = liveness(workload, health).unwrap_or_else(|| question.clone());
    let patience = if alive == question { u64::from(PATIENCE) } else { 1 };
    Probes {
        startup: Some(probe(question.clone(), startup)),
        readiness: Some(probe(question, retries)),
        liveness: Some(probe(alive, retries * patience)),
    }
}

/// The longest time that a workload may take to start, in seconds.
pub(super) fn startup_seconds(health: &HealthCheck) -> u64 {
    health.start_period.as_secs_ceil() + seconds(health.interval) * u64::from(health.retries.max(1))
}

/// What says that a process lives: its own path, else that its port is open.
fn liveness(workload: &Workload, health: &HealthCheck) -> Option<Question> {
    match (&health.probe, &health.live) {
        (Check::Http(_, port), Some(path)) => Some(http(workload, path, *port)),
        (Check::Http(_, port) | Check::Tcp(port), _) => Some(Question::Tcp { port: port_ref(workload, *port) }),
        (Check::Command(_) | Check::Shell(_), _) => {
            let mut ports = workload.ports.iter().map(|port| &port.port);
            let open = ports.find(|port| port.transport() == Protocol::Tcp)?;
            Some(Question::Tcp { port: port_ref(workload, open.number) })
        }
    }
}

fn question(workload: &Workload, check: &Check) -> Question {
    match check {
        Check::Http(path, port) => http(workload, path, *port),
        Check::Tcp(port) => Question::Tcp { port: port_ref(workload, *port) },
        Check::Command(command) => Question::Exec { command: command.iter().map(|word| escape(word, false)).collect() },
        Check::Shell(script) => {
            Question::Exec { command: vec!["/bin/sh".to_owned(), "-c".to_owned(), escape(script, false)] }
        }
    }
}

fn http(workload: &Workload, path: &UrlPath, port: Port) -> Question {
    let declared = workload.ports.iter().map(|declared| &declared.port).find(|declared| declared.number == port);
    let scheme = declared.and_then(|declared| declared.scheme.as_ref()).map(orch_manifest::name::Scheme::as_str);
    Question::Http {
        path: path.to_string(),
        port: port_ref(workload, port),
        scheme: if scheme == Some("https") { "HTTPS" } else { "HTTP" },
    }
}

fn port_ref(workload: &Workload, number: Port) -> PortRef {
    let tcp = |port: &crate::plan::Published| port.port.number == number && port.port.transport() == Protocol::Tcp;
    match workload.ports.iter().position(tcp).and_then(|index| port_names(workload).into_iter().nth(index)) {
        Some(name) => PortRef::Name(name),
        None => PortRef::Number(number.get()),
    }
}

/// Whole seconds, at least one: the API knows nothing shorter.
fn seconds(duration: Duration) -> u64 {
    duration.as_secs_ceil().max(1)
}
