use orch_manifest::manifest::Manifest;

use super::doctor::Diagnosis;
use super::failure::Failure;
use super::overview::Overview;
use super::running::Report;
use crate::config;
use crate::exit::Exit;
use crate::output::Output;

/// Print the JSON Schema of the manifest, of orch.toml, or of what a command prints as JSON
#[derive(clap::Args)]
pub(super) struct Args {
    /// What the schema is of
    #[arg(value_enum, default_value = "manifest", value_name = "FORMAT")]
    of: Format,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// What `cargo orch manifest` prints
    Manifest,
    /// The configuration, for editors
    OrchToml,
    /// What `cargo orch status --json` and `cargo orch up --json` print
    Status,
    /// What `cargo orch doctor --json` prints
    Doctor,
    /// What `cargo orch inspect --json` prints
    Inspect,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    output.data(&match args.of {
        Format::Manifest => Manifest::json_schema(),
        Format::OrchToml => config::json_schema(),
        Format::Status => Report::json_schema(),
        Format::Doctor => Diagnosis::json_schema(),
        Format::Inspect => Overview::json_schema(),
    })?;
    Ok(Exit::Done)
}
