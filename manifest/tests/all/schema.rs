//! The JSON Schema of the manifest, as it is published.

use std::sync::LazyLock;

use orch_manifest::manifest::{Manifest, SCHEMA_VERSION};
use proptest::prelude::*;
use serde_json::Value;

use crate::{arbitrary, golden};

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::draft202012::new(&schema()).unwrap());

fn schema() -> Value {
    serde_json::from_str(&Manifest::json_schema()).unwrap()
}

#[test]
fn the_committed_schema_is_the_types_schema() {
    let advice = "set ORCH_UPDATE=1 to write it; a change that old manifests do not survive needs another version";
    golden::approve(&format!("schema/manifest-{SCHEMA_VERSION}.json"), &Manifest::json_schema(), advice);
}

#[test]
fn the_schema_is_a_schema() {
    assert_eq!(schema()["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::meta::validate(&schema()).unwrap();
}

#[test]
fn everything_in_the_schema_is_described() {
    let schema = schema();
    let definitions = schema["$defs"].as_object().unwrap();
    for (name, definition) in definitions {
        assert!(definition["description"].is_string(), "`{name}` has no description");
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            assert!(property["description"].is_string(), "`{name}.{key}` has no description");
        }
        let plain_text = definition["type"] == "string" && definition["enum"].is_null();
        // A template is any text with braces in pairs, which no pattern says.
        assert!(!plain_text || definition["pattern"].is_string() || name == "Template", "`{name}` has no pattern");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]

    #[test]
    fn every_manifest_is_of_the_schema(manifest in arbitrary::manifest(), locations in any::<bool>()) {
        let value: Value = serde_json::from_str(&manifest.to_json(locations)).unwrap();
        let errors: Vec<String> =
            VALIDATOR.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        prop_assert!(errors.is_empty(), "{errors:#?}");
    }
}

#[test]
fn what_no_manifest_may_be_is_not_of_the_schema() {
    let service = |change: &str| {
        let text = r#"{"schemaVersion":1,"system":"shop","services":[{"id":"db","kind":"database","image":"postgres:16",
            "declaredBy":{"package":"p","file":"src/lib.rs","item":"Db"}}]}"#;
        let (from, to) = change.split_once(" -> ").unwrap();
        assert!(text.contains(from));
        serde_json::from_str::<Value>(&text.replace(from, to)).unwrap()
    };
    assert!(VALIDATOR.is_valid(&service(r#""db" -> "db""#)));
    for change in [
        r#""schemaVersion":1 -> "schemaVersion":2"#,
        r#""id":"db" -> "id":"Db""#,
        r#""kind":"database" -> "kind":"databse""#,
        r#""image":"postgres:16" -> "image":"a b""#,
        r#""image":"postgres:16" -> "image":null"#,
        r#""image":"postgres:16" -> "ports":[{"number":0}]"#,
        r#""image":"postgres:16" -> "env":{"1A":"x"}"#,
        r#""image":"postgres:16" -> "grace":"10 s""#,
        r#""image":"postgres:16" -> "files":[{"path":"/etc/../x","source":"x"}]"#,
        r#""item":"Db" -> "name":"Db""#,
    ] {
        assert!(!VALIDATOR.is_valid(&service(change)), "{change}");
    }
}
