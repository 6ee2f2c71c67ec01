//! Systems for a test, declared as a user would, and what is rendered for them.

use std::collections::BTreeMap;

use cargo_orch::config::Config;
use cargo_orch::finding::{Code, Finding, Severity};
use cargo_orch::plan::Profile;
use cargo_orch::target;
use orch_manifest::grammar::{self, Reader};
use orch_manifest::manifest::{AppEntry, DeclaredBy, Manifest, ServiceEntry};
use orch_manifest::{Id, grammar::Args};
use proc_macro2::{Span, TokenStream};
use serde_json::Value;

/// A system, and what `orch.toml` says about it.
#[derive(Clone)]
pub(crate) struct System {
    pub(crate) manifest: Manifest,
    pub(crate) config: String,
}

/// What was rendered.
pub(crate) struct Cluster {
    /// The text of each file.
    pub(crate) files: BTreeMap<String, String>,
    pub(crate) findings: Vec<Finding>,
}

fn arguments(attribute: &str) -> Args {
    let tokens: TokenStream = attribute.parse().unwrap();
    let mut problems = Vec::new();
    let args = orch_attributes::tokens::parse(tokens, Span::call_site(), &mut problems).args;
    assert!(problems.is_empty(), "{problems:?}");
    args
}

fn place(item: &str) -> DeclaredBy {
    DeclaredBy { package: "p".into(), version: None, file: "src/lib.rs".into(), item: item.into(), line: None }
}

impl System {
    pub(crate) fn new() -> Self {
        Self { manifest: Manifest::new(Id::parse("acme").unwrap()), config: String::new() }
    }

    /// Adds what `#[service(…)]` declares.
    pub(crate) fn service(mut self, attribute: &str) -> Self {
        let mut problems = Vec::new();
        let service = grammar::service(&arguments(attribute), "Service", &mut Reader::new(&mut problems));
        assert!(problems.is_empty(), "{problems:?}");
        self.manifest.services.push(ServiceEntry { service: service.unwrap(), declared_by: place("Service") });
        self.manifest.sort();
        self
    }

    /// Adds what `#[app(…)]` declares on a program that links all services there are so far.
    pub(crate) fn app(mut self, attribute: &str) -> Self {
        let mut problems = Vec::new();
        let mut app = grammar::app(&arguments(attribute), &mut Reader::new(&mut problems));
        assert!(problems.is_empty(), "{problems:?}");
        let id = app.id.take().unwrap();
        let services = self.manifest.services.iter().map(|entry| entry.service.id.clone()).collect();
        let entry = AppEntry {
            id,
            version: "1.2.3+build".into(),
            services,
            calls: Vec::new(),
            app,
            declared_by: place("main"),
        };
        self.manifest.apps.push(entry);
        self.manifest.sort();
        self
    }

    /// Adds to `orch.toml`.
    pub(crate) fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    pub(crate) fn read_config(&self) -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = camino::Utf8PathBuf::from_path_buf(folder.path().join("orch.toml")).unwrap();
        std::fs::write(&path, &self.config).unwrap();
        Config::read(&path).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Renders it; findings are not judged.
    pub(crate) fn render(&self, profile: &str) -> Cluster {
        let config = self.read_config();
        let profile = Profile::find(profile, &config).unwrap();
        let plan = config.plan(&self.manifest, &profile).unwrap();
        let rendered = target::render(&plan, "k8s", &target::packs(None).unwrap()).unwrap();
        let files = rendered.files.into_iter().map(|file| (file.path, file.contents)).collect();
        Cluster { files, findings: rendered.findings }
    }

    /// Renders it for production, without an error.
    pub(crate) fn prod(&self) -> Cluster {
        let cluster = self.render("prod");
        let errors: Vec<_> = cluster.findings.iter().filter(|finding| finding.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        cluster
    }
}

impl Cluster {
    /// The object in a file.
    pub(crate) fn object(&self, path: &str) -> Value {
        let text = self.files.get(path).unwrap_or_else(|| panic!("no `{path}` in {:?}", self.files.keys()));
        serde_saphyr::from_str(text).unwrap()
    }

    /// The objects by their files, without `kustomization.yaml`.
    pub(crate) fn objects(&self) -> BTreeMap<&str, Value> {
        let files = self.files.iter().filter(|(path, _)| *path != "kustomization.yaml");
        files.map(|(path, text)| (path.as_str(), serde_saphyr::from_str(text).unwrap())).collect()
    }

    /// The pod of a workload's controller.
    pub(crate) fn pod(&self, controller: &str) -> Value {
        pod_of(&self.object(controller)).unwrap().clone()
    }

