use std::path::{Path, PathBuf};

use super::artifacts::{Artifacts, Destination, Targets};
use super::failure::Failure;
use super::selection::{Loaded, ProfileArg, Source};
use crate::exit::Exit;
use crate::finding::{has_errors, strict};
use crate::output::Output;
use crate::plan::Profile;
use crate::write::{Folder, Key, Report};

/// Render the artifacts of a target
///
/// They go to `deploy/<target>/<profile>/` below the workspace's root. Only what differs is written, what is no longer
/// rendered is removed, and a file that somebody else wrote is never touched.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    targets: Targets,
    #[command(flatten)]
    profile: ProfileArg,
    /// Render for every profile there is
    #[arg(long)]
    all_profiles: bool,
    /// Write to this folder; to `<target>/<profile>/` below it when several are rendered
    #[arg(short, long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print the artifacts and write nothing
    #[arg(long, conflicts_with_all = ["out", "check", "force"])]
    stdout: bool,
    /// Write nothing; exit with 1 and show the difference when the artifacts are out of date
    #[arg(long)]
    check: bool,
    /// Take warnings for errors
    #[arg(long)]
    strict: bool,
    /// Overwrite files that somebody else wrote, remove files that were edited
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    if args.targets.notes {
        output.show_notes();
    }
    let packs = args.targets.packs(&args.source.config()?)?;
    let loaded = args.source.load()?;
    let profiles =
        if args.all_profiles { Profile::all(&loaded.config)? } else { vec![args.profile.find(&loaded.config)?] };
    let several = args.targets.len() * profiles.len() > 1;
    let notes = loaded.gathered.as_ref().map(|gathered| gathered.target_dir.as_std_path().to_owned());
    let (all, mut findings) = args.targets.render(&packs, &loaded, &profiles, |target, profile| {
        // What is compared is rendered, whatever was noted.
        let notes = notes.clone().filter(|_| !args.check);
        (!args.stdout).then(|| Destination { folder: args.folder(&loaded, target, profile, several), notes })
    })?;
    let placed = || all.iter().filter_map(|artifacts| Some((artifacts, artifacts.destination.as_ref()?)));
    findings.extend(placed().flat_map(|(artifacts, to)| artifacts.refused(&packs, to.folder.root())));
    if args.strict {
        strict(&mut findings);
    }
    output.findings(&findings, &loaded.sources());
    if has_errors(&findings) {
        return Ok(Exit::Findings);
    }
    if args.stdout {
        return print(&all, output);
    }
    let mut exit = Exit::Done;
    for (artifacts, destination) in placed() {
        let folder = destination.folder.root();
        if !args.check {
            output.talk(&summary(&artifacts.write(destination)?, folder));
            continue;
        }
        let drift = destination.folder.check(artifacts.files())?;
        if !drift.is_empty() {
            output.data(&drift.diff)?;
            output.talk(&format!("`{}` is out of date; render it again", here(folder).display()));
            exit = Exit::Findings;
        }
    }
    Ok(exit)
}

impl Args {
    /// Where the artifacts of a target and a profile go.
    fn folder(&self, loaded: &Loaded, target: &str, profile: &Profile, several: bool) -> Folder {
        let below = Path::new(target).join(profile.as_str());
        let root = loaded.gathered.as_ref().map(|gathered| gathered.root.as_std_path().join("deploy"));
        let folder = match &self.out {
            Some(out) if several => out.join(below),
            Some(out) => out.clone(),
            None => root.unwrap_or_else(|| PathBuf::from("deploy")).join(below),
        };
        let key = Key::new(loaded.manifest.system.as_str(), target, profile.as_str());
        Folder::new(folder, key).force(self.force)
    }
}

/// One file as it is; of several, each under its name.
fn print(all: &[Artifacts], output: &mut Output) -> Result<Exit, Failure> {
    let several = all.iter().map(|artifacts| artifacts.files().count()).sum::<usize>() > 1;
    for artifacts in all {
        let folder = if all.len() > 1 { format!("{}/", artifacts.folder().display()) } else { String::new() };
        for (path, contents) in artifacts.files() {
            if several {
                output.data(&format!("# ── {folder}{path}\n"))?;
            }
            output.data(contents)?;
        }
    }
    Ok(Exit::Done)
}

fn summary(report: &Report, folder: &Path) -> String {
    let folder = here(folder);
    let mut lines = Vec::new();
    for (what, paths) in [("created", &report.created), ("changed", &report.changed), ("removed", &report.removed)] {
        lines.extend(paths.iter().map(|path| format!("{what:>9} {}", folder.join(path).display())));
    }
    if lines.is_empty() {
        return format!("{} is up to date", folder.display());
    }
    lines.join("\n")
}

/// The path as a person in the current folder would name it.
fn here(folder: &Path) -> &Path {
    let current = std::env::current_dir().ok();
    current.and_then(|current| folder.strip_prefix(current).ok()).unwrap_or(folder)
}
