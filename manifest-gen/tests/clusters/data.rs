//! Data that goes out of a cluster and comes back, and ports that lead into one.

use serde_json::json;

use crate::stand_in::Cluster;

/// A Redis in a pod, whose tool writes `said`, or refuses.
const KUBECTL: &str = r#"
case "$*" in
  *"get deployments,statefulsets,jobs,replicasets,pods"*) cat $HERE/now ;;
  *" exec "*"--rdb"*) cat $HERE/said; [ ! -f $HERE/refusal ] || { cat $HERE/refusal >&2; exit 4; } ;;
  *" exec "*) cat >$HERE/taken; [ ! -f $HERE/refusal ] || { cat $HERE/refusal >&2; exit 4; } ;;
  *"port-forward"*) echo 'Forwarding from 127.0.0.1:6379 -> 6379'; exit 5 ;;
  *) : ;;
esac
"#;

fn cluster() -> Cluster {
    let cluster = Cluster::new("kubectl", KUBECTL);
    let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
    let redis = json!({"id": "redis", "kind": "cache", "image": "redis:7", "declaredBy": place});
    cluster.write(
        "manifest.json",
        &json!({"schemaVersion": 1, "system": "s", "services": [redis], "apps": []}).to_string(),
    );
    let status =
        json!({"phase": "Running", "containerStatuses": [{"name": "redis", "ready": true, "state": {"running": {}}}]});
    let pod = json!({"kind": "Pod", "metadata": {"name": "redis-0", "labels": {"app.kubernetes.io/name": "redis"}},
        "spec": {"containers": [{"name": "redis", "image": "redis:7"}]}, "status": status});
    cluster.write("now", &json!({"items": [pod]}).to_string());
    cluster
}

const PLACE: [&str; 4] = ["--target", "k8s", "--profile", "prod"];

#[test]
fn a_backup_streams_out_of_a_pod_and_a_restore_into_it() {
    let cluster = cluster();
    let data: String = (0..50_000).map(|number| format!("{number}\n")).collect();
    cluster.write("said", &data);
    let ran = cluster.run(&[&["backup", "redis", "-o", "kept.rdb"], &PLACE[..]].concat()).ends(0);
    ran.says(&[&format!("{} bytes of `redis` are in `kept.rdb`", data.len())]);
    assert_eq!(std::fs::read_to_string(cluster.path("kept.rdb")).unwrap(), data);
    let exec = "kubectl --namespace s-prod exec --stdin redis-0 --container redis -- ";
    assert_eq!(cluster.calls(), [format!("{exec}redis-cli --rdb -")]);

    let restore = [&["restore", "redis", "kept.rdb"], &PLACE[..]].concat();
    cluster.run(&restore).ends(2).says(&["was not touched", "--yes"]);
    assert_eq!(cluster.calls(), [""; 0]);
    cluster.run(&[&restore[..], &["--yes"]].concat()).ends(0).says(&["`redis` has the data of `kept.rdb`"]);
    assert_eq!(std::fs::read_to_string(cluster.path("taken")).unwrap(), data);
    assert!(cluster.calls()[0].starts_with(&format!("{exec}sh -euc")), "{:?}", cluster.calls());
}

#[test]
fn what_breaks_off_leaves_no_file() {
    let cluster = cluster();
    cluster.write("said", "a part of it");
    cluster.write("refusal", "error: unable to upgrade connection\n");
    let files = || std::fs::read_dir(cluster.path(".")).unwrap().count();
    let before = files();
    let ran = cluster.run(&[&["backup", "redis", "-o", "kept.rdb"], &PLACE[..]].concat()).ends(1);
    ran.says(&["`redis` could not be backed up, and no file was written", "unable to upgrade connection"]);
    assert_eq!(files(), before + 1, "but for the list of calls there is a new file");
    cluster.write("kept.rdb", "whole");
    let ran = cluster.run(&[&["restore", "redis", "kept.rdb", "--yes"], &PLACE[..]].concat()).ends(1);
    ran.says(&["`redis` could not be restored, and may have a part of the data", "unable to upgrade connection"]);
}

#[test]
fn nothing_is_backed_up_where_nothing_runs() {
    let cluster = cluster();
    cluster.write("now", r#"{"items": []}"#);
    cluster.run(&[&["backup", "redis"], &PLACE[..]].concat()).ends(1).says(&["`redis` does not run"]);
    assert_eq!(cluster.calls(), [""; 0]);
}

#[test]
fn a_port_is_led_on_by_kubectl_which_says_how_it_ends() {
    let cluster = cluster();
    let ran = cluster.run(&[&["port-forward", "redis", "0:6379"], &PLACE[..]].concat()).ends(5);
    assert_eq!(ran.stdout, "Forwarding from 127.0.0.1:6379 -> 6379\n");
    assert_eq!(cluster.calls(), ["kubectl --namespace s-prod port-forward service/redis :6379"]);
}
