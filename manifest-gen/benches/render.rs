//! How long rendering takes, as ratios to floors of the same run: plain writes of the same files,
//! reading them, and `kubectl kustomize` on the same folder.
//!
//! `cargo bench -p cargo-orch --bench render [-- SIZE…]`; the sizes are 10, 100, 1,000 and 10,000
//! services when none is given. `kubectl kustomize` is asked up to 1,000 only, where it takes minutes.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]
#![allow(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cargo_orch::plan::profile::Base;
use cargo_orch::plan::{Plan, Profile, plan};
use cargo_orch::target::{self, View};
use cargo_orch::write::{Folder, Key, Remembered};
use orch_manifest::manifest::Manifest;
use serde_json::json;

/// The most services for which `kubectl kustomize` is asked.
const KUSTOMIZE: usize = 1_000;

fn main() {
    // cargo passes `--bench`.
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![10, 100, 1_000, 10_000] } else { sizes };
    println!(
        "{:>9} {:>8} {:>6} | {:>9} {:>9} {:>9} {:>9} | {:>7} {:>7} {:>9} {:>7}",
        "services", "target", "files", "plan", "render", "write", "again", "x plain", "x read", "kustomize", "memory"
    );
    for size in sizes {
        let text = manifest(size).to_string();
        for target in ["compose", "swarm", "k8s"] {
            row(size, target, &text);
        }
    }
}

fn row(size: usize, target: &str, text: &str) {
    let packs = target::packs(None).unwrap();
    let (plan, planning) = timed(|| {
        let manifest = Manifest::from_json(text).unwrap();
        plan(&manifest, &Profile::built_in(Base::Prod))
    });
    let (rendered, rendering) = timed(|| target::render(&plan, target, &packs).unwrap());
    let files: Vec<(&str, &str)> = rendered.files.iter().map(|f| (f.path.as_str(), f.contents.as_str())).collect();
    let folder = tempfile::tempdir().unwrap();
    let plain = plain_write(&folder.path().join("plain"), &files);
    let reading = plain_read(&folder.path().join("plain"), &files);
    let out = folder.path().join("out");
    let writer = || Folder::new(&out, Key::new(plan.system.as_str(), target, "prod"));
    let (_, writing) = timed(|| writer().write(files.iter().copied()).unwrap());
    let again = again(&plan, target, &writer(), &folder.path().join("target"));
    let whole = planning + rendering + writing;
    let kustomize = (target == "k8s" && size <= KUSTOMIZE).then(|| kustomize(&out)).flatten();
    println!(
        "{size:>9} {target:>8} {:>6} | {:>9} {:>9} {:>9} {:>9} | {:>7.2} {:>7.2} {:>9} {:>4} MB",
        files.len(),
        millis(planning),
        millis(rendering),
        millis(writing),
        millis(again),
        ratio(whole, plain),
        ratio(again, reading),
        kustomize.map_or_else(String::new, |time| format!("1/{:.0}", ratio(time, whole))),
        peak_memory(text, target) / 1024,
    );
}

/// Renders again what is there already, as the command does from the second time on.
fn again(plan: &Plan, target: &str, folder: &Folder, notes: &Path) -> Duration {
    let packs = target::packs(None).unwrap();
    let source = |plan: &Plan| View::new(plan, target, &packs).unwrap().source("bench");
    Remembered::new(notes, folder).keep(&source(plan));
    let (is_there, time) = timed(|| Remembered::new(notes, folder).holds(&source(plan)));
    assert!(is_there);
    time
}

fn plain_write(folder: &Path, files: &[(&str, &str)]) -> Duration {
    timed(|| {
        for (path, contents) in files {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, contents).unwrap();
        }
    })
    .1
}

fn plain_read(folder: &Path, files: &[(&str, &str)]) -> Duration {
    let (bytes, time) =
        timed(|| files.iter().map(|(path, _)| std::fs::read(folder.join(path)).unwrap().len()).sum::<usize>());
    assert!(bytes > 0);
    time
}

fn kustomize(folder: &Path) -> Option<Duration> {
    let (output, time) = timed(|| Command::new("kubectl").arg("kustomize").arg(folder).output());
    let output = output.ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(time)
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1_000.0)
}

fn ratio(time: Duration, floor: Duration) -> f64 {
    time.as_secs_f64() / floor.as_secs_f64()
}

/// The most memory that the command has while it renders the manifest for a target, in KiB; 0 where the
/// system does not say.
fn peak_memory(text: &str, target: &str) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("manifest.json"), text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command.current_dir(folder.path()).stderr(Stdio::null());
    command.args(["orch", "render", "--manifest", "manifest.json", "--profile", "prod", "--target", target]);
    let mut child = command.spawn().unwrap();
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}

/// A system in which every third service is a database with a volume, and the others are
/// applications of which each uses one database and calls the one before it.
fn manifest(size: usize) -> serde_json::Value {
    let place = |name: &str| json!({ "package": name, "file": "src/lib.rs", "item": "Item" });
    let (mut apps, mut services, mut clients) = (Vec::new(), Vec::new(), BTreeMap::new());
    for index in 0..size {
        if index % 3 == 0 {
            let id = format!("db{index}");
            services.push(json!({
                "id": id, "kind": "database", "image": "postgres:16",
                "ports": [{ "number": 5432, "name": "sql", "scheme": "postgres" }],
                "env": { "POSTGRES_USER": "app", "POSTGRES_PASSWORD": { "secret": format!("{id}-password") } },
                "appEnv": { format!("DATABASE_{index}"): format!("postgres://app:{{secret:{id}-password}}@{{host}}:{{port}}/app") },
                "volumes": [{ "path": "/var/lib/postgresql/data", "name": "data", "size": "10Gi" }, { "path": "/tmp", "ephemeral": true }],
                "health": { "check": { "command": ["pg_isready", "-U", "app"] } },
                "resources": { "cpu": "250m", "memory": "256Mi", "memoryLimit": "512Mi" },
                "user": "999:999", "declaredBy": place(&id),
            }));
            continue;
        }
        let id = format!("app{index}");
        let mut entry = json!({
            "id": id, "version": "1.0.0", "bin": id, "services": [format!("db{}", index / 3 * 3)],
            "ports": [{ "number": 8080, "name": "http", "public": index % 5 == 0 }],
            "env": { "LOG": "info" }, "replicas": 2, "user": "10001:10001",
            "health": { "check": { "http": { "path": "/health" } }, "live": "/live" },
            "resources": { "cpu": "100m", "memory": "64Mi", "memoryLimit": "128Mi" }, "declaredBy": place(&id),
        });
        if index % 3 == 2 {
            let called = format!("app{}", index - 1);
            entry["calls"] = json!([called]);
            clients.insert(called.clone(), json!({ "of": called, "appEnv": { format!("APP_{}_URL", index - 1): "{url}" }, "declaredBy": place(&called) }));
        }
        apps.push(entry);
    }
    let clients: Vec<_> = clients.into_values().collect();
    json!({ "schemaVersion": 1, "system": "bench", "apps": apps, "services": services, "clients": clients })
}
