//! `cargo orch graph`.

use std::path::Path;
use std::process::{Command, Output};

use super::systems;

fn draw(arguments: &[&str], folder: &Path) -> Output {
    let manifest = systems().into_iter().find(|file| file.ends_with("shop.json")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command
        .args(["orch", "graph", "--manifest"])
        .arg(&manifest)
        .arg("--config")
        .arg(manifest.with_extension("toml"))
        .args(arguments)
        .current_dir(folder);
    command.env_remove("ORCH_PROFILE").output().unwrap()
}

#[test]
fn each_format_is_what_it_is_called() {
    let folder = tempfile::tempdir().unwrap();
    for (format, begins) in
        [("svg", "<svg "), ("html", "<!DOCTYPE html>"), ("mermaid", "flowchart LR"), ("dot", "digraph \"shop\" {")]
    {
        let output = draw(&["--format", format, "--profile", "prod"], folder.path());
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(text.starts_with(begins) && text.contains("postgres"), "{text}");
    }
}

#[test]
fn a_file_is_written_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.svg");
    assert_eq!(draw(&["-o", "shop.svg", "--check"], folder.path()).status.code(), Some(1));
    assert!(!file.exists());
    assert_eq!(draw(&["-o", "shop.svg"], folder.path()).status.code(), Some(0));
    assert_eq!(draw(&["-o", "shop.svg", "--check"], folder.path()).status.code(), Some(0));
    std::fs::write(&file, "mine").unwrap();
    let output = draw(&["-o", "shop.svg", "--check"], folder.path());
    assert_eq!((output.status.code(), std::fs::read_to_string(&file).unwrap().as_str()), (Some(1), "mine"));
    assert!(String::from_utf8(output.stdout).unwrap().contains("-mine"));
}

#[test]
fn the_profile_is_drawn() {
    let folder = tempfile::tempdir().unwrap();
    let text = |profile| String::from_utf8(draw(&["--profile", profile], folder.path()).stdout).unwrap();
    assert!(text("prod").contains("api ×3") && !text("local").contains("×"));
    assert_eq!(draw(&["--profile", "prodd"], folder.path()).status.code(), Some(2));
}
