//! Reading sources instead of compiling them.
//!
//! Which crates there are, and with which features, is what cargo resolves; what they declare is read
//! from their modules with the grammar of the attributes themselves. What only compiling can tell is
//! found and named, never passed over.
//!
//! | module | does |
//! |---|---|
//! | `trees` | which crates belong to which application |
//! | `packages` | where packages are, and what they have |
//! | `settings`, `cfg` | what is compiled under which condition |
//! | `files`, `tokens` | source files and pieces of them |
//! | `walk`, `macros` | the modules of a crate, the macros in them |
//! | `emitters` | macros of crates that are not walked |
//! | `names`, `resolve` | what the path of an attribute means |
//! | `read` | what a crate declares |

mod cfg;
mod emitters;
mod files;
mod macros;
mod names;
mod packages;
mod read;
mod resolve;
mod settings;
mod tokens;
mod trees;
mod walk;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::fragment::Fragment;
use orch_manifest::manifest::DeclaredBy;

use super::apps::{Chosen, Graph};
use super::cargo::Cargo;
use super::check::Unit;
use super::lockfile::PackageKey;
use super::tree::Tree;
use super::workspace::Workspace;
use super::{GatherError, Mistake, Reading};
use cfg::{Conditions, Platform};
use names::{Crate, Doubt, Spot};
use packages::{Package, Packages, Source, is_runtime};
use read::Declared;
use resolve::{Extern, Linked, World};

/// What was read.
pub(super) struct Scan {
    pub(super) graphs: Vec<Graph>,
    /// What only compiling can tell, with the folder of the package it is in.
    pub(super) doubts: BTreeMap<(DeclaredBy, String), Utf8PathBuf>,
    /// The files that were read.
    pub(super) files: BTreeSet<Utf8PathBuf>,
}

/// Reads what is chosen and gives each application its own crates.
pub(super) fn scan(cargo: &Cargo, workspace: &Workspace, reading: &Reading) -> Result<Scan, GatherError> {
    let chosen = Chosen::of(workspace, cargo)?;
    let (platform, trees) = std::thread::scope(|scope| {
        let platform = scope.spawn(|| Platform::query(cargo, &workspace.root));
        let trees = trees::resolve(cargo, &chosen, reading);
        (platform.join(), trees)
    });
    let platform = platform.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    let (trees, common) = trees?;
    let mut needed = BTreeMap::new();
    for tree in trees.iter().chain(&common) {
        let linked = tree.packages.keys().filter(|package| workspace.dependents.contains(*package));
        needed.extend(linked.map(|package| (package.clone(), tree.folder(package).map(Utf8Path::to_owned))));
    }
    let packages = Packages::locate(cargo, workspace, &needed)?;
    let needed = needed.into_keys().collect();
    let mut scanner = Scanner {
        workspace,
        platform,
        walked: HashMap::new(),
        searched: BTreeSet::new(),
        mistakes: Vec::new(),
        scan: Scan { graphs: Vec::new(), doubts: BTreeMap::new(), files: packages.manifests(&needed).collect() },
        packages: &packages,
    };
    for (member, tree) in chosen.candidates.iter().zip(&trees) {
        let units = scanner.units(tree, Some(&member.key), &|_| true)?;
        scanner.scan.graphs.push(Graph { package: Some(member.key.clone()), units });
    }
    for (member, tree) in chosen.extra.iter().zip(common.iter().cycle()) {
        let units = scanner.units(tree, None, &|package| *package == member.key)?;
        scanner.scan.graphs.push(Graph { package: None, units });
    }
    for tree in trees.iter().chain(&common) {
        scanner.emitters(tree);
    }
    if scanner.mistakes.is_empty() {
        return Ok(scanner.scan);
    }
    scanner.mistakes.sort();
    scanner.mistakes.dedup();
    Err(GatherError::Attributes { mistakes: scanner.mistakes })
}

