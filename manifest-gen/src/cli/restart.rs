use std::time::Duration;

use super::engine::StartedArgs;
use super::failure::Failure;
use crate::exit::Exit;
use crate::output::{Output, Progress};

/// Stop services and start them again
#[derive(clap::Args)]
pub(super) struct Args {
    /// The services; all of them without one
    #[arg(value_name = "ID")]
    services: Vec<String>,
    /// Give each its whole grace period to stop, as clusters always do; without it a service has two seconds
    #[arg(long)]
    graceful: bool,
    #[command(flatten)]
    started: StartedArgs,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    started.known(&args.services)?;
    let grace = (!args.graceful).then_some(Duration::from_secs(2));
    let what = if args.services.is_empty() { started.name.clone() } else { args.services.join(", ") };
    let progress = Progress::new();
    progress.waits(&format!("restarts {what}"));
    for command in started.engine.restart(&args.services, grace) {
        command.output(&started.interrupt, None)?;
    }
    drop(progress);
    let place = args.started.place.flag();
    output.talk(&format!("restarted {what}; `cargo orch status{place} --wait-healthy` waits until it is ready"));
    Ok(Exit::Done)
}
