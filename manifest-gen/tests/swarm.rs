//! What a stack says of a plan, and what is said about what it cannot say.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use cargo_orch::finding::{Code, Finding, Severity};
use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Profile, plan};
use cargo_orch::target;
use orch_manifest::manifest::Manifest;
use serde_json::{Value, json};

struct Stack {
    read: Value,
    files: Vec<(String, String)>,
    findings: Vec<Finding>,
}

/// Renders a system of these services and applications.
fn stack(base: Base, services: &[Value], apps: &[Value]) -> Stack {
    let place = json!({ "package": "p", "file": "src/lib.rs", "item": "Item" });
    let with = |entry: &Value, defaults: Value| {
        let mut entry = entry.clone();
        for (key, value) in defaults.as_object().unwrap() {
            entry.as_object_mut().unwrap().entry(key).or_insert_with(|| value.clone());
        }
        entry
    };
    let services: Vec<Value> = services
        .iter()
        .map(|entry| with(entry, json!({ "kind": "database", "health": { "check": "none" }, "declaredBy": place })))
        .collect();
    let apps: Vec<Value> =
        apps.iter().map(|entry| with(entry, json!({ "version": "1.0.0", "declaredBy": place }))).collect();
    let manifest = json!({ "schemaVersion": 1, "system": "shop", "services": services, "apps": apps });
    let manifest = Manifest::from_json(&manifest.to_string()).unwrap();
    let plan = plan(&manifest, &Profile::built_in(base));
    let rendered = target::render(&plan, "swarm", &target::packs(None).unwrap()).unwrap();
    let files: Vec<(String, String)> = rendered.files.into_iter().map(|file| (file.path, file.contents)).collect();
    let main = &files.iter().find(|(path, _)| path == "stack.yaml").unwrap().1;
    Stack { read: serde_saphyr::from_str(main).unwrap(), files, findings: rendered.findings }
}

impl Stack {
    fn service(&self, id: &str) -> &Value {
        &self.read["services"][id]
    }

    /// What was found with this severity, as messages.
    fn found(&self, severity: Severity) -> Vec<&str> {
        self.findings.iter().filter(|f| f.severity == severity).map(|f| f.message.as_str()).collect()
    }
}

fn service(id: &str, image: &str, more: &Value) -> Value {
    let mut entry = json!({ "id": id, "image": image });
    entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    entry
}

#[test]
fn an_image_that_knows_a_file_is_given_one() {
    let env = json!({ "env": { "POSTGRES_PASSWORD": { "secret": "pg" }, "POSTGRES_USER": "shop" } });
    let stack = stack(Base::Prod, &[service("db", "postgres:16", &env)], &[]);
    let db = stack.service("db");
    let environment =
        json!({ "POSTGRES_DB": "app", "POSTGRES_PASSWORD_FILE": "/run/secrets/pg", "POSTGRES_USER": "shop" });
    assert_eq!(db["environment"], environment);
    assert_eq!(db["secrets"], json!(["pg"]));
    assert_eq!(stack.read["secrets"]["pg"], json!({ "external": true, "name": "shop_pg" }));
    assert!(db.get("entrypoint").is_none());
    let example = &stack.files.iter().find(|(path, _)| path == ".env.example").unwrap().1;
    assert!(example.contains("docker secret create shop_pg -    for db"), "{example}");
}

#[test]
fn a_script_reads_secrets_where_the_entry_point_is_known() {
    let entry = json!({
        "command": ["redis-server", "--requirepass", { "secret": "pw", "key": "k" }, "--save", ""],
        "env": { "REDISCLI_AUTH": { "secret": "pw", "key": "k" } },
        "health": { "check": { "command": ["redis-cli", "-e", "ping"] } },
    });
    let stack = stack(Base::Prod, &[service("cache", "redis:7", &entry)], &[]);
    let cache = stack.service("cache");
    let script = "REDISCLI_AUTH=\"$$(cat /run/secrets/pw.k)\"; export REDISCLI_AUTH\n\
                  exec docker-entrypoint.sh redis-server --requirepass \"$$(cat /run/secrets/pw.k)\" --save ''";
    assert_eq!(cache["entrypoint"], json!(["/bin/sh", "-ec", script]));
    assert_eq!((cache.get("command"), cache.get("environment")), (None, None));
    // The check is a process of its own.
    let test = &cache["healthcheck"]["test"];
    assert!(test[3].as_str().unwrap().starts_with("REDISCLI_AUTH="), "{test}");
    assert_eq!(test[4], "redis-cli");
    assert_eq!(stack.read["secrets"]["pw.k"]["name"], "shop_pw.k");
}

