//! The attributes as users meet them. One binary, since each is linked on its own.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "a test that is skipped says why")]

mod mistakes;
mod no_trace;
mod placements;
mod workspace;
