//! Images of applications: Dockerfiles say what is planned, and a real engine builds and runs them.
//!
//! They are built on `debian:bookworm`, which `ci/engines/docker-up.sh` sees to. Without an engine the tests
//! that need one say so and pass, unless `ORCH_CI` is set.

#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test fails by panicking, and says what it skips")]

mod support;

use std::process::Command;

use serde_json::Value;
use support::{Workspace, repository};

const CONFIGURATION: &str = "[system]\nname = \"shop\"\n[build]\nform = \"slim\"\nbase = \"debian:bookworm\"\n";

const API: &str = "#[orch::app(
    id = \"api\", description = \"Says \\\"hello\\\" for $1\", port(8080), health(http = \"/health\"),
)]
fn main() {
    println!(\"hello from {}\", std::env::args().nth(1).unwrap_or_default());
}
";

const JOB: &str =
    "#[orch::app(id = \"migrate\", kind = \"job\", image_of = \"api\", command = [\"/usr/local/bin/migrate\"])]
fn main() {
    println!(\"migrated\");
}
";

fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.write("orch.toml", CONFIGURATION).binary("api", "", API);
    workspace
}

/// Whether there is an engine; where there has to be one, there is.
fn has_engine() -> bool {
    let output = Command::new("docker").args(["image", "inspect", "debian:bookworm"]).output();
    let is_there = output.is_ok_and(|output| output.status.success());
    assert!(is_there || std::env::var_os("ORCH_CI").is_none(), "there is no engine with debian:bookworm");
    if !is_there {
        println!("skipped: there is no engine with debian:bookworm; ci/engines/docker-up.sh starts one");
    }
    is_there
}

/// What `docker` prints.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An image that is removed at the end.
struct Built(String);

impl Built {
    fn config(&self) -> Value {
        serde_json::from_str(&docker(&["image", "inspect", "--format", "{{json .Config}}", &self.0])).unwrap()
    }
}

impl Drop for Built {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["image", "rm", "--force", &self.0]).output();
    }
}

#[test]
fn a_program_compiled_outside_runs_as_nobody_and_says_what_it_is() {
    if !has_engine() {
        return;
    }
    let workspace = workspace("image-slim");
    let tag = format!("t{}", std::process::id());
    let image = Built(format!("localhost:9/acme/shop-api:{tag}"));
    let flags = ["--registry", "localhost:9/acme", "--tag", &tag, "--cargo-profile", "dev"];
    let said = workspace.run(&[&["build"][..], &flags].concat()).success();
    assert_eq!(said.stdout, format!("{}\n", image.0));

    assert_eq!(docker(&["run", "--rm", &image.0, "outside"]), "hello from outside");
    let config = image.config();
    assert_eq!(config["User"], "10001:10001");
    assert_eq!(config["Entrypoint"], serde_json::json!(["/usr/local/bin/api"]));
    assert!(config["ExposedPorts"]["8080/tcp"].is_object(), "{config}");
    assert_eq!(config["Labels"]["org.opencontainers.image.title"], "shop-api");
    assert_eq!(config["Labels"]["org.opencontainers.image.version"], "0.1.0");
    assert_eq!(config["Labels"]["org.opencontainers.image.description"], "Says \"hello\" for $1");
    // Health is judged as the Compose file judges it.
    let compose = workspace.run(&["render", "--target", "compose", "--stdout"]).success().stdout;
    let check = config["Healthcheck"]["Test"][3].as_str().unwrap();
    assert!(check.contains("/dev/tcp/127.0.0.1/8080"), "{check}");
    assert!(compose.contains(&serde_json::to_string(&check.replace('$', "$$")).unwrap()), "{compose}");
    // Nothing of the context is left.
    assert_eq!(std::fs::read_dir(workspace.path(".orch/build")).unwrap().count(), 0);
    assert_eq!(workspace.read(".orch/.gitignore"), "*\n");
}

#[test]
fn several_programs_share_an_image_and_each_says_which_it_is() {
    if !has_engine() {
        return;
    }
    let workspace = workspace("image-shared");
    workspace.binary("migrate", "", JOB);
    let tag = format!("s{}", std::process::id());
    let image = Built(format!("shop-api:{tag}"));
    // One that is not chosen is a part of the system all the same.
    workspace.binary("worker", "", "#[orch::app(id = \"worker\", after = [\"migrate\"])]\nfn main() {}\n");
    let said = workspace.run(&["build", "-p", "migrate", "--tag", &tag, "--cargo-profile", "dev"]).success();
    assert_eq!(said.stdout, format!("{}\n", image.0), "there is one image for both");
    assert_eq!(docker(&["run", "--rm", &image.0]), "hello from");
    assert_eq!(docker(&["run", "--rm", &image.0, "/usr/local/bin/migrate"]), "migrated");
    assert_eq!(image.config()["Healthcheck"]["Test"], serde_json::json!(["NONE"]), "the job has no health");
}

