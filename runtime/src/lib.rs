//! The one crate users of orch name.
#![no_std]

pub use orch_macros::{app, auth_provider, client, service};
