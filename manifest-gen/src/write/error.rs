//! Why files cannot be written, with what to do instead.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Files that cannot be written, compared or removed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A path to be written is not below the output folder, or stands in the way of another.
    #[error("`{path}` cannot be the path of an output file: it {reason}")]
    InvalidPath {
        /// The path as it was given.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Files are in the way that are not to be touched without `force`.
    #[error("{}", refusal(folder, foreign, edited))]
    Refused {
        /// The output folder.
        folder: PathBuf,
        /// Files at paths to be written that were not written by us, sorted.
        foreign: Vec<String>,
        /// Files to be removed that were edited since they were written, sorted.
        edited: Vec<String>,
    },
    /// A folder below the output folder is a symbolic link.
    #[error("`{}` is a symbolic link, which is not followed", path.display())]
    Symlink {
        /// The link.
        path: PathBuf,
    },
    /// A file is where a folder has to be.
    #[error("`{}` is not a folder", path.display())]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// A folder is where a file has to be.
    #[error("`{}` is a folder, not a file", path.display())]
    IsAFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Something is where something new is to be made.
    #[error("`{}` is there already", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The index cannot be understood.
    #[error("the index `{}` is damaged: {detail}", path.display())]
    Index {
        /// The index file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The index was written by a later version.
    #[error("the index `{}` has schema version {found}, this version knows {known}", path.display())]
    IndexVersion {
        /// The index file.
        path: PathBuf,
        /// The version it has.
        found: u64,
        /// The version that is known.
        known: u64,
    },
    /// The system refuses.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `remove`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl WriteError {
    /// What to do instead, where there is something to say.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::InvalidPath { .. } => Some("use a relative path with forward slashes, each file once"),
            Self::Refused { foreign, .. } if foreign.is_empty() => {
                Some("keep your changes elsewhere, then delete the files or use `--force`")
            }
            Self::Refused { .. } => Some("render into another folder, move the files away, or use `--force`"),
            Self::Symlink { .. } => Some("replace the link by a folder, or render into another folder"),
            Self::NotAFolder { .. } | Self::IsAFolder { .. } => Some("move it away, or render into another folder"),
            Self::Exists { .. } => Some("choose another name, or edit what is there"),
            Self::Index { .. } => {
                Some("delete the index and render again: files with our banner are recognised without it")
            }
            Self::IndexVersion { .. } => Some("use the version of `cargo orch` that wrote it, or a later one"),
            Self::Io { .. } => None,
        }
    }

    /// For `map_err`: the system refuses to `action` the file or folder at `path`.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }
}

fn refusal(folder: &Path, foreign: &[String], edited: &[String]) -> String {
    let listed = |paths: &[String]| paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    let mut reasons = Vec::new();
    if !foreign.is_empty() {
        reasons.push(format!("not written by `cargo orch` and not overwritten: {}", listed(foreign)));
    }
    if !edited.is_empty() {
        reasons.push(format!("edited since they were written and not removed: {}", listed(edited)));
    }
    format!("files in `{}` are {}", folder.display(), reasons.join("; "))
}
