//! Starting, and waiting until everything is ready.

use std::time::{Duration, Instant};

use orch_manifest::ImageRef;

use super::super::failure::Failure;
use super::super::tail::tail;
use super::Launch;
use super::steps::{Step, removal, steps};
use crate::engine::{Command, CommandError, Compose, Container, Engine, EngineError, Interrupt};
use crate::exit::Exit;
use crate::launch::mask::Mask;
use crate::launch::readiness::{Expected, Verdict, Watch, expected, judge};
use crate::output::{Output, Progress, seconds};
use crate::plan::Plan;

/// How often it is looked what runs.
const POLL: Duration = Duration::from_millis(400);

pub(super) struct Terms<'a> {
    pub(super) retry_failed: bool,
    /// When the first attempt began.
    pub(super) begun: Instant,
    /// How long all attempts may take together.
    pub(super) limit: Duration,
    pub(super) interrupt: &'a Interrupt,
    /// What of a log is not for a screen.
    pub(super) mask: &'a Mask,
}

/// Why not everything has started.
pub(super) enum Refusal {
    /// Somebody took a port of the host after it was found to be free.
    PortTaken(Failure),
    /// Anything else.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// Starts what is planned and returns what runs when all of it is ready.
pub(super) fn start(
    launch: &Launch,
    engine: &Compose,
    before: &[Container],
    terms: &Terms<'_>,
    output: &mut Output,
) -> Result<Vec<Container>, Refusal> {
    let steps = steps(launch, engine);
    let mut planned = expected(&launch.plan);
    if steps.len() > 1 {
        let others = steps.iter().flat_map(|step| &step.starts);
        let others = others.filter(|name| launch.plan.workloads.iter().all(|one| one.id.as_str() != name.as_str()));
        planned.extend(others.map(|name| Expected::preparation(name)));
    }
    let mut containers = before.to_vec();
    if terms.retry_failed {
        retry(&planned, engine, &mut containers, terms, output)?;
    }
    if let Some(command) = removal(launch, engine, &containers) {
        command.output(terms.interrupt, Some(terms.limit))?;
    }
    let there = judge(&planned, &containers).into_iter();
    let ready = there.filter(|(_, verdict)| *verdict == Verdict::Ready).map(|(expected, _)| expected).collect();
    let mut wait =
        Wait { plan: &launch.plan, planned: &planned, engine, terms, steps: &steps, ready, has_caveat: false };
    wait.run(containers, output)
}

/// Removes what has failed.
fn retry(
    planned: &[Expected],
    engine: &Compose,
    containers: &mut Vec<Container>,
    terms: &Terms<'_>,
    output: &mut Output,
) -> Result<(), Refusal> {
    let failed = judge(planned, containers).into_iter().filter(|(_, verdict)| matches!(verdict, Verdict::Failed(_)));
    let failed: Vec<&str> = failed
        .map(|(expected, _)| expected.id.as_str())
        .filter(|id| containers.iter().any(|container| container.service == *id))
        .collect();
    if failed.is_empty() {
        return Ok(());
    }
    output.talk(&format!("removes {}, to begin anew", failed.join(", ")));
    let (gone, left): (Vec<Container>, Vec<Container>) =
        std::mem::take(containers).into_iter().partition(|container| failed.contains(&container.service.as_str()));
    engine.remove(&gone.iter().collect::<Vec<_>>()).output(terms.interrupt, Some(terms.limit))?;
    *containers = left;
    Ok(())
}

struct Wait<'a> {
    plan: &'a Plan,
    planned: &'a [Expected],
    engine: &'a Compose,
    terms: &'a Terms<'a>,
    steps: &'a [Step],
    /// Who was said to be ready.
    ready: Vec<&'a Expected>,
    /// Whether it was said what there is to know about health.
    has_caveat: bool,
}

impl<'a> Wait<'a> {
    fn run(&mut self, mut containers: Vec<Container>, output: &mut Output) -> Result<Vec<Container>, Refusal> {
        let mut watch = Watch::new(self.planned, &containers);
        for index in 0..self.steps.len() {
            containers = self.step(index, &mut watch, output)?;
        }
        Ok(containers)
    }

    /// Begins a step and waits until it and those before it are there.
    fn step(&mut self, index: usize, watch: &mut Watch<'a>, output: &mut Output) -> Result<Vec<Container>, Refusal> {
        let progress = Progress::new();
        let command = &self.steps[index].command;
        let later = |expected: &Expected| self.steps[index + 1..].iter().any(|step| step.starts.contains(&expected.id));
        let mut running = command.start()?;
        loop {
            // Asked first: what is listed then is what it has left behind.
            let ended = running.ended();
            let containers = self.engine.examined(self.terms.interrupt).map_err(|error| self.lost(error))?;
            let is_starting = |expected: &Expected| {
                later(expected) || (matches!(ended, Ok(false)) && self.steps[index].starts.contains(&expected.id))
            };
            let verdicts = watch.judge(&containers, is_starting, Instant::now());
            self.tell(&verdicts, &progress, output);
            let is_there = |expected: &Expected| containers.iter().any(|one| one.service == expected.id);
            // Where Compose gave up, it says why there is no container.
            let failed: Vec<&(&Expected, Verdict)> = verdicts
                .iter()
                .filter(|(expected, verdict)| {
                    matches!(verdict, Verdict::Failed(_)) && !later(expected) && (ended.is_ok() || is_there(expected))
                })
                .collect();
            let mut begun = verdicts.iter().filter(|(expected, _)| !later(expected));
            match ended {
                Err(error) if failed.is_empty() => return Err(self.refused(error, &containers)),
                _ if !failed.is_empty() => {
                    drop(running);
                    drop(progress);
                    return Err(self.failed(&failed, &containers, output));
                }
                Ok(true) if begun.all(|(_, verdict)| *verdict == Verdict::Ready) => return Ok(containers),
                _ => {}
            }
            if self.terms.interrupt.is_raised() {
                drop(running);
                return Err(self.interrupted().into());
            }
            if self.terms.begun.elapsed() >= self.terms.limit {
                let said = running.stop();
                drop(progress);
                self.tell_end(command, &said, output);
                return Err(self.late(&verdicts, &containers, output).into());
            }
            progress.waits(&waiting(&verdicts, self.terms.begun.elapsed()));
            std::thread::sleep(POLL);
        }
    }

