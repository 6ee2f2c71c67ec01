use std::fs;
use std::path::Path;

use super::atomic::StagedFolder;
use super::error::WriteError;

/// Makes a folder with these files, which appears as a whole or not at all. Nothing that is there is
/// touched: a file, a folder or a link at `path` is an error.
pub fn create_folder<'a>(path: &Path, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<(), WriteError> {
    if path.symlink_metadata().is_ok() {
        return Err(WriteError::Exists { path: path.to_owned() });
    }
    let mut staged = StagedFolder::new(path)?;
    for (file, contents) in files {
        staged.write(Path::new(file), contents)?;
    }
    if let Some(around) = path.parent() {
        fs::create_dir_all(around).map_err(WriteError::io("write", around))?;
    }
    staged.commit()
}
