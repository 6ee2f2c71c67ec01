//! What an earlier run left in the target folder saves time and changes no result.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::{Ran, Workspace, all_services, depending, on, service, services};

const APP: &str = "#[orch::app]\nfn main() {}\n";

/// Two applications on a database outside the workspace, which has a second service under a feature.
fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    let replica = format!("#[cfg(feature = \"replica\")]\npub mod replica {{\n{}}}\n", service("pg-replica", ""));
    let manifest = format!("[features]\nreplica = []\n{}", depending(""));
    workspace.package("outside/pg", &manifest, "src/lib.rs", &format!("{}{replica}", service("pg", "")));
    let pg = "pg = { path = \"../../outside/pg\", features = [] }\n";
    workspace.binary("api", pg, APP).binary("worker", pg, APP);
    let manifest = workspace.manifest(&[]);
    assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (vec!["pg"], vec!["pg"]));
    workspace
}

const WITH_REPLICA: [&str; 2] = ["pg", "pg-replica"];

#[test]
fn features_in_the_manifest_of_one_application_are_seen() {
    let workspace = workspace("remembered-manifest");
    workspace.edit("crates/worker/Cargo.toml", "features = []", "features = [\"replica\"]");
    let manifest = workspace.manifest(&[]);
    assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (vec!["pg"], WITH_REPLICA.to_vec()));
    // The same is compiled as before, and it belongs to the other one.
    workspace.edit("crates/worker/Cargo.toml", "features = [\"replica\"]", "features = []");
    workspace.edit("crates/api/Cargo.toml", "features = []", "features = [\"replica\"]");
    let manifest = workspace.manifest(&[]);
    assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (WITH_REPLICA.to_vec(), vec!["pg"]));
}

#[test]
fn a_manifest_with_the_time_and_the_size_of_before_is_seen() {
    let workspace = workspace("remembered-time");
    let path = workspace.path("crates/worker/Cargo.toml");
    workspace.edit("crates/worker/Cargo.toml", "features = []", "features = [         ]");
    assert_eq!(services(&workspace.manifest(&[]), "worker"), ["pg"]);
    // What was written just now is not remembered.
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(services(&workspace.manifest(&[]), "worker"), ["pg"]);
    let before = path.metadata().unwrap();
    workspace.edit("crates/worker/Cargo.toml", "features = [         ]", "features = [\"replica\"]");
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(before.modified().unwrap()).unwrap();
    let after = path.metadata().unwrap();
    assert_eq!((before.len(), before.modified().unwrap()), (after.len(), after.modified().unwrap()));
    assert_eq!(services(&workspace.manifest(&[]), "worker"), WITH_REPLICA);
}

#[test]
fn features_that_two_applications_inherit_are_seen() {
    let workspace = workspace("remembered-inherited");
    let root = workspace.read("Cargo.toml");
    let inherit = "[workspace.dependencies]\npg = { path = \"outside/pg\", features = [] }\n";
    workspace.write("Cargo.toml", &format!("{root}{inherit}"));
    workspace.edit("crates/api/Cargo.toml", "{ path = \"../../outside/pg\", features = [] }", "{ workspace = true }");
    assert_eq!(services(&workspace.manifest(&[]), "api"), ["pg"]);
    workspace.edit("Cargo.toml", "features = []", "features = [\"replica\"]");
    let manifest = workspace.manifest(&[]);
    assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (WITH_REPLICA.to_vec(), vec!["pg"]));
}

#[test]
fn default_features_of_a_package_outside_the_workspace_are_seen() {
    let workspace = workspace("remembered-outside");
    workspace.edit("outside/pg/Cargo.toml", "[features]\n", "[features]\ndefault = [\"replica\"]\n");
    let manifest = workspace.manifest(&[]);
    assert_eq!(
        (services(&manifest, "api"), services(&manifest, "worker")),
        (WITH_REPLICA.to_vec(), WITH_REPLICA.to_vec())
    );
}

