use std::io::IsTerminal;

use super::engine::StartedArgs;
use super::failure::Failure;
use crate::engine::Engine;
use crate::exit::Exit;
use crate::output::Output;

/// Run a command in a container that runs
///
/// Exits with the command's own code.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_name = "ID")]
    service: String,
    #[command(flatten)]
    started: StartedArgs,
    /// The command, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args, _: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    started.known(std::slice::from_ref(&args.service))?;
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let command = started.engine.exec(&args.service, terminal, &args.command);
    Ok(Exit::of(command.attached(&started.interrupt)?))
}
