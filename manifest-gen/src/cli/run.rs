use super::failure::Failure;
use super::host::HostArgs;
use crate::engine::{Command, Interrupt};
use crate::exit::Exit;
use crate::output::Output;

/// Run an application on the host, with what it needs from `up`
///
/// `cargo orch up --no-apps` starts the services; `cargo orch run -- cargo run -p api` gives the application the same
/// variables as its container would have, with every service at its port of the host. Exits with the command's own code.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    host: HostArgs,
    /// The command, behind `--`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let variables = args.host.variables(&args.command, output)?;
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Failure::new(Exit::Usage, "there is no command").help("write it behind `--`"));
    };
    let command = variables
        .iter()
        .fold(Command::new(program).args(arguments), |command, (name, value)| command.env(name, value.expose()));
    Ok(Exit::of(command.attached(&Interrupt::watch()?)?))
}
