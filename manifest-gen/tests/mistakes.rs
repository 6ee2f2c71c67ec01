//! Sixteen mistakes that a comparable tool made, each with a test that it is not made here.
//!
//! Those that have no better place are here; the table says where each is, and a test that the table is true.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use cargo_orch::config::Config;
use cargo_orch::plan::{Plan, Profile, plan};
use cargo_orch::target;
use orch_manifest::manifest::Manifest;
use orch_templates::{Format, Packs};
use serde_json::{Value, json};

/// The mistake, the file of the repository with its test, and the test.
const MISTAKES: [(&str, &str, &str); 22] = [
    (
        "1. an image's name with an upper-case letter or a space",
        "manifest/tests/all/texts.rs",
        "images_are_references_an_engine_accepts",
    ),
    (
        "2. compose on whatever project the folder means",
        "manifest-gen/tests/engine/checkouts.rs",
        "a_project_that_somebody_started_by_hand_is_left_alone",
    ),
    ("3. paths relative to the wrong folder", "manifest-gen/tests/mistakes.rs", "paths_lead_to_what_was_rendered"),
    (
        "4. an internal network with ports published from it",
        "manifest-gen/tests/mistakes.rs",
        "no_port_is_published_from_an_internal_network",
    ),
    (
        "5. everything published in production",
        "manifest-gen/tests/mistakes.rs",
        "in_production_only_what_faces_out_is_published",
    ),
    (
        "6. an override that drops what it does not mention",
        "manifest-gen/tests/mistakes.rs",
        "an_override_keeps_what_it_does_not_mention",
    ),
    ("7. reading state that writes", "manifest-gen/tests/mistakes.rs", "what_only_reads_writes_nothing"),
    (
        "8. exit codes ignored, stderr lost",
        "manifest-gen/src/engine/command.rs",
        "an_exit_code_is_an_error_with_the_command_line_and_what_was_said",
    ),
    (
        "8. a timeout waited out on an empty plan",
        "manifest-gen/tests/engine/loops.rs",
        "what_has_nothing_to_start_is_done_at_once",
    ),
    (
        "9. a crashed or missing container counted as ready",
        "manifest-gen/src/launch/readiness.rs",
        "each_state_is_judged_against_what_is_planned",
    ),
    (
        "9. readiness judged by who happens to run",
        "manifest-gen/src/launch/readiness.rs",
        "nobody_who_is_not_planned_counts",
    ),
    (
        "9. an unhealthy service waited for",
        "manifest-gen/tests/engine/failures.rs",
        "a_health_check_that_never_passes_ends_the_waiting_at_once",
    ),
    ("10. lists of containers taken for arrays only", "manifest-gen/tests/ps.rs", "an_object_a_line"),
    ("10. IPv6, and a health that is empty", "manifest-gen/tests/ps.rs", "an_array_without_health_and_with_ipv6"),
    (
        "10. the other engine's shape, and port ranges",
        "manifest-gen/tests/ps.rs",
        "podman_with_the_labels_of_podman_compose",
    ),
    (
        "11. an engine that is named and not taken",
        "manifest-gen/tests/engine/daemon.rs",
        "an_engine_that_is_named_is_taken_or_is_an_error",
    ),
    ("12. variables without a value dropped", "manifest-gen/tests/mistakes.rs", "a_variable_without_a_value_is_there"),
    (
        "13. a health check that needs curl, or takes any answer",
        "manifest-gen/tests/mistakes.rs",
        "no_application_is_asked_with_curl_or_takes_any_answer",
    ),
    (
        "14. build contexts above the workspace",
        "manifest-gen/tests/images.rs",
        "what_cannot_be_built_or_pushed_is_said_with_the_cure",
    ),
    ("15. unknown tokens left in the text", "manifest-gen/tests/mistakes.rs", "no_token_is_left_in_a_text"),
    (
        "16. a deadlock on a pipe that nobody reads",
        "manifest-gen/src/engine/command.rs",
        "more_than_a_pipe_holds_is_read_from_both_streams",
    ),
    (
        "16. a child left running after Ctrl-C",
        "manifest-gen/tests/engine/failures.rs",
        "ctrl_c_ends_the_children_and_says_what_still_runs",
    ),
];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

