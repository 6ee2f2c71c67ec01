//! Bad input: the exit code, what is said, and that nothing is written.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Ran, Workspace, service};

const APP: &str = "#[orch::app(port = 8080)]\nfn main() {}\n";

/// One application on one service, whose manifest is also in a file.
fn workspace(name: &str) -> Workspace {
    let workspace = Workspace::new(name);
    workspace.adapter("pg").binary("api", &crate::support::on(&["pg"]), APP);
    workspace
}

/// A folder with a manifest, for what needs neither cargo nor sources.
fn with_manifest(name: &str) -> Workspace {
    let folder = Workspace::bare(name);
    let workload = "\"kind\": \"other\", \"image\": \"x:1\", \"declaredBy\": {\"package\": \"pg\", \"file\": \"src/lib.rs\", \"item\": \"Pg\"}";
    folder.write(
        "manifest.json",
        &format!("{{\"schemaVersion\": 1, \"system\": \"shop\", \"services\": [{{\"id\": \"pg\", {workload}}}]}}\n"),
    );
    folder
}

/// The files of a folder, but for those of cargo.
fn files(workspace: &Workspace) -> Vec<String> {
    let entries = std::fs::read_dir(workspace.root()).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|name| !["Cargo.lock", "Cargo.toml", "crates", "orch.toml"].contains(&name.as_str()));
    names.sort();
    names
}

const RENDER: [&str; 5] = ["render", "-t", "compose", "--manifest", "manifest.json"];

#[test]
fn a_workspace_without_an_application_is_told_how_to_have_one() {
    let workspace = Workspace::new("input-no-app");
    workspace.package("crates/tool", "", "src/main.rs", "fn main() {}\n");
    let ran = workspace.run(&["manifest", "-o", "out.json"]).ends(1).says(&[
        "no binary of the workspace depends on `orch-runtime`",
        "orch = { package = \"orch-runtime\", version = ",
        "#[orch::app]",
    ]);
    assert_eq!((ran.stdout.as_str(), files(&workspace)), ("", vec![]));
}

#[test]
fn a_workspace_that_declares_nothing_is_told_what_to_write() {
    let workspace = Workspace::new("input-no-fragment");
    workspace.binary("tool", "", "fn main() {}\n");
    let ran = workspace.run(&["manifest", "-o", "out.json"]).ends(1);
    let ran = ran.says(&["error[nothing-declared]", "write `#[orch::app]` on a `main`", "#[orch::service(…)]"]);
    assert_eq!((ran.stdout.as_str(), files(&workspace)), ("", vec![]));
}

#[test]
fn services_without_an_application_are_noted() {
    let workspace = Workspace::new("input-undeclared-app");
    workspace.adapter("pg").binary("tool", &crate::support::on(&["pg"]), "fn main() {}\n");
    workspace.run(&["manifest"]).success().says(&["note[undeclared-app]: the package `tool` uses services"]);
}

#[test]
fn names_that_do_not_exist_are_wrong_usage() {
    let workspace = workspace("input-names");
    let check = |arguments: &[&str], parts: &[&str]| {
        let ran = workspace.run(arguments).ends(2).says(parts);
        assert_eq!((ran.stdout.as_str(), files(&workspace)), ("", vec![]), "{arguments:?}");
    };
    check(&["manifest", "-p", "apii"], &["the workspace has no package `apii`", "did you mean `api`?"]);
    check(&["render", "-t", "composse"], &["composse", "`compose`"]);
    check(&["render", "-t", "compose", "--profile", "lokal"], &["lokal", "did you mean `local`?"]);
    check(&["why", "pgg"], &["the system has no `pgg`", "did you mean `pg`?"]);
    check(&["explain", "duplicate-idd"], &["there is no finding `duplicate-idd`", "did you mean `duplicate-id`?"]);
    check(&["explain", "nope"], &["there is no finding `nope`"]);
    check(&["manifest", "--features-all"], &["unexpected argument '--features-all'"]);
    check(&["manifesto"], &["unrecognized subcommand 'manifesto'"]);
    check(&["render"], &["--target <TARGET>"]);
    check(&["manifest", "--check"], &["--output <FILE>"]);
}

