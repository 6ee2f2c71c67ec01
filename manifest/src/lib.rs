//! The vocabulary of orch.
