//! What is overridden and does not go with what is declared: each by itself is good.

use cargo_orch::finding::{Code, Severity};
use cargo_orch::plan::Profile;
use orch_manifest::manifest::Manifest;
use serde_json::json;

use super::{config, found, manifest, planned};

fn shop() -> Manifest {
    let health = json!({ "check": { "http": { "path": "/health", "port": "http" } } });
    let postgres = json!({
        "id": "postgres", "kind": "database", "ports": [{ "number": 8008, "name": "http" }], "health": health,
        "volumes": [{ "path": "/data", "name": "data" }], "files": [{ "path": "/conf", "source": "conf" }],
    });
    let search = json!({ "id": "search", "kind": "search", "scale": { "min": 2, "max": 4 } });
    let api = json!({ "id": "api", "ports": [{ "number": 80 }], "health": { "check": { "shell": "true" } } });
    manifest(&[postgres, search], &[api])
}

/// What is said in a profile, with its places.
fn mistakes(text: &str, profile: &str) -> Vec<String> {
    let config = config(text).unwrap();
    let profile = Profile::find(profile, &config).unwrap();
    let text = match config.plan(&shop(), &profile) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    text.lines().map(|line| line.split_once("orch.toml:").unwrap_or_default().1.to_owned()).collect()
}

#[test]
fn it_is_said_at_the_section_that_says_it_last() {
    let text = r#"
[services.postgres]
volume = [{ path = "/data" }, { path = "/conf" }]

[services.search]
replicas = 2

[profiles.prod.services.search]
volume = { path = "/index" }

[profiles.prod.apps.api]
kind = "job"
"#;
    let help = "(that is with what is declared; `unset = [\"KEY\"]` takes a key of it back)";
    let postgres = "3:40: a file is at `/conf` already (give each its own path)".to_owned();
    assert_eq!(mistakes(text, "local"), [postgres]);
    let text = text.replace(", { path = \"/conf\" }", "");
    assert_eq!(mistakes(&text, "local"), [""; 0]);
    assert_eq!(
        mistakes(&text, "prod"),
        [
            format!("8:25: `search`: `scale` does not go with a persistent volume {help}"),
            format!("11:21: `api`: `health` does not go with `kind = \"job\"` {help}"),
        ]
    );
    let text = text.replace("kind = \"job\"", "kind = \"job\"\nunset = [\"health\"]");
    let text = text.replace("{ path = \"/index\" }", "{ path = \"/index\", ephemeral = true }");
    assert_eq!(mistakes(&text, "prod"), [""; 0]);
}

/// It was left out in silence, and what waits for it could not start.
#[test]
fn a_health_check_of_a_port_that_is_overridden_is_an_error() {
    let said = |text: &str| {
        let plan = planned(&shop(), text, "local");
        found(&plan.findings, Code::UnknownReference, Severity::Error)
            .into_iter()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(said(""), [""; 0]);
    let expected = ["`health` of `postgres` asks the port `http`, which it does not have"];
    assert_eq!(said("[services.postgres]\nports = [5432]\n"), expected);
    assert_eq!(said("[services.postgres]\nports = [5432]\nhealth = { tcp = 5432 }\n"), [""; 0]);
    let text = "[apps.api]\nports = []\nhealth = { http = \"/health\" }\n";
    assert_eq!(said(text), ["`health` of `api` asks its port, and it has none"]);
}
