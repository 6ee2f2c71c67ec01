//! From nothing to something that runs, and back.

use serde_json::json;

use crate::system::{System, containers, docker, has_engine, volumes};

/// Listens with what the image has: perl.
const LISTEN: &str = "exec perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalPort => 4000, Listen => 5, \
    ReuseAddr => 1) or die; print STDERR \"listens\\n\"; while ($c = $s->accept) { print $c \"hello\"; close $c }'";

fn shop(name: &str) -> System {
    let checked = json!({
        "ports": [{"number": 4000, "name": "line", "scheme": "tcp"}],
        "health": {"check": {"command": ["perl", "-MIO::Socket::INET", "-e", "IO::Socket::INET->new('127.0.0.1:4000') or exit 1"]},
                   "interval": "1s", "startPeriod": "20s"},
        "volumes": [{"path": "/data", "name": "data"}],
        "env": {"TOKEN": {"secret": "token"}},
        "appEnv": {"STORE": "tcp://:{secret:token}@{host}:{port}"},
    });
    System::new(name)
        .service("store", &format!("echo \"token is ${{#TOKEN}} long\"; {LISTEN}"), &checked)
        .app("job", "echo migrated; test -n \"$STORE\"", &json!({"kind": "job", "services": ["store"]}))
        .app("web", "echo started; exec sleep 600", &json!({"kind": "worker", "services": ["store"], "after": ["job"]}))
}

#[test]
fn everything_comes_up_stays_as_it_is_and_goes() {
    if !has_engine() {
        return;
    }
    let system = shop("loop");
    system.write();
    let project = system.project();
    assert_eq!(system.status()["ready"], false);
    system.run(&["status"]).ends(1).says(&["nothing was started here"]);
    let first = system.run(&["up"]).ends(0).says(&["made the secrets token", "job is done", "web is ready"]);
    assert!(first.stdout.starts_with("store  tcp://127.0.0.1:"), "{}", first.stdout);

    let before = containers(&project);
    assert_eq!(before.len(), 3);
    let again = system.run(&["up"]).ends(0).says(&["nothing has changed"]);
    assert_eq!(again.stdout, first.stdout, "a port has moved");
    assert_eq!(containers(&project), before, "a container was touched");

    system.run(&["status"]).ends(0);
    let status = system.status();
    let schema = system.run(&["schema", "status"]).ends(0).stdout;
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let wrong: Vec<String> = schema.iter_errors(&status).map(|error| error.to_string()).collect();
    assert_eq!(wrong, [""; 0], "{status:#}");
    assert_eq!(status["services"][1]["health"], "healthy");
    assert_eq!(status["services"][0]["exitCode"], 0);

    let secret = std::fs::read_to_string(system.path(".orch/secrets/token")).unwrap();
    let logs = system.run(&["logs", "store", "--since", "10m", "--grep", "^token is [0-9]+"]).ends(0);
    assert_eq!(logs.stdout, format!("token is {} long\n", secret.len()));
    assert_eq!(system.run(&["logs", "--since", "10m", "--grep", "no such line"]).ends(0).stdout, "");
    let echoed = system.run(&["exec", "store", "--", "sh", "-c", "echo $TOKEN; exit 7"]).ends(7);
    assert_eq!(echoed.stdout.trim(), secret);

    docker(&["kill", &format!("{project}-store-1")]);
    system.run(&["status"]).ends(1).says(&["store ended with 137"]);
    let status = system.status();
    assert_eq!((&status["ready"], &status["services"][1]["ready"]), (&json!(false), &json!(false)));
    system.run(&["up"]).ends(0).says(&["store is ready"]);
    system.run(&["restart", "web"]).ends(0);
    system.run(&["status", "--wait-healthy", "--timeout", "20s"]).ends(0);

    system.run(&["down"]).ends(0).says(&["its data stays"]);
    assert_eq!((containers(&project).len(), volumes(&project)), (0, vec![format!("{project}_store_data")]));
    system.run(&["down", "--volumes"]).ends(2).says(&["add `--yes`"]);
    assert_eq!(volumes(&project).len(), 1);
    system.run(&["down", "--volumes", "--yes"]).ends(0);
    assert_eq!(volumes(&project), [""; 0]);
    let networks = docker(&["network", "ls", "--quiet", "--filter", &format!("name={project}")]);
    assert_eq!(networks, [""; 0]);
}

#[test]
fn a_changed_declaration_changes_that_container_alone() {
    if !has_engine() {
        return;
    }
    let system = System::new("change").service("a", "exec sleep 600", &json!({})).service(
        "b",
        "exec sleep 600",
        &json!({"env": {"X": "1"}}),
    );
    system.write();
    system.run(&["up"]).ends(0);
    let before = containers(&system.project());
    let text = std::fs::read_to_string(system.path("manifest.json")).unwrap();
    std::fs::write(system.path("manifest.json"), text.replace("\"X\":\"1\"", "\"X\":\"2\"")).unwrap();
    system.run(&["up", "--if-needed"]).ends(0).says(&["nothing has changed"]);
    assert_eq!(containers(&system.project()), before);
    system.run(&["up"]).ends(0);
    let after = containers(&system.project());
    assert_eq!(after.iter().filter(|line| before.contains(line)).count(), 1, "{before:?} {after:?}");
    assert_eq!(system.run(&["exec", "b", "--", "printenv", "X"]).ends(0).stdout.trim(), "2");
}

