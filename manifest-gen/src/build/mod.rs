//! Rendering from a build script.
//!
//! ```no_run
//! // build.rs of the application `api`, with
//! // [build-dependencies]
//! // cargo-orch = { version = "0.1", default-features = false }
//! fn main() -> Result<(), cargo_orch::build::Error> {
//!     cargo_orch::build::render("compose")?;
//!     Ok(())
//! }
//! ```
//!
//! The artifacts are in `OUT_DIR`, so the package can carry them:
//!
//! ```text
//! const COMPOSE: &str = include_str!(concat!(env!("OUT_DIR"), "/orch/compose/compose.yaml"));
//! ```
//!
//! **What is rendered** is the whole system: every application of the workspace that the build
//! script's package belongs to, unless [`Render::package`] chooses some of them. The package of the
//! build script is read with the features it is being built with, every other application with its
//! default features; so `cargo build -p api --features search` renders the search engine of `api`,
//! and the worker beside it as it is by default.
//!
//! **Nothing is compiled**, since a cargo that compiles would wait for the one that runs the build
//! script; sources are read as with `cargo orch manifest --no-compile`. What only compiling can tell
//! fails the build, unless [`Render::allow_incomplete`] makes it a warning. Nothing is fetched, and
//! `Cargo.lock` is taken as it is.
//!
//! **When it runs again**: cargo is told of every source file that was read, of the manifests, of
//! `Cargo.lock`, of `orch.toml` and the folder that its `[catalog]` names, of files that `file(…)` names and of the
//! folder of templates, which is [`Render::templates`], else the one of `[templates]` in `orch.toml`. An
//! `orch.toml` that is added later is noticed when one of these changes, since cargo takes a file
//! that does not exist for one that has changed.

mod error;
mod script;

use std::io::Write;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};

use crate::finding::{Finding, Severity, has_errors, strict};
use crate::gather::{self, Gathered, Reading};
use crate::plan::Profile;
use crate::target::{self, TargetError};
use crate::write::{self, Folder, Key};

pub use error::Error;

use script::Script;

/// The variable that names the profile, for build scripts as for the command.
const PROFILE: &str = "ORCH_PROFILE";

/// Renders the workspace's system for a target, into the folder `orch/<target>` of `OUT_DIR`.
///
/// The profile is that of the variable `ORCH_PROFILE`, else `local`. See [`Render`] for more.
pub fn render(target: &str) -> Result<Report, Error> {
    Render::new(target).run()
}

/// What to render, and where to.
///
/// ```no_run
/// # fn main() -> Result<(), cargo_orch::build::Error> {
/// let report = cargo_orch::build::Render::new("compose")
///     .profile("ci")
///     .package("api")
///     .strict(true)
///     .out_dir("deploy")
///     .run()?;
/// assert!(report.files.iter().any(|file| file.ends_with("compose.yaml")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Render {
    target: String,
    profile: Option<String>,
    packages: Vec<String>,
    strict: bool,
    allow_incomplete: bool,
    out_dir: Option<PathBuf>,
    templates: Option<PathBuf>,
}

/// What was rendered.
#[derive(Clone, Debug)]
pub struct Report {
    /// The folder.
    pub folder: PathBuf,
    /// The files in it, sorted.
    pub files: Vec<PathBuf>,
    /// What was found, none of it an error. Cargo shows the warnings.
    pub findings: Vec<Finding>,
}

impl Render {
    /// Renders for this target; `cargo orch targets` lists them.
    pub fn new(target: impl Into<String>) -> Self {
        Self {
            target: target.into(),
            profile: None,
            packages: Vec::new(),
            strict: false,
            allow_incomplete: false,
            out_dir: None,
            templates: None,
        }
    }

    /// Renders for this profile, whatever `ORCH_PROFILE` says.
    pub fn profile(mut self, profile: impl Into<String>) -> Self {
        self.profile = Some(profile.into());
        self
    }

    /// Chooses the package of an application; of several when called several times.
    pub fn package(mut self, package: impl Into<String>) -> Self {
        self.packages.push(package.into());
        self
    }

    /// Whether warnings fail the build.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether to go on when something can only be known by compiling.
    pub fn allow_incomplete(mut self, allow: bool) -> Self {
        self.allow_incomplete = allow;
        self
    }

