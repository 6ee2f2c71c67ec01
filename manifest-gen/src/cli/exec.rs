use std::io::IsTerminal;

use super::engine::{Started, StartedArgs};
use super::failure::Failure;
use crate::catalog::Aspect;
use crate::exit::Exit;
use crate::output::Output;

/// Run a command in a container that runs, or open its client
///
/// Without a command it is the client of what runs there: `psql`, `redis-cli`, `mongosh`. Exits with the command's own
/// code.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The service
    #[arg(value_name = "ID")]
    service: String,
    #[command(flatten)]
    started: StartedArgs,
    /// The command, behind `--`
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

pub(super) fn run(args: &Args, _: &mut Output) -> Result<Exit, Failure> {
    let started = args.started.require()?;
    started.known(std::slice::from_ref(&args.service))?;
    let command = if args.command.is_empty() { client(&started, &args.service)? } else { args.command.clone() };
    let terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let command = started.engine.exec(&args.service, terminal, &command, &started.interrupt)?;
    Ok(Exit::of(command.attached(&started.interrupt)?))
}

/// The client that the image of a service has.
fn client(started: &Started, service: &str) -> Result<Vec<String>, Failure> {
    let containers = started.engine.containers(&started.interrupt)?;
    let container = containers.iter().find(|container| container.service == service).ok_or_else(|| {
        Failure::new(Exit::Findings, format!("`{service}` does not run")).help("`cargo orch up` starts it")
    })?;
    let known = container.image.parse().ok().and_then(|image| started.catalog.find(&image, None));
    if let Some(known) = known.as_ref().filter(|known| known.has(Aspect::Client)) {
        return Ok(known.client.clone());
    }
    let why = known.as_ref().and_then(|known| known.none.get(&Aspect::Client));
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    Err(Failure::new(Exit::Usage, format!("no client is known for `{}` of `{service}`{why}", container.image))
        .help(format!("write a command: `cargo orch exec {service} -- sh`")))
}
