//! What fails says why, with the documented code.

use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::system::{Ran, System, containers, has_engine};

#[test]
fn an_image_that_nobody_has() {
    if !has_engine() {
        return;
    }
    let system = System::new("noimage").service("a", "true", &json!({"image": "localhost:1/orch-no-such-image:1"}));
    system.write();
    system.run(&["up"]).ends(1).says(&["localhost:1/orch-no-such-image", "nothing is running"]);
}

#[test]
fn an_application_that_was_not_built() {
    if !has_engine() {
        return;
    }
    let image = json!({"kind": "worker", "image": "acme/orch-not-built:1"});
    let system = System::new("unbuilt").service("a", "sleep 60", &json!({})).app("web", "true", &image);
    system.write();
    system.run(&["up"]).ends(1).says(&["there is no image `acme/orch-not-built:1` for `web`", "--no-apps"]);
    assert_eq!(containers(&system.project()), [""; 0]);
    system.run(&["up", "--no-apps"]).ends(0);
    system.run(&["status"]).ends(0);
}

#[test]
fn a_health_check_that_never_passes_ends_the_waiting_at_once() {
    if !has_engine() {
        return;
    }
    let health = |check: &str| json!({"health": {"check": {"shell": check}, "interval": "1s", "retries": 2, "startPeriod": "0s"}});
    let system = System::new("unhealthy").service("a", "echo the reason; sleep 60", &health("echo not today; exit 1"));
    system.write();
    let started = Instant::now();
    system.run(&["up"]).ends(1).says(&[
        "`a` is unhealthy: not today",
        "the end of the log of a",
        "the reason",
        "still there: a",
    ]);
    assert!(started.elapsed() < Duration::from_mins(1));
    system.run(&["status"]).ends(1).says(&["a is unhealthy"]);
    // What is unhealthy stays so; from anew it may be another matter.
    let text = std::fs::read_to_string(system.path("manifest.json")).unwrap();
    std::fs::write(system.path("manifest.json"), text.replace("echo not today; exit 1", "exit 0")).unwrap();
    system.run(&["up", "--retry-failed"]).ends(0).says(&["removes a, to begin anew"]);
}

#[test]
fn the_time_is_for_all_of_it() {
    if !has_engine() {
        return;
    }
    let health = json!({"health": {"check": {"shell": "exit 1"}, "interval": "1s", "retries": 2, "startPeriod": "2m"}});
    let waits = json!({"kind": "worker", "consumes": ["slow"], "services": ["slow"]});
    let system = System::new("late").service("slow", "sleep 60", &health).app("web", "sleep 60", &waits);
    system.write();
    let started = Instant::now();
    system.run(&["up", "--timeout", "4s"]).ends(4).says(&[
        "not ready after 4 s",
        "`slow` its health check has not passed yet",
        "--timeout",
    ]);
    assert!(started.elapsed() < Duration::from_secs(30));
}

#[test]
fn what_does_not_stay_up_is_not_ready() {
    if !has_engine() {
        return;
    }
    let system = System::new("crash").service("a", "echo boom; sleep 0.3; exit 7", &json!({"restart": "always"}));
    system.write();
    system.run(&["up", "--timeout", "60s"]).ends(1).says(&["`a` does not stay up", "boom"]);
}

#[test]
fn a_job_that_fails_is_a_failure_and_runs_again() {
    if !has_engine() {
        return;
    }
    let system = System::new("job").app("job", "echo no table; exit 3", &json!({"kind": "job"})).app(
        "web",
        "sleep 60",
        &json!({"kind": "worker", "after": ["job"]}),
    );
    system.write();
    system.run(&["up"]).ends(1).says(&["`job` ended with 3", "no table"]);
    system.run(&["status"]).ends(1).says(&["job ended with 3"]);
    let text = std::fs::read_to_string(system.path("manifest.json")).unwrap();
    std::fs::write(system.path("manifest.json"), text.replace("exit 3", "exit 0")).unwrap();
    system.run(&["up"]).ends(0).says(&["job is done"]);
}

