//! Follows a job that runs once in a cluster, and ends as it ends.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::super::deploy::REGISTRY;
use super::super::failure::Failure;
use crate::engine::command::Stream;
use crate::engine::rollout::{Outcome, Run, names_no_image};
use crate::engine::{Cluster, Command, CommandError, Interrupt};
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// How often it is looked how far it has come.
const POLL: Duration = Duration::from_millis(500);

/// How long nothing may come of a log before it is taken for whole, when the job has ended.
const QUIET: Duration = Duration::from_secs(1);

/// A run of a job, in a cluster.
pub(super) struct Follow<'a> {
    pub(super) cluster: &'a dyn Cluster,
    /// The job's id.
    pub(super) job: &'a str,
    /// What the cluster calls the run.
    pub(super) name: &'a str,
    pub(super) interrupt: &'a Interrupt,
}

/// How many lines were printed of each stream.
#[derive(Default)]
struct Printed {
    out: usize,
    err: usize,
}

impl Follow<'_> {
    /// Starts it, shows what it prints, and removes it when it has ended.
    pub(super) fn run(&self, start: &Command, limit: Duration, output: &mut Output) -> Result<Exit, Failure> {
        let ended = start.output(self.interrupt, Some(limit)).map_err(Failure::from);
        let ended = ended.and_then(|_| self.ended(output)).map_err(|failure| self.still_runs(failure))?;
        self.remove(output);
        let why = match ended {
            Ok(code) => return Ok(Exit::Program(u8::try_from(code).unwrap_or(1))),
            Err(why) => why,
        };
        let failure = Failure::new(Exit::Findings, format!("`{}` did not run to its end: {why}", self.job));
        Err(if names_no_image(&why) { failure.help(REGISTRY) } else { failure })
    }

    /// What is to be known where it goes on without us.
    fn still_runs(&self, failure: Failure) -> Failure {
        let log = self.cluster.run_log(self.name, true);
        let leftovers = self.cluster.leftovers_of_run(self.name, &Interrupt::never()).unwrap_or_default();
        let ends = std::iter::once(self.cluster.end_run(self.name)).chain(leftovers);
        let ends: Vec<String> = ends.map(|command| format!("`{command}`")).collect();
        failure.or_help(format!(
            "`{}` may go on in the cluster as `{}`: `{log}` shows what it prints, and {} removes it",
            self.job,
            self.name,
            ends.join(" and then ")
        ))
    }

    /// How it ended, with everything that it has printed on the screen.
    fn ended(&self, output: &mut Output) -> Result<Outcome, Failure> {
        self.begun(output)?;
        let mut printed = Printed::default();
        let outcome = loop {
            // A connection may break, and then what was not printed yet comes with the next one.
            if let Some(outcome) = self.follow(&mut printed, output)? {
                break outcome;
            }
        };
        let log = self.cluster.run_log(self.name, false);
        let mut seen = Printed::default();
        let mut failed = Ok(());
        // It may be gone with the container that never was.
        let _ = log.lines(self.interrupt, |stream, line| {
            if failed.is_ok() {
                failed = print(stream, line, &mut seen, &mut printed, output);
            }
        });
        failed?;
        Ok(outcome)
    }

    /// Waits until there is something that could have printed.
    fn begun(&self, output: &mut Output) -> Result<(), Failure> {
        let progress = Progress::new();
        let mut told = String::new();
        loop {
            let Run::Waits(why) = self.state()? else { return Ok(()) };
            if !why.is_empty() && why != told {
                progress.talk(output, &format!("{} waits: {why}", self.job));
                told.clone_from(&why);
            }
            progress.waits(&format!("{} waits: {why}", self.job));
            std::thread::sleep(POLL);
        }
    }

    fn state(&self) -> Result<Run, Failure> {
        if self.interrupt.is_raised() {
            return Err(Failure::interrupted());
        }
        Ok(self.cluster.run(self.name, self.interrupt)?)
    }

    /// Prints what comes until it has ended, or until the cluster says no more; `None` where it goes on then.
    fn follow(&self, printed: &mut Printed, output: &mut Output) -> Result<Option<Outcome>, Failure> {
        let log = self.cluster.run_log(self.name, true);
        let enough = Interrupt::never();
        let (sender, receiver) = mpsc::channel::<(Stream, String)>();
        std::thread::scope(|scope| {
            let (log, enough) = (&log, &enough);
            let hand_over = move |stream, line: &str| drop(sender.send((stream, line.to_owned())));
            let reader = scope.spawn(move || log.lines(enough, hand_over));
            let followed = self.print(&receiver, || reader.is_finished(), printed, output);
            enough.raise();
            let read = reader.join().unwrap_or(Err(CommandError::Interrupted));
            match (followed, read) {
                (Ok(None), Err(error @ CommandError::Missing { .. })) => Err(error.into()),
                (followed, _) => followed,
            }
        })
    }

    fn print(
        &self,
        lines: &mpsc::Receiver<(Stream, String)>,
        is_over: impl Fn() -> bool,
        printed: &mut Printed,
        output: &mut Output,
    ) -> Result<Option<Outcome>, Failure> {
        let (mut seen, mut last, mut looked, mut ended) = (Printed::default(), Instant::now(), Instant::now(), None);
        loop {
            let over = is_over();
            while let Ok((stream, line)) = lines.recv_timeout(Duration::from_millis(50)) {
                print(stream, &line, &mut seen, printed, output)?;
                last = Instant::now();
                if looked.elapsed() >= POLL {
                    break;
                }
            }
            if ended.is_some() && (over || last.elapsed() >= QUIET) {
                return Ok(ended);
            }
            if looked.elapsed() >= POLL || over {
                looked = Instant::now();
                match self.state()? {
                    Run::Over(outcome) if ended.is_none() => (ended, last) = (Some(outcome), Instant::now()),
                    Run::Waits(_) | Run::Runs if over => {
                        std::thread::sleep(POLL);
                        return Ok(None);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Removes what has ended; what it has printed is on the screen.
    fn remove(&self, output: &mut Output) {
        let never = Interrupt::never();
        let leftovers = self.cluster.leftovers_of_run(self.name, &never);
        let end = self.cluster.end_run(self.name);
        if let Err(error) = end.output(&never, Some(Duration::from_secs(30))) {
            output.talk(&format!("`{}` has ended and was not removed: {error}", self.name));
        }
        for command in leftovers.unwrap_or_default() {
            // The engine may have removed it by itself.
            let _ = command.capture(&never, Some(Duration::from_secs(30)));
        }
    }
}

/// Prints a line of a log that is read from its beginning, unless it was printed before.
fn print(
    stream: Stream,
    line: &str,
    seen: &mut Printed,
    printed: &mut Printed,
    output: &mut Output,
) -> Result<(), Failure> {
    let (seen, printed) = match stream {
        Stream::Out => (&mut seen.out, &mut printed.out),
        Stream::Err => (&mut seen.err, &mut printed.err),
    };
    *seen += 1;
    if *seen <= *printed {
        return Ok(());
    }
    *printed += 1;
    match stream {
        Stream::Out => output.data(&format!("{line}\n"))?,
        Stream::Err => output.talk(line),
    }
    Ok(())
}
