//! Systems made for a test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

/// The one image that everything runs.
pub(crate) const IMAGE: &str = "debian:bookworm";

/// Whether there is an engine; where there has to be one, there is.
pub(crate) fn has_engine() -> bool {
    let image = Command::new("docker").args(["image", "inspect", IMAGE]).output();
    let is_there = image.is_ok_and(|output| output.status.success());
    assert!(is_there || std::env::var_os("ORCH_CI").is_none(), "there is no engine with {IMAGE}");
    if !is_there {
        println!("skipped: there is no engine with {IMAGE}; ci/engines/docker-up.sh starts one");
    }
    is_there
}

/// A system in a folder, removed at the end.
pub(crate) struct System {
    name: String,
    folder: tempfile::TempDir,
    services: Vec<Value>,
    apps: Vec<Value>,
    /// Folders beside its own in which it was started.
    others: Vec<PathBuf>,
}

impl System {
    /// One with nothing in it, under a name that no other test has.
    pub(crate) fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let name = format!("orch-{name}-{}", std::process::id());
        Self { name, folder, services: Vec::new(), apps: Vec::new(), others: Vec::new() }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The project in `local`.
    pub(crate) fn project(&self) -> String {
        format!("{}-local", self.name)
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// With a service that runs a script.
    pub(crate) fn service(self, id: &str, script: &str, more: &Value) -> Self {
        self.with(id, script, more, false)
    }

    /// With an application that runs a script.
    pub(crate) fn app(self, id: &str, script: &str, more: &Value) -> Self {
        self.with(id, script, more, true)
    }

    fn with(mut self, id: &str, script: &str, more: &Value, is_app: bool) -> Self {
        let mut entry = json!({
            "id": id, "image": IMAGE, "command": ["sh", "-c", script], "grace": "1s", "restricted": false,
            "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"},
        });
        let fields = entry.as_object_mut().unwrap();
        if is_app {
            fields.insert("version".to_owned(), "0.1.0".into());
        } else {
            fields.insert("kind".to_owned(), "other".into());
            fields.insert("health".to_owned(), json!({"check": "none"}));
        }
        fields.extend(more.as_object().unwrap().clone());
        if is_app { &mut self.apps } else { &mut self.services }.push(entry);
        self
    }

    /// Writes the manifest as it is now.
    pub(crate) fn write(&self) -> &Self {
        let sorted = |entries: &[Value]| {
            let mut entries = entries.to_vec();
            entries.sort_by_key(|entry| entry["id"].as_str().unwrap().to_owned());
            entries
        };
        let (apps, services) = (sorted(&self.apps), sorted(&self.services));
        let manifest = json!({"schemaVersion": 1, "system": self.name, "apps": apps, "services": services});
        std::fs::write(self.path("manifest.json"), manifest.to_string()).unwrap();
        self
    }

    /// The command in a folder, which has the manifest where it takes one.
    pub(crate) fn command_in(folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        command.current_dir(folder).args(arguments).stdin(Stdio::null());
        if ["up", "status", "env", "run", "run-job", "inspect"].contains(&arguments[0]) {
            // Before what is another program's.
            let mut words = arguments.to_vec();
            let end = words.iter().position(|word| *word == "--").unwrap_or(words.len());
            words.splice(end..end, ["--manifest", "manifest.json"]);
            command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
            command.current_dir(folder).args(words).stdin(Stdio::null());
        }
        for name in ["ORCH_PROFILE", "ORCH_ENGINE", "ORCH_SECRETS", "ORCH_PORT_PROBE_MAX"] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        Self::command_in(self.folder.path(), arguments)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// The same in a copy of its folder.
    pub(crate) fn copy(&mut self, to: &Path) {
        let status = Command::new("cp").arg("-a").arg(self.folder.path()).arg(to).status().unwrap();
        assert!(status.success());
        self.others.push(to.to_owned());
    }

    /// What `status --json` says.
    pub(crate) fn status(&self) -> Value {
        let ran = self.run(&["status", "--json"]);
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
    }
}

impl Drop for System {
    fn drop(&mut self) {
        for folder in self.others.iter().map(PathBuf::as_path).chain([self.folder.path()]) {
            // Whether or not it got so far that there is something to remove.
            let _ = Self::command_in(folder, &["down", "--volumes", "--yes"]).output();
        }
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// It must have ended with this code.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// Each of these must be among what it told.
    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in:\n{}", self.stderr);
        }
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// What `docker` prints, a line each.
pub(crate) fn docker(arguments: &[&str]) -> Vec<String> {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The ids of all containers of a project with when each was started.
pub(crate) fn containers(project: &str) -> Vec<String> {
    let filter = format!("label=com.docker.compose.project={project}");
    let ids = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]);
    let mut started: Vec<String> = ids
        .iter()
        .flat_map(|id| docker(&["inspect", "--format", "{{.Id}} {{.State.StartedAt}} {{.State.Status}}", id]))
        .collect();
    started.sort();
    started
}

/// The volumes of a project.
pub(crate) fn volumes(project: &str) -> Vec<String> {
    docker(&["volume", "ls", "--quiet", "--filter", &format!("label=com.docker.compose.project={project}")])
}
