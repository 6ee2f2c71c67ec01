//! One file at a path that the caller chose.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::atomic::{existing, stage};
use super::diff::unified;
use super::error::WriteError;
use super::path::is_absent;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was not there.
    Created,
    /// It was there with other contents.
    Changed,
    /// It was there as it should be, and was not touched.
    Unchanged,
}

/// Makes the file at `path` hold `contents`, with the folders it needs.
///
/// The file is replaced as a whole or not at all. The path is the caller's: a
/// symbolic link is followed, and what is no regular file (`/dev/stdout`, a
/// pipe) is written to.
pub fn write_file(path: impl AsRef<Path>, contents: &str) -> Result<Change, WriteError> {
    let path = resolve(path.as_ref())?;
    let change = match find(&path)? {
        Existing::Stream => {
            let mut file = fs::OpenOptions::new().write(true).open(&path).map_err(WriteError::io("write", &path))?;
            file.write_all(contents.as_bytes()).map_err(WriteError::io("write", &path))?;
            return Ok(Change::Changed);
        }
        Existing::File(bytes) if bytes == contents.as_bytes() => return Ok(Change::Unchanged),
        Existing::File(_) => Change::Changed,
        Existing::Nothing => Change::Created,
    };
    let folder = folder_of(&path);
    // Staged where a folder is already, so that none is made for a file that cannot be written.
    let staged = stage(existing(folder), path.clone(), contents)?;
    fs::create_dir_all(folder).map_err(WriteError::io("write", folder))?;
    staged.commit()?;
    Ok(change)
}

/// How the file at `path` differs from `contents`, as a unified diff; nothing is written.
pub fn check_file(path: impl AsRef<Path>, contents: &str) -> Result<Option<String>, WriteError> {
    let shown = path.as_ref().to_string_lossy().replace('\\', "/");
    let path = resolve(path.as_ref())?;
    let old = match find(&path)? {
        Existing::File(bytes) if bytes == contents.as_bytes() => return Ok(None),
        Existing::File(bytes) => Some(bytes),
        Existing::Nothing | Existing::Stream => None,
    };
    let mut diff = String::new();
    unified(&mut diff, shown.trim_start_matches('/'), old.as_deref(), Some(contents));
    Ok(Some(diff))
}

enum Existing {
    Nothing,
    File(Vec<u8>),
    /// Something to be written to, not to be replaced.
    Stream,
}

fn find(path: &Path) -> Result<Existing, WriteError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            let file = path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(path);
            Err(WriteError::NotAFolder { path: file.to_owned() })
        }
        Err(error) if is_absent(&error) => Ok(Existing::Nothing),
        Err(error) => Err(WriteError::io("read", path)(error)),
        Ok(data) if data.is_dir() => Err(WriteError::IsAFolder { path: path.to_owned() }),
        Ok(data) if data.is_file() => fs::read(path).map(Existing::File).map_err(WriteError::io("read", path)),
        Ok(_) => Ok(Existing::Stream),
    }
}

/// Where a link at `path` leads, so that the file is replaced and not the link.
fn resolve(path: &Path) -> Result<PathBuf, WriteError> {
    if path.is_symlink() { fs::canonicalize(path).map_err(WriteError::io("read", path)) } else { Ok(path.to_owned()) }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
