//! From a rendered folder to a cluster: what has to be there before, and what is run, in which order.
//!
//! | module | does |
//! |---|---|
//! | [`phase`] | who comes after whom |
//! | [`stack`] | a stack of Swarm's, in parts |
//! | [`objects`] | objects of Kubernetes', in parts |

pub mod objects;
pub mod phase;
pub mod stack;

use std::collections::BTreeSet;

use orch_manifest::Id;

use crate::engine::Command;

/// A part of a deployment that has to be there before the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phase {
    /// What tells the cluster, in this order.
    pub apply: Vec<Command>,
    /// What waits until the cluster has done it, in this order, where its program can.
    pub waits: Vec<Command>,
    /// Who has to be there at its end.
    pub awaits: BTreeSet<Id>,
}

/// Something that has to be there before anything is deployed, and is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// What, for people.
    pub what: String,
    /// The command that makes it, with words in capitals where only the deployer knows.
    pub cure: String,
}
