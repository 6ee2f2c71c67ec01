//! Workspaces made for a test: small packages on disk, the command run on them, what came out.
//!
//! A workspace lies at a place of its own below cargo's folder for tests, and is made anew each time.
//! It depends on the runtime crate by path and starts with this repository's lock file, from which
//! cargo drops what is not used, so nothing is fetched. Its target folder stays from run to run and
//! starts as a copy of one in which the attributes are compiled. It is not shared: to cargo, packages
//! at the same place in two workspaces are the same.
//!
//! `{ORCH}` in a file that is written becomes the dependency on the runtime crate.

#![allow(dead_code, reason = "each of the tests that share this uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use orch_manifest::manifest::Manifest;

/// Where this repository is.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(path)
}

fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(status.success());
}

/// A target folder in which the attributes are compiled.
struct Compiled {
    target: PathBuf,
    /// Tells one compilation of the attributes from the next.
    stamp: String,
    /// Keeps other processes from it: a test runner may run each test in its own.
    lock: File,
}

fn compiled() -> &'static Compiled {
    static COMPILED: OnceLock<Compiled> = OnceLock::new();
    COMPILED.get_or_init(|| {
        std::fs::create_dir_all(folder("workspaces")).unwrap();
        let lock = File::create(folder("workspaces").join("compiled.lock")).unwrap();
        lock.lock().unwrap();
        let mut workspace = Workspace::sources("compiled");
        workspace.target = folder("compiled-target");
        workspace.write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
        workspace.library("nothing", "", "");
        let output = workspace.cargo().arg("check").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let files = std::fs::read_dir(workspace.target.join("debug/deps")).unwrap().map(Result::unwrap);
        let attributes = files.filter(|file| file.file_name().to_string_lossy().contains("orch_macros"));
        let mut times: Vec<String> = attributes
            .map(|file| format!("{} {:?}\n", file.file_name().display(), file.metadata().unwrap().modified().unwrap()))
            .collect();
        times.sort();
        lock.unlock().unwrap();
        Compiled { target: workspace.target, stamp: times.concat(), lock }
    })
}

