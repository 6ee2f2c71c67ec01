//! What is true of every stack.

use cargo_orch::plan::{Plan, Role, Workload};
use orch_manifest::model::AppKind;
use orch_manifest::{Duration, FromText};
use serde_json::Value;

use super::{Files, check_both, declared, faces_out, list, section};

/// What a service of a stack has; the schema refuses other keys, and the engine ignores some of its own.
const KEYS: &[&str] = &[
    "cap_add",
    "cap_drop",
    "command",
    "configs",
    "deploy",
    "entrypoint",
    "environment",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "labels",
    "logging",
    "networks",
    "ports",
    "read_only",
    "secrets",
    "stop_grace_period",
    "ulimits",
    "user",
    "volumes",
    "working_dir",
];

pub(crate) fn check(plan: &Plan, files: &Files) {
    let read: Value = serde_saphyr::from_str(&files["stack.yaml"]).unwrap();
    for key in read.as_object().unwrap().keys() {
        assert!(["services", "networks", "volumes", "secrets", "configs"].contains(&key.as_str()), "{key}");
    }
    check_both(plan, &read);
    for workload in &plan.workloads {
        let (id, section) = (&workload.id, section(&read, workload));
        for key in section.as_object().unwrap().keys() {
            assert!(KEYS.contains(&key.as_str()), "{id}: {key}");
        }
        check_ports(workload, section);
        check_deploy(plan, workload, &section["deploy"]);
        check_secrets(workload, section);
    }
    for name in declared(&read, "secrets") {
        let secret = &read["secrets"][name];
        assert_eq!(*secret, serde_json::json!({ "external": true, "name": format!("{}_{name}", plan.system) }));
    }
    for name in declared(&read, "configs") {
        let config = &read["configs"][name];
        let path = config["file"].as_str().unwrap().strip_prefix("./").unwrap();
        assert!(files.contains_key(path), "{path}");
        let hash = config["name"].as_str().unwrap().rsplit('-').next().unwrap();
        assert!(hash.len() == 10 && hash.chars().all(|c| c.is_ascii_hexdigit()), "{config}");
    }
}

fn check_ports(workload: &Workload, section: &Value) {
    let wanted: Vec<String> = workload
        .ports
        .iter()
        .filter(|port| port.publish.as_ref().is_some_and(|publish| !publish.loopback || faces_out(workload, port)))
        .map(|port| format!("}}:{}/{}", port.port.number, port.port.transport()))
        .collect();
    let ports: Vec<&str> = list(&section["ports"]).iter().map(|port| port.as_str().unwrap()).collect();
    assert_eq!(ports.len(), wanted.len(), "{}: {ports:?}", workload.id);
    for (port, end) in ports.iter().zip(&wanted) {
        assert!(port.starts_with("${ORCH_PORT_") && port.ends_with(end), "{port}");
    }
}

fn check_deploy(plan: &Plan, workload: &Workload, deploy: &Value) {
    let id = &workload.id;
    assert_eq!(deploy["labels"]["dev.orch.service"], id.as_str());
    let pinned = format!("node.labels.{}.{id} == true", plan.system);
    let constraints = list(&deploy["placement"]["constraints"]);
    assert_eq!(constraints.iter().any(|constraint| *constraint == pinned), workload.is_stateful(), "{id}");
    match workload.role {
        Role::App(AppKind::Job) => {
            assert_eq!((&deploy["mode"], &deploy["replicas"]), (&"replicated-job".into(), &1.into()), "{id}");
            assert_eq!(deploy["restart_policy"]["condition"], "on-failure");
        }
        Role::App(AppKind::Cron) => assert_eq!(deploy["replicas"], 0, "{id}"),
        _ => assert!(deploy["replicas"].as_u64().is_some_and(|count| count == 1 || !workload.is_stateful()), "{id}"),
    }
    for key in ["update_config", "rollback_config"] {
        assert_eq!(deploy.get(key).is_some(), !workload.is_job(), "{id}: {key}");
        if workload.is_job() {
            continue;
        }
        let order = if workload.is_stateful() { "stop-first" } else { "start-first" };
        assert_eq!((&deploy[key]["parallelism"], &deploy[key]["order"]), (&1.into(), &order.into()), "{id}");
        let monitor = Duration::from_text(deploy[key]["monitor"].as_str().unwrap()).unwrap();
        assert!(
            workload
                .health
                .as_ref()
                .filter(|_| super::can_be_asked(workload))
                .is_none_or(|health| monitor > health.start_period),
            "{id}: {monitor}"
        );
    }
    assert!(workload.is_job() || deploy["update_config"]["failure_action"] == "rollback", "{id}");
}

/// What reads a secret has its file, and no secret is put together from the deployer's variables.
fn check_secrets(workload: &Workload, section: &Value) {
    let id = &workload.id;
    let text = section.to_string();
    let mounted: Vec<&str> = list(&section["secrets"]).iter().map(|secret| secret.as_str().unwrap()).collect();
    for part in text.split("/run/secrets/").skip(1) {
        let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        assert!(mounted.contains(&name.as_str()), "{id}: {name}");
    }
    for (name, entry) in workload.env.iter().filter(|(_, entry)| entry.value.is_secret()) {
        assert!(section["environment"].get(name.as_str()).is_none(), "{id}: {name}");
        assert!(!mounted.is_empty(), "{id}: {entry:?}");
    }
}
