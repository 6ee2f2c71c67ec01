//! Engines that are not there, too old, or go away.

use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::system::{Ran, System, containers, has_engine};

fn system(name: &str) -> System {
    let system = System::new(name).service("a", "exec sleep 600", &json!({}));
    system.write();
    system
}

#[test]
fn an_engine_that_does_not_answer() {
    let system = system("silent");
    if !has_engine() {
        return;
    }
    let ran = Ran::of(
        system.command(&["up"]).env("DOCKER_HOST", "unix:///nonexistent/docker.sock").env("PATH", only("docker")),
    );
    ran.ends(3).says(&["`docker` is installed, and its engine does not answer", "help"]);
    assert!(!system.path(".orch").exists(), "something was written");
}

/// A folder with a link to one program, for a `PATH` with no other.
fn only(program: &str) -> String {
    let folder = tempfile::tempdir().unwrap().keep();
    let found = std::process::Command::new("sh").args(["-c", &format!("command -v {program}")]).output().unwrap();
    std::os::unix::fs::symlink(String::from_utf8(found.stdout).unwrap().trim(), folder.join(program)).unwrap();
    folder.display().to_string()
}

/// A folder with a `docker` that says this to `docker compose version`.
fn fake(compose: &str) -> String {
    let folder = tempfile::tempdir().unwrap().keep();
    let script = format!("#!/bin/sh\ncase \"$1\" in info) echo 27.0.1 ;; compose) {compose} ;; *) exit 1 ;; esac\n");
    write_program(&folder.join("docker"), &script);
    folder.display().to_string()
}

