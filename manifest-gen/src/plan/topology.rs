//! Who uses whom, and who waits for whom.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::{AppEntry, DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::{AppKind, Deployment, Workload};
use orch_manifest::{Capability, Id, nearest};

use super::{Condition, Dependency};
use crate::finding::{Code, Finding};

/// The edges of the system.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    /// Of each application: the services it uses.
    pub uses: BTreeMap<Id, BTreeSet<Id>>,
    /// Of each application and service: the applications it calls, and the services a service
    /// consumes. They bind and open the network.
    pub calls: BTreeMap<Id, BTreeSet<Id>>,
    /// Of each application and service: for what it waits.
    pub waits: BTreeMap<Id, Vec<Dependency>>,
    /// Of each application and service: what it wants and does not have.
    pub absent: BTreeMap<Id, BTreeSet<Id>>,
}

impl Topology {
    /// Resolves every token and every reference of a manifest, and finds what does not fit.
    pub fn resolve(manifest: &Manifest) -> (Self, Vec<Finding>) {
        let mut resolver = Resolver { manifest, topology: Self::default(), findings: Vec::new() };
        for entry in &manifest.services {
            resolver.service(entry);
        }
        for entry in &manifest.apps {
            resolver.app(entry);
        }
        resolver.cycles();
        (resolver.topology, resolver.findings)
    }

    /// Whether a workload may name another in its templates.
    pub fn knows(&self, who: &Id, other: &Id) -> bool {
        let has = |edges: &BTreeMap<Id, BTreeSet<Id>>| edges.get(who).is_some_and(|ids| ids.contains(other));
        has(&self.uses) || has(&self.calls)
    }

    /// What a workload uses and calls, in the order of ids.
    pub fn neighbours(&self, who: &Id) -> BTreeSet<Id> {
        let of = |edges: &BTreeMap<Id, BTreeSet<Id>>| edges.get(who).cloned().unwrap_or_default();
        let mut ids = of(&self.uses);
        ids.extend(of(&self.calls));
        ids
    }
}

struct Resolver<'a> {
    manifest: &'a Manifest,
    topology: Topology,
    findings: Vec<Finding>,
}

/// How the provider of a token was found.
enum Found<'a> {
    One(&'a Id),
    Nobody,
    Several,
}

