mod decide;
mod start;
mod steps;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use super::cluster::{Place, PlaceArgs};
use super::deploy::{REGISTRY, Terms, Wishes, deploy};
use super::engine::EngineArg;
use super::failure::Failure;
use super::images::Builder;
use super::running::Subject;
use super::selection::{ProfileArg, Source};
use super::templates::Templates;
use super::unbuilt::Applications;
use crate::engine::command::quoted;
use crate::engine::{Command, Compose, Container, Engine, Interrupt, Project, Tool, labelled};
use crate::exit::Exit;
use crate::finding::{Finding, Severity, has_errors};
use crate::launch::environment::{Value, Vault};
use crate::launch::mask::Mask;
use crate::launch::ports::{Conflicts, PortFlag};
use crate::launch::readiness::{Verdict, expected, judge};
use crate::launch::{Folder, State, host};
use crate::output::Output;
use crate::plan::Profile;
use crate::plan::profile::Base;
use crate::target;
use crate::write::{Folder as Written, Key};
use decide::{Launch, Setting};
use start::Refusal;

/// Start everything and wait until it is ready
///
/// Renders for the profile below `.orch/`, makes the secrets of a developer's machine, chooses ports of the host that
/// are free, starts what is planned and waits until all of it runs and is healthy. Doing it again changes nothing that
/// is as it should be.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    engine: EngineArg,
    #[command(flatten)]
    place: PlaceArgs,
    /// Leave the applications to the host: see `cargo orch run`
    #[arg(long)]
    no_apps: bool,
    /// Port of the host for a service, or for one of its ports; may be repeated
    #[arg(long, value_name = "ID[.PORT]=PORT")]
    port: Vec<PortFlag>,
    /// What to do about a port that somebody else has; `avoid`, and in `prod` `fail`
    #[arg(long, value_name = "WHAT")]
    conflicts: Option<ConflictsArg>,
    /// Publish every port to this machine, whatever the profile says
    #[arg(long)]
    expose_internals: bool,
    /// Do nothing when everything that is planned runs and is healthy, even if it would be started differently now
    #[arg(long)]
    if_needed: bool,
    /// First remove what has failed, so that it begins anew
    #[arg(long)]
    retry_failed: bool,
    /// Build the images of all applications, not only those that are missing
    #[arg(long, conflicts_with = "no_apps")]
    build: bool,
    /// Start `staging` or `prod` on this machine: the profile's name, to show that it is meant
    #[arg(long, value_name = "PROFILE")]
    yes_really: Option<String>,
    #[command(flatten)]
    terms: Terms,
    #[command(flatten)]
    templates: Templates,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ConflictsArg {
    /// Take the next port that is free
    Avoid,
    /// Leave the service out, and use whoever has its port in its place
    Skip,
    /// Start nothing
    Fail,
}

impl Args {
    /// What only one machine with Compose can do is not left out in silence.
    fn refuse_of_one_machine(&self, place: Place) -> Result<(), Failure> {
        let flags = [
            (self.no_apps, "--no-apps"),
            (!self.port.is_empty(), "--port"),
            (self.conflicts.is_some(), "--conflicts"),
            (self.expose_internals, "--expose-internals"),
            (self.if_needed, "--if-needed"),
            (self.retry_failed, "--retry-failed"),
        ];
        match flags.iter().find(|(given, _)| *given) {
            None if self.build && place == Place::K8s => Err(Failure::new(
                Exit::Usage,
                "the images of a Kubernetes cluster come from a registry, and `--build` is for this machine",
            )
            .help(REGISTRY)),
            None => Ok(()),
            Some((_, flag)) => {
                let message = format!("`{flag}` is for this machine, and not for `--target {}`", place.target());
                Err(Failure::new(Exit::Usage, message).help("leave it out"))
            }
        }
    }

    fn conflicts(&self, profile: &Profile) -> Conflicts {
        let otherwise = if profile.base() == Base::Prod { ConflictsArg::Fail } else { ConflictsArg::Avoid };
        match self.conflicts.unwrap_or(otherwise) {
            ConflictsArg::Avoid => Conflicts::Avoid,
            ConflictsArg::Skip => Conflicts::Skip,
            ConflictsArg::Fail => Conflicts::Fail,
        }
    }
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    match args.place.cluster() {
        Some(place) => in_cluster(args, place, output),
        None => on_this_machine(args, output),
    }
}

