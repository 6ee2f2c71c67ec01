//! Podman where there is no systemd: a stand-in says what Podman says, keeps the health that it keeps, and writes down
//! what it was asked. Nothing of Podman is needed.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::system::{Ran, System};

/// What `podman` is: a folder with a file for each container, which has its state, and `NAME.passes` with the exit
/// codes that its health check ends with, one after the other, the last one again and again.
const PODMAN: &str = r#"#!/usr/bin/env python3
import json, os, sys, time
folder, words = os.environ["STAND_IN"], sys.argv[1:]
path = lambda name: os.path.join(folder, name)
read = lambda name: json.load(open(path(name)))
names = sorted(name for name in os.listdir(folder) if name.endswith(".container"))
def write(name, container):
    with open(path(name + ".new"), "w") as file: json.dump(container, file)
    os.replace(path(name + ".new"), path(name))
def note(text):
    with open(path("asked"), "a") as file: file.write(f"{time.monotonic_ns() // 1000000} {text}\n")
if words[0] == "info":
    remote = os.path.exists(path("remote"))
    print("5.0.0" if "Version" in words[-1] else f"{str(remote).lower()} false")
elif words[0] == "ps":
    print(json.dumps([{
        "Id": name, "Names": [name], "Image": "localhost/debian:bookworm", "State": container["state"],
        "ExitCode": 0, "Status": "Up 1 second (" + container["health"] + ")" if container["probe"] else "Up 1 second",
        "Labels": {"io.podman.compose.service": name.removesuffix(".container")},
    } for name in names for container in [read(name)]]))
elif words[:2] == ["container", "ls"]:
    print("\n".join(names))
elif words[0] == "inspect":
    print(json.dumps([{
        "Id": name, "Image": "beef", "Config": {"Healthcheck": container["probe"]} if container["probe"] else {},
        "State": {"StartedAt": "now", "Health": {"FailingStreak": container["failures"], "Log": container["log"]}},
    } for name in words if name in names for container in [read(name)]]))
elif words[:2] == ["healthcheck", "run"]:
    name = words[2]
    container = read(name)
    codes = container["codes"]
    note(f"begin {name}")
    time.sleep(container["takes"])
    code = codes.pop(0) if len(codes) > 1 else codes[0]
    container["failures"] = container["failures"] + 1 if code else 0
    container["log"] = [{"ExitCode": code, "Output": "refused" if code else ""}]
    if not code: container["health"] = "healthy"
    elif container["failures"] >= container["probe"]["Retries"] and not container["early"]: container["health"] = "unhealthy"
    if container["early"]: container["failures"] = 0
    write(name, container)
    note(f"end {name}")
    sys.exit(code)
elif words[0] == "image":
    print("beef")
elif words[0] == "rm":
    note(" ".join(words))
    for name in words[2:]: os.remove(path(name))
elif words[0] in ("volume", "network"):
    pass
else:
    sys.exit(f"unknown: {words}")
"#;

/// What `podman-compose` is: `up` starts what is named, a job so that it has ended.
const COMPOSE: &str = r#"#!/usr/bin/env python3
import json, os, sys, time
folder, words = os.environ["STAND_IN"], sys.argv[1:]
if words[0] == "version":
    print("podman-compose version 1.6.0")
elif "up" in words:
    words = words[words.index("up"):]
    with open(os.path.join(folder, "asked"), "a") as file:
        file.write(f"{time.monotonic_ns() // 1000000} {' '.join(words)}\n")
    for name in (word for word in words[1:] if not word.startswith("-")):
        made = json.load(open(os.path.join(folder, name + ".made")))
        with open(os.path.join(folder, name + ".container"), "w") as file: json.dump(made, file)
elif "logs" in words:
    print("the log of " + words[-1])
    print("what it says of errors", file=sys.stderr)
"#;

/// A system on a Podman that is none.
struct Setting {
    system: System,
    programs: tempfile::TempDir,
    podman: tempfile::TempDir,
}

