//! A program that writes down how it is called, and answers from a script.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// A folder with a system, and a program in the place of a cluster's.
pub(crate) struct Cluster {
    folder: tempfile::TempDir,
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    code: Option<i32>,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in:\n{}", self.stderr);
        }
        self
    }
}

/// The same with something that runs on a schedule.
pub(crate) fn with_schedule() -> String {
    let mut manifest = manifest();
    let mut report = manifest["apps"][0].clone();
    (report["id"], report["kind"], report["schedule"]) = ("report".into(), "cron".into(), "0 3 * * *".into());
    manifest["apps"].as_array_mut().unwrap().push(report);
    manifest.to_string()
}

/// A system with a store that needs a secret, a job, and a worker after it.
fn manifest() -> Value {
    let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
    let app = |id: &str, kind: &str, after: &[&str]| json!({"id": id, "version": "0.1.0", "kind": kind, "image": "x:1", "services": ["store"], "after": after, "declaredBy": place});
    let store = json!({"id": "store", "kind": "other", "image": "x:1", "entrypoint": ["sh", "-c"], "command": ["sleep 9"],
        "env": {"TOKEN": {"secret": "token"}}, "volumes": [{"path": "/data", "name": "data"}],
        "health": {"check": "none"}, "declaredBy": place});
    json!({"schemaVersion": 1, "system": "s", "services": [store],
        "apps": [app("migrate", "job", &[]), app("worker", "worker", &["migrate"])]})
}

impl Cluster {
    /// One whose program is a shell script that has `$*`, and `$HERE`, a folder to remember things in.
    pub(crate) fn new(program: &str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("manifest.json"), manifest().to_string()).unwrap();
        let here = folder.path().display();
        let text = format!("#!/bin/sh\nHERE={here}\nprintf '%s\\n' \"{program} $*\" >>$HERE/calls\n{script}\n");
        let path = folder.path().join("bin").join(program);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn write(&self, path: &str, text: &str) {
        std::fs::write(self.path(path), text).unwrap();
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).output().unwrap())
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.forget();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        let words = arguments.iter().copied().take_while(|word| *word != "--");
        let rest = arguments.iter().copied().skip_while(|word| *word != "--");
        command.args(words).args(["--manifest", "manifest.json"]);
        if ["deploy", "up"].contains(&arguments[0]) && !arguments.contains(&"--timeout") {
            command.args(["--timeout", "20s"]);
        }
        command.args(rest);
        let path = format!("{}:/usr/bin:/bin", self.path("bin").display());
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env("PATH", path);
        for name in ["ORCH_PROFILE", "ORCH_ENGINE", "ORCH_SECRETS"] {
            command.env_remove(name);
        }
        command
    }

    /// Where programs are found, this one before all others.
    pub(crate) fn programs(&self) -> String {
        format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap())
    }

    /// Nothing was called before.
    pub(crate) fn forget(&self) {
        let _ = std::fs::remove_file(self.path("calls"));
    }

    /// How the program was called, without looking how far something has come.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.path("calls")).unwrap_or_default();
        let looks = [
            "get deployments,statefulsets,jobs,replicasets,pods",
            "service ls",
            "service inspect",
            "service ps",
            "inspect --type task",
        ];
        calls.lines().filter(|call| !looks.iter().any(|look| call.contains(look))).map(str::to_owned).collect()
    }
}
