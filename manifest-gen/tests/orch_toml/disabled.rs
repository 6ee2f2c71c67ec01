//! `disable` in the sections of services.

use cargo_orch::finding::{Code, Severity};
use cargo_orch::plan::Plan;
use orch_manifest::Id;
use orch_manifest::manifest::Manifest;
use serde_json::json;

use super::{config, found, manifest, planned};

fn shop() -> Manifest {
    let postgres = json!({
        "id": "postgres", "kind": "database", "ports": [{ "number": 5432 }], "appEnv": { "DATABASE_HOST": "{host}" },
    });
    let grafana = json!({ "id": "grafana", "kind": "telemetry", "appEnv": { "GRAFANA": "{id}" } });
    let collector = json!({ "id": "collector", "kind": "telemetry", "wants": ["grafana"] });
    manifest(
        &[postgres, grafana, collector],
        &[json!({ "id": "api" }), json!({ "id": "worker", "uses": ["postgres", "grafana"] })],
    )
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.workloads.iter().map(|workload| workload.id.as_str()).collect()
}

#[test]
fn what_a_profile_disables_is_not_in_it() {
    let text = "[profiles.ci.services.grafana]\ndisable = true\n";
    assert_eq!(ids(&planned(&shop(), text, "local")), ["api", "collector", "grafana", "postgres", "worker"]);
    let plan = planned(&shop(), text, "ci");
    assert_eq!(ids(&plan), ["api", "collector", "postgres", "worker"]);
    for workload in &plan.workloads {
        assert!(!workload.env.keys().any(|name| name.as_str() == "GRAFANA"), "{}", workload.id);
        assert!(!workload.dependencies.iter().any(|other| other.id.as_str() == "grafana"), "{}", workload.id);
        assert!(!workload.talks_to.iter().any(|other| other.as_str() == "grafana"), "{}", workload.id);
    }
    let worker = plan.workload(&Id::parse("worker").unwrap()).unwrap();
    assert!(worker.env.keys().any(|name| name.as_str() == "DATABASE_HOST"));
    // Nobody has to wait for telemetry, so it is said and no more.
    let message =
        "orch.toml disables `grafana` in `ci`: `api`, `worker` run without it and are not given its variables";
    assert_eq!(found(&plan.findings, Code::DisabledService, Severity::Note), [message]);
    assert_eq!(found(&plan.findings, Code::UnknownReference, Severity::Error), [""; 0]);
}

#[test]
fn an_application_that_loses_what_it_waits_for_is_a_warning() {
    let plan = planned(&shop(), "[services.postgres]\ndisable = true\n", "prod");
    let message =
        "orch.toml disables `postgres` in `prod`: `api`, `worker` run without it and are not given its variables";
    assert_eq!(found(&plan.findings, Code::DisabledService, Severity::Warning), [message]);
    let help = plan.findings.iter().find(|finding| finding.code == Code::DisabledService).unwrap().help.as_ref();
    assert!(help.unwrap().contains("instead of `disable`"), "{help:?}");
}

#[test]
fn who_consumes_it_is_told_that_nobody_provides_it() {
    let queue = json!({ "id": "queue", "kind": "messaging", "provides": ["amqp"] });
    let relay = json!({ "id": "relay", "kind": "other", "consumes": ["amqp"] });
    let manifest = manifest(&[queue, relay], &[]);
    let plan = planned(&manifest, "[services.queue]\ndisable = true\n", "local");
    let message = "`relay` consumes `amqp`, which nobody provides";
    assert_eq!(found(&plan.findings, Code::UnresolvedToken, Severity::Error), [message]);
    // Nobody uses it, so nobody loses it.
    assert!(!plan.findings.iter().any(|finding| finding.code == Code::DisabledService));
}

#[test]
fn the_nearest_section_that_says_something_wins() {
    let text = "[services.grafana]\ndisable = true\nimage = \"grafana/grafana:11.2.0\"\n\
                [profiles.local.services.grafana]\ndisable = false\n\
                [profiles.mine]\nextends = \"local\"\n\
                [profiles.mine.services.grafana]\nreplicas = 1\n";
    for (profile, there) in [("local", true), ("mine", true), ("ci", false), ("prod", false)] {
        let plan = planned(&shop(), text, profile);
        let grafana = plan.workload(&Id::parse("grafana").unwrap());
        assert_eq!(grafana.is_some(), there, "{profile}");
        assert!(grafana.is_none_or(|workload| workload.image.to_string() == "grafana/grafana:11.2.0"));
    }
}

#[test]
fn what_orch_toml_adds_it_may_leave_out() {
    let text = "[services.crm]\nadd = true\nkind = \"other\"\nimage = \"acme/crm:3\"\nhealth = { none = true }\n\
                [profiles.ci.services.crm]\ndisable = true\n";
    assert!(ids(&planned(&shop(), text, "prod")).contains(&"crm"));
    assert!(!ids(&planned(&shop(), text, "ci")).contains(&"crm"));
}

#[test]
fn an_application_is_neither_added_nor_disabled() {
    let error = config("[apps.api]\ndisable = true\nadd = true\n[services.x]\ndisable = 1\n").unwrap_err().to_string();
    for part in [
        "orch.toml:2:1: `disable` is for services, and this is an application (leave it out)",
        "orch.toml:3:1: `add` is for services, and this is an application (leave it out)",
        "orch.toml:5:11: `disable` is `true` or `false`",
    ] {
        assert!(error.contains(part), "{error}");
    }
}
