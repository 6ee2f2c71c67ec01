//! `cargo orch catalog`.

use std::process::{Command, Output};

use serde_json::Value;

fn catalog(arguments: &[&str], configuration: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("orch.toml"), configuration).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command.args(["orch", "catalog"]).args(arguments).current_dir(folder.path()).output().unwrap()
}

fn text(arguments: &[&str]) -> String {
    let output = catalog(arguments, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn all_are_listed() {
    let list = text(&[]);
    assert!(list.lines().count() > 50, "{list}");
    let line = list.lines().find(|line| line.starts_with("pgvector/pgvector ")).unwrap();
    assert!(line.contains(" database ") && line.ends_with(" pgvector"), "{line}");
    let all: Value = serde_json::from_str(&text(&["--json"])).unwrap();
    assert_eq!(all.as_object().unwrap().len(), list.lines().count());
}

#[test]
fn one_is_shown_in_full_for_its_tag() {
    let shown = text(&["postgres:16-alpine"]);
    for part in [
        "PostgreSQL (postgres:16-alpine), from postgres.toml",
        "port        5432/tcp (postgres)",
        "volume      /var/lib/postgresql/data, kept, 10Gi",
        "user        70:70",
        "env         POSTGRES_PASSWORD=<secret ID-password>",
        "app_env     DATABASE_URL=postgres://{user}:{password}@{host}:{port}/{database}",
        "dump        *.sql",
        "source      https://hub.docker.com/_/postgres",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let entry: Value = serde_json::from_str(&text(&["postgres:18", "--json"])).unwrap();
    assert_eq!(entry["service"]["volumes"][0]["path"], "/var/lib/postgresql");
    assert_eq!(entry["client"][0], "sh");
}

#[test]
fn images_of_orch_toml_are_known_too() {
    let output = catalog(&["acme/pg:16"], "[catalog.\"acme/pg\"]\nlike = \"postgres\"\nname = \"Ours\"");
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(
        shown.starts_with("Ours (acme/pg:16), from postgres.toml, orch.toml") && shown.contains("5432/tcp"),
        "{shown}"
    );
}

#[test]
fn one_that_is_not_known_is_a_mistake_of_the_command_line() {
    let output = catalog(&["postgers:16"], "");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("does not know the image `postgers`") && said.contains("did you mean `postgres`?"), "{said}");
}