#[test]
fn every_mistake_has_its_test() {
    for (mistake, file, test) in MISTAKES {
        let text = std::fs::read_to_string(repository().join(file)).unwrap();
        let is_test = text.split("#[test]").skip(1).any(|rest| rest.trim_start().starts_with(&format!("fn {test}()")));
        assert!(is_test, "{mistake}: there is no test `{test}` in {file}");
    }
    let numbers: BTreeSet<&str> = MISTAKES.iter().map(|(mistake, ..)| mistake.split('.').next().unwrap()).collect();
    assert_eq!(numbers.len(), 16);
}

/// The systems of the tests, planned for every profile.
fn plans() -> Vec<Plan> {
    let folder = repository().join("manifest-gen/tests/systems");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut plans = Vec::new();
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let manifest = Manifest::from_json(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let config = camino::Utf8PathBuf::from_path_buf(path.with_extension("toml")).unwrap();
        let config = Config::read(&config).unwrap();
        let profiles = Profile::all(&config).unwrap();
        plans.extend(profiles.iter().map(|profile| config.plan(&manifest, profile).unwrap()));
    }
    assert!(plans.len() > 12, "{}", plans.len());
    plans
}

fn packs() -> Packs {
    target::packs(None).unwrap()
}

fn rendered(plan: &Plan, target: &str) -> Vec<(String, String)> {
    let files = target::render(plan, target, &packs()).unwrap().files;
    files.into_iter().map(|file| (file.path, file.contents)).collect()
}

fn compose(plan: &Plan) -> Value {
    let files = rendered(plan, "compose");
    let (_, text) = files.iter().find(|(path, _)| path == "compose.yaml").unwrap();
    Format::Yaml.documents(text).unwrap().remove(0)
}

fn entries<'a>(file: &'a Value, section: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    file[section].as_object().into_iter().flatten()
}

