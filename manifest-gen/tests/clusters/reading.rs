//! What Swarm and Kubernetes say.
//!
//! `swarm-20.10-*.json` is what an engine 20.10 printed of a stack with a service of two replicas, a job that has
//! completed, a service that crashes and one that no node may run. What Kubernetes says is written here after the API
//! reference; a real API server's answers are read in `ci/kubernetes-deploy.sh`.

use std::collections::BTreeMap;
use std::path::Path;

use cargo_orch::engine::kubernetes::Objects;
use cargo_orch::engine::swarm::{Service, parse};
use cargo_orch::engine::{Container, Health, Rollout, Stage, State};
use proptest::prelude::*;
use serde_json::{Value, json};

fn recorded(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clusters").join(name)).unwrap()
}

fn stack() -> (Vec<Value>, Vec<Value>) {
    let read = |name: &str| serde_json::from_slice(&recorded(name)).unwrap();
    (read("swarm-20.10-services.json"), read("swarm-20.10-tasks.json"))
}

fn read(services: &[Value], tasks: &[Value]) -> BTreeMap<String, Service> {
    let bytes = |values: &[Value]| serde_json::to_vec(values).unwrap();
    let services = parse("orchx", &bytes(services), &bytes(tasks)).unwrap();
    services.into_iter().map(|service| (service.id.clone(), service)).collect()
}

fn stage(service: &Service) -> Stage {
    service.rollout(None).stage
}

#[test]
fn a_recorded_stack_is_what_it_was() {
    let (services, tasks) = stack();
    let services = read(&services, &tasks);
    assert_eq!(services.keys().map(String::as_str).collect::<Vec<_>>(), ["a", "c", "j", "p"]);
    let running: Vec<Container> = services["a"].containers();
    assert_eq!(running.len(), 2);
    assert!(running.iter().all(|one| (&one.state, one.health) == (&State::Running, Health::Healthy)));
    assert_eq!(stage(&services["a"]), Stage::Done);

    let job = &services["j"].containers()[0];
    assert_eq!((&job.state, job.exit_code), (&State::Exited, Some(0)));
    assert_eq!(stage(&services["j"]), Stage::Done);

    let crashing = &services["c"].containers()[0];
    assert_eq!((&crashing.state, crashing.exit_code, crashing.details.restarts), (&State::Restarting, Some(3), 4));
    assert!(matches!(stage(&services["c"]), Stage::Failed(why) if why.contains("4 times") && why.contains("exit (3)")));

    let waiting = &services["p"].containers()[0];
    assert_eq!(waiting.state, State::Created);
    assert!(waiting.details.waits.starts_with("no suitable node"), "{waiting:?}");
    assert!(matches!(stage(&services["p"]), Stage::Going(why) if why.starts_with("no suitable node")));
}

#[test]
fn what_runs_in_another_version_than_it_should_is_not_there_yet() {
    let (mut services, tasks) = stack();
    let service = services.iter_mut().find(|service| service["Spec"]["Name"] == "orchx_a").unwrap();
    service["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"] = json!(["NEW=1"]);
    let services = read(&services, &tasks);
    assert!(matches!(stage(&services["a"]), Stage::Going(_)), "{:?}", stage(&services["a"]));
    // Where a task still runs, it is said so.
    assert_eq!(services["a"].containers()[0].state, State::Running);
}

#[test]
fn an_update_that_is_rolled_back_is_a_failure_of_this_deployment_only() {
    let (mut services, tasks) = stack();
    let service = services.iter_mut().find(|service| service["Spec"]["Name"] == "orchx_a").unwrap();
    // The engine's own message is another one in each state, and some say nothing: "rollback completed".
    let update = |state: &str| json!({"State": state, "StartedAt": "2026-01-01T00:00:00Z", "Message": state});
    let states = [
        ("rollback_started", true, "does not stay up and is rolled back"),
        ("rollback_completed", false, "did not stay up and was rolled back"),
        ("rollback_paused", false, "did not stay up, nor did what was there before"),
        ("paused", false, "does not stay up, and its update was stopped"),
    ];
    for (state, is_going_back, said) in states {
        service["UpdateStatus"] = update(state);
        let read = read(std::slice::from_ref(service), &tasks);
        let now = read["a"].rollout(None);
        assert!(matches!(&now.stage, Stage::Failed(why) if why.starts_with(said)), "{now:?}");
        assert_eq!(now.is_going_back, is_going_back);
        assert_eq!(read["a"].rollout(Some(&now)).stage, Stage::Done, "{state} was there before");
    }
    service["UpdateStatus"] = update("updating");
    let read = read(std::slice::from_ref(service), &tasks);
    assert!(matches!(stage(&read["a"]), Stage::Going(_)));
}

