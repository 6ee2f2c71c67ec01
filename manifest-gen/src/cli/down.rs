use std::fs;
use std::io::ErrorKind;

use super::engine::StartedArgs;
use super::failure::Failure;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// Stop and remove what `up` started
///
/// Data stays, unless `--volumes` says otherwise. Nothing of another project or of another checkout is touched.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    started: StartedArgs,
    /// Remove the data as well
    #[arg(long)]
    volumes: bool,
    /// Do not ask before data is removed
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let (profile, started) = args.started.find()?;
    let Some(started) = started else {
        output.talk(&format!("nothing was started here in the profile `{profile}`"));
        return Ok(Exit::Done);
    };
    let project = &started.state.project;
    if args.volumes && !args.yes && !output.confirm(&format!("Remove `{project}` with all of its data?"))? {
        return Err(Failure::new(
            Exit::Usage,
            format!("the data of `{project}` was not removed, and nothing was stopped"),
        )
        .help("add `--yes` if it is meant"));
    }
    let progress = Progress::new();
    progress.waits(&format!("stops {project}"));
    started.engine.down(args.volumes).output(&started.interrupt, None)?;
    drop(progress);
    if args.volumes && started.state.bound {
        let data = started.folder.data();
        match fs::remove_dir_all(&data) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                let path = data.display().to_string();
                return Err(Failure::io("remove", &path, &error)
                    .help(format!("it belongs to the users of the images: `sudo rm -r {path}`")));
            }
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Failure::io("remove", &data.display().to_string(), &error));
            }
            _ => {}
        }
    }
    let data = if args.volumes { ", with its data" } else { "; its data stays" };
    output.talk(&format!("`{project}` is gone{data}"));
    Ok(Exit::Done)
}
