use super::failure::Failure;
use super::images::{ImagesArgs, watched};
use crate::exit::Exit;
use crate::output::Output;

/// Push the images that `build` has built
///
/// To the registry in their names; the engine has to be logged in to it. Prints the names.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    images: ImagesArgs,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let Some(found) = args.images.find(output)? else { return Ok(Exit::Findings) };
    // Either all of them are there, or none is pushed.
    for (image, name) in &found.images {
        if found.tool.kind().image(&name.to_string(), &found.interrupt)?.is_none() {
            let message = format!("there is no image `{name}` for `{}`", image.id);
            return Err(Failure::new(Exit::Findings, message).help("`cargo orch build` with the same flags builds it"));
        }
    }
    for (_, name) in &found.images {
        let command = found.tool.command().args(["push".to_owned(), name.to_string()]);
        watched(&command, &format!("pushes {name}"), &found.interrupt)?.map_err(|talk| {
            let registry = name.registry().unwrap_or("docker.io");
            Failure::new(Exit::Findings, format!("`{name}` cannot be pushed\n{talk}"))
                .help(format!("`{} login {registry}`, or another registry with `--registry`", found.tool.kind()))
        })?;
        output.data(&format!("{name}\n"))?;
    }
    Ok(Exit::Done)
}
