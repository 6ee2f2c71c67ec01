//! From a workspace to a manifest.
//!
//! | module | does |
//! |---|---|
//! | `cargo` | runs cargo with its own selection flags |
//! | `workspace` | members, lock file, configuration |
//! | `check` | compiles, and reads what each crate declares from its dep-info |
//! | `tree` | resolves what belongs to one application |
//! | `apps` | gives each application its own crates |
//! | `scan` | reads the same from the sources, without compiling |
//! | `remembered` | what an earlier run found, to save time |
//! | `inputs` | what cargo's answers depend on, to know whether that still holds |
//! | `why` | traces how a declaration came into the system |
//! | `merge` | brings the applications together into one manifest |
//! | `redeclared` | renames, merges and disables what `orch.toml` says of crates that cannot be edited |

mod apps;
mod binary;
mod cargo;
mod check;
mod dep_info;
mod inputs;
mod lockfile;
mod merge;
mod redeclared;
mod remembered;
mod scan;
mod tree;
mod why;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use camino::Utf8PathBuf;
use orch_manifest::Id;
use orch_manifest::fragment::FragmentError;
use orch_manifest::manifest::{DeclaredBy, Manifest};

use apps::Compiled;
pub use binary::{binary, outside};
pub use cargo::Cargo;
pub use why::{DependencyPath, Hop, Why, paths, why};

use crate::config::{Config, ConfigError};
use crate::finding::{Code, Finding, Severity};

/// The package that users name.
const RUNTIME: &str = "orch-runtime";

/// What a workspace declares.
#[derive(Debug)]
pub struct Gathered {
    /// Everything, in one manifest; with findings of errors it is not complete.
    pub manifest: Manifest,
    /// What was found on the way.
    pub findings: Vec<Finding>,
    /// Where the packages are.
    pub sources: Sources,
    /// The places that declare what `orch.toml` takes for the same as a service, by its id.
    pub merged: BTreeMap<Id, Vec<DeclaredBy>>,
    /// `orch.toml`.
    pub config: Config,
    /// The root folder of the workspace.
    pub root: Utf8PathBuf,
    /// Cargo's target folder.
    pub target_dir: Utf8PathBuf,
    /// Every file that it depends on, when the sources were read; none when they were compiled, since
    /// cargo knows those.
    pub inputs: BTreeSet<Utf8PathBuf>,
}

/// How sources are read without compiling them.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Whether what only compiling can tell is a warning instead of an error.
    pub allow_incomplete: bool,
    /// The features of members that do not follow cargo's flags, `default` among them where it is on.
    pub features: BTreeMap<String, BTreeSet<String>>,
}

/// Something that is wrong in an attribute, found without compiling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The file, relative to the workspace when it is inside.
    pub path: Utf8PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().flat_map(|mistake| ["\n".to_owned(), mistake.to_string()]).collect()
}

/// Where the packages are, to show their sources.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    roots: BTreeMap<(String, Option<String>), Utf8PathBuf>,
}

impl Sources {
    /// The file that a place is in, if it is a file of a package that is known.
    pub fn file(&self, place: &DeclaredBy) -> Option<Utf8PathBuf> {
        let root = self.roots.get(&(place.package.clone(), place.version.clone()))?;
        (!place.file.starts_with("$OUT_DIR")).then(|| root.join(&place.file))
    }
}

