mod kubernetes;
mod swarm;
mod watch;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use orch_manifest::Id;

use super::cluster::{Deployed, Place, ReachArgs, expected_in};
use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use super::templates::Templates;
use super::up::{lock, noteworthy};
use crate::deploy::{Need, Phase};
use crate::engine::{Cluster, Command, Interrupt};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::Folder;
use crate::launch::environment::Vault;
use crate::launch::mask::Mask;
use crate::output::Output;
use crate::plan::Plan;
use crate::target;
use crate::write::{Folder as Written, Key};
use watch::Watch;

/// Deploy to a swarm or to Kubernetes, and wait until all of it runs
///
/// Renders for the profile below `.orch/`, sees that what has to be there before is there, and deploys jobs before what
/// comes after them. What fails is rolled back where the cluster knows the version before.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Which kind of cluster
    #[arg(long, value_enum, value_name = "TARGET")]
    target: ClusterArg,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    reach: ReachArgs,
    /// Show what would change in a Kubernetes cluster, and change nothing; exit with 1 where something would
    #[arg(long, conflicts_with_all = ["dry_run", "prune", "json"])]
    diff: bool,
    /// Remove what was deployed before and is not planned any more; data stays
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    templates: Templates,
    #[command(flatten)]
    source: Source,
}

/// What `up` says in the same words.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Terms {
    /// Print what would be run, and start nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// How long all of it may take
    #[arg(long, value_name = "DURATION", default_value = "5m")]
    pub(super) timeout: orch_manifest::Duration,
    /// Print what runs as JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ClusterArg {
    /// A swarm of Docker engines
    Swarm,
    /// A Kubernetes cluster
    K8s,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let place = match args.target {
        ClusterArg::Swarm => Place::Swarm,
        ClusterArg::K8s => Place::K8s,
    };
    let deployed = args.reach.find(place, &args.profile, &args.source)?;
    let wishes = Wishes { terms: &args.terms, reach: &args.reach, diff: args.diff, prune: args.prune };
    deploy(&deployed, &wishes, &args.templates, output)
}

/// What is wanted of a deployment.
pub(super) struct Wishes<'a> {
    pub(super) terms: &'a Terms,
    pub(super) reach: &'a ReachArgs,
    pub(super) diff: bool,
    pub(super) prune: bool,
}

/// One kind of cluster.
trait Way {
    /// The cluster.
    fn cluster(&self) -> &dyn Cluster;

    /// What has to be there before, and is not.
    fn needs(&self, interrupt: &Interrupt) -> Result<Needs, Failure>;

    /// The commands, in steps.
    fn phases(&self, limit: Duration, interrupt: &Interrupt) -> Result<Vec<Phase>, Failure>;

    /// What was deployed before and is not planned any more, with the command that removes it.
    fn unplanned(&self, interrupt: &Interrupt) -> Result<Vec<(String, Command)>, Failure>;

    /// What shows what would change; the error says that nothing does.
    fn difference(&self) -> Result<Command, Failure>;
}

/// What has to be there before.
#[derive(Default)]
struct Needs {
    /// What only the deployer can make.
    missing: Vec<Need>,
    /// What is made for a developer's own cluster.
    made: Vec<Command>,
}

/// What a way is made from.
struct Setting<'a> {
    plan: &'a Plan,
    /// Where the rendered files are.
    folder: PathBuf,
    files: &'a [(String, String)],
    workspace: &'a Folder,
    is_dry: bool,
}

