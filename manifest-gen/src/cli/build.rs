use super::failure::Failure;
use super::images::{Builder, ImagesArgs};
use super::templates::Templates;
use crate::config::BuildForm;
use crate::exit::Exit;
use crate::launch::Folder;
use crate::output::Output;

/// Build the images of the applications
///
/// Each from a Dockerfile of the target `dockerfile`, under the name that everything else looks for. The context is the
/// workspace, or with `--form slim` nothing but programs that were compiled outside. Prints the names.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    images: ImagesArgs,
    /// Where programs are compiled, whatever `orch.toml` says
    #[arg(long, value_name = "FORM")]
    form: Option<FormArg>,
    /// Platform of the images, as in `linux/arm64`; the engine's own without it
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
    #[command(flatten)]
    templates: Templates,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FormArg {
    /// Inside, from the sources
    Source,
    /// Outside, in release mode unless cargo's flags say otherwise; the program is copied
    Slim,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Some(mut found) = args.images.find(output)? else { return Ok(Exit::Findings) };
    let packs = args.templates.packs(&found.loaded.config)?;
    match args.form {
        Some(FormArg::Source) => found.plan.options.build.form = BuildForm::Source,
        Some(FormArg::Slim) => found.plan.options.build.form = BuildForm::Slim,
        None => {}
    }
    let folder = Folder::of(found.loaded.root()?);
    let builder = Builder {
        cargo: args.images.selection.cargo()?,
        folder: &folder,
        engine: found.tool.kind(),
        packs: &packs,
        platform: args.platform.as_deref(),
        interrupt: &found.interrupt,
    };
    for (image, name) in &found.images {
        builder.build(&found.plan, image, name)?;
        output.data(&format!("{name}\n"))?;
    }
    Ok(Exit::Done)
}
