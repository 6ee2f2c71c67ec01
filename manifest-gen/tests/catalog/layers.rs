//! A service that states a part keeps it.

use cargo_orch::finding::Code;
use cargo_orch::plan::resolve::Probe;
use serde_json::json;

use super::{System, env, messages, pairs, postgres, volumes, workload};

const URL: &str = "postgres://app:{secret:postgres-password}@postgres:5432/app";

#[test]
fn one_line_is_a_database() {
    let plan = postgres(&json!({})).plan("prod");
    let server = workload(&plan, "postgres");
    assert_eq!(server.ports[0].port.number.get(), 5432);
    assert_eq!(server.user.unwrap().to_string(), "999:999");
    assert!(matches!(&server.health.as_ref().unwrap().probe, Probe::Shell(script) if script.contains("pg_isready")));
    let paths = [("/var/lib/postgresql/data", true), ("/tmp", false), ("/var/run/postgresql", false)];
    assert_eq!(volumes(&plan, "postgres"), paths.map(|(path, kept)| (path.to_owned(), kept)));
    let own = [("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "{secret:postgres-password}"), ("POSTGRES_USER", "app")];
    assert_eq!(env(&plan, "postgres"), pairs(&own));
    assert_eq!(env(&plan, "api"), pairs(&[("DATABASE_URL", URL)]));
    assert_eq!(plan.secrets.iter().map(|secret| secret.name.as_str()).collect::<Vec<_>>(), ["postgres-password"]);
}

#[test]
fn variables_are_merged_by_name() {
    let stated = json!({"env": {"POSTGRES_USER": "shop", "POSTGRES_PASSWORD": {"secret": "pw"}, "PGTZ": "UTC"}});
    let plan = postgres(&stated).plan("prod");
    let own =
        [("PGTZ", "UTC"), ("POSTGRES_DB", "app"), ("POSTGRES_PASSWORD", "{secret:pw}"), ("POSTGRES_USER", "shop")];
    assert_eq!(env(&plan, "postgres"), pairs(&own));
    assert_eq!(env(&plan, "api"), pairs(&[("DATABASE_URL", "postgres://shop:{secret:pw}@postgres:5432/app")]));
}

/// The image refuses a password that is there twice.
#[test]
fn a_form_for_a_file_and_a_stand_in_are_enough() {
    let plan =
        postgres(&json!({"env": {"POSTGRES_PASSWORD_FILE": "/run/pw"}, "appEnv": {"DB": "{host}"}})).plan("prod");
    assert_eq!(env(&plan, "postgres"), pairs(&[("POSTGRES_PASSWORD_FILE", "/run/pw")]));
    let stated = json!({"env": {"MYSQL_RANDOM_ROOT_PASSWORD": "yes"}});
    let plan = System::new().with("db", "database", "mysql:8.4", &stated).plan("prod");
    assert!(!env(&plan, "db").iter().any(|(name, _)| name == "MYSQL_ROOT_PASSWORD"));
}

/// Who says what applications are given says who logs in, unless the text asks for it.
#[test]
fn what_applications_are_given_is_one_thing() {
    let stated = json!({"env": {"POSTGRES_PASSWORD": {"secret": "pw"}},
        "appEnv": {"ORDERS": "postgres://postgres:{secret:pw}@{host}/postgres"}});
    let plan = postgres(&stated).plan("prod");
    assert_eq!(env(&plan, "postgres"), pairs(&[("POSTGRES_PASSWORD", "{secret:pw}")]));
    assert_eq!(env(&plan, "api"), pairs(&[("ORDERS", "postgres://postgres:{secret:pw}@postgres/postgres")]));
    let stated = json!({"appEnv": {"ORDERS": "{user}:{password}@{database}"}});
    let plan = postgres(&stated).plan("prod");
    assert_eq!(env(&plan, "api"), pairs(&[("ORDERS", "app:{secret:postgres-password}@app")]));
}

#[test]
fn a_stated_port_is_the_known_one_where_its_number_is() {
    let plan = postgres(&json!({"ports": [{"number": 5432, "hostPort": 15432}]})).plan("prod");
    let port = &workload(&plan, "postgres").ports[0].port;
    assert_eq!(port.scheme.as_ref().unwrap().to_string(), "postgres");
    assert_eq!(port.host_port.unwrap().get(), 15432);
    let other = postgres(&json!({"ports": [{"number": 6000}]})).plan("prod");
    let ports = &workload(&other, "postgres").ports;
    assert_eq!(ports.len(), 1, "a list is a whole");
    assert!(ports[0].port.scheme.is_none() && ports[0].port.name.is_none());
    assert_eq!(env(&other, "api")[0].1, URL.replace("5432", "6000"));
}

#[test]
fn a_volume_is_added_unless_its_path_is_stated() {
    let paths = |stated| volumes(&postgres(&json!({"volumes": stated})).plan("prod"), "postgres");
    let data = ("/var/lib/postgresql/data".to_owned(), true);
    assert!(paths(json!([{"path": "/scratch", "ephemeral": true}])).contains(&data), "no scratch folder loses data");
    assert!(!paths(json!([{"path": "/var/lib/postgresql/data", "ephemeral": true}])).contains(&data));
    for around in ["/var/lib/postgresql", "/var/lib/postgresql/data/base"] {
        assert!(!paths(json!([{"path": around}])).contains(&data), "{around}");
    }
    // A name that is taken is another one for what is added.
    let plan = postgres(&json!({"volumes": [{"path": "/scratch", "name": "data"}]})).plan("prod");
    let names: std::collections::BTreeSet<String> =
        workload(&plan, "postgres").volumes.iter().map(|volume| volume.name.to_string()).collect();
    assert_eq!(names.len(), workload(&plan, "postgres").volumes.len());
}

#[test]
fn a_writable_root_needs_no_empty_folders() {
    let plan = postgres(&json!({"restricted": false})).plan("prod");
    assert_eq!(volumes(&plan, "postgres"), [("/var/lib/postgresql/data".to_owned(), true)]);
}

#[test]
fn other_keys_are_a_whole() {
    let stated = json!({"health": {"check": {"tcp": 5432}}, "user": "1000", "grace": "3s",
        "resources": {"memory": "2Gi"}, "shmSize": "1Gi"});
    let plan = postgres(&stated).plan("prod");
    let server = workload(&plan, "postgres");
    let health = server.health.as_ref().unwrap();
    assert_eq!(
        (&health.probe, health.retries),
        (&Probe::Tcp("5432".parse::<u64>().ok().and_then(|n| orch_manifest::Port::new(n).ok()).unwrap()), 3)
    );
    assert_eq!(server.user.unwrap().to_string(), "1000");
    assert_eq!(server.grace.to_string(), "3s");
    assert!(server.resources.memory_limit.is_none(), "a limit of the catalog could be below a stated request");
}

#[test]
fn what_is_taken_back_is_not_added_again() {
    let text = "[profiles.prod.services.postgres]\nunset = [\"health\", \"env\", \"volume\", \"app_env\"]";
    let system = postgres(&json!({})).config(text);
    let plan = system.plan("prod");
    let server = workload(&plan, "postgres");
    assert!(server.health.is_none() && server.env.is_empty());
    assert!(server.volumes.iter().all(|volume| !volume.persistent));
    assert_eq!(env(&plan, "api"), []);
    assert!(workload(&system.plan("local"), "postgres").health.is_some(), "in this profile only");
}

#[test]
fn who_states_the_command_says_the_password() {
    let redis = |stated| System::new().with("cache", "cache", "redis:7", &stated).plan("prod");
    let plan = redis(json!({}));
    assert_eq!(env(&plan, "cache"), pairs(&[("REDISCLI_AUTH", "{secret:cache-password}")]));
    assert_eq!(env(&plan, "api"), pairs(&[("REDIS_URL", "redis://default:{secret:cache-password}@cache:6379/0")]));
    let plan = redis(json!({"command": ["redis-server", "--requirepass", {"secret": "pw"}]}));
    assert_eq!(env(&plan, "api"), pairs(&[("REDIS_URL", "redis://default:{secret:pw}@cache:6379/0")]));
    // Before it had users.
    let old = System::new().with("cache", "cache", "redis:5-alpine", &json!({})).plan("prod");
    assert_eq!(env(&old, "api"), pairs(&[("REDIS_URL", "redis://:{secret:cache-password}@cache:6379/0")]));
    // Without a password in it, there is none to be given: that is found, and not guessed.
    let plan = redis(json!({"command": ["redis-server"]}));
    assert_eq!(env(&plan, "cache"), []);
    assert!(plan.findings.iter().any(|finding| finding.code == Code::UnknownFact), "{:?}", plan.findings);
}

/// The kind, the image and the tag choose what differs.
#[test]
fn variants_are_chosen() {
    let one = |kind, image| System::new().with("x", kind, image, &json!({})).plan("prod");
    let user = |kind, image| workload(&one(kind, image), "x").user.unwrap().to_string();
    assert_eq!(user("database", "postgres:16-alpine"), "70:70");
    assert_eq!(user("database", "timescale/timescaledb:2.17.2-pg16"), "70:70");
    assert_eq!(user("cache", "redis:7.4-alpine3.20"), "999:1000");
    assert_eq!(user("cache", "redis:7.4"), "999:999");
    for (image, path) in [
        ("postgres:17.2", "/var/lib/postgresql/data"),
        ("postgres:18", "/var/lib/postgresql"),
        ("postgres:latest", "/var/lib/postgresql"),
        ("pgvector/pgvector:pg17", "/var/lib/postgresql/data"),
        ("pgvector/pgvector:pg18", "/var/lib/postgresql"),
    ] {
        assert_eq!(volumes(&one("database", image), "x")[0], (path.to_owned(), true), "{image}");
    }
    assert_eq!(volumes(&one("cache", "redis:7"), "x")[0], ("/data".to_owned(), false));
    assert_eq!(volumes(&one("database", "redis:7"), "x")[0], ("/data".to_owned(), true));
}

#[test]
fn two_of_an_image_are_told_how_to_be_told_apart() {
    let two =
        System::new().with("cache", "cache", "redis:7", &json!({})).with("sessions", "cache", "redis:7", &json!({}));
    let plan = two.plan("prod");
    let conflict = plan.findings.iter().find(|finding| finding.code == Code::BindingConflict).unwrap();
    let help = conflict.help.as_deref().unwrap();
    assert!(help.contains("app_env(SESSIONS_REDIS_URL = \"redis://{user}:{password}@{host}:{port}/0\")"), "{help}");
    // What it says is right.
    let app_env = json!({"appEnv": {"SESSIONS_REDIS_URL": "redis://{user}:{password}@{host}:{port}/0"}});
    let two =
        System::new().with("cache", "cache", "redis:7", &json!({})).with("sessions", "cache", "redis:7", &app_env);
    let plan = two.plan("prod");
    assert!(!messages(&plan.findings).iter().any(|message| message.contains("REDIS_URL")), "{:?}", plan.findings);
    let urls = [
        ("REDIS_URL", "redis://default:{secret:cache-password}@cache:6379/0"),
        ("SESSIONS_REDIS_URL", "redis://default:{secret:sessions-password}@sessions:6379/0"),
    ];
    assert_eq!(env(&plan, "api"), pairs(&urls));
}

#[test]
fn tenants_have_a_password_each() {
    let plan = postgres(&json!({"tenants": "database"})).plan("prod");
    assert_eq!(
        env(&plan, "api"),
        pairs(&[("DATABASE_URL", "postgres://api:{secret:postgres-password-api}@postgres:5432/api")])
    );
    let job = env(&plan, "postgres-tenants");
    assert!(job.contains(&("TENANT_PASSWORD_api".to_owned(), "{secret:postgres-password-api}".to_owned())), "{job:?}");
}

/// Who gives an image that has to be root another user knows that it need not be.
#[test]
fn another_user_is_held_to_the_restricted_standard() {
    let nats = |stated| System::new().with("bus", "messaging", "nats:2.10-alpine", &stated).plan("prod");
    assert!(!workload(&nats(json!({})), "bus").restricted);
    assert!(workload(&nats(json!({"user": "1000:1000"})), "bus").restricted);
    // Here it is not root that needs the writable folders.
    let kafka =
        System::new().with("log", "messaging", "apache/kafka:3.9.0", &json!({"user": "1001:1001"})).plan("prod");
    assert!(!workload(&kafka, "log").restricted);
}

/// A configuration that somebody states is the one that is read.
#[test]
fn a_stated_file_is_the_configuration() {
    let loki = |stated| System::new().with("loki", "telemetry", "grafana/loki:3.2.1", &stated).plan("prod");
    let plan = loki(json!({}));
    assert_eq!(workload(&plan, "loki").files[0].path.as_str(), "/etc/loki/orch.yaml");
    assert_eq!(workload(&plan, "loki").command.len(), 1);
    let file =
        json!({"path": "/etc/loki/local-config.yaml", "source": "loki.yaml", "content": "x", "sha256": "0".repeat(64)});
    let plan = loki(json!({"files": [file]}));
    assert_eq!(workload(&plan, "loki").files.len(), 1);
    assert!(workload(&plan, "loki").command.is_empty(), "the image's own command reads it");
}
