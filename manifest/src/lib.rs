//! The vocabulary of orch: what a service and an application are, how an attribute says it, how the
//! statement travels from a macro to the tool, and the manifest in which all of it comes together.
//!
//! Every type here is validated where it is made and cannot hold a wrong value afterwards: an
//! [`Id`] is a DNS label, a [`Port`] is never zero, an [`ImageRef`] is a reference an engine accepts.
//!
//! | module | owns |
//! |---|---|
//! | [`name`], [`image`], [`port`], [`duration`], [`quantity`], [`cron`], [`path`], [`net`] | validated values |
//! | [`value`] | literals, secrets, variables and templates |
//! | [`model`] | services, applications, clients, authentication providers |
//! | [`grammar`] | a tree of keys and values to model |
//! | [`fragment`] | the contract between macro and tool |
//! | [`manifest`] | what is gathered, as JSON (feature `serde`) |
//!
//! A macro depends on this crate without `serde`, and then nothing stands below it.
//!
//! ```
//! use orch_manifest::{Id, ImageRef};
//!
//! let image = ImageRef::parse("ghcr.io/acme/shop-api:1.4.0")?;
//! assert_eq!(image.registry(), Some("ghcr.io"));
//! assert!(Id::parse("Postgres").is_err());
//! # Ok::<(), orch_manifest::Invalid>(())
//! ```

#[macro_use]
mod record;

pub mod cron;
pub mod duration;
pub mod fragment;
pub mod grammar;
pub mod image;
mod invalid;
pub mod json;
#[cfg(feature = "serde")]
pub mod manifest;
pub mod model;
pub mod name;
mod nearest;
pub mod net;
pub mod path;
pub mod port;
pub mod quantity;
pub mod value;

pub use cron::CronSchedule;
pub use duration::Duration;
pub use image::ImageRef;
pub use invalid::{FromText, Invalid};
pub use name::{Capability, EnvName, Id, PortName, SecretName};
pub use nearest::{did_you_mean, nearest};
pub use net::{Cidr, Hostname, IngressHost};
pub use path::{AbsolutePath, SourcePath, UrlPath};
pub use port::{Port, PortRef, Protocol};
pub use quantity::Quantity;
pub use value::{Template, Value};