#[test]
fn the_images_own_command_stays_behind_a_script() {
    let entry = json!({
        "env": { "RABBITMQ_DEFAULT_PASS": { "template": "{secret:pw}/{env:SUFFIX}" }, "SUFFIX": { "var": "SUFFIX", "default": "$x" } },
    });
    let stack = stack(Base::Prod, &[service("mq", "rabbitmq:3.13", &entry)], &[]);
    let mq = stack.service("mq");
    assert_eq!(mq["command"], json!(["rabbitmq-server"]));
    assert_eq!(mq["entrypoint"][3], "docker-entrypoint.sh");
    assert_eq!(
        mq["entrypoint"][2],
        "RABBITMQ_DEFAULT_PASS=\"$$(cat /run/secrets/pw)\"/\"$$ORCH_INPUT_SUFFIX\"; export RABBITMQ_DEFAULT_PASS\nexec \"$$0\" \"$$@\""
    );
    assert_eq!(mq["environment"]["ORCH_INPUT_SUFFIX"], "${SUFFIX:-$x}");
}

#[test]
fn a_check_that_names_a_secret_reads_it() {
    let entry = json!({
        "env": { "MYSQL_ROOT_PASSWORD": { "secret": "root" } },
        "health": { "check": { "shell": "mysqladmin ping -p\"$MYSQL_ROOT_PASSWORD\"" } },
    });
    let stack = stack(Base::Prod, &[service("db", "mysql:8.4", &entry)], &[]);
    let db = stack.service("db");
    assert_eq!(db["environment"]["MYSQL_ROOT_PASSWORD_FILE"], "/run/secrets/root");
    assert!(db["environment"].get("MYSQL_ROOT_PASSWORD").is_none());
    let check = db["healthcheck"]["test"][1].as_str().unwrap();
    assert!(check.starts_with("MYSQL_ROOT_PASSWORD=\"$$(cat /run/secrets/root)\"; export"), "{check}");
}

#[test]
fn a_secret_that_nothing_can_take_is_an_error() {
    let entry = json!({ "env": { "API_KEY": { "secret": "key" } } });
    let unknown = stack(Base::Prod, &[service("x", "example.org/x:1", &entry)], &[]);
    let found = unknown.found(Severity::Error);
    assert!(found.len() == 1 && found[0].contains("`API_KEY`"), "{found:?}");
    assert!(unknown.findings.iter().any(|finding| finding.help.as_deref().is_some_and(|help| help.contains("file("))));
    // It is written out how to start it, so a script can come before.
    let mut entry = entry;
    entry["entrypoint"] = json!(["/bin/sh", "-c", "exec x"]);
    let known = stack(Base::Prod, &[service("x", "example.org/x:1", &entry)], &[]);
    assert!(known.found(Severity::Error).is_empty());
    assert_eq!(known.service("x")["entrypoint"][5], "exec x");
    let dotted = service("db", "postgres:16", &json!({ "env": { "a.b": { "secret": "key" } } }));
    assert_eq!(stack(Base::Prod, &[dotted], &[]).found(Severity::Error).len(), 1);
}

#[test]
fn an_application_is_given_files_and_told_of_them() {
    let db = service(
        "db",
        "postgres:16",
        &json!({ "ports": [{ "number": 5432 }], "appEnv": { "DATABASE_URL": "postgres://u:{secret:pg}@{host}:{port}/d" } }),
    );
    let stack = stack(Base::Prod, &[db], &[json!({ "id": "api", "services": ["db"] })]);
    let api = stack.service("api");
    assert_eq!(api["secrets"], json!(["pg"]));
    assert_eq!(api["environment"].as_object().unwrap().keys().collect::<Vec<_>>(), ["ORCH_SYSTEM"]);
    assert!(stack.found(Severity::Note).iter().any(|note| note.contains("`DATABASE_URL`")));
}

#[test]
fn a_file_with_a_secret_is_a_template_of_swarms() {
    let file = |content: &str| {
        let file = json!({ "path": "/etc/x.conf", "source": "x.conf", "template": true, "content": content });
        stack(Base::Prod, &[service("x", "example.org/x:1", &json!({ "files": [file] }))], &[])
    };
    let stack = file("pw={secret:pw} {{{{ literal }}}}");
    assert!(stack.found(Severity::Error).is_empty());
    let config = &stack.read["configs"]["x_x.conf"];
    assert_eq!(config["template_driver"], "golang");
    let (_, content) = stack.files.iter().find(|(path, _)| path == "files/x/x.conf").unwrap();
    assert_eq!(content, "pw={{ secret \"pw\" }} {{\"{{\"}} literal }}");
    // A config is immutable, so another content is another config.
    let (one, other) = (file("a"), file("b"));
    let name = |stack: &Stack| stack.read["configs"]["x_x.conf"]["name"].as_str().unwrap().to_owned();
    assert_ne!(name(&one), name(&other));
    assert_eq!(name(&one), name(&file("a")));
    assert!(
        name(&one).starts_with("shop_x_x.conf-") && one.read["configs"]["x_x.conf"].get("template_driver").is_none()
    );
}

