//! What runs a system: the engines that people already have, as programs.
//!
//! | module | does |
//! |---|---|
//! | [`command`] | runs a program: keeps its command line, how it ended and what it said |
//! | [`mod@choose`] | which engine: by name, or the first that can be used |
//! | [`compose`] | Docker Compose and Podman Compose |
//! | [`ps`] | reads what runs, in the shapes of all of them |
//! | [`inspect`] | reads what a list of containers does not say |

mod child;
pub mod choose;
pub mod command;
pub mod compose;
pub mod inspect;
mod interrupt;
pub mod ps;

use std::time::Duration;

pub use choose::{ChooseError, Kind, Tool, choose};
pub use command::{Command, CommandError};
pub use compose::{Compose, Project};
pub use interrupt::Interrupt;
pub use ps::{Container, Health, State};

/// What the commands ask of whatever runs a project.
///
/// What it would do is handed over as a command line, so that the same one is run and shown.
pub trait Engine {
    /// Creates and starts everything, with what was there before and is no part of it removed.
    fn up(&self) -> Command;

    /// Stops and removes everything; the volumes too where that is said.
    fn down(&self, volumes: bool) -> Command;

    /// Stops and removes the containers of services.
    fn remove(&self, services: &[String]) -> Command;

    /// Stops the containers of services, each within its grace period, and starts them again; at once
    /// where `grace` is zero.
    fn restart(&self, services: &[String], grace: Option<Duration>) -> Command;

    /// What services, or all, have printed.
    fn logs(&self, services: &[String], logs: &Logs) -> Command;

    /// A command in a running container of a service.
    fn exec(&self, service: &str, terminal: bool, command: &[String]) -> Command;

    /// A job, once, in a container of its own that is removed afterwards.
    fn run(&self, job: &str, terminal: bool) -> Command;

    /// What runs of the project, and what has ended and is still there.
    fn containers(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError>;
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
}
