use std::fmt::Write as _;

use orch_manifest::{Id, did_you_mean};

use super::failure::Failure;
use super::selection::Selection;
use crate::exit::Exit;
use crate::gather;
use crate::output::Output;

/// Say which application, crate, feature and line brought a service or an application
#[derive(clap::Args)]
pub(super) struct Args {
    /// The id of a service or an application
    id: String,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gathered = args.selection.gather()?;
    let manifest = &gathered.manifest;
    let known: Vec<&str> = manifest
        .services
        .iter()
        .map(|entry| entry.service.id.as_str())
        .chain(manifest.apps.iter().map(|entry| entry.id.as_str()))
        .collect();
    let id = Id::parse(&args.id).ok().filter(|id| known.contains(&id.as_str())).ok_or_else(|| {
        Failure::new(Exit::Usage, format!("the system has no `{}`", args.id)).help(did_you_mean(&args.id, &known))
    })?;
    let why = gather::why(&args.selection.cargo()?, &gathered, &id)?;
    let mut text = format!("{id} is declared by {} on `{}`", why.declared_by, why.declared_by.item);
    if let Some(file) = gathered.sources.file(&why.declared_by) {
        let line = why.declared_by.line.map(|line| format!(":{line}")).unwrap_or_default();
        let _ = write!(text, "\n  {file}{line}");
    }
    text.push('\n');
    for path in &why.paths {
        let _ = writeln!(text, "\n{}", path.app);
        for (depth, hop) in path.hops.iter().enumerate() {
            let features: Vec<String> = hop.features.iter().map(|feature| format!("`{feature}`")).collect();
            let because = if features.is_empty() {
                String::new()
            } else {
                format!(", switched on by its feature {}", features.join(" and "))
            };
            let _ = writeln!(text, "{:indent$}└─ {} depends on {}{because}", "", hop.from, hop.to, indent = depth * 3);
        }
        if path.hops.is_empty() {
            text.push_str("└─ declares it itself\n");
        }
    }
    if why.paths.is_empty() && manifest.app(&id).is_none() {
        text.push_str("\nno application links it; it is listed in `[system] packages` of orch.toml\n");
    }
    output.data(&text)?;
    Ok(Exit::Done)
}
