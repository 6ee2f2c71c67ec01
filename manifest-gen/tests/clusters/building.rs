//! The images of applications in a developer's own swarm, which nobody brings to a registry.

use crate::stand_in::Cluster;
use crate::support::{Ran, Workspace};

/// A swarm of the nodes in a file, whose engine has the images that were built, each build another one.
const SCRIPT: &str = r#"
case "$*" in
  "node ls"*) cat $HERE/nodes ;;
  "stack deploy --help") echo --detach ;;
  "image inspect"*) cat $HERE/image ;;
  "build "*) [ ! -f $HERE/refusal ] || { cat $HERE/refusal; exit 1; }; echo sha256:built >$HERE/image ;;
  "container ls"*) [ ! -f $HERE/running ] || echo c1 shop-local_api ;;
  "inspect --type container"*) cat $HERE/running ;;
  "service ls"*) [ ! -f $HERE/services ] || echo s1 ;;
  "service inspect"*) cat $HERE/services ;;
  "service ps"*) echo t1 ;;
  "inspect --type task"*) cat $HERE/tasks ;;
  "stack deploy"*) cp $HERE/next-services $HERE/services; cp $HERE/next-tasks $HERE/tasks ;;
  *) : ;;
esac
"#;

const WORKER: &str = "#[orch::app(id = \"api\", kind = \"worker\")]\nfn main() {}\n";

/// A workspace with one application, and a swarm of one node in which it runs once it is deployed.
fn swarm(name: &str) -> (Workspace, Cluster) {
    let workspace = Workspace::new(name);
    workspace.write("orch.toml", "[system]\nname = \"shop\"\n[build]\nform = \"slim\"\nbase = \"debian:bookworm\"\n");
    workspace.binary("api", "", WORKER);
    let cluster = Cluster::new("docker", SCRIPT);
    cluster.write("nodes", "one\n");
    let template = r#"{"ContainerSpec": {"Image": "shop-api:0.1.0"}}"#;
    let spec = format!(
        r#"{{"Name": "shop-local_api", "Mode": {{"Replicated": {{"Replicas": 1}}}}, "TaskTemplate": {template}}}"#
    );
    cluster.write("next-services", &format!(r#"[{{"ID": "s1", "Spec": {spec}}}]"#));
    let status = r#"{"State": "running", "ContainerStatus": {"ContainerID": "c1"}}"#;
    cluster.write(
        "next-tasks",
        &format!(r#"[{{"ID": "t1", "ServiceID": "s1", "Slot": 1, "DesiredState": "running", "Spec": {template}, "Status": {status}}}]"#),
    );
    (workspace, cluster)
}

fn run(workspace: &Workspace, cluster: &Cluster, arguments: &[&str]) -> Ran {
    cluster.forget();
    let mut command = workspace.orch(&[arguments, &["--cargo-profile", "dev", "--timeout", "20s"]].concat());
    Ran::from(command.env("PATH", cluster.programs()).env_remove("ORCH_ENGINE").output().unwrap())
}

fn said(cluster: &Cluster, words: &str) -> Vec<String> {
    cluster.calls().into_iter().filter(|call| call.contains(words)).collect()
}

#[test]
fn what_is_missing_on_the_only_node_is_built() {
    let (workspace, cluster) = swarm("cluster-built");
    let up = ["up", "--target", "swarm"];
    let dry = run(&workspace, &cluster, &[&up[..], &["--dry-run"]].concat()).ends(0);
    let first = dry.stdout.lines().next().unwrap();
    assert_eq!(first, "cargo orch build --profile local --engine docker --cargo-profile dev");
    assert!(said(&cluster, "docker build ").is_empty(), "a dry run builds");

    run(&workspace, &cluster, &up).ends(0).says(&["built `shop-api:0.1.0` for `api`", "api is there"]);
    let calls = cluster.calls();
    let place = |words: &str| calls.iter().position(|call| call.starts_with(words)).unwrap();
    assert!(place("docker build ") < place("docker stack deploy --detach=true"), "{calls:#?}");
    assert!(said(&cluster, "service update").is_empty(), "what is new is not made anew");

    cluster.write("running", r#"[{"Id": "c1", "Image": "sha256:built"}]"#);
    run(&workspace, &cluster, &up).ends(0);
    assert!(said(&cluster, "docker build ").is_empty() && said(&cluster, "service update").is_empty());
}

#[test]
fn what_was_built_anew_replaces_what_runs_under_the_same_name() {
    let (workspace, cluster) = swarm("cluster-built-anew");
    cluster.write("image", "sha256:first\n");
    cluster.write("running", r#"[{"Id": "c1", "Image": "sha256:first"}]"#);
    for (from, to) in [("next-services", "services"), ("next-tasks", "tasks")] {
        std::fs::copy(cluster.path(from), cluster.path(to)).unwrap();
    }
    let build = ["up", "--target", "swarm", "--build"];
    let update = "docker service update --force --detach --quiet shop-local_api";
    let dry = run(&workspace, &cluster, &[&build[..], &["--dry-run"]].concat()).ends(0).stdout;
    assert!(dry.lines().any(|line| line == update), "{dry}");
    run(&workspace, &cluster, &build).ends(0).says(&["built `shop-api:0.1.0`"]);
    assert_eq!(said(&cluster, "service update"), [update]);
    // One that was built by hand as well.
    cluster.write("image", "sha256:by-hand\n");
    run(&workspace, &cluster, &build[..3]).ends(0);
    assert!(said(&cluster, "docker build ").is_empty());
    assert_eq!(said(&cluster, "service update"), [update]);
}

#[test]
fn what_cannot_be_built_is_said_before_anything_is_deployed() {
    let (workspace, cluster) = swarm("cluster-unbuilt");
    cluster.write("refusal", "no space left on device\n");
    let ran = run(&workspace, &cluster, &["up", "--target", "swarm"]).ends(1);
    ran.says(&["`shop-api:0.1.0` cannot be built", "no space left on device"]);
    assert!(said(&cluster, "stack deploy --detach").is_empty());
}

#[test]
fn images_of_several_nodes_and_of_shared_profiles_come_from_a_registry() {
    let (workspace, cluster) = swarm("cluster-registry");
    let registry = "`cargo orch build` and `cargo orch push`";
    for (nodes, profile) in [("one\ntwo\n", "local"), ("one\n", "staging")] {
        cluster.write("nodes", nodes);
        let up = ["up", "--target", "swarm", "--profile", profile];
        run(&workspace, &cluster, &[&up[..], &["--build"]].concat()).ends(2).says(&["one node", registry]);
        let dry = run(&workspace, &cluster, &[&up[..], &["--dry-run"]].concat()).ends(0).stdout;
        assert!(!dry.contains("cargo orch build"), "{dry}");
        assert!(said(&cluster, "docker build ").is_empty());
    }
    run(&workspace, &cluster, &["up", "--target", "k8s", "--build"]).ends(2).says(&["Kubernetes", registry]);
    assert_eq!(cluster.calls(), [""; 0]);
}
