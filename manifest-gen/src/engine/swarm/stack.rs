//! Reads a stack: `docker service inspect` and `docker inspect --type task`.
//!
//! Source: Docker Engine API, `Service` and `Task`. Whatever else is in there is not looked at, and nothing
//! is believed about it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::inspect::Details;
use super::super::ps::Endpoint;
use super::super::rollout::{FAILURES, Rollout, Run, Stage};
use super::super::{Container, Health, State};

/// The word in a service's mode that says that it runs to its end.
const JOB_MODE: &str = "ReplicatedJob";

/// What the engine fills in where a service leaves it out, and a task does not say.
const FILLED_IN: [&str; 5] = ["DNSConfig", "Isolation", "Privileges", "StopGracePeriod", "Runtime"];

/// A service of a stack.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its id in the system: its name without the stack's.
    pub id: String,
    name: String,
    /// The name of its image.
    pub(super) image: String,
    is_job: bool,
    /// How many tasks there are to be.
    wanted: usize,
    is_checked: bool,
    /// What is to run, as text.
    version: String,
    has_previous: bool,
    update: Option<Update>,
    ports: Vec<Endpoint>,
    /// The newest first; of a job those of its last run.
    tasks: Vec<Task>,
}

#[derive(Clone, Debug)]
struct Update {
    state: String,
    started: String,
}

#[derive(Clone, Debug)]
struct Task {
    id: String,
    slot: u64,
    node: String,
    created: String,
    /// What the swarm wants of it: `running`, `shutdown` and so on.
    desired: String,
    state: String,
    error: String,
    exit_code: Option<i64>,
    container: String,
    started: String,
    is_current: bool,
}

/// Reads the services of a stack with their tasks.
pub fn parse(stack: &str, services: &[u8], tasks: &[u8]) -> Result<Vec<Service>, String> {
    let list = |bytes: &[u8]| serde_json::from_slice::<Vec<Value>>(bytes).map_err(|error| error.to_string());
    let tasks = list(tasks)?;
    let mut services: Vec<Service> = list(services)?.iter().filter_map(|value| service(value, stack, &tasks)).collect();
    services.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(services)
}

/// How far the newest of a job's tasks has come.
pub fn run(tasks: &[u8]) -> Result<Run, String> {
    let tasks: Vec<Value> = serde_json::from_slice(tasks).map_err(|error| error.to_string())?;
    let tasks = tasks.iter().map(|value| task(value, &Value::Null));
    let Some(task) = tasks.max_by(|a, b| a.created.cmp(&b.created)) else { return Ok(Run::Waits(String::new())) };
    Ok(match (task.state.as_str(), task.exit_code) {
        ("complete", _) => Run::Over(Ok(0)),
        ("running", _) => Run::Runs,
        // Without a code of its own it never began.
        ("failed", Some(code)) if code != 0 => Run::Over(Ok(code)),
        ("failed" | "rejected" | "orphaned", _) => Run::Over(Err(task.error)),
        ("shutdown" | "remove", _) => Run::Over(Err("it was stopped".to_owned())),
        _ => Run::Waits(task.error),
    })
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_default()
}

fn service(value: &Value, stack: &str, tasks: &[Value]) -> Option<Service> {
    let name = text(value, "/Spec/Name");
    let id = name.strip_prefix(stack)?.strip_prefix('_')?.to_owned();
    let spec = value.get("Spec")?;
    let mode = spec.get("Mode");
    let job = mode.and_then(|mode| mode.get(JOB_MODE));
    let wanted = match job {
        Some(job) => number(job, "/TotalCompletions").max(1),
        None => mode.map_or(0, |mode| number(mode, "/Replicated/Replicas")),
    };
    let template = essence(spec.get("TaskTemplate").unwrap_or(&Value::Null));
    let own = tasks.iter().filter(|task| task.get("ServiceID") == value.get("ID"));
    let run = number(value, "/JobStatus/JobIteration/Index");
    let own = own.filter(|task| job.is_none() || number(task, "/JobIteration/Index") == run);
    let mut own: Vec<Task> = own.map(|value| task(value, &template)).collect();
    own.sort_by(|a, b| b.created.cmp(&a.created));
    let test = spec.pointer("/TaskTemplate/ContainerSpec/Healthcheck/Test/0").and_then(Value::as_str);
    Some(Service {
        id,
        name,
        has_previous: value.get("PreviousSpec").is_some_and(Value::is_object),
        image: text(spec, "/TaskTemplate/ContainerSpec/Image"),
        is_job: job.is_some(),
        wanted: usize::try_from(wanted).unwrap_or(usize::MAX),
        is_checked: test.is_some_and(|test| test != "NONE"),
        version: spec.to_string(),
        update: value
            .get("UpdateStatus")
            .filter(|update| update.get("State").is_some())
            .map(|update| Update { state: text(update, "/State"), started: text(update, "/StartedAt") }),
        ports: ports(value),
        tasks: own,
    })
}

