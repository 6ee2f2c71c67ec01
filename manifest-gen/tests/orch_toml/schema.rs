//! The JSON Schema of `orch.toml`: it takes what the reader takes, and its keys are the reader's.

use std::path::{Path, PathBuf};

use cargo_orch::config::{json_schema, page_schema};
use cargo_orch::plan::{Profile, profile::Base};
use jsonschema::Validator;
use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS, nested_keys};
use orch_manifest::manifest::Manifest;
use serde_json::{Map, Value, json};

use super::{config, manifest};

fn schema() -> Value {
    serde_json::from_str(&json_schema()).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft7::new(&schema()).unwrap()
}

fn value(text: &str) -> Value {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}\n{text}"));
    serde_json::to_value(table).unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every `orch.toml` of the documentation, the example and the tests.
fn configurations() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let page = std::fs::read_to_string(repository().join("docs/orch-toml.md")).unwrap();
    for (number, block) in page.split("```toml\n").skip(1).enumerate() {
        let text = block.split("```").next().unwrap();
        found.push((format!("example {number} of docs/orch-toml.md"), text.to_owned()));
    }
    assert!(found.len() > 5, "{found:?}");
    let mut paths = vec![repository().join("examples/shop/orch.toml")];
    for folder in ["systems", "kubernetes"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
        let files = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
        paths.extend(files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")));
    }
    found.extend(paths.into_iter().map(|path| (path.display().to_string(), std::fs::read_to_string(path).unwrap())));
    found
}

#[test]
fn the_schemas_are_committed() {
    for (name, schema) in [("orch-toml", json_schema()), ("catalog-page", page_schema())] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schema/{name}.json"));
        if std::env::var_os("ORCH_UPDATE").is_some() {
            std::fs::write(&path, &schema).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == schema, "`{}` differs; write it with `ORCH_UPDATE=1`", path.display());
    }
}

#[test]
fn the_command_prints_them() {
    let printed = |arguments: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        let output = command.args(["orch", "schema"]).args(arguments).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(printed(&["orch-toml"]), json_schema());
    assert_eq!(printed(&["catalog-page"]), page_schema());
    assert_eq!(printed(&[]), Manifest::json_schema());
}

#[test]
fn it_is_a_schema() {
    assert!(jsonschema::meta::is_valid(&schema()));
    let written = json_schema() + &page_schema();
    assert!(!written.contains("null"), "what the model does not say is not there");
}

#[test]
fn what_is_right_it_takes() {
    let validator = validator();
    for (place, text) in configurations() {
        let errors: Vec<String> =
            validator.iter_errors(&value(&text)).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{place}: {errors:#?}");
    }
}

#[test]
fn mistakes_it_does_not() {
    let mistakes = [
        "sytem = {}",
        "[system]\nnmae = \"shop\"",
        "[system]\nname = \"Shop\"",
        "[system]\npackages = \"dev-tools\"",
        "[services.Postgres]",
        "[services.postgres]\nimgae = \"postgres:16\"",
        "[services.postgres]\nid = \"other\"",
        "[services.postgres]\nimage = 16",
        "[services.postgres]\nreplicas = \"3\"",
        "[services.postgres]\nrestart = \"sometimes\"",
        "[services.postgres]\nuses = [\"x\"]",
        "[services.postgres]\nenv = { A = 1 }",
        "[services.postgres]\nenv = { A = { secrt = \"a\" } }",
        "[services.postgres]\nenv = { A = { secret = \"a\", default = \"b\" } }",
        "[services.postgres]\nunset = [\"healht\"]",
        "[services.postgres]\nhealth = { interval = \"5s\" }",
        "[services.postgres]\nhealth = { http = \"/\", tcp = 1 }",
        "[services.postgres]\nhealth = { none = false }",
        "[[services.postgres.port]]\nname = \"sql\"",
        "[[services.postgres.port]]\nnumber = 70000",
        "[[services.postgres.volume]]\npath = \"/data\"\nsiez = \"1Gi\"",
        "[services.postgres]\ndisable = \"yes\"",
        "[apps.api]\nadd = true",
        "[apps.api]\ndisable = true",
        "[apps.api]\nkind = \"database\"",
        "[packages.x.service.db]\ndisable = true",
        "[packages.x.services.db]",
        "[packages.x.services.db]\nrename = \"a\"\nsame_as = \"b\"",
        "[packages.x.services.db]\ndisable = false",
        "[profiles.prod]\nextend = \"staging\"",
        "[profiles.prod]\ndata = \"binds\"",
        "[profiles.prod.service.x]",
        "[targets.k9s]",
        "[targets.k8s]\nsecrets = \"vault\"",
        "[targets.k8s]\nnamespaces = \"x\"",
        "[targets.k8s]\nsecret_store = { kind = \"SecretStore\" }",
        "[build]\nfrom = \"slim\"",
        "[build]\nform = \"slimm\"",
        "[build]\nbase = \"a b\"",
        "[secrets.a]\nkubernets = {}",
        "[secrets.a]\nkubernetes = { name = \"A B\" }",
    ];
    let validator = validator();
    for mistake in mistakes {
        assert!(!validator.is_valid(&value(mistake)), "{mistake}");
    }
}

/// The properties of a definition.
fn properties<'a>(schema: &'a Value, path: &str) -> &'a Map<String, Value> {
    schema.pointer(path).unwrap()["properties"].as_object().unwrap()
}

