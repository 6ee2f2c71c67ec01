//! What cargo's answers depend on, as a hash: manifests, configuration, environment, and which files
//! there are where cargo looks for members and binaries.
//!
//! It covers more than it must: where it is the same, so is the answer; where it differs, the answer
//! may still be the same. Where cargo may look somewhere else too, it says that it is not complete.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cargo::Cargo;

/// How much older than a moment a file's time may be though it was written after it.
const CLOCK: Duration = Duration::from_millis(50);

/// A hash in the making.
pub(super) struct Inputs {
    hash: Sha256,
    complete: bool,
    /// The newest time of what was looked at, where anybody wants to know.
    newest: Option<SystemTime>,
}

impl Inputs {
    /// The command line, cargo's configuration and the environment, to compare with an earlier hash.
    pub(super) fn new(cargo: &Cargo) -> Self {
        Self::with(cargo, None)
    }

    /// The same to be kept, which can tell whether it is [`Self::older_than`] a moment.
    pub(super) fn dated(cargo: &Cargo) -> Self {
        Self::with(cargo, Some(SystemTime::UNIX_EPOCH))
    }

    fn with(cargo: &Cargo, newest: Option<SystemTime>) -> Self {
        let mut inputs = Self { hash: Sha256::new(), complete: true, newest };
        inputs.add(format!("{cargo:?}\0{}\0", env!("CARGO_PKG_VERSION")));
        for (name, value) in std::env::vars_os().collect::<BTreeMap<_, _>>() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO") || name.starts_with("RUST") {
                inputs.add(format!("{name}\0"));
                inputs.add(value.as_encoded_bytes());
                inputs.add("\0");
            }
        }
        inputs.configuration(cargo);
        inputs
    }

    fn configuration(&mut self, cargo: &Cargo) {
        let variable = |name| std::env::var(name).ok().map(Utf8PathBuf::from);
        let home = variable("CARGO_HOME").or_else(|| Some(variable("HOME")?.join(".cargo")));
        let (Some(dir), Some(home)) = (Utf8Path::from_path(&cargo.dir), home) else {
            self.complete = false;
            return;
        };
        let folders = dir.ancestors().map(|folder| folder.join(".cargo")).chain([home]);
        for path in folders.flat_map(|folder| [folder.join("config.toml"), folder.join("config")]) {
            let text = self.file(&path);
            // It may name another file.
            self.complete &= !text.is_some_and(|text| text.contains("include"));
        }
    }

    /// Anything.
    pub(super) fn add(&mut self, bytes: impl AsRef<[u8]>) {
        self.hash.update(bytes);
    }

    /// A file, which need not be there.
    pub(super) fn file(&mut self, path: &Utf8Path) -> Option<String> {
        let bytes = read(path).ok();
        self.add(format!("{path}\0{:?}\0", bytes.as_ref().map(Vec::len)));
        let bytes = bytes?;
        self.add(&bytes);
        self.seen(path);
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A manifest.
    pub(super) fn manifest(&mut self, path: &Utf8Path) {
        let text = self.file(path);
        self.complete &= !text.is_some_and(|text| points_elsewhere(&text));
    }

    /// What cargo's account of a workspace and its members depends on.
    pub(super) fn workspace<'a>(
        &mut self,
        cargo: &Cargo,
        root: &Utf8Path,
        manifests: impl IntoIterator<Item = &'a Utf8Path>,
    ) {
        let start = match &cargo.manifest_path {
            Some(path) => cargo.dir.join(path).parent().map(std::path::Path::to_owned),
            None => Some(cargo.dir.clone()),
        };
        // Wherever cargo looks for the workspace's root.
        match start.and_then(|start| Utf8PathBuf::from_path_buf(start).ok()) {
            Some(start) => start.ancestors().for_each(|folder| self.manifest(&folder.join("Cargo.toml"))),
            None => self.complete = false,
        }
        self.members(root);
        for path in manifests {
            self.manifest(path);
            if let Some(folder) = path.parent() {
                self.binaries(folder);
            }
        }
    }

    /// The folders that the root's patterns may match.
    fn members(&mut self, root: &Utf8Path) {
        #[derive(Deserialize)]
        struct Manifest {
            workspace: Option<Workspace>,
        }
        #[derive(Deserialize)]
        struct Workspace {
            #[serde(default)]
            members: Vec<String>,
        }
        let text = self.file(&root.join("Cargo.toml")).unwrap_or_default();
        let Ok(manifest) = toml::from_str::<Manifest>(&text) else {
            self.complete = false;
            return;
        };
        for pattern in manifest.workspace.map(|workspace| workspace.members).unwrap_or_default() {
            if pattern.contains("**") {
                self.complete = false;
            } else if pattern.contains(['*', '?', '[']) {
                self.matches(root, &pattern);
            }
        }
    }

    /// Each folder that a pattern may match, and whether it has a manifest.
    fn matches(&mut self, root: &Utf8Path, pattern: &str) {
        let mut folders = vec![root.to_owned()];
        for part in pattern.split('/') {
            folders = if part.contains(['*', '?', '[']) {
                folders.iter().flat_map(|folder| self.folder(folder)).collect()
            } else {
                folders.into_iter().map(|folder| folder.join(part)).collect()
            };
        }
        for folder in folders {
            let there = folder.join("Cargo.toml").exists();
            self.add(format!("{folder}\0{there}\0"));
            self.seen(&folder);
        }
    }

    /// The binaries that cargo finds by their place.
    fn binaries(&mut self, package: &Utf8Path) {
        let main = package.join("src/main.rs").exists();
        self.add(format!("{package}\0{main}\0"));
        self.seen(&package.join("src"));
        for path in self.folder(&package.join("src/bin")) {
            let main = path.join("main.rs").exists();
            self.add(format!("{path}\0{main}\0"));
            self.seen(&path);
        }
    }

    /// What is in a folder, in order.
    fn folder(&mut self, path: &Utf8Path) -> Vec<Utf8PathBuf> {
        let Ok(entries) = path.read_dir_utf8() else { return Vec::new() };
        let mut paths: Vec<Utf8PathBuf> = entries.flatten().map(camino::Utf8DirEntry::into_path).collect();
        // By their text, which compares much faster than part by part.
        paths.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        self.seen(path);
        paths
    }

    fn seen(&mut self, path: &Utf8Path) {
        let Some(newest) = &mut self.newest else { return };
        if let Ok(time) = std::fs::metadata(path).and_then(|metadata| metadata.modified()) {
            *newest = time.max(*newest);
        }
    }

    /// Whether nothing that was looked at is from this moment or later, as far as that was recorded.
    pub(super) fn older_than(&self, moment: SystemTime) -> bool {
        self.newest.is_some_and(|newest| newest + CLOCK < moment)
    }

    /// Whether cargo looks nowhere else.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The hash.
    pub(super) fn finish(self) -> String {
        hex(&self.hash.finalize())
    }
}

/// The bytes of a file, with as few calls as will do: there are many small ones.
fn read(path: &Utf8Path) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a manifest names its workspace's root, which then need not be in a folder around it.
fn points_elsewhere(manifest: &str) -> bool {
    manifest.split("workspace").skip(1).any(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ' ', '\t']).strip_prefix('=');
        value.is_some_and(|value| value.trim_start().starts_with(['"', '\'']))
    })
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::points_elsewhere;

    #[test]
    fn a_manifest_that_names_its_root_is_recognised() {
        assert!(points_elsewhere("[package]\nworkspace = \"../x\"\n"));
        assert!(points_elsewhere("package.workspace='../x'\n"));
        assert!(points_elsewhere("package = { \"workspace\" = \"../x\" }\n"));
        assert!(!points_elsewhere("[workspace]\n[package]\nversion.workspace = true\nx = { workspace = true }\n"));
    }
}
