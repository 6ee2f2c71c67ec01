use std::path::{Path, PathBuf};

use super::engine::{Started, StartedArgs};
use super::failure::Failure;
use crate::catalog::{Aspect, Entry, Stream};
use crate::engine::{CommandError, Container, State};
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// Write all data of a service to a file
///
/// By the tool of what runs there: `pg_dump`, `mysqldump`, `mongodump`, `redis-cli --rdb`. The file appears when all of
/// it is written; a backup that fails leaves none.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_name = "ID")]
    service: String,
    /// The file, which must not be there; `<project>-<id>` in this folder without it
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    started: StartedArgs,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    let dump = tool(&started, &args.service, "backed up", |known| known.dump.as_ref())?;
    let file = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("{}-{}.{}", started.name, args.service, dump.extension)));
    let size = write(&started, &args.service, &dump, &file)?;
    output.talk(&format!("{size} bytes of `{}` are in `{}`", args.service, file.display()));
    Ok(Exit::Done)
}

/// Writes what a command in a container prints to a file that is not there, and returns how many bytes.
fn write(started: &Started, service: &str, dump: &Stream, file: &Path) -> Result<u64, Failure> {
    let failed = |error: &std::io::Error| Failure::io("write", &file.display().to_string(), error);
    if file.exists() {
        return Err(there(file));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Its owner's alone, as data is; removed again unless it is put in place.
    let temporary = tempfile::Builder::new().prefix(".orch-").suffix(".tmp").tempfile_in(folder);
    let temporary = temporary.map_err(|error| failed(&error))?;
    let target = temporary.as_file().try_clone().map_err(|error| failed(&error))?;
    let progress = Progress::new();
    let meanwhile = || {
        let size = temporary.as_file().metadata().map_or(0, |metadata| metadata.len());
        progress.waits(&format!("backs up {service}: {size} bytes"));
    };
    let command = started.engine.exec(service, false, &dump.command, &started.interrupt)?;
    command.stream(&started.interrupt, None, Some(target), meanwhile).map_err(|error| match error {
        CommandError::Failed { talk, .. } => {
            Failure::new(Exit::Findings, format!("`{service}` could not be backed up, and no file was written\n{talk}"))
                .help(format!("`cargo orch status` and `cargo orch logs {service}` say more"))
        }
        error => error.into(),
    })?;
    drop(progress);
    let size = temporary.as_file().metadata().map_err(|error| failed(&error))?.len();
    if size == 0 {
        let message = format!("the tool of `{service}` wrote nothing, so there is no backup");
        return Err(
            Failure::new(Exit::Findings, message).help("correct `dump` of the image in `[catalog]` of `orch.toml`")
        );
    }
    temporary.as_file().sync_all().map_err(|error| failed(&error))?;
    temporary.persist_noclobber(file).map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => there(file),
        _ => failed(&error.error),
    })?;
    Ok(size)
}

fn there(file: &Path) -> Failure {
    Failure::new(Exit::Usage, format!("`{}` is there already, and was left as it is", file.display()))
        .help("name another with `--output`")
}

/// The command of a running service that streams its data.
pub(super) fn tool(
    started: &Started,
    service: &str,
    what: &str,
    of: impl Fn(&Entry) -> Option<&Stream>,
) -> Result<Stream, Failure> {
    started.known(&[service.to_owned()])?;
    let containers = started.engine.containers(&started.interrupt)?;
    let runs = |container: &&Container| container.service == service && container.state == State::Running;
    let container = containers.iter().find(runs).ok_or_else(|| {
        Failure::new(Exit::Findings, format!("`{service}` does not run")).help("`cargo orch up` starts it")
    })?;
    let known = container.image.parse().ok().and_then(|image| started.catalog.find(&image, None));
    known.as_ref().and_then(|known| of(known).cloned()).ok_or_else(|| {
        // What cannot be written out is not read in either.
        let why = |aspect| known.as_ref().and_then(|known| known.none.get(&aspect));
        let why = why(Aspect::Dump).or_else(|| why(Aspect::Restore));
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        let message = format!("it is not known how `{}` of `{service}` is {what}{why}", container.image);
        Failure::new(Exit::Usage, message)
            .help("say it with `dump` and `restore` of the image in `[catalog]` of `orch.toml`")
    })
}