fn task(value: &Value, template: &Value) -> Task {
    let spec = essence(value.get("Spec").unwrap_or(&Value::Null));
    let state = text(value, "/Status/State");
    let code = value.pointer("/Status/ContainerStatus/ExitCode").and_then(Value::as_i64);
    Task {
        id: text(value, "/ID"),
        slot: number(value, "/Slot"),
        node: text(value, "/NodeID"),
        created: text(value, "/CreatedAt"),
        desired: text(value, "/DesiredState"),
        error: text(value, "/Status/Err"),
        exit_code: code.filter(|_| ["complete", "failed", "shutdown"].contains(&state.as_str())),
        container: text(value, "/Status/ContainerStatus/ContainerID"),
        started: text(value, "/Status/Timestamp"),
        is_current: spec == *template,
        state,
    }
}

/// What decides which container a task runs, without what the engine fills in and what says nothing.
fn essence(template: &Value) -> Value {
    let says_something = |value: &Value| match value {
        Value::Null | Value::Bool(false) => false,
        Value::Object(fields) => !fields.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Number(number) => number.as_u64() != Some(0),
        _ => true,
    };
    let Value::Object(fields) = template else { return template.clone() };
    let kept = fields.iter().filter(|(name, _)| !FILLED_IN.contains(&name.as_str()) && *name != "RestartPolicy");
    let kept = kept.map(|(name, value)| (name.clone(), essence(value)));
    Value::Object(kept.filter(|(_, value)| says_something(value)).collect::<Map<_, _>>())
}

fn ports(value: &Value) -> Vec<Endpoint> {
    let ports = value.pointer("/Endpoint/Ports").and_then(Value::as_array).into_iter().flatten();
    let port = |value: &Value| {
        let number = |name: &str| u16::try_from(value.get(name)?.as_u64()?).ok().filter(|number| *number > 0);
        Some(Endpoint {
            address: None,
            port: number("PublishedPort")?,
            target: number("TargetPort")?,
            protocol: value.get("Protocol").and_then(Value::as_str).unwrap_or("tcp").to_owned(),
        })
    };
    ports.filter_map(port).collect()
}

impl Task {
    fn has_failed(&self) -> bool {
        matches!(self.state.as_str(), "failed" | "rejected" | "orphaned")
    }

    fn is_wanted(&self) -> bool {
        matches!(self.desired.as_str(), "running" | "ready" | "complete")
    }
}

impl Service {
    /// The ids of its running containers, each with its node's.
    pub(super) fn running(&self) -> impl Iterator<Item = (&str, &str)> {
        let running = self.tasks.iter().filter(|task| task.state == "running" && !task.container.is_empty());
        running.map(|task| (task.container.as_str(), task.node.as_str()))
    }

    /// The task that counts of each slot: the newest that is wanted, else the newest.
    fn slots(&self) -> BTreeMap<u64, &Task> {
        let mut slots: BTreeMap<u64, &Task> = BTreeMap::new();
        for task in &self.tasks {
            let counts = slots.entry(task.slot).or_insert(task);
            if !counts.is_wanted() && task.is_wanted() {
                *counts = task;
            }
        }
        // More than there are to be are those of slots that are given up.
        slots.retain(|_, task| task.is_wanted() || self.is_job);
        if slots.is_empty() && self.wanted > 0 {
            slots.extend(self.tasks.first().map(|task| (task.slot, task)));
        }
        slots
    }

    /// How often what is to run now has failed in a slot.
    fn failures(&self, slot: u64) -> impl Iterator<Item = &Task> {
        self.tasks.iter().filter(move |task| task.slot == slot && task.is_current && task.has_failed())
    }

    /// A container for each task that counts.
    pub fn containers(&self) -> Vec<Container> {
        self.slots().values().map(|task| self.container(task)).collect()
    }

