use std::collections::BTreeMap;
use std::path::PathBuf;

use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::gather;
use crate::graph::{self, Graph};
use crate::output::Output;
use crate::write;

/// Draw the plan: who uses whom, which crate and feature brought it, networks, what is public
///
/// The picture goes to standard output, or to a file with `-o`. No value of a variable is in it, so no secret.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The format
    #[arg(long, value_enum, default_value = "svg")]
    format: Format,
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write nothing; exit with 1 and show the difference when the file is out of date
    #[arg(long, requires = "output")]
    check: bool,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    source: Source,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A picture, for a light and a dark background
    Svg,
    /// A page of one file, with a search and the details of each service on a click
    Html,
    /// A flowchart for Markdown on GitHub and GitLab
    Mermaid,
    /// For Graphviz
    Dot,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let loaded = args.source.load()?;
    let profile = args.profile.find(&loaded.config)?;
    let (plan, findings) = loaded.plan(&profile)?;
    // A manifest alone does not say who depends on whom.
    let paths = match loaded.gathered.as_ref().zip(args.source.cargo()?) {
        Some((gathered, cargo)) => gather::paths(&cargo, gathered)?,
        None => BTreeMap::new(),
    };
    let graph = Graph::new(&plan, &paths);
    let text = match args.format {
        Format::Svg => graph::svg(&graph),
        Format::Html => graph::html(&graph),
        Format::Mermaid => graph::mermaid(&graph),
        Format::Dot => graph::dot(&graph),
    };
    let mut exit = if has_errors(&findings) { Exit::Findings } else { Exit::Done };
    match &args.output {
        None => output.data(&text)?,
        Some(path) if args.check => {
            if let Some(diff) = write::check_file(path, &text)? {
                output.data(&diff)?;
                output.talk(&format!("`{}` is out of date; write it without `--check`", path.display()));
                exit = Exit::Findings;
            }
        }
        Some(path) => {
            write::write_file(path, &text)?;
        }
    }
    output.findings(&findings, &loaded.sources());
    Ok(exit)
}
