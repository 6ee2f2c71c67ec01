//! The target `k8s`: what is rendered, held against the API's types and against what the checklist of
//! a good artifact says. The schemas, kustomize, the policy scanner and an API server are asked by
//! `ci/kubernetes-accept.sh`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod cluster;
mod configuration;
mod environment;
mod findings;
mod hostile;
mod network;
#[path = "../readers/mod.rs"]
mod readers;
mod stability;
mod system;
mod typed;
mod workloads;
