mod kubernetes;
pub(super) mod swarm;
mod watch;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use orch_manifest::Id;
use orch_templates::Packs;

use super::cluster::{Deployed, Place, ReachArgs, expected_in};
use super::failure::Failure;
use super::images::Builder;
use super::selection::{ProfileArg, Source};
use super::templates::Templates;
use super::unbuilt::Applications;
use super::up::{lock, noteworthy};
use crate::deploy::{Need, Phase};
use crate::engine::{Cluster, Command, Interrupt, Kind};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::Folder;
use crate::launch::environment::Vault;
use crate::launch::mask::Mask;
use crate::output::Output;
use crate::plan::Plan;
use crate::target::{self, Image};
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

/// How images come to nodes other than this machine.
pub(super) const REGISTRY: &str =
    "`cargo orch build` and `cargo orch push` bring the images of the applications to their registry";

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let place = match args.target {
        ClusterArg::Swarm => Place::Swarm,
        ClusterArg::K8s => Place::K8s,
    };
    let deployed = args.reach.find(place, &args.profile, &args.source)?;
    let wishes = Wishes {
        terms: &args.terms,
        reach: &args.reach,
        templates: &args.templates,
        source: &args.source,
        build: false,
        diff: args.diff,
        prune: args.prune,
    };
    deploy(&deployed, &wishes, output)
}

/// What is wanted of a deployment.
pub(super) struct Wishes<'a> {
    pub(super) terms: &'a Terms,
    pub(super) reach: &'a ReachArgs,
    pub(super) templates: &'a Templates,
    pub(super) source: &'a Source,
    /// Whether all images are built, not only those that are missing.
    pub(super) build: bool,
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
    fn phases(&self, needs: &Needs, limit: Duration, interrupt: &Interrupt) -> Result<Vec<Phase>, Failure>;

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
    /// Whether that is this engine, alone: then it has the images that are built here.
    is_here: bool,
    /// The images that are built for it, and are not yet.
    unbuilt: Vec<Image>,
}

/// What a way is made from.
struct Setting<'a> {
    deployed: &'a Deployed,
    plan: &'a Plan,
    wishes: &'a Wishes<'a>,
    packs: &'a Packs,
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

    /// The applications whose images an engine of this machine has.
    fn applications<'a>(&'a self, interrupt: &'a Interrupt) -> Applications<'a> {
        Applications { loaded: &self.deployed.loaded, plan: self.plan, engine: Kind::Docker, interrupt, instead: "" }
    }

    fn build(&self, images: &[Image], interrupt: &Interrupt, output: &mut Output) -> Result<(), Failure> {
        if images.is_empty() {
            return Ok(());
        }
        let Some(cargo) = self.wishes.source.cargo()? else { return Ok(()) };
        let (folder, packs) = (self.workspace, self.packs);
        let builder = Builder { cargo, folder, engine: Kind::Docker, packs, platform: None, interrupt };
        self.applications(interrupt).build(images, &builder, output)
    }

    fn text(&self, path: &str) -> &str {
        self.files.iter().find(|(other, _)| other == path).map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

/// Deploys what is planned.
pub(super) fn deploy(deployed: &Deployed, wishes: &Wishes<'_>, output: &mut Output) -> Result<Exit, Failure> {
    let (plan, profile, target) = (&deployed.plan, &deployed.profile, deployed.place.target());
    let packs = wishes.templates.packs(&deployed.loaded.config)?;
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
    let setting = Setting {
        deployed,
        plan,
        wishes,
        packs: &packs,
        folder: to,
        files: &files,
        workspace: &folder,
        is_dry: wishes.terms.dry_run || wishes.diff,
    };
    let way: Box<dyn Way> = match deployed.place {
        Place::K8s => Box::new(kubernetes::Way::new(&setting, wishes.reach)?),
        Place::Swarm | Place::Compose => Box::new(swarm::Way::new(&setting)?),
    };
    if wishes.diff {
        return Ok(Exit::of(way.difference()?.attached(&interrupt)?));
    }
    carry_out(&setting, way.as_ref(), &interrupt, output)
}

fn carry_out(
    setting: &Setting<'_>,
    way: &dyn Way,
    interrupt: &Interrupt,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let Setting { deployed, wishes, .. } = setting;
    let limit = Duration::from_millis(wishes.terms.timeout.as_millis());
    let mut needs = match way.needs(interrupt) {
        Err(failure) if wishes.terms.dry_run && failure.is_missing() => {
            output.talk(&format!("what has to be there before was not looked at: {}", failure.message()));
            Needs::default()
        }
        needs => needs?,
    };
    if !needs.missing.is_empty() {
        return Err(refused(&needs.missing, way.cluster().name()));
    }
    if wishes.terms.dry_run {
        let builds = || wishes.source.building(&deployed.profile, Kind::Docker, wishes.templates);
        let builds = (!needs.unbuilt.is_empty()).then(builds);
        let phases = way.phases(&needs, limit, interrupt)?;
        output.data(&script(builds.iter().chain(&needs.made), &phases))?;
        return Ok(Exit::Done);
    }
    setting.build(&std::mem::take(&mut needs.unbuilt), interrupt, output)?;
    for command in &needs.made {
        command.output(interrupt, Some(limit))?;
    }
    let phases = way.phases(&needs, limit, interrupt)?;
    let environment = |name: &str| std::env::var(name).ok();
    let vault = Vault::of(&deployed.profile, setting.workspace, &environment);
    // Those of a cluster alone are not known here.
    let mask = Mask::of(&deployed.plan, &vault, &environment);
    let mut watch = Watch::begin(deployed, way.cluster(), limit, mask, interrupt)?;
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
fn script<'a>(before: impl Iterator<Item = &'a Command>, phases: &[Phase]) -> String {
    let mut text = String::new();
    for command in before {
        let _ = writeln!(text, "{command}");
    }
    for phase in phases {
        for command in phase.apply.iter().chain(&phase.waits) {
            let _ = writeln!(text, "{command}");
        }
        let ids: Vec<&str> = phase.awaits.iter().map(Id::as_str).collect();
        let _ = writeln!(text, "# waits until all of it is there: {}", ids.join(", "));
    }
    text
}
