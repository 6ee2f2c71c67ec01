use super::failure::Failure;
use super::overview::Overview;
use super::selection::{ProfileArg, Source};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::launch::ports::{Said, wishes};
use crate::launch::{Folder, State};
use crate::output::Output;

/// Show the whole plan in one look
#[derive(clap::Args, Default)]
pub(super) struct Args {
    #[command(flatten)]
    profile: ProfileArg,
    /// Print it as JSON, with secrets hidden
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: Source,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let loaded = args.source.load()?;
    let profile = args.profile.find(&loaded.config)?;
    let (plan, findings) = loaded.plan(&profile)?;
    let folder = Folder::of(loaded.root()?);
    let workspace = folder.workspace().to_string_lossy();
    let said = Said {
        flags: &[],
        environment: &|name| std::env::var(name).ok(),
        in_orch_toml: &|id| loaded.says_ports(&profile, id),
        workspace: &workspace,
    };
    let state = State::read(&folder.profile(&profile))?;
    let overview = Overview::new(&plan, &wishes(&plan, &said)?, state.as_ref());
    output.data(&if args.json { overview.json() } else { overview.text() })?;
    output.show_notes();
    output.findings(&findings, &loaded.sources());
    Ok(if has_errors(&findings) { Exit::Findings } else { Exit::Done })
}
