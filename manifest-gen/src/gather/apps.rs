//! Which crates belong to which application.
//!
//! Checking several applications at once is one run of cargo, but it unifies their features. So the
//! crates of the common check are given to an application only where `cargo tree` resolves the very
//! same features for it alone. Applications for which a crate that can declare something differs are
//! checked again, together with those that want the same of it; what comes out is compared in the
//! same way, and one for which it still differs is checked on its own.
//!
//! Warm, that costs hardly more than cargo's own check of everything: the check starts before the
//! workspace is read, with the packages that an earlier run compiled, and is repeated if those are
//! not the ones; and what cargo said about the workspace's members and what `cargo tree` printed for
//! each application is used again as long as nothing it depends on has changed (see `remembered`).

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::SystemTime;

use super::GatherError;
use super::cargo::Cargo;
use super::check::{self, Checked, Ending, Running, Unit};
use super::lockfile::PackageKey;
use super::remembered::{self, Remembered};
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

/// What is chosen of a workspace, compiled.
pub(super) struct Compiled {
    /// The workspace.
    pub(super) workspace: Workspace,
    /// Each application's crates.
    pub(super) graphs: Vec<Graph>,
    /// Cargo, which has compiled everything and is about to end.
    pub(super) cargo: Ending,
}

/// Reads the workspace, compiles what is chosen and gives each application its own crates.
pub(super) fn compile(cargo: &Cargo) -> Result<Compiled, GatherError> {
    let mut begun = SystemTime::now();
    let (workspace, early) = read(cargo);
    let (mut workspace, mut early) = (workspace?, early.transpose()?);
    loop {
        let chosen = Chosen::of(&workspace, cargo)?;
        let (found, checked) = match early.filter(|early| early.found.packages == chosen.packages) {
            Some(Early { found, checked }) => (Some(found), checked),
            None => (None, all(cargo, &chosen.packages)?),
        };
        // Compiling brings the lock file up to date, and that may tell of more that is to be compiled.
        if workspace.is_current()? {
            let (graphs, cargo) = graphs(cargo, &workspace, &chosen, checked, Known { found, begun })?;
            return Ok(Compiled { workspace, graphs, cargo });
        }
        begun = SystemTime::now();
        workspace = Workspace::load(cargo)?;
        early = None;
    }
}

/// A check of packages that were not known for sure when it began.
struct Early {
    found: Remembered,
    checked: Checked,
}

/// Reads the workspace, and meanwhile checks what an earlier run compiled, if that is remembered.
fn read(cargo: &Cargo) -> (Result<Workspace, GatherError>, Option<Result<Early, GatherError>>) {
    let Some(found) = Remembered::find(cargo) else { return (Workspace::load(cargo), None) };
    let start = || Running::start(cargo, &found.packages, &|_| true);
    let running = match start() {
        Ok(running) => running,
        Err(error) => return (Err(error), None),
    };
    // Cargo has much to look at before it says anything, and what it says waits.
    let workspace = found.account().map_or_else(|| Workspace::load(cargo), Workspace::described);
    let checked = running.checked(start);
    (workspace, Some(checked.map(|checked| Early { found, checked })))
}

/// Checks packages together. Cargo itself says what is wrong with the name of a feature.
fn all(cargo: &Cargo, packages: &[String]) -> Result<Checked, GatherError> {
    check::check(cargo, packages, &|_| true)
}

/// What is chosen, and compiled together.
pub(super) struct Chosen<'a> {
    /// The packages whose binaries may be applications.
    pub(super) candidates: Vec<&'a Member>,
    /// The packages of the system that no application need link.
    pub(super) extra: Vec<&'a Member>,
    /// What names all of them for cargo.
    pub(super) packages: Vec<String>,
}

impl<'a> Chosen<'a> {
    /// Chooses as cargo's flags and the configuration say.
    pub(super) fn of(workspace: &'a Workspace, cargo: &Cargo) -> Result<Self, GatherError> {
        let candidates = workspace.candidates(&cargo.packages)?;
        let extra: Vec<&Member> =
            workspace.config.system.packages.iter().map(|name| workspace.required(name)).collect::<Result<_, _>>()?;
        let packages: BTreeSet<String> = candidates.iter().chain(&extra).map(|member| member.spec()).collect();
        if packages.is_empty() {
            return Err(GatherError::NoApplication);
        }
        // What is missing is said before anything is compiled.
        let named = candidates.iter().map(|member| Some(&member.key)).chain(extra.iter().map(|_| None));
        workspace.system_name(named)?;
        Ok(Self { candidates, extra, packages: packages.into_iter().collect() })
    }
}

/// What is remembered of an earlier run, and since when this one has looked at the workspace.
struct Known {
    found: Option<Remembered>,
    begun: SystemTime,
}

fn graphs(
    cargo: &Cargo,
    workspace: &Workspace,
    chosen: &Chosen<'_>,
    checked: Checked,
    known: Known,
) -> Result<(Vec<Graph>, Ending), GatherError> {
    if let ([only], true) = (chosen.candidates.as_slice(), chosen.extra.is_empty()) {
        if known.found.as_ref().is_none_or(|found| found.account().is_none()) {
            Remembered::new(workspace, cargo, known.begun, chosen.packages.clone()).keep(workspace, cargo);
        }
        let (units, ending) = shared(checked);
        return Ok((vec![Graph { package: Some(only.key.clone()), units }], ending));
    }
    let trees = trees(cargo, workspace, chosen, &checked, known)?;
    let (common, ending) = shared(checked);
    let mut assigned = Assigned { cargo, workspace, members: &chosen.candidates, trees, units: BTreeMap::new() };
    let all: Vec<usize> = (0..chosen.candidates.len()).collect();
    let open = assigned.assign(&all, &common);
    let ending = assigned.rest(open, ending)?;
    let Assigned { mut units, .. } = assigned;
    let own = |(index, member): (usize, &&Member)| Graph {
        package: Some(member.key.clone()),
        units: units.remove(&index).unwrap_or_default(),
    };
    let mut graphs: Vec<Graph> = chosen.candidates.iter().enumerate().map(own).collect();
    graphs.extend(chosen.extra.iter().map(|member| Graph {
        package: None,
        units: common.iter().filter(|unit| unit.package == member.key && unit.bin.is_none()).cloned().collect(),
    }));
    Ok((graphs, ending))
}

