//! The environment of each container: its own, and what it is given by those it uses.

use std::collections::BTreeMap;

use orch_manifest::manifest::{DeclaredBy, Manifest};
use orch_manifest::model::Workload;
use orch_manifest::{EnvName, Id, Template};

use super::facts::{Context, Unresolved, View};
use super::profile::Base;
use super::topology::Topology;
use super::{Environment, Origin, Profile, Text};
use crate::catalog::Known;
use crate::finding::{Code, Finding};

/// Resolves the environment of a workload.
///
/// An application's own `env` wins over what it is given; two givers that disagree are a finding.
pub fn environment(
    context: &Context<'_>,
    id: &Id,
    workload: &Workload,
    place: &DeclaredBy,
    findings: &mut Vec<Finding>,
) -> BTreeMap<EnvName, Environment> {
    let mut environment: BTreeMap<EnvName, Environment> = BTreeMap::new();
    for (name, value) in &workload.env {
        let resolved = context.value(value, View { owner: id, reader: id });
        if let Some(value) = known(resolved, name, place, findings) {
            environment.insert(name.clone(), Environment { value, origin: Origin::Own, file_form: None });
        }
    }
    if context.manifest.app(id).is_none() {
        return environment;
    }
    for (giver, name, template, giver_place) in given(context, id) {
        if workload.env.contains_key(name) {
            continue;
        }
        let resolved = context.template(template, View { owner: giver, reader: id });
        let Some(value) = known(resolved, name, giver_place, findings) else { continue };
        let given = Environment { value, origin: Origin::Binding(giver.clone()), file_form: None };
        match environment.get(name) {
            Some(other) if other.value != given.value => {
                findings.push(conflict(context, id, name, &other.origin, giver, giver_place));
            }
            Some(_) => {}
            None => {
                environment.insert(name.clone(), given);
            }
        }
    }
    environment
}

/// What does not fit in the environments of the applications, whatever the profile.
pub fn conflicts(manifest: &Manifest, known: &Known, topology: &Topology) -> Vec<Finding> {
    let (profile, places) = (&Profile::built_in(Base::Local), &super::Places::new());
    let context = Context { manifest, profile, topology, known, places };
    let mut findings = Vec::new();
    for entry in &manifest.apps {
        environment(&context, &entry.id, &entry.app.workload, &entry.declared_by, &mut findings);
    }
    findings
}

/// What an application is given: by the services it uses, the applications it calls and their
/// clients.
fn given<'a>(context: &'a Context<'_>, id: &Id) -> Vec<(&'a Id, &'a EnvName, &'a Template, &'a DeclaredBy)> {
    let mut given = Vec::new();
    for other in context.topology.neighbours(id) {
        let service = context.manifest.service(&other).map(|e| (&e.service.id, &e.service.workload, &e.declared_by));
        let app = context.manifest.app(&other).map(|e| (&e.id, &e.app.workload, &e.declared_by));
        if let Some((giver, workload, place)) = service.or(app) {
            given.extend(workload.app_env.iter().map(|(name, template)| (giver, name, template, place)));
        }
    }
    let Some(entry) = context.manifest.app(id) else { return given };
    for client in &context.manifest.clients {
        let called = &client.client.of;
        if entry.calls.contains(called) && called != id && context.declared(called).is_some() {
            given.extend(
                client.client.app_env.iter().map(|(name, template)| (called, name, template, &client.declared_by)),
            );
        }
    }
    given
}

/// The value, if it is known; if not, that is found, unless it is about something that is merely
/// wanted.
pub(super) fn known(
    resolved: Result<Text, Unresolved>,
    what: &dyn std::fmt::Display,
    place: &DeclaredBy,
    findings: &mut Vec<Finding>,
) -> Option<Text> {
    match resolved {
        Ok(text) => Some(text),
        Err(Unresolved::Absent) => None,
        Err(Unresolved::Unknown { problem, help }) => {
            findings.push(Finding::new(Code::UnknownFact, format!("`{what}`: {problem}")).help(help).at(place));
            None
        }
    }
}

fn conflict(context: &Context<'_>, id: &Id, name: &EnvName, other: &Origin, giver: &Id, place: &DeclaredBy) -> Finding {
    let other_giver = match other {
        Origin::Binding(other) => other,
        Origin::Own | Origin::Planner => id,
    };
    let message = if other_giver == giver {
        format!("`{id}` is given `{name}` twice by `{giver}`, with different values")
    } else {
        format!("`{id}` is given `{name}` by `{other_giver}` and by `{giver}`, with different values")
    };
    // Its own words for another name: what is given by the catalog can be copied.
    let template = context.declared(giver).and_then(|(workload, _)| workload.app_env.get(name));
    let prefix = giver.as_str().replace('-', "_").to_ascii_uppercase();
    let help = match template {
        Some(template) if other_giver != giver => format!(
            "give one of them another name, such as `app_env({prefix}_{name} = {:?})` on `{giver}`, or set `{name}` in \
             the `env` of `{id}`",
            template.as_str()
        ),
        _ => format!("rename one of them, or set `{name}` in the `env` of `{id}`"),
    };
    let finding = Finding::new(Code::BindingConflict, message).help(help);
    let finding = match context.declared(other_giver) {
        Some((_, place)) => finding.at(place),
        None => finding,
    };
    finding.at(place)
}
