//! What the catalog lays beneath what is stated.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod command;
mod external;
mod folder;
mod layers;
mod own;
mod pages;
mod systems;
mod unknown;

use cargo_orch::config::Config;
use cargo_orch::finding::Finding;
use cargo_orch::plan::{Plan, Profile, Workload};
use orch_manifest::manifest::Manifest;
use serde_json::{Value, json};

/// A system with one application that uses all of its services.
struct System {
    services: Vec<Value>,
    config: Config,
}

impl System {
    fn new() -> Self {
        Self { services: Vec::new(), config: Config::default() }
    }

    /// With a service of an image, which states this besides.
    fn with(mut self, id: &str, kind: &str, image: &str, stated: &Value) -> Self {
        let place = json!({"package": "adapters", "file": "src/lib.rs", "item": id});
        let mut service = json!({"id": id, "kind": kind, "image": image, "declaredBy": place});
        service.as_object_mut().unwrap().extend(stated.as_object().unwrap().clone());
        self.services.push(service);
        self
    }

    fn config(mut self, text: &str) -> Self {
        self.config = Config::parse(text).unwrap_or_else(|error| panic!("{error}"));
        self
    }

    fn manifest(&self) -> Manifest {
        let ids: Vec<&Value> = self.services.iter().map(|service| &service["id"]).collect();
        let place = json!({"package": "api", "file": "src/main.rs", "item": "main"});
        let app = json!({"id": "api", "version": "1.0.0", "kind": "worker", "user": "10001:10001", "services": ids, "declaredBy": place});
        let manifest = json!({"schemaVersion": 1, "system": "shop", "services": self.services, "apps": [app]});
        Manifest::from_json(&manifest.to_string()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn plan(&self, profile: &str) -> Plan {
        let profile = Profile::find(profile, &self.config).unwrap();
        self.config.plan(&self.manifest(), &profile).unwrap_or_else(|error| panic!("{error}"))
    }
}

/// PostgreSQL as `postgres`, which states this.
fn postgres(stated: &Value) -> System {
    System::new().with("postgres", "database", "postgres:16", stated)
}

fn workload<'a>(plan: &'a Plan, id: &str) -> &'a Workload {
    plan.workload(&id.parse().unwrap()).unwrap()
}

/// The environment of a workload, with secrets by their names.
fn env(plan: &Plan, id: &str) -> Vec<(String, String)> {
    let env = workload(plan, id).env.iter().filter(|(name, _)| !name.as_str().starts_with("ORCH_"));
    let told = |text: String| text.replace("<secret ", "{secret:").replace('>', "}");
    env.map(|(name, entry)| (name.to_string(), told(entry.value.display()))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The data paths of a workload, and whether each is kept.
fn volumes(plan: &Plan, id: &str) -> Vec<(String, bool)> {
    workload(plan, id).volumes.iter().map(|volume| (volume.path.to_string(), volume.persistent)).collect()
}

fn messages(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.message.as_str()).collect()
}