    fn container(&self, task: &Task) -> Container {
        let failures = self.failures(task.slot).count() as u64;
        let last = self.failures(task.slot).next();
        let ended = task.has_failed().then_some(task).or(last);
        let (state, health) = self.state(task, failures);
        let waiting = matches!(state, State::Created | State::Restarting);
        Container {
            id: task.id.clone(),
            name: format!("{}.{}", self.id, task.slot.max(1)),
            service: self.id.clone(),
            image: self.image.clone(),
            exit_code: task.exit_code.or(ended.and_then(|task| task.exit_code)).filter(|_| state != State::Running),
            state,
            health,
            one_off: false,
            ports: self.ports.clone(),
            details: Details {
                restarts: failures,
                started: task.started.clone(),
                error: if task.state == "rejected" { task.error.clone() } else { String::new() },
                waits: if waiting { task.error.clone() } else { String::new() },
                check: if last.is_some_and(|task| task.error.contains("unhealthy")) {
                    task.error.clone()
                } else {
                    String::new()
                },
                ..Details::default()
            },
        }
    }

    fn state(&self, task: &Task, failures: u64) -> (State, Health) {
        let passed = if self.is_checked { Health::Healthy } else { Health::None };
        match task.state.as_str() {
            "running" => (State::Running, passed),
            "starting" if self.is_checked => (State::Running, Health::Starting),
            "complete" | "failed" | "orphaned" => (State::Exited, Health::None),
            "rejected" => (State::Created, Health::None),
            "shutdown" | "remove" => (State::Removing, Health::None),
            _ if failures > 0 => (State::Restarting, Health::None),
            _ => (State::Created, Health::None),
        }
    }

    /// How far it has come since `before`.
    pub fn rollout(&self, before: Option<&Rollout>) -> Rollout {
        let mark = self.update.as_ref().map(|update| update.started.clone()).unwrap_or_default();
        // An update that ended before says nothing about this one.
        let is_new = before.is_none_or(|before| before.mark != mark);
        let update = self.update.as_ref().filter(|_| is_new);
        let stage = match update {
            Some(update) => match update.state.as_str() {
                "rollback_started" => Stage::Failed(self.why("does not stay up and is rolled back")),
                // Between two looks the swarm may have arrived where it was.
                "rollback_completed" => Stage::Failed(self.why("did not stay up and was rolled back")),
                "rollback_paused" => Stage::Failed(self.why("did not stay up, nor did what was there before")),
                "paused" => Stage::Failed(self.why("does not stay up, and its update was stopped")),
                "updating" => Stage::Going(self.why("is being replaced")),
                _ => self.stage(),
            },
            None => self.stage(),
        };
        let is_going_back = update.is_some_and(|update| update.state == "rollback_started");
        Rollout {
            id: self.id.clone(),
            name: self.name.clone(),
            stage,
            version: self.version.clone(),
            mark,
            is_going_back,
            can_go_back: self.has_previous && !self.is_job,
        }
    }

    /// What became of an update, with what its last task that failed said.
    fn why(&self, became: &str) -> String {
        let failed = self.tasks.iter().find(|task| task.has_failed() && !task.error.is_empty());
        failed.map_or_else(|| became.to_owned(), |task| format!("{became}: {}", task.error))
    }

    /// Whether what is to run now runs.
    fn stage(&self) -> Stage {
        if self.is_job {
            let done = self.tasks.iter().filter(|task| task.state == "complete").count();
            if done >= self.wanted {
                return Stage::Done;
            }
        }
        let slots = self.slots();
        let there = slots.values().filter(|task| task.is_current && task.state == "running").count();
        if !self.is_job && there >= self.wanted {
            return Stage::Done;
        }
        for slot in slots.keys() {
            let mut failures = self.failures(*slot);
            let Some(last) = failures.next() else { continue };
            let times = 1 + failures.count() as u64;
            // What is not wanted any more is not started again.
            if times >= FAILURES || slots.get(slot).is_some_and(|task| task.has_failed() && !task.is_wanted()) {
                return Stage::Failed(format!("does not stay up: it failed {times} times, last with {:?}", last.error));
            }
        }
        let pending = slots.values().find(|task| !task.error.is_empty()).map(|task| task.error.clone());
        Stage::Going(pending.unwrap_or_else(|| format!("{there} of {} run", self.wanted)))
    }
}