#[test]
fn a_namespace_of_the_command_line_wins_and_has_to_be_one() {
    let workspace = workspace("input-namespace");
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n[targets.k8s]\nnamespace = \"configured\"\n");
    let render = ["render", "-t", "k8s", "--stdout", "--namespace"];
    let text = workspace.run(&[&render[..], &["given"]].concat()).success().stdout;
    assert!(text.contains("namespace: given") && !text.contains("configured"), "{text}");
    workspace.run(&[&render[..], &["No Name"]].concat()).ends(2).says(&["`No Name` is no name in Kubernetes"]);
}

#[test]
fn a_value_is_traced_to_all_that_say_something_about_it() {
    let workspace = workspace("input-why");
    let config = "[system]\nname = \"shop\"\n\n[apps.api]\nreplicas = 2\n\n[profiles.prod.apps.api]\nreplicas = 3\n";
    workspace.write("orch.toml", config);
    let why = |profile: &str| workspace.run(&["why", "api.replicas", "--profile", profile]).success().stdout;
    assert_eq!(why("prod"), "3 from orch.toml line 8, over 2 from orch.toml line 5, over the default 1\n");
    let local = "1 since the profile `local` runs one of each, over 2 from orch.toml line 5, over the default 1\n";
    assert_eq!(why("local"), local);
}

/// A page of one's own is named with its line, over the page that is built in, over what is planned without either.
#[test]
fn a_value_is_traced_to_the_pages_of_the_catalog() {
    let workspace = workspace("input-why-pages");
    workspace.edit("crates/pg/src/lib.rs", "x:1", "postgres:16");
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n\n[catalog]\ndir = \"pages\"\n");
    workspace.write("pages/pg.toml", "images = [\"postgres\"]\n\n[service]\ngrace = \"9s\"\n");
    let why = |what: &str| workspace.run(&["why", what, "--no-compile"]).success().stdout;
    let grace =
        "`9s` from the catalog (pages/pg.toml:4), over `1m` from the catalog (postgres.toml), over the default `10s`\n";
    assert_eq!(why("pg.grace"), grace);
    assert_eq!(why("pg.env.POSTGRES_DB"), "`app` from the catalog (postgres.toml)\n");
}

#[test]
fn a_volume_of_another_size_is_said_before_anything_is_written() {
    let workspace = Workspace::new("input-size");
    let volume = ", user = \"1:1\", volume(\"/d\", name = \"data\", size = \"1Gi\")";
    workspace.library("pg", "", &crate::support::service("pg", volume)).app("api", &["pg"]);
    let render = ["render", "-t", "k8s", "--profile", "prod"];
    workspace.run(&render).success();
    workspace.edit("crates/pg/src/lib.rs", "1Gi", "2Gi");
    let said = ["immutable-change", "from `1Gi` to `2Gi`", "--cascade=orphan"];
    let before = workspace.read("deploy/k8s/prod/pg/stateful-set.yaml");
    workspace.run(&[&render[..], &["--strict"]].concat()).ends(1).says(&said);
    assert_eq!(workspace.read("deploy/k8s/prod/pg/stateful-set.yaml"), before);
    workspace.run(&["diff", "-t", "k8s", "--profile", "prod", "--against", "deploy/k8s/prod"]).success().says(&said);
    workspace.run(&render).success().says(&said);
    assert_ne!(workspace.read("deploy/k8s/prod/pg/stateful-set.yaml"), before);
    let again = workspace.run(&render).success();
    assert!(!again.stderr.contains("immutable-change"), "{}", again.stderr);
}

