//! What can go wrong, with what to write instead.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::fault::{Fault, Malformed};

/// A pack that cannot be found, read or compiled.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackError {
    /// No pack has this name.
    #[error("there is no target `{target}`")]
    UnknownTarget {
        /// The name that was asked for.
        target: String,
        /// The name that was probably meant.
        nearest: Option<String>,
        /// All names there are, sorted.
        known: Vec<String>,
    },
    /// A folder of a pack has a name that no target can have.
    #[error("`{}` is not a name for a target", path.display())]
    Name {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file of a pack is not UTF-8.
    #[error("`{}` is not UTF-8 text", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
    },
    /// A pack that overrides nothing has no `pack.toml`.
    #[error("pack `{pack}` has no `pack.toml`")]
    NoSpec {
        /// The pack.
        pack: String,
        /// The target that was probably meant to be overridden.
        nearest: Option<String>,
    },
    /// A `pack.toml` or a template is not what it should be.
    #[error("{0}")]
    Invalid(Box<Fault>),
}

impl PackError {
    /// What to write or do instead, where there is something to say.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::UnknownTarget { nearest, known, .. } => Some(match nearest {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None if known.is_empty() => "there are none: name a folder of packs with `--templates`".to_owned(),
                None => format!("write one of {}", listed(known)),
            }),
            Self::Name { .. } => Some("use lower-case letters, digits and hyphens, beginning with a letter".to_owned()),
            Self::Read { .. } => None,
            Self::NotText { .. } => Some("save it as UTF-8, or move it out of the pack".to_owned()),
            Self::NoSpec { nearest, .. } => Some(match nearest {
                Some(nearest) => {
                    format!("name the folder `{nearest}` to override that target, or add a `pack.toml`")
                }
                None => "add a `pack.toml` with a `description` and a `[[file]]`".to_owned(),
            }),
            Self::Invalid(fault) => fault.help.clone(),
        }
    }

    /// What else is wrong in the same file.
    pub fn others(&self) -> &[Fault] {
        match self {
            Self::Invalid(fault) => &fault.others,
            _ => &[],
        }
    }

    /// The line of source that it is about, with its number.
    pub fn excerpt(&self) -> Option<String> {
        match self {
            Self::Invalid(fault) => fault.excerpt(),
            _ => None,
        }
    }
}

/// A pack that cannot be rendered with a given context.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The context cannot be converted to template values.
    #[error("the context cannot be handed to a template: {detail}")]
    Context {
        /// What its `Serialize` implementation says.
        detail: String,
    },
    /// A template, or an expression in `pack.toml`, fails.
    #[error("{0}")]
    Template(Box<Fault>),
    /// A rendered file is not in its format.
    #[error("{0}")]
    Malformed(Box<Malformed>),
}

impl RenderError {
    /// What to write instead, where there is something to say.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Context { .. } => None,
            Self::Template(fault) => fault.help.clone(),
            Self::Malformed(_) => Some(
                "correct the template: keep the columns of a block together and write every value by itself".to_owned(),
            ),
        }
    }

    /// The line of source, or of the rendered file, that it is about, with its number.
    pub fn excerpt(&self) -> Option<String> {
        match self {
            Self::Context { .. } => None,
            Self::Template(fault) => fault.excerpt(),
            Self::Malformed(malformed) => malformed.excerpt(),
        }
    }
}

/// `a`, `b`, `c`
pub(crate) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    names.iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}
