//! The same application under Compose, Swarm, Kubernetes and on a host.

use std::fs;

use orch_runtime::{Environment, Error, Outcome, Place, Source, System, SystemError};
use serde_json::{Value, json};
use tempfile::TempDir;

const CANARY: &str = "c4n/ry@%";
const ENCODED: &str = "postgres://shop:c4n%2Fry%40%25@postgres:5432/shop";

pub(crate) fn told(services: &Value, bindings: &Value) -> String {
    json!({
        "contract": 1, "system": "shop", "profile": "prod", "app": "api", "services": services, "bindings": bindings
    })
    .to_string()
}

fn database() -> String {
    let secret = json!({ "secret": { "name": "postgres-password", "url": true } });
    told(
        &json!({}),
        &json!({
            "DATABASE_URL": [{ "text": "postgres://shop:" }, secret, { "text": "@postgres:5432/shop" }],
            "CERTIFICATE": [{ "secret": { "name": "tls", "key": "ca.crt", "url": false } }],
            "SMTP_HOST": [{ "variable": { "name": "SMTP_HOST", "default": "" } }],
            "REGION": [{ "text": "eu-" }, { "variable": { "name": "ZONE", "default": null } }],
        }),
    )
}

/// A file system with these files.
fn files(files: &[(&str, &str)]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    root
}

fn system(variables: &[(&str, &str)], root: &TempDir) -> System {
    let told = database();
    let variables = [("ORCH_SYSTEM", told.as_str())].into_iter().chain(variables.iter().copied());
    System::new(Environment::of(variables).rooted(root.path()))
}

#[test]
fn a_variable_goes_before_a_file_and_a_file_before_the_parts() {
    let root = files(&[("run/secrets/postgres-password", CANARY), ("etc/url", "of a file\r\n")]);
    let get = |variables: &[(&str, &str)]| system(variables, &root).binding("DATABASE_URL").unwrap();
    let both = get(&[("DATABASE_URL", "of a variable"), ("DATABASE_URL_FILE", "/etc/url")]);
    assert_eq!((both.as_str(), both.source()), ("of a variable", &Source::Variable));
    let file = get(&[("DATABASE_URL", ""), ("DATABASE_URL_FILE", "/etc/url")]);
    assert_eq!((file.as_str(), file.source()), ("of a file", &Source::File("/etc/url".into())));
    let parts = get(&[("DATABASE_URL", ""), ("DATABASE_URL_FILE", "")]);
    assert_eq!((parts.as_str(), parts.source()), (ENCODED, &Source::Parts));
}

#[test]
fn a_secret_is_found_wherever_a_target_puts_it() {
    let nothing = files(&[]);
    let places: [(&[(&str, &str)], TempDir); 5] = [
        (&[], files(&[("run/secrets/postgres-password", &format!("{CANARY}\n"))])),
        (&[], files(&[("run/secrets/orch/postgres-password", CANARY)])),
        (
            &[("ORCH_SECRETS", "/srv/s")],
            files(&[("srv/s/postgres-password", CANARY), ("run/secrets/postgres-password", "x")]),
        ),
        (&[("POSTGRES_PASSWORD", CANARY)], files(&[("run/secrets/postgres-password", "")])),
        (&[("ORCH_SECRET_POSTGRES_PASSWORD", CANARY)], nothing),
    ];
    for (variables, root) in &places {
        let binding = system(variables, root).binding("DATABASE_URL").unwrap();
        assert_eq!(binding.as_str(), ENCODED);
        assert!(binding.is_secret() && !format!("{binding:?}").contains("c4n"));
    }
    let root = files(&[("run/secrets/tls.ca.crt", "one\ntwo\n\n")]);
    assert_eq!(system(&[], &root).binding("CERTIFICATE").unwrap().as_str(), "one\ntwo\n");
}

#[test]
fn what_is_empty_comes_from_a_declaration_only() {
    let root = files(&[]);
    let smtp = system(&[("SMTP_HOST", "")], &root).binding("SMTP_HOST").unwrap();
    assert_eq!((smtp.as_str(), smtp.is_secret()), ("", false));
    let error = system(&[("OTHER", "")], &root).binding("OTHER").unwrap_err();
    let Error::Missing { looked, .. } = &error else { panic!("{error}") };
    assert_eq!(looked[0].outcome, Outcome::Empty);
    assert_eq!(looked.last().unwrap().place, Place::System);
}

#[test]
fn a_deployers_variable_has_a_name_of_its_own() {
    let root = files(&[]);
    let region = |variables| system(variables, &root).binding("REGION").map(orch_runtime::Binding::into_string);
    assert_eq!(region(&[("ZONE", "1"), ("ORCH_VARIABLE_ZONE", "2")]).unwrap(), "eu-2");
    assert_eq!(region(&[("ZONE", "1")]).unwrap(), "eu-1");
    assert!(region(&[]).unwrap_err().to_string().contains("`REGION` lacks the variable `ZONE`"));
}