#[test]
fn notes_are_counted_and_shown_to_who_asks() {
    let workspace = workspace("input-notes");
    let render = ["render", "-t", "swarm", "--stdout"];
    let counted = workspace.run(&render).success().stderr;
    assert!(counted.contains("`--notes` shows") && !counted.contains("note["), "{counted}");
    let shown = workspace.run(&[&render[..], &["--notes"]].concat()).success().stderr;
    assert!(shown.contains("note[nature-of-target]") && !shown.contains("`--notes`"), "{shown}");
}

#[test]
fn a_system_without_a_name_is_said_before_anything_is_compiled() {
    let workspace = workspace("input-no-name");
    workspace.app("worker", &["pg"]).write("orch.toml", "");
    workspace.edit("crates/pg/src/lib.rs", "pub struct", "this does not compile; pub struct");
    for arguments in [&["manifest"][..], &["manifest", "--no-compile"]] {
        workspace.run(arguments).ends(1).says(&["the system has no name", "`[system]` and `name = \"…\"`"]);
    }
    // One application lends its name, chosen in either way that cargo knows.
    workspace.edit("crates/pg/src/lib.rs", "this does not compile; ", "");
    assert_eq!(workspace.manifest(&["-p", "api"]).system.as_str(), "api");
    assert_eq!(workspace.manifest(&["-p", "api@0.1.0"]).system.as_str(), "api");
    assert_eq!(workspace.manifest(&["-p", "api", "-p", "api@0.1.0"]).apps.len(), 1);
    workspace.run(&["manifest", "-p", "api@9.0.0"]).ends(2).says(&["the workspace has no package `api@9.0.0`"]);
}

#[test]
fn a_cargo_that_is_missing_is_said() {
    let workspace = workspace("input-no-cargo");
    let output = workspace.orch(&["manifest"]).env("CARGO", "/nonexistent/cargo").output().unwrap();
    Ran::from(output).ends(3).says(&["cannot run `/nonexistent/cargo`", "set `CARGO` to the path of cargo"]);
}

#[test]
fn a_folder_without_a_workspace_is_cargos_to_tell() {
    // Outside of every workspace, this one's own included.
    let folder = tempfile::tempdir().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    let output = command.arg("manifest").current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("could not find `Cargo.toml`"));
}

#[test]
fn a_configuration_that_is_malformed_is_shown_with_its_line() {
    let workspace = workspace("input-config");
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n\n[services.pg]\nreplicas = = 2\n");
    workspace.run(&["manifest"]).ends(1).says(&["orch.toml", "5"]);
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n\n[servces.pg]\nreplicas = 2\n");
    workspace.run(&["manifest"]).ends(1).says(&["orch.toml:4", "servces", "services"]);
}

#[test]
fn a_manifest_of_another_version_is_refused_with_both_numbers() {
    let folder = with_manifest("input-version");
    folder.edit("manifest.json", "\"schemaVersion\": 1", "\"schemaVersion\": 7");
    let parts = ["schema version 7", "schema version 1", "use a newer cargo-orch"];
    folder.run(&RENDER).ends(1).says(&parts);
    assert_eq!(files(&folder), ["manifest.json"]);
}

#[test]
fn a_manifest_that_cannot_be_read_is_refused() {
    let folder = with_manifest("input-corrupt");
    let text = folder.read("manifest.json");
    for (bytes, code, part) in [
        (&text.as_bytes()[..text.len() / 2], 1, "line 1 column"),
        (b"not JSON", 1, "line 1 column"),
        (b"", 1, "the manifest cannot be read"),
        (b"[]", 1, "the manifest cannot be read"),
        (b"\x00\xff\xfe", 6, "cannot read `manifest.json`"),
    ] {
        std::fs::write(folder.path("manifest.json"), bytes).unwrap();
        let ran = folder.run(&RENDER).ends(code).says(&[part]);
        assert_eq!((ran.stdout.as_str(), files(&folder)), ("", vec!["manifest.json".to_owned()]));
    }
    std::fs::remove_file(folder.path("manifest.json")).unwrap();
    folder.run(&RENDER).ends(6).says(&["cannot read `manifest.json`", "No such file"]);
    std::fs::create_dir(folder.path("manifest.json")).unwrap();
    folder.run(&RENDER).ends(6).says(&["cannot read `manifest.json`", "Is a directory"]);
}

