use std::time::{Duration, Instant};

use super::cluster::{Place, PlaceArgs, expected_in};
use super::engine::EngineArg;
use super::failure::Failure;
use super::running::{Report, Subject};
use super::selection::{ProfileArg, Source};
use crate::engine::{Compose, Engine, Interrupt};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::excerpt::{leave_out, leave_out_apps};
use crate::launch::readiness::expected;
use crate::launch::{Folder, State};
use crate::output::Output;

/// How often it is looked what runs.
const POLL: Duration = Duration::from_secs(1);

/// Show what is planned against what runs
///
/// Exits with 1 when something is missing, has not become healthy or is not healthy any more.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    engine: EngineArg,
    #[command(flatten)]
    place: PlaceArgs,
    /// Show it again whenever it changes, until Ctrl-C
    #[arg(long, conflicts_with_all = ["json", "wait_healthy"])]
    watch: bool,
    /// Wait until everything is there
    #[arg(long)]
    wait_healthy: bool,
    /// How long that may take
    #[arg(long, value_name = "DURATION", default_value = "5m", requires = "wait_healthy")]
    timeout: orch_manifest::Duration,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match args.place.cluster() {
        Some(place) => in_cluster(args, place, output),
        None => on_this_machine(args, output),
    }
}

fn in_cluster(args: &Args, place: Place, output: &mut Output) -> Result<Exit, Failure> {
    let deployed = args.place.reach.find(place, &args.profile, &args.source)?;
    if has_errors(&deployed.findings) {
        output.findings(&deployed.findings, &deployed.loaded.sources());
        return Ok(Exit::Findings);
    }
    let interrupt = Interrupt::watch()?;
    let expected = expected_in(&deployed.plan, place);
    let look = Look { subject: deployed.subject(&expected), engine: deployed.cluster.as_ref(), interrupt: &interrupt };
    look.show(args, output)
}

fn on_this_machine(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let loaded = args.source.load()?;
    let profile = args.profile.find(&loaded.config)?;
    let (mut plan, findings) = loaded.plan(&profile)?;
    if has_errors(&findings) {
        output.findings(&findings, &loaded.sources());
        return Ok(Exit::Findings);
    }
    let folder = Folder::of(loaded.root()?);
    let Some(state) = State::read(&folder.profile(&profile))? else {
        let report = Subject::never(&plan, &expected(&plan)).report(&[]);
        output.data(&if args.json { report.json() } else { report.table() })?;
        output.talk(&format!("nothing was started here in the profile `{profile}`; `cargo orch up` starts it"));
        return Ok(if report.is_ready() { Exit::Done } else { Exit::Findings });
    };
    if state.without_apps {
        leave_out_apps(&mut plan, &loaded.manifest);
    }
    leave_out(&mut plan, |id| state.skipped.contains_key(id));
    let interrupt = Interrupt::watch()?;
    let tool = args.engine.choose(Some(&state), &interrupt)?;
    let engine = Compose::new(tool, super::engine::project(&folder, &profile, &state));
    let expected = expected(&plan);
    Look { subject: Subject::here(&plan, &expected, &state), engine: &engine, interrupt: &interrupt }.show(args, output)
}

struct Look<'a> {
    subject: Subject<'a>,
    engine: &'a dyn Engine,
    interrupt: &'a Interrupt,
}

impl Look<'_> {
    fn show(&self, args: &Args, output: &mut Output) -> Result<Exit, Failure> {
        if args.watch {
            return self.watch(output);
        }
        let report = self.report(args.wait_healthy.then(|| Duration::from_millis(args.timeout.as_millis())))?;
        output.data(&if args.json { report.json() } else { report.table() })?;
        self.caveat(output);
        if report.is_ready() {
            return Ok(Exit::Done);
        }
        output.talk(&format!("not everything is there: {}", report.lacking().join("; ")));
        Ok(if args.wait_healthy { Exit::NotReady } else { Exit::Findings })
    }

    fn now(&self) -> Result<Report, Failure> {
        Ok(self.subject.report(&self.engine.examined(self.interrupt)?))
    }

    /// What runs, when all of it is there or the time is over.
    fn report(&self, limit: Option<Duration>) -> Result<Report, Failure> {
        let started = Instant::now();
        loop {
            let report = self.now()?;
            if report.is_ready() || limit.is_none_or(|limit| started.elapsed() >= limit) {
                return Ok(report);
            }
            self.pause()?;
        }
    }

    fn watch(&self, output: &mut Output) -> Result<Exit, Failure> {
        let mut shown = String::new();
        loop {
            let table = self.now()?.table();
            if table != shown {
                output.data(&format!("{}{table}", if shown.is_empty() { "" } else { "\n" }))?;
                if shown.is_empty() {
                    self.caveat(output);
                }
                shown = table;
            }
            self.pause()?;
        }
    }

    fn caveat(&self, output: &mut Output) {
        if let Some(caveat) = self.engine.caveat() {
            output.talk(caveat);
        }
    }

    fn pause(&self) -> Result<(), Failure> {
        std::thread::sleep(POLL);
        if self.interrupt.is_raised() { Err(Failure::interrupted()) } else { Ok(()) }
    }
}
