//! The attributes as users meet them. One binary, since each is linked on its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]

mod mistakes;
mod no_trace;
mod placements;
mod workspace;
