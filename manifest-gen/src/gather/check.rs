//! Compiling, and reading what was declared on the way.

use std::collections::BTreeSet;
use std::io::{BufReader, ErrorKind};
use std::process::{Child, ChildStdout, Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use cargo_metadata::{Artifact, BuildFinished, Message, TargetKind};
use orch_manifest::fragment::{self, Fragment};
use sha2::{Digest, Sha256};

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

/// What one check compiled, or found compiled.
#[derive(Debug)]
pub(super) struct Checked {
    /// The crates that were compiled for the target.
    pub(super) units: Vec<Unit>,
    /// The manifests of every package that was compiled, for the target or for the host; one that was
    /// compiled more than once is in it as often.
    pub(super) manifests: Vec<Utf8PathBuf>,
    /// Every crate with its features and its files.
    lines: BTreeSet<String>,
    /// Cargo, which has compiled everything and is about to end.
    pub(super) cargo: Ending,
}

impl Checked {
    /// A hash over every crate with its features and its files. Cargo names a file after all that
    /// went into it: the compiler, its flags, the package, the crates below it.
    pub(super) fn hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        self.lines.iter().for_each(|line| hash.update(line));
        hash.finalize().into()
    }
}

/// Checks packages and reads what each compiled crate declares.
pub(super) fn check(
    cargo: &Cargo,
    packages: &[impl AsRef<str>],
    applies: &dyn Fn(&str) -> bool,
) -> Result<Checked, GatherError> {
    let start = || Running::start(cargo, packages, applies);
    start()?.checked(start)
}

/// Cargo while it compiles.
pub(super) struct Running<'a> {
    cargo: &'a Cargo,
    messages: Option<BufReader<ChildStdout>>,
    ending: Ending,
}

impl<'a> Running<'a> {
    /// Starts to check packages.
    pub(super) fn start(
        cargo: &'a Cargo,
        packages: &[impl AsRef<str>],
        applies: &dyn Fn(&str) -> bool,
    ) -> Result<Self, GatherError> {
        let mut command = cargo.command("check");
        command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
        for package in packages {
            command.arg("-p").arg(package.as_ref());
        }
        cargo.compile_flags(&mut command);
        cargo.feature_flags(&mut command, applies);
        let mut child = command.spawn().map_err(|source| cargo.missing(source))?;
        let messages = child.stdout.take().map(BufReader::new);
        Ok(Self { cargo, messages, ending: Ending { child: Some(child), command: describe(&command) } })
    }

    /// Reads what each compiled crate declares.
    ///
    /// A dep-info file that was deleted behind cargo's back is restored by checking its package `again`.
    pub(super) fn checked(
        self,
        again: impl FnOnce() -> Result<Running<'a>, GatherError>,
    ) -> Result<Checked, GatherError> {
        let cargo = self.cargo;
        let (first, ending) = self.read()?;
        if first.lost.is_empty() {
            return Ok(first.checked(ending));
        }
        ending.wait()?;
        clean(cargo, &first.lost)?;
        let (again, ending) = again()?.read()?;
        match again.lost.first().and_then(dep_info) {
            None => Ok(again.checked(ending)),
            Some(path) => Err(GatherError::Read { path, source: ErrorKind::NotFound.into() }),
        }
    }

    /// Reads until cargo has said that everything is compiled. It goes on for a while, to put its own things
    /// in order.
    fn read(self) -> Result<(Found, Ending), GatherError> {
        let Self { messages, ending, .. } = self;
        let command = || ending.command.clone();
        let mut found = Ok(Found::default());
        for message in messages.into_iter().flat_map(Message::parse_stream) {
            match message.map_err(|source| GatherError::Messages { source })? {
                // While cargo goes on; what does not compile matters more than what cannot be read.
                Message::CompilerArtifact(artifact) => {
                    found = found.and_then(|mut found: Found| found.add(artifact).map(|()| found));
                }
                Message::BuildFinished(BuildFinished { success: true, .. }) => return Ok((found?, ending)),
                Message::BuildFinished(_) => return Err(GatherError::Compile { command: command() }),
                _ => {}
            }
        }
        Err(GatherError::Refused { command: command() })
    }
}