/// A generated workspace.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// A workspace with no member yet, of a name that no other test uses. Its members are the folders of `crates/`; what is
    /// in `outside/` is not in it.
    pub(crate) fn new(name: &str) -> Self {
        let workspace = Self::empty(name);
        workspace
            .write("Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"outside\"]\n");
        workspace.write("orch.toml", "[system]\nname = \"shop\"\n");
        workspace
    }

    /// The same without any manifest or configuration.
    pub(crate) fn empty(name: &str) -> Self {
        let workspace = Self::sources(name);
        let Compiled { target, stamp, lock } = compiled();
        let mark = workspace.target.join("compiled-from");
        if std::fs::read_to_string(&mark).ok().as_ref() != Some(stamp) {
            let _ = std::fs::remove_dir_all(&workspace.target);
            std::fs::create_dir_all(workspace.target.parent().unwrap()).unwrap();
            lock.lock().unwrap();
            copy(target, &workspace.target);
            lock.unlock().unwrap();
            std::fs::write(mark, stamp).unwrap();
        }
        workspace
    }

    /// An empty folder, for what needs no workspace.
    pub(crate) fn bare(name: &str) -> Self {
        let workspace = Self::sources(name);
        std::fs::remove_file(workspace.path("Cargo.lock")).unwrap();
        workspace
    }

    fn sources(name: &str) -> Self {
        static USED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(used.insert(name.to_owned()), "another test uses the workspace `{name}`");
        drop(used);
        let root = folder("workspaces").join(name);
        if root.exists() {
            std::fs::remove_dir_all(&root).unwrap();
        }
        std::fs::create_dir_all(&root).unwrap();
        let workspace = Self { root, target: folder("targets").join(name) };
        std::fs::copy(repository().join("Cargo.lock"), workspace.path("Cargo.lock")).unwrap();
        workspace
    }

    /// The same workspace with a target folder of its own, `target` in its root.
    pub(crate) fn with_own_target(mut self) -> Self {
        self.target = self.root.join("target");
        self
    }

    /// A copy of everything, the target folder included, which must lie in the workspace.
    pub(crate) fn copy(&self, name: &str) -> Self {
        let copied = Self::sources(name);
        std::fs::remove_dir_all(&copied.root).unwrap();
        copy(&self.root, &copied.root);
        let target = copied.root.join(self.target.strip_prefix(&self.root).unwrap());
        Self { target, ..copied }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path(path)).unwrap()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) -> &Self {
        let path = self.path(path);
        let runtime = repository().join("runtime");
        let orch = format!("orch = {{ package = \"orch-runtime\", path = {:?} }}", runtime.display().to_string());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("{ORCH}", &orch)).unwrap();
        self
    }

    /// Replaces a part of a file, which must be in it.
    pub(crate) fn edit(&self, path: &str, from: &str, to: &str) -> &Self {
        let text = self.read(path);
        assert!(text.contains(from), "`{from}` is not in {path}:\n{text}");
        self.write(path, &text.replace(from, to))
    }

    /// A package in a folder, whose name is the folder's: what its manifest says after `[package]`, and one source.
    pub(crate) fn package(&self, folder: &str, manifest: &str, source: &str, text: &str) -> &Self {
        let name = folder.rsplit('/').next().unwrap();
        let head = format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
        self.write(&format!("{folder}/Cargo.toml"), &format!("{head}{manifest}"));
        self.write(&format!("{folder}/{source}"), text)
    }

    /// A member that is a library, with the lines of its `[dependencies]` besides the runtime crate.
    pub(crate) fn library(&self, name: &str, dependencies: &str, text: &str) -> &Self {
        self.package(&format!("crates/{name}"), &depending(dependencies), "src/lib.rs", text)
    }

    /// A member that is a library and declares one service under its own name.
    pub(crate) fn adapter(&self, name: &str) -> &Self {
        self.library(name, "", &service(name, ""))
    }

    /// A member that is an application on these members.
    pub(crate) fn app(&self, name: &str, members: &[&str]) -> &Self {
        self.binary(name, &on(members), "#[orch::app]\nfn main() {}\n")
    }

    /// A member that is a binary.
    pub(crate) fn binary(&self, name: &str, dependencies: &str, text: &str) -> &Self {
        self.package(&format!("crates/{name}"), &depending(dependencies), "src/main.rs", text)
    }

    /// Cargo on the workspace.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.clean(std::env::var_os("CARGO").unwrap());
        command.env("CARGO_NET_OFFLINE", "true");
        command
    }

    /// The command on the workspace.
    pub(crate) fn orch(&self, arguments: &[&str]) -> Command {
        let mut command = self.clean(env!("CARGO_BIN_EXE_cargo-orch").into());
        command.args(arguments).env("CARGO_NET_OFFLINE", "true").stdin(Stdio::null());
        command.env("CARGO", std::env::var_os("CARGO").unwrap());
        command
    }

    /// Runs the command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.orch(arguments).output().unwrap())
    }

    /// The manifest, which must come out.
    pub(crate) fn manifest(&self, flags: &[&str]) -> Manifest {
        let arguments: Vec<&str> = ["manifest"].iter().chain(flags).copied().collect();
        Manifest::from_json(&self.run(&arguments).success().stdout).unwrap()
    }

    /// A program in the root, without what the cargo that runs this test has set.
    fn clean(&self, program: std::ffi::OsString) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            let ours = name.starts_with("CARGO_") && name != "CARGO_HOME";
            if ours
                || ["CARGO", "LD_LIBRARY_PATH", "RUSTFLAGS", "RUSTDOCFLAGS", "ORCH_PROFILE", "OUT_DIR"]
                    .contains(&name.as_str())
            {
                command.env_remove(name);
            }
        }
        command.current_dir(&self.root).env("CARGO_TARGET_DIR", &self.target).env("CARGO_TERM_COLOR", "never");
        // Small and quick, since every test has its own.
        command.env("CARGO_PROFILE_DEV_DEBUG", "false").env("CARGO_INCREMENTAL", "0");
        command
    }

    /// A text in which this workspace's place is `$ROOT`, and the target folder's `$TARGET`.
    pub(crate) fn normalise(&self, text: &str) -> String {
        text.replace(&self.root.display().to_string(), "$ROOT")
            .replace(&self.target.display().to_string(), "$TARGET")
            .replace(&repository().display().to_string(), "$REPOSITORY")
    }
}

/// What a command said and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Ran {
    /// It must have ended with this code.
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    pub(crate) fn success(self) -> Self {
        self.ends(0)
    }

    /// Each of these must be on standard error.
    pub(crate) fn says(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(self.stderr.contains(part), "`{part}` is not in:\n{}", self.stderr);
        }
        self
    }
}

/// The lines of `[dependencies]` for these members.
pub(crate) fn on(members: &[&str]) -> String {
    members.iter().map(|name| format!("{name} = {{ path = \"../{name}\" }}\n")).collect()
}

/// `[dependencies]` with the runtime crate and these lines.
pub(crate) fn depending(lines: &str) -> String {
    format!("[dependencies]\n{{ORCH}}\n{lines}")
}

/// A service of this id, with more keys.
pub(crate) fn service(id: &str, more: &str) -> String {
    format!("#[orch::service(kind = \"other\", image = \"x:1\", id = \"{id}\"{more})]\npub struct Service;\n")
}

/// The ids of the services that an application uses.
pub(crate) fn services<'a>(manifest: &'a Manifest, app: &str) -> Vec<&'a str> {
    let entry = manifest.apps.iter().find(|entry| entry.id.as_str() == app);
    let entry = entry.unwrap_or_else(|| panic!("no application `{app}` in {}", manifest.to_json(false)));
    entry.services.iter().map(orch_manifest::Id::as_str).collect()
}

/// The ids of all services.
pub(crate) fn all_services(manifest: &Manifest) -> Vec<&str> {
    manifest.services.iter().map(|entry| entry.service.id.as_str()).collect()
}
