//! Every form of every key, and what it means.

use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use orch_manifest::json::ToJson;
use serde_json::{Value, json};

use crate::{Attribute, read};

/// What an attribute declares, without the keys that `base` has as well.
fn meaning(attribute: Attribute, base: &str, tokens: &str) -> Value {
    let declared = |text: &str| {
        let (declaration, problems) = read(attribute, text.parse().unwrap());
        assert!(problems.is_empty(), "{text}: {problems:?}");
        let value: Value = serde_json::from_str(&declaration.unwrap().to_json()).unwrap();
        value.as_object().unwrap().values().next().unwrap().as_object().unwrap().clone()
    };
    let base_fields = declared(base);
    let all = declared(&if base.is_empty() { tokens.to_owned() } else { format!("{base}, {tokens}") });
    all.into_iter().filter(|(key, value)| base_fields.get(key) != Some(value)).collect()
}

fn check(attribute: Attribute, base: &str, table: &[(&str, Value)]) {
    for (tokens, expected) in table {
        assert_eq!(meaning(attribute, base, tokens), *expected, "{tokens}");
    }
}

/// The keys that a table has rows for.
fn keys(table: &[(&str, Value)]) -> Vec<String> {
    table.iter().map(|(tokens, _)| tokens.split([' ', '(']).next().unwrap().to_owned()).collect()
}