fn in_cluster(args: &Args, place: Place, output: &mut Output) -> Result<Exit, Failure> {
    args.refuse_of_one_machine(place)?;
    let deployed = args.place.reach.find(place, &args.profile, &args.source)?;
    let wishes = Wishes {
        terms: &args.terms,
        reach: &args.place.reach,
        templates: &args.templates,
        source: &args.source,
        build: args.build,
        diff: false,
        prune: false,
    };
    deploy(&deployed, &wishes, output)
}

fn on_this_machine(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let packs = args.templates.packs(&args.source.config()?)?;
    let loaded = args.source.load()?;
    let profile = args.profile.find(&loaded.config)?;
    refuse_by_mistake(args, &profile)?;
    let (plan, findings) = loaded.plan(&profile)?;
    if has_errors(&findings) {
        output.findings(&findings, &loaded.sources());
        return Ok(Exit::Findings);
    }
    if plan.workloads.is_empty() {
        output.talk("there is nothing to start");
        return Ok(Exit::Done);
    }
    let folder = Folder::of(loaded.root()?);
    let before = State::read(&folder.profile(&profile))?;
    let interrupt = Interrupt::watch()?;
    let tool = args.engine.choose(before.as_ref(), &interrupt)?;
    let _lock = if args.terms.dry_run { None } else { Some(lock(&folder, &profile)?) };
    let setting = Setting {
        args,
        loaded: &loaded,
        profile: &profile,
        folder: &folder,
        tool: &tool,
        packs: &packs,
        before: before.as_ref(),
        interrupt: &interrupt,
    };
    launch(&setting, &findings, output)
}

/// How often everything is decided anew because somebody took a port meanwhile.
const ANEW: u32 = 3;

/// Decides, and starts what is not as it was decided.
fn launch(setting: &Setting<'_>, findings: &[Finding], output: &mut Output) -> Result<Exit, Failure> {
    let (mut anew, mut begun) = (0, None);
    loop {
        match attempt(setting, findings, &mut begun, output) {
            Ok(exit) => return Ok(exit),
            Err(Refusal::PortTaken(failure)) if anew < ANEW => {
                anew += 1;
                output.talk(&format!("{}: somebody was faster, so ports are chosen again", failure.message()));
            }
            Err(Refusal::PortTaken(failure) | Refusal::Failure(failure)) => return Err(failure),
        }
    }
}

fn attempt(
    setting: &Setting<'_>,
    findings: &[Finding],
    begun: &mut Option<Instant>,
    output: &mut Output,
) -> Result<Exit, Refusal> {
    let Setting { args, loaded, interrupt, .. } = setting;
    let project = setting.project()?;
    let containers = there(setting, &project.0)?;
    let launch = setting.decide(project, &containers)?;
    let findings = noteworthy(findings.to_vec(), &launch.findings);
    output.findings(&findings, &loaded.sources());
    if has_errors(&findings) {
        return Ok(Exit::Findings);
    }
    let engine = setting.compose(&launch);
    if args.terms.dry_run {
        // What cannot be built here is said when it is needed.
        let builds = setting.applications(&launch).unbuilt(args.build).is_ok_and(|images| !images.is_empty());
        let builds = builds.then(|| args.source.building(setting.profile, setting.tool.kind(), &args.templates));
        output.data(&script(&launch, &engine, &containers, builds.as_ref()))?;
        return Ok(Exit::Done);
    }
    tell(&launch, &format!("{}-{}", launch.plan.system, setting.profile), output);
    if args.build {
        setting.build(&launch, output)?;
    }
    if setting.is_there(&launch, &containers)? {
        output.talk(&format!("`{}` runs already, and nothing has changed", launch.state.project));
        return Ok(report(args, &launch, &containers, output)?);
    }
    if !args.build {
        setting.build(&launch, output)?;
    }
    write(setting, &launch)?;
    let limit = Duration::from_millis(args.terms.timeout.as_millis());
    let begun = *begun.get_or_insert_with(Instant::now);
    let vault = Vault::of(setting.profile, setting.folder, &decide::variable);
    let mask = Mask::of(&launch.plan, &vault, &decide::variable);
    let terms = start::Terms { retry_failed: args.retry_failed, begun, limit, interrupt, mask: &mask };
    let containers = start::start(&launch, &engine, &containers, &terms, output)?;
    launch.state.clone().ready(&launch.fingerprint).write(&setting.folder.profile(setting.profile))?;
    Ok(report(args, &launch, &containers, output)?)
}

