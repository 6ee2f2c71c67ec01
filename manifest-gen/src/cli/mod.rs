//! The command line: one file a command. Its types stay here.

mod artifacts;
mod backup;
mod build;
mod catalog;
mod cluster;
mod completions;
mod config;
mod deploy;
mod diff;
mod doctor;
mod down;
mod engine;
mod env;
mod exec;
mod explain;
mod failure;
mod graph;
mod host;
mod images;
mod inspect;
mod logs;
mod manifest;
mod overview;
mod port_forward;
mod profiles;
mod push;
mod render;
mod restart;
mod restore;
mod run;
mod run_job;
mod running;
mod schema;
mod selection;
mod status;
mod tail;
mod targets;
mod templates;
mod unbuilt;
mod up;
mod why;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

use crate::exit::Exit;
use crate::output::Output;
use failure::Failure;

#[derive(Parser)]
#[command(
    name = "cargo orch",
    bin_name = "cargo orch",
    version,
    about = "Docker Compose, Swarm and Kubernetes artifacts from the attributes in a Rust workspace",
    long_about = "Docker Compose, Swarm and Kubernetes artifacts from the attributes in a Rust workspace.\n\n\
        Crates say beside their code what they need (`#[orch::service(kind = \"database\", image = \"postgres:16\")]`), \
        applications what they are (`#[orch::app(port = 8080)]`). cargo orch gathers that from the dependency graph of \
        the workspace's applications and renders it for a target and a profile.",
    after_help = "Exit codes: 0 done, 1 findings (errors, drift, unhealthy, incomplete), 2 wrong command line, \
        3 an engine or a tool is missing, 4 not ready in time, 5 the workspace does not compile, 6 input or output failed, \
        130 interrupted.",
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
#[command(defer = true)]
enum Command {
    Manifest(manifest::Args),
    Render(render::Args),
    Diff(diff::Args),
    Inspect(inspect::Args),
    Graph(graph::Args),
    Doctor(doctor::Args),
    Build(build::Args),
    Push(push::Args),
    Deploy(deploy::Args),
    Up(up::Args),
    Down(down::Args),
    Status(status::Args),
    Logs(logs::Args),
    Exec(exec::Args),
    RunJob(run_job::Args),
    Env(env::Args),
    Run(run::Args),
    Backup(backup::Args),
    Restore(restore::Args),
    Restart(restart::Args),
    PortForward(port_forward::Args),
    Profiles(profiles::Args),
    Config(config::Args),
    Why(why::Args),
    Targets(targets::Args),
    Catalog(catalog::Args),
    Schema(schema::Args),
    Explain(explain::Args),
    Completions(completions::Args),
}

/// Runs a command line, `cargo-orch …` or `cargo-orch orch …` as cargo calls its subcommands.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let mut arguments: Vec<OsString> = arguments.into_iter().collect();
    if arguments.get(1).is_some_and(|word| word == "orch") {
        arguments.remove(1);
    }
    let mut output = Output::standard();
    let cli = match Cli::try_parse_from(&arguments) {
        Ok(cli) => cli,
        Err(error) => return refused(&arguments, error, &mut output),
    };
    let result = match cli.command.unwrap_or_else(|| Command::Inspect(inspect::Args::default())) {
        Command::Manifest(args) => manifest::run(&args, &mut output),
        Command::Render(args) => render::run(&args, &mut output),
        Command::Diff(args) => diff::run(&args, &mut output),
        Command::Inspect(args) => inspect::run(&args, &mut output),
        Command::Graph(args) => graph::run(&args, &mut output),
        Command::Doctor(args) => doctor::run(&args, &mut output),
        Command::Build(args) => build::run(&args, &mut output),
        Command::Push(args) => push::run(&args, &mut output),
        Command::Deploy(args) => deploy::run(&args, &mut output),
        Command::Up(args) => up::run(&args, &mut output),
        Command::Down(args) => down::run(&args, &mut output),
        Command::Status(args) => status::run(&args, &mut output),
        Command::Logs(args) => logs::run(&args, &mut output),
        Command::Exec(args) => exec::run(&args, &mut output),
        Command::RunJob(args) => run_job::run(&args, &mut output),
        Command::Env(args) => env::run(&args, &mut output),
        Command::Run(args) => run::run(&args, &mut output),
        Command::Backup(args) => backup::run(&args, &mut output),
        Command::Restore(args) => restore::run(&args, &mut output),
        Command::PortForward(args) => port_forward::run(&args, &mut output),
        Command::Profiles(args) => profiles::run(&args, &mut output),
        Command::Config(args) => config::run(&args, &mut output),
        Command::Restart(args) => restart::run(&args, &mut output),
        Command::Why(args) => why::run(&args, &mut output),
        Command::Targets(args) => targets::run(&args, &mut output),
        Command::Catalog(args) => catalog::run(&args, &mut output),
        Command::Schema(args) => schema::run(&args, &mut output),
        Command::Explain(args) => explain::run(&args, &mut output),
        Command::Completions(args) => completions::run(&args, &mut Cli::command(), &mut output),
    };
    result.unwrap_or_else(|failure: Failure| failure.show(&mut output))
}

/// Says what is wrong with a command line, or the help that it asks for.
fn refused(arguments: &[OsString], error: clap::Error, output: &mut Output) -> Exit {
    // Help lists every command, of which only the chosen one was made.
    let mut whole = Cli::command();
    whole.build();
    let error = whole.try_get_matches_from(arguments).err().unwrap_or(error);
    let text = error.render().ansi().to_string();
    if error.use_stderr() {
        output.talk(text.trim_end());
        return Exit::Usage;
    }
    output.data(&text).map_or(Exit::Io, |()| Exit::Done)
}
