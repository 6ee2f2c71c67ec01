//! Kubernetes: a system in a namespace, through `kubectl`.

mod objects;

use std::collections::BTreeMap;
use std::time::Duration;

use super::rollout::Run;
use super::{Cluster, Command, Container, Engine, EngineError, Interrupt, Logs, PATIENCE, Rollout};
use crate::target::kubernetes::{INSTANCE_LABEL, NAME_LABEL};
pub use objects::Objects;

/// What says that an object was applied by us.
const MANAGED: &str = "app.kubernetes.io/managed-by=orch";

/// Who the API server notes as the owner of the fields that are applied.
pub const FIELD_MANAGER: &str = "orch";

/// The kinds of objects that are made of a plan, those that start others last. Claims are apart: data is
/// in them.
const KINDS: [&str; 11] = [
    "ingresses",
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "cronjobs",
    "deployments",
    "statefulsets",
    "jobs",
    "services",
    "networkpolicies",
    "configmaps",
    "serviceaccounts",
];

/// The kinds of which it is asked what runs.
const RUNNING: &str = "deployments,statefulsets,jobs,replicasets,pods";

/// At how many pods a log is read at once.
const LOGS_AT_ONCE: &str = "100";

/// A system in a namespace of a cluster.
pub struct Kubernetes {
    /// The context of kubectl's configuration; its current one when `None`.
    context: Option<String>,
    namespace: String,
    system: String,
    /// The names of the Jobs that are planned, by the job.
    jobs: BTreeMap<String, String>,
}

impl Kubernetes {
    /// A system in a namespace of the cluster that a context of kubectl names.
    pub fn new(context: Option<String>, namespace: String, system: String, jobs: BTreeMap<String, String>) -> Self {
        Self { context, namespace, system, jobs }
    }

    /// The program, on the cluster and on nothing else.
    pub fn kubectl(&self) -> Command {
        let command = Command::new("kubectl");
        match &self.context {
            Some(context) => command.args(["--context", context]),
            None => command,
        }
    }

    /// The same in the namespace.
    pub fn in_namespace(&self) -> Command {
        self.kubectl().args(["--namespace", &self.namespace])
    }

    /// The label selector of services, or of the whole system.
    fn selector(&self, services: &[String]) -> String {
        let system = format!("{INSTANCE_LABEL}={}", self.system);
        match services {
            [] => system,
            services => format!("{system},{NAME_LABEL} in ({})", services.join(",")),
        }
    }

    fn objects(&self, interrupt: &Interrupt) -> Result<Objects, EngineError> {
        let selector = self.selector(&[]);
        let command = self.in_namespace().args(["get", RUNNING, "--selector", &selector, "--output", "json"]);
        let output = command.output(interrupt, Some(PATIENCE))?;
        Objects::parse(&output.stdout, &self.jobs)
            .map_err(|problem| EngineError::Unreadable { command: command.to_string(), problem })
    }

    fn delete(&self, kinds: &str, selector: &str) -> Command {
        // It is waited for afterwards, for a limited time.
        self.in_namespace().args(["delete", kinds, "--selector", selector, "--ignore-not-found", "--wait=false"])
    }

    /// What there is of a service of some kinds, as `kind/name`.
    pub fn of_service(&self, id: &str, kinds: &str, interrupt: &Interrupt) -> Result<Vec<String>, EngineError> {
        let selector = self.selector(&[id.to_owned()]);
        let command = self.in_namespace().args(["get", kinds, "--selector", &selector, "--output", "name"]);
        let output = command.output(interrupt, Some(PATIENCE))?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(plain).collect())
    }

    /// What was applied for the system and is there, as `kind/name`, of the kinds that start or expose
    /// something.
    pub fn applied(&self, interrupt: &Interrupt) -> Result<Vec<String>, EngineError> {
        let selector = format!("{},{MANAGED}", self.selector(&[]));
        let kinds = "deployments,statefulsets,cronjobs,services,ingresses";
        let command = self.in_namespace().args(["get", kinds, "--selector", &selector, "--output", "name"]);
        let output = command.output(interrupt, Some(PATIENCE))?;
        Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(plain).collect())
    }
}

/// `deployment/api` of `deployment.apps/api`.
fn plain(name: &str) -> Option<String> {
    let (kind, name) = name.split_once('/')?;
    Some(format!("{}/{name}", kind.split('.').next()?))
}

impl Engine for Kubernetes {
    fn name(&self) -> &str {
        &self.namespace
    }

    fn down(&self, _: bool) -> Command {
        self.delete(&KINDS.join(","), &format!("{},{MANAGED}", self.selector(&[])))
    }

