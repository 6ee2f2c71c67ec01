//! Nine systems in one line a service, which cover the catalog, render without a warning.

use std::collections::BTreeSet;

use cargo_orch::catalog::Catalog;
use cargo_orch::finding::Severity;
use cargo_orch::plan::Plan;
use cargo_orch::target;
use serde_json::json;

use super::System;

/// A service in one line: id, kind and image.
type Line = (&'static str, &'static str, &'static str);

/// The name of a system, and its lines.
const SYSTEMS: [(&str, &[Line]); 9] = [
    (
        "shop",
        &[
            ("db", "database", "postgres:16"),
            ("cache", "cache", "redis:7-alpine"),
            ("mq", "messaging", "rabbitmq:3.13-management"),
            ("mail", "mail", "axllent/mailpit:v1.21"),
            ("find", "search", "getmeili/meilisearch:v1.11"),
        ],
    ),
    (
        "forum",
        &[
            ("db", "database", "mysql:8.4"),
            ("cache", "cache", "memcached:1.6"),
            ("find", "search", "elasticsearch:8.15.3"),
            ("files", "storage", "minio/minio:RELEASE.2024-10-13T13-34-11Z"),
            ("login", "auth", "quay.io/keycloak/keycloak:26.0"),
            ("edge", "proxy", "nginx:1.28"),
        ],
    ),
    (
        "chat",
        &[
            ("db", "database", "mongo:8.0"),
            ("cache", "cache", "valkey/valkey:8.1-alpine"),
            ("bus", "messaging", "nats:2.10-alpine"),
            ("login", "auth", "ghcr.io/dexidp/dex:v2.41.1"),
            ("edge", "proxy", "traefik:v3.2"),
        ],
    ),
    (
        "press",
        &[
            ("db", "database", "mariadb:11.4"),
            ("jobs", "database", "redis:7.4"),
            ("find", "search", "typesense/typesense:27.1"),
            ("edge", "proxy", "nginxinc/nginx-unprivileged:1.28"),
            ("traces", "telemetry", "grafana/tempo:2.6.1"),
        ],
    ),
    (
        "sensors",
        &[
            ("bus", "messaging", "eclipse-mosquitto:2.0"),
            ("series", "database", "influxdb:2.7"),
            ("db", "database", "timescale/timescaledb:2.17.2-pg16"),
            ("dash", "telemetry", "grafana/grafana:11.3.0"),
        ],
    ),
    (
        "answers",
        &[
            ("db", "database", "pgvector/pgvector:pg17"),
            ("vectors", "vector", "qdrant/qdrant:v1.12.4"),
            ("models", "ai", "ollama/ollama:0.4.0"),
            ("objects", "vector", "semitechnologies/weaviate:1.27.0"),
            ("large", "vector", "milvusdb/milvus:v2.4.15"),
        ],
    ),
    (
        "events",
        &[
            ("log", "messaging", "apache/kafka:3.9.0"),
            ("facts", "database", "clickhouse/clickhouse-server:25.4"),
            ("wide", "database", "cassandra:5.0"),
            ("find", "search", "opensearchproject/opensearch:2.17.1"),
            ("traces", "telemetry", "jaegertracing/all-in-one:1.62.0"),
        ],
    ),
    (
        "bank",
        &[
            ("ledger", "database", "cockroachdb/cockroach:v24.3.0"),
            ("legacy", "database", "mcr.microsoft.com/mssql/server:2022-latest"),
            ("documents", "database", "couchbase:community-7.6.2"),
            ("keys", "secrets", "hashicorp/vault:1.18"),
            ("config", "database", "quay.io/coreos/etcd:v3.5.16"),
            ("stream", "messaging", "redpandadata/redpanda:v24.2.7"),
        ],
    ),
    (
        "watch",
        &[
            ("metrics", "telemetry", "prom/prometheus:v2.55.1"),
            ("logs", "telemetry", "grafana/loki:3.2.1"),
            ("collect", "telemetry", "otel/opentelemetry-collector-contrib:0.112.0"),
            ("places", "database", "postgis/postgis:16-3.5"),
            ("archive", "storage", "chrislusf/seaweedfs:3.80"),
        ],
    ),
];

fn system(lines: &[(&str, &str, &str)]) -> System {
    lines.iter().fold(System::new(), |system, (id, kind, image)| system.with(id, kind, image, &json!({})))
}

/// What was found, for a person who has to do something.
pub(super) fn found(plan: &Plan, target: &str) -> Vec<String> {
    let packs = target::packs(None).unwrap();
    let rendered = target::render(plan, target, &packs).unwrap();
    assert!(!rendered.files.is_empty());
    let all = plan.findings.iter().chain(&rendered.findings);
    let kept = all.filter(|finding| finding.severity > Severity::Note);
    kept.map(|finding| format!("{}: {}", finding.code, finding.message)).collect()
}

#[test]
fn one_line_each_is_enough() {
    for (name, lines) in SYSTEMS {
        let system = system(lines);
        for profile in ["local", "ci", "staging", "prod"] {
            let plan = system.plan(profile);
            for target in ["compose", "swarm", "k8s"] {
                assert_eq!(found(&plan, target), [""; 0], "{name} for {target} in {profile}");
            }
        }
    }
}

/// Every service that applications wait for can be asked, keeps data where it should, and is secret.
#[test]
fn each_is_a_service_that_can_be_used() {
    for (name, lines) in SYSTEMS {
        let plan = system(lines).plan("prod");
        for (id, kind, image) in lines {
            let workload = plan.workload(&id.parse().unwrap()).unwrap();
            assert!(
                !workload.ports.is_empty() && workload.health.is_some() && workload.user.is_some(),
                "{name}: {image}"
            );
            let keeps = ["database", "messaging", "search", "vector", "storage"].contains(kind);
            assert!(workload.is_stateful() || !keeps, "{name}: {image} keeps nothing");
            for entry in workload.env.values() {
                let text = entry.value.display();
                assert!(!text.to_lowercase().contains("password=") && !text.contains("changeme"), "{image}: {text}");
            }
        }
    }
}

#[test]
fn the_systems_cover_the_catalog() {
    let used: BTreeSet<String> = SYSTEMS
        .iter()
        .flat_map(|(_, lines)| lines.iter())
        .filter_map(|(_, _, image)| Some(Catalog::built_in().find(&image.parse().unwrap(), None)?.pages.remove(0).file))
        .collect();
    let all: BTreeSet<String> = Catalog::built_in()
        .images()
        .into_iter()
        .map(|image| Catalog::built_in().find(&image.parse().unwrap(), None).unwrap().pages.remove(0).file)
        .collect();
    let missing: Vec<&String> = all.difference(&used).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
