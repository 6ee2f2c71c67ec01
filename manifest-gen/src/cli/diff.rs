use std::collections::BTreeMap;
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
    /// Compare with the files of this folder
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
    let packs = args.targets.packs()?;
    let loaded = args.source.load()?;
    let profiles: Vec<Profile> =
        args.profile.iter().map(|name| Profile::find(name, &loaded.config)).collect::<Result<_, _>>()?;
    let (all, findings) = args.targets.render(&packs, &loaded, &profiles)?;
    if has_errors(&findings) {
        output.findings(&findings, &loaded.sources());
        return Ok(Exit::Findings);
    }
    if let Some(folder) = &args.against {
        for artifacts in &all {
            let folder = if all.len() > 1 { folder.join(artifacts.folder()) } else { folder.clone() };
            output.data(&write::difference(&read(&folder)?, &texts(artifacts)))?;
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

/// Every file below a folder, but those that begin with a dot and are no artifact.
fn read(folder: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let mut files = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(dir) = open.pop() {
        let failed = |error: std::io::Error| Failure::io("read", &dir.display().to_string(), &error);
        for entry in std::fs::read_dir(&dir).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                open.push(path);
            } else if name != write::INDEX {
                let text =
                    std::fs::read(&path).map_err(|error| Failure::io("read", &path.display().to_string(), &error))?;
                files.insert(name, String::from_utf8_lossy(&text).into_owned());
            }
        }
    }
    Ok(files)
}
