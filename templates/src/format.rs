//! The formats a pack can render.

use std::fmt;

use crate::fault::Rejection;
use crate::{json, toml, yaml};

/// What a rendered file is, which decides how values are written into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// YAML, one or several documents, that a YAML 1.1 and a 1.2 reader read alike.
    Yaml,
    /// One JSON document.
    Json,
    /// One TOML document.
    Toml,
    /// Anything else; values are written as they are and nothing is read back.
    Text,
    /// Text of somebody else's, to the letter: no line end of it is touched.
    Verbatim,
}

impl Format {
    /// The words that `pack.toml` knows.
    pub(crate) const NAMES: [&'static str; 5] = ["yaml", "json", "toml", "text", "verbatim"];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "yaml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            "text" => Some(Self::Text),
            "verbatim" => Some(Self::Verbatim),
            _ => None,
        }
    }

    /// The format that a file's extension stands for; [`Format::Text`] where it stands for none.
    pub(crate) fn from_path(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("yaml" | "yml") => Self::Yaml,
            Some("json") => Self::Json,
            Some("toml") => Self::Toml,
            _ => Self::Text,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yaml => "yaml",
            Self::Json => "json",
            Self::Toml => "toml",
            Self::Text => "text",
            Self::Verbatim => "verbatim",
        }
    }

    /// The documents in a text, as data; `None` where it is not one of this format. What is there
    /// already may be anybody's: a text that asks for too much work is refused like a malformed one.
    pub fn documents(self, text: &str) -> Option<Vec<serde_json::Value>> {
        match self {
            Self::Yaml => yaml::documents(text),
            Self::Json => serde_json::from_str(text).ok().map(|value| vec![value]),
            Self::Toml => ::toml::from_str(text).ok().map(|value| vec![value]),
            Self::Text | Self::Verbatim => None,
        }
    }

    /// Reads a rendered file back.
    pub(crate) fn check(self, contents: &str) -> Result<(), Rejection> {
        match self {
            Self::Yaml => yaml::check(contents),
            Self::Json => json::check(contents),
            Self::Toml => toml::check(contents),
            Self::Text | Self::Verbatim => Ok(()),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Yaml => "YAML",
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Text | Self::Verbatim => "text",
        })
    }
}
