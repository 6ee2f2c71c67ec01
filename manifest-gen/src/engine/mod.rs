//! What runs a system: the engines that people already have, as programs.
//!
//! | module | does |
//! |---|---|
//! | [`command`] | runs a program: keeps its command line, how it ended and what it said |
//! | [`mod@choose`] | which engine: by name, or the first that can be used |
//! | [`compose`] | Docker Compose and Podman Compose |
//! | [`ps`] | reads what runs, in the shapes of all of them |
//! | `health` | runs the health checks that nobody else runs |
//! | [`inspect`] | reads what a list of containers does not say |
//! | `labelled` | lists what Docker and Podman have with a label |
//! | [`swarm`] | Docker Swarm, with the tasks that it makes of a stack |
//! | [`kubernetes`] | Kubernetes through `kubectl`, with the pods that it makes of objects |
//! | [`rollout`] | how far something new has come in a cluster |

mod child;
pub mod choose;
pub mod command;
pub mod compose;
mod health;
pub mod inspect;
mod interrupt;
pub mod kubernetes;
mod labelled;
pub mod ps;
pub mod rollout;
pub mod swarm;

use std::net::IpAddr;
use std::time::Duration;

pub use choose::{ChooseError, Kind, Tool, choose};
pub use command::{Command, CommandError};
pub use compose::{Compose, Project};
pub use interrupt::Interrupt;
pub use kubernetes::Kubernetes;
pub use labelled::labelled;
pub use ps::{Container, Health, State};
pub use rollout::{Cluster, Rollout, Run, Stage};
pub use swarm::Swarm;

/// How long an engine has to answer a question.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the commands ask of whatever runs a system.
///
/// What it would do is handed over as command lines, so that the same ones are run and shown.
pub trait Engine {
    /// The name under which the engine knows the system: a project, a stack, a namespace.
    fn name(&self) -> &str;

    /// Stops and removes everything; the data too where that is said.
    fn down(&self, volumes: bool) -> Command;

    /// Ends what [`Engine::down`] has removed and left running, where an engine does that.
    fn lingering(&self, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError> {
        let _ = interrupt;
        Ok(Vec::new())
    }

    /// Whether nothing runs any more of what [`Engine::down`] stops.
    fn is_gone(&self, interrupt: &Interrupt) -> Result<bool, EngineError>;

    /// Removes what [`Engine::down`] leaves behind when nothing runs any more, the data where that is said.
    fn leftovers(&self, volumes: bool, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError>;

    /// Stops services, or all, each within its grace period, and starts them again; within `grace` where
    /// the engine can be told.
    fn restart(&self, services: &[String], grace: Option<Duration>) -> Vec<Command>;

    /// What services, or all, have printed: beside each other where there are several commands.
    fn logs(&self, services: &[String], logs: &Logs) -> Vec<Command>;

    /// Whether what comes of [`Engine::logs`] on standard error is what services have printed, and not only talk.
    fn logs_to_both(&self) -> bool {
        false
    }

    /// A command in a running container of a service.
    fn exec(
        &self,
        service: &str,
        terminal: bool,
        command: &[String],
        interrupt: &Interrupt,
    ) -> Result<Command, EngineError>;

    /// Leads a port of this machine to one of a service, until it is ended; `None` where the engine knows no
    /// way.
    fn forward(&self, service: &str, local: u16, port: u16) -> Option<Command> {
        let _ = (service, local, port);
        None
    }

    /// Publishes a port of a service on the machine it runs on, until it is deployed again; `None` where the plan
    /// says what is published.
    fn publish(&self, service: &str, port: u16) -> Option<Command> {
        let _ = (service, port);
        None
    }

    /// The addresses at which this machine may reach a container.
    fn addresses(&self, container: &Container, interrupt: &Interrupt) -> Result<Vec<IpAddr>, EngineError> {
        let _ = interrupt;
        Ok(container.details.addresses.clone())
    }

    /// What runs of the system, and what has ended and is still there.
    fn containers(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError>;

    /// The same, with every health check run that is due and that nobody else runs.
    fn examined(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        self.containers(interrupt)
    }

    /// What who reads of health has to know about it, after it was looked.
    fn caveat(&self) -> Option<&'static str> {
        None
    }
}

/// What Compose writes before each line of a log, so that a terminal erases what was there; also where there
/// is none.
pub const ERASE: &str = "\u{1b}[2K";

/// Which part of what was printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// Whether what comes is waited for.
    pub follow: bool,
    /// How many of the last lines; all when `None`.
    pub tail: Option<u32>,
    /// From when on, in the engine's own notation (`10m`, a time of RFC 3339).
    pub since: Option<String>,
    /// Whether each line says whose it is.
    pub names: bool,
}

/// Why an engine cannot say what runs.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Its command failed.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// What it says cannot be read.
    #[error("cannot read what `{command}` says: {problem}")]
    Unreadable {
        /// The command line.
        command: String,
        /// Why.
        problem: String,
    },
    /// No container of a service is where a command can be run in it.
    #[error("`{service}` does not run{}", place.as_ref().map(|place| format!(" here but on {place}")).unwrap_or_default())]
    Elsewhere {
        /// The service.
        service: String,
        /// Where it runs, if it does.
        place: Option<String>,
    },
}
