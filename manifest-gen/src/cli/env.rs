use std::fmt::Write as _;

use serde_json::{Map, Value as Json};

use super::failure::Failure;
use super::host::HostArgs;
use crate::engine::command::quoted;
use crate::exit::Exit;
use crate::launch::environment::Value;
use crate::output::Output;

/// What stands for a secret that is not shown.
const HIDDEN: &str = "<secret>";

/// Print what an application on the host is given
///
/// Lines that a shell reads: `set -a; eval "$(cargo orch env --app api)"`. Secrets are printed into a pipe and hidden on
/// a terminal.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    host: HostArgs,
    /// Show secrets, on a terminal and in JSON too
    #[arg(long)]
    show_secrets: bool,
    /// Print a JSON object, with secrets hidden
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let variables = args.host.variables(&[], output)?;
    let shows = args.show_secrets || (!args.json && !Output::is_read_by_a_person());
    let shown = variables.iter().map(|(name, value)| match value {
        Value::Secret(..) if !shows => (name, HIDDEN),
        value => (name, value.expose()),
    });
    if args.json {
        let object: Map<String, Json> = shown.map(|(name, value)| (name.clone(), value.into())).collect();
        output.data(&format!("{:#}\n", Json::Object(object)))?;
        return Ok(Exit::Done);
    }
    let mut text = String::new();
    for (name, value) in shown {
        let _ = writeln!(text, "{name}={}", quoted(value.as_ref()));
    }
    output.data(&text)?;
    Ok(Exit::Done)
}
