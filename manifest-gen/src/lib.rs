//! orch as a library: what `cargo orch` does, for build scripts and other tools.
//!
//! | module | stage |
//! |---|---|
//! | [`gather`] | a workspace's declarations to a [`Manifest`](orch_manifest::manifest::Manifest) |
//! | [`plan`] | a manifest to a [`Plan`](plan::Plan) for a profile |
//! | [`finding`] | what is found on the way, with stable codes |
//! | [`config`] | `orch.toml` |

pub mod config;
pub mod finding;
pub mod gather;
pub mod plan;
