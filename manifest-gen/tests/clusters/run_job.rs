//! A job that runs once in a cluster, and what it ends with.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::stand_in::{Cluster, Ran, with_schedule};

/// An API server that shows the pods of `pods-1`, `pods-2` and so on, one after the other, and then the last again.
const KUBECTL: &str = r#"
case "$*" in
  *"get jobs,serviceaccounts"*) cat $HERE/there ;;
  *"get cronjob"*) cat $HERE/cronjob ;;
  *"create job"*) cat $HERE/template ;;
  *"create --filename"*) for last; do :; done; cp "$last" $HERE/created ;;
  *"get job "*) echo '{"kind": "Job"}' ;;
  *"get pods"*)
    number=$(($(cat $HERE/number) + 1))
    [ -f $HERE/pods-$number ] && echo $number >$HERE/number
    cat $HERE/pods-$(cat $HERE/number) ;;
  *"logs "*) cat $HERE/log-$(cat $HERE/number) ;;
  *) : ;;
esac
"#;

/// The states of the pod of `migrate`, each with what it has printed by then.
fn kubernetes(states: &[(Value, &str)]) -> Cluster {
    let cluster = Cluster::new("kubectl", KUBECTL);
    cluster.write("manifest.json", &with_schedule());
    cluster.write("there", "serviceaccount/migrate\n");
    cluster.write("number", "0");
    for (number, (status, log)) in (1..).zip(states) {
        let pod = json!({"kind": "Pod", "metadata": {"name": "x", "labels": {"app.kubernetes.io/name": "migrate"}}, "status": status});
        cluster.write(&format!("pods-{number}"), &json!({"items": [pod]}).to_string());
        cluster.write(&format!("log-{number}"), log);
    }
    cluster
}

fn status(phase: &str, state: &Value) -> Value {
    json!({"phase": phase, "containerStatuses": [{"name": "migrate", "state": state}]})
}

fn waits() -> Value {
    status("Pending", &json!({"waiting": {"reason": "ContainerCreating"}}))
}

fn runs() -> Value {
    status("Running", &json!({"running": {}}))
}

fn ended(phase: &str, code: i64) -> Value {
    status(phase, &json!({"terminated": {"exitCode": code}}))
}

const RUN: [&str; 6] = ["run-job", "migrate", "--target", "k8s", "--profile", "prod"];

fn created(cluster: &Cluster) -> Value {
    serde_json::from_str(&std::fs::read_to_string(cluster.path("created")).unwrap()).unwrap()
}

