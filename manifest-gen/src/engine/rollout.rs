//! How far something new has come in a cluster.

use super::{Command, Engine, EngineError, Interrupt};

/// How often a container may fail before what is new is given up.
pub(super) const FAILURES: u64 = 3;

/// What is new of one service, job or application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Its id.
    pub id: String,
    /// What the cluster calls it.
    pub name: String,
    /// How far it has come.
    pub stage: Stage,
    /// What is to run, as the cluster has it: another one is another version.
    pub version: String,
    /// The cluster's name of this replacement, which tells one from the next; empty where there was none.
    pub mark: String,
    /// Whether the cluster goes back to the version before by itself, and has not arrived yet.
    pub is_going_back: bool,
    /// Whether the cluster knows the version before this one. It knows none of a job, nor of what is new.
    pub can_go_back: bool,
}

/// How far something has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// All of it runs and is healthy, or has ended well where it is a job.
    Done,
    /// It may still come; for what it waits.
    Going(String),
    /// It does not come by itself; why.
    Failed(String),
}

/// How far a job that runs once has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// It has not begun; for what it waits.
    Waits(String),
    /// It runs.
    Runs,
    /// It is over.
    Over(Outcome),
}

/// The exit code that a job ended with, or why it did not come to its end.
pub type Outcome = Result<i64, String>;

/// Whether what a cluster says of a container is that its image is not to be had.
///
/// Source: the messages of the Docker Engine, and the reasons of the kubelet (`pkg/kubelet/images/types.go`).
pub fn names_no_image(why: &str) -> bool {
    ["No such image", "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull"].iter().any(|words| why.contains(words))
}

/// An engine that replaces what runs by itself, on one machine or many.
pub trait Cluster: Engine {
    /// How far everything that the system has in the cluster has come. What failed before this deployment,
    /// as `before` has it, is no failure of this one.
    fn rollouts(&self, before: &[Rollout], interrupt: &Interrupt) -> Result<Vec<Rollout>, EngineError>;

    /// Goes back to the version before this one, where the cluster knows one.
    fn roll_back(&self, rollout: &Rollout) -> Command;

    /// How far a job has come that was started beside what is deployed, by the cluster's name of it.
    fn run(&self, name: &str, interrupt: &Interrupt) -> Result<Run, EngineError>;

    /// What it has printed, from its beginning.
    fn run_log(&self, name: &str, follow: bool) -> Command;

    /// Ends and removes it.
    fn end_run(&self, name: &str) -> Command;

    /// Removes what [`Cluster::end_run`] may leave behind, found before it is run.
    fn leftovers_of_run(&self, name: &str, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError> {
        let _ = (name, interrupt);
        Ok(Vec::new())
    }
}
