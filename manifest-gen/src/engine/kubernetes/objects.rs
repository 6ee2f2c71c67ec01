//! Reads controllers and pods: a list of the API as JSON.
//!
//! Source: Kubernetes API reference, apps/v1, batch/v1 and core/v1 (`PodStatus`, `ContainerStatus`). What
//! `kubectl rollout status` asks of a Deployment and of a `StatefulSet` is what is asked here.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::inspect::Details;
use super::super::rollout::{FAILURES, Rollout, Run, Stage};
use super::super::{Container, Health, State};

/// Why a container waits that will not start by itself.
const HOPELESS: [&str; 5] =
    ["ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError"];

/// What the API has of a system.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    objects: Vec<Value>,
    /// The names of the Jobs that are planned, by the job.
    jobs: BTreeMap<String, String>,
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn list<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// The id of the service that an object belongs to.
fn service(object: &Value) -> &str {
    text(object, "/metadata/labels/app.kubernetes.io~1name")
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    list(object, "/status/conditions").find(|condition| text(condition, "/type") == kind)
}

fn is_true(object: &Value, kind: &str) -> bool {
    condition(object, kind).is_some_and(|condition| text(condition, "/status") == "True")
}

impl Objects {
    /// Reads a list of the API.
    pub fn parse(bytes: &[u8], jobs: &BTreeMap<String, String>) -> Result<Self, String> {
        let list: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        match list.get("items") {
            Some(Value::Array(items)) => Ok(Self { objects: items.clone(), jobs: jobs.clone() }),
            _ => Err("it is no list".to_owned()),
        }
    }

    fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| text(object, "/kind") == kind && !service(object).is_empty())
    }

    /// The pods that are not being removed.
    fn pods(&self) -> impl Iterator<Item = &Value> {
        self.of("Pod").filter(|pod| pod.pointer("/metadata/deletionTimestamp").is_none())
    }

    /// The pod of a service in which a command can be run.
    pub(super) fn running(&self, service: &str) -> Option<String> {
        let mut running =
            self.pods().filter(|pod| self::service(pod) == service && text(pod, "/status/phase") == "Running");
        running.next().map(|pod| text(pod, "/metadata/name").to_owned())
    }

    /// The Jobs that are planned. Others are those of versions before.
    fn jobs(&self) -> impl Iterator<Item = &Value> {
        let name = |job: &&Value| self.jobs.get(service(job)).is_some_and(|name| name == text(job, "/metadata/name"));
        self.of("Job").filter(name)
    }

    /// A container for each pod of a Deployment or a `StatefulSet`, and one for each Job.
    pub fn containers(&self) -> Vec<Container> {
        let owners =
            |pod: &Value, kind: &str| list(pod, "/metadata/ownerReferences").any(|owner| text(owner, "/kind") == kind);
        let pods = self.pods().filter(|pod| !owners(pod, "Job"));
        let mut containers: Vec<Container> = pods.map(container).collect();
        containers.extend(self.jobs().map(|job| self.job(job)));
        containers.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
        containers
    }

    fn job(&self, job: &Value) -> Container {
        let name = text(job, "/metadata/name");
        let mut pods: Vec<&Value> = self
            .pods()
            .filter(|pod| list(pod, "/metadata/ownerReferences").any(|owner| text(owner, "/name") == name))
            .collect();
        pods.sort_by_key(|pod| text(pod, "/metadata/creationTimestamp"));
        let mut shown = pods.last().map_or_else(|| container(job), |pod| container(pod));
        name.clone_into(&mut shown.name);
        if is_true(job, "Complete") {
            (shown.state, shown.exit_code) = (State::Exited, Some(0));
        } else if let Some(failed) = condition(job, "Failed").filter(|_| is_true(job, "Failed")) {
            shown.state = State::Exited;
            text(failed, "/message").clone_into(&mut shown.details.error);
        } else if shown.state == State::Exited {
            // It is tried again.
            shown.state = State::Restarting;
        }
        shown
    }

    /// How far a Job has come whose pods these are.
    pub fn run(&self, job: &Value) -> Run {
        let newest = self.pods().max_by_key(|pod| text(pod, "/metadata/creationTimestamp"));
        let failed = condition(job, "Failed").filter(|_| is_true(job, "Failed"));
        let Some(pod) = newest else {
            return match failed {
                Some(failed) => Run::Over(Err(text(failed, "/message").to_owned())),
                None if is_true(job, "Complete") => Run::Over(Ok(0)),
                None => Run::Waits(String::new()),
            };
        };
        let shown = container(pod);
        match (text(pod, "/status/phase"), shown.exit_code) {
            ("Succeeded", _) => Run::Over(Ok(0)),
            ("Failed", Some(code)) if code != 0 => Run::Over(Ok(code)),
            ("Failed", _) => {
                let [reason, message] = ["/status/reason", "/status/message"].map(|pointer| text(pod, pointer));
                let why = [reason, message].join(": ");
                Run::Over(Err(why.trim_matches([':', ' ']).to_owned()))
            }
            _ if !shown.details.error.is_empty() => Run::Over(Err(shown.details.error)),
            _ if shown.state == State::Created => Run::Waits(shown.details.waits),
            _ => Run::Runs,
        }
    }

    /// How far everything has come.
    pub fn rollouts(&self) -> Vec<Rollout> {
        let deployments = self.of("Deployment").map(|object| rollout(object, "deployment", self.deployment(object)));
        let sets = self.of("StatefulSet").map(|object| rollout(object, "statefulset", self.stateful_set(object)));
        let jobs = self.jobs().map(|object| rollout(object, "job", self.job_stage(object)));
        deployments.chain(sets).chain(jobs).collect()
    }

    fn deployment(&self, object: &Value) -> Stage {
        let status = |field: &str| number(object, &format!("/status/{field}"));
        if status("observedGeneration") < number(object, "/metadata/generation") {
            return Stage::Going("has not been looked at".to_owned());
        }
        let stuck = condition(object, "Progressing").filter(|it| text(it, "/reason") == "ProgressDeadlineExceeded");
        if let Some(stuck) = stuck {
            return Stage::Failed(text(stuck, "/message").to_owned());
        }
        let wanted = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
        let (updated, all, available) = (status("updatedReplicas"), status("replicas"), status("availableReplicas"));
        if updated >= wanted && all == updated && available >= updated {
            return Stage::Done;
        }
        let revision = "/metadata/annotations/deployment.kubernetes.io~1revision";
        let mut sets =
            self.objects.iter().filter(|set| text(set, "/kind") == "ReplicaSet" && service(set) == service(object));
        let newest = sets.find(|set| text(set, revision) == text(object, revision));
        let hash = newest.map(|set| text(set, "/metadata/labels/pod-template-hash")).unwrap_or_default();
        self.going(object, "pod-template-hash", hash, format!("{} of {wanted} are ready", available.min(updated)))
    }

    fn stateful_set(&self, object: &Value) -> Stage {
        let status = |field: &str| number(object, &format!("/status/{field}"));
        if status("observedGeneration") < number(object, "/metadata/generation") {
            return Stage::Going("has not been looked at".to_owned());
        }
        let wanted = object.pointer("/spec/replicas").and_then(Value::as_u64).unwrap_or(1);
        let newest = text(object, "/status/updateRevision");
        let is_new = newest == text(object, "/status/currentRevision") || status("updatedReplicas") >= wanted;
        if is_new && status("readyReplicas") >= wanted {
            return Stage::Done;
        }
        let ready = format!("{} of {wanted} are ready", status("readyReplicas"));
        self.going(object, "controller-revision-hash", newest, ready)
    }

    /// On its way, unless a pod of the newest version says that it does not come.
    fn going(&self, object: &Value, label: &str, hash: &str, otherwise: String) -> Stage {
        let is_new = |pod: &&Value| {
            service(pod) == service(object)
                && !hash.is_empty()
                && pod.pointer(&format!("/metadata/labels/{label}")).and_then(Value::as_str) == Some(hash)
        };
        let new: Vec<Container> = self.pods().filter(is_new).map(container).collect();
        for pod in &new {
            if !pod.details.error.is_empty() {
                return Stage::Failed(pod.details.error.clone());
            }
            if pod.details.restarts >= FAILURES && pod.state != State::Running {
                let code = pod.exit_code.map(|code| format!(", last with {code}")).unwrap_or_default();
                return Stage::Failed(format!("does not stay up: it ended {} times{code}", pod.details.restarts));
            }
        }
        let waits = new.into_iter().map(|pod| pod.details.waits).find(|waits| !waits.is_empty());
        Stage::Going(waits.unwrap_or(otherwise))
    }

    fn job_stage(&self, object: &Value) -> Stage {
        if is_true(object, "Complete") {
            return Stage::Done;
        }
        if let Some(failed) = condition(object, "Failed").filter(|_| is_true(object, "Failed")) {
            return Stage::Failed(format!("failed: {}", text(failed, "/message")));
        }
        let pod = self.job(object);
        match pod.details.error.as_str() {
            "" => Stage::Going("runs".to_owned()),
            error => Stage::Failed(error.to_owned()),
        }
    }
}

