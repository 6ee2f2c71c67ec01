//! Compiling, and reading what was declared on the way.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Artifact, Message, TargetKind};
use orch_manifest::fragment::{self, Fragment};

use super::cargo::{Cargo, describe};
use super::lockfile::PackageKey;
use super::{GatherError, dep_info};

/// One crate that was compiled for the target, with what it declares.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// The package.
    pub(super) package: PackageKey,
    /// The folder of the package's manifest.
    pub(super) root: Utf8PathBuf,
    /// The binary's name, when it is one.
    pub(super) bin: Option<String>,
    /// The features it was compiled with, sorted.
    pub(super) features: BTreeSet<String>,
    /// What it declares.
    pub(super) fragments: Vec<Fragment>,
}

/// Checks packages and reads what each compiled crate declares.
///
/// A dep-info file that was deleted behind cargo's back is restored by checking its package again.
pub(super) fn check(
    cargo: &Cargo,
    packages: &[&str],
    applies: &dyn Fn(&str) -> bool,
) -> Result<Vec<Unit>, GatherError> {
    let artifacts = run(cargo, packages, applies)?;
    let lost = lost(&artifacts);
    if lost.is_empty() {
        return units(&artifacts);
    }
    clean(cargo, &lost)?;
    units(&run(cargo, packages, applies)?)
}

fn run(cargo: &Cargo, packages: &[&str], applies: &dyn Fn(&str) -> bool) -> Result<Vec<Artifact>, GatherError> {
    let mut command = cargo.command("check");
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    for package in packages {
        command.arg("-p").arg(package);
    }
    cargo.compile_flags(&mut command);
    cargo.feature_flags(&mut command, applies);
    let mut child = command.spawn().map_err(|source| cargo.missing(source))?;
    let mut artifacts = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for message in Message::parse_stream(BufReader::new(stdout)) {
            let message = message.map_err(|source| GatherError::Messages { source })?;
            if let Message::CompilerArtifact(artifact) = message {
                if metadata(&artifact).is_some() {
                    artifacts.push(artifact);
                }
            }
        }
    }
    let status = child.wait().map_err(|source| cargo.missing(source))?;
    if status.success() { Ok(artifacts) } else { Err(GatherError::Compile { command: describe(&command) }) }
}

/// The metadata of a crate that was compiled for the target. What is compiled for the host, to run
/// in the compiler or in a build script, has a library beside it and is no part of any application.
fn metadata(artifact: &Artifact) -> Option<&Utf8Path> {
    let own = |kind: &TargetKind| !matches!(kind, TargetKind::ProcMacro | TargetKind::CustomBuild);
    let host = artifact.filenames.iter().any(|file| file.extension() == Some("rlib"));
    let metadata = artifact.filenames.iter().find(|file| file.extension() == Some("rmeta"));
    metadata.filter(|_| !host && artifact.target.kind.iter().all(own)).map(Utf8PathBuf::as_path)
}

fn dep_info(artifact: &Artifact) -> Option<Utf8PathBuf> {
    dep_info::beside(metadata(artifact)?)
}

fn lost(artifacts: &[Artifact]) -> Vec<&Artifact> {
    artifacts.iter().filter(|artifact| dep_info(artifact).is_some_and(|path| !path.exists())).collect()
}

fn clean(cargo: &Cargo, lost: &[&Artifact]) -> Result<(), GatherError> {
    let mut command: Command = cargo.command("clean");
    for package in lost.iter().map(|artifact| artifact.package_id.repr.as_str()).collect::<BTreeSet<_>>() {
        command.arg("-p").arg(package);
    }
    cargo.compile_flags(&mut command);
    cargo.capture(command).map(|_| ())
}

fn units(artifacts: &[Artifact]) -> Result<Vec<Unit>, GatherError> {
    artifacts.iter().map(unit).collect()
}

fn unit(artifact: &Artifact) -> Result<Unit, GatherError> {
    let package = package_key(&artifact.package_id.repr);
    let path = dep_info(artifact).unwrap_or_default();
    let text = std::fs::read(&path).map_err(|source| GatherError::Read { path, source })?;
    let text = String::from_utf8_lossy(&text);
    let fragments = fragment::decode(dep_info::env_names(&text))
        .map_err(|source| GatherError::Fragment { package: package.0.clone(), source })?;
    Ok(Unit {
        package,
        root: artifact.manifest_path.parent().map(Utf8Path::to_owned).unwrap_or_default(),
        bin: artifact.target.is_bin().then(|| artifact.target.name.clone()),
        features: artifact.features.iter().cloned().collect(),
        fragments,
    })
}

/// Name and version in a package id specification: `registry+https://…#name@1.2.3`,
/// `path+file:///…/name#1.2.3`, `path+file:///…/folder#name@1.2.3`.
///
/// Source: The Cargo Book, "Package ID Specifications".
pub(super) fn package_key(id: &str) -> PackageKey {
    let (url, fragment) = id.rsplit_once('#').unwrap_or(("", id));
    match fragment.rsplit_once('@') {
        Some((name, version)) => (name.to_owned(), version.to_owned()),
        None => {
            let path = url.split('?').next().unwrap_or(url);
            (path.rsplit('/').next().unwrap_or(path).to_owned(), fragment.to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::package_key;

    #[test]
    fn package_ids_are_read_in_every_form() {
        let key = |id| {
            let (name, version) = package_key(id);
            format!("{name} {version}")
        };
        assert_eq!(key("path+file:///w/shop/api#0.1.0"), "api 0.1.0");
        assert_eq!(key("path+file:///w/shop/a#api@0.1.0"), "api 0.1.0");
        assert_eq!(key("registry+https://example.com/index#serde@1.0.2+meta"), "serde 1.0.2+meta");
        assert_eq!(key("git+https://example.com/x?branch=a/b#3.0.0"), "x 3.0.0");
    }
}