#[test]
fn its_keys_are_those_of_the_grammar_and_each_takes_something() {
    let schema = schema();
    for (section, own, here) in
        [("service", SERVICE_KEYS, &["unset", "add", "disable"][..]), ("app", APP_KEYS, &["unset"])]
    {
        let properties = properties(&schema, &format!("/definitions/{section}"));
        let mut keys: Vec<&str> = [own, WORKLOAD_KEYS, here].concat();
        keys.retain(|key| *key != "id");
        keys.sort_unstable();
        let mut there: Vec<&str> = properties.keys().map(String::as_str).collect();
        there.sort_unstable();
        assert_eq!(there, keys, "{section}");
        for key in ["resources", "scale", "health"] {
            let mut nested: Vec<&str> =
                properties[key]["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let mut expected = nested_keys(key);
            nested.sort_unstable();
            expected.sort_unstable();
            assert_eq!(nested, expected, "{key}");
        }
    }
    each_takes_something("", &schema);
}

/// No key takes just anything, and every table knows its keys.
fn each_takes_something(place: &str, schema: &Value) {
    if let Value::Object(object) = schema {
        for (name, property) in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let says = ["type", "anyOf", "$ref"].iter().any(|word| property.get(word).is_some());
            assert!(says, "{place}/{name} takes anything: {property}");
        }
        if object.contains_key("properties") {
            let others = &object["additionalProperties"];
            assert!(*others == json!(false) || others.get("$ref").is_some(), "{place} has other keys: {others}");
        }
        object.iter().for_each(|(key, inner)| each_takes_something(&format!("{place}/{key}"), inner));
    }
    if let Value::Array(items) = schema {
        for inner in items {
            each_takes_something(place, inner);
        }
    }
}

/// Values that a part of the schema takes, one of each form.
fn samples(part: &Value, schema: &Value) -> Vec<Value> {
    if let Some(path) = part["$ref"].as_str() {
        return samples(schema.pointer(path.trim_start_matches('#')).unwrap(), schema);
    }
    if let Some(choices) = part["anyOf"].as_array() {
        return choices.iter().flat_map(|choice| samples(choice, schema)).collect();
    }
    if let Some(words) = part["enum"].as_array() {
        return words.clone();
    }
    match part["type"].as_str().unwrap() {
        "boolean" => vec![json!(true), json!(false)],
        "integer" => vec![part.get("minimum").filter(|least| **least != 0).cloned().unwrap_or(json!(2))],
        "array" => samples(&part["items"], schema).into_iter().map(|item| json!([item])).collect(),
        "string" => vec![text(part)],
        "object" => tables(part, schema),
        other => panic!("{other}"),
    }
}

