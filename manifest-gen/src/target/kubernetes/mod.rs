//! A plan in the terms of Kubernetes: one object a file.
//!
//! | module | says |
//! |---|---|
//! | `object` | what every object has: a name, labels, annotations |
//! | `names` | which names and labels the API accepts, and that none is taken twice |
//! | `workload` | controllers: Deployment, StatefulSet, Job, CronJob |
//! | `pod` | what is in a pod, and its container |
//! | `env` | the environment and arguments, with `$(…)` for what is not known here |
//! | `probe` | startup, readiness, liveness |
//! | `security` | as whom a pod runs and what it may do |
//! | `storage` | claims, empty folders, where they are mounted |
//! | `config` | files and variables as ConfigMaps |
//! | `secrets` | where secrets are, and the objects that bring them |
//! | `service` | Services and Ingresses |
//! | `network_policy` | who may talk to whom |
//! | `scaling` | disruption budgets, autoscalers, spreading |
//! | `nature` | what Kubernetes does differently, or cannot say |

mod config;
mod env;
pub(super) mod immutable;
mod names;
mod nature;
mod network_policy;
mod object;
mod pod;
mod probe;
mod scaling;
mod secrets;
mod security;
mod service;
mod storage;
mod workload;

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::Id;
use serde::Serialize;

use crate::config::K8sOptions;
use crate::finding::Finding;
use crate::plan::{Plan, Workload};

#[cfg(feature = "cli")]
pub(crate) use names::namespace;
#[cfg(feature = "cli")]
pub(crate) use object::{INSTANCE as INSTANCE_LABEL, NAME as NAME_LABEL};
use object::{Identity, Metadata, Object};
#[cfg(feature = "cli")]
pub(crate) use scaling::replicas;
#[cfg(feature = "cli")]
pub(crate) use secrets::secret_key;

/// The target whose pack is ours.
const NAME: &str = "k8s";

/// What the pack `k8s` is given: a list of objects for each kind.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Kubernetes {
    /// What the first line of every file says.
    banner: String,
    /// The system.
    system: String,
    /// The profile.
    profile: String,
    /// The namespace of what kustomize makes.
    namespace: String,
    /// What `kustomization.yaml` says.
    kustomization: Kustomization,
    /// The namespace, where it is to be made.
    namespaces: Vec<Object<()>>,
    /// One for each workload.
    service_accounts: Vec<Object<()>>,
    /// Files that are mounted, and variables that the deployer sets.
    config_maps: Vec<Object<config::ConfigMap>>,
    /// Secrets from a store, where a store is named.
    external_secrets: Vec<Object<secrets::ExternalSecret>>,
    /// Who may talk to whom: one for each workload, and one that denies the rest.
    network_policies: Vec<Object<network_policy::NetworkPolicy>>,
    /// The names and ports under which workloads are reached.
    services: Vec<Object<service::Service>>,
    /// What is reached from outside, by host and path.
    ingresses: Vec<Object<service::Ingress>>,
    /// Storage of workloads that are no `StatefulSet`.
    claims: Vec<Object<storage::Claim>>,
    /// What keeps nothing.
    deployments: Vec<Object<workload::Deployment>>,
    /// What keeps data.
    stateful_sets: Vec<Object<workload::StatefulSet>>,
    /// What runs once.
    jobs: Vec<Object<workload::Job>>,
    /// What runs on a schedule.
    cron_jobs: Vec<Object<workload::CronJob>>,
    /// How many replicas may be missing, of what has several.
    disruption_budgets: Vec<Object<scaling::DisruptionBudget>>,
    /// What is scaled by its load.
    autoscalers: Vec<Object<scaling::Autoscaler>>,
}

/// What `kustomization.yaml` says.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Kustomization {
    /// What has to be there before, for people.
    needs: Vec<String>,
    /// The files, in the order in which they are applied.
    resources: Vec<String>,
    /// Secrets that kustomize makes of files, where they are to be.
    generators: Vec<secrets::Generator>,
}

impl Kubernetes {
    /// Says a plan in Kubernetes' terms, and what Kubernetes cannot say.
    pub fn new(plan: &Plan) -> (Self, Vec<Finding>) {
        Self::for_target(plan, NAME)
    }

