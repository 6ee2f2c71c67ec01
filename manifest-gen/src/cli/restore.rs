use std::fs::File;
use std::path::PathBuf;

use super::backup::tool;
use super::engine::StartedArgs;
use super::failure::Failure;
use crate::engine::CommandError;
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// Replace the data of a service by that of a file
///
/// The file is one of `cargo orch backup`, of the same kind of service.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_name = "ID")]
    service: String,
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Do not ask before data is replaced
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    started: StartedArgs,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let (service, path) = (&args.service, args.file.display().to_string());
    let file = File::open(&args.file).map_err(|error| Failure::io("read", &path, &error))?;
    let metadata = file.metadata().map_err(|error| Failure::io("read", &path, &error))?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Err(Failure::new(Exit::Usage, format!("`{path}` is no file with data in it")));
    }
    let started = args.started.require()?;
    let restore = tool(&started, service, "restored", |known| known.restore.as_ref())?;
    let question = format!("Replace the data of `{service}` in `{}` by `{path}`?", started.name);
    if !args.yes && !output.confirm(&question)? {
        return Err(Failure::new(Exit::Usage, format!("the data of `{service}` was not touched"))
            .help("add `--yes` if it is meant"));
    }
    let progress = Progress::new();
    let command = started.engine.exec(service, false, &restore.command, &started.interrupt)?;
    let meanwhile = || progress.waits(&format!("restores {service}"));
    command.stream(&started.interrupt, Some(file), None, meanwhile).map_err(|error| match error {
        CommandError::Failed { talk, .. } => {
            let message = format!("`{service}` could not be restored, and may have a part of the data\n{talk}");
            Failure::new(Exit::Findings, message).help("restore it again when that is mended")
        }
        error => error.into(),
    })?;
    drop(progress);
    output.talk(&format!("`{service}` has the data of `{path}`"));
    Ok(Exit::Done)
}
