//! What a folder was written from, kept in cargo's target folder to save time.
//!
//! It is a hint that is verified: a folder counts as written only if every file in it is, byte for
//! byte, what its index says, and the index is the one that this very view was written with. A note
//! that is missing, damaged or from elsewhere is no hint.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::index::{self, Hashes, Index};
use super::path::{Found, look};
use super::{Folder, WriteError, write_file};

/// A note of what one folder was written from.
#[derive(Debug)]
pub struct Remembered<'a> {
    folder: &'a Folder,
    note: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Note {
    /// What everything in the files follows from.
    source: String,
    /// A hash over the index's list of them.
    files: String,
}

impl<'a> Remembered<'a> {
    /// The note about `folder` that is kept in the target folder `target`.
    pub fn new(target: &Path, folder: &'a Folder) -> Self {
        let root = std::path::absolute(&folder.root).unwrap_or_else(|_| folder.root.clone());
        let name = index::hash(format!("{}\0{:?}", root.display(), folder.key).as_bytes());
        let name = name.trim_start_matches("sha256:");
        Self { folder, note: target.join("orch").join("rendered").join(format!("{}.json", &name[..16])) }
    }

    /// Whether the folder is as it was written from `source`, which is whatever all that is in it
    /// follows from.
    pub fn holds(&self, source: &str) -> bool {
        let note = std::fs::read(&self.note).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
        let Some(note) = note.filter(|note| note.source == source) else { return false };
        let Ok(index) = Index::read(&self.folder.root) else { return false };
        let files = index.files(&self.folder.key);
        note.files == digest(&files) && self.are_there(&files).unwrap_or(false)
    }

    /// Notes that the folder was written from `source`, if that can be done; without it the next run
    /// takes longer.
    pub fn keep(&self, source: &str) {
        let Ok(index) = Index::read(&self.folder.root) else { return };
        let note = Note { source: source.to_owned(), files: digest(&index.files(&self.folder.key)) };
        if let Ok(text) = serde_json::to_string(&note) {
            let _ = write_file(&self.note, &text);
        }
    }

    fn are_there(&self, files: &Hashes) -> Result<bool, WriteError> {
        for (path, hash) in files {
            match look(&self.folder.root, path, &BTreeSet::new())? {
                Found::File(bytes) if index::hash(&bytes) == *hash => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }
}

fn digest(files: &Hashes) -> String {
    let lines: String = files.iter().map(|(path, hash)| format!("{path}\0{hash}\n")).collect();
    index::hash(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::Remembered;
    use crate::write::{Folder, INDEX, Key};

    const FILES: [(&str, &str); 2] = [("a.yaml", "a: 1\n"), ("b/c.yaml", "c: 1\n")];

    #[test]
    fn a_folder_counts_as_written_only_while_it_is_as_it_was_written() {
        let around = tempfile::tempdir().unwrap();
        let (root, target) = (around.path().join("deploy"), around.path().join("target"));
        let folder = Folder::new(&root, Key::new("shop", "k8s", "prod"));
        let note = || Remembered::new(&target, &folder);
        let written = || {
            folder.write(FILES).unwrap();
            note().keep("this view");
        };
        assert!(!note().holds("this view"));
        written();
        assert!(note().holds("this view"));
        assert!(!note().holds("another view"));
        let other = Folder::new(&root, Key::new("shop", "k8s", "ci"));
        assert!(!Remembered::new(&target, &other).holds("this view"));
        let changes: [&dyn Fn(); 5] = [
            &|| fs::write(root.join("a.yaml"), "a: 2\n").unwrap(),
            &|| fs::remove_file(root.join("b/c.yaml")).unwrap(),
            &|| fs::remove_file(root.join(INDEX)).unwrap(),
            &|| fs::write(&note().note, "{").unwrap(),
            &|| fs::remove_file(&note().note).unwrap(),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            change();
            assert!(!note().holds("this view"), "{number}");
            written();
            assert!(note().holds("this view"), "{number}");
        }
        // Written again with something else, and not noted.
        folder.write([("a.yaml", "a: 3\n")]).unwrap();
        assert!(!note().holds("this view"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_no_file() {
        let around = tempfile::tempdir().unwrap();
        let (root, target) = (around.path().join("deploy"), around.path().join("target"));
        let folder = Folder::new(&root, Key::new("shop", "k8s", "prod"));
        folder.write(FILES).unwrap();
        let note = Remembered::new(&target, &folder);
        note.keep("this view");
        fs::rename(root.join("a.yaml"), around.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(around.path().join("elsewhere"), root.join("a.yaml")).unwrap();
        assert!(!note.holds("this view"));
    }
}
