//! The index: which files of a folder were written for whom.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::WriteError;
use super::path::{fault, is_absent};
use crate::hex::hex;

/// The name of the index in an output folder.
pub const FILE: &str = ".orch-index.json";

const VERSION: u64 = 1;

/// For whom files are written. Files of one key are written and removed together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Key {
    system: String,
    target: String,
    profile: String,
}

impl Key {
    /// The key of a system rendered for a target with a profile.
    pub fn new(system: impl Into<String>, target: impl Into<String>, profile: impl Into<String>) -> Self {
        Self { system: system.into(), target: target.into(), profile: profile.into() }
    }
}

/// The files of one key: path to hash of the contents.
pub(super) type Hashes = BTreeMap<String, String>;

/// The index as it stands in the folder.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Index(BTreeMap<Key, Hashes>);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    schema_version: u64,
    owners: Vec<Owner>,
}

#[derive(Serialize, Deserialize)]
struct Owner {
    #[serde(flatten)]
    key: Key,
    files: Hashes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    schema_version: u64,
}

impl Index {
    /// Reads the index of the folder `root`; a folder without one has an empty one.
    pub(super) fn read(root: &Path) -> Result<Self, WriteError> {
        let path = root.join(FILE);
        match fs::symlink_metadata(&path) {
            Err(error) if is_absent(&error) => return Ok(Self::default()),
            Err(error) => return Err(WriteError::io("read", &path)(error)),
            Ok(data) if data.is_file() => {}
            Ok(_) => return Err(damaged(path, "it is not a regular file")),
        }
        let bytes = fs::read(&path).map_err(WriteError::io("read", &path))?;
        Self::parse(&bytes, path)
    }

    fn parse(bytes: &[u8], path: PathBuf) -> Result<Self, WriteError> {
        // The version first: what follows may look different in another one.
        let found = match serde_json::from_slice::<Version>(bytes) {
            Ok(version) => version.schema_version,
            Err(error) => return Err(damaged(path, &error.to_string())),
        };
        if found != VERSION {
            return Err(WriteError::IndexVersion { path, found, known: VERSION });
        }
        let document: Document = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => return Err(damaged(path, &error.to_string())),
        };
        let mut index = Self::default();
        for owner in document.owners {
            // Files are removed by what the index says, so it may not say just anything.
            if let Some((file, reason)) = owner.files.keys().find_map(|file| Some((file, fault(file)?))) {
                return Err(damaged(path, &format!("`{}` {reason}", file.escape_debug())));
            }
            if index.0.insert(owner.key, owner.files).is_some() {
                return Err(damaged(path, "a key stands twice"));
            }
        }
        Ok(index)
    }

    /// The files of `key`.
    pub(super) fn files(&self, key: &Key) -> Hashes {
        self.0.get(key).cloned().unwrap_or_default()
    }

    /// The files of every key.
    pub(super) fn paths(&self) -> BTreeSet<String> {
        self.0.values().flat_map(|files| files.keys().cloned()).collect()
    }

    /// Whether a key other than `key` has the file at `path`.
    pub(super) fn is_shared(&self, key: &Key, path: &str) -> bool {
        self.0.iter().any(|(owner, files)| owner != key && files.contains_key(path))
    }

    /// Gives `key` exactly `files`.
    ///
    /// Another key that has one of them with other contents loses it: what it wrote is overwritten.
    pub(super) fn assign(&mut self, key: &Key, files: Hashes) {
        for owned in self.0.values_mut() {
            owned.retain(|path, hash| files.get(path).is_none_or(|new| new == hash));
        }
        self.0.insert(key.clone(), files);
        self.0.retain(|_, files| !files.is_empty());
    }

    /// The text of the index file; nothing where nobody has a file.
    pub(super) fn render(&self) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let owners = self.0.iter().map(|(key, files)| Owner { key: key.clone(), files: files.clone() }).collect();
        let document = Document { schema_version: VERSION, owners };
        // Strings and numbers only: there is nothing that JSON could refuse.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        Some(text)
    }
}

/// The hash under which contents stand in the index.
pub(super) fn hash(contents: &[u8]) -> String {
    format!("sha256:{}", hex(&Sha256::digest(contents)))
}

fn damaged(path: PathBuf, detail: &str) -> WriteError {
    WriteError::Index { path, detail: detail.to_owned() }
}