#[test]
fn a_job_of_its_own_is_followed_to_its_end_and_removed() {
    // A log that breaks off begins anew with what was printed already.
    let cluster = kubernetes(&[
        (waits(), ""),
        (runs(), "one\n"),
        (runs(), "one\ntwo\n"),
        (ended("Failed", 3), "one\ntwo\nthree\n"),
    ]);
    let ran = cluster.run(&RUN).ends(3);
    assert_eq!(ran.stdout, "one\ntwo\nthree\n", "each line is there once");
    ran.says(&["migrate waits: ContainerCreating"]);
    let job = created(&cluster);
    let name = job["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("migrate-run-"), "{name}");
    assert_eq!(
        (&job["spec"]["backoffLimit"], &job["spec"]["template"]["spec"]["restartPolicy"]),
        (&json!(0), &json!("Never"))
    );
    assert_eq!(job["spec"]["template"]["spec"]["containers"][0]["image"], "x:1");
    let last = cluster.calls().pop().unwrap();
    assert_eq!(last, format!("kubectl --namespace s-prod delete job {name} --wait=false"));
}

#[test]
fn what_runs_on_a_schedule_is_made_of_what_is_deployed() {
    let cluster = kubernetes(&[(ended("Succeeded", 0), "done\n")]);
    let template = json!({"kind": "Job", "metadata": {"name": "x", "ownerReferences": [{"kind": "CronJob"}]},
        "spec": {"backoffLimit": 2, "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"image": "x:0"}]}}}});
    cluster.write("template", &template.to_string());
    cluster.write("cronjob", "");
    let run = ["run-job", "report", "--target", "k8s", "--profile", "prod"];
    cluster
        .run(&run)
        .ends(1)
        .says(&["`report` is not deployed in `s-prod`", "cargo orch deploy --target k8s --profile prod"]);
    assert!(!cluster.path("created").exists());
    cluster.write("cronjob", "cronjob.batch/report\n");
    assert_eq!(cluster.run(&run).ends(0).stdout, "done\n");
    let job = created(&cluster);
    assert!(cluster.calls().iter().any(|call| call.contains("--from=cronjob/report --dry-run=client")));
    assert_eq!(job["metadata"]["labels"], json!({"a": "b"}));
    assert_eq!(job["metadata"]["ownerReferences"], template["metadata"]["ownerReferences"]);
    assert_eq!((&job["spec"]["backoffLimit"], &job["spec"]["ttlSecondsAfterFinished"]), (&json!(0), &json!(86400)));
    assert_eq!(job["spec"]["template"]["spec"]["containers"][0]["image"], "x:0");
}

#[test]
fn what_is_not_deployed_as_planned_is_not_run() {
    let cluster = kubernetes(&[(runs(), "")]);
    cluster.write("there", "");
    cluster.run(&RUN).ends(1).says(&["`migrate` is not deployed in `s-prod`"]);
    cluster.write("there", "job.batch/migrate-00000000\njob.batch/migrate-run-1234\nserviceaccount/migrate\n");
    cluster.run(&RUN).ends(1).says(&["`migrate` is deployed as the Job `migrate-00000000`, and `migrate-"]);
    cluster.run(&["run-job", "worker", "--target", "k8s"]).ends(2).says(&["there is no job `worker`"]);
    assert!(!cluster.path("created").exists());
}

#[test]
fn what_cannot_begin_is_removed_with_the_reason() {
    let absent =
        status("Pending", &json!({"waiting": {"reason": "ImagePullBackOff", "message": "Back-off pulling x:1"}}));
    let cluster = kubernetes(&[(waits(), ""), (absent, "")]);
    cluster
        .run(&RUN)
        .ends(1)
        .says(&["did not run to its end: ImagePullBackOff: Back-off pulling x:1", "`cargo orch push`"]);
    assert!(cluster.calls().pop().unwrap().contains("delete job migrate-run-"));
    let evicted = json!({"phase": "Failed", "reason": "Evicted", "message": "low on memory"});
    kubernetes(&[(evicted, "")]).run(&RUN).ends(1).says(&["did not run to its end: Evicted: low on memory"]);
}

#[test]
fn ctrl_c_leaves_the_job_and_says_how_it_is_ended() {
    let cluster = kubernetes(&[(runs(), "begun\n")]);
    let child = cluster.command(&RUN).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    while !cluster.calls().iter().any(|call| call.contains(" logs --follow")) {
        assert!(begun.elapsed() < Duration::from_secs(30), "the job was not followed");
        std::thread::sleep(Duration::from_millis(50));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap()).ends(130);
    ran.says(&["interrupted", "may go on in the cluster", "kubectl --namespace s-prod delete job migrate-run-"]);
    assert!(!cluster.calls().iter().any(|call| call.contains("delete")));
}

/// A swarm with the service in `services`, whose runs have the task in `task`.
const DOCKER: &str = r#"
case "$*" in
  "service ls"*) [ ! -s $HERE/services ] || echo s1 ;;
  "service inspect"*) cat $HERE/services ;;
  "service ps"*) echo t1 ;;
  "inspect --type task"*) cat $HERE/task ;;
  "stack deploy --help") : ;;
  "stack deploy"*) for last; do file=$before; before=$last; done; cp "$file" $HERE/created ;;
  "service logs"*) echo printed ;;
  *) : ;;
esac
"#;

#[test]
fn a_swarm_is_given_a_service_that_runs_once() {
    let cluster = Cluster::new("docker", DOCKER);
    cluster.write("manifest.json", &with_schedule());
    cluster.write("services", "");
    cluster.write("task", "[]");
    let run = |id: &'static str| ["run-job", id, "--target", "swarm", "--profile", "prod"];
    cluster.run(&run("migrate")).ends(1).says(&["`migrate` is not deployed in `s-prod`"]);
    let service = |image: &str| json!([{"ID": "s1", "Spec": {"Name": "s-prod_report", "TaskTemplate": {"ContainerSpec": {"Image": image}}}}]);
    cluster.write("services", &service("x:0").to_string());
    cluster.run(&run("report")).ends(1).says(&["is deployed with the image `x:0`, and `x:1` is planned"]);
    assert!(!cluster.path("created").exists());

    cluster.write("services", &service("x:1@sha256:0123").to_string());
    let task = |state: &str, error: &str, code: i64| {
        let status = json!({"State": state, "Err": error, "ContainerStatus": {"ExitCode": code}});
        json!([{"ID": "t1", "Status": status}]).to_string()
    };
    for (state, error, code, ends) in [("complete", "", 0, 0), ("failed", "task: non-zero exit (9)", 9, 9)] {
        cluster.write("task", &task(state, error, code));
        assert_eq!(cluster.run(&run("report")).ends(ends).stdout, "printed\n");
        let file: Value = created(&cluster);
        let (name, service) = file["services"].as_object().unwrap().iter().next().unwrap();
        assert!(name.starts_with("report-run-") && file["services"].as_object().unwrap().len() == 1, "{file}");
        let deploy = &service["deploy"];
        assert_eq!(
            (&deploy["mode"], &deploy["replicas"], &deploy["restart_policy"]),
            (&json!("replicated-job"), &json!(1), &json!({"condition": "none"}))
        );
        assert!(deploy.get("update_config").is_none() && service["image"] == "x:1", "{file}");
        let removed = cluster.calls().into_iter().find(|call| call.starts_with("docker service rm")).unwrap();
        assert_eq!(removed, format!("docker service rm s-prod_{name}"));
    }
    cluster.write("task", &task("rejected", "No such image: x:1", 0));
    cluster.run(&run("report")).ends(1).says(&["did not run to its end: No such image: x:1", "`cargo orch push`"]);
}
