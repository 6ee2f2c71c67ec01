//! The one crate you name to say, beside your code, which infrastructure it needs.
//!
//! A Rust workspace already knows it: the adapter crates in its dependency graph, with the features
//! that are switched on. With an attribute an adapter crate says what it needs, and an application
//! what it is; `cargo orch` gathers both from the compiled dependency graph and renders Docker
//! Compose, Docker Swarm and Kubernetes files. Nothing is written twice, and nothing of it is in your
//! binary.
//!
//! # In `Cargo.toml`
//!
//! In every package with an attribute, the dependency has the name `orch`:
//!
//! ```toml
//! [dependencies]
//! orch = { package = "orch-runtime", version = "0.1" }
//! ```
//!
//! Another name, or a crate of yours that re-exports it, works as well.
//!
//! # In the crate that talks to the database
//!
//! ```
//! # extern crate orch_runtime as orch;
//! /// The database of the shop.
//! #[orch::service(
//!     kind = "database",
//!     image = "postgres:16",
//!     id = "postgres",
//!     port(5432, name = "sql", scheme = "postgres"),
//!     env(POSTGRES_USER = "shop", POSTGRES_DB = "shop", POSTGRES_PASSWORD = secret("postgres-password")),
//!     app_env(DATABASE_URL = "postgres://{env:POSTGRES_USER}:{secret:postgres-password}@{host}:{port}/{env:POSTGRES_DB}"),
//!     volume("/var/lib/postgresql/data", name = "data", size = "10Gi"),
//!     health(command = ["pg_isready", "--username", "shop"]),
//! )]
//! pub struct Postgres;
//! ```
//!
//! # In an application that depends on it
//!
//! ```
//! # extern crate orch_runtime as orch;
//! #[orch::app(port = 8080, health(http = "/health"))]
//! fn main() {
//!     // `DATABASE_URL` is set wherever the application is started.
//!     let url = std::env::var("DATABASE_URL");
//! #   drop(url);
//! }
//! ```
//!
//! Then `cargo orch manifest` prints what is declared, and `cargo orch render` writes the files.
//!
//! # The attributes
//!
//! | attribute | stands on | says |
//! |---|---|---|
//! | [`#[orch::service]`](macro@service) | an item of an adapter crate | what the applications depending on the crate use |
//! | [`#[orch::app]`](macro@app) | `main`, or a type of the package | what a binary is, and what it is told |
//! | [`#[orch::client]`](macro@client) | an item of a client crate | which application is called through it |
//! | [`#[orch::auth_provider]`](macro@auth_provider) | an item | a provider of authentication, for the manifest |
//!
//! Each has its keys on its own page. A mistake is an error at compile time, at the word it is about,
//! with what to write instead; all mistakes of an attribute are reported at once, and the item is
//! there all the same:
//!
//! ```compile_fail
//! # extern crate orch_runtime as orch;
//! #[orch::service(kind = "databse", image = "Postgres:16", prot = 5432)]
//! pub struct Postgres;
//! # fn main() {}
//! ```
//!
//! ```text
//! error: `databse` is not a kind of service
//!        help: did you mean `database`?
//! error: `Postgres:16` is not an image reference: the repository is malformed
//!        help: write `postgres:16`: a repository is in lower case
//! error: unknown key `prot` in `#[service]`
//!        help: did you mean `port`?
//! ```
//!
//! # What an attribute leaves in your crate
//!
//! The item, as it was, and a constant that nothing reads. Through it the compiler writes the
//! declaration into the crate's dep-info file, beside the compiled metadata, where `cargo orch` finds
//! it: `cargo check` is enough, nothing is linked or run, and a binary is byte for byte what it would
//! be without the attribute. It works in `#![no_std]` crates and under `#![forbid(unsafe_code)]`.
#![no_std]

pub use orch_macros::{app, auth_provider, client, service};