fn rollout(object: &Value, kind: &str, stage: Stage) -> Rollout {
    let generation = number(object, "/metadata/generation");
    Rollout {
        id: service(object).to_owned(),
        name: format!("{kind}/{}", text(object, "/metadata/name")),
        stage,
        // How many there are may be somebody else's to say, such as an autoscaler's.
        version: object.pointer("/spec/template").map(Value::to_string).unwrap_or_default(),
        mark: generation.to_string(),
        is_going_back: false,
        can_go_back: kind != "job" && generation > 1,
    }
}

/// What runs in a pod. Beside its container there is none.
fn container(pod: &Value) -> Container {
    let own = list(pod, "/status/containerStatuses").find(|status| text(status, "/name") == service(pod));
    let none = Value::Null;
    let own = own.unwrap_or(&none);
    let mut details = Details {
        restarts: number(own, "/restartCount"),
        started: text(own, "/state/running/startedAt").to_owned(),
        image: text(own, "/imageID").to_owned(),
        ..Details::default()
    };
    let ended = ["/state/terminated", "/lastState/terminated"].iter().find_map(|pointer| own.pointer(pointer));
    details.out_of_memory = ended.is_some_and(|ended| text(ended, "/reason") == "OOMKilled");
    let waits = text(own, "/state/waiting/reason");
    let message = text(own, "/state/waiting/message");
    let unscheduled = condition(pod, "PodScheduled").filter(|condition| text(condition, "/status") == "False");
    let mut health = Health::None;
    let state = match text(pod, "/status/phase") {
        "Succeeded" | "Failed" => State::Exited,
        _ if HOPELESS.contains(&waits) => {
            [waits, message].join(": ").trim_end_matches(": ").clone_into(&mut details.error);
            State::Created
        }
        _ if waits == "CrashLoopBackOff" => State::Restarting,
        _ if own.pointer("/state/terminated").is_some() => State::Restarting,
        _ if own.pointer("/state/running").is_some() => {
            health = if own.get("ready") == Some(&Value::Bool(true)) { Health::Healthy } else { Health::Starting };
            State::Running
        }
        _ => {
            let why = unscheduled.map_or(waits, |condition| text(condition, "/message"));
            why.clone_into(&mut details.waits);
            State::Created
        }
    };
    Container {
        id: text(pod, "/metadata/uid").to_owned(),
        name: text(pod, "/metadata/name").to_owned(),
        service: service(pod).to_owned(),
        image: list(pod, "/spec/containers").map(|one| text(one, "/image")).next().unwrap_or_default().to_owned(),
        exit_code: ended.and_then(|ended| ended.get("exitCode")?.as_i64()).filter(|_| state != State::Running),
        state,
        health,
        one_off: false,
        ports: Vec::new(),
        details,
    }
}
