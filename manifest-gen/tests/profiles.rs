//! Profiles, as they are listed, added and resolved.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::process::{Command, Output};

use support::Workspace;

fn orch(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command.current_dir(folder).args(arguments).env_remove("ORCH_PROFILE").output().unwrap()
}

#[track_caller]
fn ends(output: &Output, code: i32, says: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(code) && stderr.contains(says), "{:?}\n{stderr}", output.status);
}

#[test]
fn a_profile_is_added_below_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orch.toml");
    let before = "# Ours\n[system]\nname = \"shop\" # kept\n\n[profiles.demo]\nextends = \"staging\"";
    std::fs::write(&file, before).unwrap();
    ends(&orch(folder.path(), &["profiles", "create", "load", "--from", "demo"]), 0, "added `[profiles.load]`");
    let after = std::fs::read_to_string(&file).unwrap();
    assert_eq!(after, format!("{before}\n\n[profiles.load]\nextends = \"demo\"\n"));
    let list = String::from_utf8(orch(folder.path(), &["profiles", "list"]).stdout).unwrap();
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines[0], "local    built in: a developer's machine");
    assert!(lines.contains(&"load     orch.toml, from demo: like production, for trying"), "{list}");
    for name in ["load", "prod", "production"] {
        ends(&orch(folder.path(), &["profiles", "create", name]), 2, "already");
    }
    ends(&orch(folder.path(), &["profiles", "create", "x", "--from", "stagin"]), 2, "did you mean `staging`");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), after);
}

#[test]
fn what_cannot_be_added_to_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orch.toml");
    let before = "profiles = { demo = { extends = \"staging\" } }\n";
    std::fs::write(&file, before).unwrap();
    ends(&orch(folder.path(), &["profiles", "create", "load"]), 1, "write `load = { extends = \"local\" }`");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    std::fs::remove_file(&file).unwrap();
    ends(&orch(folder.path(), &["profiles", "create", "load"]), 0, "added");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[profiles.load]\nextends = \"local\"\n");
}

#[test]
fn every_value_has_its_origin() {
    let workspace = Workspace::new("profiles-origin");
    let config = "[system]\nname = \"shop\"\nregistry = \"ghcr.io/acme\"\n\n[profiles.prod.apps.api]\nreplicas = 3\n";
    workspace.write("orch.toml", config);
    workspace.binary("api", "", "// Takes orders\n#[orch::app(port = 8080, grace = \"20s\")]\nfn main() {}\n");
    let show = |more: &[&str]| {
        workspace.run(&[&["config", "show", "--no-compile", "--profile", "prod"], more].concat()).success().stdout
    };
    let text = show(&[]);
    assert!(text.starts_with("shop (prod), its data in: volume\nimages in ghcr.io/acme, from orch.toml\n"), "{text}");
    let lines: Vec<&str> = text.lines().skip_while(|line| *line != "api").take_while(|line| !line.is_empty()).collect();
    assert!(lines.contains(&"  replicas = 3 from orch.toml line 6, over the default 1"), "{lines:#?}");
    let grace = "  grace = `20s` from the attribute at crates/api/src/main.rs:2, over the default `10s`";
    assert!(lines.contains(&grace), "{lines:#?}");
    let ports: Vec<&&str> = lines.iter().filter(|line| line.trim_start().starts_with("port")).collect();
    assert_eq!(ports, [&"  ports = 8080 from the attribute at crates/api/src/main.rs:2"]);
    let json: serde_json::Value = serde_json::from_str(&show(&["--json"])).unwrap();
    let schema = workspace.run(&["schema", "config"]).success().stdout;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    assert!(schema.is_valid(&json) && !schema.is_valid(&serde_json::json!({})), "{json:#}");
    let values = json["values"].as_array().unwrap();
    let replicas = values.iter().find(|value| value["id"] == "api" && value["key"] == "replicas").unwrap();
    assert_eq!(replicas["value"], 3);
    assert!(values.iter().all(|value| !value["from"].as_str().unwrap().is_empty()));
}
