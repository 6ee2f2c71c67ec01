//! Where packages are, and what targets and dependencies they have.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::semver::VersionReq;
use cargo_metadata::{DependencyKind, Metadata, Target, TargetKind};

use super::super::cargo::Cargo;
use super::super::lockfile::PackageKey;
use super::super::workspace::Workspace;
use super::super::{GatherError, RUNTIME, workspace};
use super::cfg;

/// A package whose sources are read.
#[derive(Debug)]
pub(super) struct Package {
    pub(super) key: PackageKey,
    /// The folder of its manifest.
    pub(super) root: Utf8PathBuf,
    /// Its library, when others can link it.
    pub(super) library: Option<Source>,
    /// Its binaries, each with the features it needs.
    pub(super) binaries: Vec<(Source, Vec<String>)>,
    pub(super) build_script: bool,
    /// Whether it is a procedural macro.
    is_macro: bool,
    pub(super) dependencies: Vec<Dependency>,
}

/// Where a crate begins.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// The target's name.
    pub(super) name: String,
    /// The file.
    pub(super) path: Utf8PathBuf,
}

impl Source {
    /// The name of the crate in paths.
    pub(super) fn crate_name(&self) -> String {
        self.name.replace('-', "_")
    }
}

/// A dependency that the package's crates can name.
#[derive(Debug)]
pub(super) struct Dependency {
    pub(super) package: String,
    pub(super) requirement: VersionReq,
    /// What the package calls it, when not by its own name.
    pub(super) rename: Option<String>,
}

impl Package {
    fn new(package: &cargo_metadata::Package) -> Self {
        let source = |target: &Target| Source { name: target.name.clone(), path: target.src_path.clone() };
        let linkable = |target: &&Target| {
            use TargetKind::{CDyLib, DyLib, Lib, RLib, StaticLib};
            target.kind.iter().any(|kind| matches!(kind, Lib | RLib | DyLib | CDyLib | StaticLib))
        };
        let binaries = package.targets.iter().filter(|target| target.is_bin());
        let dependencies = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
        Self {
            key: (package.name.to_string(), package.version.to_string()),
            root: package.manifest_path.parent().map(Utf8Path::to_owned).unwrap_or_default(),
            library: package.targets.iter().find(linkable).map(source),
            binaries: binaries.map(|target| (source(target), target.required_features.clone())).collect(),
            is_macro: package.targets.iter().any(Target::is_proc_macro),
            build_script: package.targets.iter().any(Target::is_custom_build),
            dependencies: dependencies
                .map(|dependency| Dependency {
                    package: dependency.name.clone(),
                    requirement: dependency.req.clone(),
                    rename: dependency.rename.as_ref().map(|name| name.replace('-', "_")),
                })
                .collect(),
        }
    }
}

/// The packages that were found.
#[derive(Debug, Default)]
pub(super) struct Packages {
    found: BTreeMap<PackageKey, Rc<Package>>,
}

impl Packages {
    /// Finds packages, those with a path without resolving anything.
    ///
    /// Members are known; a package beside the workspace is asked for by its path. Only for what was
    /// downloaded does cargo have to resolve the workspace once more, first with the features that
    /// are chosen, since others may not have been downloaded.
    pub(super) fn locate(
        cargo: &Cargo,
        workspace: &Workspace,
        needed: &BTreeMap<PackageKey, Option<Utf8PathBuf>>,
    ) -> Result<Self, GatherError> {
        let mut packages = Self::default();
        packages.add(&workspace.packages);
        for (key, path) in needed {
            let Some(path) = path else { continue };
            if !packages.found.contains_key(key) {
                let manifest_path = Some(path.join("Cargo.toml").into_std_path_buf());
                let beside = Cargo { manifest_path, ..cargo.clone() };
                packages.add(&workspace::read(&beside, true)?.packages);
            }
        }
        for all_features in [cargo.all_features, true] {
            if needed.keys().any(|key| !packages.found.contains_key(key)) {
                let features = Cargo { all_features, ..cargo.clone() };
                packages.add(&resolved(&features, workspace)?.packages);
            }
        }
        match needed.keys().find(|key| !packages.found.contains_key(*key)) {
            Some((name, version)) => Err(GatherError::NoSources { package: format!("{name} {version}") }),
            None => Ok(packages),
        }
    }

    fn add(&mut self, packages: &[cargo_metadata::Package]) {
        for package in packages {
            let package = Package::new(package);
            self.found.entry(package.key.clone()).or_insert_with(|| Rc::new(package));
        }
    }

    /// The package with this name and version.
    pub(super) fn get(&self, key: &PackageKey) -> Option<&Rc<Package>> {
        self.found.get(key)
    }

    /// The package among these that a dependency is resolved to.
    pub(super) fn resolve<'a>(
        dependency: &Dependency,
        among: impl Iterator<Item = &'a PackageKey>,
    ) -> Option<&'a PackageKey> {
        let fits = |key: &&PackageKey| {
            key.0 == dependency.package
                && key.1.parse().map_or(true, |version| dependency.requirement.matches(&version))
        };
        among.filter(fits).last()
    }

    /// The procedural macros that these packages may use, of those that are on disk: each is a member,
    /// or was found beside one.
    pub(super) fn macros<'a>(
        &self,
        users: impl Iterator<Item = &'a PackageKey>,
    ) -> impl Iterator<Item = (PackageKey, Utf8PathBuf)> {
        let used: BTreeSet<&str> = users
            .filter_map(|key| self.get(key))
            .flat_map(|package| &package.dependencies)
            .map(|dependency| dependency.package.as_str())
            .collect();
        let macros =
            self.found.values().filter(move |package| package.is_macro && used.contains(package.key.0.as_str()));
        macros.map(|package| (package.key.clone(), package.root.clone()))
    }

    /// What packages call the crate that has the attributes.
    pub(super) fn names_of_runtime(&self) -> BTreeSet<String> {
        let dependencies = self.found.values().flat_map(|package| &package.dependencies);
        let runtime = dependencies.filter(|dependency| is_runtime(&dependency.package));
        let renamed = runtime.filter_map(|dependency| dependency.rename.clone());
        renamed.chain(["orch".to_owned(), RUNTIME.replace('-', "_")]).collect()
    }

    /// The manifests of these packages.
    pub(super) fn manifests<'a>(
        &'a self,
        keys: &'a BTreeSet<PackageKey>,
    ) -> impl Iterator<Item = Utf8PathBuf> + use<'a> {
        keys.iter().filter_map(|key| self.get(key)).map(|package| package.root.join("Cargo.toml"))
    }
}

/// Whether it is the crate whose attributes are looked for.
pub(super) fn is_runtime(package: &str) -> bool {
    package == RUNTIME
}

/// Everything that the workspace needs on the platform.
fn resolved(cargo: &Cargo, workspace: &Workspace) -> Result<Metadata, GatherError> {
    let mut command = cargo.command("metadata");
    command.args(["--format-version", "1", "--filter-platform"]);
    match &cargo.target {
        Some(target) => command.arg(target),
        None => command.arg(host(cargo)?),
    };
    let members = &workspace.members;
    cargo.feature_flags(&mut command, |feature| members.iter().any(|member| member.accepts(feature)));
    workspace::parse(&cargo.capture(command)?)
}

fn host(cargo: &Cargo) -> Result<String, GatherError> {
    let answer = cfg::rustc(cargo, &["--print".into(), "host-tuple".into()])?;
    Ok(answer.trim().to_owned())
}