impl Setting<'_> {
    fn applications<'a>(&'a self, launch: &'a Launch) -> Applications<'a> {
        Applications {
            loaded: self.loaded,
            plan: &launch.plan,
            engine: self.tool.kind(),
            interrupt: self.interrupt,
            instead: "`cargo orch up --no-apps` starts the services alone, and `cargo orch run` an application on the host",
        }
    }

    /// Builds the images that have to be built, and says which.
    fn build(&self, launch: &Launch, output: &mut Output) -> Result<(), Failure> {
        let applications = self.applications(launch);
        let unbuilt = applications.unbuilt(self.args.build)?;
        let Some(cargo) = self.args.source.cargo()?.filter(|_| !unbuilt.is_empty()) else { return Ok(()) };
        let builder = Builder {
            cargo,
            folder: self.folder,
            engine: self.tool.kind(),
            packs: self.packs,
            platform: None,
            interrupt: self.interrupt,
        };
        applications.build(&unbuilt, &builder, output)
    }

    /// Whether all of it runs already, as it would be started now.
    fn is_there(&self, launch: &Launch, containers: &[Container]) -> Result<bool, Failure> {
        let planned = expected(&launch.plan);
        let is_ready = judge(&planned, containers).iter().all(|(_, verdict)| *verdict == Verdict::Ready);
        let is_same = self.before.is_some_and(|before| before.ready.as_ref() == Some(&launch.fingerprint));
        Ok(is_ready
            && (self.args.if_needed || (is_same && same_images(launch, self.tool, containers, self.interrupt)?)))
    }
}

/// Every finding once, without the notes on what Compose does by nature: those are for who renders.
pub(super) fn noteworthy(mut findings: Vec<Finding>, more: &[Finding]) -> Vec<Finding> {
    for finding in more {
        if !findings.contains(finding) {
            findings.push(finding.clone());
        }
    }
    findings.retain(|finding| finding.severity != Severity::Note);
    findings
}

/// What is meant for many is not started on one machine by mistake.
fn refuse_by_mistake(args: &Args, profile: &Profile) -> Result<(), Failure> {
    match &args.yes_really {
        Some(name) if name == profile.as_str() => Ok(()),
        Some(name) => {
            let message = format!("`--yes-really {name}` is not about the profile `{profile}`");
            Err(Failure::new(Exit::Usage, message).help(format!("write `--yes-really {profile}`, if it is meant")))
        }
        None if profile.is_private() => Ok(()),
        None => {
            let message = format!("`{profile}` is not a profile for one machine with Compose");
            Err(Failure::new(Exit::Usage, message)
                .help(format!("write `--yes-really {profile}` if it is meant, or render it for Swarm or Kubernetes")))
        }
    }
}

pub(super) fn lock(folder: &Folder, profile: &Profile) -> Result<std::fs::File, Failure> {
    let here = folder.root().display().to_string();
    folder.make(profile).map_err(|error| {
        Failure::io("write to", &here, &error).help("see to it that it can be written, and that its disk is not full")
    })?;
    let lock = folder.lock(profile).map_err(|error| Failure::io("write to", &here, &error))?;
    lock.ok_or_else(|| {
        Failure::new(Exit::Findings, format!("another `cargo orch up` of `{profile}` is at work here"))
            .help("wait until it has ended")
    })
}

/// The containers of a project that are there before anything is decided.
fn there(setting: &Setting<'_>, name: &str) -> Result<Vec<Container>, Failure> {
    // By labels, since there may be no file yet.
    let labels = [(crate::engine::compose::PROJECT_LABEL, name)];
    if labelled(setting.tool.command(), "container", &labels, setting.interrupt)?.is_empty() {
        return Ok(Vec::new());
    }
    let project = Project { name: name.to_owned(), files: Vec::new(), environment: [].into() };
    Ok(Compose::new(setting.tool.clone(), project).examined(setting.interrupt)?)
}

