//! `orch.toml` at the workspace's root: what no attribute can know, and what differs by profile.
//!
//! | module | does |
//! |---|---|
//! | `parse` | the document to sections |
//! | `tree` | a section to the tree that the attribute grammar reads |
//! | `apply` | sections to a manifest, and that to a plan |
//! | `packages` | what becomes of declarations in crates that cannot be edited |
//! | `origin` | where a value comes from |
//! | `options` | what it says about targets, secrets and data |
//! | `images` | what it says about the images of applications |
//! | `schema` | its JSON Schema, for editors |

mod apply;
mod images;
mod options;
mod origin;
mod packages;
mod parse;
mod schema;
pub(crate) mod tree;

pub(crate) use apply::replace_lists;
pub use images::{BuildForm, BuildOptions};
#[cfg(feature = "cli")]
pub(crate) use options::namespace;
pub use options::{DataPlace, K8sOptions, Options, SecretPlace, SecretSource, SecretStore, StoreKind};
pub use origin::{Layer, LayerSource};
pub(crate) use packages::Declared;
pub use packages::{Fate, Packages};
pub use schema::json_schema;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::Id;
use orch_manifest::grammar::{Args, Problem};

use crate::catalog::Page;

/// The name of the file.
pub const FILE: &str = "orch.toml";

/// What the workspace's configuration says; nothing when there is none.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `[system]`
    pub system: System,
    /// `[services.ID]` and `[apps.ID]`, for every profile.
    pub base: Overrides,
    /// `[packages.NAME]`
    pub packages: Packages,
    /// `[catalog.IMAGE]`
    images: BTreeMap<String, Arc<Page>>,
    /// `[profiles.NAME]`
    pub profiles: BTreeMap<String, ProfileSection>,
    /// `[targets.NAME]`, `[secrets.NAME]` and `[build]`, for every profile.
    options: options::OptionsSection,
    /// `[templates]`
    templates: Option<Templates>,
    /// Where it is, and its text, to say where a mistake was made.
    source: Source,
}

/// Where packs of one's own are.
#[derive(Clone, Debug)]
struct Templates {
    /// The folder, relative to that of the file.
    dir: Utf8PathBuf,
    /// Where that is said, in bytes.
    at: usize,
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

/// What differs in a profile.
#[derive(Clone, Debug, Default)]
pub struct ProfileSection {
    /// The profile from which it starts.
    pub extends: Option<String>,
    /// What it overrides.
    pub overrides: Overrides,
    options: options::OptionsSection,
    at: usize,
}

/// Attribute keys for services and applications, by their ids.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    services: BTreeMap<Id, Section>,
    apps: BTreeMap<Id, Section>,
}

/// The keys for one service or application.
#[derive(Clone, Debug)]
struct Section {
    /// Where it begins, in bytes.
    at: usize,
    /// Attribute keys.
    args: Args<usize>,
    /// Keys that are taken back, each with its place.
    unset: Vec<(String, usize)>,
    /// Whether it declares a service that no crate does.
    add: bool,
    /// Whether the service is left out, where that is said.
    disable: Option<bool>,
}

#[derive(Clone, Debug, Default)]
struct Source {
    /// The folder of the file.
    folder: Utf8PathBuf,
    path: Utf8PathBuf,
    text: String,
}

/// Why a configuration could not be used.
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
    #[error("{}", list(mistakes))]
    Wrong {
        /// Everything that is wrong.
        mistakes: Vec<Mistake>,
    },
}

/// One thing that is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Config {
    /// Reads the configuration of the workspace in this folder; there need not be one.
    pub fn load(root: &Utf8Path) -> Result<Self, ConfigError> {
        let path = root.join(FILE);
        match Self::read(&path) {
            Err(ConfigError::Read { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                Ok(Self::default())
            }
            result => result,
        }
    }

    /// Reads a configuration from a file.
    pub fn read(path: &Utf8Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        let folder = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        Self::of(Source { folder, path: path.file_name().unwrap_or(FILE).into(), text })
    }

    /// Reads a configuration from text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::of(Source { folder: Utf8PathBuf::new(), path: FILE.into(), text: text.to_owned() })
    }

    fn of(source: Source) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut config = parse::config(&source.text, &mut problems);
        config.source = source;
        config.finish(problems)?;
        Ok(config)
    }

    /// The folder of `[templates]`, which has packs of one's own; it has to be there.
    pub fn templates(&self) -> Result<Option<Utf8PathBuf>, ConfigError> {
        let (Some(templates), Some(folder)) = (&self.templates, self.templates_folder()) else { return Ok(None) };
        if folder.is_dir() {
            return Ok(Some(folder));
        }
        let problem = Problem::new(templates.at, format!("there is no folder `{}`", templates.dir))
            .help("make it with `cargo orch targets --new NAME`, or take the line out");
        self.finish(vec![problem]).map(|()| None)
    }

    /// The same, whether it is there or not.
    pub fn templates_folder(&self) -> Option<Utf8PathBuf> {
        self.templates.as_ref().map(|templates| self.source.folder.join(&templates.dir))
    }

    fn finish(&self, problems: Vec<Problem<usize>>) -> Result<(), ConfigError> {
        let mistakes: Vec<Mistake> = problems.into_iter().map(|problem| self.source.mistake(problem)).collect();
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError::Wrong { mistakes }) }
    }
}

impl Source {
    fn mistake(&self, problem: Problem<usize>) -> Mistake {
        let (line, column) = self.position(problem.span);
        Mistake { path: self.path.clone(), line, column, message: problem.message, help: problem.help }
    }

    /// Line and column, in characters, of a byte; both from 1.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}
