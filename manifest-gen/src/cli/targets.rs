use std::path::PathBuf;

use orch_templates::Origin;

use super::failure::Failure;
use crate::exit::Exit;
use crate::output::Output;
use crate::target;

/// List the targets that can be rendered
#[derive(clap::Args)]
pub(super) struct Args {
    /// Folder of packs that add to the built-in ones or override them file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let targets = target::packs(args.templates.as_deref())?.targets();
    let width = targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
    for target in targets {
        let origin = match target.origin {
            Origin::BuiltIn => "",
            Origin::Overridden => " (overridden)",
            Origin::Own => " (own)",
        };
        output.data(&format!("{:width$}  {}{origin}\n", target.name, target.description))?;
    }
    Ok(Exit::Done)
}