#[test]
fn memory_belongs_to_who_writes_it() {
    let volumes = json!([{ "path": "/tmp", "ephemeral": true }, { "path": "/cache", "ephemeral": true }]);
    let entry = json!({ "volumes": volumes, "user": "101:102", "shmSize": "64Mi" });
    let stack = stack(Base::Prod, &[service("x", "example.org/x:1", &entry)], &[]);
    let mounts = json!([
        { "type": "tmpfs", "target": "/tmp" },
        { "type": "volume", "source": "x_cache", "target": "/cache", "volume": { "nocopy": true } },
        { "type": "tmpfs", "target": "/dev/shm", "tmpfs": { "size": 67_108_864 } },
    ]);
    assert_eq!(stack.service("x")["volumes"], mounts);
    let volume = &stack.read["volumes"]["x_cache"];
    assert_eq!(volume["driver_opts"]["o"], "mode=1777,uid=101,gid=102");
    assert_eq!(volume["name"], "{{.Service.Name}}_cache_101-102_{{.Task.Slot}}");
}

#[test]
fn data_stays_where_it_is() {
    let entry = json!({ "volumes": [{ "path": "/data", "name": "data" }], "replicas": 3,
        "placement": { "disk": "ssd", "kubernetes.io/arch": "amd64", "odd/key": "x" } });
    let stack = stack(Base::Prod, &[service("db", "example.org/x:1", &entry)], &[]);
    let deploy = &stack.service("db")["deploy"];
    let constraints = ["node.labels.shop.db == true", "node.labels.disk == ssd", "node.platform.arch == amd64"];
    assert_eq!(deploy["placement"]["constraints"], json!(constraints));
    assert_eq!((&deploy["replicas"], &deploy["update_config"]["order"]), (&json!(1), &json!("stop-first")));
    let warnings = stack.found(Severity::Warning);
    assert!(
        warnings.iter().any(|warning| warning.contains("odd/key")) && warnings.iter().any(|w| w.contains("replicas"))
    );
    assert_eq!(stack.read["volumes"], json!({ "db_data": {} }));
}

#[test]
fn a_job_runs_to_its_end_and_a_schedule_is_nobodys() {
    let apps = [
        json!({ "id": "migrate", "kind": "job" }),
        json!({ "id": "nightly", "kind": "cron", "schedule": "0 3 * * *", "after": ["migrate"] }),
    ];
    let stack = stack(Base::Prod, &[], &apps);
    let migrate = &stack.service("migrate")["deploy"];
    assert_eq!((&migrate["mode"], &migrate["replicas"]), (&json!("replicated-job"), &json!(1)));
    assert!(migrate.get("update_config").is_none() && migrate.get("rollback_config").is_none());
    let nightly = &stack.service("nightly")["deploy"];
    assert_eq!((&nightly["replicas"], &nightly["restart_policy"]["condition"]), (&json!(0), &json!("none")));
    assert!(stack.found(Severity::Note).iter().any(|note| note.contains("no scheduler")));
    let order: Vec<_> = stack.findings.iter().filter(|finding| finding.code == Code::StartOrder).collect();
    assert!(order.len() == 1 && order[0].severity == Severity::Note && order[0].message.contains("`nightly`"));
}

#[test]
fn what_is_meant_for_one_machine_is_not_published_to_all() {
    let ports = json!({ "ports": [{ "number": 80, "public": true }, { "number": 81, "hostPort": 8081 }] });
    let local = stack(Base::Local, &[service("x", "example.org/x:1", &ports)], &[]);
    let published = local.service("x")["ports"].as_array().unwrap();
    assert_eq!(published.len(), 1);
    assert!(published[0].as_str().unwrap().ends_with("}:80/tcp"), "{published:?}");
    assert_eq!(local.found(Severity::Note).iter().filter(|note| note.contains("every address")).count(), 2);
    let prod = stack(Base::Prod, &[service("x", "example.org/x:1", &ports)], &[]);
    assert!(prod.found(Severity::Note).iter().all(|note| !note.contains("every address")));
}

#[test]
fn what_swarm_does_not_know_is_found() {
    let entry = json!({ "annotations": { "a": "b" }, "resources": { "gpu": 2 }, "scale": { "min": 2, "max": 4 } });
    let stack = stack(Base::Prod, &[service("x", "example.org/x:1", &entry)], &[]);
    assert!(stack.found(Severity::Warning).iter().any(|warning| warning.contains("annotations")));
    let deploy = &stack.service("x")["deploy"];
    let generic = json!([{ "discrete_resource_spec": { "kind": "NVIDIA-GPU", "value": 2 } }]);
    assert_eq!(deploy["resources"]["reservations"]["generic_resources"], generic);
    assert_eq!(deploy["replicas"], 2);
    let long = json!({ "env": { "POSTGRES_PASSWORD": { "secret": "s", "key": "k".repeat(60) } } });
    assert_eq!(self::stack(Base::Prod, &[service("x", "postgres:16", &long)], &[]).found(Severity::Error).len(), 1);
}
