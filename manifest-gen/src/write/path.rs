//! Paths below the output folder, and what is found at them.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path};

use super::error::WriteError;

/// How many bytes a name may have on the usual disks. Found out late, it would leave a folder half
/// written.
const LONGEST: usize = 255;

/// Says what is wrong with `path` as a path below a folder, if anything is.
pub(super) fn fault(path: &str) -> Option<&'static str> {
    if path.is_empty() {
        Some("is empty")
    } else if path.contains(['\\', '\0']) {
        Some("has a character that is not portable")
    } else if path.split('/').any(|part| part.len() > LONGEST) {
        Some("has a component that is too long for most disks")
    } else if path.split('/').any(|part| matches!(part, "" | "." | ".."))
        || !Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
    {
        Some("leads out of the output folder or has an empty component")
    } else {
        None
    }
}

/// The folders that `path` lies in, outermost first: `a/b/c` lies in `a` and `a/b`.
pub(super) fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

/// What is at a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    /// A regular file with its contents.
    File(Vec<u8>),
    /// A symbolic link, a pipe, a device.
    Other,
}

/// Looks what is at `path` below `root`, following no link on the way.
///
/// Files in `leaving` are as good as gone, and so are the folders that become empty by that.
pub(super) fn look(root: &Path, path: &str, leaving: &BTreeSet<&str>) -> Result<Found, WriteError> {
    for parent in parents(path) {
        let full = root.join(parent);
        match fs::symlink_metadata(&full) {
            Err(error) if is_absent(&error) => return Ok(Found::Nothing),
            Err(error) => return Err(WriteError::io("read", &full)(error)),
            Ok(data) if data.is_symlink() => return Err(WriteError::Symlink { path: full }),
            Ok(data) if data.is_dir() => {}
            Ok(_) if leaving.contains(parent) => return Ok(Found::Nothing),
            Ok(_) => return Err(WriteError::NotAFolder { path: full }),
        }
    }
    let full = root.join(path);
    match fs::symlink_metadata(&full) {
        Err(error) if is_absent(&error) => Ok(Found::Nothing),
        Err(error) => Err(WriteError::io("read", &full)(error)),
        Ok(data) if data.is_file() => fs::read(&full).map(Found::File).map_err(WriteError::io("read", &full)),
        Ok(data) if data.is_dir() && empties(root, path, leaving)? => Ok(Found::Nothing),
        Ok(data) if data.is_dir() => Err(WriteError::IsAFolder { path: full }),
        Ok(_) => Ok(Found::Other),
    }
}

/// Whether the folder at `path` becomes empty when the files in `leaving` go, and empty folders with
/// them; a folder that is empty already is not ours to remove.
fn empties(root: &Path, path: &str, leaving: &BTreeSet<&str>) -> Result<bool, WriteError> {
    let full = root.join(path);
    let entries = fs::read_dir(&full).map_err(WriteError::io("read", &full))?;
    let mut any = false;
    for entry in entries {
        any = true;
        let entry = entry.map_err(WriteError::io("read", &full))?;
        let below = format!("{path}/{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(WriteError::io("read", &entry.path()))?;
        let leaves = if kind.is_dir() { empties(root, &below, leaving)? } else { leaving.contains(below.as_str()) };
        if !leaves {
            return Ok(false);
        }
    }
    Ok(any)
}

/// Whether the error means that there is nothing at a path.
pub(super) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}