#[test]
fn ids_that_are_twice_in_a_manifest_are_refused() {
    let folder = with_manifest("input-twice");
    let mut manifest: Value = serde_json::from_str(&folder.read("manifest.json")).unwrap();
    let first = manifest["services"][0].clone();
    manifest["services"].as_array_mut().unwrap().push(first);
    folder.write("manifest.json", &manifest.to_string());
    folder.run(&RENDER).ends(1).says(&["the manifest contradicts itself", "`pg`"]);
    assert_eq!(files(&folder), ["manifest.json"]);
}

#[test]
fn an_output_that_cannot_be_written_is_said() {
    let workspace = workspace("input-unwritable");
    workspace.write("file", "");
    workspace.run(&["manifest", "-o", "file/manifest.json"]).ends(6).says(&["`file` is not a folder"]);
    let folder = with_manifest("input-unwritable-folder");
    folder.write("file", "");
    let arguments: Vec<&str> = RENDER.iter().chain(&["-o", "file/deploy"]).copied().collect();
    folder.run(&arguments).ends(6).says(&["file"]);
    let arguments: Vec<&str> = RENDER.iter().chain(&["-o", "file"]).copied().collect();
    folder.run(&arguments).ends(6).says(&["`file` is not a folder", "render into another folder"]);
    assert_eq!(folder.read("file"), "");
}

#[test]
fn a_file_of_somebody_else_is_not_overwritten() {
    let folder = with_manifest("input-foreign");
    folder.write("deploy/compose.yaml", "services: {}\n");
    let arguments: Vec<&str> = RENDER.iter().chain(&["-o", "deploy"]).copied().collect();
    // The folder is as it was, which is for the file system's exit code.
    folder.run(&arguments).ends(6).says(&["not written by `cargo orch`", "`compose.yaml`", "`--force`"]);
    assert_eq!(folder.read("deploy/compose.yaml"), "services: {}\n");
    assert_eq!(std::fs::read_dir(folder.path("deploy")).unwrap().count(), 1);
}

#[test]
fn a_check_shows_the_difference_and_writes_nothing() {
    let workspace = workspace("input-check");
    let ran = workspace.run(&["manifest", "-o", "m.json", "--check"]).ends(1).says(&["`m.json` is out of date"]);
    assert!(ran.stdout.contains("+  \"system\": \"shop\""), "{}", ran.stdout);
    assert_eq!(files(&workspace), [""; 0]);
    workspace.run(&["manifest", "-o", "m.json"]).success();
    let before = workspace.read("m.json");
    workspace.run(&["manifest", "-o", "m.json", "--check"]).success();
    workspace.edit("crates/pg/src/lib.rs", "x:1", "x:2");
    let ran = workspace.run(&["manifest", "-o", "m.json", "--check"]).ends(1);
    assert!(ran.stdout.contains("-      \"image\": \"x:1\""), "{}", ran.stdout);
    assert!(ran.stdout.contains("+      \"image\": \"x:2\""), "{}", ran.stdout);
    assert_eq!(workspace.read("m.json"), before);

    let folder = with_manifest("input-check-render");
    let arguments: Vec<&str> = RENDER.iter().chain(&["-o", "deploy", "--check"]).copied().collect();
    let ran = folder.run(&arguments).ends(1).says(&["is out of date"]);
    assert!(ran.stdout.contains("+++ b/compose.yaml"), "{}", ran.stdout);
    assert_eq!(files(&folder), ["manifest.json"]);
}