const JOB: &str = "migrate-1a2b3c4d";

fn objects(items: &Value) -> Objects {
    let jobs = [("migrate".to_owned(), JOB.to_owned())].into();
    Objects::parse(json!({"kind": "List", "items": items}).to_string().as_bytes(), &jobs).unwrap()
}

fn object(kind: &str, id: &str, more: &Value) -> Value {
    let mut object = json!({"kind": kind, "metadata": {
        "name": id, "generation": 2, "labels": {"app.kubernetes.io/name": id},
        "annotations": {"deployment.kubernetes.io/revision": "2"}}, "spec": {"replicas": 2, "template": {}}});
    for (key, value) in more.as_object().unwrap() {
        object[key] = value.clone();
    }
    object
}

fn pod(id: &str, hash: &str, status: &Value) -> Value {
    json!({"kind": "Pod", "metadata": {"name": format!("{id}-{hash}-x"), "labels": {"app.kubernetes.io/name": id, "pod-template-hash": hash}},
        "spec": {"containers": [{"name": id, "image": "x:1"}]}, "status": status})
}

fn container(id: &str, more: &Value) -> Value {
    let mut status = json!({"name": id, "ready": false, "restartCount": 0});
    for (key, value) in more.as_object().unwrap() {
        status[key] = value.clone();
    }
    json!({"phase": "Running", "containerStatuses": [status]})
}

fn rollout(items: &Value, id: &str) -> Rollout {
    objects(items).rollouts().into_iter().find(|rollout| rollout.id == id).unwrap()
}

#[test]
fn a_deployment_is_there_when_all_of_its_new_pods_are() {
    let status = |observed: u64, updated: u64, all: u64, available: u64| {
        let status = json!({"observedGeneration": observed, "updatedReplicas": updated, "replicas": all, "availableReplicas": available});
        rollout(&json!([object("Deployment", "api", &json!({"status": status}))]), "api").stage
    };
    assert_eq!(status(2, 2, 2, 2), Stage::Done);
    for (what, stage) in [
        ("nobody has looked", status(1, 2, 2, 2)),
        ("old ones are left", status(2, 2, 3, 3)),
        ("one is not ready", status(2, 2, 2, 1)),
        ("one is not new", status(2, 1, 2, 2)),
    ] {
        assert!(matches!(stage, Stage::Going(_)), "{what}: {stage:?}");
    }
    let stuck = json!({"status": {"observedGeneration": 2, "conditions": [
        {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "too slow"}]}});
    assert_eq!(
        rollout(&json!([object("Deployment", "api", &stuck)]), "api").stage,
        Stage::Failed("too slow".to_owned())
    );
}

