//! What is where in `.orch/`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::plan::Profile;

/// Its name.
pub const NAME: &str = ".orch";

/// The folder `.orch` of a workspace.
#[derive(Clone, Debug)]
pub struct Folder {
    workspace: PathBuf,
}

impl Folder {
    /// That of the workspace with this root.
    pub fn of(workspace: impl Into<PathBuf>) -> Self {
        Self { workspace: workspace.into() }
    }

    /// The root of the workspace.
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The folder itself.
    pub fn root(&self) -> PathBuf {
        self.workspace.join(NAME)
    }

    /// What belongs to a profile.
    pub fn profile(&self, profile: &Profile) -> PathBuf {
        self.root().join(profile.as_str())
    }

    /// What Compose runs in a profile.
    pub fn compose(&self, profile: &Profile) -> PathBuf {
        self.profile(profile).join("compose")
    }

    /// What is deployed to a cluster in a profile, as its target renders it.
    pub fn deployed(&self, profile: &Profile, target: &str) -> PathBuf {
        self.profile(profile).join(target)
    }

    /// What applications on the host read by themselves in a profile.
    pub fn host(&self, profile: &Profile) -> PathBuf {
        self.profile(profile).join("host")
    }

    /// The secrets of a developer's machine.
    pub fn secrets(&self) -> PathBuf {
        self.root().join("secrets")
    }

    /// The data of `data = "bind"`.
    pub fn data(&self) -> PathBuf {
        self.root().join("data")
    }

    /// The profiles in which `up` was run, in the order of their names.
    pub fn launched(&self) -> Vec<String> {
        let entries = fs::read_dir(self.root()).into_iter().flatten().flatten();
        let launched = entries.filter(|entry| entry.path().join(super::state::FILE).exists());
        let mut names: Vec<String> = launched.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// What images are built from, while they are built.
    pub fn build(&self) -> PathBuf {
        self.root().join("build")
    }

    /// Makes the folder of a profile.
    pub fn make(&self, profile: &Profile) -> io::Result<()> {
        self.make_root()?;
        fs::create_dir_all(self.profile(profile))
    }

    /// Makes the folder itself, which git does not look into.
    pub fn make_root(&self) -> io::Result<()> {
        fs::create_dir_all(self.root())?;
        let ignore = self.root().join(".gitignore");
        if !ignore.exists() {
            fs::write(ignore, "*\n")?;
        }
        Ok(())
    }

    /// Keeps other `up`s of the profile away, as long as what is returned is there; none while another
    /// one runs.
    pub fn lock(&self, profile: &Profile) -> io::Result<Option<fs::File>> {
        let file = fs::File::create(self.profile(profile).join("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => Err(error),
        }
    }
}
