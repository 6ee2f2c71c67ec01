//! Follows a deployment, and goes back where it fails.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use orch_manifest::Id;

use super::super::cluster::{Deployed, Place};
use super::super::failure::Failure;
use super::super::tail::tail;
use super::REGISTRY;
use crate::deploy::Phase;
use crate::engine::command::Running;
use crate::engine::rollout::names_no_image;
use crate::engine::{Cluster, CommandError, EngineError, Interrupt, Rollout, Stage};
use crate::exit::Exit;
use crate::launch::mask::Mask;
use crate::output::{Output, Progress, seconds};

/// How often it is looked how far everything has come.
const POLL: Duration = Duration::from_millis(800);

/// How long a cluster has to go back by itself.
const BACK: Duration = Duration::from_mins(3);

pub(super) struct Watch<'a> {
    cluster: &'a dyn Cluster,
    place: Place,
    limit: Duration,
    interrupt: &'a Interrupt,
    /// Those whose images are made from the sources.
    applications: BTreeSet<Id>,
    /// What of a log is not for a screen.
    mask: Mask,
    /// What there was before anything was deployed.
    before: Vec<Rollout>,
    started: Instant,
    /// Who was said to be there.
    told: BTreeSet<Id>,
}

/// Why a step does not come to its end.
enum Trouble {
    /// Services that failed, each with the reason.
    Failed(Vec<(Id, String)>),
    /// A command failed, and nothing that runs is to blame.
    Refused(CommandError),
    /// The time is over.
    Late(Vec<(Id, String)>),
    /// This process was asked to end.
    Interrupted,
}

impl<'a> Watch<'a> {
    pub(super) fn begin(
        deployed: &'a Deployed,
        cluster: &'a dyn Cluster,
        limit: Duration,
        mask: Mask,
        interrupt: &'a Interrupt,
    ) -> Result<Self, Failure> {
        let before = cluster.rollouts(&[], interrupt)?;
        let applications = deployed.loaded.manifest.apps.iter().map(|entry| entry.id.clone()).collect();
        let (started, told, place) = (Instant::now(), BTreeSet::new(), deployed.place);
        Ok(Self { cluster, place, limit, interrupt, applications, mask, before, started, told })
    }

    /// Runs a step, and waits until everything of it is there.
    pub(super) fn phase(&mut self, phase: &Phase, output: &mut Output) -> Result<(), Failure> {
        let progress = Progress::new();
        let trouble = self.run(phase, &progress, output);
        drop(progress);
        match trouble? {
            None => Ok(()),
            Some(trouble) => Err(self.fail(phase, trouble, output)),
        }
    }

    fn run(&mut self, phase: &Phase, progress: &Progress, output: &mut Output) -> Result<Option<Trouble>, Failure> {
        // Until it is applied, what is there says nothing about what is to be there.
        for command in &phase.apply {
            let left = self.limit.saturating_sub(self.started.elapsed());
            progress.waits(&format!("{}: {command}", seconds(self.started.elapsed())));
            match command.output(self.interrupt, Some(left)) {
                Ok(_) => {}
                Err(CommandError::Interrupted) => return Ok(Some(Trouble::Interrupted)),
                Err(error @ CommandError::Missing { .. }) => return Err(error.into()),
                Err(error) => return Ok(Some(Trouble::Refused(error))),
            }
        }
        for command in &phase.waits {
            let mut running = command.start()?;
            if let Some(trouble) = self.wait(phase, Some(&mut running), progress, output)? {
                return Ok(Some(trouble));
            }
        }
        self.wait(phase, None, progress, output)
    }

    /// Waits until a command has ended, or without one until all of a step is there.
    fn wait(
        &mut self,
        phase: &Phase,
        mut running: Option<&mut Running>,
        progress: &Progress,
        output: &mut Output,
    ) -> Result<Option<Trouble>, Failure> {
        loop {
            // Asked first: what is seen then is what it has left behind.
            let ended = running.as_mut().map_or(Ok(true), |running| running.ended());
            if self.interrupt.is_raised() {
                return Ok(Some(Trouble::Interrupted));
            }
            let rollouts = match self.cluster.rollouts(&self.before, self.interrupt) {
                Err(EngineError::Command(CommandError::Interrupted)) => return Ok(Some(Trouble::Interrupted)),
                rollouts => rollouts?,
            };
            let stages = stages(phase, &rollouts);
            self.tell(&stages, progress, output);
            let failed = of(&stages, |stage| matches!(stage, Stage::Failed(_)));
            if !failed.is_empty() {
                return Ok(Some(Trouble::Failed(failed)));
            }
            let going = of(&stages, |stage| *stage != Stage::Done);
            match ended {
                Err(error) if self.started.elapsed() < self.limit => return Ok(Some(Trouble::Refused(error))),
                Ok(true) if running.is_some() || going.is_empty() => return Ok(None),
                _ => {}
            }
            if self.started.elapsed() >= self.limit {
                return Ok(Some(Trouble::Late(going)));
            }
            let waits: Vec<String> = going.iter().map(|(id, why)| format!("{id}: {why}")).collect();
            progress.waits(&format!("{}; {}", seconds(self.started.elapsed()), waits.join(", ")));
            std::thread::sleep(POLL);
        }
    }

