//! An image that the catalog does not know is asked for what is missing, and that is enough.

use cargo_orch::finding::{Code, Finding};
use serde_json::json;

use super::{System, messages};

fn found(system: &System, code: Code) -> Vec<Finding> {
    system.plan("prod").findings.into_iter().filter(|finding| finding.code == code).collect()
}

#[test]
fn each_line_that_is_missing_is_said() {
    let system = System::new().with("ledger", "database", "acme/ledger:1", &json!({}));
    let missing = found(&system, Code::UnknownImage);
    let help: Vec<&str> = missing.iter().filter_map(|finding| finding.help.as_deref()).collect();
    for line in [
        "`port(NUMBER, name = \"…\", scheme = \"…\")`",
        "`volume(\"/PATH\", name = \"data\")`",
        "`user = \"UID:GID\"`",
        "`app_env(NAME_URL = \"{url}\")`",
    ] {
        assert!(
            help.iter().any(|help| help.contains(line) && help.contains("[catalog.\"acme/ledger\"]")),
            "{line}: {help:?}"
        );
    }
    assert_eq!(missing.len(), 4);
    assert_eq!(found(&system, Code::NoHealth).len(), 1);
}

#[test]
fn what_is_said_is_enough() {
    let stated = json!({"ports": [{"number": 7000, "name": "x", "scheme": "x"}], "user": "1:1", "health": {"check": {"tcp": 7000}},
        "volumes": [{"path": "/data", "name": "data"}], "appEnv": {"LEDGER_URL": "{url}"}});
    let system = System::new().with("ledger", "database", "acme/ledger:1", &stated);
    assert_eq!(messages(&found(&system, Code::UnknownImage)), [""; 0]);
    let once = System::new().with("ledger", "database", "acme/ledger:1", &json!({})).config(
        "[catalog.\"acme/ledger\".service]\nport = { number = 7000, name = \"x\", scheme = \"x\" }\nuser = \"1:1\"\n\
         volume = { path = \"/data\", name = \"data\" }\nhealth = { tcp = 7000 }\napp_env = { LEDGER_URL = \"{url}\" }",
    );
    assert_eq!(messages(&found(&once, Code::UnknownImage)), [""; 0]);
}

/// Nothing that nobody uses needs a port, and nothing soft has to be kept.
#[test]
fn only_what_is_needed_is_asked_for() {
    let agent = json!({"user": "1:1", "health": {"check": "none"}, "ports": [{"number": 1}]});
    let system = System::new().with("agent", "telemetry", "acme/agent:1", &agent);
    assert_eq!(messages(&found(&system, Code::UnknownImage)), [""; 0]);
}

#[test]
fn replicas_of_data_are_an_error_where_they_are_not_one() {
    let three = |image: &str| System::new().with("db", "database", image, &json!({"replicas": 3}));
    let found = |system: &System| found(system, Code::SeparateReplicas);
    let error = found(&three("postgres:16"));
    assert!(error[0].help.as_deref().unwrap().contains("`clusters = true`"), "{error:?}");
    assert_eq!(found(&three("cassandra:5.0")), []);
    assert_eq!(found(&three("postgres:16").config("[catalog.postgres]\nclusters = true")), []);
    assert!(three("postgres:16").plan("local").findings.iter().all(|finding| finding.code != Code::SeparateReplicas));
}
