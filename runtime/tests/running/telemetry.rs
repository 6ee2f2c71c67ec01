//! What telemetry says of an application, and where it goes.

use orch_runtime::{Environment, System};
use serde_json::{Value, json};

use crate::bindings::told;

fn system(services: &Value, bindings: &Value, variables: &[(&str, &str)]) -> System {
    let told = told(services, bindings);
    System::new(Environment::of([("ORCH_SYSTEM", told.as_str())].into_iter().chain(variables.iter().copied())))
}

fn service(kind: &str, ports: &Value) -> Value {
    json!({ "kind": kind, "host": [{ "text": "collector" }], "ports": ports, "required": false })
}

#[test]
fn a_resource_is_who_the_application_is() {
    let system = system(&json!({}), &json!({}), &[]);
    let expected = [("service.name", "api"), ("service.namespace", "shop"), ("deployment.environment.name", "prod")];
    assert_eq!(system.resource(), expected.map(|(key, value)| (key, value.to_owned())));
    assert_eq!(System::new(Environment::of::<&str, &str>([])).resource(), []);
}

#[test]
fn telemetry_goes_where_somebody_says() {
    let collector = json!({ "otel": service("telemetry", &json!({ "otlp": 14317 })) });
    let of = |bindings: &Value, variables: &[(&str, &str)]| {
        system(&collector, bindings, variables).otlp_endpoint().unwrap().unwrap()
    };
    let binding = json!({ "OTEL_EXPORTER_OTLP_ENDPOINT": [{ "text": "http://told:4317" }] });
    assert_eq!(of(&binding, &[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://set:1")]), "http://set:1");
    assert_eq!(of(&binding, &[]), "http://told:4317");
    assert_eq!(of(&json!({}), &[]), "http://collector:14317");
}

#[test]
fn telemetry_goes_to_a_port_that_takes_it_or_nowhere() {
    let of = |service: Value| system(&json!({ "x": service }), &json!({}), &[]).otlp_endpoint().unwrap();
    assert_eq!(of(service("telemetry", &json!({ "otlp-grpc": 9 }))).unwrap(), "http://collector:9");
    let mut unnamed = service("telemetry", &json!({}));
    unnamed["port"] = 4317.into();
    assert_eq!(of(unnamed.clone()).unwrap(), "http://collector:4317");
    unnamed["port"] = 3000.into();
    assert_eq!(of(unnamed), None);
    assert_eq!(of(service("telemetry", &json!({ "otlp-http": 4318 }))), None);
    assert_eq!(of(service("database", &json!({ "otlp": 4317 }))), None);
    let mut six = service("telemetry", &json!({ "otlp": 4317 }));
    six["host"] = json!([{ "text": "fd00::1" }]);
    assert_eq!(of(six).unwrap(), "http://[fd00::1]:4317");
    assert_eq!(System::new(Environment::of::<&str, &str>([])).otlp_endpoint().unwrap(), None);
}

#[test]
fn what_is_set_and_cannot_be_read_is_an_error() {
    let secret = json!({ "OTEL_EXPORTER_OTLP_ENDPOINT": [{ "secret": { "name": "nowhere" } }] });
    let root = tempfile::tempdir().unwrap();
    let told = told(&json!({}), &secret);
    let system = System::new(Environment::of([("ORCH_SYSTEM", told)]).rooted(root.path()));
    assert!(system.otlp_endpoint().is_err());
    let broken = System::new(Environment::of([("ORCH_SYSTEM", "{")]));
    assert!(broken.otlp_endpoint().is_err());
}
