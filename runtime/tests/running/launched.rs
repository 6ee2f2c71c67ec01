//! An application on the host, after `cargo orch up`.

use std::fs;
use std::path::PathBuf;

use orch_runtime::{Environment, Source, System, SystemError};
use serde_json::json;
use tempfile::TempDir;

use crate::bindings::told;

/// A workspace in which `up` was run, and the program of its application.
fn workspace(file: &str) -> (TempDir, PathBuf) {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(".orch/local/host/api.json", file);
    write(".orch/secrets/postgres-password", "c4n/ry");
    let program = root.path().join("target/debug/api");
    (root, program)
}

fn launched(secrets: &str) -> String {
    let secret = json!({ "secret": { "name": "postgres-password", "url": true } });
    let url = json!([{ "text": "postgres://shop:" }, secret, { "text": "@127.0.0.1:31234/shop" }]);
    let told = told(&json!({}), &json!({ "DATABASE_URL": url }));
    json!({ "ORCH_SYSTEM": told, "ORCH_SECRETS": secrets, "PATH": "nobody's" }).to_string()
}

#[test]
fn what_up_has_left_is_found_around_the_program() {
    let (root, program) = workspace("");
    let secrets = root.path().join(".orch/secrets").display().to_string();
    fs::write(root.path().join(".orch/local/host/api.json"), launched(&secrets)).unwrap();
    let none = || Environment::of::<&str, &str>([]);
    let system = System::new(none().program(&program));
    let binding = system.binding("DATABASE_URL").unwrap();
    assert_eq!((binding.as_str(), binding.source()), ("postgres://shop:c4n%2Fry@127.0.0.1:31234/shop", &Source::Parts));
    assert!(system.binding("PATH").is_err());
    // Another program, another profile, a program elsewhere.
    let absent = |environment: Environment| System::new(environment).check() == Err(SystemError::Absent);
    assert!(absent(none().program(root.path().join("target/debug/worker"))));
    assert!(absent(Environment::of([("ORCH_PROFILE", "ci")]).program(&program)));
    assert!(absent(Environment::of([("ORCH_PROFILE", "x/../local")]).program(&program)));
    assert!(absent(none().program("/usr/bin/api")));
}

#[test]
fn what_the_environment_says_goes_first() {
    let (_root, program) = workspace(&launched("/nowhere"));
    let other =
        json!({ "contract": 1, "system": "other", "profile": "prod", "app": "api", "services": {}, "bindings": {} });
    let told = other.to_string();
    let system = System::new(Environment::of([("ORCH_SYSTEM", told.as_str())]).program(&program));
    assert_eq!((system.name(), system.binding("ORCH_SECRETS").is_err()), (Some("other"), true));
    let url =
        System::new(Environment::of([("DATABASE_URL", "mine")]).program(&program)).binding("DATABASE_URL").unwrap();
    assert_eq!((url.as_str(), url.source()), ("mine", &Source::Variable));
}

#[test]
fn what_is_damaged_tells_nothing() {
    for text in ["", "{", "[]", "{\"ORCH_SYSTEM\": 1}", "null", "\u{0}"] {
        let (_root, program) = workspace(text);
        let system = System::new(Environment::of::<&str, &str>([]).program(&program));
        assert_eq!(system.check(), Err(SystemError::Absent), "{text:?}");
    }
}