#[test]
fn an_error_says_what_was_looked_for_and_where_in_order() {
    let root = files(&[("srv/postgres-password", "\n")]);
    let system = system(&[("ORCH_SECRETS", "/srv")], &root);
    assert_eq!(
        system.binding("DATABASE_URL").unwrap_err().to_string(),
        "`DATABASE_URL` lacks the secret `postgres-password`: the file `/srv/postgres-password` is empty; \
         the file `/run/secrets/postgres-password` is not there; the file `/run/secrets/orch/postgres-password` is not \
         there; the variable `POSTGRES_PASSWORD` is not set; the variable `ORCH_SECRET_POSTGRES_PASSWORD` is not set"
    );
    let nothing = System::new(Environment::of([("X_FILE", "/nowhere")]).rooted(files(&[]).path()));
    assert_eq!(
        nothing.binding("X").unwrap_err().to_string(),
        "`X` is not there: the variable `X` is not set; the file `/nowhere` is not there"
    );
    assert_eq!(
        nothing.binding("Y").unwrap_err().to_string(),
        "`Y` is not there: `ORCH_SYSTEM` is not set: the variable `Y` is not set; the variable `Y_FILE` is not set"
    );
}

#[test]
fn another_contract_is_an_error_that_names_both() {
    let of = |text: &str| System::new(Environment::of([("ORCH_SYSTEM", text)])).check().unwrap_err();
    let error = of(&database().replace("\"contract\":1", "\"contract\":2"));
    assert_eq!(error, SystemError::Contract { found: "2".to_owned(), known: 1 });
    assert!(error.to_string().contains("contract 2") && error.to_string().contains("contract 1"), "{error}");
    // It does not keep an application from what is in its variables.
    let both = System::new(Environment::of([("ORCH_SYSTEM", "{}"), ("X", "x")]));
    assert_eq!(both.binding("X").unwrap().as_str(), "x");
    let at = |services: Value| match of(&told(&services, &json!({}))) {
        SystemError::Malformed { at, .. } => at,
        other => panic!("{other}"),
    };
    assert_eq!(at(json!([])), "services");
    assert_eq!(at(json!({ "db": { "kind": "x", "required": true, "port": 0 } })), "services.db.port");
    let http = json!({ "http": { "path": "/x HTTP/1.1\r\nA: b", "port": 1 } });
    assert_eq!(at(json!({ "db": { "kind": "x", "required": true, "check": http } })), "services.db.check.http.path");
    let secret = json!([{ "secret": { "name": "../x", "url": false } }]);
    assert_eq!(
        at(json!({ "db": { "kind": "x", "required": true, "user": secret } })),
        "services.db.user.0.secret.name"
    );
}

#[test]
fn an_endpoint_says_where_a_service_is() {
    let services = json!({
        "postgres": {
            "kind": "database", "host": [{ "text": "postgres" }], "port": 5432, "ports": { "sql": 5432, "admin": 81 },
            "scheme": "postgres", "required": true, "check": { "tcp": "sql" }, "user": [{ "text": "shop" }],
            "later": "what a newer version tells",
        },
        "bucket": {
            "kind": "storage", "host": [{ "variable": { "name": "BUCKET", "default": null } }], "required": false,
            "url": [{ "text": "https://" }, { "secret": { "name": "key", "url": true } }, { "text": "@bucket" }],
        },
        "sqlite": { "kind": "database", "host": null, "required": true },
        "orders": {
            "kind": "database", "host": null, "required": true, "url": [{ "secret": { "name": "orders-url", "url": false } }],
        },
    });
    let told = told(&services, &json!({}));
    let url = "postgres://shop:c4n%2Fry@db.example:5433/orders";
    let variables = [("ORCH_SYSTEM", told.as_str()), ("BUCKET", "::1"), ("KEY", CANARY), ("ORDERS_URL", url)];
    let system = System::new(Environment::of(variables));
    let postgres = system.endpoint("postgres").unwrap();
    assert_eq!((postgres.host(), postgres.port(), postgres.port_named("admin")), ("postgres", Some(5432), Some(81)));
    assert_eq!((postgres.user(), postgres.database()), (Some("shop"), None));
    assert_eq!(postgres.url(), Some("postgres://postgres:5432"));
    assert!(postgres.is_required());
    let bucket = system.endpoint("bucket").unwrap();
    assert_eq!((bucket.host(), bucket.url()), ("::1", Some("https://c4n%2Fry%40%25@bucket")));
    assert!(!format!("{bucket:?} {system:?}").contains("c4n"));
    assert_eq!(system.endpoint("sqlite").unwrap_err(), Error::NoHost { id: "sqlite".to_owned() });
    // What is there already may be declared by its URL alone.
    let orders = system.endpoint("orders").unwrap();
    assert_eq!((orders.host(), orders.port(), orders.scheme()), ("db.example", Some(5433), Some("postgres")));
    assert_eq!((orders.user(), orders.database(), orders.url()), (Some("shop"), Some("orders"), Some(url)));
    let error = system.endpoint("mysql").unwrap_err();
    assert_eq!(error.to_string(), "this application uses no service `mysql`; it uses bucket, orders, postgres, sqlite");
}