    fn is_gone(&self, interrupt: &Interrupt) -> Result<bool, EngineError> {
        let pods = ["get", "pods", "--selector", &self.selector(&[]), "--output", "name"];
        let output = self.in_namespace().args(pods).output(interrupt, Some(PATIENCE))?;
        Ok(output.stdout.trim_ascii().is_empty())
    }

    fn leftovers(&self, volumes: bool, _: &Interrupt) -> Result<Vec<Command>, EngineError> {
        // A set makes claims of its own, which have no more than its selector as labels.
        let delete = || self.delete("persistentvolumeclaims", &self.selector(&[]));
        Ok(volumes.then(delete).into_iter().collect())
    }

    fn restart(&self, services: &[String], _: Option<Duration>) -> Vec<Command> {
        let selector = self.selector(services);
        vec![self.in_namespace().args(["rollout", "restart", "deployments,statefulsets", "--selector", &selector])]
    }

    fn logs(&self, services: &[String], logs: &Logs) -> Vec<Command> {
        let selector = self.selector(services);
        let mut command = self.in_namespace().args(["logs", "--selector", &selector]);
        command = command.args(["--max-log-requests", LOGS_AT_ONCE, "--ignore-errors"]);
        if logs.names {
            command = command.arg("--prefix");
        }
        if logs.follow {
            command = command.arg("--follow");
        }
        // With a selector kubectl shows ten lines unless it is told otherwise.
        let tail = logs.tail.map_or_else(|| "-1".to_owned(), |tail| tail.to_string());
        command = command.arg(format!("--tail={tail}"));
        match &logs.since {
            Some(time) if time.contains('-') => vec![command.arg(format!("--since-time={}", whole(time)))],
            Some(duration) => vec![command.arg(format!("--since={duration}"))],
            None => vec![command],
        }
    }

    fn exec(
        &self,
        service: &str,
        terminal: bool,
        command: &[String],
        interrupt: &Interrupt,
    ) -> Result<Command, EngineError> {
        let objects = self.objects(interrupt)?;
        let Some(pod) = objects.running(service) else {
            return Err(EngineError::Elsewhere { service: service.to_owned(), place: None });
        };
        let exec = self.in_namespace().args(["exec", "--stdin"]);
        let exec = if terminal { exec.arg("--tty") } else { exec };
        Ok(exec.args([&pod, "--container", service, "--"]).args(command))
    }

    fn forward(&self, service: &str, local: u16, port: u16) -> Option<Command> {
        // Kubectl takes no port for any that is free.
        let local = if local == 0 { String::new() } else { local.to_string() };
        let service = format!("service/{service}");
        Some(self.in_namespace().args(["port-forward", &service, &format!("{local}:{port}")]))
    }

    fn containers(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        Ok(self.objects(interrupt)?.containers())
    }
}

impl Cluster for Kubernetes {
    fn rollouts(&self, before: &[Rollout], interrupt: &Interrupt) -> Result<Vec<Rollout>, EngineError> {
        let _ = before;
        Ok(self.objects(interrupt)?.rollouts())
    }

    fn roll_back(&self, rollout: &Rollout) -> Command {
        self.in_namespace().args(["rollout", "undo", &rollout.name])
    }

    fn run(&self, name: &str, interrupt: &Interrupt) -> Result<Run, EngineError> {
        let job = self.in_namespace().args(["get", "job", name, "--output", "json"]);
        // The label that the Job's controller gives to its pods.
        let pods = ["get", "pods", "--selector", &format!("job-name={name}"), "--output", "json"];
        let pods = self.in_namespace().args(pods);
        let there = job.output(interrupt, Some(PATIENCE))?;
        let unreadable = |command: &Command, problem| EngineError::Unreadable { command: command.to_string(), problem };
        let there = serde_json::from_slice(&there.stdout).map_err(|error| unreadable(&job, error.to_string()))?;
        let listed = pods.output(interrupt, Some(PATIENCE))?;
        let objects = Objects::parse(&listed.stdout, &self.jobs).map_err(|problem| unreadable(&pods, problem))?;
        Ok(objects.run(&there))
    }

    fn run_log(&self, name: &str, follow: bool) -> Command {
        let logs = self.in_namespace().arg("logs");
        let logs = if follow { logs.arg("--follow") } else { logs };
        logs.arg(format!("job/{name}"))
    }

    fn end_run(&self, name: &str) -> Command {
        self.in_namespace().args(["delete", "job", name, "--wait=false"])
    }
}

/// A time as the API takes it: a date alone is its beginning.
fn whole(time: &str) -> String {
    if time.contains('T') { time.to_owned() } else { format!("{time}T00:00:00Z") }
}
