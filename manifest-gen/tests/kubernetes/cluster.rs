//! What is true of all objects: names, labels, references, order.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::system::{System, everything, pod_of};

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} in {value}"))
}

#[test]
fn every_object_and_pod_says_who_it_is() {
    let cluster = everything().prod();
    for (path, object) in cluster.objects() {
        let pod = pod_of(&object);
        for labels in [Some(&object["metadata"]["labels"]), pod.map(|pod| &pod["metadata"]["labels"])] {
            let Some(labels) = labels else { continue };
            for label in ["name", "instance", "component", "part-of", "managed-by"] {
                assert!(labels[format!("app.kubernetes.io/{label}")].is_string(), "{path}: {label}");
            }
            assert_eq!(labels["app.kubernetes.io/instance"], "acme", "{path}");
            // A system has no version of its own.
            assert_eq!(labels.get("app.kubernetes.io/version").is_some(), path.contains('/'), "{path}");
        }
        assert_eq!(object["metadata"]["namespace"], "acme-prod", "{path}");
    }
    let version = |path: &str| cluster.object(path)["metadata"]["labels"]["app.kubernetes.io/version"].clone();
    assert_eq!(version("postgres/stateful-set.yaml"), "16");
    // A version's `+` is neither in a tag nor in a label.
    assert_eq!(version("api/deployment.yaml"), "1.2.3-build");
    assert_eq!(version("broker/stateful-set.yaml"), "sha256-012345678901");
    assert_eq!(cluster.object("broker/service.yaml")["metadata"]["labels"]["team"], "core");
}

#[test]
fn selectors_are_name_and_instance() {
    let selector =
        |name: &str| serde_json::json!({"app.kubernetes.io/name": name, "app.kubernetes.io/instance": "acme"});
    let cluster = everything().prod();
    let mut seen = BTreeSet::new();
    for (path, object) in cluster.objects() {
        let spec = &object["spec"];
        let workload = path.split('/').next().unwrap();
        let own = match object["kind"].as_str().unwrap() {
            "Deployment" | "StatefulSet" | "PodDisruptionBudget" => &spec["selector"]["matchLabels"],
            "Service" => &spec["selector"],
            "NetworkPolicy" if path.contains('/') => &spec["podSelector"]["matchLabels"],
            _ => continue,
        };
        assert_eq!(*own, selector(workload), "{path}");
        seen.insert(object["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

#[test]
fn what_is_named_is_there() {
    for secrets in ["reference", "external-secret"] {
        let options = format!("[targets.k8s]\nsecrets = \"{secrets}\"\nsecret_store = \"vault\"");
        let cluster = everything().config(&options).prod();
        let objects = cluster.objects();
        let named: BTreeSet<(&str, &str)> =
            objects.values().map(|object| (text(object, "/kind"), text(object, "/metadata/name"))).collect();
        for (path, object) in &objects {
            let Some(pod) = pod_of(object) else { continue };
            let spec = &pod["spec"];
            assert!(named.contains(&("ServiceAccount", text(spec, "/serviceAccountName"))), "{path}");
            for volume in spec["volumes"].as_array().into_iter().flatten() {
                if volume.get("configMap").is_some() {
                    assert!(named.contains(&("ConfigMap", text(volume, "/configMap/name"))), "{path}");
                }
                if volume.get("persistentVolumeClaim").is_some() {
                    let claim = text(volume, "/persistentVolumeClaim/claimName");
                    assert!(named.contains(&("PersistentVolumeClaim", claim)), "{path}");
                }
            }
            mounts_have_volumes(path, object, spec);
            if object["kind"] == "StatefulSet" {
                assert!(named.contains(&("Service", text(object, "/spec/serviceName"))), "{path}");
            }
        }
        let external = named.iter().filter(|(kind, _)| *kind == "ExternalSecret").count();
        assert_eq!(external, if secrets == "reference" { 0 } else { 3 });
    }
}

fn mounts_have_volumes(path: &str, object: &Value, spec: &Value) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut volumes: BTreeMap<String, usize> = BTreeMap::new();
    for volume in list(&spec["volumes"]) {
        *volumes.entry(text(&volume, "/name").to_owned()).or_default() += 1;
    }
    for claim in list(&object["spec"]["volumeClaimTemplates"]) {
        *volumes.entry(text(&claim, "/metadata/name").to_owned()).or_default() += 1;
    }
    assert!(volumes.values().all(|count| *count == 1), "{path}: {volumes:?}");
    let mounts = list(&spec["containers"][0]["volumeMounts"]);
    let mounted: BTreeSet<&str> = mounts.iter().map(|mount| text(mount, "/name")).collect();
    assert_eq!(mounted, volumes.keys().map(String::as_str).collect(), "{path}");
}

#[test]
fn kustomization_lists_every_file_after_what_it_needs() {
    let cluster = everything().config("[targets.k8s]\ncreate_namespace = true").prod();
    let kustomization = cluster.object("kustomization.yaml");
    let resources: Vec<&str> =
        kustomization["resources"].as_array().unwrap().iter().map(|path| path.as_str().unwrap()).collect();
    let mut sorted = resources.clone();
    sorted.sort_unstable();
    let files: Vec<&str> =
        cluster.files.keys().map(String::as_str).filter(|path| *path != "kustomization.yaml").collect();
    assert_eq!(sorted, files);
    assert_eq!(resources[0], "namespace.yaml");
    let at = |path: &str| resources.iter().position(|other| *other == path).unwrap();
    assert!(at("postgres/stateful-set.yaml") < at("migrate/job.yaml"));
    assert!(at("migrate/job.yaml") < at("api/deployment.yaml"));
    assert!(at("api/service-account.yaml") < at("api/deployment.yaml"));
    assert!(
        cluster.files["kustomization.yaml"].contains("# - the Secret postgres-password with the key value, for api, ")
    );
    assert!(cluster.files["kustomization.yaml"].contains("# - the key SMTP_HOST in the ConfigMap acme-variables"));
}

#[test]
fn the_same_system_gives_the_same_bytes() {
    let (one, other) = (everything().prod(), everything().prod());
    assert_eq!(one.files, other.files);
    for (path, text) in &one.files {
        assert!(
            text.starts_with("# generated by `cargo orch render --target k8s --profile prod`; do not edit\n"),
            "{path}"
        );
        assert!(text.ends_with('\n') && !text.ends_with("\n\n") && !text.contains("\n\n"), "{path}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{path}");
    }
}

#[test]
fn a_system_without_anything_is_a_folder_without_objects() {
    let cluster = System::new().prod();
    assert_eq!(cluster.files.keys().map(String::as_str).collect::<Vec<_>>(), ["kustomization.yaml"]);
    assert_eq!(cluster.object("kustomization.yaml")["resources"], serde_json::json!([]));
}