impl Setting {
    fn new(system: System) -> Self {
        let setting = Self { system, programs: tempfile::tempdir().unwrap(), podman: tempfile::tempdir().unwrap() };
        for (name, text) in [("podman", PODMAN), ("podman-compose", COMPOSE)] {
            let path = setting.programs.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        setting.system.write();
        setting
    }

    fn file(&self, name: &str) -> PathBuf {
        self.podman.path().join(name)
    }

    /// What a service is when it was started.
    fn made(&self, id: &str, more: &Value) -> &Self {
        let mut made = json!({
            "state": "running", "health": "starting", "failures": 0, "log": [], "early": false, "takes": 0, "probe": null,
            "codes": [0],
        });
        made.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        std::fs::write(self.file(&format!("{id}.made")), made.to_string()).unwrap();
        self
    }

    /// It was started already.
    fn there(&self, id: &str) {
        std::fs::copy(self.file(&format!("{id}.made")), self.file(&format!("{id}.container"))).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.system.command(arguments);
        let path = format!("{}:{}", self.programs.path().display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).env("STAND_IN", self.podman.path()).env("ORCH_ENGINE", "podman");
        // As where there is no systemd, wherever this runs.
        command.env("DISABLE_HC_SYSTEMD", "true");
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// What was asked, with when in milliseconds.
    fn asked(&self) -> Vec<(u64, String)> {
        let text = std::fs::read_to_string(self.file("asked")).unwrap_or_default();
        let line = |line: &str| {
            let (when, what) = line.split_once(' ').unwrap();
            (when.parse().unwrap(), what.to_owned())
        };
        text.lines().map(line).collect()
    }

    fn forget(&self) {
        let _ = std::fs::remove_file(self.file("asked"));
    }
}

fn probe(interval: u64, timeout: u64) -> Value {
    let seconds = |seconds: u64| seconds * 1_000_000_000;
    json!({"Test": ["CMD", "true"], "Interval": seconds(interval), "Timeout": seconds(timeout), "Retries": 3})
}

const NOTE: &str = "they are run only while `cargo orch up` or `status` looks";

/// A database with a check, a job on it, and an application after the job.
fn chain(name: &str) -> Setting {
    let check = json!({"health": {"check": {"shell": "true"}}});
    let system = System::new(name)
        .service("db", "sleep 60", &check)
        .service("cache", "sleep 60", &json!({}))
        .app("job", "true", &json!({"kind": "job", "services": ["db"]}))
        .app("web", "sleep 60", &json!({"kind": "worker", "services": ["db"], "after": ["job"]}));
    let setting = Setting::new(system);
    setting.made("cache", &json!({})).made("web", &json!({})).made("job", &json!({"state": "exited"}));
    setting
}

#[test]
fn each_is_started_when_what_it_needs_is_there() {
    let setting = chain("podman-order");
    setting.made("db", &json!({"probe": probe(1, 5), "early": true, "codes": [1, 1, 0]}));
    let shown = setting.run(&["up", "--dry-run"]).ends(0).stdout;
    assert!(setting.asked().is_empty(), "something was started: {:?}", setting.asked());
    setting.run(&["up"]).ends(0).says(&["db is ready", "job is done", "web is ready", NOTE]);
    let asked: Vec<String> = setting.asked().into_iter().map(|(_, what)| what).collect();
    let ups: Vec<&str> = asked.iter().map(String::as_str).filter(|what| what.starts_with("up ")).collect();
    let up = |ids: &str| format!("up --detach --no-deps --no-build {ids}");
    assert_eq!(ups, [up("cache db"), up("job"), up("web")]);
    for line in ups {
        assert!(shown.lines().any(|shown| shown.ends_with(line)), "`{line}` is not in:\n{shown}");
    }
    // The job came when the check had passed, at the third time.
    let before: Vec<&String> = asked.iter().take_while(|what| **what != up("job")).collect();
    assert_eq!(before.iter().filter(|what| what.starts_with("end db")).count(), 3, "{asked:?}");
    let compose = std::fs::read_to_string(setting.system.path(".orch/local/compose/compose.yaml")).unwrap();
    assert!(!compose.contains("depends_on"), "podman-compose would wait by itself:\n{compose}");
}

#[test]
fn what_is_no_part_of_the_project_any_more_is_removed() {
    let setting = chain("podman-orphan");
    setting.made("db", &json!({"probe": probe(1, 5)})).made("old", &json!({}));
    setting.there("old");
    let shown = setting.run(&["up", "--dry-run"]).ends(0).stdout;
    assert!(shown.contains("podman rm --force old.container\n"), "{shown}");
    setting.run(&["up"]).ends(0);
    assert_eq!(setting.asked()[0].1, "rm --force old.container");
}

#[test]
fn a_check_that_fails_for_good_is_a_failure_with_what_it_said() {
    let setting = chain("podman-unhealthy");
    setting.made("db", &json!({"probe": probe(1, 5), "codes": [1]}));
    setting.run(&["up"]).ends(1).says(&["`db` is unhealthy: refused", "the log of db"]);
    let asked = setting.asked();
    assert!(!asked.iter().any(|(_, what)| what.ends_with(" job")), "the job was started: {asked:?}");
    let begun: Vec<u64> =
        asked.iter().filter(|(_, what)| what == "begin db.container").map(|(when, _)| *when).collect();
    assert_eq!(begun.len(), 3, "{asked:?}");
    assert!(begun.windows(2).all(|pair| pair[1] - pair[0] >= 1000), "faster than its interval: {begun:?}");
}

#[test]
fn a_check_that_never_passes_takes_all_the_time_there_is() {
    let setting = chain("podman-late");
    setting.made("db", &json!({"probe": probe(1, 5), "early": true, "codes": [1]}));
    setting.run(&["up", "--timeout", "3s"]).ends(4).says(&[
        "`db` its health check has not passed yet: refused",
        "the end of the log of db",
        "what it says of errors",
        "`job` is not created yet",
    ]);
}

#[test]
fn a_check_that_does_not_end_is_not_run_beside_itself() {
    let setting = chain("podman-hangs");
    setting.made("db", &json!({"probe": probe(1, 1), "takes": 60}));
    let begun = Instant::now();
    setting.run(&["up", "--timeout", "9s"]).ends(4).says(&["has not passed yet: it does not end within 1 s"]);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    let asked = setting.asked();
    assert_eq!(asked.iter().filter(|(_, what)| what == "begin db.container").count(), 1, "{asked:?}");
}

/// Everything of [`chain`] runs, and is remembered to.
fn running(name: &str, db: &Value) -> Setting {
    let setting = chain(name);
    setting.made("db", &json!({"probe": probe(60, 5)}));
    setting.run(&["up"]).ends(0);
    setting.forget();
    setting.made("db", db).there("db");
    setting
}

#[test]
fn a_status_asks_each_check_before_it_says_anything() {
    let healthy = json!({"probe": probe(60, 5), "health": "healthy"});
    let setting = running("podman-status", &healthy);
    setting.run(&["status"]).ends(0).says(&[NOTE]);
    assert_eq!(setting.asked().len(), 2, "once is enough: {:?}", setting.asked());
    // One failure is no more than that.
    let mut once = healthy.clone();
    once["codes"] = json!([1, 0]);
    setting.made("db", &once).there("db");
    setting.run(&["status"]).ends(0);
    // Podman counts no failure of the start period, even after it was healthy.
    let mut gone = healthy.clone();
    (gone["codes"], gone["early"]) = (json!([1]), json!(true));
    setting.made("db", &gone).there("db");
    setting.forget();
    setting.run(&["status"]).ends(1).says(&["db is unhealthy: refused"]);
    assert_eq!(setting.asked().len(), 6, "as often as it may fail: {:?}", setting.asked());
    let logs = setting.run(&["logs", "db"]).ends(0).stdout;
    assert!(logs.contains("what it says of errors"), "half of it is lost: {logs}");
    let mut back = healthy;
    (back["health"], back["codes"]) = (json!("unhealthy"), json!([0]));
    setting.made("db", &back).there("db");
    setting.run(&["status", "--wait-healthy", "--timeout", "20s"]).ends(0);
}

#[test]
fn where_podman_has_timers_nobody_else_asks() {
    let setting = running("podman-timers", &json!({"probe": probe(60, 5), "health": "healthy", "codes": [1]}));
    std::fs::write(setting.file("remote"), "").unwrap();
    let ran = setting.run(&["status"]).ends(0);
    assert!(!ran.stderr.contains(NOTE), "{}", ran.stderr);
    assert!(setting.asked().is_empty(), "{:?}", setting.asked());
}

#[test]
fn an_interrupt_ends_a_check_that_goes_on() {
    let setting = chain("podman-interrupt");
    setting.made("db", &json!({"probe": probe(1, 60), "takes": 60}));
    let mut command = setting.command(&["up"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !setting.asked().iter().any(|(_, what)| what == "begin db.container") {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not asked: {:?}", setting.asked());
        std::thread::sleep(Duration::from_millis(50));
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    Ran::from(child.wait_with_output().unwrap()).ends(130);
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
}