#[allow(clippy::too_many_lines, reason = "it is a table")]
fn workload() -> Vec<(&'static str, Value)> {
    vec![
        (r#"name = "Größe""#, json!({ "name": "Größe" })),
        (r#"description = r"a \ b""#, json!({ "description": r"a \ b" })),
        (r#"image = "host:5000/a/b:1""#, json!({ "image": "host:5000/a/b:1" })),
        ("ports = [5432, 5_433]", json!({ "ports": [{ "number": 5432 }, { "number": 5433 }] })),
        ("port = 0x1F90", json!({ "ports": [{ "number": 8080 }] })),
        (
            r#"port(5432, name = "sql", protocol = "udp", scheme = "postgres", host_port = 15432, public), port = 1"#,
            json!({ "ports": [{ "number": 5432, "name": "sql", "protocol": "udp", "scheme": "postgres",
                "hostPort": 15432, "public": true }, { "number": 1 }] }),
        ),
        ("port(number = 1, public = false)", json!({ "ports": [{ "number": 1 }] })),
        (
            r#"port(53), port(53, protocol = "udp")"#,
            json!({ "ports": [{ "number": 53 }, { "number": 53, "protocol": "udp" }] }),
        ),
        (
            r#"ingress(host = "*.a.b", path = "/x", port = "http", tls = "cert"), ingress(), port(80, name = "http")"#,
            json!({ "ports": [{ "number": 80, "name": "http" }],
                "ingress": [{ "host": "*.a.b", "path": "/x", "port": "http", "tls": "cert" }, {}] }),
        ),
        ("ingress(port = 9000)", json!({ "ingress": [{ "port": 9000 }] })),
        (r#"provides = ["sql", "auth=oidc"]"#, json!({ "provides": ["sql", "auth=oidc"] })),
        (r#"consumes = ["sql",]"#, json!({ "consumes": ["sql"] })),
        (r#"wants = ["tracing"]"#, json!({ "wants": ["tracing"] })),
        (
            r#"env(A = "a=b", "discovery.type" = "x", B = secret("s"), C = secret("s", key = "k"), D = var("V"),
                E = var("V", default = ""), F = template("{id}-{env:A}"))"#,
            json!({ "env": { "A": "a=b", "discovery.type": "x", "B": { "secret": "s" },
                "C": { "secret": "s", "key": "k" }, "D": { "var": "V" }, "E": { "var": "V", "default": "" },
                "F": { "template": "{id}-{env:A}" } } }),
        ),
        (r#"env(type = "x", r#in = "y")"#, json!({ "env": { "type": "x", "in": "y" } })),
        (
            r#"app_env(URL = "http://{host}:{port}/{{x}}", T = "{tempo.url:otlp}{app}{system}{profile}{secret:s}")"#,
            json!({ "appEnv": { "URL": "http://{host}:{port}/{{x}}", "T": "{tempo.url:otlp}{app}{system}{profile}{secret:s}" } }),
        ),
        (
            r#"command = ["-c", var("MODE"), template("{host}")]"#,
            json!({ "command": ["-c", { "var": "MODE" }, { "template": "{host}" }] }),
        ),
        (r#"entrypoint = ["/entry"]"#, json!({ "entrypoint": ["/entry"] })),
        (
            r#"volume("/a", name = "data", size = "10Gi", storage_class = "fast", read_only), volume("/b", ephemeral)"#,
            json!({ "volumes": [{ "path": "/a", "name": "data", "size": "10Gi", "storageClass": "fast",
                "readOnly": true }, { "path": "/b", "ephemeral": true }] }),
        ),
        (r#"volume(path = "/a", ephemeral = true)"#, json!({ "volumes": [{ "path": "/a", "ephemeral": true }] })),
        (
            r#"file("/etc/x", source = "conf/x", template), file("/etc/y", source = "y")"#,
            json!({ "files": [{ "path": "/etc/x", "source": "conf/x", "template": true }, { "path": "/etc/y", "source": "y" }] }),
        ),
        (
            r#"health(http = "/healthz", port = "web", live = "/livez", interval = "10s", timeout = "500ms",
                retries = 5, start_period = "1m30s"), port(80, name = "web")"#,
            json!({ "ports": [{ "number": 80, "name": "web" }], "health": { "check": { "http": { "path": "/healthz",
                "port": "web" } }, "live": "/livez", "interval": "10s", "timeout": "500ms", "retries": 5,
                "startPeriod": "1m30s" } }),
        ),
        ("health(tcp = 5432)", json!({ "health": { "check": { "tcp": 5432 } } })),
        (
            r#"health(tcp = "sql"), port(1, name = "sql")"#,
            json!({ "ports": [{ "number": 1, "name": "sql" }], "health": { "check": { "tcp": "sql" } } }),
        ),
        (
            r#"health(command = ["pg_isready", "-q"])"#,
            json!({ "health": { "check": { "command": ["pg_isready", "-q"] } } }),
        ),
        (
            r#"health(shell = "a && b", interval = "1s")"#,
            json!({ "health": { "check": { "shell": "a && b" }, "interval": "1s" } }),
        ),
        ("health(none)", json!({ "health": { "check": "none" } })),
        (
            r#"resources(cpu = "250m", memory = "256Mi", cpu_limit = "1", memory_limit = "512Mi", gpu = 1)"#,
            json!({ "resources": { "cpu": "250m", "memory": "256Mi", "cpuLimit": "1", "memoryLimit": "512Mi", "gpu": 1 } }),
        ),
        ("replicas = 0", json!({ "replicas": 0 })),
        ("scale(min = 2, max = 10, cpu = 70)", json!({ "scale": { "min": 2, "max": 10, "cpu": 70 } })),
        ("scale(max = 3)", json!({ "scale": { "min": 1, "max": 3 } })),
        (r#"user = "999:999""#, json!({ "user": "999:999" })),
        ("fs_group = 999", json!({ "fsGroup": 999 })),
        (r#"workdir = "/work""#, json!({ "workdir": "/work" })),
        (r#"hostname = "db""#, json!({ "hostname": "db" })),
        (r#"grace = "1m""#, json!({ "grace": "1m" })),
        (r#"restart = "on-failure""#, json!({ "restart": "on-failure" })),
        (r#"cap_add = ["NET_BIND_SERVICE"]"#, json!({ "capAdd": ["NET_BIND_SERVICE"] })),
        ("restricted = false", json!({ "restricted": false })),
        (
            r#"egress(port = 443, cidr = "0.0.0.0/0", protocol = "tcp"), egress(port = 53)"#,
            json!({ "egress": [{ "port": 443, "cidr": "0.0.0.0/0", "protocol": "tcp" }, { "port": 53 }] }),
        ),
        (r#"placement(disk = "ssd", "a.b/c" = "x")"#, json!({ "placement": { "disk": "ssd", "a.b/c": "x" } })),
        (r#"shm_size = "64Mi""#, json!({ "shmSize": "64Mi" })),
        (
            "ulimit(nofile = 1024, memlock = [1, 2]), ulimit(core = 0)",
            json!({ "ulimits": { "nofile": { "soft": 1024, "hard": 1024 }, "memlock": { "soft": 1, "hard": 2 },
                "core": { "soft": 0, "hard": 0 } } }),
        ),
        (r#"labels("a.b/c" = "x", team = "")"#, json!({ "labels": { "a.b/c": "x", "team": "" } })),
        (
            r#"annotations("prometheus.io/scrape" = "true")"#,
            json!({ "annotations": { "prometheus.io/scrape": "true" } }),
        ),
    ]
}

fn service() -> Vec<(&'static str, Value)> {
    let external = |rest: &'static str| -> &'static str { format!(r#"deployment = "external", {rest}"#).leak() };
    vec![
        (r#"kind = "x-queue""#, json!({ "kind": "x-queue" })),
        (r#"id = "db""#, json!({ "id": "db", "derivedId": null })),
        (r#"code = "data.orders_1.a-b""#, json!({ "code": "data.orders_1.a-b" })),
        (r#"tenants = "schema""#, json!({ "tenants": "schema" })),
        (r#"deployment = "in-process""#, json!({ "deployment": "in-process" })),
        (
            external(r#"url = secret("u", key = "k")"#),
            json!({ "deployment": "external", "connection": { "url": { "secret": "u", "key": "k" } } }),
        ),
        (
            external(
                r#"host = var("H"), port = 1, user = "me", database = "d", params(sslmode = "require", "a.b" = var("P"))"#,
            ),
            json!({ "deployment": "external", "ports": [{ "number": 1 }], "connection": { "host": { "var": "H" },
                "user": "me", "database": "d", "params": { "sslmode": "require", "a.b": { "var": "P" } } } }),
        ),
    ]
}

fn app() -> Vec<(&'static str, Value)> {
    vec![
        (r#"id = "api""#, json!({ "id": "api" })),
        (r#"kind = "worker""#, json!({ "kind": "worker" })),
        (r#"kind = "web""#, json!({ "kind": "web" })),
        (r#"kind = "job""#, json!({ "kind": "job" })),
        (r#"kind = "cron", schedule = "0 3 * * *""#, json!({ "kind": "cron", "schedule": "0 3 * * *" })),
        (r#"schedule = "@daily", kind = "cron""#, json!({ "kind": "cron", "schedule": "@daily" })),
        (r#"bin = "api""#, json!({ "bin": "api" })),
        (r#"capabilities = ["http", "auth=oidc"]"#, json!({ "capabilities": ["http", "auth=oidc"] })),
        (r#"uses = ["postgres"]"#, json!({ "uses": ["postgres"] })),
        ("uses = []", json!({ "uses": [] })),
        (r#"after = ["migrate"]"#, json!({ "after": ["migrate"] })),
        (r#"image_of = "api", command = ["migrate"]"#, json!({ "imageOf": "api", "command": ["migrate"] })),
    ]
}

#[test]
fn keys_that_services_and_applications_have() {
    check(Attribute::App, "", &workload());
    // A service has its image already.
    let others: Vec<_> = workload().into_iter().filter(|(tokens, _)| !tokens.starts_with("image")).collect();
    check(Attribute::Service, r#"kind = "other", image = "base""#, &others);
}

#[test]
fn keys_of_services() {
    for (tokens, expected) in service() {
        // `image` is for containers only, so each row is an attribute of its own.
        let base = if tokens.contains("deployment") { r#"kind = "other""# } else { r#"kind = "other", image = "a""# };
        let base = if tokens.starts_with("kind") { r#"image = "a""# } else { base };
        let (declaration, problems) = read(Attribute::Service, format!("{base}, {tokens}").parse().unwrap());
        assert!(problems.is_empty(), "{tokens}: {problems:?}");
        let value: Value = serde_json::from_str(&declaration.unwrap().to_json()).unwrap();
        for (key, expected) in expected.as_object().unwrap() {
            assert_eq!(value["service"][key], *expected, "{tokens}");
        }
    }
}

#[test]
fn keys_of_applications() {
    check(Attribute::App, "", &app());
}

#[test]
fn the_tables_have_every_key() {
    let rows = [keys(&workload()), keys(&service()), keys(&app())].concat();
    let inside = ["url", "host", "database", "params"];
    for key in [WORKLOAD_KEYS, SERVICE_KEYS, APP_KEYS].concat() {
        assert!(rows.iter().any(|row| row == key) || inside.contains(&key) || key == "schedule", "`{key}` has no row");
    }
}

#[test]
fn an_id_follows_from_the_item() {
    let (declaration, _) = read(Attribute::Service, r#"kind = "cache", image = "redis:7""#.parse().unwrap());
    let expected = r#"{"service":{"id":"item","kind":"cache","derivedId":true,"image":"redis:7"}}"#;
    assert_eq!(declaration.unwrap().to_json(), expected);
    let (declaration, _) = read(Attribute::AuthProvider, proc_macro2::TokenStream::new());
    assert_eq!(declaration.unwrap().to_json(), r#"{"authProvider":{"id":"item"}}"#);
}

#[test]
fn an_application_may_say_nothing() {
    let (declaration, problems) = read(Attribute::App, proc_macro2::TokenStream::new());
    assert!(problems.is_empty());
    assert_eq!(declaration.unwrap().to_json(), r#"{"app":{}}"#);
}

#[test]
fn clients_and_providers() {
    check(
        Attribute::Client,
        r#"of = "shopping""#,
        &[(
            r#"app_env(SHOPPING_URL = "{url}", P = "{port:http}")"#,
            json!({ "appEnv": { "SHOPPING_URL": "{url}", "P": "{port:http}" } }),
        )],
    );
    check(
        Attribute::AuthProvider,
        r#"id = "keycloak""#,
        &[(
            r#"name = "Keycloak", protocol = "oidc", icon = "key""#,
            json!({ "name": "Keycloak", "protocol": "oidc", "icon": "key" }),
        )],
    );
}
