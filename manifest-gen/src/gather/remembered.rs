//! What an earlier run of the same command line found, kept in the target folder to save time.
//!
//! Nothing of it is believed without a reason:
//!
//! - What cargo said about the workspace's members is used again only if everything it can depend on
//!   is the same. Where that cannot be told, cargo is asked again.
//! - The packages to compile are a hint. They are given to cargo while the workspace is still being
//!   read, and what comes out is used only if the workspace then names the very same ones.
//! - What `cargo tree` printed is used again only under the same [`tree_key`].
//!
//! A file that is missing, damaged or from elsewhere is no hint.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cargo::Cargo;
use super::check::Checked;
use super::inputs::Inputs;
use super::workspace::{Account, Workspace};
use crate::hex::hex;
use crate::{config, write};

/// What is kept for one command line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// What cargo said about the workspace.
    account: Account,
    /// A hash over what that depends on.
    inputs: String,
    /// Whether it is over everything that it depends on.
    complete: bool,
    /// What was compiled.
    pub(super) packages: Vec<String>,
    /// What `trees` depends on.
    tree_key: String,
    /// What `cargo tree` printed, by package.
    trees: BTreeMap<String, String>,
}

impl Remembered {
    /// What is remembered of this command line, if what says what is to be compiled is the same.
    /// Which target folder cargo is going to use is guessed.
    pub(super) fn find(cargo: &Cargo) -> Option<Self> {
        let chosen = cargo.target_dir.clone().or_else(|| std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from));
        let start = cargo.manifest_path.as_ref().map_or(cargo.dir.clone(), |path| cargo.dir.join(path));
        let around = || start.ancestors().map(|dir| dir.join("target")).find(|dir| file(dir, cargo).exists());
        let folder = chosen.map(|dir| cargo.dir.join(dir)).or_else(around)?;
        let found: Self = serde_json::from_slice(&std::fs::read(file(&folder, cargo)).ok()?).ok()?;
        (inputs(Inputs::new(cargo), cargo, &found.account).finish() == found.inputs).then_some(found)
    }

    /// What is to be remembered of this workspace, which was read after `begun`.
    pub(super) fn new(workspace: &Workspace, cargo: &Cargo, begun: SystemTime, packages: Vec<String>) -> Self {
        let account = workspace.account();
        let inputs = inputs(Inputs::dated(cargo), cargo, &account);
        let complete = inputs.is_complete() && inputs.older_than(begun);
        Self { account, inputs: inputs.finish(), complete, packages, tree_key: String::new(), trees: BTreeMap::new() }
    }

    /// What cargo said about the workspace, if it would say the same again.
    pub(super) fn account(&self) -> Option<Account> {
        self.complete.then(|| self.account.clone())
    }

    /// What `cargo tree` printed for each package, if it was under this key.
    pub(super) fn trees(self, key: &str) -> Option<BTreeMap<String, String>> {
        (self.tree_key == key).then_some(self.trees)
    }

    /// The same with what `cargo tree` printed.
    pub(super) fn with_trees(self, tree_key: String, trees: BTreeMap<String, String>) -> Self {
        Self { tree_key, trees, ..self }
    }

    /// Keeps it, if that can be done; without it the next run takes longer.
    pub(super) fn keep(&self, workspace: &Workspace, cargo: &Cargo) {
        if let Ok(text) = serde_json::to_string(self) {
            let _ = write::write_file(file(workspace.target_dir.as_std_path(), cargo), &text);
        }
    }
}

/// One file for each command line and each folder it is run in.
fn file(target: &Path, cargo: &Cargo) -> PathBuf {
    let name = hex(&Sha256::digest(format!("{cargo:?}")));
    target.join("orch").join(format!("{}.json", &name[..16]))
}

/// What cargo's account of a workspace depends on, and what else says what is to be compiled.
fn inputs(mut inputs: Inputs, cargo: &Cargo, account: &Account) -> Inputs {
    inputs.workspace(cargo, &account.root, account.members.iter().map(|member| member.manifest.as_path()));
    for name in ["Cargo.lock", config::FILE] {
        inputs.file(&account.root.join(name));
    }
    inputs
}

/// A key for what `cargo tree` prints for the packages of one check. Without one, nothing can be
/// used again; one that is kept is of what was there before `begun`, and so before `cargo tree` was
/// asked.
///
/// What belongs to one application follows from its manifest, from those of all it depends on, from
/// the lock file, the flags, cargo's configuration, the compiler and its flags. An application's own
/// graph is a part of what was compiled together, so the manifests of all that was compiled, with
/// those of the workspaces they may inherit from, are all there are. That the compiler, its flags
/// and the packages are the same, the names of the compiled files say.
pub(super) fn tree_key(
    cargo: &Cargo,
    workspace: &Workspace,
    checked: &Checked,
    begun: Option<SystemTime>,
) -> Option<String> {
    let members = workspace.members.iter().map(|member| &member.manifest);
    // As text, which compares much faster than part by part.
    let folders: BTreeSet<&str> = checked
        .manifests
        .iter()
        .chain(members)
        .flat_map(|manifest| manifest.ancestors().skip(1).map(Utf8Path::as_str))
        .collect();
    let mut inputs = Inputs::dated(cargo);
    inputs.add(checked.hash());
    for folder in folders {
        inputs.manifest(&Utf8Path::new(folder).join("Cargo.toml"));
    }
    inputs.file(&workspace.root.join("Cargo.lock"));
    let settled = begun.is_none_or(|begun| inputs.older_than(begun));
    (settled && inputs.is_complete()).then(|| inputs.finish())
}
