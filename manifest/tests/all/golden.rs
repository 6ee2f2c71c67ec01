//! The two contracts as they were published.

use std::path::Path;

use orch_manifest::fragment::{CONTRACT, Fragment};
use orch_manifest::json::ToJson;

/// A committed file, written anew when `ORCH_UPDATE` is set.
pub(crate) fn approve(path: &str, actual: &str, advice: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("ORCH_UPDATE").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(expected == actual, "{} differs; {advice}\n{actual}", path.display());
}

/// A declaration with every kind of field in it, from the JSON that a reader of this contract must
/// always read.
fn rich() -> Fragment {
    let text = include_str!("../contract/rich.json");
    serde_json::from_str(text).expect("a tool of this contract reads what was written under it")
}

const ADVICE: &str =
    "crates that are compiled already speak the old format: count `fragment::CONTRACT` up, then set ORCH_UPDATE=1";

#[test]
fn the_json_of_a_fragment_is_what_the_contract_says() {
    approve(&format!("tests/contract/fragment-{CONTRACT}.json"), &(rich().to_json() + "\n"), ADVICE);
}

#[test]
fn the_names_of_a_fragment_are_what_the_contract_says() {
    approve(&format!("tests/contract/fragment-{CONTRACT}.names"), &(rich().encode().join("\n") + "\n"), ADVICE);
}

#[cfg(feature = "schema")]
#[test]
fn the_contracts_example_says_something_about_every_field_of_a_service() {
    let schema: serde_json::Value = serde_json::from_str(&orch_manifest::manifest::Manifest::json_schema()).unwrap();
    let fields = schema["$defs"]["ServiceEntry"]["properties"].as_object().unwrap();
    let example: serde_json::Value = serde_json::from_str(&rich().to_json()).unwrap();
    let example = example["declaration"]["service"].as_object().unwrap();
    let missing: Vec<&String> =
        fields.keys().filter(|key| *key != "declaredBy" && !example.contains_key(*key)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
