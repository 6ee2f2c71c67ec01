use orch_manifest::manifest::Manifest;

use super::failure::Failure;
use crate::exit::Exit;
use crate::output::Output;

/// Print the JSON Schema of the manifest
#[derive(clap::Args)]
pub(super) struct Args {}

pub(super) fn run(_: &Args, output: &mut Output) -> Result<Exit, Failure> {
    output.data(&Manifest::json_schema())?;
    Ok(Exit::Done)
}