    /// Shows what the engine said last before it was stopped.
    fn tell_end(&self, command: &Command, said: &str, output: &mut Output) {
        if !said.is_empty() {
            let said = self.terms.mask.hide(said);
            output.talk(&format!("── what `{command}` says\n{said}\n──"));
        }
    }

    /// Says who has become ready.
    fn tell(&mut self, verdicts: &[(&'a Expected, Verdict)], progress: &Progress, output: &mut Output) {
        if let Some(caveat) = self.engine.caveat().filter(|_| !self.has_caveat) {
            self.has_caveat = true;
            progress.talk(output, caveat);
        }
        for (expected, verdict) in verdicts {
            if *verdict != Verdict::Ready {
                self.ready.retain(|ready| ready != expected);
            } else if !self.ready.contains(expected) {
                self.ready.push(expected);
                let what = if expected.is_job { "is done" } else { "is ready" };
                progress.talk(output, &format!("{} {what} ({})", expected.id, seconds(self.terms.begun.elapsed())));
            }
        }
    }

    fn failed(&self, failed: &[&(&Expected, Verdict)], containers: &[Container], output: &mut Output) -> Refusal {
        let mut words = Vec::new();
        let mut is_port_taken = false;
        for (expected, verdict) in failed {
            if let Verdict::Failed(why) = verdict {
                words.push(format!("`{}` {why}", expected.id));
                is_port_taken |= says_port_taken(why);
                // It has not run, and has said nothing.
                if !says_port_taken(why) {
                    tail(self.engine, &expected.id, self.terms.mask, output);
                }
            }
        }
        let failure = Failure::new(Exit::Findings, words.join("; ")).help(still(containers));
        if is_port_taken { Refusal::PortTaken(failure) } else { Refusal::Failure(failure) }
    }

    fn late(&self, verdicts: &[(&Expected, Verdict)], containers: &[Container], output: &mut Output) -> Failure {
        let mut words = Vec::new();
        for (expected, verdict) in verdicts {
            if let Verdict::Waiting(why) = verdict {
                words.push(format!("`{}` {why}", expected.id));
                if containers.iter().any(|container| container.service == expected.id) {
                    tail(self.engine, &expected.id, self.terms.mask, output);
                }
            }
        }
        let message = format!("not ready after {}: {}", seconds(self.terms.limit), words.join("; "));
        let help = format!("give it longer with `--timeout`; {}", still(containers));
        Failure::new(Exit::NotReady, message).help(help)
    }

    /// Compose gave up, and nothing that is there is to blame.
    fn refused(&self, error: CommandError, containers: &[Container]) -> Refusal {
        if says_port_taken(&error.to_string()) {
            return Refusal::PortTaken(Failure::from(error).or_help(still(containers)));
        }
        let is_absent = |image: &ImageRef| {
            self.engine.tool().kind().image(&image.to_string(), self.terms.interrupt).is_ok_and(|found| found.is_none())
        };
        let absent = self.plan.workloads.iter().filter(|workload| is_absent(&workload.image));
        let absent: Vec<String> =
            absent.map(|workload| format!("the image `{}` of `{}` is not here", workload.image, workload.id)).collect();
        let failure = Failure::from(error);
        if absent.is_empty() {
            return failure.or_help(still(containers)).into();
        }
        failure.or_help(format!("{}: correct its name, or make it; {}", absent.join(", "), still(containers))).into()
    }

    /// The engine went away.
    fn lost(&self, error: EngineError) -> Failure {
        match error {
            EngineError::Command(CommandError::Interrupted) => self.interrupted(),
            error => Failure::from(error),
        }
    }

    fn interrupted(&self) -> Failure {
        let containers = self.engine.containers(&Interrupt::never()).unwrap_or_default();
        Failure::new(Exit::Interrupted, "interrupted").help(still(&containers))
    }
}

/// Whether an engine says that a port of the host cannot be had: in the words of Docker, of the system, and of
/// Docker's desktop.
fn says_port_taken(why: &str) -> bool {
    ["port is already allocated", "address already in use", "ports are not available"]
        .iter()
        .any(|words| why.to_ascii_lowercase().contains(words))
}

/// What is still running, and how to stop it.
fn still(containers: &[Container]) -> String {
    let mut names: Vec<&str> = containers
        .iter()
        .filter(|container| !matches!(container.state, crate::engine::State::Exited | crate::engine::State::Dead))
        .map(|container| container.service.as_str())
        .collect();
    names.dedup();
    if names.is_empty() {
        return "nothing is running".to_owned();
    }
    format!("still there: {}; `cargo orch logs` says more, `cargo orch down` stops them", names.join(", "))
}

fn waiting(verdicts: &[(&Expected, Verdict)], elapsed: Duration) -> String {
    let waiting = verdicts.iter().filter_map(|(expected, verdict)| match verdict {
        Verdict::Waiting(why) => Some(format!("{}: {why}", expected.id)),
        _ => None,
    });
    let waiting: Vec<String> = waiting.collect();
    format!(
        "{} of {} ready after {}; {}",
        verdicts.len() - waiting.len(),
        verdicts.len(),
        seconds(elapsed),
        waiting.join(", ")
    )
}
