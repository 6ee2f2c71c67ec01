//! Each entry of the catalog is complete.

use std::collections::BTreeSet;

use cargo_orch::catalog::{Aspect, Catalog, Entry};
use orch_manifest::model::Check;

/// Every image with a tag of the version that its page was read for.
fn entries() -> Vec<(String, Entry)> {
    let catalog = Catalog::built_in();
    let read_for = |image: &str| {
        let bare = catalog.find(&image.parse().unwrap(), None).unwrap();
        let tagged = format!("{image}:{}", bare.read_for.as_deref().unwrap_or("1"));
        let entry = catalog.find(&tagged.parse().unwrap_or_else(|error| panic!("{tagged}: {error}")), None).unwrap();
        (tagged, entry)
    };
    let mut entries: Vec<(String, Entry)> = catalog.images().into_iter().map(read_for).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

#[test]
fn the_images_that_are_promised_are_there() {
    let names: BTreeSet<String> = entries().into_iter().filter_map(|(_, entry)| entry.name).collect();
    let promised = [
        "PostgreSQL",
        "pgvector",
        "TimescaleDB",
        "MySQL",
        "MariaDB",
        "SQL Server",
        "CockroachDB",
        "MongoDB",
        "Couchbase",
        "Cassandra",
        "ClickHouse",
        "InfluxDB",
        "Redis",
        "Valkey",
        "memcached",
        "etcd",
        "RabbitMQ",
        "Kafka",
        "Redpanda",
        "NATS",
        "Mosquitto",
        "Elasticsearch",
        "OpenSearch",
        "Meilisearch",
        "Typesense",
        "Qdrant",
        "Weaviate",
        "Milvus",
        "Ollama",
        "MinIO",
        "SeaweedFS",
        "Vault",
        "Keycloak",
        "Dex",
        "Mailpit",
        "nginx",
        "Traefik",
        "Prometheus",
        "Grafana",
        "Loki",
        "Tempo",
        "Jaeger",
        "OpenTelemetry Collector",
    ];
    let missing: Vec<&str> = promised.into_iter().filter(|name| !names.contains(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn each_says_where_it_was_read_and_for_what() {
    for (image, entry) in entries() {
        assert!(entry.name.is_some() && entry.kind.is_some() && entry.read_for.is_some(), "{image}");
        assert!(!entry.sources.is_empty(), "{image} was read nowhere");
        assert!(entry.sources.iter().all(|source| source.starts_with("https://")), "{image}: {:?}", entry.sources);
    }
}

#[test]
fn each_has_what_a_service_needs() {
    for (image, entry) in entries() {
        let service = &entry.service;
        assert!(!service.ports.is_empty(), "{image} has no port");
        for port in &service.ports {
            assert!(
                port.name.is_some() && port.scheme.is_some(),
                "{image}: port {} has no name or scheme",
                port.number
            );
        }
        let health = service.health.as_ref().unwrap_or_else(|| panic!("{image} has no health check"));
        assert!(health.interval.is_some() && health.timeout.is_some() && health.start_period.is_some(), "{image}");
        assert!(service.user.is_some(), "{image} says no user");
        let root = service.user.unwrap().uid == 0;
        assert!(!root || service.restricted == Some(false), "{image} is root and says that it is not");
        let resources = service.resources.as_ref().unwrap_or_else(|| panic!("{image} says no resources"));
        assert!(resources.cpu.is_some() && resources.memory.is_some() && resources.memory_limit.is_some(), "{image}");
        let limit = resources.memory_limit.as_ref().unwrap().nanos();
        assert!(limit >= resources.memory.as_ref().unwrap().nanos(), "{image} may use less than it requests");
        for volume in service.volumes.iter().filter(|volume| !volume.ephemeral) {
            assert!(volume.name.is_some() && volume.size.is_some(), "{image}: {}", volume.path);
        }
        let binds = !service.app_env.is_empty() || entry.kind.as_ref().unwrap().as_str() == "proxy";
        assert!(binds, "{image} tells applications nothing");
    }
}

/// What there is none of is said with its reason, and nothing else is left out.
#[test]
fn each_has_every_aspect_or_says_why_not() {
    for (image, entry) in entries() {
        let is_asked = |aspect: &Aspect| match aspect {
            // Who has no password has none in a file, and what is not written out is not read in.
            Aspect::FileEnv => entry.has(Aspect::Password),
            Aspect::Restore => entry.has(Aspect::Dump),
            Aspect::Tenants => entry.kind.as_ref().unwrap().as_str() == "database",
            _ => true,
        };
        for aspect in Aspect::ALL {
            let why = entry.none.get(&aspect);
            assert!(!entry.has(aspect) || why.is_none(), "{image} has what it says there is none of: {aspect:?}");
            let said = entry.has(aspect) || why.is_some_and(|why| why.len() > 10);
            assert!(said || !is_asked(&aspect), "{image} does not say why there is none: {aspect:?}");
            assert!(is_asked(&aspect) || why.is_none(), "{image}: {aspect:?} goes without saying");
        }
    }
}

/// A password reaches the program as a secret, and applications as what the login says.
#[test]
fn a_password_is_a_secret_that_applications_are_given() {
    for (image, entry) in entries() {
        let env: Vec<String> =
            entry.service.env.values().filter(|value| value.is_secret()).map(|value| format!("{value:?}")).collect();
        assert_eq!(entry.has(Aspect::Password), !env.is_empty(), "{image}: {env:?}");
    }
}

/// A program in a container without a shell is asked by a command, and told nothing by a script.
#[test]
fn what_needs_a_shell_has_one() {
    for (image, entry) in entries().into_iter().filter(|(_, entry)| !entry.image.shell) {
        let check = &entry.service.health.as_ref().unwrap().check;
        assert!(!matches!(check, Check::Shell(_)), "{image}: {check:?}");
        let streams = [&entry.dump, &entry.restore].map(|stream| stream.as_ref().map(|stream| &stream.command));
        for command in [&entry.client, &entry.image.entrypoint].into_iter().chain(streams.into_iter().flatten()) {
            assert!(!command.first().is_some_and(|word| word.ends_with("sh")), "{image}: {command:?}");
        }
    }
}

/// A variable with a form as a file may hold nothing when it is asked for: scripts read either.
#[test]
fn scripts_read_a_secret_from_where_it_is() {
    for (image, entry) in entries() {
        let check = match &entry.service.health.as_ref().unwrap().check {
            Check::Shell(script) => vec![script.clone()],
            Check::Command(words) => words.clone(),
            _ => Vec::new(),
        };
        let streams = [&entry.dump, &entry.restore].map(|stream| stream.as_ref().map(|stream| stream.command.clone()));
        let scripts = [check, entry.client.clone()].into_iter().chain(streams.into_iter().flatten()).flatten();
        for script in scripts {
            for (name, file) in &entry.file_env {
                let secret = entry.service.env.get(name).is_some_and(orch_manifest::Value::is_secret);
                let asks = script.contains(&format!("${{{name}")) || script.contains(&format!("${name}\""));
                assert!(!secret || !asks || script.contains(file.as_str()), "{image} does not read {file}: {script}");
            }
        }
    }
}

/// Which folders its program writes to is written on each page, so that nobody forgot it.
#[test]
fn each_says_what_is_written_to_and_as_whom() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("catalog");
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for key in ["writable = [", "user = \""] {
            assert!(text.contains(key), "{}: {key}", path.display());
        }
    }
}

/// The tags of the variants that have a user of their own.
#[test]
fn users_differ_where_the_images_do() {
    let user = |image: &str| {
        let entry = Catalog::built_in().find(&image.parse().unwrap(), None).unwrap();
        entry.service.user.unwrap().to_string()
    };
    for (image, expected) in [
        ("postgres:17", "999:999"),
        ("postgres:17-alpine", "70:70"),
        ("timescale/timescaledb:2.17.2-pg16", "70:70"),
        ("redis:7.4", "999:999"),
        ("redis:7.4-alpine", "999:1000"),
        ("rabbitmq:4.0-management", "999:999"),
        ("rabbitmq:4.0-management-alpine", "100:101"),
        ("mcr.microsoft.com/mssql/server:2022-latest", "10001:0"),
    ] {
        assert_eq!(user(image), expected, "{image}");
    }
}
