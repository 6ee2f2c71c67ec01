//! The workspace: its members, its lock file, its configuration.

use std::collections::BTreeSet;
use std::process::Output;

use camino::Utf8PathBuf;
use cargo_metadata::{Metadata, Package};
use orch_manifest::{Id, nearest};
use serde::{Deserialize, Serialize};

use super::cargo::Cargo;
use super::lockfile::{self, PackageKey};
use super::{GatherError, RUNTIME};
use crate::config::Config;

/// What is known about a workspace before anything is compiled.
pub(super) struct Workspace {
    /// The root folder.
    pub(super) root: Utf8PathBuf,
    /// The members.
    pub(super) members: Vec<Member>,
    /// What cargo says about the packages it was asked about, of which the members are some.
    pub(super) packages: Vec<Package>,
    /// The packages that depend on the runtime crate under some features on some platform.
    pub(super) dependents: BTreeSet<PackageKey>,
    /// `orch.toml`.
    pub(super) config: Config,
    /// The member in the root folder.
    pub(super) root_package: Option<String>,
    /// The folder of what is compiled, if no flag names another.
    pub(super) target_dir: Utf8PathBuf,
    /// The text of the lock file that `dependents` is from.
    lockfile: String,
}

/// A member of the workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Member {
    /// Name and version.
    pub(super) key: PackageKey,
    /// Its `Cargo.toml`.
    pub(super) manifest: Utf8PathBuf,
    /// The names of its binaries.
    pub(super) bins: Vec<String>,
    /// The features it declares.
    pub(super) features: BTreeSet<String>,
    /// The names of its dependencies, as it calls them and as they are called.
    pub(super) dependencies: BTreeSet<String>,
}

/// What cargo says about a workspace.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) root: Utf8PathBuf,
    pub(super) members: Vec<Member>,
    pub(super) root_package: Option<String>,
    pub(super) target_dir: Utf8PathBuf,
}

impl Workspace {
    /// Reads the workspace.
    pub(super) fn load(cargo: &Cargo) -> Result<Self, GatherError> {
        let workspace = Self::with(cargo, read(cargo, true)?)?;
        // A lock file that is older than the manifests knows nothing of new members and dependencies.
        if workspace.lockfile.is_empty() || workspace.candidates(&cargo.packages)?.is_empty() {
            return Self::resolved(cargo);
        }
        Ok(workspace)
    }

    /// Reads the workspace after cargo has brought the lock file up to date; with `--locked` cargo
    /// says that it would have to.
    fn resolved(cargo: &Cargo) -> Result<Self, GatherError> {
        Self::with(cargo, read(cargo, false)?)
    }

    fn with(cargo: &Cargo, metadata: Metadata) -> Result<Self, GatherError> {
        let root = metadata.workspace_root.clone();
        let members: Vec<&Package> = metadata.workspace_packages();
        let root_package = members.iter().find(|p| p.manifest_path.parent() == Some(&root)).map(|p| p.name.to_string());
        let flag = cargo.target_dir.as_ref().and_then(|dir| Utf8PathBuf::from_path_buf(cargo.dir.join(dir)).ok());
        let target_dir = flag.unwrap_or_else(|| metadata.target_directory.clone());
        let members = members.into_iter().map(Member::new).collect();
        let account = Account { root, members, root_package, target_dir };
        Ok(Self { packages: metadata.packages, ..Self::described(account)? })
    }

    /// The workspace as cargo describes it, with its lock file and its configuration as they are now.
    pub(super) fn described(account: Account) -> Result<Self, GatherError> {
        let Account { root, members, root_package, target_dir } = account;
        let path = root.join("Cargo.lock");
        let lockfile = lockfile::read(&path)?;
        let dependents =
            lockfile::dependents(&lockfile, RUNTIME).map_err(|problem| GatherError::Lockfile { path, problem })?;
        let config = Config::load(&root)?;
        Ok(Self { root, members, packages: Vec::new(), dependents, config, root_package, target_dir, lockfile })
    }

    /// What cargo said about it.
    pub(super) fn account(&self) -> Account {
        Account {
            root: self.root.clone(),
            members: self.members.clone(),
            root_package: self.root_package.clone(),
            target_dir: self.target_dir.clone(),
        }
    }

