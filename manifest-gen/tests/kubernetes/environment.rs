//! The environment: secrets and variables by reference, files, what a change rolls out.

use serde_json::{Value, json};

use cargo_orch::finding::{Code, Severity};

use crate::system::{System, everything};

fn names(container: &Value) -> Vec<String> {
    container["env"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

fn entry(container: &Value, name: &str) -> Value {
    let found = container["env"].as_array().unwrap().iter().find(|entry| entry["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {container}")).clone()
}

#[test]
fn secrets_come_before_what_refers_to_them() {
    let container = everything().prod().container("api/deployment.yaml");
    assert_eq!(entry(&container, "MIX")["value"], "$(ORCH_SECRET_API_KEY)/prod");
    assert_eq!(
        entry(&container, "DATABASE_URL")["value"],
        "postgres://acme:$(ORCH_SECRET_POSTGRES_PASSWORD)@postgres:5432/acme"
    );
    assert_eq!(
        entry(&container, "ORCH_SECRET_API_KEY")["valueFrom"]["secretKeyRef"],
        json!({"name": "api-key", "key": "value"})
    );
    let names = names(&container);
    let at = |name: &str| names.iter().position(|other| other == name).unwrap();
    assert!(at("ORCH_SECRET_API_KEY") < at("MIX") && at("ORCH_SECRET_POSTGRES_PASSWORD") < at("DATABASE_URL"));
}

#[test]
fn arguments_take_secrets_from_the_environment() {
    let container = everything().prod().container("broker/stateful-set.yaml");
    assert_eq!(container["args"], json!(["broker", "--key", "$(ORCH_SECRET_BROKER_K)"]));
    assert_eq!(
        entry(&container, "ORCH_SECRET_BROKER_K")["valueFrom"]["secretKeyRef"],
        json!({"name": "broker", "key": "k"})
    );
}

#[test]
fn a_variable_that_is_the_secret_already_is_referred_to() {
    let system = System::new().service(
        r#"kind = "cache", image = "acme/cache:7", id = "cache", user = "1:1", env(AUTH = secret("p"), OTHER = secret("p")),
        command = ["--requirepass", secret("p")]"#,
    );
    let container = system.prod().container("cache/deployment.yaml");
    assert_eq!(container["args"], json!(["--requirepass", "$(AUTH)"]));
    assert_eq!(names(&container), ["AUTH", "OTHER"]);
}

#[test]
fn made_names_do_not_meet() {
    let system = System::new().service(
        r#"kind = "other", image = "x:1", id = "x", user = "1:1", env(ORCH_SECRET_A_B = "mine"),
        command = [secret("a-b"), secret("a", key = "b"), var("A")]"#,
    );
    let container = system.prod().container("x/deployment.yaml");
    let args: Vec<&str> = container["args"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(args, ["$(ORCH_SECRET_A_B_3)", "$(ORCH_SECRET_A_B_2)", "$(ORCH_VARIABLE_A)"]);
    assert_eq!(entry(&container, "ORCH_SECRET_A_B")["value"], "mine");
}

/// Images that take the name of a file are given one.
#[test]
fn a_secret_is_a_file_where_the_image_takes_one() {
    let cluster = everything().prod();
    let container = cluster.container("postgres/stateful-set.yaml");
    assert_eq!(entry(&container, "POSTGRES_PASSWORD_FILE")["value"], "/run/secrets/orch/postgres-password");
    assert!(!names(&container).contains(&"POSTGRES_PASSWORD".to_owned()));
    let volumes = cluster.pod("postgres/stateful-set.yaml")["spec"]["volumes"].clone();
    let secrets = volumes.as_array().unwrap().iter().find(|volume| volume["name"] == "orch-secrets").unwrap();
    assert_eq!(
        secrets["projected"]["sources"],
        json!([{"secret": {"name": "postgres-password", "items": [{"key": "value", "path": "postgres-password"}]}}])
    );
}

#[test]
fn the_deployers_variables_are_in_a_config_map() {
    let cluster = everything().prod();
    assert_eq!(cluster.object("variables.yaml")["data"], json!({"LEVEL": "info"}));
    let container = cluster.container("api/deployment.yaml");
    assert_eq!(
        entry(&container, "LEVEL")["valueFrom"]["configMapKeyRef"],
        json!({"name": "acme-variables", "key": "LEVEL"})
    );
    assert!(cluster.severity("the variable `SMTP_HOST` has no default").is_some());
    let different = System::new()
        .service(r#"kind = "other", image = "x:1", id = "a", user = "1:1", env(L = var("L", default = "1"))"#)
        .service(r#"kind = "other", image = "x:1", id = "b", user = "1:1", env(L = var("L", default = "2"))"#);
    assert_eq!(different.prod().severity("another default elsewhere than in `b`"), Some(Severity::Warning));
}

fn with_file(content: &str) -> System {
    let mut system = System::new().service(
        r#"kind = "other", image = "x:1", id = "x", user = "1:1", file("/etc/x/app.conf", source = "app.conf")"#,
    );
    system.manifest.services[0].service.workload.files[0].content = Some(content.to_owned());
    system
}

#[test]
fn a_file_is_mounted_and_its_change_rolls_out() {
    let cluster = with_file("a = 1\n").prod();
    assert_eq!(cluster.object("x/config-map.yaml")["data"], json!({"app.conf": "a = 1\n"}));
    let container = cluster.container("x/deployment.yaml");
    assert_eq!(
        container["volumeMounts"],
        json!([{"name": "orch-files", "mountPath": "/etc/x/app.conf", "subPath": "app.conf", "readOnly": true}])
    );
    let hash = |content: &str| {
        let pod = with_file(content).prod().pod("x/deployment.yaml");
        pod["metadata"]["annotations"]["orch.dev/config-hash"].as_str().unwrap().to_owned()
    };
    assert_eq!(hash("a = 1\n"), hash("a = 1\n"));
    assert_ne!(hash("a = 1\n"), hash("a = 2\n"));
}

#[test]
fn files_that_a_config_map_cannot_hold_are_found() {
    let large = with_file(&"x".repeat((1 << 20) + 1)).render("prod");
    assert_eq!(large.severity("a ConfigMap has at most 1048576"), Some(Severity::Error));
    let big = with_file(&"x".repeat(300 << 10)).render("prod");
    assert_eq!(big.severity("it needs `--server-side`"), Some(Severity::Note));
    let mut secret = with_file("key = {secret:k}\n");
    secret.manifest.services[0].service.workload.files[0].template = true;
    let secret = secret.render("prod");
    assert_eq!(secret.severity("has a secret or a variable in it"), Some(Severity::Error));
    assert_eq!(secret.found(Code::Unrepresentable).len(), 1);
}

#[test]
fn a_secret_in_a_url_has_to_be_url_safe() {
    let cluster = everything().prod();
    assert_eq!(
        cluster.found(Code::SecretInUrl),
        ["Kubernetes puts the secret `postgres-password` into a URL as it is"]
    );
}
