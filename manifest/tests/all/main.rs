//! The vocabulary, its texts and its contracts. One binary, since each is linked on its own.

#![cfg(feature = "serde")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]
#![allow(clippy::items_after_statements, reason = "a long text stands beside the table that has it")]

mod arbitrary;
mod consistent;
mod contradictions;
mod fragments;
mod golden;
mod round_trips;
#[cfg(feature = "schema")]
mod schema;
mod texts;
