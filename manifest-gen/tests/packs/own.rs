//! `cargo orch targets --new`, `[templates]` of `orch.toml`, and what is said of a mistake in a template.

use std::fs;

use cargo_orch::target::{self, View};

use super::foreign::plan;
use super::{config, orch, render, render_to};

#[test]
fn a_pack_to_start_from_renders_as_the_one_it_was_copied_from() {
    let folder = tempfile::tempdir().unwrap();
    for (name, from) in [("mine", "compose"), ("theirs", "k8s"), ("pile", "swarm")] {
        let output = orch(folder.path(), &["targets", "--new", name, "--from", from, "--templates", "packs"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let more = ["--templates", "packs"];
        let said = |target: &str| format!("cargo orch render --target {target} ");
        let mut copied = render(folder.path(), "shop", &config("shop"), name, &more);
        for text in copied.values_mut() {
            assert!(text.contains(&said(name)), "the first line names the command that made it: {text}");
            *text = text.replace(&said(name), &said(from));
        }
        assert_eq!(copied, render(folder.path(), "shop", &config("shop"), from, &more));
    }
}

/// Whoever renders something else does not run it with the commands that run what we render.
#[test]
fn the_notes_of_a_pack_of_ones_own_name_no_command_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    let plan = plan("shop");
    for (name, from, command) in
        [("mine", "compose", "run-job"), ("pile", "swarm", "`docker "), ("theirs", "k8s", "kubectl apply")]
    {
        let output = orch(folder.path(), &["targets", "--new", name, "--from", from, "--templates", "packs"]);
        assert!(output.status.success());
        let packs = target::packs(Some(&folder.path().join("packs"))).unwrap();
        let said = |target: &str| -> Vec<String> {
            let findings = View::new(&plan, target, &packs).unwrap().findings;
            findings.iter().map(|one| format!("{} ({})", one.message, one.help.clone().unwrap_or_default())).collect()
        };
        let (ours, own) = (said(from), said(name));
        assert_eq!(ours.len(), own.len());
        assert!(ours.iter().any(|text| text.contains(command)), "{from}: {ours:?}");
        assert!(!own.iter().any(|text| text.contains(command)), "{name}: {own:?}");
    }
}

/// Who mends one pack can go on with another, and is told what is broken.
#[test]
fn a_broken_pack_is_in_nobody_elses_way() {
    let folder = tempfile::tempdir().unwrap();
    let broken = [("empty", None), ("Capital", None), ("mistake", Some("descripton = \"x\""))];
    for (name, text) in broken {
        let pack = folder.path().join("packs").join(name);
        fs::create_dir_all(&pack).unwrap();
        if let Some(text) = text {
            fs::write(pack.join("pack.toml"), text).unwrap();
        }
    }
    fs::create_dir(folder.path().join("packs/binary")).unwrap();
    fs::write(folder.path().join("packs/binary/logo.png"), [0xff, 0xd8]).unwrap();
    let new = |arguments: &[&str]| orch(folder.path(), &[&["targets", "--templates", "packs"], arguments].concat());
    let output = new(&["--new", "mine"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let output = new(&["--new", "other", "--from", "mistake"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && said.contains("descripton"), "{said}");
    assert!(!folder.path().join("packs/other").exists());
    let output = new(&[]);
    assert_eq!(output.status.code(), Some(1));
    let (list, said) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(list.lines().any(|line| line.starts_with("mine ")), "{list}");
    for part in ["empty", "Capital", "descripton", "logo.png"] {
        assert!(said.contains(part) && !list.contains(part), "{part}: {said}");
    }
    // What is rendered is not: a folder named by a slip of the pen would be an override that nobody renders.
    let output = render_to(
        folder.path(),
        "shop",
        &config("shop"),
        "mine",
        &folder.path().join("out"),
        &["--templates", "packs"],
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn nothing_that_is_there_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let make = || orch(folder.path(), &["targets", "--new", "mine", "--templates", "packs"]);
    fs::create_dir_all(folder.path().join("packs/mine")).unwrap();
    fs::write(
        folder.path().join("packs/mine/pack.toml"),
        "description = \"mine\"\n[[file]]\ntemplate = \"a.j2\"\npath = \"a\"\n",
    )
    .unwrap();
    let output = make();
    assert_eq!(output.status.code(), Some(6));
    assert!(String::from_utf8_lossy(&output.stderr).contains("is there already"));
    assert_eq!(fs::read_dir(folder.path().join("packs/mine")).unwrap().count(), 1);
    fs::remove_dir_all(folder.path().join("packs/mine")).unwrap();
    fs::create_dir(folder.path().join("packs/mine")).unwrap();
    assert!(!make().status.success());
    fs::remove_dir(folder.path().join("packs/mine")).unwrap();
    let names = ["../mine", "Mine", "", "a b", "/tmp/x"];
    for name in names {
        let output = orch(folder.path(), &["targets", "--new", name, "--templates", "packs"]);
        assert_eq!(output.status.code(), Some(2), "{name}");
    }
    assert_eq!(fs::read_dir(folder.path().join("packs")).unwrap().count(), 0);
}

#[test]
fn orch_toml_names_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("orch.toml");
    fs::write(&file, "[system]\nname = \"shop\"\n\n[templates]\ndir = \"deploy/templates\"\n").unwrap();
    let out = folder.path().join("out");
    let output = render_to(folder.path(), "shop", &file, "mine", &out, &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("orch.toml:5:7: there is no folder `deploy/templates`"), "{said}");
    let output = orch(folder.path(), &["targets", "--new", "mine"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(folder.path().join("deploy/templates/mine/pack.toml").is_file());
    assert!(render(folder.path(), "shop", &file, "mine", &[]).contains_key("compose.yaml"));
    let list = String::from_utf8(orch(folder.path(), &["targets"]).stdout).unwrap();
    assert!(list.lines().any(|line| line.starts_with("mine ") && line.ends_with("(own)")), "{list}");
}

#[test]
fn without_a_folder_it_is_said_where_to_name_one() {
    let folder = tempfile::tempdir().unwrap();
    let output = orch(folder.path(), &["targets", "--new", "mine"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`dir = \"deploy/templates\"` under `[templates]`"));
}

#[test]
fn an_undefined_value_is_named_with_its_template_and_line() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("packs/mine");
    fs::create_dir_all(&pack).unwrap();
    let spec = "description = \"d\"\nview = \"compose\"\n[[file]]\ntemplate = \"a.yaml.j2\"\npath = \"a.yaml\"\n";
    fs::write(pack.join("pack.toml"), spec).unwrap();
    fs::write(pack.join("a.yaml.j2"), "name: {{ name }}\n\nimage: {{ servicse }}\n").unwrap();
    let out = folder.path().join("out");
    let output = render_to(folder.path(), "shop", &config("shop"), "mine", &out, &["--templates", "packs"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["a.yaml.j2", "3", "servicse", "services"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!out.exists());
}

/// Nobody mends one line to be told of the next.
#[test]
fn an_unknown_view_is_said_with_whatever_else_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let pack = folder.path().join("packs/mine");
    fs::create_dir_all(&pack).unwrap();
    let spec = "description = \"d\"\nview = \"compoze\"\n[[file]]\ntemplate = \"a.j2\"\npth = \"a\"\n";
    fs::write(pack.join("pack.toml"), spec).unwrap();
    let output = orch(folder.path(), &["targets", "--templates", "packs"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in ["there is no view `compoze`", "did you mean `compose`?", "2 | view", "has no key `pth`", "5 | pth"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}
