//! Each entry of the catalog is complete.

use std::collections::BTreeSet;

use cargo_orch::catalog::{Catalog, Entry};

/// Images whose program knows no password, or none that can be given when it starts. Applications reach
/// them on the internal network only.
const OPEN: [&str; 16] = [
    "cassandra.toml",
    "dex.toml",
    "etcd.toml",
    "jaeger.toml",
    "kafka.toml",
    "loki.toml",
    "mailpit.toml",
    "memcached.toml",
    "nginx.toml",
    "ollama.toml",
    "opentelemetry-collector.toml",
    "prometheus.toml",
    "redpanda.toml",
    "tempo.toml",
    "traefik.toml",
    "vault.toml",
];
/// Images that keep nothing, or nothing that has to be there after a restart.
const FORGETFUL: [&str; 6] =
    ["jaeger.toml", "mailpit.toml", "memcached.toml", "nginx.toml", "opentelemetry-collector.toml", "traefik.toml"];

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
        let kept = service.volumes.iter().any(|volume| !volume.ephemeral);
        assert_eq!(kept, !FORGETFUL.contains(&entry.pages[0].file.as_str()), "{image} keeps data, or does not");
        for volume in service.volumes.iter().filter(|volume| !volume.ephemeral) {
            assert!(volume.name.is_some() && volume.size.is_some(), "{image}: {}", volume.path);
        }
        let binds = !service.app_env.is_empty() || entry.kind.as_ref().unwrap().as_str() == "proxy";
        assert!(binds, "{image} tells applications nothing");
    }
}

#[test]
fn each_has_a_password_or_is_known_to_have_none() {
    for (image, entry) in entries() {
        let password = entry.login.password.is_some();
        assert_eq!(password, !OPEN.contains(&entry.pages[0].file.as_str()), "{image}");
        let env: Vec<String> =
            entry.service.env.values().filter(|value| value.is_secret()).map(|value| format!("{value:?}")).collect();
        assert_eq!(password, !env.is_empty(), "{image}: {env:?}");
    }
}

/// A program in a container without a shell is asked by a command, and told nothing by a script.
#[test]
fn what_needs_a_shell_has_one() {
    for (image, entry) in entries().into_iter().filter(|(_, entry)| !entry.image.shell) {
        let health = format!("{:?}", entry.service.health.as_ref().unwrap().check);
        assert!(!health.starts_with("Shell"), "{image}: {health}");
        for command in [&entry.client, &entry.image.entrypoint] {
            assert!(!command.first().is_some_and(|word| word.ends_with("sh")), "{image}: {command:?}");
        }
    }
}
