//! Several checkouts, systems and profiles beside each other.

use serde_json::json;

use crate::system::{Ran, System, containers, docker, has_engine, volumes};

/// A system that wants a port of the host, which each test has its own of: below those that are given to whoever
/// connects.
fn system(name: &str, port: u16) -> System {
    let store = json!({"volumes": [{"path": "/data", "name": "data"}], "ports": [{"number": 4000, "hostPort": port}]});
    let system = System::new(name).service("store", "exec sleep 600", &store);
    system.write();
    system
}

#[test]
fn a_copy_of_a_checkout_has_containers_data_and_ports_of_its_own() {
    if !has_engine() {
        return;
    }
    let mut system = system("copy", 24_567);
    system.run(&["up"]).ends(0);
    system.run(&["exec", "store", "--", "sh", "-c", "echo first > /data/who"]).ends(0);
    let before = containers(&system.project());
    let other = tempfile::tempdir().unwrap().path().join("copy");
    std::fs::create_dir_all(other.parent().unwrap()).unwrap();
    system.copy(&other);
    let there = |arguments: &[&str]| Ran::of(&mut System::command_in(&other, arguments));
    let second = format!("{}-2", system.project());
    there(&["up"]).ends(0).says(&[&format!("the project is `{second}`"), "port 24567 (from the attribute) is taken"]);
    assert_eq!((containers(&system.project()), containers(&second).len()), (before.clone(), 1));
    there(&["exec", "store", "--", "test", "-e", "/data/who"]).ends(1);
    there(&["down", "--volumes", "--yes"]).ends(0);
    assert_eq!((containers(&second).len(), volumes(&second).len()), (0, 0));
    assert_eq!((containers(&system.project()), volumes(&system.project()).len()), (before, 1));
    let who = system.run(&["exec", "store", "--", "cat", "/data/who"]).ends(0);
    assert_eq!(who.stdout.trim(), "first");

    // The name is its owner's when only data is left of it.
    system.run(&["down"]).ends(0);
    std::fs::remove_dir_all(other.join(".orch")).unwrap();
    there(&["up"]).ends(0).says(&[&format!("the project is `{second}`")]);
}

#[test]
fn a_project_that_somebody_started_by_hand_is_left_alone() {
    if !has_engine() {
        return;
    }
    let system = system("byhand", 24_667);
    let file = system.path("stranger.yaml");
    std::fs::write(
        &file,
        "services: {store: {image: 'debian:bookworm', command: [sleep, '600'], stop_grace_period: 1s}}\n",
    )
    .unwrap();
    let (project, file) = (system.project(), file.display().to_string());
    docker(&["compose", "--project-name", &project, "--file", &file, "up", "--detach"]);
    let before = containers(&project);
    system.run(&["up"]).ends(0).says(&["is another checkout's"]);
    system.run(&["down", "--volumes", "--yes"]).ends(0);
    let after = containers(&project);
    docker(&["compose", "--project-name", &project, "--file", &file, "down"]);
    assert_eq!((before.len(), after), (1, before));
}

#[test]
fn profiles_run_side_by_side() {
    if !has_engine() {
        return;
    }
    let system = System::new("profiles").service("store", "exec sleep 600", &json!({"ports": [{"number": 4000}]}));
    system.write();
    system.run(&["up"]).ends(0);
    system.run(&["up", "--profile", "ci"]).ends(0);
    let local = containers(&system.project());
    system.run(&["down", "--profile", "ci"]).ends(0);
    assert_eq!(containers(&system.project()), local);
    system.run(&["status"]).ends(0);
    system.run(&["status", "--profile", "ci"]).ends(1);
}