impl Setting<'_> {
    fn ids(&self) -> BTreeSet<Id> {
        self.plan.workloads.iter().map(|workload| workload.id.clone()).collect()
    }

    fn text(&self, path: &str) -> &str {
        self.files.iter().find(|(other, _)| other == path).map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

/// Deploys what is planned.
pub(super) fn deploy(
    deployed: &Deployed,
    wishes: &Wishes<'_>,
    templates: &Templates,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (plan, profile, target) = (&deployed.plan, &deployed.profile, deployed.place.target());
    let packs = templates.packs(&deployed.loaded.config)?;
    let rendered = target::render(plan, target, &packs)?;
    let findings = noteworthy(deployed.findings.clone(), &rendered.findings);
    output.findings(&findings, &deployed.loaded.sources());
    if has_errors(&findings) {
        return Ok(Exit::Findings);
    }
    if plan.workloads.is_empty() {
        output.talk("there is nothing to deploy");
        return Ok(Exit::Done);
    }
    let folder = Folder::of(deployed.loaded.root()?);
    let _lock = lock(&folder, profile)?;
    let mut files: Vec<(String, String)> = rendered.files.into_iter().map(|file| (file.path, file.contents)).collect();
    if deployed.place == Place::Swarm {
        files.extend(swarm::parts(plan, &files)?);
    }
    let to = folder.deployed(profile, target);
    let key = Key::new(plan.system.as_str(), target, profile.as_str());
    let written = files.iter().map(|(path, contents)| (path.as_str(), contents.as_str()));
    Written::new(to.clone(), key).force(true).write(written)?;

    let interrupt = Interrupt::watch()?;
    let setting =
        Setting { plan, folder: to, files: &files, workspace: &folder, is_dry: wishes.terms.dry_run || wishes.diff };
    let way: Box<dyn Way> = match deployed.place {
        Place::K8s => Box::new(kubernetes::Way::new(&setting, wishes.reach)?),
        Place::Swarm | Place::Compose => Box::new(swarm::Way::new(&setting)?),
    };
    if wishes.diff {
        return Ok(Exit::of(way.difference()?.attached(&interrupt)?));
    }
    carry_out(deployed, way.as_ref(), wishes, &interrupt, output)
}

fn carry_out(
    deployed: &Deployed,
    way: &dyn Way,
    wishes: &Wishes<'_>,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let limit = Duration::from_millis(wishes.terms.timeout.as_millis());
    let needs = match way.needs(interrupt) {
        Err(failure) if wishes.terms.dry_run && failure.is_missing() => {
            output.talk(&format!("what has to be there before was not looked at: {}", failure.message()));
            Needs::default()
        }
        needs => needs?,
    };
    if !needs.missing.is_empty() {
        return Err(refused(&needs.missing, way.cluster().name()));
    }
    let phases = way.phases(limit, interrupt)?;
    if wishes.terms.dry_run {
        output.data(&script(&needs.made, &phases))?;
        return Ok(Exit::Done);
    }
    for command in &needs.made {
        command.output(interrupt, Some(limit))?;
    }
    let environment = |name: &str| std::env::var(name).ok();
    let vault = Vault::of(&deployed.profile, &Folder::of(deployed.loaded.root()?), &environment);
    // Those of a cluster alone are not known here.
    let mask = Mask::of(&deployed.plan, &vault, &environment);
    let mut watch = Watch::begin(way.cluster(), deployed.place, limit, mask, interrupt)?;
    for phase in &phases {
        watch.phase(phase, output)?;
    }
    for (what, command) in way.unplanned(interrupt)? {
        if wishes.prune {
            command.output(interrupt, Some(limit))?;
            output.talk(&format!("removed {what}, which is not planned any more"));
        } else {
            output.talk(&format!("{what} is there and not planned; `--prune` removes it, as does `{command}`"));
        }
    }
    let expected = expected_in(&deployed.plan, deployed.place);
    let report = deployed.subject(&expected).report(&deployed.cluster.containers(interrupt)?);
    output.data(&if wishes.terms.json { report.json() } else { report.endpoints() })?;
    Ok(Exit::Done)
}

fn refused(missing: &[Need], name: &str) -> Failure {
    let what: Vec<&str> = missing.iter().map(|need| need.what.as_str()).collect();
    let how: Vec<String> = missing.iter().map(|need| format!("`{}`", need.cure)).collect();
    Failure::new(Exit::Findings, format!("`{name}` lacks {}", what.join(", "))).help(how.join("; "))
}

/// The commands as a shell runs them.
fn script(made: &[Command], phases: &[Phase]) -> String {
    let mut text = String::new();
    for command in made {
        let _ = writeln!(text, "{command}");
    }
    for phase in phases {
        for command in std::iter::once(&phase.apply).chain(&phase.waits) {
            let _ = writeln!(text, "{command}");
        }
        let ids: Vec<&str> = phase.awaits.iter().map(Id::as_str).collect();
        let _ = writeln!(text, "# waits until all of it is there: {}", ids.join(", "));
    }
    text
}