/// The commands as a shell runs them, with every secret read from where it is.
fn script(launch: &Launch, engine: &Compose, there: &[Container], builds: Option<&Command>) -> String {
    let mut text = String::new();
    if let Some(command) = builds {
        let _ = writeln!(text, "{command}");
    }
    for (name, value) in &launch.given.variables {
        let value = match value {
            Value::Open(text) => quoted(text.as_ref()),
            Value::Secret(_, Some(path)) => format!("\"$(cat {})\"", quoted(path.as_os_str())),
            Value::Secret(_, None) => format!("\"${name}\""),
        };
        let _ = writeln!(text, "export {name}={value}");
    }
    if let Some(command) = steps::removal(launch, engine, there) {
        let _ = writeln!(text, "{command}");
    }
    let steps = steps::steps(launch, engine);
    for (index, step) in steps.iter().enumerate() {
        let _ = writeln!(text, "{}", step.command);
        if index + 1 < steps.len() {
            let names: Vec<&str> = step.starts.iter().map(String::as_str).collect();
            let _ = writeln!(text, "# waits until all of it is there: {}", names.join(", "));
        }
    }
    text
}

/// Says what was decided and a person may not expect.
fn tell(launch: &Launch, plain: &str, output: &mut Output) {
    if launch.state.project != *plain {
        output.talk(&format!("the project is `{}`, since `{plain}` is another checkout's", launch.state.project));
    }
    for conflict in &launch.assigned.conflicts {
        let wish = &conflict.wish;
        let instead = match conflict.instead {
            Some(port) => format!("`{}` has {port} instead", wish.service),
            None => format!("`{}` is left out, and whoever has it is used in its place", wish.service),
        };
        output.talk(&format!("port {} ({}) is taken: {instead}", wish.desired, wish.source));
    }
    if !launch.made.is_empty() {
        let names: Vec<String> = launch.made.iter().map(target::SecretFile::name).collect();
        output.talk(&format!("made the secrets {} in .orch/secrets", names.join(", ")));
    }
}

/// Whether every container runs the image that its image's name stands for now.
fn same_images(launch: &Launch, tool: &Tool, containers: &[Container], interrupt: &Interrupt) -> Result<bool, Failure> {
    for workload in &launch.plan.workloads {
        let own = containers.iter().filter(|container| container.service == workload.id.as_str());
        let ids: Vec<&str> = own.map(|container| container.details.image.as_str()).collect();
        if ids.is_empty() {
            continue;
        }
        let image = tool.kind().image(&workload.image.to_string(), interrupt)?;
        if ids.iter().any(|id| Some(*id) != image.as_deref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes the files and what is remembered, before anything is started.
fn write(setting: &Setting<'_>, launch: &Launch) -> Result<(), Failure> {
    let key = Key::new(launch.plan.system.as_str(), "compose", setting.profile.as_str());
    let files = launch.files.iter().map(|(path, contents)| (path.as_str(), contents.as_str()));
    Written::new(setting.folder.compose(setting.profile), key).force(true).write(files)?;
    write_told(setting, launch)?;
    Ok(launch.state.write(&setting.folder.profile(setting.profile))?)
}

/// Leaves for each application what it reads by itself when it is run on the host.
fn write_told(setting: &Setting<'_>, launch: &Launch) -> Result<(), Failure> {
    let Setting { loaded, profile, folder, .. } = setting;
    let plan = super::host::plan(loaded, profile, &launch.state)?;
    let vault = Vault::of(profile, folder, &|name| std::env::var(name).ok());
    let files = host::told(&plan, &loaded.manifest, &vault);
    let key = Key::new(plan.system.as_str(), "host", profile.as_str());
    let written = Written::new(folder.host(profile), key).force(true);
    written.write(files.iter().map(|(path, contents)| (path.as_str(), contents.as_str())))?;
    Ok(())
}

fn report(args: &Args, launch: &Launch, containers: &[Container], output: &mut Output) -> Result<Exit, Failure> {
    let expected = expected(&launch.plan);
    let report = Subject::here(&launch.plan, &expected, &launch.state).report(containers);
    output.data(&if args.terms.json { report.json() } else { report.endpoints() })?;
    Ok(Exit::Done)
}
