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
}
