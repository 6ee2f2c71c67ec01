//! How many run where, and how they are replaced.

use std::collections::BTreeMap;

use orch_manifest::Duration;
use orch_manifest::model::{AppKind, RestartPolicy};
use orch_manifest::name::LabelKey;
use serde::Serialize;

use super::Writer;
use crate::finding::{Code, Finding};
use crate::plan::{Plan, Role, Workload};
use crate::target::docker::{self, Amounts};
use crate::target::interpolation::escape;

/// What Swarm calls a GPU that a node's engine announces.
const GPU: &str = "NVIDIA-GPU";

/// How long a task is watched that has no health check.
const MONITOR: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Deploy {
    /// Swarm's own where there is none.
    mode: Option<&'static str>,
    /// How many run.
    replicas: u32,
    /// Of the service; those of its containers are elsewhere.
    labels: BTreeMap<String, String>,
    /// How a new version replaces the old one; `null` for jobs.
    update: Option<Replacement>,
    /// How the old one replaces a new one; `null` for jobs.
    rollback: Option<Replacement>,
    /// When a task is started anew.
    restart: Restart,
    /// What holds for the nodes that it may run on: `node.labels.shop.postgres == true`.
    constraints: Vec<String>,
    /// What it may use at most.
    limits: Amounts,
    /// What is reserved.
    reservations: Amounts,
    /// What is reserved of what a node has besides: GPUs.
    generic: Option<Generic>,
}

/// How tasks are replaced by others.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Replacement {
    /// How many at a time.
    parallelism: u32,
    /// `start-first` or `stop-first`.
    order: &'static str,
    /// `rollback` or `pause`.
    failure_action: &'static str,
    /// The time for which a new task is watched.
    monitor: Duration,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Restart {
    /// `any`, `on-failure` or `none`.
    condition: &'static str,
    /// The time between two attempts.
    delay: Duration,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Generic {
    /// What it is.
    kind: &'static str,
    /// How many.
    value: u32,
}

/// The label of the node that has the data of a stateful service.
pub(super) fn pin(system: &orch_manifest::Id, workload: &Workload) -> String {
    format!("{system}.{}", workload.id)
}

/// How many there are to be, before it is seen whether they can be.
fn wanted(plan: &Plan, workload: &Workload) -> u32 {
    let scale = workload.scale.as_ref().filter(|_| !plan.profile.is_private());
    scale.map_or(workload.replicas, |scale| scale.min)
}

/// How many there are: of what has data, one.
#[cfg(feature = "cli")]
pub(crate) fn replicas(plan: &Plan, workload: &Workload) -> u32 {
    if workload.is_stateful() { 1 } else { wanted(plan, workload) }
}

impl Writer<'_> {
    pub(super) fn deploy(&mut self, workload: &Workload) -> Deploy {
        let replacement = |failure_action| Replacement {
            parallelism: 1,
            // Two of a stateful service would write the same data.
            order: if workload.is_stateful() { "stop-first" } else { "start-first" },
            failure_action,
            monitor: monitor(workload),
        };
        // A job is not replaced but run again, and the engine refuses to be told how.
        let is_replaced = !workload.is_job();
        Deploy {
            mode: (workload.role == Role::App(AppKind::Job)).then_some("replicated-job"),
            replicas: self.replicas(workload),
            labels: docker::labels(workload, self.plan),
            update: is_replaced.then(|| replacement("rollback")),
            rollback: is_replaced.then(|| replacement("pause")),
            restart: Restart { condition: restart(workload), delay: Duration::from_secs(5) },
            constraints: self.constraints(workload),
            limits: docker::limits(workload),
            reservations: docker::reservations(workload),
            generic: workload.resources.gpu.map(|value| Generic { kind: GPU, value }),
        }
    }

    fn replicas(&mut self, workload: &Workload) -> u32 {
        if workload.role == Role::App(AppKind::Cron) {
            return 0;
        }
        let wanted = wanted(self.plan, workload);
        if wanted > 1 && workload.is_stateful() {
            let message = format!("`{}` has {wanted} replicas and data on one node, so one is rendered", workload.id);
            let finding = Finding::new(Code::Unrepresentable, message).at(&workload.declared_by);
            self.findings.push(finding.help("write `replicas = 1` for this target"));
            return 1;
        }
        wanted
    }

    /// Where it may run: data does not move, so a stateful service stays on the node that is labelled
    /// for it.
    fn constraints(&mut self, workload: &Workload) -> Vec<String> {
        let mut constraints = Vec::new();
        if workload.is_stateful() {
            constraints.push(format!("node.labels.{} == true", pin(&self.plan.system, workload)));
        }
        for (key, value) in &workload.placement {
            if let Some(constraint) = constraint(key, value) {
                constraints.push(escape(&constraint));
                continue;
            }
            let message = format!("Swarm cannot express the `placement` of `{}` on `{key}`", workload.id);
            let finding = Finding::new(Code::Unrepresentable, message).at(&workload.declared_by);
            self.findings.push(finding.help(
                "use a key of letters, digits, `.`, `-` and `_`, and a value of letters, digits, `.`, `-`, `_` and `/`",
            ));
        }
        constraints
    }
}

/// A label of a node as a constraint; some labels of Kubernetes are attributes here.
fn constraint(key: &LabelKey, value: &str) -> Option<String> {
    let attribute = match key.as_str() {
        "kubernetes.io/hostname" => "node.hostname".to_owned(),
        "kubernetes.io/os" => "node.platform.os".to_owned(),
        "kubernetes.io/arch" => "node.platform.arch".to_owned(),
        key => format!("node.labels.{key}"),
    };
    let good = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    let good_value = |c: char| good(c) || c == '/';
    let fits = attribute.chars().all(good) && !value.is_empty() && value.chars().all(good_value);
    fits.then(|| format!("{attribute} == {value}"))
}

/// Long enough that a task which never becomes healthy is noticed as a failure of the update.
fn monitor(workload: &Workload) -> Duration {
    let Some(health) = workload.check_inside() else { return MONITOR };
    let attempt = health.interval.as_secs_ceil() + health.timeout.as_secs_ceil();
    let seconds = health.start_period.as_secs_ceil() + attempt * u64::from(health.retries.max(1));
    Duration::from_secs(u32::try_from(seconds).unwrap_or(u32::MAX)).max(MONITOR)
}

/// Nobody waits for anybody in Swarm: what is needed may come later, so whoever ended without it is
/// started again.
fn restart(workload: &Workload) -> &'static str {
    match (&workload.role, workload.restart) {
        (Role::App(AppKind::Cron), _) => "none",
        (Role::App(AppKind::Job), _) | (_, RestartPolicy::OnFailure) => "on-failure",
        (_, RestartPolicy::Always | RestartPolicy::UnlessStopped) => "any",
        (_, RestartPolicy::No) if workload.talks_to.is_empty() => "none",
        (_, RestartPolicy::No) => "on-failure",
    }
}
