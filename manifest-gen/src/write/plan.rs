//! What is to be done in a folder, found out before anything is.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use super::atomic::{self, Staged, StagedFolder};
use super::error::WriteError;
use super::index::{self, Hashes, Index, Key};
use super::path::{Found, fault, look, parents};
use super::{BANNER, Report, diff};

/// How many lines are searched for the banner: it may come after a `#!` or `---`.
const BANNER_LINES: usize = 5;

/// What is to be done to make a folder hold some files.
pub(super) struct Plan<'a> {
    root: PathBuf,
    files: BTreeMap<&'a str, File<'a>>,
    stale: BTreeMap<String, Stale>,
    index: IndexChange,
}

/// What becomes of the index.
#[derive(PartialEq)]
enum IndexChange {
    None,
    Write(String),
    Remove,
}

/// A file to be written.
struct File<'a> {
    contents: &'a str,
    /// What is in its place; `None` where it is there as it should be.
    found: Option<Found>,
    /// Whether what is found may be overwritten.
    owned: bool,
}

/// A file to be removed.
struct Stale {
    found: Found,
    /// Whether it is not what was written.
    edited: bool,
}

impl<'a> Plan<'a> {
    /// Looks at the folder `root`; nothing is written.
    pub(super) fn make(
        root: &Path,
        key: &Key,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, WriteError> {
        if root.exists() && !root.is_dir() {
            return Err(WriteError::NotAFolder { path: root.to_owned() });
        }
        let wanted = wanted(files)?;
        let mut index = Index::read(root)?;
        let index_before = index.clone();
        let before = index.files(key);
        let stale = stale(root, key, &index, &before, &wanted)?;
        let leaving = stale.keys().map(String::as_str).collect();
        let files = wanted
            .iter()
            .map(|(path, contents)| {
                let found = look(root, path, &leaving)?;
                let found = match found {
                    Found::File(bytes) if bytes == contents.as_bytes() => None,
                    found => Some(found),
                };
                let owned = match &found {
                    None | Some(Found::Nothing) => true,
                    Some(Found::File(bytes)) => before.contains_key(*path) || has_banner(bytes),
                    Some(Found::Other) => false,
                };
                Ok((*path, File { contents, found, owned }))
            })
            .collect::<Result<_, WriteError>>()?;
        let hashes: Hashes =
            wanted.iter().map(|(path, text)| ((*path).to_owned(), index::hash(text.as_bytes()))).collect();
        index.assign(key, hashes);
        let index = match index.render() {
            _ if index == index_before => IndexChange::None,
            Some(text) => IndexChange::Write(text),
            None => IndexChange::Remove,
        };
        Ok(Self { root: root.to_owned(), files, stale, index })
    }

    /// An error where a file would be touched that is not to be touched without force.
    pub(super) fn refuse(&self) -> Result<(), WriteError> {
        let foreign: Vec<String> = self.foreign().collect();
        let edited: Vec<String> = self.edited().collect();
        if foreign.is_empty() && edited.is_empty() {
            return Ok(());
        }
        Err(WriteError::Refused { folder: self.root.clone(), foreign, edited })
    }

    /// The files that [`Self::refuse`] is about.
    pub(super) fn refused(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.foreign().chain(self.edited()).collect();
        paths.sort();
        paths
    }

    fn foreign(&self) -> impl Iterator<Item = String> {
        self.files.iter().filter(|(_, file)| !file.owned).map(|(path, _)| (*path).to_owned())
    }

    fn edited(&self) -> impl Iterator<Item = String> {
        self.stale.iter().filter(|(_, stale)| stale.edited).map(|(path, _)| path.clone())
    }

    /// What is done with each file.
    pub(super) fn report(&self) -> Report {
        let mut report = Report::default();
        for (path, file) in &self.files {
            let list = match &file.found {
                None => &mut report.unchanged,
                Some(Found::Nothing) => &mut report.created,
                Some(Found::File(_) | Found::Other) => &mut report.changed,
            };
            list.push((*path).to_owned());
        }
        report.removed = self.stale.keys().cloned().collect();
        report
    }

    /// What is done with each file, as a unified diff sorted by path.
    pub(super) fn diff(&self) -> String {
        let mut paths: BTreeMap<&str, (&Found, Option<&str>)> =
            self.stale.iter().map(|(path, stale)| (path.as_str(), (&stale.found, None))).collect();
        let differing = self.files.iter().filter_map(|(path, file)| Some((*path, file.found.as_ref()?, file.contents)));
        paths.extend(differing.map(|(path, found, contents)| (path, (found, Some(contents)))));
        let mut out = String::new();
        for (path, (found, new)) in paths {
            let old = match found {
                Found::Nothing => None,
                Found::File(bytes) => Some(bytes.as_slice()),
                Found::Other => Some([].as_slice()),
            };
            diff::unified(&mut out, path, old, new);
        }
        out
    }

    /// Does it. Until everything lies ready under temporary names, nothing is changed.
    pub(super) fn execute(&self) -> Result<(), WriteError> {
        if self.index == IndexChange::None && self.report().changes_nothing() {
            return Ok(());
        }
        if !self.root.exists() {
            return self.make_folder();
        }
        let (files, index) = self.stage()?;
        // A file that becomes a folder, or the other way round, has to go first. The rest goes when
        // what replaces it is there.
        let (first, last): (Vec<&str>, Vec<&str>) =
            self.stale.keys().map(String::as_str).partition(|path| self.is_in_the_way(path));
        self.remove(&first)?;
        for file in files {
            file.commit()?;
        }
        self.remove(&last)?;
        if let Some(index) = index {
            index.commit()?;
        }
        if self.index == IndexChange::Remove {
            let path = self.root.join(index::FILE);
            fs::remove_file(&path).map_err(WriteError::io("remove", &path))?;
        }
        Ok(())
    }

    /// Makes the folder, which is not there: complete under a temporary name, then put in place.
    fn make_folder(&self) -> Result<(), WriteError> {
        let outermost = outermost_missing(&self.root);
        let place = outermost.as_deref().unwrap_or(&self.root);
        let mut staged = StagedFolder::new(place)?;
        let below = self.root.strip_prefix(place).unwrap_or(Path::new(""));
        for (path, file) in &self.files {
            staged.write(&below.join(path), file.contents)?;
        }
        if let IndexChange::Write(text) = &self.index {
            staged.write(&below.join(index::FILE), text)?;
        }
        staged.commit()
    }

    /// Writes everything that differs to temporary files: the files, and the index apart from them.
    fn stage(&self) -> Result<(Vec<Placed>, Option<Staged>), WriteError> {
        let folders: BTreeSet<PathBuf> = self.stale.keys().map(|path| self.folder_of(path)).collect();
        folders.iter().try_for_each(|folder| atomic::probe(folder))?;
        let mut files = Vec::new();
        for (path, file) in &self.files {
            if file.found.is_none() {
                continue;
            }
            let folder = self.folder_of(path);
            let staged = atomic::stage(atomic::existing(&folder), self.root.join(path), file.contents)?;
            files.push(Placed { folder, staged });
        }
        let index = match &self.index {
            IndexChange::Write(text) => Some(atomic::stage(&self.root, self.root.join(index::FILE), text)?),
            IndexChange::None | IndexChange::Remove => None,
        };
        Ok((files, index))
    }

    fn remove(&self, paths: &[&str]) -> Result<(), WriteError> {
        for path in paths {
            let full = self.root.join(path);
            fs::remove_file(&full).map_err(WriteError::io("remove", &full))?;
            if let Some(outermost) = parents(path).next() {
                remove_empty(&self.folder_of(path), &self.root.join(outermost));
            }
        }
        Ok(())
    }

    fn folder_of(&self, path: &str) -> PathBuf {
        parents(path).last().map_or_else(|| self.root.clone(), |parent| self.root.join(parent))
    }

    /// Whether a new file needs the place of the stale one at `path`.
    fn is_in_the_way(&self, path: &str) -> bool {
        let below = format!("{path}/");
        parents(path).any(|parent| self.files.contains_key(parent))
            || self.files.range(below.as_str()..).next().is_some_and(|(new, _)| new.starts_with(&below))
    }
}

/// A file that lies ready, and the folder that it needs.
struct Placed {
    folder: PathBuf,
    staged: Staged,
}

impl Placed {
    fn commit(self) -> Result<(), WriteError> {
        fs::create_dir_all(&self.folder).map_err(WriteError::io("write", &self.folder))?;
        self.staged.commit()
    }
}

/// The files to be written by path, each of which can be.
fn wanted<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<BTreeMap<&'a str, &'a str>, WriteError> {
    let mut wanted = BTreeMap::new();
    for (path, contents) in files {
        let reason = match fault(path) {
            None if path == index::FILE => Some("is the index's"),
            None if wanted.insert(path, contents).is_some() => Some("is there twice"),
            reason => reason,
        };
        if let Some(reason) = reason {
            return Err(WriteError::InvalidPath { path: path.to_owned(), reason });
        }
    }
    match wanted.keys().find(|path| parents(path).any(|parent| wanted.contains_key(parent))) {
        Some(path) => Err(WriteError::InvalidPath { path: (*path).to_owned(), reason: "lies below another file" }),
        None => Ok(wanted),
    }
}

/// The files of an earlier run that are to be removed.
fn stale(
    root: &Path,
    key: &Key,
    index: &Index,
    before: &Hashes,
    wanted: &BTreeMap<&str, &str>,
) -> Result<BTreeMap<String, Stale>, WriteError> {
    let mut stale = BTreeMap::new();
    for (path, hash) in before {
        if wanted.contains_key(path.as_str()) || index.is_shared(key, path) {
            continue;
        }
        let found = match look(root, path, &BTreeSet::new()) {
            // Somebody put something else there; what was written is gone.
            Err(WriteError::NotAFolder { .. } | WriteError::IsAFolder { .. }) | Ok(Found::Nothing) => continue,
            found => found?,
        };
        let edited = !matches!(&found, Found::File(bytes) if index::hash(bytes) == *hash);
        stale.insert(path.clone(), Stale { found, edited });
    }
    Ok(stale)
}

fn has_banner(bytes: &[u8]) -> bool {
    let banner = BANNER.as_bytes();
    bytes
        .split(|byte| *byte == b'\n')
        .take(BANNER_LINES)
        .any(|line| line.windows(banner.len()).any(|window| window == banner))
}

/// Removes `folder` and the folders around it up to `outermost`, as long as they are empty.
fn remove_empty(folder: &Path, outermost: &Path) {
    for folder in folder.ancestors().take_while(|folder| folder.starts_with(outermost)) {
        if fs::remove_dir(folder).is_err() {
            return;
        }
    }
}

/// The outermost folder that would be made to make `folder`.
fn outermost_missing(folder: &Path) -> Option<PathBuf> {
    folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists())
        .last()
        .map(Path::to_owned)
}
