//! Clusters: what is made of what they say, and what they are told.
//!
//! Real ones are in `ci/swarm-deploy.sh` and `ci/kubernetes-deploy.sh`. Here `kubectl` and `docker` are scripts that
//! write down how they are called and answer from files, for what no real cluster does on demand.

#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod building;
mod data;
mod kubernetes;
mod reading;
mod run_job;
mod stand_in;
mod swarm;

#[path = "../support/mod.rs"]
mod support;
