use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use super::engine::{Started, StartedArgs};
use super::failure::Failure;
use crate::engine::CommandError;
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// How often it is looked whether something is left.
const POLL: Duration = Duration::from_millis(500);

/// How long what is stopped may still run: longer than most are given to end.
const LIMIT: Duration = Duration::from_mins(5);

/// How long the engine may be removing what is removed here as well.
const CLEARED: Duration = Duration::from_secs(30);

/// Stop and remove what `up` or `deploy` started
///
/// Data stays, unless `--volumes` says otherwise. Nothing of another project or of another checkout is touched.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    started: StartedArgs,
    /// Remove the data as well
    #[arg(long)]
    volumes: bool,
    /// Do not ask before data, or what is many people's, is removed
    #[arg(short, long)]
    yes: bool,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let (profile, started) = args.started.find()?;
    let Some(started) = started else {
        output.talk(&format!("nothing was started here in the profile `{profile}`"));
        return Ok(Exit::Done);
    };
    let name = &started.name;
    if let Some(question) = args.question(&started)
        && !args.yes
        && !output.confirm(&question)?
    {
        let what =
            if args.volumes { format!("the data of `{name}` was not removed") } else { format!("`{name}` stays") };
        return Err(
            Failure::new(Exit::Usage, format!("{what}, and nothing was stopped")).help("add `--yes` if it is meant")
        );
    }
    let progress = Progress::new();
    progress.waits(&format!("stops {name}"));
    stop(&started, args.volumes)?;
    for command in started.engine.lingering(&started.interrupt)? {
        // What ends by itself meanwhile is not there any more to be ended.
        command.capture(&started.interrupt, None)?;
    }
    gone(&started)?;
    clear(&started, args.volumes)?;
    drop(progress);
    if let Some(data) = started.data.as_ref().filter(|_| args.volumes) {
        remove(data)?;
    }
    let data = if args.volumes { ", with its data" } else { "; its data stays" };
    output.talk(&format!("`{name}` is gone{data}"));
    Ok(Exit::Done)
}

impl Args {
    /// What is asked before something is removed that somebody may miss.
    fn question(&self, started: &Started) -> Option<String> {
        let name = &started.name;
        match (self.volumes, started.is_shared) {
            (true, _) => Some(format!("Remove `{name}` with all of its data?")),
            (false, true) => Some(format!("Stop `{name}`, which others may use?")),
            (false, false) => None,
        }
    }
}

/// Stops all of it. What somebody else, or the `down` before, is removing may go between being listed and being removed.
fn stop(started: &Started, volumes: bool) -> Result<(), Failure> {
    let refused = || Ok(started.engine.down(volumes).output(&started.interrupt, None).err());
    repeat(refused, |talk| talk.contains("not found"))
}

/// Waits until nothing is left that runs: what ends has its volumes until then.
fn gone(started: &Started) -> Result<(), Failure> {
    let begun = Instant::now();
    while !started.engine.is_gone(&started.interrupt)? {
        if begun.elapsed() >= LIMIT {
            let message = format!("some of `{}` still runs after {} s", started.name, LIMIT.as_secs());
            return Err(Failure::new(Exit::NotReady, message).help("see what it is, and do it again"));
        }
        if started.interrupt.is_raised() {
            return Err(Failure::interrupted());
        }
        std::thread::sleep(POLL);
    }
    Ok(())
}

/// Removes what is left. The engine may be removing the same things, and refuses until it has done so.
fn clear(started: &Started, volumes: bool) -> Result<(), Failure> {
    let refused = || {
        let commands = started.engine.leftovers(volumes, &started.interrupt)?;
        Ok(commands.iter().find_map(|command| command.output(&started.interrupt, None).err()))
    };
    repeat(refused, |_| true)
}

/// Does something again while what the engine says against it may pass.
fn repeat(
    mut refused: impl FnMut() -> Result<Option<CommandError>, Failure>,
    may_pass: impl Fn(&str) -> bool,
) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        match refused()? {
            None => return Ok(()),
            Some(CommandError::Failed { talk, .. }) if may_pass(&talk) && begun.elapsed() < CLEARED => {
                std::thread::sleep(POLL);
            }
            Some(error) => return Err(error.into()),
        }
    }
}

fn remove(data: &Path) -> Result<(), Failure> {
    let path = data.display().to_string();
    match fs::remove_dir_all(data) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(Failure::io("remove", &path, &error)
            .help(format!("it belongs to the users of the images: `sudo rm -r {path}`"))),
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::io("remove", &path, &error)),
        _ => Ok(()),
    }
}
