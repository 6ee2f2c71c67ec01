use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use orch_templates::{Origin, Packs};

use super::failure::Failure;
use super::selection::configuration;
use super::templates::Templates;
use crate::config::Config;
use crate::exit::Exit;
use crate::output::Output;
use crate::target::TargetError;
use crate::write::create_folder;

/// List the targets that can be rendered, or make one of your own
///
/// `targets --new NAME` copies a pack to start from into the folder of `--templates`, else of `[templates]` in orch.toml.
/// What is there is never overwritten.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Copy a pack into a target of this name
    #[arg(long, value_name = "NAME")]
    new: Option<String>,
    /// The target whose pack is copied
    #[arg(long, value_name = "TARGET", default_value = "compose", requires = "new")]
    from: String,
    #[command(flatten)]
    templates: Templates,
    /// Path of the workspace's Cargo.toml
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let config = configuration(args.manifest_path.as_deref())?;
    if let Some(name) = &args.new {
        let folder = args.templates.folder(&config).ok_or_else(|| {
            Failure::new(Exit::Usage, "it is not said in which folder packs are")
                .help("write `--templates DIR`, or `dir = \"deploy/templates\"` under `[templates]` in orch.toml")
        })?;
        // Of a folder that is not there yet nothing can be copied, and a broken pack is in nobody else's way.
        let (packs, mut broken) =
            if folder.is_dir() { Templates::sound(&folder)? } else { (crate::target::packs(None)?, BTreeMap::new()) };
        if let Some(error) = broken.remove(&args.from) {
            return Err(TargetError::from(error).into());
        }
        return create(&packs, name, &args.from, &folder, output);
    }
    list(&args.templates, &config, output)
}

/// Lists what can be rendered; what is broken is named after it.
fn list(templates: &Templates, config: &Config, output: &mut Output) -> Result<Exit, Failure> {
    let (packs, broken) = match templates.existing(config)? {
        Some(folder) => Templates::sound(&folder)?,
        None => (crate::target::packs(None)?, BTreeMap::new()),
    };
    let targets = packs.targets();
    let width = targets.iter().map(|target| target.name.len()).max().unwrap_or(0);
    for target in targets {
        let origin = match target.origin {
            Origin::BuiltIn => "",
            Origin::Overridden => " (overridden)",
            Origin::Own => " (own)",
        };
        output.data(&format!("{:width$}  {}{origin}\n", target.name, target.description))?;
    }
    let exit = if broken.is_empty() { Exit::Done } else { Exit::Findings };
    for error in broken.into_values() {
        Failure::from(TargetError::from(error)).show(output);
    }
    Ok(exit)
}

/// Copies a pack into a folder of its own, as a whole or not at all.
fn create(packs: &Packs, name: &str, from: &str, folder: &Path, output: &mut Output) -> Result<Exit, Failure> {
    if !orch_templates::is_target(name) {
        return Err(Failure::new(Exit::Usage, format!("`{name}` is not a name for a target"))
            .help("write lower-case letters, digits and hyphens, beginning with a letter"));
    }
    let pack = packs.get(from).map_err(TargetError::from)?;
    let path = folder.join(name);
    create_folder(&path, pack.files())?;
    for (file, _) in pack.files() {
        output.data(&format!("{}\n", path.join(file).display()))?;
    }
    let view = pack.view();
    output.talk(&format!(
        "`{name}` renders as `{from}` does; `cargo orch schema view-{view}` says what its templates see"
    ));
    Ok(Exit::Done)
}
