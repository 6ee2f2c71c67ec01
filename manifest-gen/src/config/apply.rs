//! Sections to a manifest.

use orch_manifest::grammar::{self, Args, Assigned, Entry, Form, Node, Problem, Reader, WORKLOAD_KEYS};
use orch_manifest::manifest::{DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::model::Workload;
use orch_manifest::{Id, did_you_mean};

use super::{Config, ConfigError, FILE, Overrides, ProfileSection, Section};
use crate::plan::Profile;

type Problems = Vec<Problem<usize>>;

impl Config {
    /// The manifest as it is in a profile: what is overridden for every profile first, then what the
    /// profile overrides, after those it extends.
    pub fn apply(&self, manifest: &Manifest, profile: &Profile) -> Result<Manifest, ConfigError> {
        let mut manifest = manifest.clone();
        let mut problems = Vec::new();
        self.overrides(&self.base, &mut manifest, &mut problems);
        for section in self.lineage(profile.as_str()) {
            self.overrides(&section.overrides, &mut manifest, &mut problems);
        }
        self.finish(problems)?;
        Ok(manifest)
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
        let mut args: Args<usize> = section.args.clone();
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

/// Takes back what is unset, and the lists that are written anew: a list replaces.
fn reset(section: &Section, workload: &mut Workload, problems: &mut Problems) {
    for (key, at) in &section.unset {
        if !grammar::unset(workload, key) {
            let help = did_you_mean(key, WORKLOAD_KEYS);
            problems.push(Problem::new(*at, format!("`{key}` cannot be unset")).help(help));
        }
    }
    for entry in &section.args.entries {
        if ["port", "ports", "ingress", "volume", "file", "egress"].contains(&entry.key.as_str()) {
            grammar::unset(workload, &entry.key);
        }
    }
}