/// Cargo after it has said what it had to say. Another one on the same target folder must wait until
/// it has ended; whoever drops this waits.
#[derive(Debug)]
pub(super) struct Ending {
    child: Option<Child>,
    command: String,
}

impl Ending {
    /// Waits until it has ended.
    pub(super) fn wait(mut self) -> Result<(), GatherError> {
        match self.child.take().map(|mut child| child.wait()) {
            None => Ok(()),
            Some(Ok(status)) if status.success() => Ok(()),
            Some(_) => Err(GatherError::Compile { command: std::mem::take(&mut self.command) }),
        }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Who does not ask how it ended has failed for another reason already, or asks another one.
        let _ = self.child.take().map(|mut child| child.wait());
    }
}

/// What one run of cargo told.
#[derive(Default)]
struct Found {
    units: Vec<Unit>,
    /// Crates that were compiled for the target whose dep-info is gone.
    lost: Vec<Artifact>,
    manifests: Vec<Utf8PathBuf>,
    lines: BTreeSet<String>,
}

impl Found {
    fn add(&mut self, artifact: Artifact) -> Result<(), GatherError> {
        let Artifact { package_id, target, features, filenames, manifest_path, .. } = &artifact;
        self.lines.insert(format!("{}\0{}\0{features:?}\0{filenames:?}\n", package_id.repr, target.name));
        self.manifests.push(manifest_path.clone());
        let Some(path) = dep_info(&artifact) else { return Ok(()) };
        match std::fs::read(&path) {
            // rustc always says at least which files it read.
            Ok(text) if !text.is_empty() => self.units.push(unit(&artifact, &String::from_utf8_lossy(&text))?),
            Ok(_) => self.lost.push(artifact),
            Err(error) if error.kind() == ErrorKind::NotFound => self.lost.push(artifact),
            Err(source) => return Err(GatherError::Read { path, source }),
        }
        Ok(())
    }

    fn checked(self, cargo: Ending) -> Checked {
        Checked { units: self.units, manifests: self.manifests, lines: self.lines, cargo }
    }
}

/// The metadata of a crate that was compiled for the target. What is compiled for the host, to run
/// in the compiler or in a build script, has more beside it and is no part of any application.
fn metadata(artifact: &Artifact) -> Option<&Utf8Path> {
    let own = |kind: &TargetKind| !matches!(kind, TargetKind::ProcMacro | TargetKind::CustomBuild);
    let is_metadata = |file: &Utf8PathBuf| file.extension() == Some("rmeta");
    let only = artifact.filenames.iter().all(is_metadata) && artifact.target.kind.iter().all(own);
    artifact.filenames.first().filter(|_| only).map(Utf8PathBuf::as_path)
}

fn dep_info(artifact: &Artifact) -> Option<Utf8PathBuf> {
    dep_info::beside(metadata(artifact)?)
}

fn clean(cargo: &Cargo, lost: &[Artifact]) -> Result<(), GatherError> {
    let mut command: Command = cargo.command("clean");
    for package in lost.iter().map(|artifact| artifact.package_id.repr.as_str()).collect::<BTreeSet<_>>() {
        command.arg("-p").arg(package);
    }
    cargo.compile_flags(&mut command);
    cargo.capture(command).map(|_| ())
}

fn unit(artifact: &Artifact, dep_info: &str) -> Result<Unit, GatherError> {
    let package = package_key(&artifact.package_id.repr);
    let fragments = fragment::decode(dep_info::env_names(dep_info))
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
    if let Some((name, version)) = fragment.rsplit_once('@') {
        return (name.to_owned(), version.to_owned());
    }
    let path = url.split('?').next().unwrap_or(url);
    (path.rsplit('/').next().unwrap_or(path).to_owned(), fragment.to_owned())
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
