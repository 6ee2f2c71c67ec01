//! Pictures: right on their data, and read back by who they are for.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says that it was skipped")]

mod command;
mod edges;
mod hostile;

#[path = "../readers/mod.rs"]
mod readers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use cargo_orch::config::Config;
use cargo_orch::graph::Graph;
use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Plan, Profile, plan};
use orch_manifest::manifest::Manifest;

/// The manifests of the systems, each with its configuration beside it.
fn systems() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systems");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    assert!(files.len() >= 5, "{files:?}");
    files
}

/// The plans of all systems for all profiles that there are anyway.
fn plans() -> Vec<Plan> {
    let mut plans = Vec::new();
    for file in systems() {
        let manifest = Manifest::from_json(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let config = Config::read(&Utf8PathBuf::try_from(file.with_extension("toml")).unwrap()).unwrap();
        for base in [Base::Local, Base::Ci, Base::Staging, Base::Prod] {
            let profile = Profile::find(Profile::built_in(base).as_str(), &config).unwrap();
            plans.push(config.plan(&manifest, &profile).unwrap());
        }
    }
    plans
}

fn graph(plan: &Plan) -> Graph {
    Graph::new(plan, &BTreeMap::new())
}

fn planned(manifest: &serde_json::Value) -> Plan {
    let manifest = Manifest::from_json(&manifest.to_string()).unwrap_or_else(|error| panic!("{error}"));
    plan(&manifest, &Profile::built_in(Base::Local))
}
