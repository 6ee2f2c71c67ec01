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
        let providers = providers(manifest);
        let mut resolver = Resolver { manifest, providers, topology: Self::default(), findings: Vec::new() };
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

/// Somebody who provides a token.
type Provider<'a> = (&'a Id, &'a DeclaredBy);

/// Who provides each token: services their id, their kind and what they say, applications their id and
/// what they say.
fn providers(manifest: &Manifest) -> BTreeMap<&str, Vec<Provider<'_>>> {
    let mut providers: BTreeMap<&str, Vec<Provider<'_>>> = BTreeMap::new();
    let services = manifest.services.iter().map(|entry| {
        let service = &entry.service;
        ((&service.id, &entry.declared_by), Some(service.kind.as_str()), &service.workload.provides)
    });
    let apps = manifest.apps.iter().map(|entry| ((&entry.id, &entry.declared_by), None, &entry.app.workload.provides));
    for (provider, kind, provides) in services.chain(apps) {
        let tokens = provides.iter().map(Capability::as_str).chain(kind).chain([provider.0.as_str()]);
        for token in tokens.collect::<BTreeSet<_>>() {
            providers.entry(token).or_default().push(provider);
        }
    }
    providers
}

struct Resolver<'a> {
    manifest: &'a Manifest,
    providers: BTreeMap<&'a str, Vec<Provider<'a>>>,
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
        let all: Vec<&Id> = self.provided(token).iter().map(|(id, _)| *id).filter(|id| *id != who).collect();
        let near: Vec<&Id> = all.iter().copied().filter(|id| own.contains(id)).collect();
        // An id is a name of one; it is never ambiguous.
        let named = all.iter().copied().find(|id| id.as_str() == token.as_str());
        match (named, near.as_slice(), all.as_slice()) {
            (Some(id), _, _) | (None, &[id], _) | (None, [], &[id]) => Found::One(id),
            (None, [], []) => Found::Nobody,
            _ => Found::Several,
        }
    }

    fn provided(&self, token: &Capability) -> &[Provider<'_>] {
        self.providers.get(token.as_str()).map_or(&[], Vec::as_slice)
    }

    fn unresolved(&mut self, token: &Capability, id: &Id, place: &DeclaredBy) {
        let known: Vec<&str> = self.providers.keys().copied().collect();
        let help = orch_manifest::did_you_mean(token.as_str(), &known);
        let finding = Finding::new(Code::UnresolvedToken, format!("`{id}` consumes `{token}`, which nobody provides"));
        self.findings.push(finding.help(help).at(place));
    }

    fn ambiguous(&mut self, token: &Capability, id: &Id, place: &DeclaredBy) {
        let providers = self.provided(token).to_vec();
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

    /// Finds circles among those who wait for each other: each way back to somebody on the path from
    /// where the search began. Without recursion, since a manifest from elsewhere may have any length.
    fn cycles(&mut self) {
        let mut found: Vec<Vec<Id>> = Vec::new();
        // Where somebody is on the path; `None` when all that comes after has been looked at.
        let mut seen: BTreeMap<&Id, Option<usize>> = BTreeMap::new();
        for start in self.topology.waits.keys() {
            // Who is on the path, and how many of those it waits for have been looked at.
            let mut path: Vec<(&Id, usize)> = Vec::new();
            if !seen.contains_key(start) {
                seen.insert(start, Some(0));
                path.push((start, 0));
            }
            while let Some((id, looked_at)) = path.last_mut() {
                let (id, next) = (*id, *looked_at);
                *looked_at += 1;
                let waits = self.topology.waits.get(id).map_or(&[][..], Vec::as_slice);
                let Some(dependency) = waits.get(next) else {
                    seen.insert(id, None);
                    path.pop();
                    continue;
                };
                match seen.get(&dependency.id) {
                    Some(None) => {}
                    Some(Some(position)) => found.push(path[*position..].iter().map(|(id, _)| (*id).clone()).collect()),
                    None => {
                        seen.insert(&dependency.id, Some(path.len()));
                        path.push((&dependency.id, 0));
                    }
                }
            }
        }
        for cycle in found {
            let names: Vec<String> = cycle.iter().chain(cycle.first()).map(|id| format!("`{id}`")).collect();
            let finding =
                Finding::new(Code::StartOrderCycle, format!("each waits for the next to start: {}", names.join(" → ")))
                    .help("take one of these out: `consumes`, or `after`");
            let places: Vec<DeclaredBy> = cycle.iter().filter_map(|id| self.place(id)).cloned().collect();
            self.findings.push(places.iter().fold(finding, Finding::at));
        }
    }

    fn place(&self, id: &Id) -> Option<&DeclaredBy> {
        let service = self.manifest.service(id).map(|entry| &entry.declared_by);
        service.or_else(|| self.manifest.app(id).map(|entry| &entry.declared_by))
    }
}

#[cfg(test)]
mod tests {
    use orch_manifest::manifest::Manifest;
    use serde_json::{Value, json};

    use crate::finding::Code;
    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};

    /// Services, each of which waits for these.
    fn circles(waits: &[(String, Vec<String>)]) -> Vec<String> {
        let service = |(id, consumes): &(String, Vec<String>)| {
            json!({
                "id": id, "kind": "database", "image": "x:1", "consumes": consumes, "health": {"check": "none"},
                "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"}
            })
        };
        let services: Vec<Value> = waits.iter().map(service).collect();
        let text = json!({"schemaVersion": 1, "system": "s", "services": services}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Local));
        let found = plan.findings.into_iter().filter(|finding| finding.code == Code::StartOrderCycle);
        found.map(|finding| finding.message.split_once(": ").unwrap().1.replace('`', "")).collect()
    }

    fn edges(list: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
        let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        list.iter().map(|(id, waits)| ((*id).to_owned(), owned(waits))).collect()
    }

    #[test]
    fn every_circle_is_found_and_nothing_else() {
        assert_eq!(circles(&edges(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])])), [""; 0]);
        assert_eq!(circles(&edges(&[("a", &["b"]), ("b", &["c"]), ("c", &["b"])])), ["b → c → b"]);
        let two = circles(&edges(&[("a", &["b"]), ("b", &["a", "c"]), ("c", &["b"]), ("d", &["a"])]));
        assert_eq!(two, ["a → b → a", "b → c → b"]);
    }

    #[test]
    fn a_chain_may_have_any_length() {
        let id = |number: usize| format!("s{number}");
        let mut chain: Vec<_> = (0..20_000).map(|number| (id(number), vec![id(number + 1)])).collect();
        chain.push((id(20_000), vec![]));
        assert_eq!(circles(&chain), [""; 0]);
        chain.last_mut().unwrap().1.push(id(19_998));
        assert_eq!(circles(&chain), ["s19998 → s19999 → s20000 → s19998"]);
    }
}