fn write_program(path: &Path, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn no_engine_at_all() {
    let system = system("none");
    let folder = tempfile::tempdir().unwrap();
    let ran = Ran::of(system.command(&["up"]).env("PATH", folder.path()));
    ran.ends(3)
        .says(&["`docker` is not installed; `podman` is not installed", "https://docs.docker.com/engine/install"]);
}

#[test]
fn a_compose_that_is_absent_or_too_old() {
    let system = system("oldcompose");
    let ran = Ran::of(system.command(&["up"]).env("PATH", fake("echo 'unknown command' >&2; exit 1")));
    ran.ends(3).says(&["`docker` has no Compose", "docker-compose-plugin"]);
    let ran = Ran::of(system.command(&["up"]).env("PATH", fake("echo 2.12.2")));
    ran.ends(3).says(&["`docker compose` is 2.12.2, and 2.20 is the oldest that will do", "update"]);
}

#[test]
fn an_engine_that_is_named_is_taken_or_is_an_error() {
    let system = system("named");
    let path = fake("echo 2.30.0");
    let with = |arguments: &[&str], ambient: Option<&str>| {
        let mut command = system.command(arguments);
        command.env("PATH", &path);
        if let Some(ambient) = ambient {
            command.env("ORCH_ENGINE", ambient);
        }
        Ran::of(&mut command)
    };
    with(&["up", "--engine", "podman"], None).ends(3).says(&["`--engine` names the engine `podman`", "podman.io"]);
    with(&["up"], Some("podman")).ends(3).says(&["`ORCH_ENGINE` names the engine `podman`"]);
    with(&["up", "--engine", "dokcer"], Some("docker"))
        .ends(2)
        .says(&["there is no engine `dokcer`", "did you mean `docker`"]);
}

#[test]
fn a_doctor_sees_each_machine_as_it_is() {
    let system = system("doctor");
    let cargo = std::env::var_os("CARGO").unwrap();
    let look = |path: &str| {
        let mut command = system.command(&["doctor", "--json", "--manifest", "manifest.json", "--validate-config"]);
        Ran::of(command.env("PATH", path).env("CARGO", &cargo))
    };
    let schema = serde_json::from_str(&system.run(&["schema", "doctor"]).ends(0).stdout).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let state = |ran: &Ran, name: &str| -> String {
        let diagnosis: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
        assert!(schema.is_valid(&diagnosis), "{diagnosis:#}");
        let checks = diagnosis["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["name"] == name).unwrap();
        assert!(check["state"] == "good" || !check["fix"].as_str().unwrap().is_empty(), "{check}");
        check["state"].as_str().unwrap().to_owned()
    };
    let none = look("/nonexistent").ends(3);
    for (name, expected) in
        [("docker", "bad"), ("podman", "bad"), ("cargo", "good"), ("workspace", "good"), ("profile prod", "good")]
    {
        assert_eq!(state(&none, name), expected, "{name}");
    }
    let docker = look(&fake("echo 2.30.0")).ends(0);
    assert_eq!((state(&docker, "docker").as_str(), state(&docker, "podman").as_str()), ("good", "absent"));
    let old = look(&fake("echo 2.3.0")).ends(3);
    assert_eq!(state(&old, "docker"), "bad");
    // What is in the way of `up` is seen before.
    std::fs::create_dir_all(system.path(".orch/local")).unwrap();
    std::fs::write(system.path(".orch/local/launch.json"), "{").unwrap();
    assert_eq!(state(&look(&fake("echo 2.30.0")).ends(1), "launch"), "bad");
}

#[test]
fn what_is_planned_is_shown_without_an_engine_and_without_writing() {
    let system = System::new("inspect").service(
        "store",
        "true",
        &json!({"ports": [{"number": 4000, "name": "line", "hostPort": 6000}], "env": {"X": {"secret": "x"}}}),
    );
    system.write();
    let ran = Ran::of(system.command(&["inspect", "--json"]).env("PATH", "/nonexistent")).ends(0);
    let overview: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let schema = serde_json::from_str(&system.run(&["schema", "inspect"]).ends(0).stdout).unwrap();
    assert!(jsonschema::validator_for(&schema).unwrap().is_valid(&overview), "{overview:#}");
    let published = &overview["workloads"][0]["ports"][0]["published"];
    assert_eq!(
        (&published["port"], &published["source"], &published["assigned"]),
        (&json!(6000), &json!("attribute"), &json!(false))
    );
    assert_eq!(overview["workloads"][0]["env"], json!([{"name": "X", "value": "<secret x>"}]));
    assert!(!system.path(".orch").exists());
}

/// The engine's socket under another name, until it is closed.
struct Door {
    path: std::path::PathBuf,
    is_closed: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<UnixStream>>>,
}

impl Door {
    fn open(path: std::path::PathBuf) -> Self {
        let listener = UnixListener::bind(&path).unwrap();
        let door = Self { path, is_closed: Arc::default(), streams: Arc::default() };
        let (is_closed, streams) = (Arc::clone(&door.is_closed), Arc::clone(&door.streams));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if is_closed.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(engine) = UnixStream::connect("/var/run/docker.sock") else { break };
                streams.lock().unwrap().extend([client.try_clone().unwrap(), engine.try_clone().unwrap()]);
                pipe(client.try_clone().unwrap(), engine.try_clone().unwrap());
                pipe(engine, client);
            }
        });
        door
    }

    fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        std::fs::remove_file(&self.path).unwrap();
        for stream in self.streams.lock().unwrap().drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

fn pipe(mut from: UnixStream, mut to: UnixStream) {
    std::thread::spawn(move || {
        let mut bytes = [0; 8192];
        while let Ok(read @ 1..) = from.read(&mut bytes) {
            if to.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Write);
    });
}

#[test]
fn an_engine_that_goes_away_in_the_middle() {
    if !has_engine() || !Path::new("/var/run/docker.sock").exists() {
        return;
    }
    let health = json!({"health": {"check": {"shell": "exit 1"}, "interval": "1s", "startPeriod": "5m"}});
    let system = System::new("gone").service("slow", "exec sleep 600", &health);
    system.write();
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let door = Door::open(socket.clone());
    let mut command = system.command(&["up"]);
    command.env("DOCKER_HOST", format!("unix://{}", socket.display()));
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let deadline = std::time::Instant::now() + std::time::Duration::from_mins(1);
    while containers(&system.project()).is_empty() {
        assert!(std::time::Instant::now() < deadline, "it does not start");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    std::thread::sleep(std::time::Duration::from_secs(2));
    door.close();
    Ran::from(child.wait_with_output().unwrap())
        .ends(3)
        .says(&["annot connect to the Docker daemon", "cargo orch doctor"]);
    // It remembers what it had begun, so that it can be stopped.
    system.run(&["down"]).ends(0);
    assert_eq!(containers(&system.project()), [""; 0]);
}
