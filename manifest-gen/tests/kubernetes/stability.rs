//! What is immutable in the API, or a name that others rely on, does not change when something else does.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::system::{Cluster, everything};

/// What the API refuses to change, by kind and name.
fn immutable(cluster: &Cluster) -> BTreeMap<String, Value> {
    let objects = cluster.objects().into_values();
    let kept = objects.filter(|object| object["kind"] != "Job").map(|object| {
        let spec = &object["spec"];
        let name = format!("{} {}", object["kind"], object["metadata"]["name"]);
        let value = match object["kind"].as_str().unwrap() {
            "StatefulSet" => json!([spec["selector"], spec["serviceName"], spec["volumeClaimTemplates"]]),
            "PersistentVolumeClaim" => spec.clone(),
            "Service" => json!([spec["selector"], spec["clusterIP"]]),
            "NetworkPolicy" => spec["podSelector"].clone(),
            _ => spec["selector"].clone(),
        };
        (name, value)
    });
    kept.collect()
}

#[test]
fn a_version_and_a_number_of_replicas_change_nothing_immutable() {
    let before = everything();
    let mut after = before.clone();
    after.manifest.apps.iter_mut().for_each(|entry| entry.version = "9.9.9".to_owned());
    let worker = after.manifest.apps.iter_mut().find(|entry| entry.id.as_str() == "worker").unwrap();
    worker.app.workload.replicas = Some(7);
    let postgres = after.manifest.services.iter_mut().find(|entry| entry.service.id.as_str() == "postgres").unwrap();
    postgres.service.workload.image = Some("postgres:17".parse().unwrap());
    postgres.service.workload.labels.insert("team".parse().unwrap(), "data".to_owned());
    let (before, after) = (before.prod(), after.prod());
    assert_eq!(immutable(&before), immutable(&after));
    assert_ne!(before.object("postgres/stateful-set.yaml"), after.object("postgres/stateful-set.yaml"));
    // A Job cannot be changed, so what it runs is in its name.
    let name = |cluster: &Cluster| cluster.object("migrate/job.yaml")["metadata"]["name"].clone();
    assert_ne!(name(&before), name(&after));
    assert_eq!(name(&before), name(&everything().prod()));
}

#[test]
fn a_service_more_changes_nothing_immutable() {
    let (before, after) = (
        everything().prod(),
        everything()
            .service(r#"kind = "cache", image = "x:1", id = "aaa-first", user = "1:1", port(6379), volume("/d", name = "data")"#)
            .prod(),
    );
    let (before, after) = (immutable(&before), immutable(&after));
    for (name, value) in &before {
        assert_eq!(after.get(name), Some(value), "{name}");
    }
}

#[test]
fn a_profile_changes_no_name_and_no_selector() {
    let names = |profile: &str| -> BTreeSet<String> {
        let cluster = everything().render(profile);
        let immutable = immutable(&cluster);
        // What comes with several replicas, and claims, which a test run has none of.
        let optional = ["PodDisruptionBudget", "HorizontalPodAutoscaler", "PersistentVolumeClaim"];
        immutable.into_keys().filter(|name| !optional.iter().any(|kind| name.contains(kind))).collect()
    };
    for profile in ["local", "ci", "staging"] {
        assert_eq!(names(profile), names("prod"), "{profile}");
    }
    let selectors = |profile: &str| {
        let set = everything().render(profile).object("postgres/stateful-set.yaml");
        json!([set["spec"]["selector"], set["spec"]["serviceName"]])
    };
    assert_eq!(selectors("ci"), selectors("prod"));
}
