#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "bindings"), no_std)]

pub use orch_macros::{app, auth_provider, client, service};

#[cfg(feature = "bindings")]
mod binding;
#[cfg(feature = "bindings")]
mod contract;
#[cfg(feature = "bindings")]
mod endpoint;
#[cfg(feature = "bindings")]
mod environment;
#[cfg(feature = "bindings")]
mod error;
#[cfg(feature = "health")]
pub mod health;
#[cfg(feature = "bindings")]
mod launched;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "bindings")]
mod parts;
#[cfg(feature = "bindings")]
mod probe;
#[cfg(feature = "bindings")]
mod secret;
#[cfg(feature = "health")]
mod self_probe;
#[cfg(all(feature = "health", feature = "tokio"))]
mod shutdown;
#[cfg(feature = "bindings")]
mod system;
#[cfg(feature = "bindings")]
mod telemetry;
#[cfg(feature = "bindings")]
mod url;
#[cfg(feature = "bindings")]
mod wait;

#[cfg(feature = "health")]
pub use self_probe::self_probe;
#[cfg(all(feature = "health", feature = "tokio"))]
pub use shutdown::shutdown;
#[cfg(feature = "tokio")]
pub use wait::wait_for_async;
#[cfg(feature = "bindings")]
pub use {
    binding::{Binding, Source, binding},
    endpoint::{Endpoint, endpoint},
    environment::Environment,
    error::{Error, Looked, Outcome, Place, SystemError},
    probe::Unready,
    secret::Secret,
    system::System,
    wait::{WaitError, wait_for},
};