#[test]
fn a_dry_run_starts_and_writes_nothing_and_shows_no_secret() {
    if !has_engine() {
        return;
    }
    let system = shop("dry");
    system.write();
    let ran = system.run(&["up", "--dry-run"]).ends(0);
    assert!(ran.stdout.contains("docker compose --project-name"), "{}", ran.stdout);
    assert!(!system.path(".orch").exists());
    system.run(&["up"]).ends(0);
    let secret = std::fs::read_to_string(system.path(".orch/secrets/token")).unwrap();
    for arguments in [&["up", "--dry-run"][..], &["status", "--json"], &["up", "--json"]] {
        let ran = system.run(arguments).ends(0);
        assert!(!ran.stdout.contains(&secret) && !ran.stderr.contains(&secret), "{arguments:?}");
    }
    // The lines are a script: it finds the secret where it is, and has nothing to do.
    let before = containers(&system.project());
    let script = system.run(&["up", "--dry-run"]).ends(0).stdout;
    let output = std::process::Command::new("sh").arg("-ec").arg(script).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let is_there = |line: &&String| before.iter().any(|other| other[..64] == line[..64]);
    let after = containers(&system.project());
    assert_eq!(after.iter().filter(is_there).count(), before.len(), "a container was made anew");
}

#[test]
fn what_has_nothing_to_start_is_done_at_once() {
    let system = System::new("empty");
    system.write();
    system.run(&["up"]).ends(0).says(&["there is nothing to start"]);
    assert!(!system.path(".orch").exists());
}

#[test]
fn an_application_on_the_host_is_given_what_its_container_would_be() {
    if !has_engine() {
        return;
    }
    let system = shop("host");
    system.write();
    system.run(&["run", "--", "true"]).ends(2).says(&["it is not clear which application is meant"]);
    system.run(&["run", "--app", "web", "--", "true"]).ends(1).says(&["cargo orch up --no-apps"]);
    system.run(&["up", "--no-apps"]).ends(0);
    assert_eq!(containers(&system.project()).len(), 1);
    system.run(&["status"]).ends(0);
    let secret = std::fs::read_to_string(system.path(".orch/secrets/token")).unwrap();
    let port = system.status()["services"][0]["endpoints"][0]["port"].as_u64().unwrap();
    let told = format!("tcp://:{secret}@127.0.0.1:{port}");
    let script = "echo $STORE; perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(\"127.0.0.1:$ARGV[0]\")->getline' $0; exit 9";
    let ran = system.run(&["run", "--app", "web", "--", "sh", "-c", script, &port.to_string()]).ends(9);
    assert_eq!(ran.stdout, format!("{told}\nhello"));
    // What a program reads by itself is the same, and no secret is in it.
    let left = std::fs::read_to_string(system.path(".orch/local/host/web.json")).unwrap();
    let left: serde_json::Value = serde_json::from_str(&left).unwrap();
    let print = ["run", "--app", "web", "--", "printenv", "ORCH_SYSTEM", "ORCH_SECRETS"];
    let given = ["ORCH_SYSTEM", "ORCH_SECRETS"].map(|name| format!("{}\n", left[name].as_str().unwrap())).concat();
    assert_eq!(system.run(&print).ends(0).stdout, given);
    assert!(given.contains("127.0.0.1") && !given.contains(&secret), "{given}");
    // The program's name says which application it is.
    std::os::unix::fs::symlink("/usr/bin/env", system.path("web")).unwrap();
    let ran = system.run(&["run", "--", "./web"]).ends(0);
    assert!(ran.stdout.contains(&format!("STORE={told}\n")) && ran.stdout.contains("ORCH_SYSTEM={"), "{}", ran.stdout);
    let env = system.run(&["env", "--app", "web"]).ends(0);
    assert!(env.stdout.contains(&format!("STORE={told}\n")), "{}", env.stdout);
    let json = system.run(&["env", "--app", "web", "--json"]).ends(0);
    assert!(json.stdout.contains("<secret>") && !json.stdout.contains(&secret), "{}", json.stdout);
    assert!(system.run(&["env", "--app", "web", "--json", "--show-secrets"]).ends(0).stdout.contains(&secret));
    // All of it in containers again, and on the host no more.
    system.run(&["up"]).ends(0);
    assert_eq!(containers(&system.project()).len(), 3);
}

#[test]
fn a_job_runs_once_more_with_its_log_and_its_code() {
    if !has_engine() {
        return;
    }
    let system = shop("again").app(
        "report",
        "echo \"report for ${#STORE}\"; exit 5",
        &json!({"kind": "cron", "schedule": "0 3 * * *", "services": ["store"]}),
    );
    system.write();
    system.run(&["run-job", "report"]).ends(1).says(&["is not a part of what was started here"]);
    system.run(&["up"]).ends(0);
    assert_eq!(containers(&system.project()).len(), 3, "what runs on a schedule was started");
    let ran = system.run(&["run-job", "report"]).ends(5);
    assert!(ran.stdout.starts_with("report for "), "{}", ran.stdout);
    assert_eq!(system.run(&["run-job", "job"]).ends(0).stdout.trim(), "migrated");
    assert_eq!(containers(&system.project()).len(), 3, "a container is left");
    system.run(&["status"]).ends(0);
    system.run(&["run-job", "web"]).ends(2).says(&["there is no job `web`"]);
}
