//! What Swarm cannot say, or does differently.

use orch_manifest::model::AppKind;

use super::deploy::pin;
use super::{Writer, is_published};
use crate::finding::{Code, Finding};
use crate::plan::{Role, Workload};
use crate::target::SCHEDULE;

impl Writer<'_> {
    /// About one workload.
    pub(super) fn about(&mut self, workload: &Workload) {
        let id = &workload.id;
        if !workload.annotations.is_empty() {
            let finding = Finding::new(Code::Unrepresentable, format!("Swarm does not know the annotations of `{id}`"));
            self.findings
                .push(finding.help("write labels, or leave them out for this target").at(&workload.declared_by));
        }
        self.roles(workload);
        let notes = ports(workload).into_iter().chain(limits(workload));
        let notes: Vec<Finding> =
            notes.map(|message| Finding::new(Code::TargetNature, message).at(&workload.declared_by)).collect();
        self.findings.extend(notes);
    }

    fn roles(&mut self, workload: &Workload) {
        let (id, system) = (&workload.id, &self.plan.system);
        let command = |command: String| self.is_ours.then_some(command);
        let mut notes = Vec::new();
        match workload.role {
            Role::App(AppKind::Cron) => {
                let (stack, profile) = (super::stack(self.plan), &self.plan.profile);
                let once = command(format!(
                    "`cargo orch run-job {id} --target swarm --profile {profile}` runs it once, as does `docker service update --replicas 1 --force {stack}_{id}`"
                ));
                let help = once.unwrap_or_else(|| SCHEDULE.to_owned());
                notes.push((format!("Swarm has no scheduler: `{id}` has no replica"), Some(help)));
            }
            Role::App(AppKind::Job) => notes.push((format!("Swarm runs the job `{id}` again at every deploy"), None)),
            _ => {}
        }
        if workload.health.is_some() && workload.check_inside().is_none() {
            let message = "to ask for its health: Swarm knows only that it runs";
            notes.push((format!("there is no shell in the image of `{id}` {message}"), None));
        }
        if workload.is_stateful() {
            let label = format!("{}=true", pin(system, workload));
            let help = command(format!("`docker node update --label-add {label} NODE`"));
            notes.push((format!("Swarm keeps `{id}` on the node with its data, which has the label `{label}`"), help));
        }
        for (message, help) in notes {
            let finding = Finding::new(Code::TargetNature, message).at(&workload.declared_by);
            self.findings.push(match help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }

    /// About the system as a whole.
    pub(super) fn about_system(&mut self) {
        let waiting: Vec<String> = self
            .plan
            .workloads
            .iter()
            .filter(|workload| !workload.dependencies.is_empty())
            .map(|workload| format!("`{}`", workload.id))
            .collect();
        if !waiting.is_empty() {
            let message =
                format!("Swarm starts everything at once: {} may start before what they need", waiting.join(", "));
            let help =
                "the runtime crate waits in applications; anything else has to be able to wait, or is started again";
            self.findings.push(Finding::new(Code::StartOrder, message).help(help));
        }
        let message = "a stack cannot forbid new privileges: write `\"no-new-privileges\": true` in the `daemon.json` of the nodes";
        self.findings.push(Finding::new(Code::TargetNature, message));
    }
}

fn ports(workload: &Workload) -> Vec<String> {
    let id = &workload.id;
    let loopback = workload.ports.iter().filter(|port| port.publish.as_ref().is_some_and(|publish| publish.loopback));
    let (kept, dropped): (Vec<_>, Vec<_>) = loopback.partition(|port| is_published(workload, port));
    let mut notes = Vec::new();
    if !kept.is_empty() {
        notes.push(format!("Swarm publishes `{id}` on every address of every node, not on this machine's own only"));
    }
    if !dropped.is_empty() {
        notes.push(format!(
            "Swarm publishes on every address of every node, so the ports of `{id}` that are meant for this machine \
             are not published"
        ));
    }
    if !workload.ingress.is_empty() {
        notes.push(format!("Swarm has no ingress by host and path: `{id}` is published on its port"));
    }
    notes
}

fn limits(workload: &Workload) -> Vec<String> {
    let id = &workload.id;
    let sized = workload
        .volumes
        .iter()
        .any(|volume| volume.persistent && (volume.size.is_some() || volume.storage_class.is_some()));
    let notes = [
        (workload.scale.is_some(), format!("Swarm does not scale by load: `{id}` stays at its least number")),
        (!workload.egress.is_empty(), format!("Swarm does not restrict where `{id}` connects to")),
        (
            workload.fs_group.is_some(),
            format!("Swarm does not know `fs_group`: the volumes of `{id}` belong to whom its image says"),
        ),
        (sized, format!("Swarm does not limit the size of the volumes of `{id}`")),
        (
            workload.resources.gpu.is_some(),
            format!("Swarm gives `{id}` GPUs that a node's engine announces as the generic resource `NVIDIA-GPU`"),
        ),
    ];
    notes.into_iter().filter_map(|(there, message)| there.then_some(message)).collect()
}
