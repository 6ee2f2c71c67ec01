//! Every object as the API's own types have it: what is lost between reading and writing is a field
//! that the API does not know.

use std::path::Path;

use k8s_openapi::api;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::system::{Cluster, System, everything};

fn round_trip<T: DeserializeOwned + Serialize>(path: &str, object: &Value) {
    let typed: T = serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(&serde_json::to_value(typed).unwrap(), object, "{path}");
}

/// Reads every object into its type; a kind without a type here fails.
fn check(cluster: &Cluster) {
    for (path, object) in cluster.objects() {
        let kind = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        match kind {
            ("v1", "Namespace") => round_trip::<api::core::v1::Namespace>(path, &object),
            ("v1", "ServiceAccount") => round_trip::<api::core::v1::ServiceAccount>(path, &object),
            ("v1", "ConfigMap") => round_trip::<api::core::v1::ConfigMap>(path, &object),
            ("v1", "Service") => round_trip::<api::core::v1::Service>(path, &object),
            ("v1", "PersistentVolumeClaim") => round_trip::<api::core::v1::PersistentVolumeClaim>(path, &object),
            ("apps/v1", "Deployment") => round_trip::<api::apps::v1::Deployment>(path, &object),
            ("apps/v1", "StatefulSet") => round_trip::<api::apps::v1::StatefulSet>(path, &object),
            ("batch/v1", "Job") => round_trip::<api::batch::v1::Job>(path, &object),
            ("batch/v1", "CronJob") => round_trip::<api::batch::v1::CronJob>(path, &object),
            ("networking.k8s.io/v1", "NetworkPolicy") => {
                round_trip::<api::networking::v1::NetworkPolicy>(path, &object);
            }
            ("networking.k8s.io/v1", "Ingress") => round_trip::<api::networking::v1::Ingress>(path, &object),
            ("policy/v1", "PodDisruptionBudget") => round_trip::<api::policy::v1::PodDisruptionBudget>(path, &object),
            ("autoscaling/v2", "HorizontalPodAutoscaler") => {
                round_trip::<api::autoscaling::v2::HorizontalPodAutoscaler>(path, &object);
            }
            ("external-secrets.io/v1", "ExternalSecret") => {}
            _ => panic!("{path}: {kind:?} is not expected"),
        }
        assert!(object.get("status").is_none() && object["metadata"].get("creationTimestamp").is_none(), "{path}");
    }
}

#[test]
fn every_object_is_what_its_type_says() {
    for profile in ["local", "ci", "staging", "prod"] {
        let system = everything().config("[targets.k8s]\ncreate_namespace = true\nimage_pull_secrets = [\"pull\"]");
        check(&system.render(profile));
        for secrets in ["generator", "external-secret"] {
            let more = format!("secrets = \"{secrets}\"\nsecret_store = \"vault\"\ningress_class = \"nginx\"");
            check(&system.clone().config(&more).render(profile));
        }
    }
}

/// The systems that all targets are tried with.
#[test]
fn every_object_of_every_system_is_what_its_type_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/systems");
    let mut count = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let manifest = orch_manifest::manifest::Manifest::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let config = std::fs::read_to_string(path.with_extension("toml")).unwrap_or_default();
        let system = System { manifest, config };
        for profile in ["local", "ci", "staging", "prod"] {
            check(&system.render(profile));
        }
        count += 1;
    }
    assert!(count > 0);
}
