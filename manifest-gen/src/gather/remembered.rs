//! What an earlier run of the same command line found, kept in the target folder to save time.
//!
//! Nothing in it is believed:
//!
//! - The packages to compile are a hint. They are given to cargo while the workspace is still being
//!   read, and what comes out is used only if the workspace then names the very same ones.
//! - What `cargo tree` printed is used again only if everything it can depend on is the same to the
//!   byte: see [`tree_key`].
//!
//! A file that is missing, damaged or from elsewhere is no hint.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cargo::Cargo;
use super::check::Checked;
use super::workspace::Workspace;
use crate::config;

/// What is kept for one command line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// The files that say what is to be compiled.
    files: Vec<Utf8PathBuf>,
    /// A hash over them.
    files_hash: String,
    /// What was compiled.
    pub(super) packages: Vec<String>,
    /// What `trees` depends on.
    tree_key: String,
    /// What `cargo tree` printed, by package.
    trees: BTreeMap<String, String>,
}

impl Remembered {
    /// What is remembered of this command line, if the files that say what is to be compiled are
    /// the same. Which target folder cargo is going to use is guessed.
    pub(super) fn find(cargo: &Cargo) -> Option<Self> {
        let chosen = cargo.target_dir.clone().or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
        let start = cargo.manifest_path.as_ref().map_or(cargo.dir.clone(), |path| cargo.dir.join(path));
        let around = || start.ancestors().map(|dir| dir.join("target")).find(|dir| file(dir, cargo).exists());
        let folder = chosen.map(|dir| cargo.dir.join(dir)).or_else(around)?;
        Self::read(&folder, cargo).filter(|found| hash_files(&found.files) == found.files_hash)
    }

    fn read(target: &Path, cargo: &Cargo) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(file(target, cargo)).ok()?).ok()
    }

    /// What is to be remembered of this workspace, which it has read.
    pub(super) fn new(workspace: &Workspace, packages: Vec<String>) -> Self {
        let mut files: Vec<Utf8PathBuf> = workspace.members.iter().map(|member| member.manifest.clone()).collect();
        files.extend([workspace.root.join("Cargo.toml"), workspace.root.join("Cargo.lock")]);
        files.push(workspace.root.join(config::FILE));
        Self { files_hash: hash_files(&files), files, packages, ..Self::default() }
    }

    /// What `cargo tree` printed for these packages, if that is known for this key.
    pub(super) fn trees(workspace: &Workspace, cargo: &Cargo, key: &str) -> BTreeMap<String, String> {
        let found = Self::read(workspace.target_dir.as_std_path(), cargo);
        found.filter(|found| found.tree_key == key).map(|found| found.trees).unwrap_or_default()
    }

    /// The same with what `cargo tree` printed.
    pub(super) fn with_trees(self, tree_key: String, trees: BTreeMap<String, String>) -> Self {
        Self { tree_key, trees, ..self }
    }

    /// Keeps it, if that can be done.
    pub(super) fn keep(&self, workspace: &Workspace, cargo: &Cargo) {
        let target = workspace.target_dir.as_std_path();
        if Self::read(target, cargo).as_ref() != Some(self) {
            // Without it the next run takes longer.
            let _ = self.write(&file(target, cargo));
        }
    }

    fn write(&self, path: &Path) -> std::io::Result<()> {
        let Some(folder) = path.parent() else { return Ok(()) };
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(self)?)?;
        file.persist(path).map(|_| ()).map_err(|error| error.error)
    }
}

/// One file for each command line and each folder it is run in.
fn file(target: &Path, cargo: &Cargo) -> PathBuf {
    let name = hex(&Sha256::digest(format!("{cargo:?}")));
    target.join("orch").join(format!("{}.json", &name[..16]))
}

/// A key for what `cargo tree` prints for the packages of one check. Without one, nothing can be
/// used again.
///
/// What belongs to one application follows from its manifest, from those of all it depends on, from
/// the lock file, the flags, cargo's configuration, the compiler and its flags. An application's own
/// graph is a part of what was compiled together, so the manifests of all that was compiled, with
/// those of the workspaces they may inherit from, are all there are. That the compiler, its flags
/// and the packages are the same, the names of the compiled files say.
pub(super) fn tree_key(cargo: &Cargo, workspace: &Workspace, checked: &Checked) -> Option<String> {
    let manifests: BTreeSet<&Utf8Path> = checked
        .manifests
        .iter()
        .chain(workspace.members.iter().map(|member| &member.manifest))
        .map(Utf8PathBuf::as_path)
        .collect();
    let around = |path: &Utf8Path, name: &str| -> Vec<Utf8PathBuf> {
        path.ancestors().skip(1).map(|folder| folder.join(name)).collect()
    };
    let mut files: BTreeSet<Utf8PathBuf> = manifests.iter().flat_map(|path| around(path, "Cargo.toml")).collect();
    files.insert(workspace.root.join("Cargo.lock"));
    let mut hash = Sha256::new();
    hash.update(checked.hash);
    hash.update(format!("{cargo:?}\0{}\0", env!("CARGO_PKG_VERSION")));
    for path in &files {
        let Ok(bytes) = std::fs::read(path) else { continue };
        if points_elsewhere(&bytes) {
            return None;
        }
        add(&mut hash, path, &bytes);
    }
    let dir = Utf8Path::from_path(&cargo.dir)?.join("_");
    let home = std::env::var("CARGO_HOME").ok().map(Utf8PathBuf::from);
    let home = home.or_else(|| Some(Utf8PathBuf::from(std::env::var("HOME").ok()?).join(".cargo")))?;
    let names = [".cargo/config.toml", ".cargo/config"];
    let mut configs: Vec<Utf8PathBuf> = names.iter().flat_map(|name| around(&dir, name)).collect();
    configs.extend([home.join("config.toml"), home.join("config")]);
    for path in &configs {
        let Ok(bytes) = std::fs::read(path) else { continue };
        if contains(&bytes, "include") {
            return None;
        }
        add(&mut hash, path, &bytes);
    }
    for (name, value) in std::env::vars_os().collect::<BTreeMap<_, _>>() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO") || name.starts_with("RUST") {
            hash.update(format!("{name}\0"));
            hash.update(value.as_encoded_bytes());
            hash.update("\0");
        }
    }
    Some(hex(&hash.finalize()))
}

/// Whether a manifest names its workspace's root, which then need not be in a folder around it.
fn points_elsewhere(manifest: &[u8]) -> bool {
    let text = String::from_utf8_lossy(manifest);
    text.split("workspace").skip(1).any(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ' ', '\t']).strip_prefix('=');
        value.is_some_and(|value| value.trim_start().starts_with(['"', '\'']))
    })
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

fn add(hash: &mut Sha256, path: &Utf8Path, bytes: &[u8]) {
    hash.update(format!("{path}\0{}\0", bytes.len()));
    hash.update(bytes);
}

fn hash_files(files: &[Utf8PathBuf]) -> String {
    let mut hash = Sha256::new();
    for path in files {
        match std::fs::read(path) {
            Ok(bytes) => add(&mut hash, path, &bytes),
            Err(_) => hash.update(format!("{path}\0-\0")),
        }
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
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
        assert!(points_elsewhere(b"[package]\nworkspace = \"../x\"\n"));
        assert!(points_elsewhere(b"package.workspace='../x'\n"));
        assert!(points_elsewhere(b"package = { \"workspace\" = \"../x\" }\n"));
        assert!(!points_elsewhere(b"[workspace]\n[package]\nversion.workspace = true\nx = { workspace = true }\n"));
    }
}
