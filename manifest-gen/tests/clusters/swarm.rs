//! What `docker` is told of a swarm.

use crate::stand_in::Cluster;

/// A swarm of two nodes without labels and without secrets.
const SCRIPT: &str = r#"
case "$*" in
  "secret ls"*) cat $HERE/secrets ;;
  "node ls"*) printf 'one\ntwo\n' ;;
  "node inspect"*) cat $HERE/labels ;;
  "stack deploy --help") cat $HERE/help ;;
  "stack deploy"*) echo 'only so far' >&2; exit 1 ;;
  *) : ;;
esac
"#;

fn cluster() -> Cluster {
    let cluster = Cluster::new("docker", SCRIPT);
    cluster.write("secrets", "");
    cluster.write("labels", "");
    cluster.write("help", "--detach");
    cluster
}

#[test]
fn what_is_missing_is_named_and_nothing_is_deployed() {
    let cluster = cluster();
    cluster.run(&["deploy", "--target", "swarm", "--profile", "prod"]).ends(1).says(&[
        "`s-prod` lacks the secret s_token for store, a node with the label s.store=true, which keeps the data of store",
        "docker secret create s_token FILE",
        "docker node update --label-add s.store=true NODE",
    ]);
    // Of two nodes nobody but the deployer knows which one has the data.
    cluster.run(&["up", "--target", "swarm"]).ends(1).says(&["a node with the label s.store=true"]);
    assert!(!cluster.calls().iter().any(|call| call.contains("stack deploy --") && !call.contains("--help")));
    assert!(!cluster.calls().iter().any(|call| call.contains("secret create")), "a secret was made for nothing");
}

#[test]
fn a_stack_is_deployed_in_parts_each_service_in_one() {
    let cluster = cluster();
    cluster.write("secrets", "s_token\n");
    cluster.write("labels", "s.store=true\n");
    let deploy = ["deploy", "--target", "swarm", "--profile", "prod", "--dry-run"];
    let shown = cluster.run(&deploy).ends(0).stdout;
    let files: Vec<String> = shown
        .lines()
        .filter_map(|line| Some(line.split("--compose-file ").nth(1)?.split(' ').next()?.to_owned()))
        .collect();
    let services: Vec<Vec<String>> = files
        .iter()
        .map(|file| {
            let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            file["services"].as_object().unwrap().keys().cloned().collect()
        })
        .collect();
    assert_eq!(services, [["store"], ["migrate"], ["worker"]]);
    assert!(
        shown
            .lines()
            .filter(|line| line.starts_with("docker"))
            .all(|line| line.contains("stack deploy --detach=true --with-registry-auth ")),
        "{shown}"
    );
    // A client that cannot wait is not told not to.
    cluster.write("help", "--prune");
    assert!(!cluster.run(&deploy).ends(0).stdout.contains("--detach"));
    cluster.run(&deploy[..5]).ends(1).says(&["only so far", "nothing was changed that could be rolled back"]);
}

#[test]
fn flags_of_one_machine_are_refused() {
    let cluster = cluster();
    for flag in [&["--no-apps"][..], &["--port", "store=1"], &["--if-needed"], &["--expose-internals"]] {
        cluster.run(&[&["up", "--target", "swarm"], flag].concat()).ends(2).says(&[flag[0], "`--target swarm`"]);
    }
    cluster.run(&["deploy", "--target", "swarm", "--diff"]).ends(2).says(&["Swarm does not say what it would change"]);
    assert_eq!(cluster.calls(), [""; 0]);
}

#[test]
fn what_the_engine_is_removing_itself_is_no_failure_and_what_it_forgot_is_stopped() {
    let script = r#"
case "$*" in
  "stack rm"*) [ -f $HERE/again ] || { touch $HERE/again; echo 'network x not found' >&2; exit 1; } ;;
  "container ls --quiet --filter"*) [ -f $HERE/stopped ] || echo forgotten ;;
  "container stop forgotten") touch $HERE/stopped ;;
  "container ls --quiet --all"*) [ -f $HERE/removed ] || echo left ;;
  "container rm left") touch $HERE/removed; echo 'removal of container left is already in progress' >&2; exit 1 ;;
  *) : ;;
esac
"#;
    let cluster = Cluster::new("docker", script);
    cluster.run(&["down", "--target", "swarm"]).ends(0).says(&["`s-local` is gone; its data stays"]);
    let count = |words: &str| cluster.calls().iter().filter(|call| call.contains(words)).count();
    assert_eq!(["stack rm", "container stop", "container rm"].map(count), [2, 1, 1]);
    let refusing = Cluster::new("docker", "echo 'permission denied' >&2; exit 1");
    refusing.run(&["down", "--target", "swarm"]).ends(1).says(&["permission denied"]);
}
