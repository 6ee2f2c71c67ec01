//! The attribute grammar: from a tree of keys and values to the model.
//!
//! A tree may come from the tokens of an attribute or from any other notation with the same keys, such
//! as a TOML table; what a [`Mark`] stands for is up to whoever made the tree. Nothing here depends on
//! it, so all of it is compiled once, while `syn` is, and not again behind it.
//! All problems of one attribute are collected, each at the smallest piece it concerns.

mod app;
mod client;
mod health;
mod keys;
mod limits;
mod reader;
mod references;
mod service;
mod tree;
mod workload;

pub use app::{APP_KEYS, app, apply_app};
pub use client::{auth_provider, client};
pub use keys::nested_keys;
pub use reader::{Problem, Reader};
pub use service::{SERVICE_KEYS, apply_service, service};
pub use tree::{Args, Assigned, Entry, Form, Mark, Node};
pub use workload::{WORKLOAD_KEYS, unset};