    /// Writes to this folder, relative to the package of the build script. Files there that orch did
    /// not write are never touched.
    pub fn out_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.out_dir = Some(folder.into());
        self
    }

    /// Takes packs from this folder too, relative to the package of the build script; they add to the
    /// built-in ones or override them file by file.
    pub fn templates(mut self, folder: impl Into<PathBuf>) -> Self {
        self.templates = Some(folder.into());
        self
    }

    /// Renders, writes what differs, and tells cargo when to run the build script again.
    ///
    /// Fails outside of a build script, and whenever the command would end with findings.
    pub fn run(self) -> Result<Report, Error> {
        let script = Script::read(&|name| std::env::var_os(name))?;
        let mut instructions = Vec::new();
        let report = self.render(&script, &mut instructions)?;
        instructions
            .extend(report.findings.iter().filter(|finding| finding.severity == Severity::Warning).map(warning));
        let mut out = std::io::stdout().lock();
        let written = instructions.iter().try_for_each(|line| writeln!(out, "cargo::{line}"));
        written.map_err(|source| Error::Cargo { source })?;
        Ok(report)
    }

    fn render(&self, script: &Script, instructions: &mut Vec<String>) -> Result<Report, Error> {
        let reading = Reading { allow_incomplete: self.allow_incomplete, features: script.features() };
        let gathered = gather::read(&script.cargo(&self.packages), &reading)?;
        let templates = match &self.templates {
            Some(folder) => Some(script.package_dir.join(folder)),
            None => gathered.config.templates()?.map(Into::into),
        };
        let packs = target::packs(templates.as_deref())?;
        packs.get(&self.target).map_err(TargetError::from)?;
        instructions.extend(inputs(&gathered, templates.as_deref()).iter().map(|path| changed(path)));
        let profile = self.find_profile(script, &gathered, instructions)?;
        let mut plan = gathered.config.plan(&gathered.manifest, &profile)?;
        let rendered = target::render(&plan, &self.target, &packs)?;
        let mut findings = gathered.findings.clone();
        findings.append(&mut plan.findings);
        findings.extend(rendered.findings);
        if self.strict {
            strict(&mut findings);
        }
        if has_errors(&findings) {
            return Err(Error::findings(findings, &gathered));
        }
        let files: Vec<(&str, &str)> =
            rendered.files.iter().map(|file| (file.path.as_str(), file.contents.as_str())).collect();
        let (folder, writer) = self.folder(script, plan.system.as_str(), &profile);
        let report: write::Report = writer.write(files.iter().copied())?;
        let mut files: Vec<PathBuf> =
            [report.created, report.changed, report.unchanged].concat().iter().map(|path| folder.join(path)).collect();
        files.sort();
        Ok(Report { folder, files, findings })
    }

    fn find_profile(
        &self,
        script: &Script,
        gathered: &Gathered,
        instructions: &mut Vec<String>,
    ) -> Result<Profile, Error> {
        if self.profile.is_none() {
            instructions.push(format!("rerun-if-env-changed={PROFILE}"));
        }
        let name = self.profile.as_deref().or(script.profile.as_deref()).unwrap_or("local");
        Ok(Profile::find(name, &gathered.config)?)
    }

    fn folder(&self, script: &Script, system: &str, profile: &Profile) -> (PathBuf, Folder) {
        if let Some(out_dir) = &self.out_dir {
            let folder = script.package_dir.join(out_dir);
            let writer = Folder::new(&folder, Key::new(system, self.target.as_str(), profile.as_str()));
            return (folder, writer);
        }
        // Nobody else writes there, and what another profile left behind is not wanted.
        let folder = script.out_dir.join("orch").join(&self.target);
        let writer = Folder::new(&folder, Key::new("build-script", self.target.as_str(), "any")).force(true);
        (folder, writer)
    }
}

/// The files that the artifacts depend on, of those that exist.
fn inputs(gathered: &Gathered, templates: Option<&Path>) -> Vec<Utf8PathBuf> {
    let templates = templates.and_then(Utf8Path::from_path).map(Utf8Path::to_owned);
    let folders = templates.into_iter().chain(gathered.config.catalog_folder());
    gathered.inputs.iter().cloned().chain(folders).filter(|path| path.exists()).collect()
}

fn changed(path: &Utf8Path) -> String {
    format!("rerun-if-changed={path}")
}

/// A finding in one line, since cargo takes no more.
fn warning(finding: &Finding) -> String {
    let mut parts = vec![format!("orch[{}]: {}", finding.code, finding.message)];
    parts.extend(finding.places.iter().map(|place| format!("({place})")));
    parts.extend(finding.help.iter().map(|help| format!("help: {help}")));
    let text = parts.join(" ");
    format!("warning={}", text.split_whitespace().collect::<Vec<_>>().join(" "))
}