#[test]
fn a_package_that_is_elsewhere_in_its_workspace_is_seen() {
    let workspace = workspace("remembered-elsewhere");
    workspace.edit("outside/pg/Cargo.toml", "edition = \"2024\"\n", "edition = \"2024\"\nworkspace = \"../root\"\n");
    let tail = "tail = { path = \"../tail\", features = [] }\n";
    workspace.package(
        "outside/tail",
        &format!("[features]\nreplica = []\n{}", depending("")),
        "src/lib.rs",
        &service("tail", ""),
    );
    let root = "[workspace]\nresolver = \"3\"\nmembers = [\"../pg\"]\n[workspace.dependencies]\n";
    workspace.write("outside/root/Cargo.toml", &format!("{root}{tail}"));
    workspace.edit("outside/pg/Cargo.toml", "[dependencies]\n", "[dependencies]\ntail = { workspace = true }\n");
    assert_eq!(services(&workspace.manifest(&[]), "api"), ["pg", "tail"]);
    let more = "#[cfg(feature = \"replica\")]\npub mod replica {\n#[orch::service(kind = \"other\", image = \"x:1\", id = \"tail-replica\")]\npub struct S;\n}\n";
    workspace.write("outside/tail/src/lib.rs", &format!("{}{more}", service("tail", "")));
    workspace.edit("outside/root/Cargo.toml", "features = []", "features = [\"replica\"]");
    assert_eq!(services(&workspace.manifest(&[]), "api"), ["pg", "tail", "tail-replica"]);
}

#[test]
fn configuration_of_cargo_is_seen() {
    let workspace = workspace("remembered-config");
    workspace.adapter("extra");
    let manifest = workspace.read("crates/worker/Cargo.toml");
    let conditional = format!("[target.'cfg(extra)'.dependencies]\n{}", on(&["extra"]));
    workspace.write("crates/worker/Cargo.toml", &format!("{manifest}{conditional}"));
    let host = host();
    let flags = ["--cargo-target", &host];
    assert_eq!(services(&workspace.manifest(&flags), "worker"), ["pg"]);
    workspace.write(".cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"extra\"]\n");
    assert_eq!(services(&workspace.manifest(&flags), "worker"), ["extra", "pg"]);
    workspace.write(".cargo/config.toml", "");
    let with_flags =
        workspace.orch(&["manifest", "--cargo-target", &host]).env("RUSTFLAGS", "--cfg extra").output().unwrap();
    assert!(Ran::from(with_flags).success().stdout.contains("\"extra\""));
    assert_eq!(services(&workspace.manifest(&flags), "worker"), ["pg"]);
}

/// The triple of this machine; with it, flags of the compiler are for the target alone.
fn host() -> String {
    let output = std::process::Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn flags_are_seen() {
    let workspace = workspace("remembered-flags");
    workspace.edit("crates/api/Cargo.toml", "[dependencies]", "[features]\nmore = [\"pg/replica\"]\n[dependencies]");
    for _ in 0..2 {
        let manifest = workspace.manifest(&[]);
        assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (vec!["pg"], vec!["pg"]));
        let manifest = workspace.manifest(&["-F", "more"]);
        assert_eq!((services(&manifest, "api"), services(&manifest, "worker")), (WITH_REPLICA.to_vec(), vec!["pg"]));
        assert_eq!(workspace.manifest(&["-p", "worker"]).apps.len(), 1);
    }
}

#[test]
fn members_that_come_and_go_are_seen() {
    let workspace = workspace("remembered-members");
    workspace.adapter("mail").app("report", &["mail"]);
    assert_eq!(all_services(&workspace.manifest(&[])), ["mail", "pg"]);
    std::fs::remove_dir_all(workspace.path("crates/report")).unwrap();
    let ran = workspace.run(&["manifest"]).success();
    assert!(!ran.stdout.contains("report"), "{}", ran.stdout);
    assert!(!ran.stderr.contains("error"), "{}", ran.stderr);
    workspace.write("crates/worker/src/bin/tool.rs", APP);
    let ids: Vec<String> = workspace.manifest(&[]).apps.iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(ids, ["api", "tool", "worker"]);
    workspace.write("orch.toml", "[system]\nname = \"shop\"\npackages = [\"mail\"]\n");
    assert_eq!(all_services(&workspace.manifest(&[])), ["mail", "pg"]);
}

/// What the command left in the target folder.
fn kept(workspace: &Workspace) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(workspace.target().join("orch")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some_and(|e| e == "json")).collect()
}

