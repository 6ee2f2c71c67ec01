//! Where the files of packs come from: the crate itself, or a folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::error::PackError;

/// The built-in packs, in the binary.
static BUILTIN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/packs");

/// The files of one pack by their path in it, with forward slashes.
pub(crate) type Files = BTreeMap<String, Arc<str>>;

/// The built-in packs by name. What lies beside their folders is documentation.
pub(crate) fn builtin() -> Result<BTreeMap<String, Files>, PackError> {
    BUILTIN
        .dirs()
        .map(|dir| {
            let mut files = Files::new();
            embedded(dir, dir.path(), &mut files)?;
            Ok((dir.path().to_string_lossy().into_owned(), files))
        })
        .collect()
}

fn embedded(dir: &Dir<'static>, root: &Path, files: &mut Files) -> Result<(), PackError> {
    for file in dir.files() {
        let path = file.path();
        let text = file.contents_utf8().ok_or_else(|| PackError::NotText { path: path.to_owned() })?;
        files.insert(key(path, root), normal(text));
    }
    dir.dirs().try_for_each(|dir| embedded(dir, root, files))
}

/// The packs in the folders of `dir`, by the folders' names. Files beside the folders and hidden entries are left alone.
pub(crate) fn folder(dir: &Path) -> Result<BTreeMap<String, Result<Files, PackError>>, PackError> {
    let folders = entries(dir)?.into_iter().filter(|path| path.is_dir());
    Ok(folders.map(|path| (key(&path, dir), pack(&path))).collect())
}

fn pack(path: &Path) -> Result<Files, PackError> {
    if !path.file_name().and_then(|name| name.to_str()).is_some_and(is_target) {
        return Err(PackError::Name { path: path.to_owned() });
    }
    let mut files = Files::new();
    collect(path, path, &mut files)?;
    Ok(files)
}

fn collect(dir: &Path, root: &Path, files: &mut Files) -> Result<(), PackError> {
    for path in entries(dir)? {
        if path.is_dir() {
            collect(&path, root, files)?;
            continue;
        }
        let bytes = fs::read(&path).map_err(|source| PackError::Read { path: path.clone(), source })?;
        let text = String::from_utf8(bytes).map_err(|_| PackError::NotText { path: path.clone() })?;
        files.insert(key(&path, root), normal(&text));
    }
    Ok(())
}

/// What lies in `dir`, sorted, without hidden entries.
fn entries(dir: &Path) -> Result<Vec<PathBuf>, PackError> {
    let read = |source| PackError::Read { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(read)? {
        let entry = entry.map_err(read)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort();
    Ok(paths)
}

fn key(path: &Path, root: &Path) -> String {
    path.strip_prefix(root)
        .unwrap_or(path)
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect::<Vec<_>>()
        .join("/")
}

/// Without a byte order mark and carriage returns, so that a checkout on Windows renders the same.
fn normal(text: &str) -> Arc<str> {
    Arc::from(lf(text.trim_start_matches('\u{feff}')))
}

/// `text` with LF for every line break that Windows or an old Mac writes.
pub(crate) fn lf(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Whether a target may have this name: lower-case letters, digits and hyphens, beginning with a letter.
pub fn is_target(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
