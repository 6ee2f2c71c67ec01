use std::path::PathBuf;

use super::failure::Failure;
use super::selection::Selection;
use crate::exit::Exit;
use crate::finding::{Finding, has_errors};
use crate::gather::{Gathered, Sources};
use crate::output::Output;
use crate::plan::topology::Topology;
use crate::write;

/// Gather what the applications declare into one manifest
///
/// The manifest goes to standard output, or to a file with `-o`. The same sources give the same bytes.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write nothing; exit with 1 and show the difference when the file is out of date
    #[arg(long, requires = "output")]
    check: bool,
    /// The format
    #[arg(long, value_enum, default_value = "json")]
    format: Format,
    /// Write the lines of the sources too; the manifest then changes when they move
    #[arg(long)]
    locations: bool,
    #[command(flatten)]
    selection: Selection,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    Json,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Answer { text, findings, sources } = args.selection.gather_and(|gathered| args.answer(gathered))?;
    output.show_notes();
    output.findings(&findings, &sources);
    if has_errors(&findings) {
        return Ok(Exit::Findings);
    }
    match &args.output {
        None => output.data(&text)?,
        Some(path) if args.check => {
            if let Some(diff) = write::check_file(path, &text)? {
                output.data(&diff)?;
                output
                    .talk(&format!("`{}` is out of date; write it with `cargo orch manifest -o {0}`", path.display()));
                return Ok(Exit::Findings);
            }
        }
        Some(path) => {
            write::write_file(path, &text)?;
        }
    }
    Ok(Exit::Done)
}

/// A manifest as it is written, with what was found.
struct Answer {
    text: String,
    findings: Vec<Finding>,
    sources: Sources,
}

impl Args {
    fn answer(&self, gathered: Gathered) -> Answer {
        let Gathered { manifest, mut findings, sources, config, .. } = gathered;
        let (complete, known) = config.beneath().complete(&manifest);
        let (topology, across) = Topology::resolve(&complete);
        findings.extend(across);
        findings.extend(crate::plan::bindings::conflicts(&complete, &known, &topology));
        findings.extend(crate::plan::defaults::in_manifest(&manifest));
        let text = match self.format {
            Format::Json => manifest.to_json(self.locations),
        };
        Answer { text, findings, sources }
    }
}
