//! What Kubernetes does differently from the other targets, or cannot say.

use std::collections::BTreeSet;

use orch_manifest::model::RestartPolicy;

use super::Writer;
use crate::finding::{Code, Finding};
use crate::plan::profile::Base;
use crate::plan::{Condition, Piece, Workload};

impl Writer<'_> {
    /// Everything that is found about a workload before it is said in Kubernetes' terms.
    pub(super) fn about(&mut self, workload: &Workload) {
        self.check_labels(workload);
        self.check_security(workload);
        self.check_resources(workload);
        self.check_order(workload);
        self.check_variables(workload);
        self.check_rest(workload);
    }

    /// Nothing orders the start of pods.
    fn check_order(&mut self, workload: &Workload) {
        let of = |completed: bool| {
            let waits = workload.dependencies.iter();
            let waits = waits.filter(|dependency| {
                dependency.required && (dependency.condition == Condition::Completed) == completed
            });
            waits.map(|dependency| format!("`{}`", dependency.id)).collect::<Vec<_>>().join(", ")
        };
        let (services, jobs) = (of(false), of(true));
        let who = if self.is_ours { "a plain `kubectl apply`" } else { "Kubernetes" };
        let mut note = |message: String| {
            self.findings.push(Finding::new(Code::TargetNature, message).at(&workload.declared_by));
        };
        if !services.is_empty() {
            note(format!("Kubernetes starts `{}` without waiting for {services}", workload.id));
        }
        if !jobs.is_empty() {
            note(format!("{who} starts `{}` without waiting for {jobs} to end", workload.id));
        }
    }

    /// One key of a `ConfigMap` has one value.
    fn check_variables(&mut self, workload: &Workload) {
        let environment = workload.env.values().map(|entry| &entry.value);
        let texts = environment.chain(&workload.entrypoint).chain(&workload.command);
        let mut different = BTreeSet::new();
        for piece in texts.flat_map(|text| &text.pieces) {
            if let Piece::Variable { name, default } = piece {
                let first = self.plan.variables.iter().find(|variable| variable.name == *name);
                if first.is_some_and(|first| first.default != *default) {
                    different.insert(name);
                }
            }
        }
        for name in different {
            let message = format!("the variable `{name}` has another default elsewhere than in `{}`", workload.id);
            let help = "write the same default everywhere, or choose another name";
            self.findings.push(Finding::new(Code::Unrepresentable, message).help(help).at(&workload.declared_by));
        }
    }

    fn check_rest(&mut self, workload: &Workload) {
        let id = &workload.id;
        let hostname = workload.hostname.as_ref().map(ToString::to_string);
        let never = matches!(workload.restart, RestartPolicy::No | RestartPolicy::OnFailure);
        let keeps_running = never && !workload.is_job() && self.plan.profile.base() != Base::Ci;
        let warnings = [
            (
                !workload.ulimits.is_empty(),
                format!("Kubernetes does not know the `ulimit` of `{id}`"),
                "set it in the container's runtime, or in the image",
            ),
            (
                hostname.as_deref().is_some_and(|name| name.contains('.')),
                format!("the `hostname` of `{id}` has a dot in it, which a pod's may not have"),
                "write one label",
            ),
            (
                keeps_running,
                format!("Kubernetes starts `{id}` again whenever it ends, whatever its `restart` says"),
                "make it a job, or leave `restart` out",
            ),
            (
                workload.scale.is_some() && (workload.is_stateful() || workload.is_job()),
                format!("`{id}` cannot follow the load, since it keeps data or runs to its end"),
                "write `replicas` instead of `scale`",
            ),
        ];
        for (there, message, help) in warnings {
            if there {
                self.findings.push(Finding::new(Code::Unrepresentable, message).help(help).at(&workload.declared_by));
            }
        }
        let public = workload.ports.iter().any(|port| port.port.public);
        let without_size = workload.volumes.iter().any(|volume| volume.persistent && volume.size.is_none());
        let notes = [
            (
                public && workload.ingress.is_empty() && !self.plan.profile.is_private(),
                format!("`{id}` has a public port and no `ingress`: nothing leads to its Service from outside"),
            ),
            (
                hostname.is_some() && workload.is_stateful(),
                format!("`{id}` keeps data, so its `hostname` is the name of its pod, which lasts"),
            ),
            (without_size, format!("a volume of `{id}` says no size, so 10Gi are claimed")),
        ];
        for (there, message) in notes {
            if there {
                self.findings.push(Finding::new(Code::TargetNature, message).at(&workload.declared_by));
            }
        }
    }
}
