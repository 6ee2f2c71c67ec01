use orch_manifest::manifest::Manifest;

use super::config::Configuration;
use super::doctor::Diagnosis;
use super::failure::Failure;
use super::overview::Overview;
use super::running::Report;
use crate::config;
use crate::exit::Exit;
use crate::output::Output;
use crate::target::{self, Compose, Dockerfiles, Kubernetes, Swarm};

/// Print the JSON Schema of the manifest, of orch.toml and pages of the catalog, of what a command prints as JSON, or of
/// what templates see
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
    /// A file of the folder that `[catalog]` of orch.toml names, for editors
    CatalogPage,
    /// What `cargo orch status --json` and `cargo orch up --json` print
    Status,
    /// What `cargo orch doctor --json` prints
    Doctor,
    /// What `cargo orch inspect --json` prints
    Inspect,
    /// What `cargo orch config show --json` prints
    Config,
    /// What the templates of a pack with the view `compose` see
    ViewCompose,
    /// What the templates of a pack with the view `dockerfile` see
    ViewDockerfile,
    /// What the templates of a pack with the view `kubernetes` see
    ViewKubernetes,
    /// What the templates of a pack with the view `swarm` see
    ViewSwarm,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    output.data(&match args.of {
        Format::Manifest => Manifest::json_schema(),
        Format::OrchToml => config::json_schema(),
        Format::CatalogPage => config::page_schema(),
        Format::Status => Report::json_schema(),
        Format::Doctor => Diagnosis::json_schema(),
        Format::Inspect => Overview::json_schema(),
        Format::Config => Configuration::json_schema(),
        Format::ViewCompose => target::json_schema::<Compose>(),
        Format::ViewDockerfile => target::json_schema::<Dockerfiles>(),
        Format::ViewKubernetes => target::json_schema::<Kubernetes>(),
        Format::ViewSwarm => target::json_schema::<Swarm>(),
    })?;
    Ok(Exit::Done)
}
