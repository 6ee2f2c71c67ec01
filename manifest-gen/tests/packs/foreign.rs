//! A complete pack for a target that is not ours, written from the documentation: jobs of Nomad.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use cargo_orch::config::Config;
use cargo_orch::plan::{Plan, Profile};
use orch_manifest::manifest::Manifest;
use serde_json::Value;

use super::{SYSTEMS, config, render, tests};

pub(super) fn plan(system: &str) -> Plan {
    let manifest = tests().join("systems").join(format!("{system}.json"));
    let manifest = Manifest::from_json(&std::fs::read_to_string(manifest).unwrap()).unwrap();
    let config = Config::read(&Utf8PathBuf::try_from(config(system)).unwrap()).unwrap();
    config.plan(&manifest, &Profile::find("prod", &config).unwrap()).unwrap()
}

#[test]
fn every_workload_is_a_job() {
    let folder = tempfile::tempdir().unwrap();
    let packs = tests().join("packs");
    for system in SYSTEMS {
        let files = render(folder.path(), system, &config(system), "nomad", &["--templates", packs.to_str().unwrap()]);
        let jobs: BTreeMap<String, Value> = files
            .values()
            .map(|text| serde_json::from_str::<Value>(text).unwrap()["Job"].take())
            .map(|job| (job["Meta"]["app.kubernetes.io/name"].as_str().unwrap().to_owned(), job))
            .collect();
        let plan = plan(system);
        let ids: BTreeSet<&str> = plan.workloads.iter().map(|workload| workload.id.as_str()).collect();
        assert_eq!(jobs.keys().map(String::as_str).collect::<BTreeSet<_>>(), ids, "{system}");
        for workload in &plan.workloads {
            let job = &jobs[workload.id.as_str()];
            let task = &job["TaskGroups"][0]["Tasks"][0];
            assert_eq!(task["Config"]["image"], workload.image.to_string());
            assert_eq!(job["Type"], if workload.is_job() { "batch" } else { "service" });
            let schedule = workload.schedule.as_ref().map(ToString::to_string);
            assert_eq!(job["Periodic"]["Spec"].as_str().map(str::to_owned), schedule);
            let plain = task["Env"].as_object().unwrap().keys().map(String::as_str);
            let secret = task["Templates"].as_array().unwrap().iter();
            let secret = secret.map(|one| one["EmbeddedTmpl"].as_str().unwrap().split_once('=').unwrap().0);
            let given: BTreeSet<&str> = plain.chain(secret).collect();
            let literal = workload.env.iter().filter(|(_, entry)| entry.value.as_literal().is_some());
            for (name, _) in literal {
                assert!(given.contains(name.as_str()), "{system} {}: {name}", workload.id);
            }
        }
    }
}
