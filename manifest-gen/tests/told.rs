//! What an application is told: `ORCH_SYSTEM`, as the runtime crate reads it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Piece, Profile, Workload, plan};
use orch_manifest::manifest::Manifest;
use serde_json::{Value, json};

/// The application `api`, planned with these services.
fn api(services: &[Value]) -> Workload {
    let place = json!({ "package": "p", "file": "src/lib.rs", "item": "Item" });
    let ids: Vec<&Value> = services.iter().map(|service| &service["id"]).collect();
    let app = json!({ "id": "api", "version": "1.0.0", "declaredBy": place, "services": ids });
    let services: Vec<Value> = services
        .iter()
        .map(|service| {
            let mut service = service.clone();
            service["declaredBy"] = place.clone();
            service
        })
        .collect();
    let manifest = json!({ "schemaVersion": 1, "system": "shop", "services": services, "apps": [app] });
    let plan = plan(&Manifest::from_json(&manifest.to_string()).unwrap(), &Profile::built_in(Base::Prod));
    plan.workloads.into_iter().find(|workload| workload.id.as_str() == "api").unwrap()
}

fn variable<'a>(app: &'a Workload, name: &str) -> Option<&'a [Piece]> {
    let (_, entry) = app.env.iter().find(|(variable, _)| variable.as_str() == name)?;
    Some(&entry.value.pieces)
}

fn told(app: &Workload) -> Value {
    let Some([Piece::Literal(text)]) = variable(app, "ORCH_SYSTEM") else { panic!() };
    serde_json::from_str(text).unwrap()
}

fn warehouse(connection: &Value) -> Value {
    let mut service = json!({
        "id": "warehouse", "kind": "database", "deployment": "external",
        "ports": [{ "number": 5432, "scheme": "postgres" }],
        "appEnv": { "WAREHOUSE_URL": "postgres://{user}:{secret:warehouse}@{host}:{port}/{database}" },
    });
    service["connection"] = connection.clone();
    service
}

#[test]
fn where_an_external_service_is() {
    let app = api(&[warehouse(
        &json!({ "host": { "var": "WAREHOUSE_HOST" }, "user": "reader", "database": { "var": "WAREHOUSE_DB", "default": "w" } }),
    )]);
    let entry = &told(&app)["services"]["warehouse"];
    assert_eq!(entry["user"], json!([{ "text": "reader" }]));
    assert_eq!(entry["database"], json!([{ "variable": { "name": "WAREHOUSE_DB", "default": "w" } }]));
    assert_eq!(entry["host"], json!([{ "variable": { "name": "WAREHOUSE_HOST", "default": null } }]));
    assert_eq!(entry.get("url"), None);
    // No target has the deployer's variables in a container of its own accord.
    for name in ["WAREHOUSE_HOST", "WAREHOUSE_DB"] {
        let pieces = variable(&app, &format!("ORCH_VARIABLE_{name}")).unwrap();
        assert!(matches!(pieces, [Piece::Variable { name: own, .. }] if own.as_str() == name), "{pieces:?}");
    }
}

#[test]
fn a_secret_is_in_bindings_only() {
    let app = api(&[warehouse(
        &json!({ "host": "db.example.org", "user": { "secret": "warehouse-user" }, "database": "w", "url": "{secret:x}" }),
    )]);
    let told = told(&app);
    let entry = &told["services"]["warehouse"];
    assert_eq!((entry.get("user"), entry["host"][0]["text"].as_str()), (None, Some("db.example.org")));
    assert_eq!(told["bindings"]["WAREHOUSE_URL"][1], json!({ "secret": { "name": "warehouse-user", "url": true } }));
}

#[test]
fn a_variable_that_is_there_already_is_not_there_twice() {
    let mut relay = json!({
        "id": "relay", "kind": "mail", "deployment": "external", "ports": [{ "number": 25 }],
        "connection": { "host": { "var": "SMTP_HOST", "default": "" } }, "appEnv": { "SMTP_HOST": "{host}" },
    });
    assert_eq!(variable(&api(&[relay.clone()]), "ORCH_VARIABLE_SMTP_HOST"), None);
    relay["appEnv"] = json!({ "MAIL": "{host}" });
    assert!(variable(&api(&[relay]), "ORCH_VARIABLE_SMTP_HOST").is_some());
}
