use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::failure::Failure;
use super::selection::{Loaded, ProfileArg, Source};
use super::templates::Templates;
use crate::engine::choose::{Unusable, detect};
use crate::engine::{Command, Interrupt, Kind};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::{Folder, State, listeners};
use crate::output::Output;
use crate::plan::Profile;
use crate::target;
use crate::write::{Folder as Written, Key};

/// How long another program has to say who it is.
const PATIENCE: Duration = Duration::from_secs(10);

/// Less space than this is worth a word, in bytes.
const SPACE: u64 = 2 << 30;

/// See whether everything is there that is needed, and how to get what is not
///
/// Every check is made, whatever the others say. Exits with 3 when no engine can be used, with 1 when something else is
/// wrong.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    profile: ProfileArg,
    /// Plan every profile as well, and say what is found
    #[arg(long)]
    validate_config: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

/// What `doctor --json` prints.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "What cargo orch needs")]
pub(super) struct Diagnosis {
    /// The version of this form.
    schema_version: u32,
    /// The checks, in the order in which they were made.
    checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Check {
    /// Its name.
    name: String,
    /// How it is.
    state: Condition,
    /// What was seen.
    seen: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Condition {
    /// As it should be.
    Good,
    /// Not there, and only some need it.
    Absent,
    /// In the way of something.
    Bad,
}

impl Check {
    fn good(name: &str, seen: impl Into<String>) -> Self {
        Self { name: name.to_owned(), state: Condition::Good, seen: seen.into(), fix: None }
    }

    fn absent(name: &str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: Condition::Absent, fix: Some(fix.into()), ..Self::good(name, seen) }
    }

    fn bad(name: &str, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: Condition::Bad, ..Self::absent(name, seen, fix) }
    }
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let interrupt = Interrupt::watch()?;
    let mut checks = vec![cargo(&interrupt)];
    let engines: Vec<Check> = Kind::ALL.iter().map(|kind| engine(*kind, &interrupt)).collect();
    let has_engine = engines.iter().any(|check| check.state == Condition::Good);
    checks.extend(engines);
    // One is enough, and none is not.
    for check in checks.iter_mut().skip(1).filter(|check| check.state != Condition::Good) {
        check.state = if has_engine { Condition::Absent } else { Condition::Bad };
    }
    checks.push(swarm(&interrupt));
    checks.push(kubectl(&interrupt));
    let loaded = args.source.load();
    checks.push(match &loaded {
        Ok(loaded) => Check::good("workspace", format!("`{}` can be read", loaded.manifest.system)),
        Err(failure) => Check::bad("workspace", failure.message(), "`cargo orch inspect` says more"),
    });
    if let Ok(loaded) = &loaded {
        let profile = args.profile.find(&loaded.config)?;
        checks.extend(of_workspace(loaded, &profile)?);
        if args.validate_config {
            checks.extend(Profile::all(&loaded.config)?.iter().map(|profile| planned(loaded, profile)));
        }
    }
    if interrupt.is_raised() {
        return Err(Failure::interrupted());
    }
    let is_bad = checks.iter().any(|check| check.state == Condition::Bad);
    let diagnosis = Diagnosis { schema_version: 1, checks };
    output.data(&if args.json { diagnosis.json() } else { diagnosis.text() })?;
    Ok(match (has_engine, is_bad) {
        (false, _) => Exit::Missing,
        (true, true) => Exit::Findings,
        (true, false) => Exit::Done,
    })
}

