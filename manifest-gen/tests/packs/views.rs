//! What templates see is what its JSON Schema says.

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
