//! What `kubectl` is told.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stand_in::{Cluster, Ran};

/// Answers as an API server does; `after` is what there is when the worker was applied.
const SCRIPT: &str = r#"
case "$*" in
  *"get namespace"*) cat $HERE/namespace ;;
  *"get secrets,configmaps"*) cat $HERE/keys ;;
  *"apply"*worker*) cat $HERE/refusal >&2 2>/dev/null && exit 1; cp $HERE/after $HERE/now ;;
  *"apply"*store*) [ ! -f $HERE/after-set ] || cp $HERE/after-set $HERE/now ;;
  *"get deployments,statefulsets,jobs,replicasets,pods"*) cat $HERE/now ;;
  *"get deployments"*) cat $HERE/applied ;;
  *"logs "*) echo the last words ;;
  *"undo"*) cp $HERE/before $HERE/now ;;
  *) : ;;
esac
"#;

fn deployment(image: &str, is_ready: bool) -> Value {
    let ready = u64::from(is_ready);
    json!({"kind": "Deployment", "metadata": {"name": "worker", "generation": 2, "labels": {"app.kubernetes.io/name": "worker"},
            "annotations": {"deployment.kubernetes.io/revision": "2"}},
        "spec": {"replicas": 1, "template": {"image": image}},
        "status": {"observedGeneration": 2, "updatedReplicas": 1, "replicas": 1, "availableReplicas": ready}})
}

/// A cluster in which the system runs, and the image `after` is rolled out.
fn cluster(after: &[Value]) -> Cluster {
    let cluster = Cluster::new("kubectl", SCRIPT);
    cluster.write("namespace", "namespace/s-prod\n");
    cluster.write("keys", "Secret token value\nConfigMap kube-root-ca.crt ca.crt\n");
    cluster.write("applied", "deployment.apps/worker\nstatefulset.apps/store\nservice/store-headless\n");
    let job = |profile: &str| {
        let dry = cluster.run(&["deploy", "--target", "k8s", "--profile", profile, "--dry-run"]).ends(0);
        let name = dry.stdout.split_whitespace().find_map(|word| word.strip_prefix("job/")).unwrap().to_owned();
        json!({"kind": "Job", "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "migrate"}},
            "status": {"conditions": [{"type": "Complete", "status": "True"}]}})
    };
    let jobs = ["prod", "local"].map(job);
    let store = json!({"kind": "StatefulSet", "metadata": {"name": "store", "generation": 1, "labels": {"app.kubernetes.io/name": "store"}},
        "spec": {"replicas": 1, "template": {}},
        "status": {"observedGeneration": 1, "readyReplicas": 1, "updatedReplicas": 1, "updateRevision": "a", "currentRevision": "a"}});
    let list = |more: &[Value]| {
        let items: Vec<&Value> = std::iter::once(&store).chain(&jobs).chain(more).collect();
        json!({"items": items}).to_string()
    };
    cluster.write("before", &list(&[deployment("x:0", true)]));
    cluster.write("now", &list(&[deployment("x:0", true)]));
    cluster.write("after", &list(after));
    cluster
}

#[test]
fn what_is_shown_is_what_is_run_and_in_this_order() {
    let cluster = cluster(&[deployment("x:1", true)]);
    let deploy = ["deploy", "--target", "k8s", "--profile", "prod", "--context", "here"];
    let shown = cluster.run(&[&deploy[..], &["--dry-run"]].concat()).ends(0).stdout;
    let shown: Vec<&str> = shown.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(!cluster.calls().iter().any(|call| call.contains("apply")), "a dry run applies");
    cluster.run(&deploy).ends(0).says(&["store is there", "migrate is there", "worker is there"]);
    let calls = cluster.calls();
    let run: Vec<&String> = calls.iter().filter(|call| !call.contains(" get ")).collect();
    assert_eq!(run, shown);
    let kinds: Vec<&str> =
        shown.iter().map(|line| line.split("here ").nth(1).unwrap().split(" --field").next().unwrap()).collect();
    assert_eq!(kinds[0], "apply --server-side --force-conflicts");
    assert!(kinds[1].contains("rollout status") && kinds[1].ends_with("statefulset/store"), "{kinds:?}");
    assert!(kinds[3].contains("wait") && kinds[3].contains("job/migrate-"), "{kinds:?}");
    assert!(kinds[5].ends_with("deployment/worker") && kinds.len() == 6, "{kinds:?}");
    assert!(calls.iter().all(|call| call.starts_with("kubectl --context here ")), "{calls:?}");
}

#[test]
fn what_is_missing_is_named_and_nothing_is_applied() {
    let cluster = cluster(&[]);
    let deploy = ["deploy", "--target", "k8s", "--profile", "prod"];
    cluster.write("keys", "Secret token other\n");
    cluster
        .run(&deploy)
        .ends(1)
        .says(&["`s-prod` lacks the key value of the Secret token for store", "--from-file=value=FILE"]);
    cluster.write("namespace", "");
    cluster.run(&deploy).ends(1).says(&["the namespace s-prod", "kubectl create namespace s-prod"]);
    assert!(!cluster.calls().iter().any(|call| call.contains("apply") || call.contains("create")));
}

