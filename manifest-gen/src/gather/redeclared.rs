//! What `[packages]` of `orch.toml` makes of declarations, and of those that refer to them.
//!
//! A crate that cannot be edited names its own services by their ids, in `consumes`, in templates. What
//! it says about one of its own that has another id in the system is said of that one; what others say
//! is, too, as long as nothing else has the id they name.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::{DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::{Connection, Service, Workload};
use orch_manifest::value::TemplateValue;
use orch_manifest::{Capability, Id, Template, Value};

use super::lockfile::PackageKey;
use super::merge::hash;
use crate::config::{Declared, FILE, Fate, Packages};
use crate::finding::{Code, Finding};

type NewId<'a> = &'a dyn Fn(&Id) -> Option<Id>;

/// The declarations that came out otherwise than their crates say.
pub(super) struct Redeclared {
    packages: Packages,
    /// Of each package that was read, the services it declares, by the ids they have there.
    read: BTreeMap<PackageKey, BTreeSet<Id>>,
    /// The ids that the services of a place have in the system, where those are others.
    own: BTreeMap<(String, Option<String>), BTreeMap<Id, Id>>,
    /// What was dropped, with the service that is used in its stead.
    merged: Vec<(Id, ServiceEntry)>,
    /// What was dropped.
    disabled: BTreeSet<Id>,
}

impl Redeclared {
    pub(super) fn new(packages: Packages) -> Self {
        Self { packages, read: BTreeMap::new(), own: BTreeMap::new(), merged: Vec::new(), disabled: BTreeSet::new() }
    }

    /// A package whose declarations are read.
    pub(super) fn read(&mut self, package: &PackageKey) {
        self.read.entry(package.clone()).or_default();
    }

    /// What is in the system for a service that a package declares: its id, and the service itself
    /// unless another is used in its stead.
    pub(super) fn service(
        &mut self,
        service: &Service,
        package: &PackageKey,
        place: &DeclaredBy,
    ) -> Option<(Id, Option<Service>)> {
        self.read.entry(package.clone()).or_default().insert(service.id.clone());
        let Some(fate) = self.packages.fate(package, &service.id) else {
            return Some((service.id.clone(), Some(service.clone())));
        };
        let id = match fate {
            Fate::Disable => {
                self.disabled.insert(service.id.clone());
                return None;
            }
            Fate::Rename(id) | Fate::SameAs(id) => id.clone(),
        };
        let is_same = matches!(fate, Fate::SameAs(_));
        let own = self.own.entry((place.package.clone(), place.version.clone())).or_default();
        own.insert(service.id.clone(), id.clone());
        if !is_same {
            // Somebody wrote it down, so it does not follow from a name any more.
            return Some((id.clone(), Some(Service { id, derived_id: false, ..service.clone() })));
        }
        let dropped = (id.clone(), ServiceEntry { service: service.clone(), declared_by: place.clone() });
        if !self.merged.contains(&dropped) {
            self.merged.push(dropped);
        }
        Some((id, None))
    }

    /// The id in the system of what a package calls by this one.
    pub(super) fn id(&self, package: &PackageKey, id: &Id) -> Id {
        match self.packages.fate(package, id) {
            Some(Fate::Rename(new) | Fate::SameAs(new)) => new.clone(),
            Some(Fate::Disable) | None => id.clone(),
        }
    }

    /// The places whose service is another now, each with the id of that.
    pub(super) fn places(&self) -> BTreeMap<Id, Vec<DeclaredBy>> {
        let mut places: BTreeMap<Id, Vec<DeclaredBy>> = BTreeMap::new();
        for (id, dropped) in &self.merged {
            places.entry(id.clone()).or_default().push(dropped.declared_by.clone());
        }
        places
    }

    /// What there was for `[packages]` to name, in a manifest in which what is renamed, merged and
    /// disabled is so already.
    pub(super) fn declared(&self, packages: Vec<PackageKey>, manifest: &Manifest) -> Declared {
        let services = self.read.iter().map(|(package, ids)| (package.clone(), ids.iter().cloned().collect()));
        Declared {
            packages,
            services: services.collect(),
            ids: manifest.services.iter().map(|entry| entry.service.id.clone()).collect(),
        }
    }

    /// Lets everything in a manifest name services as they are called there, and gives those that are
    /// used in the stead of others what the others provide.
    pub(super) fn settle(&self, manifest: &mut Manifest, findings: &mut Vec<Finding>) {
        if self.packages.is_empty() {
            return;
        }
        let everywhere = self.unmistakable(manifest);
        let new_id = |place: &DeclaredBy, id: &Id| {
            let own = self.own.get(&(place.package.clone(), place.version.clone()));
            own.and_then(|ids| ids.get(id)).or_else(|| everywhere.get(id)).cloned()
        };
        for entry in &mut manifest.services {
            rename_in_service(&mut entry.service, &|id| new_id(&entry.declared_by, id));
        }
        for entry in &mut manifest.apps {
            let new_id = |id: &Id| new_id(&entry.declared_by, id);
            rename_in_workload(&mut entry.app.workload, &new_id);
            entry.calls = renamed_ids(&entry.calls, &|id| everywhere.get(id).cloned());
            entry.app.uses = entry.app.uses.as_ref().map(|ids| renamed_ids(ids, &new_id));
        }
        for entry in &mut manifest.clients {
            let new_id = |id: &Id| new_id(&entry.declared_by, id);
            entry.client.of = everywhere.get(&entry.client.of).unwrap_or(&entry.client.of).clone();
            entry.client.app_env.values_mut().for_each(|template| *template = template.with_ids(&new_id));
        }
        for (id, dropped) in &self.merged {
            let mut dropped = dropped.clone();
            rename_in_service(&mut dropped.service, &|id| new_id(&dropped.declared_by, id));
            for entry in manifest.services.iter_mut().filter(|entry| entry.service.id == *id) {
                findings.extend(give(entry, &dropped));
            }
        }
        self.without_disabled(manifest, findings);
    }

