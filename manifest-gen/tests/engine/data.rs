//! Folders of the host, tools of an image, and what is seen of secrets.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::json;

use crate::system::{Ran, System, docker, has_engine};

#[test]
fn a_secret_in_a_log_is_hidden_where_the_log_is_shown() {
    if !has_engine() {
        return;
    }
    let system = System::new("masked").service(
        "a",
        "echo \"the token is $TOKEN.\"; exit 3",
        &json!({"env": {"TOKEN": {"secret": "token"}}, "restart": "no"}),
    );
    system.write();
    let ran = system.run(&["up"]).ends(1).says(&["the end of the log of a", "the token is <secret>."]);
    let secret = std::fs::read_to_string(system.path(".orch/secrets/token")).unwrap();
    assert!(!ran.stderr.contains(&secret) && !ran.stdout.contains(&secret));
}

#[test]
fn data_in_folders_of_the_host_goes_only_with_its_volumes() {
    if !has_engine() {
        return;
    }
    let volumes = json!({"volumes": [{"path": "/data", "name": "data"}]});
    let system = System::new("bound").service("store", "echo kept > /data/file; exec sleep 600", &volumes);
    std::fs::write(system.path("orch.toml"), "[profiles.local]\ndata = \"bind\"\n").unwrap();
    system.write();
    system.run(&["up", "--config", "orch.toml"]).ends(0);
    let file = system.path(".orch/data/store/data/file");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "kept\n");
    system.run(&["down"]).ends(0).says(&["its data stays"]);
    assert!(file.exists());
    system.run(&["down", "--volumes"]).ends(2).says(&["add `--yes`"]);
    assert!(file.exists());
    system.run(&["down", "--volumes", "--yes"]).ends(0).says(&["with its data"]);
    assert!(!system.path(".orch/data").exists());
    // What was made beside it is not data.
    assert!(system.path(".orch/local/launch.json").exists());
}

/// An image under `MongoDB`'s name, with shell scripts in the place of its tools.
fn mongo(tag: &str) {
    let tool = |name: &str, script: &str| {
        format!("RUN printf '%s\\n' '#!/bin/sh' '{script}' >/usr/bin/{name} && chmod 755 /usr/bin/{name}\n")
    };
    let file = [
        "FROM debian:bookworm\n".to_owned(),
        tool("mongodump", "echo \"$@\" >&2; cat /data/db/file; test ! -e /data/db/broken"),
        tool("mongorestore", "cat >/data/db/file"),
    ]
    .concat();
    let mut build = Command::new("docker")
        .args(["build", "--quiet", "--tag", tag, "-"])
        .env("DOCKER_BUILDKIT", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut build.stdin.take().unwrap(), file.as_bytes()).unwrap();
    assert!(build.wait().unwrap().success());
}

#[test]
fn mongodb_is_backed_up_by_its_own_tools() {
    if !has_engine() {
        return;
    }
    let tag = format!("mongo:orch-{}", std::process::id());
    mongo(&tag);
    let entry = json!({"image": tag, "kind": "database", "volumes": [{"path": "/data/db", "name": "data"}], "user": "0:0",
        "health": {"check": "none"}, "entrypoint": ["sh", "-c"], "command": ["exec sleep 600"],
        "env": {"MONGO_INITDB_ROOT_USERNAME": "app", "MONGO_INITDB_ROOT_PASSWORD": {"secret": "password"}}});
    let system = System::new("mongo").service("db", "", &entry);
    system.write();
    system.run(&["up"]).ends(0);
    let noise = "head -c 3000000 /dev/urandom >/data/db/file; sha256sum </data/db/file";
    let before = system.run(&["exec", "db", "--", "sh", "-c", noise]).ends(0).stdout;
    let ran = system.run(&["backup", "db", "-o", "one.gz"]).ends(0).says(&["3000000 bytes of `db`"]);
    let secret = std::fs::read_to_string(system.path(".orch/secrets/password")).unwrap();
    assert!(!ran.stderr.contains(&secret), "{}", ran.stderr);
    system.run(&["exec", "db", "--", "sh", "-c", "rm /data/db/file"]).ends(0);
    system.run(&["restore", "db", "one.gz", "--yes"]).ends(0);
    let after = system.run(&["exec", "db", "--", "sh", "-c", "sha256sum </data/db/file"]).ends(0).stdout;
    assert_eq!(before, after);
    system.run(&["exec", "db", "--", "touch", "/data/db/broken"]).ends(0);
    system.run(&["backup", "db", "-o", "two.gz"]).ends(1).says(&["no file was written"]);
    assert!(!system.path("two.gz").exists());
    drop(system);
    docker(&["image", "rm", "--force", &tag]);
}

#[test]
fn a_watched_status_is_shown_again_when_it_changes() {
    if !has_engine() {
        return;
    }
    let system = System::new("watched").service("a", "exec sleep 600", &json!({"restart": "no"}));
    system.write();
    system.run(&["up"]).ends(0);
    let mut child =
        system.command(&["status", "--watch"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("running")));
    docker(&["kill", &format!("{}-a-1", system.project())]);
    assert!(lines.any(|line| line.contains("exited (137)")));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let mut rest = String::new();
    child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    // What is watched is what `status` says without it.
    Ran::of(&mut system.command(&["status"])).ends(1).says(&["a ended with 137"]);
}