#[test]
fn a_workspace_with_findings_writes_nothing() {
    let workspace = workspace("input-findings");
    workspace.library("two", "", &service("pg", "")).binary("worker", &crate::support::on(&["two"]), APP);
    workspace.run(&["manifest", "-o", "m.json"]).ends(1).says(&["error[duplicate-id]"]);
    workspace.run(&["render", "-t", "compose", "-o", "deploy"]).ends(1).says(&["error[duplicate-id]"]);
    assert_eq!(files(&workspace), [""; 0]);
}

#[test]
fn every_command_has_help_and_the_first_names_the_exit_codes() {
    let folder = Workspace::bare("input-help");
    let help = folder.run(&["--help"]).success().stdout;
    let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let exits = [
        "0 done",
        "1 findings",
        "2 wrong command line",
        "3 an engine or a tool is missing",
        "4 not ready in time",
        "5 the workspace does not compile",
        "6 input or output failed",
        "130 interrupted",
    ];
    assert!(exits.iter().all(|part| words.contains(part)), "{help}");
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // What goes on in the next line is indented further.
    let commands = commands.filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    let commands: Vec<&str> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.contains(&"manifest") && commands.contains(&"render"), "{commands:?}");
    for command in commands {
        let text = folder.run(&[command, "--help"]).success().stdout;
        assert!(text.contains(&format!("Usage: cargo orch {command}")), "{text}");
    }
}

#[test]
fn cargo_may_name_the_subcommand_first() {
    let folder = Workspace::bare("input-subcommand");
    let (one, two) = (folder.run(&["explain"]).success(), folder.run(&["orch", "explain"]).success());
    assert_eq!(one.stdout, two.stdout);
    assert!(one.stdout.contains("duplicate-id"));
}

#[test]
fn data_is_on_standard_output_and_talk_is_not() {
    let workspace = workspace("input-streams");
    workspace.edit("crates/pg/src/lib.rs", "x:1", "x");
    let ran = workspace.run(&["manifest"]).success().says(&["Checking api", "Finished"]);
    assert_eq!(serde_json::from_str::<Value>(&ran.stdout).unwrap()["system"], "shop");
    let ran = workspace.run(&["render", "-t", "compose", "--stdout"]).says(&["warning[floating-image]"]);
    assert!(!ran.stdout.contains("warning"), "{}", ran.stdout);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = with_manifest("input-closed");
    for arguments in [&["schema"][..], &["completions", "bash"], &["--help"], &["explain"]] {
        let mut child = folder.orch(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        Ran::from(child.wait_with_output().unwrap()).success();
    }
}

#[test]
fn what_is_there_already_is_compared_before_it_is_believed() {
    let workspace = workspace("input-again");
    let render = ["render", "-t", "compose"];
    workspace.run(&render).ends(0).says(&["created"]);
    let path = workspace.path("deploy/compose/local/compose.yaml");
    let text = std::fs::read_to_string(&path).unwrap();
    workspace.run(&render).ends(0).says(&["is up to date"]);
    for change in [&format!("{text}# mine\n"), &text.replace("pg", "gp")] {
        std::fs::write(&path, change).unwrap();
        workspace.run(&["render", "-t", "compose", "--check"]).ends(1).says(&["is out of date"]);
        workspace.run(&render).ends(0).says(&["changed"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        workspace.run(&render).ends(0).says(&["is up to date"]);
    }
    std::fs::remove_file(&path).unwrap();
    workspace.run(&render).ends(0).says(&["created"]);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    workspace.edit("crates/pg/src/lib.rs", "id = \"pg\"", "id = \"pg\", name = \"x\"");
    workspace.edit("crates/pg/src/lib.rs", "image = \"", "image = \"y/");
    workspace.run(&render).ends(0).says(&["changed"]);
    assert_ne!(std::fs::read_to_string(&path).unwrap(), text);
}
