//! Disruption budgets, autoscalers, and how replicas are spread over nodes.

use orch_manifest::model::Scale;
use serde::Serialize;

use super::Writer;
use super::object::Shared;
use crate::plan::{Plan, Workload};

/// The utilization that is aimed at where none is said, in percent of what is requested.
const CPU_PERCENT: u32 = 80;

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct DisruptionBudget {
    /// The labels of its pods, of which one may be missing.
    selector: Shared,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Autoscaler {
    /// The `Deployment` that is scaled.
    target: String,
    /// Replicas at least.
    min: u32,
    /// Replicas at most.
    max: u32,
    /// The percentage of the requested CPU that it aims at.
    cpu_percent: u32,
}

/// Replicas spread over what this label tells apart.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Spread {
    /// The label of nodes: `topology.kubernetes.io/zone`.
    topology: &'static str,
    /// The labels of the pods that are spread.
    selector: Shared,
}

/// The bounds between which the number of replicas follows the load, where it does.
pub(super) fn bounds<'a>(plan: &Plan, workload: &'a Workload) -> Option<&'a Scale> {
    let runs = !workload.is_job() && !workload.is_stateful();
    workload.scale.as_ref().filter(|_| runs && !plan.profile.is_private())
}

/// How many there are at least.
pub(crate) fn replicas(plan: &Plan, workload: &Workload) -> u32 {
    bounds(plan, workload).map_or(workload.replicas, |scale| scale.min)
}

impl Writer<'_> {
    /// From two replicas on, one at a time may be taken away on purpose.
    pub(super) fn disruption_budget(&mut self, workload: &Workload) {
        if workload.is_job() || replicas(self.plan, workload) < 2 {
            return;
        }
        let spec = DisruptionBudget { selector: self.selector(&workload.id) };
        let metadata = self.metadata(workload, workload.id.as_str());
        let object = self.object(workload, "PodDisruptionBudget", "disruption-budget", metadata, spec);
        self.out.disruption_budgets.push(object);
    }

    pub(super) fn autoscaler(&mut self, workload: &Workload) {
        let Some(scale) = bounds(self.plan, workload) else { return };
        let spec = Autoscaler {
            target: workload.id.to_string(),
            min: scale.min,
            max: scale.max,
            cpu_percent: scale.cpu.unwrap_or(CPU_PERCENT),
        };
        let metadata = self.metadata(workload, workload.id.as_str());
        let object = self.object(workload, "HorizontalPodAutoscaler", "autoscaler", metadata, spec);
        self.out.autoscalers.push(object);
    }

    /// How the pods are spread, where there may be several.
    pub(super) fn spread(&self, workload: &Workload) -> Vec<Spread> {
        let most = bounds(self.plan, workload).map_or(workload.replicas, |scale| scale.max);
        if workload.is_job() || most < 2 {
            return Vec::new();
        }
        ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]
            .map(|topology| Spread { topology, selector: self.selector(&workload.id) })
            .into()
    }
}
