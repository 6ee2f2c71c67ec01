//! The files that an engine is given for a Dockerfile.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use tempfile::TempDir;

use crate::config::BuildForm;
use crate::target::{COMPILED, Image, ignored};

/// What an engine is given to build one image: a Dockerfile and the files that it copies, removed at the end.
///
/// It is a copy, so that nothing is written into the workspace and so that an engine without `BuildKit`,
/// which reads no other list of what it ignores than the one in the context, is given that list.
pub struct Context {
    folder: TempDir,
}

/// Why there is no context.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// A file cannot be read or written.
    #[error("cannot copy `{}` for the image", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A program is none that a container runs.
    #[error("`{}` is no program for Linux, and so none for an image", path.display())]
    NotLinux {
        /// The program.
        path: PathBuf,
    },
}

impl Context {
    /// One with nothing but a Dockerfile, in a folder.
    pub fn new(within: &Path, dockerfile: &str) -> Result<Self, ContextError> {
        let folder = fs::create_dir_all(within)
            .and_then(|()| tempfile::Builder::new().prefix("image-").tempdir_in(within))
            .map_err(failed(within))?;
        let context = Self { folder };
        let path = context.dockerfile();
        fs::write(&path, dockerfile).map_err(failed(&path))?;
        fs::create_dir(context.files()).map_err(failed(&context.files()))?;
        Ok(context)
    }

    /// The Dockerfile.
    pub fn dockerfile(&self) -> PathBuf {
        self.folder.path().join("Dockerfile")
    }

    /// The folder of the files.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("context")
    }

    /// Adds the sources of a workspace: nothing above its root, and of what is in it neither what was
    /// compiled nor what a version control or this program keeps.
    pub fn add_sources(&self, root: &Path, image: &Image) -> Result<(), ContextError> {
        copy_folder(root, &self.files())?;
        let ignore = self.files().join(".dockerignore");
        if !ignore.exists() {
            let lines = ignored(BuildForm::Source, image).join("\n") + "\n";
            fs::write(&ignore, lines).map_err(failed(&ignore))?;
        }
        Ok(())
    }

    /// Adds a program that was compiled outside.
    pub fn add_program(&self, bin: &str, path: &Utf8Path) -> Result<(), ContextError> {
        let path = path.as_std_path();
        let mut magic = [0; 4];
        let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut magic));
        read.map_err(failed(path))?;
        if magic != *b"\x7fELF" {
            return Err(ContextError::NotLinux { path: path.to_owned() });
        }
        let folder = self.files().join(COMPILED);
        fs::create_dir_all(&folder).map_err(failed(&folder))?;
        fs::copy(path, folder.join(bin)).map(|_| ()).map_err(failed(path))
    }
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ContextError + use<> {
    let path = path.to_owned();
    move |source| ContextError::Copy { path: path.clone(), source }
}

/// Copies what is a file, a folder or a link; a link stays one, and so leads nowhere outside.
fn copy_folder(from: &Path, to: &Path) -> Result<(), ContextError> {
    for entry in fs::read_dir(from).map_err(failed(from))? {
        let entry = entry.map_err(failed(from))?;
        let (path, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(failed(&path))?;
        if kind.is_dir() {
            if is_source(&path) {
                fs::create_dir(&target).map_err(failed(&target))?;
                copy_folder(&path, &target)?;
            }
        } else if kind.is_symlink() {
            link(&path, &target).map_err(failed(&path))?;
        } else if kind.is_file() {
            fs::copy(&path, &target).map_err(failed(&path))?;
        }
    }
    Ok(())
}

/// Whether a folder is a part of the sources. Cargo marks what it compiles to.
///
/// Source: the "Cache Directory Tagging Specification".
fn is_source(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default();
    ![".git", ".hg", ".svn", ".jj", crate::launch::folder::NAME].iter().any(|other| name == *other)
        && !folder.join("CACHEDIR.TAG").is_file()
}

#[cfg(unix)]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(fs::read_link(from)?, to)
}

#[cfg(not(unix))]
fn link(from: &Path, to: &Path) -> io::Result<()> {
    if from.is_file() { fs::copy(from, to).map(|_| ()) } else { Ok(()) }
}
