//! `orch.toml` at the workspace's root.

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::{Id, did_you_mean};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The name of the file.
pub const FILE: &str = "orch.toml";

/// What the workspace's configuration says; nothing when there is none.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[system]`
    pub system: System,
}

/// What the configuration says about the system as a whole.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// Its name.
    pub name: Option<Id>,
    /// The registry and path of its images, without a `/` at the end.
    pub registry: Option<String>,
    /// Packages whose services are part of it although no application links them.
    pub packages: Vec<String>,
}

/// Why a configuration could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read from disk.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{path}:{line}:{column}: {message}")]
    Wrong {
        /// The file.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The column in characters, from 1.
        column: usize,
        /// What is wrong.
        message: String,
        /// What to write instead.
        help: Option<String>,
    },
}

impl ConfigError {
    /// What to write instead.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Wrong { help, .. } => help.clone(),
        }
    }
}

impl Config {
    /// Reads the configuration of the workspace in this folder.
    pub fn load(root: &Utf8Path) -> Result<Self, ConfigError> {
        let path = root.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => Self::parse(&text).map_err(|problem| problem.at(path, &text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let document = DeTable::parse(text).map_err(|error| Problem {
            at: error.span().map_or(0, |span| span.start),
            message: error.message().to_owned(),
            help: None,
        })?;
        let mut config = Self::default();
        for (key, value) in document.get_ref() {
            match key.get_ref().as_ref() {
                "system" => config.system = System::parse(value)?,
                _ => return Err(unknown(key, "the configuration", &["system"])),
            }
        }
        Ok(config)
    }
}

impl System {
    fn parse(value: &Spanned<DeValue<'_>>) -> Result<Self, Problem> {
        let mut system = Self::default();
        let Some(table) = value.get_ref().as_table() else {
            return Err(Problem::new(value, "`system` is not a table", "write `[system]`"));
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "name" => {
                    let name = Id::parse(text(value)?);
                    system.name = Some(name.map_err(|invalid| Problem {
                        at: value.span().start,
                        message: invalid.problem,
                        help: invalid.help,
                    })?);
                }
                "registry" => system.registry = Some(registry(value)?),
                "packages" => {
                    let Some(list) = value.get_ref().as_array() else {
                        return Err(Problem::new(value, "`packages` is not a list", "write `[\"…\"]`"));
                    };
                    system.packages =
                        list.iter().map(|item| text(item).map(str::to_owned)).collect::<Result<_, _>>()?;
                }
                _ => return Err(unknown(key, "`[system]`", &["name", "registry", "packages"])),
            }
        }
        Ok(system)
    }
}

/// A registry is right when an image in it is.
fn registry(value: &Spanned<DeValue<'_>>) -> Result<String, Problem> {
    let registry = text(value)?.trim_end_matches('/');
    match orch_manifest::ImageRef::parse(&format!("{registry}/x:1")) {
        Ok(_) => Ok(registry.to_owned()),
        Err(_) => Err(Problem::new(
            value,
            format!("`{registry}` is not a registry"),
            "a host and a path in lower case, such as `ghcr.io/acme`",
        )),
    }
}

fn text<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, Problem> {
    value.get_ref().as_str().ok_or_else(|| Problem::new(value, "expected a string", "write it in quotes"))
}

fn unknown(key: &Spanned<std::borrow::Cow<'_, str>>, place: &str, keys: &[&str]) -> Problem {
    Problem {
        at: key.span().start,
        message: format!("unknown key `{}` in {place}", key.get_ref()),
        help: Some(did_you_mean(key.get_ref(), keys)),
    }
}

struct Problem {
    at: usize,
    message: String,
    help: Option<String>,
}

impl Problem {
    fn new(value: &Spanned<DeValue<'_>>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { at: value.span().start, message: message.into(), help: Some(help.into()) }
    }

    fn at(self, path: Utf8PathBuf, text: &str) -> ConfigError {
        let before = text.get(..self.at).unwrap_or(text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let line = before.matches('\n').count() + 1;
        ConfigError::Wrong { path, line, column, message: self.message, help: self.help }
    }
}
