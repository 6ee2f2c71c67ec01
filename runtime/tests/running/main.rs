//! What a running application gets. One binary, since each is linked on its own.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bindings;
#[cfg(feature = "health")]
mod health;
mod hostile;
mod launched;
#[cfg(feature = "metrics")]
mod metrics;
mod telemetry;
mod waiting;
