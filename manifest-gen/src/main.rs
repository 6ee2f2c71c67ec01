//! The cargo orch command.
fn main() {}
