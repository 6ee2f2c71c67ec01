//! Which crates belong to which application.
//!
//! Checking several applications at once is one run of cargo, but it unifies their features. So the
//! crates of the common check are given to an application only where `cargo tree` resolves the very
//! same features for it alone; an application for which a crate that can declare something differs
//! is checked on its own.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::GatherError;
use super::cargo::Cargo;
use super::check::{self, Unit};
use super::lockfile::PackageKey;
use super::tree::{self, Tree};
use super::workspace::{Member, Workspace};

/// The crates that are linked into the binaries of one package, or a package of the system that no
/// application links.
pub(super) struct Graph {
    /// The package whose binaries are applications.
    pub(super) package: Option<PackageKey>,
    /// The crates.
    pub(super) units: Vec<Rc<Unit>>,
}

/// Compiles what is chosen and gives each application its own crates.
pub(super) fn graphs(cargo: &Cargo, workspace: &Workspace) -> Result<Vec<Graph>, GatherError> {
    let candidates = workspace.candidates(&cargo.packages)?;
    let extra: Vec<&Member> =
        workspace.config.system.packages.iter().map(|name| workspace.required(name)).collect::<Result<_, _>>()?;
    let all: BTreeSet<&str> = candidates.iter().chain(&extra).map(|member| member.key.0.as_str()).collect();
    if all.is_empty() {
        return Err(GatherError::NoApplication);
    }
    let names: Vec<&str> = all.into_iter().collect();
    // With one package cargo itself says what is wrong with a feature's name.
    let accepted = |feature: &str| names.len() == 1 || names.iter().any(|name| accepts(workspace, name, feature));
    let common: Vec<Rc<Unit>> = check::check(cargo, &names, &accepted)?.into_iter().map(Rc::new).collect();
    let mut graphs = Vec::new();
    if let ([only], true) = (candidates.as_slice(), extra.is_empty()) {
        graphs.push(Graph { package: Some(only.key.clone()), units: common });
        return Ok(graphs);
    }
    for (member, tree) in candidates.iter().zip(trees(cargo, &candidates)?) {
        let units = match own(&tree, &common, workspace) {
            Some(units) => units,
            None => {
                let units = check::check(cargo, &[&member.key.0], &|feature| member.accepts(feature))?;
                units.into_iter().map(Rc::new).collect()
            }
        };
        graphs.push(Graph { package: Some(member.key.clone()), units });
    }
    let extra = extra.iter().map(|member| Graph {
        package: None,
        units: common.iter().filter(|unit| unit.package == member.key && unit.bin.is_none()).cloned().collect(),
    });
    graphs.extend(extra);
    Ok(graphs)
}

fn accepts(workspace: &Workspace, name: &str, feature: &str) -> bool {
    workspace.member(name).is_some_and(|member| member.accepts(feature))
}

/// The crates of the common check that an application links; `None` when one that can declare
/// something was compiled with other features than the application alone would have.
fn own(tree: &Tree, common: &[Rc<Unit>], workspace: &Workspace) -> Option<Vec<Rc<Unit>>> {
    let mut units = Vec::new();
    for package in tree.packages.keys().filter(|package| workspace.dependents.contains(package)) {
        let mut same = common.iter().filter(|unit| unit.package == *package && tree.has(package, &unit.features));
        units.push(same.next()?.clone());
        units.extend(same.cloned());
    }
    Some(units)
}

/// Resolves each application; two at a time, since `cargo tree` takes no lock while it runs.
fn trees(cargo: &Cargo, members: &[&Member]) -> Result<Vec<Tree>, GatherError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(members.len()).max(1);
    let mut trees: Vec<Option<Result<Tree, GatherError>>> = members.iter().map(|_| None).collect();
    let share = members.len().div_ceil(workers).max(1);
    std::thread::scope(|scope| {
        for (members, trees) in members.chunks(share).zip(trees.chunks_mut(share)) {
            scope.spawn(move || {
                for (member, tree) in members.iter().zip(trees) {
                    *tree = Some(tree::resolve(cargo, &member.key.0, &|feature| member.accepts(feature)));
                }
            });
        }
    });
    trees.into_iter().flatten().collect()
}
