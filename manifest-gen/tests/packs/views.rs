//! What templates see is what its JSON Schema says.

use std::collections::BTreeSet;

use cargo_orch::plan::Plan;
use cargo_orch::target::{Compose, Dockerfiles, Kubernetes, Swarm};
use serde_json::Value;

use super::foreign::plan;
use super::{SYSTEMS, orch, tests};

type View = fn(&Plan) -> Value;

const VIEWS: [(&str, View); 4] = [
    ("compose", |plan| serde_json::to_value(Compose::new(plan).0).unwrap()),
    ("dockerfile", |plan| serde_json::to_value(Dockerfiles::new(plan)).unwrap()),
    ("kubernetes", |plan| serde_json::to_value(Kubernetes::new(plan).0).unwrap()),
    ("swarm", |plan| serde_json::to_value(Swarm::new(plan).0).unwrap()),
];

#[test]
fn the_schemas_are_committed_and_hold() {
    for (name, view) in VIEWS {
        let output = orch(&tests(), &["schema", &format!("view-{name}")]);
        assert!(output.status.success());
        let path = tests().join(format!("../schema/view-{name}.json"));
        if std::env::var_os("ORCH_UPDATE").is_some() {
            std::fs::write(&path, &output.stdout).unwrap();
        }
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(jsonschema::meta::is_valid(&schema));
        let committed: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        assert!(schema == committed, "`{}` differs; write it with `ORCH_UPDATE=1`", path.display());
        let validator = jsonschema::validator_for(&schema).unwrap();
        for system in SYSTEMS {
            let seen = view(&plan(system));
            let wrong: Vec<String> = validator.iter_errors(&seen).map(|error| error.to_string()).collect();
            assert_eq!(wrong, [""; 0], "{system}");
            keys(&seen, &schema, name);
        }
    }
}

/// Every key of the root is one that the schema has, and the other way round.
fn keys(seen: &Value, schema: &Value, name: &str) {
    let own: Vec<&String> = seen.as_object().unwrap().keys().collect();
    for key in &own {
        assert!(schema["properties"].get(key).is_some(), "{name}: {key}");
    }
    assert_eq!(own.len(), schema["properties"].as_object().unwrap().len(), "{name}");
}

#[test]
fn one_view_says_what_each_service_is_and_when_it_runs() {
    let mut kinds = BTreeSet::new();
    for plan in SYSTEMS.map(plan) {
        let views =
            [serde_json::to_value(Compose::new(&plan).0).unwrap(), serde_json::to_value(Swarm::new(&plan).0).unwrap()];
        for view in views {
            assert_eq!([&view["system"], &view["profile"]], [plan.system.as_str(), "prod"]);
            let services = view["services"].as_array().unwrap();
            for workload in &plan.workloads {
                let service = services.iter().find(|service| service["id"] == workload.id.as_str()).unwrap();
                let schedule = workload.schedule.as_ref().map(ToString::to_string);
                assert_eq!(service["schedule"].as_str(), schedule.as_deref(), "{}", workload.id);
                let kind = service["kind"].as_str().unwrap().to_owned();
                assert_eq!(["job", "cron"].contains(&kind.as_str()), workload.is_job(), "{}", workload.id);
                assert_eq!(kind == "cron", schedule.is_some(), "{}", workload.id);
                kinds.insert(kind);
            }
        }
    }
    for kind in ["web", "worker", "job", "cron", "database", "cache"] {
        assert!(kinds.contains(kind), "{kind}: {kinds:?}");
    }
}

/// What a pack would otherwise have to read out of a line for another format.
#[test]
fn what_the_deployer_gives_is_said_in_parts() {
    let (mut secrets, mut defaults) = (0, 0);
    for plan in SYSTEMS.map(plan) {
        let compose = serde_json::to_value(Compose::new(&plan).0).unwrap();
        for given in compose["supplied"].as_array().unwrap() {
            let [name, line] = ["name", "line"].map(|key| given[key].as_str().unwrap());
            let is_optional = given["default"].is_string();
            assert!(line.starts_with(&if is_optional { format!("# {name}=") } else { format!("{name}=") }), "{given}");
            defaults += usize::from(is_optional);
            if let Some(secret) = given["secret"].as_str() {
                let key = given["key"].as_str().map(|key| format!("_{key}")).unwrap_or_default();
                assert_eq!(name, format!("{secret}{key}").replace('-', "_").to_uppercase());
                assert!(plan.secrets.iter().any(|known| known.name.to_string() == secret), "{given}");
                secrets += 1;
            }
        }
    }
    assert!(secrets > 0 && defaults > 0, "{secrets} {defaults}");
}

#[test]
fn a_variable_to_the_letter_has_no_reference_in_it() {
    let (mut letters, mut references) = (0, 0);
    for plan in SYSTEMS.map(plan) {
        let kubernetes = serde_json::to_value(Kubernetes::new(&plan).0).unwrap();
        for object in
            ["deployments", "stateful_sets", "jobs"].iter().flat_map(|kind| kubernetes[kind].as_array().unwrap())
        {
            for variable in object["spec"]["pod"]["container"]["env"].as_array().unwrap() {
                let Some(value) = variable["value"].as_str() else {
                    assert!(variable["literal"].is_null(), "{variable}");
                    continue;
                };
                let expanded = value.replace("$$", "\0");
                let literal = variable["literal"].as_str();
                assert_eq!(literal.is_none(), expanded.contains("$("), "{variable}");
                if let Some(literal) = literal {
                    assert_eq!(literal, expanded.replace('\0', "$"));
                    letters += 1;
                } else {
                    references += 1;
                }
            }
        }
    }
    assert!(letters > 0 && references > 0, "{letters} {references}");
}

/// Who writes a pack has nothing else to go by.
#[test]
fn every_key_is_explained() {
    for (name, _) in VIEWS {
        let output = orch(&tests(), &["schema", &format!("view-{name}")]);
        let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut count = 0;
        explained(name, &schema, &mut count);
        assert!(count > 20, "{name}: {count}");
    }
}

fn explained(place: &str, schema: &Value, count: &mut usize) {
    match schema {
        Value::Object(object) => {
            let properties = object.get("properties").and_then(Value::as_object).into_iter().flatten();
            // What is one of several kinds is explained where the kind is.
            let kind = object
                .get("description")
                .filter(|_| object.get("properties").and_then(Value::as_object).is_some_and(|all| all.len() == 1));
            for (key, property) in properties {
                let text = property.get("description").or(kind).and_then(Value::as_str).unwrap_or_default();
                assert!(text.len() > 5, "{place}/{key} is not explained: {property}");
                assert!(!text.contains("`None`") && !text.contains("Option"), "{place}/{key}: {text}");
                *count += 1;
            }
            for (key, inner) in object {
                explained(&format!("{place}/{key}"), inner, count);
            }
        }
        Value::Array(items) => items.iter().for_each(|inner| explained(place, inner, count)),
        _ => {}
    }
}