    /// The container of a workload's controller.
    pub(crate) fn container(&self, controller: &str) -> Value {
        self.pod(controller)["spec"]["containers"][0].clone()
    }

    pub(crate) fn found(&self, code: Code) -> Vec<&str> {
        let found = self.findings.iter().filter(|finding| finding.code == code);
        found.map(|finding| finding.message.as_str()).collect()
    }

    /// The severity of the finding whose message has this in it.
    pub(crate) fn severity(&self, part: &str) -> Option<Severity> {
        self.findings.iter().find(|finding| finding.message.contains(part)).map(|finding| finding.severity)
    }
}

/// The template of an object's pods, if it has one.
pub(crate) fn pod_of(object: &Value) -> Option<&Value> {
    let spec = &object["spec"];
    [&spec["template"], &spec["jobTemplate"]["spec"]["template"]].into_iter().find(|template| template.is_object())
}

/// The manifest of [`everything`], for readers that are asked outside of these tests.
const EVERYTHING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/kubernetes/everything.json");

#[test]
fn everything_is_on_disk() {
    let text = everything().manifest.to_json(false);
    if std::env::var_os("ORCH_UPDATE").is_some() {
        std::fs::write(EVERYTHING, &text).unwrap();
    }
    let written = std::fs::read_to_string(EVERYTHING).unwrap();
    assert!(written == text, "{EVERYTHING} differs from what is declared; write it with `ORCH_UPDATE=1`");
}

/// Everything there is to render, in one system.
pub(crate) fn everything() -> System {
    System::new()
        .service(
            r#"kind = "database", image = "postgres:16", id = "postgres", port(5432, name = "sql", scheme = "postgres"),
            env(POSTGRES_USER = "acme", POSTGRES_PASSWORD = secret("postgres-password")),
            app_env(DATABASE_URL = "postgres://acme:{secret:postgres-password}@{host}:{port}/acme"),
            volume("/var/lib/postgresql/data", name = "data", size = "10Gi", storage_class = "fast"),
            volume("/tmp", ephemeral), shm_size = "256Mi", user = "999:999", fs_group = 999, grace = "1m",
            health(command = ["pg_isready", "$(HOST)"], start_period = "1m30s"),
            resources(cpu = "250m", memory = "1Gi")"#,
        )
        .service(
            r#"kind = "messaging", image = "ghcr.io/acme/broker@sha256:0123456789012345678901234567890123456789012345678901234567890123",
            id = "broker", ports = [9092, 9093], volume("/data", name = "log"), user = "10002:10002", fs_group = 10002,
            health(tcp = 9092), file("/etc/broker.conf", source = "broker.conf"),
            labels("team" = "core"), annotations("prometheus.io/scrape" = "true", "prometheus.io/port" = "9093"),
            command = ["broker", "--key", secret("broker", key = "k")], cap_add = ["NET_BIND_SERVICE"]"#,
        )
        .service(
            r#"kind = "mail", id = "smtp", deployment = "external", host = var("SMTP_HOST"),
            port(25, name = "smtp", scheme = "smtp"), app_env(SMTP_HOST = "{host}")"#,
        )
        .service(
            r#"kind = "telemetry", image = "acme/metrics:1", id = "metrics", restricted = false, user = "0:0",
            port(9090, name = "http", scheme = "http"), health(http = "/ready")"#,
        )
        .app(
            r#"id = "migrate", kind = "job", user = "10001:10001", restart = "on-failure",
            volume("/work", name = "work", size = "1Gi"), fs_group = 10001"#,
        )
        .app(
            r#"id = "api", kind = "web", port(8080, name = "http", scheme = "http", public), port(9000, name = "metrics"),
            port(53, protocol = "udp"), health(http = "/health", live = "/live"), after = ["migrate"],
            ingress(host = "api.acme.test", tls = "acme-tls"), ingress(host = "api.acme.test", path = "/v2", port = "http"),
            scale(min = 2, max = 5, cpu = 70), user = "10001:10001", description = "Takes orders",
            workdir = "/srv", hostname = "api", placement("disk" = "ssd"), wants = ["telemetry"],
            env(LEVEL = var("LEVEL", default = "info"), MIX = template("{secret:api-key}/{profile}")),
            egress(port = 443, cidr = "203.0.113.0/24")"#,
        )
        .app(
            r#"id = "worker", kind = "worker", replicas = 3, user = "10001:10001", health(shell = "test -e /tmp/ok"),
            volume("/tmp", ephemeral, size = "64Mi"), resources(gpu = 1, cpu_limit = "50m")"#,
        )
        .app(r#"id = "report", kind = "cron", schedule = "0 3 * * *", user = "10001:10001""#)
}