impl Diagnosis {
    fn json(&self) -> String {
        // Nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The JSON Schema of `doctor --json`.
    pub(super) fn json_schema() -> String {
        serde_json::to_string_pretty(&schemars::schema_for!(Self)).unwrap_or_default() + "\n"
    }

    fn text(&self) -> String {
        let mut text = String::new();
        let width = self.checks.iter().map(|check| check.name.len()).max().unwrap_or_default();
        for check in &self.checks {
            let mark = match check.state {
                Condition::Good => "ok",
                Condition::Absent => "-",
                Condition::Bad => "!!",
            };
            let _ = writeln!(text, "{mark:2} {:width$}  {}", check.name, check.seen);
            if let Some(fix) = check.fix.as_ref().filter(|_| check.state != Condition::Good) {
                let _ = writeln!(text, "   {:width$}  → {fix}", "");
            }
        }
        text
    }
}

/// What a program says on its first line, if it runs.
fn says(command: &Command, interrupt: &Interrupt) -> Option<String> {
    let output = command.output(interrupt, Some(PATIENCE)).ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(str::trim).find(|line| !line.is_empty()).map(str::to_owned)
}

fn cargo(interrupt: &Interrupt) -> Check {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    match says(&Command::new(program).arg("--version"), interrupt) {
        Some(version) => Check::good("cargo", version),
        None => Check::bad("cargo", "it does not run", "install Rust: https://rustup.rs"),
    }
}

fn engine(kind: Kind, interrupt: &Interrupt) -> Check {
    match detect(kind, interrupt) {
        Ok(tool) => {
            let seen = format!("{kind} {}, {} {}", tool.version, tool.compose_name(), tool.compose_version);
            Check::good(kind.as_str(), seen)
        }
        Err(why @ Unusable::Missing(_)) => Check::absent(kind.as_str(), why.to_string(), why.help()),
        Err(why) => Check::bad(kind.as_str(), why.to_string(), why.help()),
    }
}

fn swarm(interrupt: &Interrupt) -> Check {
    let command = Command::new("docker").args(["info", "--format", "{{.Swarm.LocalNodeState}}"]);
    match says(&command, interrupt).as_deref() {
        Some("active") => Check::good("swarm", "this node is part of one"),
        Some(state) => Check::absent(
            "swarm",
            format!("this node is in none ({state})"),
            "`docker swarm init`, if stacks are to run here",
        ),
        None => Check::absent("swarm", "there is no Docker to ask", "only the target `swarm` needs it"),
    }
}

fn kubectl(interrupt: &Interrupt) -> Check {
    let fix = "only the target `k8s` needs it";
    if says(&Command::new("kubectl").args(["version", "--client"]), interrupt).is_none() {
        return Check::absent("kubectl", "it is not installed", fix);
    }
    match says(&Command::new("kubectl").args(["config", "current-context"]), interrupt) {
        Some(context) => Check::good("kubectl", format!("its context is `{context}`")),
        None => Check::absent("kubectl", "it has no context", fix),
    }
}

fn of_workspace(loaded: &Loaded, profile: &Profile) -> Result<Vec<Check>, Failure> {
    let folder = Folder::of(loaded.root()?);
    let mut checks = vec![writable(&folder)];
    checks.extend(space(folder.workspace()));
    checks.push(match State::read(&folder.profile(profile)) {
        Ok(Some(state)) => memory(&state),
        Ok(None) => Check::good("launch", format!("nothing was started here in `{profile}`")),
        Err(error) => Check::bad("launch", error.to_string(), error.help().unwrap_or_default()),
    });
    checks.push(artifacts(loaded, &folder)?);
    Ok(checks)
}

fn writable(folder: &Folder) -> Check {
    let root = folder.root();
    let at = if root.is_dir() { root } else { folder.workspace().to_owned() };
    match tempfile::Builder::new().prefix(".orch-probe-").tempfile_in(&at) {
        Ok(_) => Check::good(".orch", format!("`{}` can be written", at.display())),
        Err(error) => Check::bad(
            ".orch",
            format!("`{}` cannot be written: {error}", at.display()),
            format!("give it to who runs this: `chown -R \"$USER\" {}`", at.display()),
        ),
    }
}

#[cfg(unix)]
fn space(at: &Path) -> Option<Check> {
    let disk = rustix::fs::statvfs(at).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let gigabytes = free / (1 << 30);
    Some(if free < SPACE {
        Check::bad(
            "disk",
            format!("{gigabytes} GiB are free"),
            "make room: `docker system df` shows what an engine keeps",
        )
    } else {
        Check::good("disk", format!("{gigabytes} GiB are free"))
    })
}

#[cfg(not(unix))]
fn space(_: &Path) -> Option<Check> {
    None
}

/// What `up` remembers: the ports that it assigned.
fn memory(state: &State) -> Check {
    let ports = state.ports.values();
    let loopback = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
    let taken = ports.clone().filter(|record| listeners::is_taken(loopback, record.protocol, record.assigned)).count();
    Check::good(
        "launch",
        format!(
            "`{}` on {}; {taken} of its {} ports of the host are listened on",
            state.project,
            state.engine,
            ports.len()
        ),
    )
}

/// Whether what is rendered for others is what would be rendered now.
fn artifacts(loaded: &Loaded, folder: &Folder) -> Result<Check, Failure> {
    let packs = Templates::default().packs(&loaded.config)?;
    let mut stale = Vec::new();
    let mut count = 0;
    for profile in Profile::all(&loaded.config)? {
        let (plan, _) = loaded.plan(&profile)?;
        for known in packs.targets() {
            let at = folder.workspace().join("deploy").join(&known.name).join(profile.as_str());
            if !at.is_dir() {
                continue;
            }
            count += 1;
            let files = target::render(&plan, &known.name, &packs)?.files;
            let files = files.iter().map(|file| (file.path.as_str(), file.contents.as_str()));
            let key = Key::new(plan.system.as_str(), &known.name, profile.as_str());
            if !Written::new(&at, key).check(files)?.is_empty() {
                stale.push(format!("{}/{profile}", known.name));
            }
        }
    }
    Ok(match stale.as_slice() {
        [] if count == 0 => Check::good("artifacts", "there are none in deploy/"),
        [] => Check::good("artifacts", format!("{count} in deploy/ are in date")),
        stale => Check::bad(
            "artifacts",
            format!("out of date in deploy/: {}", stale.join(", ")),
            "render them again: `cargo orch render --target … --profile …`",
        ),
    })
}

fn planned(loaded: &Loaded, profile: &Profile) -> Check {
    let name = format!("profile {profile}");
    match loaded.plan(profile) {
        Ok((plan, findings)) if !has_errors(&findings) => {
            Check::good(&name, format!("{} things to run, {} secrets", plan.workloads.len(), plan.secrets.len()))
        }
        Ok((_, findings)) => {
            let errors = findings.iter().filter(|finding| has_errors(std::slice::from_ref(finding)));
            let messages: Vec<&str> = errors.map(|finding| finding.message.as_str()).collect();
            Check::bad(&name, messages.join("; "), format!("`cargo orch inspect --profile {profile}` shows where"))
        }
        Err(failure) => Check::bad(&name, failure.message(), "correct orch.toml"),
    }
}
