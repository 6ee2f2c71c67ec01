//! What `orch.toml` says, where no workspace has to be read for it: what goes together, what is
//! left out, where data is, and what its schema says of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contradictions;
mod data;
mod disabled;
mod schema;

use camino::Utf8Path;
use cargo_orch::config::{Config, ConfigError};
use cargo_orch::finding::{Code, Finding, Severity};
use cargo_orch::plan::{Plan, Profile};
use cargo_orch::target;
use orch_manifest::manifest::Manifest;
use serde_json::{Value, json};

/// Reads a text as `orch.toml`.
fn config(text: &str) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(folder.path()).unwrap().join("orch.toml");
    std::fs::write(&path, text).unwrap();
    Config::read(&path)
}

/// A system of these services, and of applications that link all of them.
fn manifest(services: &[Value], apps: &[Value]) -> Manifest {
    let place = |item: &Value| json!({ "package": "p", "file": "src/lib.rs", "item": item });
    let with = |entry: &Value, defaults: Value| {
        let mut entry = entry.clone();
        for (key, value) in defaults.as_object().unwrap() {
            entry.as_object_mut().unwrap().entry(key).or_insert_with(|| value.clone());
        }
        entry
    };
    let ids: Vec<&Value> = services.iter().map(|entry| &entry["id"]).collect();
    let services: Vec<Value> = services
        .iter()
        .map(|entry| {
            with(entry, json!({ "image": "x:1", "health": { "check": "none" }, "declaredBy": place(&entry["id"]) }))
        })
        .collect();
    let apps: Vec<Value> = apps
        .iter()
        .map(|entry| with(entry, json!({ "version": "1.0.0", "services": ids, "declaredBy": place(&entry["id"]) })))
        .collect();
    let manifest = json!({ "schemaVersion": 1, "system": "shop", "services": services, "apps": apps });
    Manifest::from_json(&manifest.to_string()).unwrap()
}

/// The plan of a system in a profile.
fn planned(manifest: &Manifest, text: &str, profile: &str) -> Plan {
    let config = config(text).unwrap_or_else(|error| panic!("{error}"));
    let profile = Profile::find(profile, &config).unwrap();
    config.plan(manifest, &profile).unwrap_or_else(|error| panic!("{error}"))
}

/// The main file of a target, and what was found about the target.
fn rendered(plan: &Plan, target: &str, path: &str) -> (String, Vec<Finding>) {
    let rendered = target::render(plan, target, &target::packs(None).unwrap()).unwrap();
    let file = rendered.files.into_iter().find(|file| file.path == path);
    (file.map(|file| file.contents).unwrap_or_default(), rendered.findings)
}

/// What was found under a code, as messages.
fn found(findings: &[Finding], code: Code, severity: Severity) -> Vec<&str> {
    let found = findings.iter().filter(|finding| finding.code == code && finding.severity == severity);
    found.map(|finding| finding.message.as_str()).collect()
}
