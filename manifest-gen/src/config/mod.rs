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
//! | `known` | what it says about images beyond the catalog |
//! | `source` | a text of a user's, and the place of a mistake in it |
//! | `schema` | its JSON Schema, for editors |

mod apply;
mod images;
mod known;
mod options;
mod origin;
mod packages;
mod parse;
mod schema;
mod source;
pub(crate) mod tree;

pub(crate) use apply::replace_lists;
pub use images::{BuildForm, BuildOptions};
#[cfg(feature = "cli")]
pub(crate) use options::namespace;
pub use options::{DataPlace, K8sOptions, Options, SecretPlace, SecretSource, SecretStore, StoreKind};
pub(crate) use origin::place;
pub use origin::{Layer, LayerSource};
pub(crate) use packages::Declared;
pub use packages::{Fate, Packages};
pub use schema::{json_schema, page_schema};
pub(crate) use source::Source;
pub use source::{ConfigError, Mistake};

use std::collections::BTreeMap;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::Id;
use orch_manifest::grammar::{Args, Problem};

use crate::catalog::{Catalog, Page};

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
    /// `[catalog]`
    known: known::KnownImages,
    /// What is known about images with all of that.
    catalog: Catalog,
    /// `[profiles.NAME]`
    pub profiles: BTreeMap<String, ProfileSection>,
    /// `[targets.NAME]`, `[secrets.NAME]` and `[build]`, for every profile.
    options: options::OptionsSection,
    /// `[templates]`
    templates: Option<Dir>,
    /// Where it is, and its text, to say where a mistake was made.
    source: Arc<Source>,
}

/// A folder that it names.
#[derive(Clone, Debug)]
struct Dir {
    /// The folder, relative to that of the file.
    path: Utf8PathBuf,
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
    args: Args,
    /// Keys that are taken back, each with its place.
    unset: Vec<(String, usize)>,
    /// Whether it declares a service that no crate does.
    add: bool,
    /// Whether the service is left out, where that is said.
    disable: Option<bool>,
}

impl Config {
    /// Reads the configuration of the workspace in this folder; there need not be one.
    pub fn load(root: &Utf8Path) -> Result<Self, ConfigError> {
        let path = root.join(FILE);
        match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read { path, source }),
            Ok(text) => Self::read_as(&path, text),
        }
    }

    /// Reads a configuration from a file, and the pages of the folder that its `[catalog]` names.
    pub fn read(path: &Utf8Path) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
            Ok(text) => Self::read_as(path, text),
        }
    }

    /// Reads the configuration of a file that has this text, or is to have it.
    pub(crate) fn read_as(path: &Utf8Path, text: String) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Utf8Path::new(""));
        Self::of(Source::new(folder, path.file_name().unwrap_or(FILE), text), known::pages)
    }

    /// Reads a configuration from its text alone. A folder that `[catalog]` names is not looked into.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::of(Source::new(Utf8Path::new(""), FILE, text), |_, _, _| Ok(Vec::new()))
    }

    fn of(
        source: Source,
        pages: impl FnOnce(&Dir, &Source, &mut Vec<Mistake>) -> Result<Vec<Arc<Page>>, ConfigError>,
    ) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let mut config = parse::config(&Arc::new(source), &mut problems);
        let mut mistakes = config.source.mistakes(problems);
        let pages = match &config.known.dir {
            Some(dir) => pages(dir, &config.source, &mut mistakes)?,
            None => Vec::new(),
        };
        config.catalog = config.known.over(&pages, &mut mistakes);
        ConfigError::unless_empty(mistakes).map(|()| config)
    }

    /// The folder of `[templates]`, which has packs of one's own; it has to be there.
    pub fn templates(&self) -> Result<Option<Utf8PathBuf>, ConfigError> {
        let Some(templates) = &self.templates else { return Ok(None) };
        let folder = templates.of(&self.source);
        if folder.is_dir() {
            return Ok(Some(folder));
        }
        let problem = Problem::new(templates.at, format!("there is no folder `{}`", templates.path))
            .help("make it with `cargo orch targets --new NAME`, or take the line out");
        self.finish(vec![problem]).map(|()| None)
    }

    /// The same, whether it is there or not.
    pub fn templates_folder(&self) -> Option<Utf8PathBuf> {
        self.templates.as_ref().map(|templates| templates.of(&self.source))
    }

    /// The folder of pages that `[catalog]` names.
    pub fn catalog_folder(&self) -> Option<Utf8PathBuf> {
        self.known.dir.as_ref().map(|dir| dir.of(&self.source))
    }

    fn finish(&self, problems: Vec<Problem<usize>>) -> Result<(), ConfigError> {
        ConfigError::unless_empty(self.source.mistakes(problems))
    }
}