impl Resolver<'_> {
    fn service(&mut self, entry: &ServiceEntry) {
        let id = &entry.service.id;
        let (needed, wanted) = self.tokens(id, &entry.service.workload, &entry.declared_by, &BTreeSet::new());
        for (other, required) in needed.iter().map(|id| (id, true)).chain(wanted.iter().map(|id| (id, false))) {
            self.topology.calls.entry(id.clone()).or_default().insert(other.clone());
            self.wait(id, other, required);
        }
    }

    fn app(&mut self, entry: &AppEntry) {
        let (id, place) = (&entry.id, &entry.declared_by);
        let mut uses: BTreeSet<Id> = entry.services.iter().cloned().collect();
        if let Some(chosen) = &entry.app.uses {
            for other in chosen.iter().filter(|id| self.manifest.service(id).is_none()) {
                let known: Vec<&str> = self.manifest.services.iter().map(|entry| entry.service.id.as_str()).collect();
                self.unknown(format!("`{id}` uses `{other}`, which is not there"), other, &known, place);
            }
            uses = chosen.iter().filter(|id| self.manifest.service(id).is_some()).cloned().collect();
        }
        let (needed, wanted) = self.tokens(id, &entry.app.workload, place, &uses);
        let mut required: BTreeSet<Id> = needed;
        let mut soft: BTreeSet<Id> = wanted;
        for service in &uses {
            let stays = required.contains(service) || soft.contains(service);
            let kind_is_soft = self.manifest.service(service).is_some_and(|entry| entry.service.kind.is_soft());
            if !stays {
                if kind_is_soft { &mut soft } else { &mut required }.insert(service.clone());
            }
        }
        let (services, apps): (BTreeSet<Id>, BTreeSet<Id>) =
            required.union(&soft).cloned().partition(|id| self.manifest.service(id).is_some());
        for service in &services {
            self.wait(id, service, required.contains(service));
        }
        uses.extend(services);
        let calls = self.calls(entry, apps);
        for job in &entry.app.after {
            self.after(id, job, place);
        }
        self.topology.uses.insert(id.clone(), uses);
        self.topology.calls.insert(id.clone(), calls);
    }

    fn calls(&mut self, entry: &AppEntry, mut calls: BTreeSet<Id>) -> BTreeSet<Id> {
        for called in &entry.calls {
            // An application's own client crate is a part of it.
            if *called == entry.id {
                continue;
            }
            if self.manifest.app(called).is_some() || self.manifest.service(called).is_some() {
                calls.insert(called.clone());
                continue;
            }
            let known: Vec<&str> = self.manifest.apps.iter().map(|entry| entry.id.as_str()).collect();
            let places = self.manifest.clients.iter().filter(|client| client.client.of == *called);
            let finding = Finding::new(
                Code::UnknownReference,
                format!("`{}` calls the application `{called}`, which is not a part of the system", entry.id),
            );
            let help = match nearest(called.as_str(), known) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => "choose it with `-p` too, or declare it as an external service".to_owned(),
            };
            self.findings.push(places.fold(finding.help(help), |finding, client| finding.at(&client.declared_by)));
        }
        calls
    }

    fn after(&mut self, id: &Id, job: &Id, place: &DeclaredBy) {
        let kind = self.manifest.app(job).map(|entry| entry.app.kind());
        if kind == Some(AppKind::Job) {
            let dependency = Dependency { id: job.clone(), condition: Condition::Completed, required: true };
            self.topology.waits.entry(id.clone()).or_default().push(dependency);
            return;
        }
        let jobs: Vec<&str> =
            self.manifest.apps.iter().filter(|e| e.app.kind() == AppKind::Job).map(|e| e.id.as_str()).collect();
        let message = match kind {
            Some(kind) => format!("`{id}` starts after `{job}`, which is a {kind} and never ends"),
            None => format!("`{id}` starts after `{job}`, which is not there"),
        };
        self.unknown(message, job, &jobs, place);
    }

    fn unknown(&mut self, message: String, id: &Id, known: &[&str], place: &DeclaredBy) {
        let help = orch_manifest::did_you_mean(id.as_str(), known);
        self.findings.push(Finding::new(Code::UnknownReference, message).help(help).at(place));
    }

    /// Who provides what a workload consumes, and what it wants.
    fn tokens(
        &mut self,
        id: &Id,
        workload: &Workload,
        place: &DeclaredBy,
        own: &BTreeSet<Id>,
    ) -> (BTreeSet<Id>, BTreeSet<Id>) {
        let (mut needed, mut wanted) = (BTreeSet::new(), BTreeSet::new());
        for (tokens, required) in [(&workload.consumes, true), (&workload.wants, false)] {
            for token in tokens {
                match self.provider(token, id, own) {
                    Found::One(provider) => {
                        if required { &mut needed } else { &mut wanted }.insert(provider.clone());
                    }
                    Found::Nobody if required => self.unresolved(token, id, place),
                    Found::Nobody => {
                        if let Ok(absent) = Id::parse(token.as_str()) {
                            self.topology.absent.entry(id.clone()).or_default().insert(absent);
                        }
                    }
                    Found::Several => self.ambiguous(token, id, place),
                }
            }
        }
        (needed, wanted)
    }

    /// The provider of a token: of the services an application has itself if one of them does, else
    /// of the whole system.
    fn provider(&self, token: &Capability, who: &Id, own: &BTreeSet<Id>) -> Found<'_> {
        let all: Vec<&Id> = self.providers(token).into_iter().map(|(id, _)| id).filter(|id| *id != who).collect();
        let near: Vec<&Id> = all.iter().copied().filter(|id| own.contains(id)).collect();
        // An id is a name of one; it is never ambiguous.
        let named = all.iter().copied().find(|id| id.as_str() == token.as_str());
        match (named, near.as_slice(), all.as_slice()) {
            (Some(id), _, _) | (None, &[id], _) | (None, [], &[id]) => Found::One(id),
            (None, [], []) => Found::Nobody,
            _ => Found::Several,
        }
    }

    fn providers(&self, token: &Capability) -> Vec<(&Id, &DeclaredBy)> {
        let services = self.manifest.services.iter().filter(|entry| {
            let service = &entry.service;
            service.id.as_str() == token.as_str()
                || service.kind.as_str() == token.as_str()
                || service.workload.provides.contains(token)
        });
        let apps = self
            .manifest
            .apps
            .iter()
            .filter(|entry| entry.id.as_str() == token.as_str() || entry.app.workload.provides.contains(token));
        let services = services.map(|entry| (&entry.service.id, &entry.declared_by));
        services.chain(apps.map(|entry| (&entry.id, &entry.declared_by))).collect()
    }

    fn unresolved(&mut self, token: &Capability, id: &Id, place: &DeclaredBy) {
        let services = self.manifest.services.iter().flat_map(|entry| {
            let provided = entry.service.workload.provides.iter().map(Capability::as_str);
            provided.chain([entry.service.id.as_str(), entry.service.kind.as_str()])
        });
        let apps =
            self.manifest.apps.iter().flat_map(|entry| {
                entry.app.workload.provides.iter().map(Capability::as_str).chain([entry.id.as_str()])
            });
        let known: BTreeSet<&str> = services.chain(apps).collect();
        let help = orch_manifest::did_you_mean(token.as_str(), &known.into_iter().collect::<Vec<_>>());
        let finding = Finding::new(Code::UnresolvedToken, format!("`{id}` consumes `{token}`, which nobody provides"));
        self.findings.push(finding.help(help).at(place));
    }

    fn ambiguous(&mut self, token: &Capability, id: &Id, place: &DeclaredBy) {
        let providers = self.providers(token);
        let ids: Vec<String> =
            providers.iter().filter(|(other, _)| *other != id).map(|(id, _)| format!("`{id}`")).collect();
        let finding = Finding::new(
            Code::AmbiguousToken,
            format!("`{id}` consumes `{token}`, which {} provide", ids.join(" and ")),
        )
        .help(format!("consume the one that is meant by its id: {}", ids.join(" or ")))
        .at(place);
        let finding = providers.iter().fold(finding, |finding, (_, place)| finding.at(place));
        self.findings.push(finding);
    }

    /// Waits for a service, or for nothing where nothing is started.
    fn wait(&mut self, id: &Id, other: &Id, required: bool) {
        let Some(entry) = self.manifest.service(other) else { return };
        if entry.service.deployment() != Deployment::Container {
            return;
        }
        let soft = entry.service.kind.is_soft() || !required;
        let healthy = !soft && super::resolve::has_check(&entry.service.workload);
        let condition = if healthy { Condition::Healthy } else { Condition::Started };
        let dependency = Dependency { id: other.clone(), condition, required: !soft };
        self.topology.waits.entry(id.clone()).or_default().push(dependency);
    }

    /// Finds circles among those who wait for each other, each once.
    fn cycles(&mut self) {
        let mut done: BTreeSet<Id> = BTreeSet::new();
        let ids: Vec<Id> = self.topology.waits.keys().cloned().collect();
        for id in ids {
            let mut path: Vec<Id> = Vec::new();
            if let Some(cycle) = self.cycle_from(&id, &mut path, &mut done) {
                let names: Vec<String> = cycle.iter().chain(cycle.first()).map(|id| format!("`{id}`")).collect();
                let finding = Finding::new(
                    Code::StartOrderCycle,
                    format!("each waits for the next to start: {}", names.join(" → ")),
                )
                .help("take one of these out: `consumes`, or `after`");
                let places: Vec<DeclaredBy> = cycle.iter().filter_map(|id| self.place(id)).cloned().collect();
                self.findings.push(places.iter().fold(finding, Finding::at));
            }
        }
    }

    fn cycle_from(&self, id: &Id, path: &mut Vec<Id>, done: &mut BTreeSet<Id>) -> Option<Vec<Id>> {
        if let Some(start) = path.iter().position(|other| other == id) {
            return Some(path[start..].to_vec());
        }
        if !done.insert(id.clone()) {
            return None;
        }
        path.push(id.clone());
        let waits = self.topology.waits.get(id).map_or(&[][..], Vec::as_slice);
        let cycle = waits.iter().find_map(|dependency| self.cycle_from(&dependency.id, path, done));
        path.pop();
        cycle
    }

    fn place(&self, id: &Id) -> Option<&DeclaredBy> {
        let service = self.manifest.service(id).map(|entry| &entry.declared_by);
        service.or_else(|| self.manifest.app(id).map(|entry| &entry.declared_by))
    }
}