    /// Says who has come.
    fn tell(&mut self, stages: &[(Id, Stage)], progress: &Progress, output: &mut Output) {
        for (id, stage) in stages {
            if *stage == Stage::Done && self.told.insert(id.clone()) {
                progress.talk(output, &format!("{id} is there ({})", seconds(self.started.elapsed())));
            }
        }
    }

    fn fail(&self, phase: &Phase, trouble: Trouble, output: &mut Output) -> Failure {
        let sentence =
            |list: &[(Id, String)]| list.iter().map(|(id, why)| format!("`{id}` {why}")).collect::<Vec<_>>().join("; ");
        let (failure, ids) = match trouble {
            Trouble::Interrupted => {
                return Failure::interrupted()
                    .help(format!("what was begun goes on in the cluster; {}", self.status()));
            }
            Trouble::Refused(error) => (Failure::from(error), Vec::new()),
            Trouble::Failed(failed) => (Failure::new(Exit::Findings, sentence(&failed)), failed),
            Trouble::Late(going) => {
                let message = format!("not there after {}: {}", seconds(self.limit), sentence(&going));
                (Failure::new(Exit::NotReady, message), going)
            }
        };
        for (id, _) in &ids {
            tail(self.cluster, id.as_str(), &self.mask, output);
        }
        let mut words = vec![self.go_back(phase, output)];
        if ids.iter().any(|(id, why)| self.applications.contains(id) && names_no_image(why)) {
            words.push(REGISTRY.to_owned());
        }
        words.push(self.status());
        failure.or_help(words.join("; "))
    }

    fn status(&self) -> String {
        format!("`cargo orch status --target {}` says how it goes on", self.place.target())
    }

    /// Goes back to the versions before this deployment, and says what was done.
    fn go_back(&self, phase: &Phase, output: &mut Output) -> String {
        let rollouts = match self.cluster.rollouts(&self.before, &Interrupt::never()) {
            Ok(rollouts) => rollouts,
            Err(error) => return format!("nothing was rolled back, since the cluster does not answer: {error}"),
        };
        let mut words = Vec::new();
        for now in &rollouts {
            let before = self.before.iter().find(|before| before.id == now.id);
            let Some(before) = before else { continue };
            if now.is_going_back {
                words.push(format!("the cluster rolls `{}` back by itself", now.id));
            } else if before.version == now.version {
                if before.mark != now.mark && matches!(now.stage, Stage::Failed(_)) {
                    words.push(format!("the cluster has rolled `{}` back by itself", now.id));
                }
            } else if now.can_go_back {
                words.push(self.roll_back(now));
            } else {
                words.push(format!("`{}` knows no way back", now.id));
            }
        }
        let is_new = |now: &&Rollout| {
            phase.awaits.iter().any(|id| id.as_str() == now.id) && !self.before.iter().any(|other| other.id == now.id)
        };
        let new: Vec<String> = rollouts.iter().filter(is_new).map(|now| format!("`{}`", now.id)).collect();
        if !new.is_empty() {
            words.push(format!("{} had no version before and stays", new.join(", ")));
        }
        self.settle(&rollouts, output);
        if words.is_empty() { "nothing was changed that could be rolled back".to_owned() } else { words.join("; ") }
    }

    fn roll_back(&self, rollout: &Rollout) -> String {
        let command = self.cluster.roll_back(rollout);
        match command.output(&Interrupt::never(), Some(BACK)) {
            Ok(_) => format!("rolled `{}` back with `{command}`", rollout.id),
            Err(error) => format!("`{}` could not be rolled back: {error}", rollout.id),
        }
    }

    /// Waits until nothing is on its way back any more, or for as long as that may take.
    fn settle(&self, rollouts: &[Rollout], output: &mut Output) {
        if !rollouts.iter().any(|rollout| rollout.is_going_back) {
            return;
        }
        output.talk("waits until the cluster has gone back");
        let begun = Instant::now();
        while begun.elapsed() < BACK && !self.interrupt.is_raised() {
            let now = self.cluster.rollouts(&self.before, self.interrupt);
            if !now.is_ok_and(|now| now.iter().any(|rollout| rollout.is_going_back)) {
                return;
            }
            std::thread::sleep(POLL);
        }
    }
}

/// How far each of a step has come.
fn stages(phase: &Phase, rollouts: &[Rollout]) -> Vec<(Id, Stage)> {
    let stage = |id: &Id| {
        let now = rollouts.iter().find(|rollout| rollout.id == id.as_str());
        now.map_or_else(|| Stage::Going("is not there yet".to_owned()), |now| now.stage.clone())
    };
    phase.awaits.iter().map(|id| (id.clone(), stage(id))).collect()
}

/// Those in a stage, each with what is said of it.
fn of(stages: &[(Id, Stage)], is_it: impl Fn(&Stage) -> bool) -> Vec<(Id, String)> {
    let why = |stage: &Stage| match stage {
        Stage::Done => String::new(),
        Stage::Going(why) | Stage::Failed(why) => why.clone(),
    };
    stages.iter().filter(|(_, stage)| is_it(stage)).map(|(id, stage)| (id.clone(), why(stage))).collect()
}
