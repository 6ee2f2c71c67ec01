//! A build script renders the system while cargo is building, and cargo runs it again when it has to.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Ran, Workspace, depending, on, repository};

/// The library is compiled once, into a target folder that the tests share. To cargo, packages at the same
/// place in two workspaces are the same, so the tests take turns, also when each runs in a process of its own.
fn turn() -> File {
    let turn = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-script.lock")).unwrap();
    turn.lock().unwrap();
    turn
}

/// How long a build may take, the first with everything that is to be compiled for it.
const LIMIT: Duration = Duration::from_mins(15);

/// A system of two applications, of which `api` has this build script and prints what it rendered.
fn workspace(name: &str, script: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.adapter("database").adapter("search").app("worker", &["database"]);
    let library = repository().join("manifest-gen");
    let manifest = format!(
        "[features]\nsearch = [\"dep:search\"]\n{}[dependencies.search]\npath = \"../search\"\noptional = true\n\
        [build-dependencies]\ncargo-orch = {{ path = {:?}, default-features = false }}\n",
        depending(&on(&["database"])),
        library.display().to_string()
    );
    let main =
        "#[orch::app]\nfn main() {\n    print!(\"{}\", std::fs::read_to_string(env!(\"RENDERED\")).unwrap());\n}\n";
    workspace.package("crates/api", &manifest, "src/main.rs", main);
    workspace.write("crates/api/build.rs", script);
    workspace
}

const SCRIPT: &str = "fn main() -> Result<(), cargo_orch::build::Error> {
    let report = cargo_orch::build::render(\"compose\")?;
    println!(\"cargo::rustc-env=RENDERED={}\", report.files[0].display());
    Ok(())
}
";

/// Ends a command that waits for something that will not happen.
fn finish(command: &mut Command) -> Ran {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let stdout = std::thread::spawn(move || std::io::read_to_string(&mut stdout).unwrap());
    let stderr = std::thread::spawn(move || std::io::read_to_string(&mut stderr).unwrap());
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill().unwrap();
            panic!("{command:?} has not ended");
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    Ran { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Ran {
    cargo_with(workspace, arguments, &[])
}

fn cargo_with(workspace: &Workspace, arguments: &[&str], environment: &[(&str, &str)]) -> Ran {
    let target = concat!(env!("CARGO_TARGET_TMPDIR"), "/build-script-target");
    let mut command = workspace.cargo();
    finish(command.args(arguments).envs(environment.iter().copied()).env("CARGO_TARGET_DIR", target))
}

/// What the build script rendered, as the program prints it.
fn rendered(workspace: &Workspace, flags: &[&str]) -> String {
    cargo(workspace, &[&["run", "-p", "api"], flags].concat()).success().stdout
}

#[test]
fn a_build_renders_and_is_fresh_until_something_changes() {
    let _turn = turn();
    let workspace = workspace("build-script", SCRIPT);
    let read = |flags: &[&str]| {
        workspace.run(&[&["render", "-t", "compose", "--stdout", "--no-compile"], flags].concat()).success().stdout
    };
    assert_eq!(rendered(&workspace, &[]), read(&[]));
    cargo(&workspace, &["build", "-p", "api", "-v"]).success().says(&["Fresh api v0.1.0"]);

    workspace.edit("crates/database/src/lib.rs", "x:1", "x:2");
    let text = rendered(&workspace, &[]);
    assert!(text.contains("x:2"), "{text}");
    assert_eq!(text, read(&[]));

    workspace.edit("orch.toml", "name = \"shop\"", "name = \"store\"");
    assert!(rendered(&workspace, &[]).contains("store"));

    // A folder of the catalog is asked for, and what is written into it.
    workspace.write("pages/x.toml", "images = [\"x\"]\nservice = { grace = \"7s\" }\n");
    workspace.edit("orch.toml", "[system]", "[catalog]\ndir = \"pages\"\n\n[system]");
    assert!(rendered(&workspace, &[]).contains("stop_grace_period: 7s"));
    workspace.edit("pages/x.toml", "7s", "9s");
    assert!(rendered(&workspace, &[]).contains("stop_grace_period: 9s"));

    // Its own features, with which the other application has nothing to do.
    let text = rendered(&workspace, &["--features", "search"]);
    assert!(text.contains("search"), "{text}");
    assert_eq!(text, read(&["--features", "search"]));
    assert!(!rendered(&workspace, &[]).contains("search"));

    let prod = cargo_with(&workspace, &["run", "-p", "api"], &[("ORCH_PROFILE", "prod")]).success().stdout;
    assert_eq!(prod, read(&["--profile", "prod"]));
    assert_ne!(prod, read(&[]));
}

#[test]
fn what_is_asked_for() {
    let _turn = turn();
    let script = "fn main() {
    let render = cargo_orch::build::Render::new(\"compose\").profile(\"ci\").package(\"api\").out_dir(\"made/here\");
    let report = render.run().unwrap();
    println!(\"cargo::rustc-env=RENDERED={}\", report.files[0].display());
}
";
    let workspace = workspace("build-script-options", script);
    let text = rendered(&workspace, &[]);
    assert_eq!(text, workspace.read("crates/api/made/here/compose.yaml"));
    let flags = ["render", "-t", "compose", "--stdout", "--no-compile", "-p", "api", "--profile", "ci"];
    assert_eq!(text, workspace.run(&flags).success().stdout);
    cargo(&workspace, &["build", "-p", "api", "-v"]).success().says(&["Fresh api v0.1.0"]);
}

#[test]
fn what_orch_toml_says_about_a_target_holds() {
    let _turn = turn();
    let workspace = workspace("build-script-target", &SCRIPT.replace("compose", "k8s"));
    workspace.edit("orch.toml", "[system]", "[targets.k8s]\nnamespace = \"elsewhere\"\n[system]");
    let text = rendered(&workspace, &[]);
    assert!(text.contains("namespace: elsewhere"), "{text}");
}

#[test]
fn what_is_wrong_fails_the_build() {
    let _turn = turn();
    let workspace = workspace("build-script-wrong", SCRIPT);
    workspace.edit("crates/database/src/lib.rs", "image = ", "consumes = [\"nobody\"], image = ");
    cargo(&workspace, &["build", "-p", "api"]).ends(101).says(&[
        "the system cannot be rendered",
        "error[unresolved-token]",
        "--> crates/database/src/lib.rs:1",
        "help: ",
    ]);
    workspace.edit("crates/database/src/lib.rs", "consumes = [\"nobody\"], ", "");
    workspace.edit("crates/database/src/lib.rs", "x:1", "x");
    cargo(&workspace, &["build", "-p", "api"]).success().says(&["orch[floating-image]", "database src/lib.rs:1"]);
    workspace.edit("crates/api/build.rs", "render(\"compose\")", "Render::new(\"compose\").strict(true).run()");
    cargo(&workspace, &["build", "-p", "api"]).ends(101).says(&["error[floating-image]"]);
}
