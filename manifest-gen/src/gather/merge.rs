//! The declarations of all applications, brought together.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::Id;
use orch_manifest::fragment::{Declaration, Fragment};
use orch_manifest::manifest::{AppEntry, AuthProviderEntry, ClientEntry, DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::{App, Client, Service, Workload};
use sha2::{Digest, Sha256};

use super::apps::Graph;
use super::check::Unit;
use super::redeclared::Redeclared;
use super::workspace::Workspace;
use super::{GatherError, Gathered, Sources};
use crate::config::FILE;
use crate::finding::{Code, Finding};
use crate::hex::hex;

/// The most bytes that a `file(…)` may have.
const MAX_FILE: u64 = 1024 * 1024;

/// Brings everything together.
pub(super) fn merge(workspace: Workspace, graphs: &[Graph], system: Id) -> Result<Gathered, GatherError> {
    let mut merge = Merge {
        members: workspace.members.iter().map(|member| member.key.clone()).collect(),
        services: BTreeMap::new(),
        twice: BTreeSet::new(),
        redeclared: Redeclared::new(workspace.config.packages.clone()),
        manifest: Manifest::new(system),
        findings: Vec::new(),
        sources: Sources::default(),
    };
    merge.manifest.registry.clone_from(&workspace.config.system.registry);
    for graph in graphs {
        merge.graph(graph, &workspace);
    }
    let Merge { mut manifest, mut findings, sources, services, twice, redeclared, .. } = merge;
    let mut conflicts = BTreeSet::new();
    for (id, declared) in services.iter().filter(|(id, declared)| differs_by_features(declared, twice.contains(*id))) {
        conflicts.insert(id.clone());
        findings.push(conflict(id, declared));
    }
    manifest.services = services.into_values().flatten().map(|declared| declared.entry).collect();
    let packages = workspace.dependents.iter().cloned().collect();
    workspace.config.check_packages(&redeclared.declared(packages, &manifest))?;
    redeclared.settle(&mut manifest, &mut findings);
    finish(&mut manifest, &conflicts, &mut findings);
    Ok(Gathered {
        manifest,
        findings,
        sources,
        merged: redeclared.places(),
        config: workspace.config,
        root: workspace.root,
        target_dir: workspace.target_dir,
        inputs: BTreeSet::new(),
    })
}

struct Merge {
    members: BTreeSet<(String, String)>,
    /// All declarations of an id that differ.
    services: BTreeMap<Id, Vec<Declared>>,
    /// The ids that one crate declares more than once.
    twice: BTreeSet<Id>,
    redeclared: Redeclared,
    manifest: Manifest,
    findings: Vec<Finding>,
    sources: Sources,
}

/// One declaration of a service.
struct Declared {
    entry: ServiceEntry,
    /// The packages of the applications for which it came out like this, with the features of the
    /// crate.
    by: BTreeMap<String, BTreeSet<String>>,
}

impl Merge {
    fn graph(&mut self, graph: &Graph, workspace: &Workspace) {
        let Some(package) = &graph.package else {
            for unit in &graph.units {
                self.linked(unit, &unit.package.0, &mut Linked::default());
            }
            return;
        };
        let bins = workspace.member(&package.0).map_or(&[][..], |member| member.bins.as_slice());
        let mut apps: BTreeMap<String, (App, DeclaredBy)> = BTreeMap::new();
        for unit in graph.units.iter().filter(|unit| unit.package == *package) {
            for fragment in &unit.fragments {
                if let Declaration::App(app) = &fragment.declaration {
                    self.app(app, fragment, unit, bins, &mut apps);
                }
            }
        }
        let mut libraries = Linked::default();
        for unit in graph.units.iter().filter(|unit| unit.bin.is_none()) {
            self.linked(unit, &package.0, &mut libraries);
        }
        if apps.is_empty() && !(libraries.services.is_empty() && libraries.calls.is_empty()) {
            let finding = Finding::new(
                Code::UndeclaredApp,
                format!("the package `{}` uses services, but is no application", package.0),
            );
            self.findings.push(finding.help("write `#[orch::app]` on its `main`, if it is a part of the system"));
        }
        for (bin, (mut app, declared_by)) in apps {
            let mut linked = libraries.clone();
            let own = |unit: &&std::rc::Rc<Unit>| unit.package == *package && unit.bin.as_ref() == Some(&bin);
            for unit in graph.units.iter().filter(own) {
                self.linked(unit, &package.0, &mut linked);
            }
            let Some(id) = self.app_id(&mut app, &bin, &declared_by) else { continue };
            app.bin = Some(bin);
            self.manifest.apps.push(AppEntry {
                id,
                version: package.1.clone(),
                services: linked.services.into_iter().collect(),
                calls: linked.calls.into_iter().collect(),
                app,
                declared_by,
            });
        }
    }

    /// Finds the binary that an `#[app]` is about.
    fn app(
        &mut self,
        app: &App,
        fragment: &Fragment,
        unit: &Unit,
        bins: &[String],
        apps: &mut BTreeMap<String, (App, DeclaredBy)>,
    ) {
        let place = self.place(fragment, unit);
        let bin = match (&unit.bin, &app.bin, bins) {
            (Some(bin), None, _) => bin,
            (Some(bin), Some(named), _) if bin == named => bin,
            (None, Some(named), _) if bins.contains(named) => named,
            (None, None, [only]) => only,
            _ => {
                let finding = Finding::new(
                    Code::UnknownBinary,
                    format!("which binary of `{}` is this application?", unit.package.0),
                );
                let list: Vec<String> = bins.iter().map(|bin| format!("`bin = \"{bin}\"`")).collect();
                self.findings.push(
                    finding.help(format!("write it on the binary's `main`, or {}", list.join(" or "))).at(&place),
                );
                return;
            }
        };
        let mut app = app.clone();
        self.read_files(&mut app.workload, unit, &place);
        match apps.get(bin) {
            Some((other, at)) if (other, at) != (&app, &place) => {
                let finding =
                    Finding::new(Code::TwoApps, format!("the binary `{bin}` is declared as an application twice"));
                self.findings.push(finding.help("keep one").at(at).at(&place));
            }
            _ => {
                apps.insert(bin.clone(), (app, place));
            }
        }
    }

    fn app_id(&mut self, app: &mut App, bin: &str, place: &DeclaredBy) -> Option<Id> {
        let id = match app.id.take() {
            Some(id) => Ok(id),
            None => Id::from_ident(bin),
        };
        id.map_err(|invalid| {
            let finding = Finding::new(Code::UnknownBinary, invalid.problem);
            self.findings.push(finding.help("write `id = \"…\"` in `#[app(…)]`").at(place));
        })
        .ok()
    }

    /// Takes what a linked crate declares, other than applications.
    fn linked(&mut self, unit: &Unit, package: &str, linked: &mut Linked) {
        let mut ids = BTreeSet::new();
        self.redeclared.read(&unit.package);
        for fragment in &unit.fragments {
            let declared_by = self.place(fragment, unit);
            match &fragment.declaration {
                Declaration::App(_) => {}
                Declaration::Service(service) => {
                    let Some((id, service)) = self.redeclared.service(service, &unit.package, &declared_by) else {
                        continue;
                    };
                    linked.services.insert(id.clone());
                    let Some(service) = service else { continue };
                    if !ids.insert(id.clone()) {
                        self.twice.insert(id);
                    }
                    self.service(service, declared_by, unit, package);
                }
                Declaration::Client(client) => {
                    let of = self.redeclared.id(&unit.package, &client.of);
                    linked.calls.insert(of.clone());
                    let entry = ClientEntry { client: Client { of, ..client.clone() }, declared_by };
                    if !self.manifest.clients.contains(&entry) {
                        self.manifest.clients.push(entry);
                    }
                }
                Declaration::AuthProvider(provider) => {
                    let entry = AuthProviderEntry { provider: provider.clone(), declared_by };
                    if !self.manifest.auth_providers.contains(&entry) {
                        self.manifest.auth_providers.push(entry);
                    }
                }
            }
        }
    }

    fn service(&mut self, service: Service, declared_by: DeclaredBy, unit: &Unit, package: &str) {
        let mut entry = ServiceEntry { service, declared_by };
        self.read_files(&mut entry.service.workload, unit, &entry.declared_by);
        let known = self.services.entry(entry.service.id.clone()).or_default();
        let index = known.iter().position(|declared| declared.entry == entry).unwrap_or_else(|| {
            known.push(Declared { entry, by: BTreeMap::new() });
            known.len() - 1
        });
        known[index].by.insert(package.to_owned(), unit.features.clone());
    }

    fn place(&mut self, fragment: &Fragment, unit: &Unit) -> DeclaredBy {
        let (package, version) = unit.package.clone();
        let version = (!self.members.contains(&unit.package)).then_some(version);
        self.sources.roots.insert((package.clone(), version.clone()), unit.root.clone());
        DeclaredBy {
            package,
            version,
            file: fragment.file.clone(),
            item: fragment.item.clone(),
            line: Some(fragment.line).filter(|line| *line > 0),
        }
    }

    fn read_files(&mut self, workload: &mut Workload, unit: &Unit, place: &DeclaredBy) {
        for file in &mut workload.files {
            match read(&unit.root, file.source.as_str()) {
                Ok(content) => {
                    file.sha256 = Some(hash(&content));
                    file.content = Some(content);
                }
                Err(problem) => {
                    let finding = Finding::new(Code::InvalidFile, format!("`{}`: {problem}", file.source));
                    self.findings.push(finding.help("name a UTF-8 file of at most 1 MiB in the package").at(place));
                }
            }
        }
    }
}

/// What the crates linked into an application declare.
#[derive(Clone, Default)]
struct Linked {
    services: BTreeSet<Id>,
    calls: BTreeSet<Id>,
}

/// The hash of a file's text.
pub(super) fn hash(content: &str) -> String {
    hex(&Sha256::digest(content))
}

fn read(root: &Utf8Path, source: &str) -> Result<String, String> {
    let path: Utf8PathBuf = root.join(source);
    let resolve = |path: &Utf8Path| path.canonicalize_utf8().map_err(|error| error.to_string());
    if !resolve(&path)?.starts_with(resolve(root)?) {
        return Err("it leads out of the package".to_owned());
    }
    let metadata = std::fs::metadata(&path).map_err(|error| error.to_string())?;
    if !metadata.is_file() || metadata.len() > MAX_FILE {
        return Err("it is no file of at most 1 MiB".to_owned());
    }
    std::fs::read_to_string(&path).map_err(|error| error.to_string())
}

/// Sorts, and finds what is declared twice.
fn finish(manifest: &mut Manifest, conflicts: &BTreeSet<Id>, findings: &mut Vec<Finding>) {
    manifest.sort();
    let mut by_id: BTreeMap<&Id, Vec<&DeclaredBy>> = BTreeMap::new();
    for entry in &manifest.services {
        by_id.entry(&entry.service.id).or_default().push(&entry.declared_by);
    }
    for entry in &manifest.apps {
        by_id.entry(&entry.id).or_default().push(&entry.declared_by);
    }
    let once = |id: &Id| conflicts.contains(id) && !manifest.apps.iter().any(|entry| entry.id == *id);
    for (id, places) in by_id.iter().filter(|(id, places)| places.len() > 1 && !once(id)) {
        findings.push(duplicate(id, places));
    }
    let mut providers: BTreeMap<&Id, Vec<&DeclaredBy>> = BTreeMap::new();
    for entry in &manifest.auth_providers {
        providers.entry(&entry.provider.id).or_default().push(&entry.declared_by);
    }
    findings.extend(providers.iter().filter(|(_, places)| places.len() > 1).map(|(id, places)| duplicate(id, places)));
    manifest.apps.dedup_by(|a, b| a.id == b.id);
    manifest.services.dedup_by(|later, first| {
        let same = later.service.id == first.service.id;
        if same {
            // What only the other one provides is not missed on top of this.
            first.service.workload.provides.append(&mut later.service.workload.provides);
        }
        same
    });
    manifest.auth_providers.dedup_by(|a, b| a.provider.id == b.provider.id);
    let services: BTreeSet<&Id> = manifest.services.iter().map(|entry| &entry.service.id).collect();
    manifest.apps.retain(|entry| !services.contains(&entry.id));
    if manifest.apps.is_empty() && manifest.services.is_empty() {
        let finding = Finding::new(Code::NothingDeclared, "nothing is declared");
        findings.push(
            finding.help("write `#[orch::app]` on a `main`, and `#[orch::service(…)]` in the crates it depends on"),
        );
    }
}

fn duplicate(id: &Id, places: &[&DeclaredBy]) -> Finding {
    let mut help = "give each an `id` of its own".to_owned();
    // What is not of this workspace cannot be edited.
    if let Some(place) = places.iter().find(|place| place.version.is_some()) {
        help = format!(
            "{help}, or write `[packages.{}.services.{id}]` in {FILE} with `rename`, `same_as` or `disable`",
            place.package
        );
    }
    let finding = Finding::new(Code::DuplicateId, format!("`{id}` is declared {} times", places.len())).help(help);
    let mut places: Vec<&DeclaredBy> = places.to_vec();
    places.dedup();
    places.into_iter().fold(finding, Finding::at)
}

/// Whether what differs is one crate as it is compiled for different applications.
fn differs_by_features(declared: &[Declared], twice: bool) -> bool {
    let package = |declared: &Declared| {
        let place = &declared.entry.declared_by;
        (place.package.clone(), place.version.clone())
    };
    !twice && declared.windows(2).all(|pair| package(&pair[0]) == package(&pair[1])) && declared.len() > 1
}

fn conflict(id: &Id, declared: &[Declared]) -> Finding {
    let package = &declared[0].entry.declared_by.package;
    let ways = declared.iter().flat_map(|declared| &declared.by).map(|(app, features)| {
        let features: Vec<String> = features.iter().map(|feature| format!("`{feature}`")).collect();
        match features.as_slice() {
            [] => format!("`{app}` has it without features"),
            _ => format!("`{app}` has it with {}", features.join(" and ")),
        }
    });
    let message = format!(
        "`{id}` comes out differently, since applications use `{package}` with different features: {}",
        ways.collect::<Vec<_>>().join(", ")
    );
    let mut places: Vec<&DeclaredBy> = declared.iter().map(|declared| &declared.entry.declared_by).collect();
    places.dedup();
    let finding = Finding::new(Code::ConflictingDeclaration, message);
    let help = "use the crate with the same features everywhere, or give the service another `id` under one of them";
    places.into_iter().fold(finding.help(help), Finding::at)
}