/// Why a workspace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// The program cargo cannot be run.
    #[error("cannot run `{}`", program.display())]
    CargoMissing {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Cargo refused, outside of compiling.
    #[error("`{command}` failed\n{talk}")]
    Cargo {
        /// The command line.
        command: String,
        /// What cargo said.
        talk: String,
    },
    /// The workspace does not compile; cargo has shown why.
    #[error("the workspace does not compile (`{command}` failed)")]
    Compile {
        /// The command line.
        command: String,
    },
    /// Cargo refused before it compiled anything; it has said why.
    #[error("cargo refused `{command}`")]
    Refused {
        /// The command line.
        command: String,
    },
    /// Cargo's messages cannot be read.
    #[error("cannot read cargo's messages")]
    Messages {
        /// Why.
        source: std::io::Error,
    },
    /// Cargo's metadata cannot be read.
    #[error("cannot read cargo's metadata")]
    Metadata {
        /// Why.
        source: cargo_metadata::Error,
    },
    /// A file cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A lock file is malformed.
    #[error("cannot read `{path}`: {problem}")]
    Lockfile {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// What a crate declares cannot be read.
    #[error("cannot read what the crate `{package}` declares")]
    Fragment {
        /// The package.
        package: String,
        /// Why.
        source: FragmentError,
    },
    /// Attributes have mistakes, for which the workspace would not compile.
    #[error("the workspace does not compile: its attributes have mistakes{}", list(mistakes))]
    Attributes {
        /// What is wrong, in the order of the places.
        mistakes: Vec<Mistake>,
    },
    /// Cargo does not say where a package is.
    #[error("the sources of `{package}` are not known")]
    NoSources {
        /// The package with its version.
        package: String,
    },
    /// A package is chosen that the workspace does not have.
    #[error("the workspace has no package `{name}`")]
    UnknownPackage {
        /// The name.
        name: String,
        /// The nearest that there is.
        nearest: Option<String>,
    },
    /// No binary depends on the runtime crate.
    #[error("no binary of the workspace depends on `{RUNTIME}`")]
    NoApplication,
    /// The system has no name.
    #[error("the system has no name")]
    NoName,
    /// `orch.toml` is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl GatherError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoSources { .. } => Some("download them with `cargo fetch`".to_owned()),
            Self::CargoMissing { .. } => Some("install Rust, or set `CARGO` to the path of cargo".to_owned()),
            Self::UnknownPackage { nearest, .. } => nearest.as_ref().map(|name| format!("did you mean `{name}`?")),
            Self::NoApplication => Some(format!(
                "write `orch = {{ package = \"{RUNTIME}\", version = \"{}\" }}` in its `Cargo.toml`, and `#[orch::app]` on its `main`",
                env!("CARGO_PKG_VERSION")
            )),
            Self::NoName => {
                Some("write `[system]` and `name = \"…\"` in an `orch.toml` at the workspace's root".to_owned())
            }
            Self::Fragment { source: FragmentError::Incomplete { .. } | FragmentError::Malformed { .. }, package } => {
                Some(format!("`cargo clean -p {package}` and try again"))
            }
            _ => None,
        }
    }
}

/// Compiles the applications of a workspace and gathers what they declare.
pub fn gather(cargo: &Cargo) -> Result<Gathered, GatherError> {
    gather_and(cargo, |gathered| gathered)
}

/// The same, with something done with it while cargo ends.
pub fn gather_and<T>(cargo: &Cargo, work: impl FnOnce(Gathered) -> T) -> Result<T, GatherError> {
    let Compiled { workspace, graphs, cargo } = apps::compile(cargo)?;
    let name = workspace.system_name(graphs.iter().map(|graph| graph.package.as_ref()))?;
    let done = work(merge::merge(workspace, &graphs, name)?);
    cargo.wait()?;
    Ok(done)
}

/// Reads the sources of a workspace's applications and gathers the same as [`gather`] without
/// compiling anything.
///
/// What only compiling can tell is in the manifest's `incomplete` and is a finding each.
pub fn read(cargo: &Cargo, reading: &Reading) -> Result<Gathered, GatherError> {
    let mut workspace = workspace::Workspace::load(cargo)?;
    let mut scan = scan::scan(cargo, &workspace, reading)?;
    // Resolving brings the lock file up to date, and that may tell of more that is to be read.
    while !workspace.is_current()? {
        workspace = workspace::Workspace::load(cargo)?;
        scan = scan::scan(cargo, &workspace, reading)?;
    }
    let scan::Scan { graphs, doubts, mut files } = scan;
    let name = workspace.system_name(graphs.iter().map(|graph| graph.package.as_ref()))?;
    files.extend(workspace.members.iter().map(|member| member.manifest.clone()));
    files.extend(["Cargo.toml", "Cargo.lock", crate::config::FILE].map(|file| workspace.root.join(file)));
    let mut gathered = merge::merge(workspace, &graphs, name)?;
    files.extend(gathered.mounted_files());
    gathered.inputs = files;
    for ((place, why), root) in doubts {
        gathered.manifest.incomplete.push(format!("{place}: {why}"));
        gathered.sources.roots.insert((place.package.clone(), place.version.clone()), root);
        let mut finding = Finding::new(Code::Incomplete, why).help(Code::Incomplete.cure()).at(&place);
        if reading.allow_incomplete {
            finding.severity = Severity::Warning;
        }
        gathered.findings.push(finding);
    }
    gathered.manifest.incomplete.sort();
    Ok(gathered)
}

impl Gathered {
    /// The files that `file(…)` names.
    fn mounted_files(&self) -> Vec<Utf8PathBuf> {
        let services = self.manifest.services.iter().map(|entry| (&entry.service.workload, &entry.declared_by));
        let apps = self.manifest.apps.iter().map(|entry| (&entry.app.workload, &entry.declared_by));
        let root = |place: &DeclaredBy| self.sources.roots.get(&(place.package.clone(), place.version.clone()));
        let all = services.chain(apps).filter_map(|(workload, place)| Some((workload, root(place)?)));
        all.flat_map(|(workload, root)| workload.files.iter().map(|file| root.join(file.source.as_str()))).collect()
    }
}