    /// The same for a target of this name.
    pub(super) fn for_target(plan: &Plan, target: &str) -> (Self, Vec<Finding>) {
        let mut writer = Writer {
            plan,
            is_ours: target == NAME,
            options: &plan.options.k8s,
            namespace: names::namespace(plan),
            identities: object::identities(plan),
            callers: network_policy::callers(plan),
            names: names::Names::default(),
            findings: Vec::new(),
            out: Self::default(),
        };
        writer.out.banner = super::banner(plan, target);
        writer.out.system = plan.system.to_string();
        writer.out.profile = plan.profile.to_string();
        writer.out.namespace.clone_from(&writer.namespace);
        writer.system();
        for workload in start_order(plan) {
            writer.workload(workload);
        }
        writer.findings.extend(super::without_folders(plan, "Kubernetes", "the storage of the cluster"));
        (writer.out, writer.findings)
    }
}

/// The names of the Jobs of a plan, by the job. Another content is another Job.
#[cfg(feature = "cli")]
pub(crate) fn job_names(plan: &Plan) -> BTreeMap<String, String> {
    let (view, _) = Kubernetes::new(plan);
    let name = |job: &Object<workload::Job>| {
        let id = job.metadata.labels.get(object::NAME)?.clone();
        Some((id, job.metadata.name.clone()))
    };
    view.jobs.iter().filter_map(name).collect()
}

/// What objects are made from, and what was made.
struct Writer<'a> {
    plan: &'a Plan,
    /// Whether our own pack lays it out, so that `kubectl` applies it.
    is_ours: bool,
    options: &'a K8sOptions,
    /// The namespace of everything.
    namespace: String,
    identities: BTreeMap<Id, Identity>,
    /// Who talks to each workload.
    callers: BTreeMap<&'a Id, Vec<&'a Id>>,
    names: names::Names,
    findings: Vec<Finding>,
    out: Kubernetes,
}

impl Writer<'_> {
    /// What belongs to the system as a whole.
    fn system(&mut self) {
        self.check_namespace();
        if self.options.create_namespace {
            self.namespace_object();
        }
        self.variables();
        self.supply_secrets();
        if !self.plan.workloads.is_empty() {
            self.default_policy();
        }
    }

    /// The objects of a workload, in the order in which they are needed.
    fn workload(&mut self, workload: &Workload) {
        self.about(workload);
        self.service_account(workload);
        self.files(workload);
        self.network_policy(workload);
        self.service(workload);
        self.controller(workload);
        self.disruption_budget(workload);
        self.autoscaler(workload);
        self.ingress(workload);
    }

    fn service_account(&mut self, workload: &Workload) {
        let metadata = self.metadata(workload, workload.id.as_str());
        let object = self.object(workload, "ServiceAccount", "service-account", metadata, ());
        self.out.service_accounts.push(object);
    }

    /// An object of a workload, listed in `kustomization.yaml`; `file` is the name of its file.
    fn object<T>(
        &mut self,
        workload: &Workload,
        kind: &'static str,
        file: &str,
        metadata: Metadata,
        spec: T,
    ) -> Object<T> {
        let path = format!("{}/{file}.yaml", workload.id);
        self.names.take(kind, &metadata.name, Some(&workload.declared_by), &mut self.findings);
        self.out.kustomization.resources.push(path.clone());
        Object { path, metadata, spec }
    }

    /// An object of the system.
    fn system_object<T>(&mut self, kind: &'static str, path: String, metadata: Metadata, spec: T) -> Object<T> {
        self.names.take(kind, &metadata.name, None, &mut self.findings);
        self.out.kustomization.resources.push(path.clone());
        Object { path, metadata, spec }
    }
}

/// The workloads, each after those it waits for, else in the order of ids.
fn start_order(plan: &Plan) -> Vec<&Workload> {
    fn visit<'a>(plan: &'a Plan, workload: &'a Workload, seen: &mut BTreeSet<&'a Id>, order: &mut Vec<&'a Workload>) {
        if !seen.insert(&workload.id) {
            return;
        }
        for dependency in &workload.dependencies {
            if let Some(other) = plan.workload(&dependency.id) {
                visit(plan, other, seen, order);
            }
        }
        order.push(workload);
    }
    let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
    for workload in &plan.workloads {
        visit(plan, workload, &mut seen, &mut order);
    }
    order
}
