//! Compiling a program.

use std::io::BufReader;
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{BuildFinished, Message};

use super::cargo::{Cargo, describe};
use super::{GatherError, workspace};

/// Compiles a binary of a package, alone as it will run, and says where it is.
///
/// Cargo shows what it does and what does not compile.
pub fn binary(cargo: &Cargo, package: &str, bin: &str) -> Result<Utf8PathBuf, GatherError> {
    let mut command = cargo.command("build");
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    command.args(["--package", package, "--bin", bin]);
    cargo.compile_flags(&mut command);
    cargo.feature_flags(&mut command, |_| true);
    let mut child = command.spawn().map_err(|source| cargo.missing(source))?;
    let (mut found, mut refused) = (None, true);
    for message in child.stdout.take().map(BufReader::new).into_iter().flat_map(Message::parse_stream) {
        match message.map_err(|source| GatherError::Messages { source })? {
            Message::CompilerArtifact(artifact) if artifact.target.is_bin() && artifact.target.name == bin => {
                found = artifact.executable;
            }
            Message::BuildFinished(BuildFinished { success, .. }) => {
                refused = false;
                found = found.filter(|_| success);
            }
            _ => {}
        }
    }
    let ended = child.wait().map_err(|source| GatherError::Messages { source })?;
    let command = describe(&command);
    found.filter(|_| ended.success()).ok_or(if refused {
        GatherError::Refused { command }
    } else {
        GatherError::Compile { command }
    })
}

/// The folders of packages that a workspace takes from outside its root by `path`.
pub fn outside(cargo: &Cargo, root: &Utf8Path) -> Result<Vec<Utf8PathBuf>, GatherError> {
    let metadata = workspace::read(cargo, false)?;
    let own = metadata.packages.iter().filter(|package| package.source.is_none());
    let folders = own.filter_map(|package| package.manifest_path.parent());
    let mut outside: Vec<Utf8PathBuf> =
        folders.filter(|folder| !folder.starts_with(root)).map(Utf8Path::to_owned).collect();
    outside.sort();
    Ok(outside)
}