#[test]
fn paths_lead_to_what_was_rendered() {
    let mut seen = 0;
    for plan in plans() {
        for (target, file) in [("compose", "compose.yaml"), ("swarm", "stack.yaml")] {
            let files = rendered(&plan, target);
            let (_, text) = files.iter().find(|(path, _)| path == file).unwrap();
            let read = Format::Yaml.documents(text).unwrap().remove(0);
            for (name, config) in entries(&read, "configs") {
                let path = config["file"].as_str().unwrap().strip_prefix("./").unwrap();
                assert!(files.iter().any(|(other, _)| other == path), "{target}: {name}: {path}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "{seen} paths");
}

#[test]
fn no_port_is_published_from_an_internal_network() {
    let mut seen = 0;
    for plan in plans() {
        let file = compose(&plan);
        for (id, service) in entries(&file, "services").filter(|(_, service)| service.get("ports").is_some()) {
            let networks = service["networks"].as_array().unwrap();
            let is_open = |network: &Value| file["networks"][network.as_str().unwrap()]["internal"] != true;
            assert!(networks.iter().any(is_open), "{} ({}): {id}", plan.system, plan.profile);
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen} services");
}

#[test]
fn in_production_only_what_faces_out_is_published() {
    for plan in plans().into_iter().filter(|plan| !plan.profile.is_private()) {
        for (id, service) in entries(&compose(&plan), "services") {
            let workload = plan.workloads.iter().find(|workload| workload.id.as_str() == id).unwrap();
            let ports = workload.ports.iter().filter(|port| port.port.public || !workload.ingress.is_empty());
            let public: BTreeSet<u64> = ports.map(|port| port.port.number.get().into()).collect();
            let published: BTreeSet<u64> = service["ports"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|port| port["target"].as_u64().unwrap())
                .collect();
            assert!(published.is_subset(&public), "{} ({}): {id}: {published:?}", plan.system, plan.profile);
        }
    }
}

fn service(more: &Value) -> Value {
    let mut entry = json!({
        "id": "db", "kind": "database", "image": "example.org/x:1", "health": {"check": "none"},
        "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"},
    });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

fn manifest(more: &Value) -> Manifest {
    let text = json!({"schemaVersion": 1, "system": "s", "services": [service(more)]}).to_string();
    Manifest::from_json(&text).unwrap()
}

fn config(text: &str) -> Config {
    let folder = tempfile::tempdir().unwrap();
    let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("orch.toml")).unwrap();
    std::fs::write(&path, text).unwrap();
    Config::read(&path).unwrap()
}

#[test]
fn an_override_keeps_what_it_does_not_mention() {
    let declared =
        manifest(&json!({"env": {"A": "1", "B": "2"}, "ports": [{"number": 5432}], "command": ["run"], "grace": "9s"}));
    let config = config("[profiles.prod.services.db]\nenv = { B = \"3\" }\n");
    let profile = Profile::find("prod", &config).unwrap();
    let (before, after) = (plan(&declared, &profile), config.plan(&declared, &profile).unwrap());
    let (mut before, after) = (compose(&before), compose(&after));
    assert_eq!(before["services"]["db"]["environment"], json!({"A": "1", "B": "2"}));
    before["services"]["db"]["environment"]["B"] = "3".into();
    assert_eq!(before, after);
}

#[test]
fn what_only_reads_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let text = json!({"schemaVersion": 1, "system": "s", "services": [service(&json!({}))]}).to_string();
    std::fs::write(folder.path().join("manifest.json"), text).unwrap();
    for (arguments, code) in [
        (&["status"][..], 1),
        (&["inspect"], 0),
        (&["graph", "--format", "dot"], 0),
        (&["render", "--target", "compose", "--stdout"], 0),
        (&["diff", "--target", "compose", "--profile", "local", "prod"], 0),
    ] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        command
            .current_dir(folder.path())
            .args(arguments)
            .args(["--manifest", "manifest.json"])
            .env_remove("ORCH_PROFILE");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["manifest.json"], "{arguments:?}");
    }
}

#[test]
fn a_variable_without_a_value_is_there() {
    let config = Config::default();
    let profile = Profile::find("prod", &config).unwrap();
    let plan = plan(&manifest(&json!({"env": {"EMPTY": ""}, "user": "1:1"})), &profile);
    for (target, file, pointer) in [
        ("compose", "compose.yaml", "/services/db/environment/EMPTY"),
        ("swarm", "stack.yaml", "/services/db/environment/EMPTY"),
        ("k8s", "db/deployment.yaml", "/spec/template/spec/containers/0/env/0/value"),
    ] {
        let files = rendered(&plan, target);
        let (_, text) = files.iter().find(|(path, _)| path == file).unwrap();
        let read = Format::Yaml.documents(text).unwrap().remove(0);
        assert_eq!(read.pointer(pointer), Some(&json!("")), "{target}\n{text}");
    }
}

#[test]
fn no_application_is_asked_with_curl_or_takes_any_answer() {
    let mut seen = 0;
    for plan in plans() {
        for (id, service) in entries(&compose(&plan), "services") {
            let Some(program) =
                plan.workloads.iter().find(|one| one.id.as_str() == id).and_then(|one| one.program.as_ref())
            else {
                continue;
            };
            let Some(test) = service.pointer("/healthcheck/test") else { continue };
            let test = test.to_string();
            assert!(!test.contains("curl"), "{id} of {}: {test}", program.package);
            if test.contains("HTTP/") {
                assert!(test.contains("-ge 200") && test.contains("-lt 400"), "{id}: {test}");
                seen += 1;
            }
        }
    }
    assert!(seen > 5, "{seen} checks");
}

#[test]
fn no_token_is_left_in_a_text() {
    let tokens =
        ["{secret:", "{var:", "{host}", "{port}", "{port:", "{url}", "{password}", "{user}", "{database}", "{env:"];
    for plan in plans() {
        for target in ["compose", "swarm", "k8s"] {
            for (path, text) in rendered(&plan, target) {
                let left = tokens.iter().find(|token| text.contains(**token));
                assert!(left.is_none(), "{target}, {path}: {left:?}");
            }
        }
    }
    let with = |template: &str| {
        let entry = service(&json!({"env": {"A": {"template": template}}}));
        Manifest::from_json(&json!({"schemaVersion": 1, "system": "s", "services": [entry]}).to_string())
    };
    assert!(with("{nonsense}").is_err() && with("{secret:x}").is_ok());
}