/// A text that a part of the schema takes.
fn text(part: &Value) -> Value {
    const TEXTS: [&str; 14] = [
        "x",
        "10s",
        "256Mi",
        "postgres:16",
        "/data",
        "0 3 * * *",
        "10.0.0.0/8",
        "999:999",
        "NET_ADMIN",
        "database",
        "conf/x",
        "shop.example.com",
        "xy",
        "1",
    ];
    let validator = jsonschema::draft7::new(part).unwrap();
    let found = TEXTS.into_iter().map(Value::from).find(|text| validator.is_valid(text));
    found.unwrap_or_else(|| panic!("no text for {part}"))
}

/// Tables with what is required and one more key each.
fn tables(part: &Value, schema: &Value) -> Vec<Value> {
    let Some(properties) = part["properties"].as_object() else {
        let any = part["patternProperties"].as_object().and_then(|patterns| patterns.values().next());
        let any = any.unwrap_or(&part["additionalProperties"]);
        return samples(any, schema).into_iter().map(|value| json!({ "nofile": value })).collect();
    };
    let first = |name: &str| samples(&properties[name], schema).remove(0);
    let required = part["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap());
    let base: Map<String, Value> = required.map(|name| (name.to_owned(), first(name))).collect();
    // Of several of which one is required, the first goes with everything.
    let choices: Vec<&str> =
        part["oneOf"].as_array().into_iter().flatten().map(|one| one["required"][0].as_str().unwrap()).collect();
    let mut tables = Vec::new();
    for (name, property) in properties {
        for value in samples(property, schema) {
            let mut table = base.clone();
            if let (Some(choice), false) = (choices.first(), choices.contains(&name.as_str())) {
                table.insert((*choice).to_owned(), first(choice));
            }
            table.insert(name.clone(), value);
            tables.push(Value::Object(table));
        }
    }
    tables
}

/// What the schema takes has a form that the reader knows; whether it goes with the rest of a system is
/// another thing.
#[test]
fn what_it_takes_the_reader_knows() {
    let (schema, validator) = (schema(), validator());
    let manifest = manifest(&[json!({ "id": "db", "kind": "database" })], &[json!({ "id": "api" })]);
    let mut seen = 0;
    let mut read = |document: Value| {
        assert!(validator.is_valid(&document), "{document}");
        let text = toml::to_string(&document).unwrap();
        let profile = Profile::built_in(Base::Local);
        let problems = config(&text).and_then(|config| config.apply(&manifest, &profile).map(|_| ()));
        let problems = problems.err().map(|error| error.to_string()).unwrap_or_default();
        for line in problems.lines() {
            let structural = ["unknown", "takes", "expected", "no value here", "duplicate"];
            assert!(!structural.iter().any(|word| line.contains(word)), "{line}\n{text}");
        }
        seen += 1;
    };
    for (section, id, definition) in [("services", "db", "service"), ("apps", "api", "app")] {
        for (key, part) in properties(&schema, &format!("/definitions/{definition}")) {
            for sample in samples(part, &schema) {
                let mut keys = json!({ key: sample });
                if ["url", "host", "database", "params"].contains(&key.as_str()) || key == "user" && sample.is_object()
                {
                    keys["deployment"] = json!("external");
                }
                read(json!({ section: { id: keys } }));
            }
        }
    }
    for (key, part) in properties(&schema, "/definitions/profile") {
        if !["services", "apps"].contains(&key.as_str()) {
            for sample in samples(part, &schema) {
                read(json!({ "profiles": { "mine": { key: sample } } }));
            }
        }
    }
    for key in ["system", "packages"] {
        for sample in samples(&properties(&schema, "")[key], &schema) {
            read(json!({ key: sample }));
        }
    }
    assert!(seen > 150, "{seen}");
}
