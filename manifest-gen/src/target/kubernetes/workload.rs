//! Controllers: Deployment, StatefulSet, Job, CronJob.

use orch_manifest::model::{AppKind, RestartPolicy};
use serde::Serialize;

use super::object::{Metadata, Shared};
use super::pod::PodTemplate;
use super::storage::Claim;
use super::{Writer, config, probe, scaling, service};
use crate::plan::{Role, Workload};

/// How long a Job that ended stays, so that its log can be read: a day.
const KEPT_SECONDS: u32 = 86_400;
/// How often a Job is tried again; nothing orders it after what it needs, so the first tries may fail.
const JOB_RETRIES: u32 = 6;
const CRON_RETRIES: u32 = 2;
/// How much later than its time a run may still begin.
const CRON_LATE_SECONDS: u32 = 300;
/// How long a run may take: with `Forbid`, one that hangs would be the last.
const CRON_DEADLINE_SECONDS: u32 = 21_600;
/// How long the API waits for progress before it calls a rollout failed, unless more is said.
const PROGRESS_SECONDS: u64 = 600;

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Deployment {
    /// `null` where an autoscaler decides.
    replicas: Option<u32>,
    /// The labels of its pods, which never change.
    selector: Shared,
    /// Where starting takes longer than the API's own patience.
    progress_seconds: Option<u64>,
    /// The template of its pods.
    pod: PodTemplate,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct StatefulSet {
    /// How many run.
    replicas: u32,
    /// The headless Service that gives each its name.
    service: String,
    /// The labels of its pods, which never change.
    selector: Shared,
    /// The templates of its claims.
    claims: Vec<Claim>,
    /// The template of its pods.
    pod: PodTemplate,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Job {
    /// How often it is tried again.
    retries: u32,
    /// Seconds for which it is kept when it is done.
    kept_seconds: u32,
    /// The template of its pod.
    pod: PodTemplate,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct CronJob {
    /// The schedule, as a cron expression in UTC.
    schedule: String,
    /// Seconds by which it may start late; after that it is left out.
    late_seconds: u32,
    /// Seconds after which it is stopped.
    deadline_seconds: u32,
    /// How often it is tried again.
    retries: u32,
    /// The template of its pod.
    pod: PodTemplate,
}

impl Writer<'_> {
    /// The controller of a workload, with the claims of a job.
    pub(super) fn controller(&mut self, workload: &Workload) {
        match workload.role {
            Role::App(AppKind::Job) => self.job(workload),
            Role::App(AppKind::Cron) => self.cron_job(workload),
            _ if workload.is_stateful() => self.stateful_set(workload),
            _ => self.deployment(workload),
        }
    }

    fn deployment(&mut self, workload: &Workload) {
        let pod = self.pod(workload, None);
        let startup = workload.health.as_ref().map_or(0, probe::startup_seconds);
        let spec = Deployment {
            replicas: scaling::bounds(self.plan, workload).is_none().then_some(workload.replicas),
            selector: self.selector(&workload.id),
            progress_seconds: (startup >= PROGRESS_SECONDS).then_some(startup + PROGRESS_SECONDS),
            pod,
        };
        let metadata = self.controller_metadata(workload, workload.id.as_str(), &spec.pod);
        let object = self.object(workload, "Deployment", "deployment", metadata, spec);
        self.out.deployments.push(object);
    }

    fn stateful_set(&mut self, workload: &Workload) {
        let pod = self.pod(workload, None);
        let spec = StatefulSet {
            replicas: workload.replicas,
            service: service::headless_name(workload),
            selector: self.selector(&workload.id),
            claims: self.claim_templates(workload, workload.replicas),
            pod,
        };
        let metadata = self.controller_metadata(workload, workload.id.as_str(), &spec.pod);
        let object = self.object(workload, "StatefulSet", "stateful-set", metadata, spec);
        self.out.stateful_sets.push(object);
    }

    fn job(&mut self, workload: &Workload) {
        self.job_claims(workload);
        let pod = self.pod(workload, Some(restart(workload)));
        let spec = Job { retries: JOB_RETRIES, kept_seconds: KEPT_SECONDS, pod };
        // What a Job runs is immutable, so another one is another Job.
        let content = serde_json::to_string(&spec).unwrap_or_default();
        let name = format!("{}-{}", workload.id, config::short_hash(&content, 8));
        let metadata = self.controller_metadata(workload, &name, &spec.pod);
        let object = self.object(workload, "Job", "job", metadata, spec);
        self.out.jobs.push(object);
    }

    fn cron_job(&mut self, workload: &Workload) {
        self.job_claims(workload);
        let spec = CronJob {
            // An application of this kind has one; the grammar demands it.
            schedule: workload.schedule.as_ref().map(ToString::to_string).unwrap_or_default(),
            late_seconds: CRON_LATE_SECONDS,
            deadline_seconds: CRON_DEADLINE_SECONDS,
            retries: CRON_RETRIES,
            pod: self.pod(workload, Some(restart(workload))),
        };
        let metadata = self.controller_metadata(workload, workload.id.as_str(), &spec.pod);
        let object = self.object(workload, "CronJob", "cron-job", metadata, spec);
        self.out.cron_jobs.push(object);
    }

    /// The metadata of a controller: what people and scanners are told is on it.
    fn controller_metadata(&self, workload: &Workload, name: &str, pod: &PodTemplate) -> Metadata {
        let mut metadata = self.metadata(workload, name);
        let description = workload.description.as_ref();
        metadata.annotations.extend(description.map(|text| ("kubernetes.io/description".to_owned(), text.clone())));
        for (number, (check, reason)) in (1..).zip(skips(workload, pod)) {
            metadata.annotations.insert(format!("checkov.io/skip{number}"), format!("{check}={reason}"));
        }
        metadata.annotations.extend(Self::annotations(workload));
        metadata
    }
}

/// How a container of a job that failed is tried again: in its pod, or in another one.
fn restart(workload: &Workload) -> &'static str {
    if workload.restart == RestartPolicy::No { "Never" } else { "OnFailure" }
}

/// Checks of the policy scanner that nothing here satisfies on purpose, each with its reason, in which
/// the scanner takes no `=`. What a declaration opts out of is not among them: a scanner shall see it.
fn skips(workload: &Workload, pod: &PodTemplate) -> Vec<(&'static str, &'static str)> {
    let low_user = workload.user.is_some_and(|user| user.uid < 10_000);
    let environment = pod.container.env.iter().any(|variable| variable.secret.is_some());
    let all = [
        (true, "CKV_K8S_15", "a tag here is never moved, so what was pulled once is right"),
        (workload.image.digest().is_none(), "CKV_K8S_43", "the image is chosen by its version"),
        (workload.resources.cpu_limit.is_none(), "CKV_K8S_11", "a CPU limit slows down what nobody else waits for"),
        (low_user && workload.restricted, "CKV_K8S_40", "the image has this user"),
        (environment, "CKV_K8S_35", "the program reads it from its environment"),
    ];
    all.into_iter().filter(|(there, ..)| *there).map(|(_, check, reason)| (check, reason)).collect()
}
