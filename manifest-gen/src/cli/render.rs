use std::path::PathBuf;

use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use crate::exit::Exit;
use crate::finding::{has_errors, strict};
use crate::output::Output;
use crate::target;
use crate::write::{Folder, Key, Report};

/// Render the artifacts of a target
///
/// They go to `deploy/<target>/<profile>/` below the workspace's root. Only what differs is written, what is no longer
/// rendered is removed, and a file that somebody else wrote is never touched.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What to render for; see `cargo orch targets`
    #[arg(short, long, value_name = "TARGET")]
    target: String,
    #[command(flatten)]
    profile: ProfileArg,
    /// Write to this folder
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
    /// Folder of packs that add to the built-in ones or override them file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let packs = target::packs(args.templates.as_deref())?;
    // A name that is wrong is said before anything is compiled.
    packs.get(&args.target).map_err(target::TargetError::from)?;
    let loaded = args.source.load()?;
    let (plan, mut findings) = loaded.plan(&args.profile)?;
    let rendered = target::render(&plan, &args.target, &packs)?;
    findings.extend(rendered.findings);
    if args.strict {
        strict(&mut findings);
    }
    output.findings(&findings, &loaded.sources());
    if has_errors(&findings) {
        return Ok(Exit::Findings);
    }
    let files = rendered.files.iter().map(|file| (file.path.as_str(), file.contents.as_str()));
    if args.stdout {
        return print(&files.collect::<Vec<_>>(), output);
    }
    let below = PathBuf::from("deploy").join(&args.target).join(plan.profile.as_str());
    let folder = args.out.clone().unwrap_or_else(|| match &loaded.gathered {
        Some(gathered) => gathered.root.as_std_path().join(below),
        None => below,
    });
    let key = Key::new(plan.system.as_str(), args.target.as_str(), plan.profile.as_str());
    let writer = Folder::new(&folder, key).force(args.force);
    if args.check {
        let drift = writer.check(files)?;
        if drift.is_empty() {
            return Ok(Exit::Done);
        }
        output.data(&drift.diff)?;
        output.talk(&format!("`{}` is out of date; render it again", folder.display()));
        return Ok(Exit::Findings);
    }
    let report = writer.write(files)?;
    output.talk(&summary(&report, &folder));
    Ok(Exit::Done)
}

/// One file as it is; of several, each under its name.
fn print(files: &[(&str, &str)], output: &mut Output) -> Result<Exit, Failure> {
    for (path, contents) in files {
        if files.len() > 1 {
            output.data(&format!("# ── {path}\n"))?;
        }
        output.data(contents)?;
    }
    Ok(Exit::Done)
}

fn summary(report: &Report, folder: &std::path::Path) -> String {
    let mut lines = Vec::new();
    for (what, paths) in [("created", &report.created), ("changed", &report.changed), ("removed", &report.removed)] {
        lines.extend(paths.iter().map(|path| format!("{what:>9} {}", folder.join(path).display())));
    }
    if lines.is_empty() {
        return format!("{} is up to date", folder.display());
    }
    lines.join("\n")
}
