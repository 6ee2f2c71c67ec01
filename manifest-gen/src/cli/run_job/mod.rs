mod follow;
mod in_cluster;

use std::io::IsTerminal;

use orch_manifest::did_you_mean;

use super::cluster::PlaceArgs;
use super::engine::{EngineArg, files};
use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use super::templates::Templates;
use crate::engine::{Compose, Interrupt, Project};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::environment::{self, Missing, Vault};
use crate::launch::{Folder, State};
use crate::output::Output;
use crate::plan::{Plan, Workload};

/// Run a job, or what runs on a schedule, once
///
/// In a container of its own, beside what `up` or `deploy` started, with what it prints. Exits with the job's own code.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The job
    #[arg(value_name = "ID")]
    job: String,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    engine: EngineArg,
    #[command(flatten)]
    place: PlaceArgs,
    #[command(flatten)]
    templates: Templates,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Some(place) = args.place.cluster() else { return on_this_machine(args) };
    let deployed = args.place.reach.find(place, &args.profile, &args.source)?;
    if has_errors(&deployed.findings) {
        output.findings(&deployed.findings, &deployed.loaded.sources());
        return Ok(Exit::Findings);
    }
    let job = job(&deployed.plan, &args.job)?;
    in_cluster::run(&deployed, job, &args.place.reach, &args.templates, output)
}

/// The job of this name, or what runs on a schedule.
fn job<'a>(plan: &'a Plan, name: &str) -> Result<&'a Workload, Failure> {
    let jobs = || plan.workloads.iter().filter(|workload| workload.is_job());
    jobs().find(|job| job.id.as_str() == name).ok_or_else(|| {
        let known: Vec<&str> = jobs().map(|job| job.id.as_str()).collect();
        let help = if known.is_empty() { "the system has none".to_owned() } else { did_you_mean(name, &known) };
        Failure::new(Exit::Usage, format!("there is no job `{name}`")).help(help)
    })
}

fn on_this_machine(args: &Args) -> Result<Exit, Failure> {
    let loaded = args.source.load()?;
    let profile = args.profile.find(&loaded.config)?;
    let (plan, _) = loaded.plan(&profile)?;
    job(&plan, &args.job)?;
    let folder = Folder::of(loaded.root()?);
    let state = State::read(&folder.profile(&profile))?;
    let state = state.filter(|state| state.services.iter().any(|id| id.as_str() == args.job)).ok_or_else(|| {
        Failure::new(Exit::Findings, format!("`{}` is not a part of what was started here in `{profile}`", args.job))
            .help(format!("`cargo orch up --profile {profile}` starts what it needs"))
    })?;
    let interrupt = Interrupt::watch()?;
    let tool = args.engine.choose(Some(&state), &interrupt)?;
    let variable = |name: &str| std::env::var(name).ok();
    let vault = Vault::of(&profile, &folder, &variable);
    let given = environment::given(&plan, &state.ports, &vault, &folder.data(), &variable)?;
    if let Some(missing) = given.missing.first() {
        let what = match missing {
            Missing::Secret { secret, .. } => format!("the secret {}", secret.name()),
            Missing::Variable { name, .. } => format!("the variable {name}"),
        };
        return Err(Failure::new(Exit::Findings, format!("{what} is missing"))
            .help("`cargo orch up` says what has to be given, and how"));
    }
    let project = Project {
        name: state.project.clone(),
        files: files(&folder, &profile),
        environment: given.variables.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect(),
    };
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    Ok(Exit::of(Compose::new(tool, project).run(&args.job, terminal).attached(&interrupt)?))
}
