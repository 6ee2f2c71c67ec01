//! Ports of the host that somebody else has.

use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::{Value, json};

use crate::system::{IMAGE, Ran, System, containers, has_engine};

/// A system whose store wants this port of the host, and an application that is told where the store is.
fn system(name: &str, port: u16) -> System {
    let store = json!({
        "ports": [{"number": 4000, "name": "line", "hostPort": port}],
        "appEnv": {"STORE_URL": "line://{host}:{port}/x", "STORE_ADDRESS": "{host}:{port:line}"},
    });
    let system = System::new(name).service("store", "exec sleep 600", &store).app(
        "web",
        "exec sleep 600",
        &json!({"kind": "worker", "services": ["store"], "consumes": ["store"]}),
    );
    system.write();
    system
}

fn endpoint(status: &Value) -> &Value {
    &status["services"][0]["endpoints"][0]
}

#[test]
fn another_port_is_taken_and_kept() {
    if !has_engine() {
        return;
    }
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let system = system("avoid", port);
    system.run(&["up"]).ends(0).says(&[&format!("port {port} (from the attribute) is taken: `store` has ")]);
    let status = system.status();
    let assigned = endpoint(&status)["port"].as_u64().unwrap();
    assert!(assigned != u64::from(port));
    assert_eq!(endpoint(&status)["source"], "attribute");
    drop(stranger);
    let before = containers(&system.project());
    system.run(&["up"]).ends(0);
    assert_eq!(containers(&system.project()), before, "it moved back");
    system.run(&["down"]).ends(0);
    system.run(&["up"]).ends(0);
    assert_eq!(endpoint(&system.status())["port"].as_u64(), Some(assigned));
    let ran = system.run(&["up", "--port", "web=1"]).ends(2);
    ran.says(&["`--port web=1` names nothing that is published"]);
}

#[test]
fn somebody_may_be_faster() {
    if !has_engine() {
        return;
    }
    // Whoever listens nowhere and still has the port: another engine's container, by the time that it is started.
    let port = 24_767;
    let system = system("faster", port);
    let docker = String::from_utf8(Command::new("which").arg("docker").output().unwrap().stdout).unwrap();
    let (docker, stranger) = (docker.trim(), format!("{}-stranger", system.name()));
    let first = format!("{docker} run --rm --detach --name {stranger} --publish 127.0.0.1:{port}:1 {IMAGE} sleep 60");
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' up '*) mkdir \"$0.once\" 2>/dev/null && {first} >&2;; esac\nexec {docker} \"$@\"\n"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("docker"), script).unwrap();
    std::fs::set_permissions(folder.path().join("docker"), Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let ran = Ran::of(system.command(&["up"]).env("PATH", path));
    Command::new(docker).args(["rm", "--force", &stranger]).output().unwrap();
    ran.ends(0).says(&["somebody was faster", &format!("port {port} (from the attribute) is taken")]);
    assert!(endpoint(&system.status())["port"].as_u64().unwrap() > u64::from(port));
}

#[test]
fn or_nothing_is_started() {
    if !has_engine() {
        return;
    }
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let system = system("fail", port);
    system.run(&["up", "--conflicts", "fail"]).ends(1).says(&[
        &format!("somebody else has port {port} of 127.0.0.1 for `store` (from the attribute)"),
        "--port store=N",
    ]);
    assert_eq!(containers(&system.project()), [""; 0]);
}

#[test]
fn or_the_stranger_is_used_where_containers_reach_it() {
    if !has_engine() {
        return;
    }
    let loopback = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = loopback.local_addr().unwrap().port();
    let system = system("skip", port);
    let ran = system.run(&["up", "--conflicts", "skip"]).ends(1);
    ran.says(&[&format!("whoever listens on port {port} of the host cannot be reached from a container")]);
    assert_eq!(containers(&system.project()), [""; 0]);
    drop(loopback);

    let stranger = TcpListener::bind(("0.0.0.0", port)).unwrap();
    let answer = std::thread::spawn(move || {
        use std::io::Write;
        loop {
            let (mut client, from) = stranger.accept().unwrap();
            // The probe of the command itself is not the one that counts.
            if client.write_all(b"the stranger\n").is_ok() && !from.ip().is_loopback() {
                drop(client);
            }
        }
    });
    let ran = system.run(&["up", "--conflicts", "skip"]).ends(0);
    ran.says(&["`store` is left out, and whoever has it is used in its place"]);
    assert_eq!(containers(&system.project()).len(), 1);
    let told = system.run(&["exec", "web", "--", "sh", "-c", "echo $STORE_URL $STORE_ADDRESS"]).ends(0);
    assert_eq!(told.stdout.trim(), format!("line://host.docker.internal:{port}/x host.docker.internal:{port}"));
    let script = "exec 3<>/dev/tcp/host.docker.internal/$0 && head -n 1 <&3";
    let heard = system.run(&["exec", "web", "--", "bash", "-c", script, &port.to_string()]).ends(0);
    assert_eq!(heard.stdout.trim(), "the stranger");
    let status = system.status();
    assert_eq!((&status["ready"], &status["skipped"]), (&json!(true), &json!([{"id": "store", "port": port}])));
    drop(answer);
}

#[test]
fn what_is_internal_elsewhere_is_published_on_demand() {
    if !has_engine() {
        return;
    }
    let listen = "exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 4000, Listen => 5) or die; \
        while ($c = $s->accept) { print $c \"inside\\n\"; close $c }'";
    let system = System::new("expose").service("store", listen, &json!({"ports": [{"number": 4000}]}));
    system.write();
    system.run(&["up", "--profile", "ci"]).ends(0);
    let endpoints = |ran: Ran| serde_json::from_str::<Value>(&ran.stdout).unwrap()["services"][0]["endpoints"].clone();
    assert_eq!(endpoints(system.run(&["up", "--profile", "ci", "--json"]).ends(0)), json!([]));
    let shown = endpoints(system.run(&["up", "--profile", "ci", "--json", "--expose-internals"]).ends(0));
    let port = u16::try_from(shown[0]["port"].as_u64().unwrap()).unwrap();
    let mut said = String::new();
    std::io::Read::read_to_string(&mut std::net::TcpStream::connect(("127.0.0.1", port)).unwrap(), &mut said).unwrap();
    assert_eq!(said, "inside\n");
    system.run(&["down", "--profile", "ci", "--volumes", "--yes"]).ends(0);
}

#[test]
fn a_port_that_is_not_published_is_reached_for_a_while() {
    if !has_engine() {
        return;
    }
    let listen = "exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 4000, Listen => 5) or die; \
        while ($c = $s->accept) { print $c scalar <$c>; close $c }'";
    let system = System::new("forward").service("store", listen, &json!({"ports": [{"number": 4000}]}));
    system.write();
    system.run(&["up", "--profile", "ci"]).ends(0);
    let mut command = system.command(&["port-forward", "store", "0:4000", "--profile", "ci"]);
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut said = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut said, &mut line).unwrap();
    let address = line.split(' ').next().unwrap();
    for _ in 0..2 {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        std::io::Write::write_all(&mut stream, b"echoed\n").unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        assert_eq!(answer, "echoed\n");
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let ran = system.run(&["port-forward", "store", "4001", "--profile", "ci"]).ends(1);
    ran.says(&["nobody answers on port 4001 of `store`"]);
    system.run(&["down", "--profile", "ci"]).ends(0);
}
