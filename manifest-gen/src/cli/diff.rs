use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::artifacts::{Artifacts, Targets};
use super::failure::Failure;
use super::selection::Source;
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::output::Output;
use crate::plan::Profile;
use crate::write;

/// Show how the artifacts of two profiles differ, or how they differ from a folder
///
/// Exits with 0 whether they differ or not: a difference is what was asked for.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    targets: Targets,
    /// One profile with `--against`, two without
    #[arg(long, value_name = "NAME", num_args = 1..=2, required = true)]
    profile: Vec<String>,
    /// Compare with the artifacts in this folder; other files are left out, since secrets may be in them
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let wanted = if args.against.is_some() { 1 } else { 2 };
    if args.profile.len() != wanted {
        return Err(Failure::new(Exit::Usage, format!("{} profiles are named", args.profile.len()))
            .help("write `--profile staging prod`, or `--profile prod --against DIR`"));
    }
    if args.targets.notes {
        output.show_notes();
    }
    let packs = args.targets.packs(&args.source.config()?)?;
    let loaded = args.source.load()?;
    let profiles: Vec<Profile> =
        args.profile.iter().map(|name| Profile::find(name, &loaded.config)).collect::<Result<_, _>>()?;
    let (all, findings) = args.targets.render(&packs, &loaded, &profiles, |_, _| None)?;
    if has_errors(&findings) {
        output.findings(&findings, &loaded.sources());
        return Ok(Exit::Findings);
    }
    if let Some(folder) = &args.against {
        for artifacts in &all {
            let folder = if all.len() > 1 { folder.join(artifacts.folder()) } else { folder.clone() };
            let rendered = texts(artifacts);
            output.data(&write::difference(&read(&folder, &rendered)?, &rendered))?;
            output.findings(&artifacts.refused(&packs, &folder), &loaded.sources());
        }
        return Ok(Exit::Done);
    }
    let (before, after) = all.split_at(all.len() / 2);
    for (before, after) in before.iter().zip(after) {
        output.data(&write::difference(&texts(before), &texts(after)))?;
    }
    Ok(Exit::Done)
}

fn texts(artifacts: &Artifacts) -> BTreeMap<String, String> {
    artifacts.files().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The artifacts in a folder: what is rendered now, and what was written before. What else lies there,
/// such as a `.env` with secrets, is nobody's to show.
fn read(folder: &Path, rendered: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    let failed = |path: &Path, error: &std::io::Error| Failure::io("read", &path.display().to_string(), error);
    std::fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    let mut files = BTreeMap::new();
    for name in write::written(folder)?.into_iter().chain(rendered.keys().cloned()) {
        let path = folder.join(&name);
        match std::fs::read(&path) {
            Ok(text) => {
                files.insert(name, String::from_utf8_lossy(&text).into_owned());
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(failed(&path, &error)),
        }
    }
    Ok(files)
}
