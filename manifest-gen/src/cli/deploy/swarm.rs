//! To a swarm.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use orch_manifest::model::AppKind;

use super::super::cluster::{ask, stack};
use super::super::failure::Failure;
use super::{Needs, REGISTRY, Setting};
use crate::deploy::stack::{self as part, Stack, deploy, missing_secrets, part_name};
use crate::deploy::{Need, Phase, phase};
use crate::engine::{Cluster, Command, Engine, Interrupt, Kind, Swarm};
use crate::exit::Exit;
use crate::launch::environment::Vault;
use crate::launch::secrets;
use crate::plan::{Plan, Role, Variable, Workload};

/// The parts of a rendered stack that are deployed one after the other; none where all of it is one.
pub(super) fn parts(plan: &Plan, files: &[(String, String)]) -> Result<Vec<(String, String)>, Failure> {
    let steps = phase::phases(plan);
    if steps.len() < 2 {
        return Ok(Vec::new());
    }
    let whole = read(files.iter().find(|(path, _)| path == part::FILE).map(|(_, text)| text.as_str()))?;
    Ok((1..).zip(&steps).map(|(number, ids)| (part_name(number), whole.part(ids))).collect())
}

pub(in crate::cli) fn read(text: Option<&str>) -> Result<Stack, Failure> {
    text.and_then(Stack::parse).ok_or_else(|| {
        Failure::new(Exit::Findings, format!("the pack `swarm` renders no stack to `{}`", part::FILE))
            .help("a pack of your own has to render one, to be deployed")
    })
}

/// The variables that the deployer has not set, of those that are asked for.
pub(in crate::cli) fn missing_variables(
    plan: &Plan,
    is_asked: impl Fn(&Variable) -> bool,
) -> impl Iterator<Item = Need> {
    let is_set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let is_missing = move |variable: &&Variable| variable.default.is_none() && !is_set(variable.name.as_str());
    plan.variables.iter().filter(is_missing).filter(move |variable| is_asked(variable)).map(|variable| {
        let users: Vec<&str> = variable.used_by.iter().map(orch_manifest::Id::as_str).collect();
        Need {
            what: format!("the variable {} for {}", variable.name, users.join(", ")),
            cure: format!("export {}=VALUE", variable.name),
        }
    })
}

/// Whether the client of `docker stack deploy` can wait.
pub(in crate::cli) fn can_wait(interrupt: &Interrupt) -> Result<bool, Failure> {
    Ok(ask(&Swarm::docker().args(["stack", "deploy", "--help"]), interrupt)?.contains("--detach"))
}

pub(super) struct Way<'a> {
    setting: &'a Setting<'a>,
    swarm: Swarm,
    stack: Stack,
}

impl<'a> Way<'a> {
    pub(super) fn new(setting: &'a Setting<'a>) -> Result<Self, Failure> {
        Ok(Self { setting, swarm: stack(setting.plan), stack: read(Some(setting.text(part::FILE)))? })
    }

    /// What of the secrets is missing; on a developer's machine it is made.
    fn secrets(&self, needs: &mut Needs, interrupt: &Interrupt) -> Result<(), Failure> {
        let list = Swarm::docker().args(["secret", "ls", "--format", "{{.Name}}"]);
        let there: BTreeSet<String> = ask(&list, interrupt)?.lines().map(str::to_owned).collect();
        let missing = missing_secrets(&self.stack, &there);
        let plan = self.setting.plan;
        let vault = Vault::of(&plan.profile, self.setting.workspace, &|name| std::env::var(name).ok());
        let Some(folder) = vault.folder.filter(|_| vault.makes) else {
            needs.missing.extend(missing.iter().map(Need::from));
            return Ok(());
        };
        if !self.setting.is_dry {
            secrets::make(&folder, &secrets::of_plan(plan).keys().collect())?;
        }
        let create = |secret: &part::Secret| {
            Swarm::docker().args(["secret", "create", &secret.name]).arg(folder.join(&secret.file))
        };
        needs.made.extend(missing.iter().map(create));
        Ok(())
    }

    fn nodes(interrupt: &Interrupt) -> Result<Vec<String>, Failure> {
        let nodes = ask(&Swarm::docker().args(["node", "ls", "--quiet"]), interrupt)?;
        Ok(nodes.lines().map(str::to_owned).collect())
    }

    /// The images that are missing on the only node. Other nodes have theirs from a registry.
    fn images(&self, nodes: &[String], needs: &mut Needs, interrupt: &Interrupt) -> Result<(), Failure> {
        let all = self.setting.wishes.build;
        if needs.is_here {
            let unbuilt = self.setting.applications(interrupt).unbuilt(all);
            // What cannot be built here is said when it is needed.
            needs.unbuilt = if self.setting.is_dry { unbuilt.unwrap_or_default() } else { unbuilt? };
            return Ok(());
        }
        if !all {
            return Ok(());
        }
        let nodes = if nodes.len() == 1 { "a node".to_owned() } else { format!("{} nodes", nodes.len()) };
        let whose = format!("{nodes} in the profile `{}`", self.setting.plan.profile);
        let message = format!("`--build` is for a developer's own swarm of one node, and not for {whose}");
        Err(Failure::new(Exit::Usage, message).help(REGISTRY))
    }

