//! What a running application pays for what it is given, against floors of the same run.
//!
//! ```text
//! cargo bench -p orch-runtime --all-features --bench running            # resolving, and health
//! cargo bench -p orch-runtime --all-features --bench running -- build   # a release binary's size and its first build, by feature
//! ```
//!
//! Nothing here fails: a ratio tells how the parts of one run compare, times tell nothing on another
//! machine.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends where something fails")]

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use orch_runtime::health::{Health, Need};
use orch_runtime::{Environment, System};
use serde_json::json;

/// How often what is short is done for one figure.
const TIMES: u32 = 2_000;

fn main() {
    if std::env::args().any(|argument| argument == "build") {
        build();
        return;
    }
    bindings();
    health();
}

/// Half of the times, each for one of many repetitions, are below this.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..TIMES)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}

fn line(what: &str, time: Duration, floor: Duration) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64().max(1e-9);
    println!("  {what:<60} {:>10.2} µs {ratio:>9.1}", time.as_secs_f64() * 1e6);
}

fn bindings() {
    let root = tempfile::tempdir().unwrap();
    let secrets = root.path().join("run/secrets");
    std::fs::create_dir_all(&secrets).unwrap();
    std::fs::write(secrets.join("postgres-password"), "p@ss").unwrap();
    let secret = json!({ "secret": { "name": "postgres-password", "url": true } });
    let url = json!([{ "text": "postgres://shop:" }, secret, { "text": "@postgres:5432/shop" }]);
    let told = json!({
        "contract": 1, "system": "shop", "profile": "prod", "app": "api", "services": {}, "bindings": { "DATABASE_URL": url }
    });
    let told = told.to_string();
    let variables = [("ORCH_SYSTEM", told.as_str()), ("GREETING", "hello")];
    let environment = || Environment::of(variables).rooted(root.path());
    let system = System::new(environment());
    println!("\na binding, against reading one small file");
    let floor = median(|| drop(black_box(std::fs::read_to_string(secrets.join("postgres-password")).unwrap())));
    line("reading the file of a secret", floor, floor);
    line("a variable", median(|| drop(black_box(system.binding("GREETING").unwrap()))), floor);
    line("a URL with a secret in a file", median(|| drop(black_box(system.binding("DATABASE_URL").unwrap()))), floor);
    let both = || drop(black_box(System::new(environment()).binding("DATABASE_URL").unwrap()));
    line("the same, `ORCH_SYSTEM` read each time", median(both), floor);
}

fn health() {
    const SERVICES: usize = 50;
    let with = |services: usize| {
        (0..services).fold(Health::new("api"), |health, number| {
            health.check(format!("service-{number}"), Need::Required, || Ok(()))
        })
    };
    println!("\nhealth, against one check that is a call of a function");
    let floor = median(|| drop(black_box(with(1).readiness())));
    line("one check, made and asked", floor, floor);
    let cached = with(SERVICES).fresh_for(Duration::from_hours(1));
    cached.readiness();
    line(&format!("from the cache, {SERVICES} services"), median(|| drop(black_box(cached.readiness()))), floor);
    line("the same as JSON", median(|| drop(black_box(cached.readiness().to_json()))), floor);
    let fresh = with(SERVICES).fresh_for(Duration::ZERO);
    line(&format!("asked, {SERVICES} services"), median(|| drop(black_box(fresh.readiness()))), floor);
    line("liveness", median(|| drop(black_box(cached.liveness()))), floor);
}

/// The size of a release binary and the time of its first build, with each feature and a call of what it
/// gives, against the same without the crate.
fn build() {
    let features = [
        ("nothing", None, ""),
        ("the attributes", Some(""), ""),
        ("bindings", Some("bindings"), "let _ = orch::binding(\"X\");"),
        ("health", Some("health"), "let _ = orch::health::Health::of(&orch::System::current()).unwrap().readiness();"),
        (
            "metrics",
            Some("metrics"),
            "let _ = orch::health::Health::of(&orch::System::current()).unwrap().readiness();",
        ),
        // What nobody polls is not in the binary.
        (
            "tokio",
            Some("tokio"),
            "let _ = std::pin::pin!(orch::wait_for_async(&[\"x\"], std::time::Duration::ZERO))
                .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));",
        ),
        ("axum", Some("axum"), "let _ = orch::health::Health::of(&orch::System::current()).unwrap().router::<()>();"),
    ];
    println!("\n  {:<60} {:>10} {:>10}", "a release binary with", "size", "build");
    for (name, feature, call) in features {
        let folder = tempfile::tempdir().unwrap();
        let dependency = feature.map_or(String::new(), |feature| {
            let path = env!("CARGO_MANIFEST_DIR");
            format!("orch = {{ package = \"orch-runtime\", path = \"{path}\", features = [\"{feature}\"] }}\n")
                .replace("[\"\"]", "[]")
        });
        let manifest = format!(
            "[package]\nname = \"measured\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[profile.release]\nstrip = true\n\
             [workspace]\n[dependencies]\n{dependency}"
        );
        let write = |path: &str, text: &str| std::fs::write(folder.path().join(path), text).unwrap();
        std::fs::create_dir(folder.path().join("src")).unwrap();
        write("Cargo.toml", &manifest);
        write("src/main.rs", &format!("fn main() {{ {call} println!(\"done\"); }}\n"));
        std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock"), folder.path().join("Cargo.lock"))
            .unwrap();
        let start = Instant::now();
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command.current_dir(folder.path()).args([
            "build",
            "--release",
            "--quiet",
            "--offline",
            "--target-dir",
            "target",
        ]);
        command.env_remove("CARGO_TARGET_DIR");
        assert!(command.status().unwrap().success(), "{name}");
        let time = start.elapsed();
        let size = folder.path().join("target/release/measured").metadata().unwrap().len();
        println!("  {name:<60} {:>7} kB {:>8.1} s", size / 1024, time.as_secs_f64());
    }
}
