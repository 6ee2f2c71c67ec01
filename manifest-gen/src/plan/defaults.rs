//! No secret has a default: one would be in the artifacts for everybody to read.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::Manifest;
use orch_manifest::model::Connection;
use orch_manifest::value::{SecretKey, VarRef};
use orch_manifest::{EnvName, SecretName, Value};

use super::profile::Base;
use super::{Piece, Profile, Text, Workload, plan};
use crate::finding::{Code, Finding};

/// The variable that holds a secret, or one key of it, where an engine has nothing better.
pub(crate) fn secret_variable(name: &SecretName, key: Option<&SecretKey>) -> String {
    let variable = name.variable();
    match key {
        None => variable,
        Some(key) => {
            let word: String = key
                .as_str()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                .collect();
            format!("{variable}_{word}")
        }
    }
}

/// What is found in a manifest, before a profile overrides anything.
pub fn in_manifest(manifest: &Manifest) -> Vec<Finding> {
    // Hardly anything has a default, and without one there is nothing to plan for.
    if !values(manifest).any(|value| matches!(value, Value::Var(VarRef { default: Some(_), .. }))) {
        return Vec::new();
    }
    let findings = plan(manifest, &Profile::built_in(Base::Local)).findings;
    findings.into_iter().filter(|finding| finding.code == Code::SecretDefault).collect()
}

/// Every value that an artifact can be given.
fn values(manifest: &Manifest) -> impl Iterator<Item = &Value> {
    let connections = manifest.services.iter().filter_map(|entry| entry.service.connection.as_ref());
    let connections = connections.flat_map(|connection| {
        let Connection { url, host, user, database, params } = connection;
        [url, host, user, database].into_iter().flatten().chain(params.values())
    });
    let services = manifest.services.iter().map(|entry| &entry.service.workload);
    let apps = manifest.apps.iter().map(|entry| &entry.app.workload);
    let workloads = services
        .chain(apps)
        .flat_map(|workload| workload.env.values().chain(&workload.command).chain(&workload.entrypoint));
    connections.chain(workloads)
}

/// The variables with a default that are a secret's as well. What the default is, is not said.
pub fn of_secrets(workloads: &[Workload]) -> Vec<Finding> {
    let mut secrets: BTreeMap<String, &SecretName> = BTreeMap::new();
    for piece in workloads.iter().flat_map(texts).flat_map(|text| &text.pieces) {
        if let Piece::Secret { name, key, .. } = piece {
            secrets.insert(secret_variable(name, key.as_ref()), name);
            secrets.insert(name.variable(), name);
        }
    }
    let mut findings = Vec::new();
    for workload in workloads {
        let defaults = texts(workload).flat_map(|text| &text.pieces).filter_map(|piece| match piece {
            Piece::Variable { name, default: Some(_) } => Some(name),
            _ => None,
        });
        let names: BTreeSet<&EnvName> = defaults.collect();
        for (name, secret) in names.into_iter().filter_map(|name| Some((name, secrets.get(name.as_str())?))) {
            let message =
                format!("the variable `{name}` of `{}` is the secret `{secret}`, and has a default", workload.id);
            let help = format!("write `secret(\"{secret}\")`: a default would be in the artifacts");
            findings.push(Finding::new(Code::SecretDefault, message).help(help).at(&workload.declared_by));
        }
    }
    findings
}

/// Every text in which a secret or a variable may be.
fn texts(workload: &Workload) -> impl Iterator<Item = &Text> {
    let environment = workload.env.values().map(|entry| &entry.value);
    let files = workload.files.iter().map(|file| &file.content);
    environment.chain(&workload.command).chain(&workload.entrypoint).chain(files)
}
