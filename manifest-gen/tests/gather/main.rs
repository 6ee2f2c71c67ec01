//! From a workspace to a manifest: what belongs to an application, where it may come from, that the
//! same sources give the same bytes, and what is said about mistakes.
//!
//! The command runs on generated workspaces; see `support`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../support/mod.rs"]
mod support;

mod input;
mod membership;
mod mistakes;
mod redeclared;
mod remembered;
mod same_bytes;
mod sources;
