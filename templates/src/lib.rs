//! Template packs, and the engine that renders them.
//!
//! A pack is a folder with a `pack.toml`, which says which template renders
//! which file, and [minijinja] templates beside it. A pack sees one
//! value, its context, and lays it out; it decides nothing.
//!
//! What the engine guarantees to whoever writes a pack:
//!
//! - A value never changes the shape of a file. In a YAML, JSON or TOML file
//!   every `{{ value }}` is written by an emitter for that format, and there is
//!   no filter or tag that switches it off.
//! - A name that does not exist is an error, with the template and the line.
//! - Every YAML, JSON and TOML file is read back before it is returned.
//! - The same context gives the same bytes: LF, one final newline, no byte
//!   order mark, files sorted by path.
//!
//! How a pack is written is told in [docs/packs.md](https://github.com/orch-rs/orch/blob/main/docs/packs.md).
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use orch_templates::Packs;
//! use serde::Serialize;
//!
//! #[derive(Serialize)]
//! struct Context {
//!     services: Vec<Service>,
//! }
//! #[derive(Serialize)]
//! struct Service {
//!     id: &'static str,
//!     restart: &'static str,
//! }
//!
//! // A pack of one's own: DIR/<target>/pack.toml and its templates.
//! # let dir = tempfile::tempdir()?;
//! let pack = dir.path().join("demo");
//! std::fs::create_dir(&pack)?;
//! std::fs::write(
//!     pack.join("pack.toml"),
//!     r#"
//! description = "One file for each service"
//!
//! [[file]]
//! template = "service.yaml.j2"
//! path = "services/{{ service.id }}.yaml"
//! each = "services"
//! as = "service"
//! "#,
//! )?;
//! std::fs::write(
//!     pack.join("service.yaml.j2"),
//!     "{{ service.id }}:\n  restart: {{ service.restart }}\n",
//! )?;
//!
//! let packs = Packs::with_overrides(dir.path(), &[])?;
//! let files = packs.get("demo")?.render(&Context {
//!     services: vec![Service { id: "db", restart: "no" }],
//! })?;
//!
//! assert_eq!(files[0].path, "services/db.yaml");
//! // `no` is a boolean to a YAML 1.1 reader, so the emitter quotes it.
//! assert_eq!(files[0].contents, "db:\n  restart: \"no\"\n");
//! # Ok(())
//! # }
//! ```

mod advice;
mod context;
mod emit;
mod engine;
mod error;
mod fault;
mod format;
mod glue;
mod json;
mod load;
mod meant;
mod pack;
mod packs;
mod path;
mod spec;
mod toml;
mod yaml;

pub use error::{PackError, RenderError};
pub use fault::{Fault, Malformed};
pub use format::Format;
pub use load::is_target;
pub use pack::{Pack, RenderedFile};
pub use packs::{Origin, Packs, Target};

/// The candidate that is nearest to a mistyped `name`, if one is near enough to be meant.
fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate.to_owned())
}