#[test]
fn up_builds_what_is_missing_and_what_it_is_told_to() {
    if !has_engine() {
        return;
    }
    let workspace = Workspace::new("image-up");
    let name = format!("orch-image-up-{}", std::process::id());
    workspace.write("orch.toml", &CONFIGURATION.replace("shop", &name));
    let waits = "#[orch::app(id = \"api\", kind = \"worker\")]\nfn main() { std::thread::sleep(std::time::Duration::from_secs(600)); }\n";
    workspace.binary("api", "", waits);
    let image = Built(format!("{name}-api:0.1.0"));
    let up = |more: &[&str]| workspace.run(&[&["up", "--cargo-profile", "dev"], more].concat());
    assert!(up(&["--dry-run"]).success().stdout.starts_with("cargo orch build --profile local --engine docker"));
    up(&[]).success().says(&[&format!("built `{}` for `api`", image.0)]);
    let first = image.config();
    up(&[]).success().says(&["nothing has changed"]);
    up(&["--build"]).success().says(&[&format!("built `{}`", image.0), "nothing has changed"]);
    assert_eq!(image.config(), first);
    workspace.edit("crates/api/src/main.rs", "from_secs(600)", "from_secs(900)");
    let changed = up(&["--build"]).success();
    assert!(!changed.stderr.contains("nothing has changed"), "{}", changed.stderr);
    workspace.run(&["down", "--volumes", "--yes"]).success();
}

#[test]
fn what_cannot_be_built_or_pushed_is_said_with_the_cure() {
    if !has_engine() {
        return;
    }
    let workspace = workspace("image-mistakes");
    workspace.run(&["build", "--form", "source"]).ends(1).says(&["outside of the workspace", "--form slim"]);
    workspace.run(&["push"]).ends(1).says(&["there is no image `shop-api:0.1.0`", "cargo orch build"]);
    workspace.run(&["build", "-p", "apu"]).ends(2).says(&["no application is in a package `apu`", "`api`"]);
    workspace.run(&["build", "--registry", "https://x"]).ends(2).says(&["is not a registry"]);
    workspace.run(&["build", "--tag", "a b"]).ends(2).says(&["the tag is malformed"]);
    workspace.edit("orch.toml", "debian:bookworm", "orch-no-such-base:1");
    let no_base = workspace.run(&["build", "--cargo-profile", "dev"]).ends(1);
    no_base.says(&["`shop-api:0.1.0` cannot be built", "orch-no-such-base", "`[build]` in `orch.toml`"]);
    workspace.edit("crates/api/src/main.rs", "println!", "no_such_macro!");
    workspace.run(&["build", "--no-compile", "--cargo-profile", "dev"]).ends(5).says(&["no_such_macro"]);
    assert_eq!(std::fs::read_dir(workspace.path(".orch/build")).unwrap().count(), 0);
}

#[test]
fn an_image_that_was_built_reaches_its_registry_or_says_why_not() {
    if !has_engine() {
        return;
    }
    let workspace = workspace("image-push");
    let tag = format!("p{}", std::process::id());
    // Nobody listens on the port for discarding.
    let flags = ["--registry", "localhost:9/acme", "--tag", &tag];
    let _image = Built(format!("localhost:9/acme/shop-api:{tag}"));
    workspace.run(&[&["build", "--cargo-profile", "dev"][..], &flags].concat()).success();
    let refused = workspace.run(&[&["push"][..], &flags].concat()).ends(1);
    refused.says(&["cannot be pushed", "docker login localhost:9"]);
}

#[test]
fn a_dockerfile_compiles_inside_unless_it_is_told_otherwise() {
    let manifest = repository().join("manifest-gen/tests/systems/shop.json");
    let render = |config: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("orch.toml");
        std::fs::write(&path, config).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
        command.args(["render", "--target", "dockerfile", "--stdout", "--manifest"]).arg(&manifest);
        let output = command.arg("--config").arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let inside = render("[build]\nbuilder = \"registry.local/rust:1\"\n");
    assert!(inside.contains("FROM registry.local/rust:1 AS dependencies"), "{inside}");
    assert!(inside.contains("COPY --from=build /target/release/worker /usr/local/bin/worker"), "{inside}");
    let outside = render("[build]\nform = \"slim\"\nbase = \"registry.local/debian:12\"\n");
    assert!(outside.contains("FROM registry.local/debian:12\n"), "{outside}");
    assert!(outside.contains("COPY target/release/worker /usr/local/bin/worker"), "{outside}");
    assert!(outside.contains("\n*\n!target/release/worker\n"), "{outside}");
    assert!(!outside.contains("cargo build"), "{outside}");
}
