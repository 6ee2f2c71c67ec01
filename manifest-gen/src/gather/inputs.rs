//! What cargo's answers depend on, as a hash: manifests, configuration, environment, and which files
//! there are where cargo looks for members and binaries.
//!
//! It covers more than it must: where it is the same, so is the answer; where it differs, the answer
//! may still be the same. Where cargo may look somewhere else too, it says that it is not complete.
//!
//! A file stands in it with what the file system says of it, not with its bytes: that costs one call
//! for each, and a file that was written since has another time. One that was written in the moment
//! in which it was looked at need not, so what is kept must be [`Inputs::older_than`] the work that it
//! is kept of.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::time::{Duration, SystemTime};

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::cargo::Cargo;
use crate::hex::hex;

/// How much older than a moment a file's time may be though it was written after it.
const CLOCK: Duration = Duration::from_millis(50);

/// A hash in the making.
pub(super) struct Inputs {
    hash: Sha256,
    complete: bool,
    /// The newest time of what was looked at, where anybody wants to know; only then are files read
    /// for whether cargo may look elsewhere.
    newest: Option<SystemTime>,
}

impl Inputs {
    /// The command line, cargo's configuration and the environment, to compare with an earlier hash.
    pub(super) fn new(cargo: &Cargo) -> Self {
        Self::with(cargo, None)
    }

    /// The same to be kept, which can tell whether it is [`Self::is_complete`] and [`Self::older_than`]
    /// a moment.
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
            self.file(&path);
            // It may name another file.
            self.doubt(&path, |text| text.contains("include"));
        }
    }

    /// Anything.
    pub(super) fn add(&mut self, bytes: impl AsRef<[u8]>) {
        self.hash.update(bytes);
    }

    /// A file, which need not be there.
    pub(super) fn file(&mut self, path: &Utf8Path) {
        self.add(format!("{path}\0{:?}\0", stamp(path)));
        self.seen(path);
    }

    /// A manifest.
    pub(super) fn manifest(&mut self, path: &Utf8Path) {
        self.file(path);
        self.doubt(path, points_elsewhere);
    }

    /// It is not complete if this is so of a file's text.
    fn doubt(&mut self, path: &Utf8Path, elsewhere: fn(&str) -> bool) {
        if self.newest.is_some() && self.complete {
            let bytes = std::fs::read(path).unwrap_or_default();
            self.complete = !elsewhere(&String::from_utf8_lossy(&bytes));
        }
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
        // As text, which compares much faster than part by part.
        let manifests: BTreeSet<&str> = manifests.into_iter().map(Utf8Path::as_str).collect();
        self.members(root, &manifests);
        for path in manifests.into_iter().map(Utf8Path::new) {
            self.manifest(path);
            if let Some(folder) = path.parent() {
                self.binaries(folder);
            }
        }
    }

    /// The folders that the root's patterns may match, and that are no members.
    fn members(&mut self, root: &Utf8Path, manifests: &BTreeSet<&str>) {
        #[derive(Deserialize)]
        struct Manifest {
            workspace: Option<Workspace>,
        }
        #[derive(Deserialize)]
        struct Workspace {
            #[serde(default)]
            members: Vec<String>,
        }
        let path = root.join("Cargo.toml");
        self.file(&path);
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let Ok(manifest) = toml::from_str::<Manifest>(&text) else {
            self.complete = false;
            return;
        };
        for pattern in manifest.workspace.map(|workspace| workspace.members).unwrap_or_default() {
            if pattern.contains("**") {
                self.complete = false;
            } else if pattern.contains(['*', '?', '[']) {
                self.matches(root, &pattern, manifests);
            }
        }
    }

    /// Each folder that a pattern may match, and whether it has a manifest.
    fn matches(&mut self, root: &Utf8Path, pattern: &str, manifests: &BTreeSet<&str>) {
        let mut folders = vec![root.to_owned()];
        for part in pattern.split('/') {
            folders = if part.contains(['*', '?', '[']) {
                folders.iter().flat_map(|folder| self.folder(folder)).collect()
            } else {
                folders.into_iter().map(|folder| folder.join(part)).collect()
            };
        }
        for folder in folders {
            let manifest = folder.join("Cargo.toml");
            if !manifests.contains(manifest.as_str()) {
                self.add(format!("{folder}\0{}\0", manifest.exists()));
            }
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
        let Ok(metadata) = std::fs::metadata(path) else { return };
        for time in [metadata.modified().ok(), changed(&metadata)].into_iter().flatten() {
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

/// What is another once a file was written or replaced: nobody sets the time of a change of its inode.
#[cfg(unix)]
fn stamp(path: &Utf8Path) -> Option<impl std::fmt::Debug> {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.size(), metadata.ctime(), metadata.ctime_nsec()))
}

/// What is another once a file was written: where no time is beyond everybody's reach, what is in it.
#[cfg(not(unix))]
fn stamp(path: &Utf8Path) -> Option<impl std::fmt::Debug> {
    std::fs::read(path).ok()
}

#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt as _;
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).ok()?;
    Some(SystemTime::UNIX_EPOCH + Duration::new(u64::try_from(metadata.ctime()).ok()?, nanoseconds))
}

#[cfg(not(unix))]
fn changed(_: &Metadata) -> Option<SystemTime> {
    None
}

/// Whether a manifest names its workspace's root, which then need not be in a folder around it.
fn points_elsewhere(manifest: &str) -> bool {
    manifest.split("workspace").skip(1).any(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ' ', '\t']).strip_prefix('=');
        value.is_some_and(|value| value.trim_start().starts_with(['"', '\'']))
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