    /// Whether the lock file is as it was when it was read. Whatever compiles brings it up to date.
    pub(super) fn is_current(&self) -> Result<bool, GatherError> {
        Ok(lockfile::read(&self.root.join("Cargo.lock"))? == self.lockfile)
    }

    /// The system's name: as configured, else the root package's, else that of the one application
    /// there is. A package of the system that is no application is `None`.
    pub(super) fn system_name<'a>(
        &self,
        packages: impl IntoIterator<Item = Option<&'a PackageKey>>,
    ) -> Result<Id, GatherError> {
        if let Some(name) = &self.config.system.name {
            return Ok(name.clone());
        }
        let mut packages = packages.into_iter();
        let only = packages.next().flatten().filter(|_| packages.next().is_none()).map(|key| key.0.as_str());
        let name = self.root_package.as_deref().or(only).ok_or(GatherError::NoName)?;
        Id::from_ident(name).map_err(|_| GatherError::NoName)
    }

    /// The member of this name.
    pub(super) fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.key.0 == name)
    }

    /// The packages whose binaries may be applications: the chosen ones, else every member with a
    /// binary that can depend on the runtime crate.
    pub(super) fn candidates(&self, chosen: &[String]) -> Result<Vec<&Member>, GatherError> {
        if !chosen.is_empty() {
            let mut members: Vec<&Member> = chosen.iter().map(|name| self.required(name)).collect::<Result<_, _>>()?;
            members.sort_by(|one, other| one.key.cmp(&other.key));
            members.dedup_by(|one, other| one.key == other.key);
            return Ok(members);
        }
        let candidate = |member: &&Member| !member.bins.is_empty() && self.dependents.contains(&member.key);
        Ok(self.members.iter().filter(candidate).collect())
    }

    /// The member of this name, or of this name and version as in `api@0.1.0`; an error names the nearest.
    pub(super) fn required(&self, name: &str) -> Result<&Member, GatherError> {
        self.members.iter().find(|member| member.key.0 == name || member.spec() == name).ok_or_else(|| {
            GatherError::UnknownPackage {
                name: name.to_owned(),
                nearest: nearest(name, self.members.iter().map(|member| member.key.0.as_str())).map(str::to_owned),
            }
        })
    }
}

impl Member {
    pub(super) fn new(package: &Package) -> Self {
        let bins = package.targets.iter().filter(|target| target.is_bin()).map(|target| target.name.clone());
        let dependencies = package.dependencies.iter();
        Self {
            key: (package.name.to_string(), package.version.to_string()),
            manifest: package.manifest_path.clone(),
            bins: bins.collect(),
            features: package.features.keys().cloned().collect(),
            dependencies: dependencies.flat_map(|d| [Some(d.name.clone()), d.rename.clone()]).flatten().collect(),
        }
    }

    /// What names this package and no other for cargo: one from elsewhere may have the same name.
    pub(super) fn spec(&self) -> String {
        format!("{}@{}", self.key.0, self.key.1)
    }

    /// Whether cargo accepts this feature when the member alone is selected.
    pub(super) fn accepts(&self, feature: &str) -> bool {
        match feature.split_once('/') {
            Some((package, feature)) if package == self.key.0 => self.features.contains(feature),
            Some((package, _)) => self.dependencies.contains(package.trim_end_matches('?')),
            None => self.features.contains(feature) || self.dependencies.contains(feature),
        }
    }
}

/// Cargo's own account of the workspace; of its members only, or of everything they depend on.
pub(super) fn read(cargo: &Cargo, members_only: bool) -> Result<Metadata, GatherError> {
    let mut command = cargo.command("metadata");
    command.args(["--format-version", "1"]);
    if members_only {
        command.arg("--no-deps");
    }
    parse(&cargo.capture(command)?)
}

/// Reads what `cargo metadata` printed.
pub(super) fn parse(output: &Output) -> Result<Metadata, GatherError> {
    let text = String::from_utf8_lossy(&output.stdout);
    cargo_metadata::MetadataCommand::parse(text).map_err(|source| GatherError::Metadata { source })
}
