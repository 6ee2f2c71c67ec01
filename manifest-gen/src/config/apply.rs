//! Sections to a manifest.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::grammar::{self, Args, Assigned, Entry, Form, Node, Problem, Reader, WORKLOAD_KEYS};
use orch_manifest::manifest::{AppEntry, DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::Workload;
use orch_manifest::{Id, did_you_mean};

use super::{Config, ConfigError, FILE, Overrides, ProfileSection, Section};
use crate::catalog::{Beneath, Catalog};
use crate::finding::{Code, Finding, Severity};
use crate::plan::{Places, Plan, Profile, plan_with};

type Problems = Vec<Problem<usize>>;

impl Config {
    /// The plan of a manifest in a profile, with everything that the configuration says.
    pub fn plan(&self, manifest: &Manifest, profile: &Profile) -> Result<Plan, ConfigError> {
        self.plan_with(manifest, profile, &Places::new())
    }

    /// The same with some of it reached elsewhere than under its own name.
    pub fn plan_with(&self, manifest: &Manifest, profile: &Profile, places: &Places) -> Result<Plan, ConfigError> {
        let (manifest, findings) = self.applied(manifest, profile)?;
        let mut plan = plan_with(&manifest, profile, &self.beneath_in(profile), places);
        plan.options = self.options(profile)?;
        plan.findings.splice(0..0, findings);
        Ok(plan)
    }

    /// The manifest as it is in a profile: what is overridden for every profile first, then what the
    /// profile overrides, after those it extends; then without what is disabled.
    pub fn apply(&self, manifest: &Manifest, profile: &Profile) -> Result<Manifest, ConfigError> {
        self.applied(manifest, profile).map(|(manifest, _)| manifest)
    }

    /// What lies beneath what is stated, whatever the profile.
    pub(crate) fn beneath(&self) -> Beneath {
        Beneath { catalog: self.catalog(), withheld: BTreeMap::new() }
    }

    /// The same in a profile, which may take something back.
    pub(crate) fn beneath_in(&self, profile: &Profile) -> Beneath {
        let mut beneath = self.beneath();
        for overrides in self.overrides_in(profile) {
            for (id, section) in &overrides.services {
                let keys = section.unset.iter().map(|(key, _)| super::origin::field(key));
                beneath.withheld.entry(id.clone()).or_default().extend(keys);
            }
        }
        beneath
    }

    /// What is known about images, with what the configuration says.
    pub fn catalog(&self) -> Catalog {
        self.catalog.clone()
    }

    /// What is overridden: for every profile first, then in those that the profile extends.
    fn overrides_in(&self, profile: &Profile) -> Vec<&Overrides> {
        let lineage = self.lineage(profile.as_str());
        std::iter::once(&self.base).chain(lineage.into_iter().map(|section| &section.overrides)).collect()
    }

    fn applied(&self, manifest: &Manifest, profile: &Profile) -> Result<(Manifest, Vec<Finding>), ConfigError> {
        let mut manifest = manifest.clone();
        let mut problems = Vec::new();
        let all = self.overrides_in(profile);
        for overrides in &all {
            self.overrides(overrides, &mut manifest, &mut problems);
        }
        self.finish(problems)?;
        self.finish(contradictions(&all, &manifest))?;
        // The last one that says something about it wins.
        let said = all.iter().flat_map(|overrides| &overrides.services);
        let said: BTreeMap<&Id, bool> = said.filter_map(|(id, section)| Some((id, section.disable?))).collect();
        let disabled: BTreeSet<&Id> = said.into_iter().filter(|(_, disable)| *disable).map(|(id, _)| id).collect();
        let findings = leave_out(&mut manifest, &disabled, profile);
        Ok((manifest, findings))
    }

    /// The sections of a profile and of those it extends, the farthest first.
    pub(super) fn lineage(&self, name: &str) -> Vec<&ProfileSection> {
        let mut sections: Vec<&ProfileSection> = Vec::new();
        let mut next = Some(name);
        while let Some(section) = next.and_then(|name| self.profiles.get(name)) {
            // A circle is an error when the profile is looked up.
            if sections.iter().any(|other| other.at == section.at) {
                break;
            }
            sections.push(section);
            next = section.extends.as_deref();
        }
        sections.reverse();
        sections
    }

    /// The place of a mistake in a profile, for whoever looks the profile up.
    pub(crate) fn mistake(&self, section: &ProfileSection, message: String, help: String) -> ConfigError {
        ConfigError::Wrong { mistakes: vec![self.source.mistake(Problem::new(section.at, message).help(help))] }
    }

    pub(super) fn overrides(&self, overrides: &Overrides, manifest: &mut Manifest, problems: &mut Problems) {
        if overrides.is_empty() {
            return;
        }
        for (id, section) in &overrides.services {
            match manifest.services.iter_mut().find(|entry| entry.service.id == *id) {
                Some(entry) => {
                    reset(section, &mut entry.service.workload, problems);
                    grammar::apply_service(&section.args, &mut entry.service, &mut Reader::new(problems));
                }
                None if section.add => self.add(id, section, manifest, problems),
                None => {
                    let known: Vec<&str> = manifest.services.iter().map(|entry| entry.service.id.as_str()).collect();
                    let help =
                        format!("{}; `add = true` declares one that no crate does", did_you_mean(id.as_str(), &known));
                    problems.push(Problem::new(section.at, format!("there is no service `{id}`")).help(help));
                }
            }
        }
        for (id, section) in &overrides.apps {
            if let Some(entry) = manifest.apps.iter_mut().find(|entry| entry.id == *id) {
                reset(section, &mut entry.app.workload, problems);
                grammar::apply_app(&section.args, &mut entry.app, &mut Reader::new(problems));
                continue;
            }
            let known: Vec<&str> = manifest.apps.iter().map(|entry| entry.id.as_str()).collect();
            let help = did_you_mean(id.as_str(), &known);
            problems.push(Problem::new(section.at, format!("there is no application `{id}`")).help(help));
        }
        manifest.sort();
    }

    fn add(&self, id: &Id, section: &Section, manifest: &mut Manifest, problems: &mut Problems) {
        let mut args: Args = section.args.clone();
        let node = Node { span: section.at, form: Form::Text(id.to_string()) };
        args.entries.push(Entry { key: "id".to_owned(), span: section.at, value: Assigned::Value(node) });
        let service = grammar::service(&args, id.as_str(), &mut Reader::new(problems));
        let line = u32::try_from(self.source.position(section.at).0).ok();
        let declared_by = DeclaredBy {
            package: manifest.system.to_string(),
            version: None,
            file: FILE.to_owned(),
            item: format!("services.{id}"),
            line,
        };
        manifest.services.extend(service.map(|service| ServiceEntry { service, declared_by }));
    }
}

/// What is overridden and does not go with what is declared, or with what another profile overrides.
fn contradictions(all: &[&Overrides], manifest: &Manifest) -> Problems {
    let mut problems = Problems::new();
    let mut add = |at: Option<usize>, id: &Id, found: Vec<String>| {
        // What is not overridden is not for this file to say.
        let Some(at) = at else { return };
        let help = "that is with what is declared; `unset = [\"KEY\"]` takes a key of it back";
        problems.extend(found.iter().map(|problem| Problem::new(at, format!("`{id}`: {problem}")).help(help)));
    };
    for ServiceEntry { service, .. } in &manifest.services {
        let at = all.iter().rev().find_map(|overrides| Some(overrides.services.get(&service.id)?.at));
        add(at, &service.id, service.contradictions());
    }
    for AppEntry { id, app, .. } in &manifest.apps {
        add(all.iter().rev().find_map(|overrides| Some(overrides.apps.get(id)?.at)), id, app.contradictions());
    }
    problems
}

/// Takes services out of a manifest; what an application loses by that is found.
fn leave_out(manifest: &mut Manifest, disabled: &BTreeSet<&Id>, profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    for entry in manifest.services.extract_if(.., |entry| disabled.contains(&entry.service.id)) {
        let service = &entry.service;
        let uses = |app: &AppEntry| app.app.uses.as_ref().unwrap_or(&app.services).contains(&service.id);
        let users: Vec<&AppEntry> = manifest.apps.iter().filter(|app| uses(app)).collect();
        if users.is_empty() {
            continue;
        }
        let names: Vec<String> = users.iter().map(|app| format!("`{}`", app.id)).collect();
        let message = format!(
            "{FILE} disables `{}` in `{profile}`: {} {} without it and {} not given its variables",
            service.id,
            names.join(", "),
            if users.len() == 1 { "runs" } else { "run" },
            if users.len() == 1 { "is" } else { "are" },
        );
        let mut finding = Finding::new(Code::DisabledService, message).at(&entry.declared_by);
        if service.kind.is_soft() {
            finding.severity = Severity::Note;
        } else {
            let help = "see to it that they can do without, or write `deployment = \"external\"` and where it is instead of `disable`";
            finding = finding.help(help);
        }
        findings.push(finding);
    }
    for app in &mut manifest.apps {
        app.services.retain(|id| !disabled.contains(id));
        if let Some(uses) = &mut app.app.uses {
            uses.retain(|id| !disabled.contains(id));
        }
    }
    findings
}

/// Takes back what is unset, and the lists that are written anew: a list replaces.
fn reset(section: &Section, workload: &mut Workload, problems: &mut Problems) {
    for (key, at) in &section.unset {
        if !grammar::unset(workload, key) {
            let help = did_you_mean(key, WORKLOAD_KEYS);
            problems.push(Problem::new(*at, format!("`{key}` cannot be unset")).help(help));
        }
    }
    replace_lists(&section.args, workload);
}

/// Takes back the lists that are written anew.
pub(crate) fn replace_lists(args: &Args, workload: &mut Workload) {
    for entry in &args.entries {
        if ["port", "ports", "ingress", "volume", "file", "egress"].contains(&entry.key.as_str()) {
            grammar::unset(workload, &entry.key);
        }
    }
}
