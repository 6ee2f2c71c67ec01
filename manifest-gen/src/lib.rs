//! orch as a library: what `cargo orch` does, for build scripts and other tools.
//!
//! | module | stage |
//! |---|---|
//! | [`gather`] | a workspace's declarations to a [`Manifest`](orch_manifest::manifest::Manifest) |
//! | [`plan`] | a manifest to a [`Plan`](plan::Plan) for a profile |
//! | [`target`] | a plan to the files of a target |
//! | [`graph`] | a plan to a picture |
//! | [`mod@write`] | files to a folder that may hold others |
//! | [`build`] | all of it from a build script |
//! | [`finding`] | what is found on the way, with stable codes |
//! | [`catalog`] | what is known about images |
//! | [`config`] | `orch.toml` |

pub mod build;
pub mod catalog;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "cli")]
pub mod deploy;
#[cfg(feature = "cli")]
pub mod engine;
#[cfg(feature = "cli")]
pub mod exit;
pub mod finding;
pub mod gather;
pub mod graph;
mod hex;
#[cfg(feature = "cli")]
pub mod image;
#[cfg(feature = "cli")]
pub mod launch;
#[cfg(feature = "cli")]
mod output;
pub mod plan;
pub mod target;
pub mod write;