#[test]
fn a_new_pod_that_does_not_come_is_a_failure_and_an_old_one_is_not() {
    let going =
        json!({"status": {"observedGeneration": 2, "updatedReplicas": 1, "replicas": 3, "availableReplicas": 2}});
    let set = |hash: &str, revision: &str| {
        json!({"kind": "ReplicaSet", "metadata": {"name": hash, "labels": {"app.kubernetes.io/name": "api", "pod-template-hash": hash},
            "annotations": {"deployment.kubernetes.io/revision": revision}}})
    };
    let with = |hash: &str, status: &Value| {
        let items =
            json!([object("Deployment", "api", &going), set("old", "1"), set("new", "2"), pod("api", hash, status)]);
        rollout(&items, "api").stage
    };
    let absent =
        container("api", &json!({"state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}));
    assert_eq!(with("new", &absent), Stage::Failed("ImagePullBackOff: no such image".to_owned()));
    assert!(matches!(with("old", &absent), Stage::Going(_)));
    let crashing = |times: u64| {
        container(
            "api",
            &json!({"restartCount": times, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": {"terminated": {"exitCode": 7}}}),
        )
    };
    assert!(matches!(with("new", &crashing(3)), Stage::Failed(why) if why.contains("3 times, last with 7")));
    assert!(matches!(with("new", &crashing(1)), Stage::Going(_)));
    let unscheduled = json!({"phase": "Pending", "conditions": [
        {"type": "PodScheduled", "status": "False", "message": "0/3 nodes are available"}]});
    assert_eq!(with("new", &unscheduled), Stage::Going("0/3 nodes are available".to_owned()));
}

#[test]
fn sets_and_jobs_are_there_when_they_are() {
    let set = |status: &Value| rollout(&json!([object("StatefulSet", "db", &json!({"status": status}))]), "db").stage;
    let done = json!({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 2, "updateRevision": "b", "currentRevision": "b"});
    assert_eq!(set(&done), Stage::Done);
    let half = json!({"observedGeneration": 2, "readyReplicas": 2, "updatedReplicas": 1, "updateRevision": "b", "currentRevision": "a"});
    assert!(matches!(set(&half), Stage::Going(_)));

    let job = |name: &str, kind: &str| {
        json!({"kind": "Job", "metadata": {"name": name, "labels": {"app.kubernetes.io/name": "migrate"}},
            "status": {"conditions": [{"type": kind, "status": "True", "message": "no more tries"}]}})
    };
    assert_eq!(rollout(&json!([job(JOB, "Complete"), job("migrate-before", "Failed")]), "migrate").stage, Stage::Done);
    assert!(
        matches!(rollout(&json!([job(JOB, "Failed")]), "migrate").stage, Stage::Failed(why) if why.contains("no more tries"))
    );
    assert!(!rollout(&json!([job(JOB, "Failed")]), "migrate").can_go_back);
    let containers = objects(&json!([job(JOB, "Complete"), job("migrate-before", "Failed")])).containers();
    assert_eq!((containers.len(), containers[0].exit_code), (1, Some(0)));
}

#[test]
fn pods_are_read_as_containers() {
    let items = json!([
        pod("api", "a", &container("api", &json!({"ready": true, "state": {"running": {}}}))),
        pod("web", "a", &container("web", &json!({"state": {"running": {}}}))),
        pod("gone", "a", &json!({"phase": "Failed"})),
    ]);
    let read: Vec<(String, String, Health)> = objects(&items)
        .containers()
        .into_iter()
        .map(|one| (one.service, one.state.as_str().to_owned(), one.health))
        .collect();
    let expected =
        [("api", "running", Health::Healthy), ("gone", "exited", Health::None), ("web", "running", Health::Starting)];
    assert_eq!(read, expected.map(|(id, state, health)| (id.to_owned(), state.to_owned(), health)));
}

/// JSON of any shape, whose keys are those that are looked at.
fn value() -> impl Strategy<Value = Value> {
    let keys = "kind|metadata|labels|name|spec|status|Spec|Mode|Name|ID|ServiceID|Status|State|items|conditions|containerStatuses";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::from),
        "Pod|Deployment|Job|running|orchx_a|a|True".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(keys, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_panics_on_any_bytes(bytes in any::<Vec<u8>>()) {
        let _ = parse("orchx", &bytes, b"[]");
        let _ = parse("orchx", b"[]", &bytes);
        let _ = Objects::parse(&bytes, &BTreeMap::new());
    }

    #[test]
    fn nothing_panics_on_any_json(one in value(), other in value()) {
        let (services, tasks) = (json!([one]).to_string(), json!([other]).to_string());
        for service in parse("orchx", services.as_bytes(), tasks.as_bytes()).unwrap() {
            let _ = (service.containers(), service.rollout(None));
        }
        let list = json!({"items": [one, other]}).to_string();
        let objects = Objects::parse(list.as_bytes(), &[("a".to_owned(), "a".to_owned())].into()).unwrap();
        let _ = (objects.containers(), objects.rollouts());
    }
}