#[test]
fn a_developers_own_cluster_is_given_the_namespace_and_the_secrets() {
    let cluster = cluster(&[deployment("x:1", true)]);
    cluster.write("namespace", "");
    let ran = cluster.run(&["up", "--target", "k8s"]).ends(0);
    let secret = std::fs::read_to_string(cluster.path(".orch/secrets/token")).unwrap();
    let calls = cluster.calls();
    let made: Vec<&String> = calls.iter().filter(|call| call.contains("create")).collect();
    assert_eq!(made[0], "kubectl create namespace s-local");
    let from = format!("--from-file=value={}", cluster.path(".orch/secrets/token").display());
    assert_eq!(*made[1], format!("kubectl --namespace s-local create secret generic token {from}"));
    let said = [calls.concat(), ran.stdout, ran.stderr].concat();
    assert!(secret.len() >= 32 && !said.contains(&secret), "a secret is on a command line");
}

#[test]
fn what_fails_is_rolled_back_with_its_log() {
    let crashing = json!({"kind": "Pod", "metadata": {"name": "worker-new-1", "labels": {"app.kubernetes.io/name": "worker", "pod-template-hash": "new"}},
        "status": {"phase": "Running", "containerStatuses": [{"name": "worker", "restartCount": 5,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": {"exitCode": 9}}}]}});
    let set = json!({"kind": "ReplicaSet", "metadata": {"name": "new", "labels": {"app.kubernetes.io/name": "worker", "pod-template-hash": "new"},
        "annotations": {"deployment.kubernetes.io/revision": "2"}}});
    let cluster = cluster(&[deployment("x:1", false), set, crashing]);
    cluster.run(&["deploy", "--target", "k8s", "--profile", "prod"]).ends(1).says(&[
        "`worker` does not stay up: it ended 5 times, last with 9",
        "the last words",
        "rolled `worker` back with `kubectl --namespace s-prod rollout undo deployment/worker`",
    ]);
    let undone: Vec<String> = cluster.calls().into_iter().filter(|call| call.contains("undo")).collect();
    assert_eq!(
        undone,
        ["kubectl --namespace s-prod rollout undo deployment/worker"],
        "what was not changed is left alone"
    );
}

#[test]
fn an_image_that_is_not_to_be_had_names_the_registry() {
    let absent = json!({"kind": "Pod", "metadata": {"name": "worker-new-1", "labels": {"app.kubernetes.io/name": "worker", "pod-template-hash": "new"}},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "worker", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]}});
    let set = json!({"kind": "ReplicaSet", "metadata": {"name": "new", "labels": {"app.kubernetes.io/name": "worker", "pod-template-hash": "new"},
        "annotations": {"deployment.kubernetes.io/revision": "2"}}});
    let cluster = cluster(&[deployment("x:1", false), set, absent]);
    let ran = cluster.run(&["deploy", "--target", "k8s", "--profile", "prod"]).ends(1);
    ran.says(&["`worker` ImagePullBackOff", "`cargo orch build` and `cargo orch push`"]);
}

/// The set of the store in a version, of which its newest pod is ready or ends again and again.
fn store(version: u64, is_ready: bool) -> [Value; 2] {
    let revision = format!("store-{version}");
    let ready = u64::from(is_ready);
    let labels = json!({"app.kubernetes.io/name": "store"});
    let set = json!({"kind": "StatefulSet", "metadata": {"name": "store", "generation": version, "labels": labels},
        "spec": {"replicas": 1, "template": {"version": version}},
        "status": {"observedGeneration": version, "readyReplicas": ready, "updatedReplicas": 1, "updateRevision": revision, "currentRevision": "store-1"}});
    let state = json!({"waiting": {"reason": "CrashLoopBackOff"}});
    let pod = json!({"kind": "Pod", "metadata": {"name": "store-0", "labels": {"app.kubernetes.io/name": "store", "controller-revision-hash": revision}},
        "status": {"phase": "Running", "containerStatuses": [{"name": "store", "restartCount": 4,
            "state": if is_ready { json!({"running": {}}) } else { state }, "lastState": {"terminated": {"exitCode": 2}}}]}});
    [set, pod]
}

#[test]
fn a_set_that_fails_is_rolled_back_and_nothing_after_it_is_applied() {
    let cluster = cluster(&[]);
    let list = |items: &[Value]| json!({"items": items}).to_string();
    cluster.write("before", &list(&store(1, true)));
    cluster.write("now", &list(&store(1, true)));
    cluster.write("after-set", &list(&store(2, false)));
    cluster.run(&["deploy", "--target", "k8s", "--profile", "prod"]).ends(1).says(&[
        "`store` does not stay up: it ended 4 times, last with 2",
        "the last words",
        "rolled `store` back with `kubectl --namespace s-prod rollout undo statefulset/store`",
    ]);
    let calls = cluster.calls();
    assert_eq!(calls.iter().filter(|call| call.contains("undo")).count(), 1, "{calls:#?}");
    assert!(!calls.iter().any(|call| call.contains("apply") && call.contains("migrate")), "{calls:#?}");
}

#[test]
fn what_does_not_come_in_time_is_rolled_back_too() {
    let cluster = cluster(&[deployment("x:1", false)]);
    let ran = cluster.run(&["deploy", "--target", "k8s", "--profile", "prod", "--timeout", "2s"]).ends(4);
    ran.says(&["not there after 2 s: `worker` 0 of 1 are ready", "rollout undo deployment/worker"]);
}

#[test]
fn ctrl_c_ends_kubectl_and_rolls_nothing_back() {
    let cluster = cluster(&[deployment("x:1", false)]);
    let mut command = cluster.command(&["deploy", "--target", "k8s", "--profile", "prod", "--timeout", "60s"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !cluster.calls().iter().any(|call| call.contains("apply") && call.contains("worker")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the worker was not applied");
        std::thread::sleep(Duration::from_millis(50));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).ends(130);
    ran.says(&["interrupted", "what was begun goes on in the cluster", "cargo orch status --target k8s"]);
    assert!(!cluster.calls().iter().any(|call| call.contains("undo")));
}

#[test]
fn a_namespace_that_is_rendered_is_asked_for_when_a_secret_has_to_be_in_it() {
    let cluster = cluster(&[]);
    cluster.write("namespace", "");
    cluster.write("orch.toml", "[targets.k8s]\ncreate_namespace = true\n");
    let deploy = ["deploy", "--target", "k8s", "--profile", "prod", "--config", "orch.toml"];
    cluster.run(&deploy).ends(1).says(&["lacks the namespace s-prod, the key value of the Secret token"]);
}

#[test]
fn a_server_that_refuses_is_quoted() {
    let cluster = cluster(&[]);
    cluster.write("refusal", "Error from server (Forbidden): not you\n");
    let ran = cluster.run(&["deploy", "--target", "k8s", "--profile", "prod"]).ends(1);
    ran.says(&["Forbidden): not you", "nothing was changed that could be rolled back"]);
}

#[test]
fn a_server_that_is_not_there_is_missing() {
    let cluster = Cluster::new("kubectl", "echo 'Unable to connect to the server: dial tcp' >&2; exit 1");
    for arguments in [&["deploy"][..], &["status"], &["logs"], &["down"], &["exec", "store"]] {
        let ran = cluster.run(&[arguments, &["--target", "k8s"]].concat()).ends(3);
        ran.says(&["Unable to connect to the server"]);
    }
    let cluster = Cluster::new("other", "");
    std::fs::remove_file(cluster.path("bin/other")).unwrap();
    // Where there is a kubectl, it is not this test's.
    let path = cluster.path("bin").display().to_string();
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command.current_dir(cluster.path(".")).env("PATH", path);
    let output = command.args(["status", "--target", "k8s", "--manifest", "manifest.json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no program `kubectl`"));
}

#[test]
fn every_other_command_is_kubectls_too() {
    let cluster = cluster(&[]);
    let pod = json!({"kind": "Pod", "metadata": {"name": "store-0", "labels": {"app.kubernetes.io/name": "store"}}, "status": {"phase": "Running"}});
    cluster.write("now", &json!({"items": [pod]}).to_string());
    let told = |arguments: &[&str]| {
        let words = arguments.iter().copied();
        let target = ["--target", "k8s", "--profile", "prod"];
        let end = arguments.iter().position(|word| *word == "--").unwrap_or(arguments.len());
        let all: Vec<&str> = words.clone().take(end).chain(target).chain(words.skip(end)).collect();
        cluster.run(&all).ends(0);
        cluster.calls().first().cloned().unwrap_or_default()
    };
    let system = "app.kubernetes.io/instance=s";
    assert_eq!(
        told(&["logs", "store", "--tail", "5", "--since", "10m"]),
        format!(
            "kubectl --namespace s-prod logs --selector {system},app.kubernetes.io/name in (store) --max-log-requests 100 --ignore-errors --tail=5 --since=10m"
        )
    );
    assert_eq!(
        told(&["exec", "store", "--", "ls", "-l"]),
        "kubectl --namespace s-prod exec --stdin store-0 --container store -- ls -l"
    );
    assert_eq!(
        told(&["restart", "store"]),
        format!(
            "kubectl --namespace s-prod rollout restart deployments,statefulsets --selector {system},app.kubernetes.io/name in (store)"
        )
    );
    assert_eq!(
        told(&["port-forward", "store", "9000:80"]),
        "kubectl --namespace s-prod port-forward service/store 9000:80"
    );
    cluster
        .run(&["down", "--target", "k8s", "--profile", "prod"])
        .ends(2)
        .says(&["`s-prod` stays, and nothing was stopped"]);
    assert_eq!(cluster.calls(), [""; 0]);
}
