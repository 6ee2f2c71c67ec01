//! A plan without a part of it.

use std::collections::BTreeSet;

use orch_manifest::Id;
use orch_manifest::manifest::Manifest;

use crate::plan::{Plan, resolve};

/// Leaves workloads out, and whatever waits for them does not.
pub fn leave_out(plan: &mut Plan, is_out: impl Fn(&Id) -> bool) {
    plan.workloads.retain(|workload| !is_out(&workload.id));
    for workload in &mut plan.workloads {
        workload.dependencies.retain(|dependency| !is_out(&dependency.id));
        workload.talks_to.retain(|id| !is_out(id));
    }
    (plan.secrets, plan.variables) = resolve::supplied(&plan.workloads);
}

/// Leaves the workspace's own applications out.
pub fn leave_out_apps(plan: &mut Plan, manifest: &Manifest) {
    let apps: BTreeSet<&Id> = manifest.apps.iter().map(|entry| &entry.id).collect();
    leave_out(plan, |id| apps.contains(id));
}