#[test]
fn what_the_deployer_did_not_give_is_said_before_anything_starts() {
    if !has_engine() {
        return;
    }
    let env = json!({"env": {"PASSWORD": {"secret": "password"}, "ZONE": {"var": "ZONE"}}});
    let system = System::new("missing").service("a", "sleep 60", &env);
    system.write();
    system.run(&["up", "--profile", "prod"]).ends(2).says(&["--yes-really prod"]);
    system.run(&["up", "--profile", "prod", "--yes-really", "staging"]).ends(2);
    let ran = system.run(&["up", "--profile", "prod", "--yes-really", "prod"]).ends(1);
    ran.says(&["the secret password for a", "the variable ZONE for a", "set `PASSWORD`", "set `ZONE`"]);
    assert_eq!(containers(&format!("{}-prod", system.name())), [""; 0]);
    assert!(!system.path(".orch/secrets").exists(), "a secret was made for prod");
}

#[test]
fn a_damaged_memory_says_how_to_go_on_and_touches_nothing() {
    if !has_engine() {
        return;
    }
    let system = System::new("damaged").service("a", "exec sleep 600", &json!({}));
    system.write();
    system.run(&["up"]).ends(0);
    let before = containers(&system.project());
    let file = system.path(".orch/local/launch.json");
    let good = std::fs::read(&file).unwrap();
    std::fs::write(&file, &good[..good.len() / 2]).unwrap();
    for arguments in [&["up"][..], &["status"], &["down"], &["logs"]] {
        system.run(arguments).ends(1).says(&["launch.json` is damaged", "rm "]);
    }
    assert_eq!(containers(&system.project()), before);
    // Without it, the engine still says whose the project is.
    std::fs::remove_file(&file).unwrap();
    system.run(&["up"]).ends(0);
    let ids = |lines: &[String]| lines.iter().map(|line| line[..64].to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&containers(&system.project())), ids(&before));
}

/// A folder on a disk of its own that is removed at the end.
struct Disk(std::path::PathBuf);

impl Disk {
    fn mount(at: std::path::PathBuf, options: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(&at).output().unwrap();
        let is_there = mount.status.success();
        assert!(is_there || std::env::var_os("ORCH_CI").is_none(), "{}", String::from_utf8_lossy(&mount.stderr));
        if !is_there {
            println!("skipped: nothing can be mounted: {}", String::from_utf8_lossy(&mount.stderr));
        }
        is_there.then_some(Self(at))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
fn a_folder_that_is_full_or_read_only_starts_nothing() {
    if !has_engine() {
        return;
    }
    for (name, options) in [("full", "size=4k"), ("readonly", "ro")] {
        let system = System::new(name).service("a", "sleep 60", &json!({"env": {"X": {"secret": "x"}}}));
        system.write();
        let Some(_disk) = Disk::mount(system.path(".orch"), options) else { return };
        let ran = system.run(&["up"]).ends(6).says(&[".orch"]);
        assert!(ran.stderr.contains("help"), "{}", ran.stderr);
        assert_eq!(containers(&system.project()), [""; 0]);
        let left: Vec<_> = walk(&system.path(".orch")).into_iter().filter(|path| path.contains(".making-")).collect();
        assert_eq!(left, [""; 0]);
    }
}

fn walk(folder: &std::path::Path) -> Vec<String> {
    let output = Command::new("find").arg(folder).output().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn ctrl_c_ends_the_children_and_says_what_still_runs() {
    if !has_engine() {
        return;
    }
    let health = json!({"health": {"check": {"shell": "exit 1"}, "interval": "1s", "startPeriod": "5m"}});
    let waits = json!({"kind": "worker", "consumes": ["slow"], "services": ["slow"]});
    let system = System::new("ctrlc").service("slow", "exec sleep 600", &health).app("web", "sleep 60", &waits);
    system.write();
    let mut child = system.command(&["up"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let deadline = Instant::now() + Duration::from_mins(1);
    while !containers(&system.project()).iter().any(|line| line.ends_with("running")) {
        assert!(Instant::now() < deadline, "it does not start");
        std::thread::sleep(Duration::from_millis(200));
    }
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let code = child.wait().unwrap().code();
    Ran { code, stdout: String::new(), stderr }.ends(130).says(&[
        "interrupted",
        "still there: slow",
        "cargo orch down",
    ]);
    let compose = Command::new("pgrep").args(["-f", &format!("--project-name {}", system.project())]).output().unwrap();
    assert_eq!(String::from_utf8(compose.stdout).unwrap(), "", "Compose is still at work");
}
