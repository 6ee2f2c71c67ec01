//! Files that appear with all of their contents or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, TempPath};

use super::error::WriteError;

/// Contents on disk under a temporary name, removed again unless put in place.
pub(super) struct Staged {
    temporary: TempPath,
    target: PathBuf,
}

/// Writes `contents` for `target` to a temporary file in `folder`, which is on the same disk.
///
/// The file is closed: a system of ten thousand services would run out of file descriptors.
pub(super) fn stage(folder: &Path, target: PathBuf, contents: &str) -> Result<Staged, WriteError> {
    let mut file = temporary(folder).map_err(WriteError::io("write", &target))?;
    file.write_all(contents.as_bytes()).map_err(WriteError::io("write", &target))?;
    readable(file.as_file()).map_err(WriteError::io("write", &target))?;
    Ok(Staged { temporary: file.into_temp_path(), target })
}

impl Staged {
    /// Puts the file in place of whatever file is there.
    pub(super) fn commit(self) -> Result<(), WriteError> {
        let target = self.target;
        self.temporary.persist(&target).map_err(|error| WriteError::io("write", &target)(error.error))
    }
}

/// A folder on disk under a temporary name, removed again unless put in place.
pub(super) struct StagedFolder {
    /// Its owner's alone; the folder in it is what is put in place.
    around: TempDir,
    target: PathBuf,
    /// Folders that were made in it.
    made: BTreeSet<PathBuf>,
}

impl StagedFolder {
    /// An empty one, on the same disk as `target`, which is not there.
    pub(super) fn new(target: &Path) -> Result<Self, WriteError> {
        let place = existing(target);
        let around = tempfile::Builder::new().prefix(".orch-").suffix(".tmp").tempdir_in(place);
        let around = around.map_err(WriteError::io("write", target))?;
        Ok(Self { around, target: target.to_owned(), made: BTreeSet::new() })
    }

    fn root(&self) -> PathBuf {
        self.around.path().join("folder")
    }

    /// Writes a file, with the folders around it.
    pub(super) fn write(&mut self, path: &Path, contents: &str) -> Result<(), WriteError> {
        let (target, path) = (self.target.join(path), self.root().join(path));
        let folder = path.parent().unwrap_or(&path).to_owned();
        let made = if self.made.contains(&folder) { Ok(()) } else { fs::create_dir_all(&folder) };
        made.and_then(|()| fs::write(&path, contents)).map_err(WriteError::io("write", &target))?;
        self.made.insert(folder);
        Ok(())
    }

    /// Puts it in place, where there must still be nothing.
    pub(super) fn commit(self) -> Result<(), WriteError> {
        fs::rename(self.root(), &self.target).map_err(WriteError::io("write", &self.target))
    }
}

/// Finds out whether files in `folder` can be removed, by the same right that creates one.
pub(super) fn probe(folder: &Path) -> Result<(), WriteError> {
    temporary(folder).map(drop).map_err(WriteError::io("write to", folder))
}

fn temporary(folder: &Path) -> std::io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new().prefix(".orch-").suffix(".tmp").tempfile_in(folder)
}

/// Temporary files are their owner's alone; what is generated is for others to read.
#[cfg(unix)]
fn readable(file: &fs::File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn readable(_: &fs::File) -> std::io::Result<()> {
    Ok(())
}

/// The folder itself or the innermost one around it that exists.
pub(super) fn existing(folder: &Path) -> &Path {
    folder.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."))
}