fn shared(checked: Checked) -> (Vec<Rc<Unit>>, Ending) {
    (checked.units.into_iter().map(Rc::new).collect(), checked.cargo)
}

/// Gives applications, each by its index, their crates.
struct Assigned<'a> {
    cargo: &'a Cargo,
    workspace: &'a Workspace,
    members: &'a [&'a Member],
    trees: Vec<Tree>,
    units: BTreeMap<usize, Vec<Rc<Unit>>>,
}

impl Assigned<'_> {
    /// Gives applications their crates of one check, and says which of them it does not fit.
    fn assign(&mut self, indices: &[usize], common: &[Rc<Unit>]) -> Vec<usize> {
        let mut open = Vec::new();
        for &index in indices {
            match own(&self.trees[index], common, self.workspace) {
                Some(units) => drop(self.units.insert(index, units)),
                None => open.push(index),
            }
        }
        open
    }

    /// Checks those again that the common check does not fit.
    fn rest(&mut self, mut open: Vec<usize>, mut ending: Ending) -> Result<Ending, GatherError> {
        while let Some(&first) = open.first() {
            let mut group = vec![first];
            for &index in &open[1..] {
                if group.iter().all(|&other| self.agree(index, other)) {
                    group.push(index);
                }
            }
            open.retain(|index| !group.contains(index));
            let left = if group.len() > 1 {
                ending.wait()?;
                let units;
                (units, ending) = shared(self.check(&group)?);
                self.assign(&group, &units)
            } else {
                group
            };
            for index in left {
                ending.wait()?;
                let units;
                (units, ending) = shared(self.check(&[index])?);
                self.units.insert(index, units);
            }
        }
        Ok(ending)
    }

    fn check(&self, indices: &[usize]) -> Result<Checked, GatherError> {
        let members: Vec<&Member> = indices.iter().map(|&index| self.members[index]).collect();
        let packages: Vec<String> = members.iter().map(|member| member.spec()).collect();
        check::check(self.cargo, &packages, &|feature| members.iter().any(|member| member.accepts(feature)))
    }

    /// Whether two applications want the same of each crate that both link and that can declare
    /// something.
    fn agree(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.trees[one], &self.trees[other]);
        let both = one.packages.keys().filter(|package| other.packages.contains_key(*package));
        both.filter(|package| self.workspace.dependents.contains(*package))
            .all(|package| one.features(package).is_some() && one.features(package) == other.features(package))
    }
}

/// The crates of one check that an application links; `None` when one that can declare something
/// was compiled with other features than the application alone would have.
fn own(tree: &Tree, common: &[Rc<Unit>], workspace: &Workspace) -> Option<Vec<Rc<Unit>>> {
    let mut units = Vec::new();
    for package in tree.packages.keys().filter(|package| workspace.dependents.contains(package)) {
        let features = tree.features(package)?;
        let mut same = common.iter().filter(|unit| unit.package == *package && unit.features == *features);
        units.push(same.next()?.clone());
        units.extend(same.cloned());
    }
    Some(units)
}

/// Resolves each application.
fn trees(
    cargo: &Cargo,
    workspace: &Workspace,
    chosen: &Chosen<'_>,
    checked: &Checked,
    known: Known,
) -> Result<Vec<Tree>, GatherError> {
    let key = remembered::tree_key(cargo, workspace, checked, None);
    let Known { found, begun } = known;
    let kept = found.as_ref().is_some_and(|found| found.account().is_some());
    let mut known = found.zip(key.as_ref()).and_then(|(found, key)| found.trees(key)).unwrap_or_default();
    let members = &chosen.candidates;
    let unknown: Vec<&Member> = members.iter().filter(|member| !known.contains_key(&member.spec())).copied().collect();
    if !unknown.is_empty() || !kept {
        let printed = print(cargo, &unknown)?;
        known.extend(unknown.iter().map(|member| member.spec()).zip(printed));
        let remembered = Remembered::new(workspace, cargo, begun, chosen.packages.clone());
        // What changed meanwhile is not remembered under a key from before.
        match key.filter(|key| remembered::tree_key(cargo, workspace, checked, Some(begun)).as_ref() == Some(key)) {
            Some(key) => remembered.with_trees(key, known.clone()).keep(workspace, cargo),
            None => remembered.keep(workspace, cargo),
        }
    }
    Ok(members.iter().filter_map(|member| known.get(&member.spec())).map(|text| tree::parse(text)).collect())
}

/// Runs `cargo tree` for each; several at a time, since it takes no lock while it runs.
fn print(cargo: &Cargo, members: &[&Member]) -> Result<Vec<String>, GatherError> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(members.len()).max(1);
    let share = members.len().div_ceil(workers).max(1);
    let run = |member: &&Member| tree::print(cargo, &[&member.spec()], &|feature| member.accepts(feature));
    std::thread::scope(|scope| {
        let threads: Vec<_> = members
            .chunks(share)
            .map(|members| scope.spawn(move || members.iter().map(run).collect::<Result<Vec<String>, _>>()))
            .collect();
        let mut printed = Vec::new();
        for thread in threads {
            match thread.join() {
                Ok(texts) => printed.extend(texts?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(printed)
    })
}