struct Scanner<'a> {
    workspace: &'a Workspace,
    packages: &'a Packages,
    platform: Platform,
    walked: HashMap<(Utf8PathBuf, BTreeSet<String>), Rc<Crate>>,
    /// The packages whose macros were searched.
    searched: BTreeSet<PackageKey>,
    mistakes: Vec<Mistake>,
    scan: Scan,
}

/// A crate of an application.
struct Target {
    package: Rc<Package>,
    features: BTreeSet<String>,
    source: Source,
    bin: bool,
}

impl Scanner<'_> {
    /// The wanted crates of a graph, of those that can declare something; with the binaries of one
    /// package.
    fn units(
        &mut self,
        tree: &Tree,
        own: Option<&PackageKey>,
        wanted: &dyn Fn(&PackageKey) -> bool,
    ) -> Result<Vec<Rc<Unit>>, GatherError> {
        let targets = self.targets(tree, own);
        let libraries: BTreeMap<&PackageKey, usize> = targets
            .iter()
            .enumerate()
            .filter(|(_, target)| !target.bin)
            .map(|(index, target)| (&target.package.key, index))
            .collect();
        let mut world = World::default();
        for target in &targets {
            let krate = self.walk(target);
            world.crates.push(Linked { krate, externs: self.externs(target, tree, &libraries) });
        }
        let aliases = read::aliases(world.crates.iter().map(|linked| &*linked.krate));
        let mut units: Vec<Rc<Unit>> = Vec::new();
        for (index, target) in targets.iter().enumerate().filter(|(_, target)| wanted(&target.package.key)) {
            let package = &target.package.key;
            let declared = read::read(&world, index, &aliases)
                .map_err(|source| GatherError::Fragment { package: package.0.clone(), source })?;
            let unit = Unit {
                package: package.clone(),
                root: target.package.root.clone(),
                bin: target.bin.then(|| target.source.name.clone()),
                features: target.features.clone(),
                fragments: self.take(target, declared),
            };
            if !units.iter().any(|other| (&other.package, &other.bin) == (&unit.package, &unit.bin)) {
                units.push(Rc::new(unit));
            }
            if tree.is_ambiguous(package) {
                self.doubts(package, &target.package.root, vec![ambiguous()]);
            }
        }
        Ok(units)
    }

    fn targets(&self, tree: &Tree, own: Option<&PackageKey>) -> Vec<Target> {
        let mut targets = Vec::new();
        let declares = |package: &PackageKey| self.workspace.dependents.contains(package);
        for (key, sets) in tree.packages.iter().filter(|(key, _)| declares(key)) {
            let Some(package) = self.packages.get(key) else { continue };
            for features in sets {
                let mut add = |source: &Source, bin| {
                    let (package, features, source) = (Rc::clone(package), features.clone(), source.clone());
                    targets.push(Target { package, features, source, bin });
                };
                package.library.iter().for_each(|library| add(library, false));
                let has = |feature: &String| match feature.split_once('/') {
                    Some((package, feature)) => tree
                        .packages
                        .iter()
                        .any(|(key, sets)| key.0 == package && sets.iter().any(|features| features.contains(feature))),
                    None => features.contains(feature),
                };
                let binaries = package.binaries.iter().filter(|_| own == Some(key));
                for (source, required) in binaries {
                    if required.iter().all(has) {
                        add(source, true);
                    }
                }
            }
        }
        targets
    }

    fn walk(&mut self, target: &Target) -> Rc<Crate> {
        let key = (target.source.path.clone(), target.features.clone());
        if let Some(krate) = self.walked.get(&key) {
            return Rc::clone(krate);
        }
        let package = &target.package;
        let conditions =
            Conditions { platform: &self.platform, features: &target.features, build_script: package.build_script };
        // Where cargo runs rustc, which decides what files outside of the package are called.
        let root = &self.workspace.root;
        let cwd = if package.root.starts_with(root) { root } else { &package.root };
        let krate = Rc::new(walk::walk(package, &target.source, cwd, conditions));
        self.scan.files.extend(krate.files.iter().cloned());
        self.walked.insert(key, Rc::clone(&krate));
        krate
    }

    /// What a crate calls the crates that it depends on.
    fn externs(
        &self,
        target: &Target,
        tree: &Tree,
        libraries: &BTreeMap<&PackageKey, usize>,
    ) -> BTreeMap<String, Extern> {
        let mut externs = BTreeMap::new();
        let package = &target.package;
        let dependents = &self.workspace.dependents;
        for dependency in &package.dependencies {
            let below = tree.edges.get(&package.key).into_iter().flatten();
            let resolved = Packages::resolve(dependency, below);
            let own = resolved.and_then(|key| self.packages.get(key)?.library.as_ref()).map(Source::crate_name);
            let name = dependency.rename.clone().or(own).unwrap_or_else(|| dependency.package.replace('-', "_"));
            let external = match resolved {
                _ if is_runtime(&dependency.package) => Extern::Runtime,
                Some(key) => libraries.get(key).map_or(Extern::Foreign, |index| Extern::Crate(*index)),
                None if dependents.iter().any(|(name, _)| *name == dependency.package) => {
                    Extern::Macros(dependency.package.clone())
                }
                None => Extern::Foreign,
            };
            externs.insert(name, external);
        }
        if let (true, Some(library), Some(index)) = (target.bin, &package.library, libraries.get(&package.key)) {
            externs.insert(library.crate_name(), Extern::Crate(*index));
        }
        externs
    }

    /// Searches the macros of those packages of a graph that are on disk and are not walked.
    fn emitters(&mut self, tree: &Tree) {
        let runtime = self.packages.names_of_runtime();
        let is_walked = |key: &PackageKey| tree.packages.contains_key(key) && self.workspace.dependents.contains(key);
        let linked = tree.packages.keys().filter_map(|key| Some((key.clone(), tree.folder(key)?.to_owned())));
        let macros = self.packages.macros(tree.packages.keys());
        let open: Vec<_> = linked.chain(macros).filter(|(key, _)| !is_walked(key) && !is_runtime(&key.0)).collect();
        for (key, root) in open {
            if self.searched.insert(key.clone()) {
                let emitted = emitters::find(&root, &runtime);
                self.scan.files.extend(emitted.files);
                self.doubts(&key, &root, emitted.doubts);
            }
        }
    }

    fn doubts(&mut self, (name, version): &PackageKey, root: &Utf8Path, doubts: Vec<Doubt>) {
        let is_member = self.workspace.member(name).is_some_and(|member| member.key.1 == *version);
        for doubt in doubts {
            let place = DeclaredBy {
                package: name.clone(),
                version: (!is_member).then(|| version.clone()),
                file: doubt.spot.file.to_string(),
                item: String::new(),
                line: Some(doubt.spot.line),
            };
            self.scan.doubts.insert((place, doubt.why), root.to_owned());
        }
    }

    /// Keeps what is wrong or not known, and gives back what is declared.
    fn take(&mut self, target: &Target, declared: Declared) -> Vec<Fragment> {
        let Package { key, root, .. } = &*target.package;
        self.doubts(key, root, declared.doubts);
        for (spot, problem) in declared.problems {
            let path = tokens::normalized(&root.join(&*spot.file));
            self.mistakes.push(Mistake {
                path: path.strip_prefix(&self.workspace.root).unwrap_or(&path).to_owned(),
                line: spot.line,
                column: spot.column,
                message: problem.message,
                help: problem.help,
            });
        }
        declared.fragments
    }
}

/// The doubt about a package that cannot be told from another.
fn ambiguous() -> Doubt {
    let why = "another package of this name and version is linked too";
    Doubt { spot: Spot { file: "Cargo.toml".into(), line: 1, column: 1 }, why: why.to_owned() }
}
