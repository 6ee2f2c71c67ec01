//! The developer's loop on a real Docker: what is started is really there, and what fails says why.
//!
//! The systems are made of `debian:bookworm` alone, which `ci/engines/docker-up.sh` sees to. Each test has
//! a folder and a system of its own and removes it afterwards. Without an engine the tests say so and
//! pass, unless `ORCH_CI` is set.

#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it skips")]

mod backup;
mod checkouts;
mod daemon;
mod data;
mod failures;
mod loops;
mod podman;
mod ports;
mod system;
