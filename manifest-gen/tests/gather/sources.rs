//! Where a dependency may come from: a folder, a vendored registry, another registry, a git repository.

use std::process::Command;

use crate::support::{Workspace, service, services};

/// A crate as it lies in a registry: it names the runtime crate by its version.
fn published(workspace: &Workspace, folder: &str, name: &str, version: &str) {
    let manifest = "[dependencies]\norch = { package = \"orch-runtime\", version = \"0.1\" }\n";
    workspace.package(&format!("{folder}/{name}"), manifest, "src/lib.rs", &service(name, ""));
    workspace.edit(&format!("{folder}/{name}/Cargo.toml"), "0.1.0", version);
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// A workspace whose only registry is the folder `vendor`, where what the attributes need already is.
fn vendored() -> Workspace {
    let workspace = Workspace::new("sources");
    workspace.app("api", &[]);
    succeed(workspace.cargo().args(["vendor", "--offline", "vendor"]));
    let sources = "[source.crates-io]\nreplace-with = \"vendored\"\n[source.vendored]\ndirectory = \"vendor\"\n\
                   [registries.acme]\nindex = \"https://acme.invalid/index\"\n\
                   [source.acme]\nregistry = \"https://acme.invalid/index\"\nreplace-with = \"acme-vendored\"\n\
                   [source.acme-vendored]\ndirectory = \"acme\"\n";
    workspace.write(".cargo/config.toml", sources);
    let root = workspace.read("Cargo.toml");
    workspace.write("Cargo.toml", &format!("{root}[patch.crates-io]\n{{ORCH}}\n"));
    workspace
}

#[test]
fn an_adapter_counts_wherever_it_comes_from() {
    let workspace = vendored();
    published(&workspace, "vendor", "vendored", "1.2.3");
    published(&workspace, "acme", "private", "4.5.6");
    for folder in ["vendor/vendored", "acme/private"] {
        workspace.write(&format!("{folder}/.cargo-checksum.json"), "{\"files\":{}}");
    }
    published(&workspace, "outside", "elsewhere", "7.8.9");
    published(&workspace, "outside", "from-git", "0.3.0");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args([
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@example.invalid",
            "-c",
            "init.defaultBranch=main",
        ]);
        succeed(command.args(arguments).current_dir(workspace.path("outside/from-git")));
    };
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "--message", "first"]);
    let repository = format!("file://{}", workspace.path("outside/from-git").display());
    let dependencies = format!(
        "vendored = \"1\"\nprivate = {{ version = \"4\", registry = \"acme\" }}\n\
         elsewhere = {{ path = \"../../outside/elsewhere\" }}\nfrom-git = {{ git = {repository:?} }}\n"
    );
    let app = "#[orch::app]\nfn main() {}\n";
    workspace.binary("api", &dependencies, app).binary("worker", &dependencies, app);

    // Cargo's own copy of the repository lies in its home, and offline it makes none.
    let run = |arguments: &[&str]| {
        let home = workspace.path("home");
        let mut command = workspace.orch(arguments);
        let output = command.env("CARGO_HOME", home).env("CARGO_NET_OFFLINE", "false").output().unwrap();
        crate::support::Ran::from(output).success().stdout
    };
    let text = run(&["manifest"]);
    let manifest = orch_manifest::manifest::Manifest::from_json(&text).unwrap();
    for app in ["api", "worker"] {
        assert_eq!(services(&manifest, app), ["elsewhere", "from-git", "private", "vendored"]);
    }
    let versions: Vec<&str> = manifest.services.iter().filter_map(|e| e.declared_by.version.as_deref()).collect();
    assert_eq!(versions, ["7.8.9", "0.3.0", "4.5.6", "1.2.3"]);
    assert!(manifest.services.iter().all(|entry| entry.declared_by.file == "src/lib.rs"), "{text}");
    assert_eq!(run(&["manifest"]), text, "warm");
    let why = run(&["why", "from-git"]);
    assert!(why.contains("└─ api depends on from-git"), "{why}");
}
