//! Where a system runs: on this machine with Compose, or in a cluster.

use clap::{Args, ValueEnum};

use super::engine::Started;
use super::failure::Failure;
use super::running::Subject;
use super::selection::{Loaded, ProfileArg, Source};
use crate::config;
use crate::engine::{Cluster, Command, CommandError, Interrupt, Kubernetes, Swarm};
use crate::exit::Exit;
use crate::finding::Finding;
use crate::launch::readiness::{Expected, expected_in_cluster};
use crate::plan::{Plan, Profile, Workload};
use crate::target::{kubernetes, swarm};

/// Where a system runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Place {
    /// This machine, with Docker Compose or Podman Compose
    #[default]
    Compose,
    /// A swarm of Docker engines
    Swarm,
    /// A Kubernetes cluster
    K8s,
}

impl Place {
    /// The target that is rendered for it.
    pub(super) fn target(self) -> &'static str {
        match self {
            Self::Compose => "compose",
            Self::Swarm => "swarm",
            Self::K8s => "k8s",
        }
    }
}

/// Which place, for a command that knows all of them.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct PlaceArgs {
    /// Where it runs
    #[arg(long, value_enum, value_name = "TARGET", default_value = "compose")]
    target: Place,
    #[command(flatten)]
    pub(super) reach: ReachArgs,
}

/// How a cluster is reached.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ReachArgs {
    /// The namespace in Kubernetes, whatever `orch.toml` says
    #[arg(long, value_name = "NAME", value_parser = config::namespace)]
    pub(super) namespace: Option<String>,
    /// The context of kubectl's configuration, which says which Kubernetes cluster; its current one without
    #[arg(long, value_name = "CONTEXT")]
    pub(super) context: Option<String>,
}

impl PlaceArgs {
    /// The cluster; none where it is this machine.
    pub(super) fn cluster(&self) -> Option<Place> {
        (self.target != Place::Compose).then_some(self.target)
    }

    /// What a command line says to mean the same.
    pub(super) fn flag(&self) -> String {
        self.cluster().map(|place| format!(" --target {}", place.target())).unwrap_or_default()
    }
}

/// A system in a cluster, as it is planned.
pub(super) struct Deployed {
    pub(super) loaded: Loaded,
    pub(super) profile: Profile,
    pub(super) plan: Plan,
    /// What was found on the way to the plan.
    pub(super) findings: Vec<Finding>,
    pub(super) place: Place,
    pub(super) cluster: Box<dyn Cluster>,
}

impl ReachArgs {
    /// A system that is planned in this cluster.
    pub(super) fn find(&self, place: Place, profile: &ProfileArg, source: &Source) -> Result<Deployed, Failure> {
        let loaded = source.load()?;
        let profile = profile.find(&loaded.config)?;
        let (mut plan, findings) = loaded.plan(&profile)?;
        self.apply(&mut plan);
        let cluster: Box<dyn Cluster> = match place {
            Place::K8s => Box::new(self.kubernetes(&plan)),
            Place::Swarm | Place::Compose => Box::new(stack(&plan)),
        };
        Ok(Deployed { loaded, profile, plan, findings, place, cluster })
    }

    /// What the flags say about a plan.
    pub(super) fn apply(&self, plan: &mut Plan) {
        if self.namespace.is_some() {
            plan.options.k8s.namespace.clone_from(&self.namespace);
        }
    }

    /// The namespace of a plan.
    pub(super) fn kubernetes(&self, plan: &Plan) -> Kubernetes {
        let (context, namespace) = (self.context.clone(), kubernetes::namespace(plan));
        Kubernetes::new(context, namespace, plan.system.to_string(), kubernetes::job_names(plan))
    }
}

/// The stack of a plan.
pub(super) fn stack(plan: &Plan) -> Swarm {
    let process = |workload: &Workload| (workload.id.to_string(), swarm::process(plan, workload));
    Swarm::new(swarm::stack(plan), plan.workloads.iter().map(process).collect())
}

/// What is to be there of a plan in a cluster.
pub(super) fn expected_in(plan: &Plan, place: Place) -> Vec<Expected> {
    expected_in_cluster(plan, |workload| match place {
        Place::K8s => kubernetes::replicas(plan, workload),
        Place::Swarm | Place::Compose => swarm::replicas(plan, workload),
    })
}

impl Deployed {
    /// The same for a command that asks for no plan.
    pub(super) fn started(self, interrupt: Interrupt) -> Started {
        Started {
            name: self.cluster.name().to_owned(),
            services: self.plan.workloads.iter().map(|workload| workload.id.to_string()).collect(),
            engine: self.cluster,
            catalog: self.loaded.config.catalog(),
            interrupt,
            data: None,
            is_shared: !self.profile.is_private(),
        }
    }

    /// What is reported on.
    pub(super) fn subject<'a>(&'a self, expected: &'a [Expected]) -> Subject<'a> {
        let engine = if self.place == Place::K8s { "kubernetes" } else { "swarm" };
        Subject { plan: &self.plan, expected, started: Some((self.cluster.name(), engine)), state: None }
    }
}

/// What a program says to a question; why it cannot be asked is an error with the cure.
pub(super) fn ask(command: &Command, interrupt: &Interrupt) -> Result<String, Failure> {
    let patience = std::time::Duration::from_secs(30);
    match command.output(interrupt, Some(patience)) {
        Ok(output) => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error @ CommandError::Late { .. }) => {
            Err(Failure::new(Exit::Missing, error.to_string()).help("see whether the cluster can be reached"))
        }
        Err(error) => Err(error.into()),
    }
}
