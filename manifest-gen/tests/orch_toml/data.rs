//! `data` of a profile.

use cargo_orch::finding::{Code, Severity};
use orch_manifest::manifest::Manifest;
use serde_json::{Value, json};

use super::{config, found, manifest, planned, rendered};

const BIND: &str = "[profiles.local]\ndata = \"bind\"\n";

fn shop() -> Manifest {
    let volumes = json!([{ "path": "/var/lib/data", "name": "data" }, { "path": "/in", "name": "in", "readOnly": true }, { "path": "/tmp", "ephemeral": true }]);
    let postgres = json!({ "id": "postgres", "kind": "database", "user": "999:998", "volumes": volumes });
    manifest(&[postgres, json!({ "id": "cache", "kind": "cache" })], &[json!({ "id": "api" })])
}

fn compose(manifest: &Manifest, text: &str, profile: &str) -> Value {
    serde_saphyr::from_str(&rendered(&planned(manifest, text, profile), "compose", "compose.yaml").0).unwrap()
}

#[test]
fn data_is_in_a_folder_for_each_volume() {
    let read = compose(&shop(), BIND, "local");
    let volumes = &read["services"]["postgres"]["volumes"];
    let expected = json!({
        "type": "bind",
        "source": "${ORCH_DATA:-../../../.orch/data}/postgres/data",
        "target": "/var/lib/data",
        "bind": { "create_host_path": true },
    });
    assert_eq!(volumes[0], expected);
    assert_eq!(volumes[1]["source"], "${ORCH_DATA:-../../../.orch/data}/postgres/in");
    assert_eq!(volumes[1]["read_only"], true);
    assert!(read.get("volumes").is_none(), "{read}");
    let (example, _) = rendered(&planned(&shop(), BIND, "local"), "compose", ".env.example");
    assert!(example.contains("\n# ORCH_DATA=../../../.orch/data\n"), "{example}");
}

#[test]
fn the_user_of_the_image_is_the_owner_before_it_starts() {
    let read = compose(&shop(), BIND, "local");
    let owner = &read["services"]["postgres-data"];
    assert_eq!(owner["image"], "x:1");
    // What is only read has the owner who wrote it.
    assert_eq!(owner["entrypoint"], json!(["chown", "999:998", "/var/lib/data"]));
    assert_eq!(owner["volumes"].as_array().unwrap().len(), 1);
    assert_eq!((&owner["user"], &owner["network_mode"]), (&json!("0:0"), &json!("none")));
    assert_eq!((&owner["cap_drop"], &owner["cap_add"]), (&json!(["ALL"]), &json!(["CHOWN"])));
    assert_eq!((&owner["restart"], owner.get("networks")), (&json!("no"), None));
    assert_eq!(owner["labels"]["dev.orch.service"], "postgres-data");
    let waits = &read["services"]["postgres"]["depends_on"]["postgres-data"];
    assert_eq!(waits["condition"], "service_completed_successfully");
    assert_eq!(read["services"].as_object().unwrap().len(), 4, "who keeps nothing needs no owner");
}

#[test]
fn elsewhere_the_engine_keeps_it() {
    for (text, profile) in [(BIND, "ci"), ("", "local"), ("[profiles.local]\ndata = \"volume\"\n", "local")] {
        let read = compose(&shop(), text, profile);
        assert_eq!(read["services"]["postgres"]["volumes"][0]["type"], "volume", "{profile}");
        assert_eq!(read["volumes"].as_object().unwrap().len(), 2, "{profile}");
        assert!(read["services"].get("postgres-data").is_none(), "{profile}");
    }
}

#[test]
fn a_profile_has_it_from_the_one_it_extends() {
    let text = format!(
        "{BIND}[profiles.mine]\nextends = \"local\"\n[profiles.other]\nextends = \"mine\"\ndata = \"volume\"\n"
    );
    assert_eq!(compose(&shop(), &text, "mine")["services"]["postgres"]["volumes"][0]["type"], "bind");
    assert_eq!(compose(&shop(), &text, "other")["services"]["postgres"]["volumes"][0]["type"], "volume");
}

#[test]
fn without_a_known_user_nobody_is_made_the_owner() {
    let volumes = json!([{ "path": "/data" }]);
    let entrusted = json!({ "id": "own", "kind": "database", "volumes": volumes, "capAdd": ["CHOWN"] });
    let services = [json!({ "id": "store", "kind": "database", "volumes": volumes }), entrusted];
    let plan = planned(&manifest(&services, &[]), BIND, "local");
    let (text, findings) = rendered(&plan, "compose", "compose.yaml");
    assert!(!text.contains("chown"), "{text}");
    let message = "it is not known as whom `store` runs, so nobody makes it the owner of its folders on the host";
    assert_eq!(found(&findings, Code::UnknownUser, Severity::Warning), [message]);
}

#[test]
fn an_image_with_nothing_in_it_is_for_the_deployer() {
    let tempo = json!({ "id": "tempo", "kind": "telemetry", "image": "grafana/tempo:2.6.0", "user": "10001:10001", "volumes": [{ "path": "/var/tempo" }] });
    let (text, findings) = rendered(&planned(&manifest(&[tempo], &[]), BIND, "local"), "compose", "compose.yaml");
    assert!(text.contains("create_host_path: true") && !text.contains("chown"), "{text}");
    let message = "the image of `tempo` has no `chown` to make its folders on the host its own";
    assert_eq!(found(&findings, Code::Unrepresentable, Severity::Warning), [message]);
    let help = findings.iter().find(|finding| finding.message == message).unwrap().help.clone();
    assert_eq!(
        help.unwrap(),
        "make `tempo/tempo` in the folder of the data before it starts, and give it to 10001:10001"
    );
}

#[test]
fn the_name_of_the_helper_may_be_taken() {
    let store = json!({ "id": "store", "kind": "database", "user": "1", "volumes": [{ "path": "/data" }] });
    let plan = planned(&manifest(&[store, json!({ "id": "store-data", "kind": "other" })], &[]), BIND, "local");
    let (_, findings) = rendered(&plan, "compose", "compose.yaml");
    let message = "what makes the folders of `store` its own would be called `store-data` too";
    assert_eq!(found(&findings, Code::ObjectName, Severity::Error), [message]);
}

#[test]
fn a_target_of_many_machines_says_that_it_cannot() {
    for (target, path) in [("swarm", "stack.yaml"), ("k8s", "kustomization.yaml")] {
        let messages = |text: &str| {
            let (_, findings) = rendered(&planned(&shop(), text, "local"), target, path);
            let found = found(&findings, Code::Unrepresentable, Severity::Warning);
            found.into_iter().filter(|message| message.contains("`data = \"bind\"`")).count()
        };
        assert_eq!((messages(BIND), messages("")), (1, 0), "{target}");
    }
}

#[test]
fn a_place_that_nobody_knows_is_a_mistake() {
    let error = config("[profiles.local]\ndata = \"binds\"\n").unwrap_err().to_string();
    assert_eq!(error, "orch.toml:2:8: `binds` is no place for data (did you mean `bind`?)");
    let error = config("data = \"bind\"\n").unwrap_err().to_string();
    assert!(error.contains("unknown key `data` in the configuration"), "{error}");
}