    /// What the ids became that nothing in the system has any more.
    fn unmistakable(&self, manifest: &Manifest) -> BTreeMap<Id, Id> {
        let mut became: BTreeMap<&Id, BTreeSet<&Id>> = BTreeMap::new();
        for (old, new) in self.own.values().flatten() {
            became.entry(old).or_default().insert(new);
        }
        let services = manifest.services.iter().map(|entry| &entry.service.id);
        let taken: BTreeSet<&Id> = services.chain(manifest.apps.iter().map(|entry| &entry.id)).collect();
        let free = became.into_iter().filter(|(old, _)| !taken.contains(old));
        free.filter_map(|(old, new)| Some((old.clone(), (*new.first().filter(|_| new.len() == 1)?).clone()))).collect()
    }

    /// An application that can be edited does not name what `orch.toml` takes away.
    fn without_disabled(&self, manifest: &mut Manifest, findings: &mut Vec<Finding>) {
        let services: BTreeSet<Id> = manifest.services.iter().map(|entry| entry.service.id.clone()).collect();
        let gone = |id: &Id| self.disabled.contains(id) && !services.contains(id);
        for entry in &mut manifest.apps {
            let Some(uses) = &mut entry.app.uses else { continue };
            for id in uses.extract_if(.., |id| gone(id)) {
                let message = format!("`{}` uses `{id}`, which {FILE} disables", entry.id);
                let help = "take it out of `uses`, or out of `[packages]`";
                findings.push(Finding::new(Code::UnknownReference, message).help(help).at(&entry.declared_by));
            }
        }
    }
}

/// Gives a service what is provided by another that is the same. An adapter finds its variables then
/// as before.
fn give(entry: &mut ServiceEntry, dropped: &ServiceEntry) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (service, other) = (&mut entry.service, &dropped.service);
    let kind = (service.kind != other.kind).then(|| Capability::parse(other.kind.as_str()).ok()).flatten();
    for token in other.workload.provides.iter().cloned().chain(kind) {
        if !service.workload.provides.contains(&token) {
            service.workload.provides.push(token);
        }
    }
    for (name, template) in &other.workload.app_env {
        match service.workload.app_env.get(name) {
            None => {
                service.workload.app_env.insert(name.clone(), template.clone());
            }
            Some(own) if own == template => {}
            Some(own) => {
                let message = format!(
                    "`{name}` is `{own}` of `{}` and `{template}` of `{}`, which {FILE} takes for the same",
                    service.id, other.id
                );
                findings.push(
                    Finding::new(Code::BindingConflict, message)
                        .help("write `rename` instead of `same_as`, or let one of the crates use another variable")
                        .at(&entry.declared_by)
                        .at(&dropped.declared_by),
                );
            }
        }
    }
    findings
}

fn rename_in_service(service: &mut Service, new_id: NewId<'_>) {
    rename_in_workload(&mut service.workload, new_id);
    if let Some(Connection { url, host, user, database, params }) = &mut service.connection {
        let single = [url, host, user, database].into_iter().flatten();
        single.chain(params.values_mut()).for_each(|value| rename_in_value(value, new_id));
    }
}

fn rename_in_workload(workload: &mut Workload, new_id: NewId<'_>) {
    for tokens in [&mut workload.consumes, &mut workload.wants] {
        for token in tokens.iter_mut() {
            let id = Id::parse(token.as_str()).ok().and_then(|id| new_id(&id));
            if let Some(renamed) = id.and_then(|id| Capability::parse(id.as_str()).ok()) {
                *token = renamed;
            }
        }
        let mut seen = BTreeSet::new();
        tokens.retain(|token| seen.insert(token.clone()));
    }
    let values = workload.env.values_mut().chain(&mut workload.command).chain(&mut workload.entrypoint);
    values.for_each(|value| rename_in_value(value, new_id));
    workload.app_env.values_mut().for_each(|template| *template = template.with_ids(new_id));
    for file in workload.files.iter_mut().filter(|file| file.template) {
        let template = file.content.as_deref().and_then(|content| Template::parse(content).ok());
        if let Some(renamed) = template.map(|template| template.with_ids(new_id).to_string()) {
            file.sha256 = Some(hash(&renamed));
            file.content = Some(renamed);
        }
    }
}

fn rename_in_value(value: &mut Value, new_id: NewId<'_>) {
    if let Value::Template(TemplateValue { template }) = value {
        *template = template.with_ids(new_id);
    }
}

/// Other ids in a list, each once.
fn renamed_ids(ids: &[Id], new_id: NewId<'_>) -> Vec<Id> {
    let mut renamed: Vec<Id> = Vec::new();
    for id in ids {
        let id = new_id(id).unwrap_or_else(|| id.clone());
        if !renamed.contains(&id) {
            renamed.push(id);
        }
    }
    renamed
}