    /// The services of a developer's own swarm whose images were built anew under the same names.
    fn renewed(&self, needs: &Needs, interrupt: &Interrupt) -> Result<BTreeSet<String>, Failure> {
        if !needs.is_here {
            return Ok(BTreeSet::new());
        }
        let mut renewed = BTreeSet::new();
        for (id, name, image) in self.swarm.images(interrupt)? {
            let workload = self.setting.plan.workloads.iter().find(|workload| workload.id.as_str() == id);
            // Another name is another version, which is deployed as one; and a job runs again in any case.
            let is_same = |workload: &&Workload| workload.image.to_string() == name && !workload.is_job();
            let Some(workload) = workload.filter(is_same) else { continue };
            let is_unbuilt = needs.unbuilt.iter().any(|unbuilt| unbuilt.name == workload.image);
            if is_unbuilt || Kind::Docker.image(&name, interrupt)?.is_some_and(|now| now != image) {
                renewed.insert(id);
            }
        }
        Ok(renewed)
    }

    /// The nodes that data is pinned to. Where there is only one, on a developer's machine it is that one.
    fn pins(&self, nodes: &[String], needs: &mut Needs, interrupt: &Interrupt) -> Result<(), Failure> {
        let pins = self.stack.pins();
        if pins.is_empty() {
            return Ok(());
        }
        let format = "{{range $name, $value := .Spec.Labels}}{{$name}}={{$value}}{{\"\\n\"}}{{end}}";
        let inspect = Swarm::docker().args(["node", "inspect", "--format", format]).args(nodes);
        let labels = ask(&inspect, interrupt)?;
        let labels: BTreeSet<&str> = labels.lines().collect();
        let missing: BTreeMap<&String, &String> =
            pins.iter().filter(|(label, _)| !labels.contains(label.as_str())).collect();
        for (label, id) in missing {
            let command = Swarm::docker().args(["node", "update", "--label-add", label]);
            if needs.is_here {
                needs.made.push(command.args(nodes));
            } else {
                let what = format!("a node with the label {label}, which keeps the data of {id}");
                needs.missing.push(Need { what, cure: format!("{command} NODE") });
            }
        }
        Ok(())
    }
}

impl super::Way for Way<'_> {
    fn cluster(&self) -> &dyn Cluster {
        &self.swarm
    }

    fn needs(&self, interrupt: &Interrupt) -> Result<Needs, Failure> {
        let mut needs = Needs::default();
        self.secrets(&mut needs, interrupt)?;
        needs.missing.extend(missing_variables(self.setting.plan, |_| true));
        let nodes = Self::nodes(interrupt)?;
        needs.is_here = self.setting.plan.profile.is_private() && nodes.len() == 1;
        self.pins(&nodes, &mut needs, interrupt)?;
        self.images(&nodes, &mut needs, interrupt)?;
        Ok(needs)
    }

    fn phases(&self, needs: &Needs, _: Duration, interrupt: &Interrupt) -> Result<Vec<Phase>, Failure> {
        let plan = self.setting.plan;
        let can_wait = can_wait(interrupt)?;
        let steps = phase::phases(plan);
        let is_one = steps.len() < 2;
        let renewed = self.renewed(needs, interrupt)?;
        let phases = (1..).zip(steps).map(|(number, mut ids)| {
            let file = if is_one { part::FILE.to_owned() } else { part_name(number) };
            let mut apply =
                vec![deploy(self.swarm.name(), &self.setting.folder.join(file), can_wait, plan.profile.is_private())];
            // To the swarm an image of the same name is the same.
            let renewed: Vec<String> = ids.iter().map(ToString::to_string).filter(|id| renewed.contains(id)).collect();
            if !renewed.is_empty() {
                apply.extend(self.swarm.restart(&renewed, None));
            }
            // Nobody starts what runs on a schedule.
            let is_started = |workload: &Workload| workload.role != Role::App(AppKind::Cron);
            ids.retain(|id| plan.workload(id).is_some_and(is_started));
            Phase { apply, waits: Vec::new(), awaits: ids }
        });
        Ok(phases.collect())
    }

    fn unplanned(&self, interrupt: &Interrupt) -> Result<Vec<(String, Command)>, Failure> {
        let planned: BTreeSet<String> =
            self.setting.plan.workloads.iter().map(|workload| self.swarm.full_name(workload.id.as_str())).collect();
        let list = Swarm::docker().args(["stack", "services", "--format", "{{.Name}}", self.swarm.name()]);
        let there = ask(&list, interrupt)?;
        let unplanned = there.lines().filter(|name| !planned.contains(*name));
        Ok(unplanned.map(|name| (format!("`{name}`"), Swarm::docker().args(["service", "rm", name]))).collect())
    }

    fn difference(&self) -> Result<Command, Failure> {
        Err(Failure::new(Exit::Usage, "Swarm does not say what it would change")
            .help("`cargo orch diff --target swarm --profile A B` compares profiles, and `cargo orch render --check` what was rendered before"))
    }
}
