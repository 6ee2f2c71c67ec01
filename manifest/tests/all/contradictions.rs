//! What a manifest is refused for although each of its values is good by itself.

use orch_manifest::manifest::{Manifest, ManifestError};
use serde_json::{Value, json};

/// What is said about a manifest with one service and one application, with more keys each.
fn said(service: &Value, app: &Value) -> Vec<String> {
    let place = json!({ "package": "p", "file": "src/lib.rs", "item": "Item" });
    let mut db = json!({ "id": "db", "kind": "database", "image": "postgres:16", "declaredBy": place });
    let mut api = json!({ "id": "api", "version": "1.0.0", "services": ["db"], "declaredBy": place });
    for (entry, more) in [(&mut db, service), (&mut api, app)] {
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    }
    let text = json!({ "schemaVersion": 1, "system": "shop", "services": [db], "apps": [api] }).to_string();
    match Manifest::from_json(&text) {
        Ok(_) => Vec::new(),
        Err(ManifestError::Inconsistent { problems }) => problems,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn what_services_and_applications_have_in_common() {
    let volumes = |volumes: Value| json!({ "volumes": volumes });
    for (keys, problems) in [
        (json!({ "ports": [{ "number": 80 }, { "number": 80 }] }), &["port 80 is there twice"][..]),
        (json!({ "ports": [{ "number": 80 }, { "number": 80, "protocol": "udp" }] }), &[]),
        (
            json!({ "ports": [{ "number": 80, "name": "http" }, { "number": 81, "name": "http" }] }),
            &["two ports are called `http`"],
        ),
        (json!({ "ingress": [{ "tls": "cert" }] }), &["`tls` without a `host`"]),
        (
            volumes(json!([{ "path": "/a", "name": "data" }, { "path": "/b", "name": "data" }])),
            &["two volumes are called `data`"],
        ),
        (volumes(json!([{ "path": "/a" }, { "path": "/a" }])), &["two volumes or files are at `/a`"]),
        (
            json!({ "volumes": [{ "path": "/a" }], "files": [{ "path": "/a", "source": "a" }] }),
            &["two volumes or files are at `/a`"],
        ),
        (volumes(json!([{ "path": "/a" }, { "path": "/b" }, { "path": "/a/b" }])), &[]),
        (
            volumes(json!([{ "path": "/a", "ephemeral": true, "storageClass": "fast", "readOnly": true }])),
            &["`storage_class` does not go with `ephemeral`", "`read_only` does not go with `ephemeral`"],
        ),
        (json!({ "resources": { "cpu": "0" } }), &["`cpu` cannot be zero"]),
        (
            json!({ "resources": { "memory": "2Gi", "memoryLimit": "1Gi", "gpu": 0 } }),
            &["`memory = \"2Gi\"` is above `memory_limit = \"1Gi\"`", "`gpu` cannot be 0"],
        ),
        (json!({ "resources": { "cpu": "500m", "cpuLimit": "0.5" } }), &[]),
        (json!({ "replicas": 1001 }), &["`replicas` cannot be 1001"]),
        (json!({ "fsGroup": 2_147_483_648_u32 }), &["`fs_group` cannot be 2147483648"]),
        (json!({ "scale": { "min": 3, "max": 2 } }), &["`min = 3` is above `max = 2`"]),
        (
            json!({ "scale": { "min": 0, "max": 2, "cpu": 101 }, "volumes": [{ "path": "/a" }] }),
            &["`min` cannot be 0", "`cpu` cannot be 101", "`scale` does not go with a persistent volume"],
        ),
        (json!({ "scale": { "min": 1, "max": 2 }, "volumes": [{ "path": "/a", "ephemeral": true }] }), &[]),
        (
            json!({ "ulimits": { "nofile": { "soft": 2, "hard": 1 } } }),
            &["the soft limit 2 of `nofile` is above the hard limit 1"],
        ),
        (
            json!({ "ulimits": { "nofile": { "soft": 1, "hard": u64::MAX } } }),
            &["`nofile` cannot be 18446744073709551615"],
        ),
        (
            json!({ "health": { "check": { "command": [] }, "interval": "0s", "timeout": "0s", "retries": 0, "live": "/l" } }),
            &[
                "`interval` cannot be zero",
                "`timeout` cannot be zero",
                "`retries` cannot be 0",
                "`live` goes with `http` only",
                "`command` of `health` is empty",
            ],
        ),
    ] {
        let of = |id: &str| problems.iter().map(|problem| format!("`{id}`: {problem}")).collect::<Vec<_>>();
        assert_eq!(said(&keys, &json!({})), of("db"), "{keys}");
        assert_eq!(said(&json!({}), &keys), of("api"), "{keys}");
    }
}

#[test]
fn what_only_services_have() {
    let url = |url: Value| json!({ "deployment": "external", "connection": { "url": url } });
    let password = ["`db`: `url` has a password in it, which would be in every artifact"];
    for (keys, problems) in [
        (json!({ "deployment": "external" }), &["`db`: an external service says where it is"][..]),
        (
            json!({ "deployment": "external", "connection": { "database": "d" } }),
            &["`db`: an external service says where it is"],
        ),
        (url(json!("postgres://me:hunter2@db/d")), &password),
        (url(json!({ "var": "URL", "default": "postgres://me:hunter2@db/d" })), &password),
        (url(json!({ "template": "postgres://me:hunter2@{host}/d" })), &password),
        (url(json!({ "template": "postgres://me:{secret:password}@db/d" })), &[]),
        (url(json!({ "secret": "url" })), &[]),
        (url(json!("postgres://me@db/d")), &[]),
    ] {
        let found = said(&keys, &json!({}));
        assert_eq!(found, problems, "{keys}");
        assert!(!found.concat().contains("hunter2"));
    }
}

#[test]
fn what_only_applications_have() {
    for (keys, problems) in [
        (json!({ "kind": "cron" }), &["`api`: `kind = \"cron\"` has no `schedule`"][..]),
        (
            json!({ "kind": "job", "replicas": 2, "scale": { "min": 1, "max": 2 }, "ingress": [{ "host": "a.b" }],
                    "health": { "check": { "shell": "true" } } }),
            &[
                "`api`: `scale` does not go with `kind = \"job\"`",
                "`api`: `replicas` does not go with `kind = \"job\"`",
                "`api`: `ingress` does not go with `kind = \"job\"`",
                "`api`: `health` does not go with `kind = \"job\"`",
            ],
        ),
        (json!({ "imageOf": "web", "image": "x:1" }), &["`api`: `image` does not go with `image_of`"]),
        (json!({ "kind": "cron", "schedule": "0 3 * * *" }), &[]),
    ] {
        assert_eq!(said(&json!({}), &keys), problems, "{keys}");
    }
}

#[test]
fn all_of_them_are_found_in_one_reading() {
    let replicas = json!({ "replicas": 1001 });
    let services = json!({ "replicas": 1001, "services": ["db", "pg"] });
    let problems = said(&replicas, &services);
    let expected = [
        "the application `api` uses the service `pg`, which is not there",
        "`api`: `replicas` cannot be 1001",
        "`db`: `replicas` cannot be 1001",
    ];
    assert_eq!(problems, expected);
    let error = ManifestError::Inconsistent { problems };
    assert_eq!(error.to_string(), format!("the manifest contradicts itself: {}", expected.join("; ")));
}
