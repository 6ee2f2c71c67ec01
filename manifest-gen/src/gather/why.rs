//! How a declaration came into the system: from the application over each crate to its own.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::Package;
use orch_manifest::Id;
use orch_manifest::manifest::{AppEntry, DeclaredBy};

use super::cargo::Cargo;
use super::lockfile::PackageKey;
use super::tree::{self, Tree};
use super::{GatherError, Gathered, workspace};

/// Why something is in the system.
#[derive(Clone, Debug)]
pub struct Why {
    /// The place that declares it.
    pub declared_by: DeclaredBy,
    /// One path from each application that has it.
    pub paths: Vec<DependencyPath>,
}

/// How an application reaches a crate.
#[derive(Clone, Debug)]
pub struct DependencyPath {
    /// The application.
    pub app: Id,
    /// Each dependency on the way; none when the application's own package declares it.
    pub hops: Vec<Hop>,
}

/// One dependency.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The package that depends.
    pub from: String,
    /// The package it depends on.
    pub to: String,
    /// The features of the first that switch the dependency on, when it is optional.
    pub features: Vec<String>,
}

/// Finds out how a service or an application came into the system. Nothing is compiled.
pub fn why(cargo: &Cargo, gathered: &Gathered, id: &Id) -> Result<Why, GatherError> {
    let manifest = &gathered.manifest;
    if let Some(entry) = manifest.app(id) {
        return Ok(Why { declared_by: entry.declared_by.clone(), paths: Vec::new() });
    }
    let Some(service) = manifest.service(id) else {
        return Err(GatherError::UnknownPackage { name: id.to_string(), nearest: None });
    };
    let mut paths = trace(cargo, gathered, |service| service == id)?;
    Ok(Why { declared_by: service.declared_by.clone(), paths: paths.remove(id).unwrap_or_default() })
}

/// How every service came into the system: one path from each application that has it. Nothing is compiled.
pub fn paths(cargo: &Cargo, gathered: &Gathered) -> Result<BTreeMap<Id, Vec<DependencyPath>>, GatherError> {
    trace(cargo, gathered, |_| true)
}

/// The paths to those services that are `wanted`. What an application depends on is asked for once.
fn trace(
    cargo: &Cargo,
    gathered: &Gathered,
    wanted: impl Fn(&Id) -> bool,
) -> Result<BTreeMap<Id, Vec<DependencyPath>>, GatherError> {
    let metadata = workspace::read(cargo, false)?;
    let key = |package: &Package| (package.name.to_string(), package.version.to_string());
    let packages: BTreeMap<PackageKey, &Package> =
        metadata.packages.iter().map(|package| (key(package), package)).collect();
    let members: Vec<workspace::Member> =
        metadata.workspace_packages().into_iter().map(workspace::Member::new).collect();
    let mut paths: BTreeMap<Id, Vec<DependencyPath>> = BTreeMap::new();
    for app in &gathered.manifest.apps {
        let services: Vec<&Id> = app.services.iter().filter(|id| wanted(id)).collect();
        if services.is_empty() {
            continue;
        }
        let member = members.iter().find(|member| member.key.0 == app.declared_by.package);
        let accepts = |feature: &str| member.is_some_and(|member| member.accepts(feature));
        let tree = tree::resolve(cargo, &app.declared_by.package, &accepts)?;
        for id in services {
            let found = places(gathered, id).find_map(|place| path(app, place, &tree, &packages));
            paths.entry(id.clone()).or_default().extend(found);
        }
    }
    Ok(paths)
}

/// Where a service is declared: its own place, and those that `orch.toml` made one with it.
fn places<'a>(gathered: &'a Gathered, id: &Id) -> impl Iterator<Item = &'a DeclaredBy> {
    let own = gathered.manifest.service(id).map(|service| &service.declared_by);
    own.into_iter().chain(gathered.merged.get(id).into_iter().flatten())
}

/// A shortest path.
fn path(
    app: &AppEntry,
    to: &DeclaredBy,
    tree: &Tree,
    packages: &BTreeMap<PackageKey, &Package>,
) -> Option<DependencyPath> {
    let start = (app.declared_by.package.clone(), app.version.clone());
    let is_target =
        |key: &PackageKey| key.0 == to.package && to.version.as_ref().is_none_or(|version| key.1 == *version);
    let mut came_from: BTreeMap<&PackageKey, &PackageKey> = BTreeMap::new();
    let mut open: VecDeque<&PackageKey> = VecDeque::from([&start]);
    let mut seen: BTreeSet<&PackageKey> = BTreeSet::from([&start]);
    while let Some(key) = open.pop_front() {
        if is_target(key) {
            let mut hops: Vec<Hop> = std::iter::successors(Some(key), |key| came_from.get(*key).copied())
                .filter_map(|to| came_from.get(to).map(|from| hop(from, to, tree, packages)))
                .collect();
            hops.reverse();
            return Some(DependencyPath { app: app.id.clone(), hops });
        }
        for next in tree.edges.get(key).into_iter().flatten() {
            if seen.insert(next) {
                came_from.insert(next, key);
                open.push_back(next);
            }
        }
    }
    None
}

fn hop(from: &PackageKey, to: &PackageKey, tree: &Tree, packages: &BTreeMap<PackageKey, &Package>) -> Hop {
    let features = features(from, to, tree, packages).unwrap_or_default();
    Hop { from: from.0.clone(), to: to.0.clone(), features }
}

/// The active features of a package that switch an optional dependency on.
fn features(
    from: &PackageKey,
    to: &PackageKey,
    tree: &Tree,
    packages: &BTreeMap<PackageKey, &Package>,
) -> Option<Vec<String>> {
    let package = packages.get(from)?;
    let dependencies = || package.dependencies.iter().filter(|dependency| dependency.name == to.0);
    if dependencies().any(|dependency| !dependency.optional) {
        return None;
    }
    let dependency = dependencies().next()?;
    let name = dependency.rename.as_deref().unwrap_or(&dependency.name);
    let active: BTreeSet<&String> = tree.packages.get(from)?.iter().flatten().collect();
    let enables =
        |value: &String| *value == format!("dep:{name}") || value == name || value.starts_with(&format!("{name}/"));
    let features = package.features.iter();
    let found = features.filter(|(feature, values)| active.contains(feature) && values.iter().any(enables));
    Some(found.map(|(feature, _)| feature.clone()).collect())
}