#[test]
fn members_are_seen_wherever_a_pattern_of_the_root_finds_them() {
    let workspace = workspace("remembered-patterns");
    workspace.edit("Cargo.toml", "\"crates/*\"", "\"crates/*\", \"groups/*/[ab]*\"");
    workspace.package("groups/one/before", "", "src/lib.rs", "");
    let apps = || workspace.manifest(&[]).apps.iter().map(|entry| entry.id.to_string()).collect::<Vec<_>>();
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(apps(), ["api", "worker"]);
    }
    workspace.package("groups/one/api-two", &depending(""), "src/main.rs", APP);
    assert_eq!(apps(), ["api", "api-two", "worker"]);
    std::fs::remove_dir_all(workspace.path("crates/api")).unwrap();
    assert_eq!(apps(), ["api-two", "worker"]);
    // Where cargo may look anywhere, it is asked.
    workspace.package("groups/two/other/third", "", "src/lib.rs", "");
    workspace.edit("Cargo.toml", "[ab]*\"", "[ab]*\", \"groups/**/thi*\"");
    assert_eq!(apps(), ["api-two", "worker"]);
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(apps(), ["api-two", "worker"]);
    workspace.package("groups/one/more/thing", &depending(""), "src/main.rs", APP);
    assert_eq!(apps(), ["api-two", "thing", "worker"]);
}

#[test]
fn another_root_around_the_folder_is_seen() {
    let workspace = Workspace::empty("remembered-root");
    workspace.write("outer/inner/orch.toml", "[system]\nname = \"shop\"\n");
    workspace.package("outer/inner/crates/api", &depending(""), "src/main.rs", APP);
    workspace.write("outer/inner/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n");
    std::fs::rename(workspace.path("Cargo.lock"), workspace.path("outer/inner/Cargo.lock")).unwrap();
    let run = || {
        let output =
            workspace.orch(&["manifest"]).current_dir(workspace.path("outer/inner/crates/api")).output().unwrap();
        Ran::from(output)
    };
    for _ in 0..2 {
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert!(run().success().stdout.contains("\"system\": \"shop\""));
    }
    workspace.write("outer/inner/crates/Cargo.toml", "[workspace]\nresolver = \"3\"\nmembers = [\"api\"]\n");
    workspace.write("outer/inner/crates/orch.toml", "[system]\nname = \"nearer\"\n");
    std::fs::copy(workspace.path("outer/inner/Cargo.lock"), workspace.path("outer/inner/crates/Cargo.lock")).unwrap();
    assert!(run().success().stdout.contains("\"system\": \"nearer\""));
}

#[test]
fn damaged_files_are_no_hint() {
    let workspace = workspace("remembered-damaged");
    let text = workspace.run(&["manifest"]).success().stdout;
    for damage in ["", "{", "[]", "{\"packages\":[\"nope\"]}", "\u{0}"] {
        for path in kept(&workspace) {
            std::fs::write(path, damage).unwrap();
        }
        let ran = workspace.run(&["manifest"]).success();
        assert_eq!(ran.stdout, text, "{damage}");
    }
}

#[test]
fn packages_from_an_earlier_run_are_only_a_hint() {
    let workspace = workspace("remembered-hint");
    let text = workspace.run(&["manifest"]).success().stdout;
    for path in kept(&workspace) {
        let json = std::fs::read_to_string(&path).unwrap();
        assert!(json.contains("\"worker@0.1.0\""), "{json}");
        std::fs::write(path, json.replace("[\"api@0.1.0\",\"worker@0.1.0\"]", "[\"api@0.1.0\"]")).unwrap();
    }
    assert_eq!(workspace.run(&["manifest"]).success().stdout, text);
}

#[test]
fn nothing_is_resolved_again_while_nothing_changes() {
    let workspace = workspace("remembered-quick");
    let (log, wrapper) = (workspace.path("log"), workspace.path("cargo.sh"));
    let cargo = std::env::var("CARGO").unwrap();
    let script = format!("#!/bin/sh\necho \"$1\" >> {:?}\nexec {cargo:?} \"$@\"\n", log.display().to_string());
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
    let commands = || {
        let _ = std::fs::remove_file(&log);
        let output = workspace.orch(&["manifest"]).env("CARGO", &wrapper).output().unwrap();
        Ran::from(output).success();
        let mut commands: Vec<String> = workspace.read("log").lines().map(str::to_owned).collect();
        commands.sort();
        commands
    };
    // What was written a moment ago may change unseen in the same moment.
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(commands(), ["check", "metadata", "tree", "tree"]);
    assert_eq!(commands(), ["check"]);
    workspace.edit("crates/api/src/main.rs", "fn main() {}", "fn main() { drop(1) }");
    assert_eq!(commands(), ["check"]);
    workspace.edit("crates/api/Cargo.toml", "features = []", "features = [\"replica\"]");
    // The worker wants less of the database than both together, so it is checked again.
    assert_eq!(commands(), ["check", "check", "metadata", "tree", "tree"]);
}
