//! What `up` remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use orch_manifest::{Id, Port, Protocol};
use serde::{Deserialize, Serialize};

use super::ports::Source;
use crate::engine::Kind;

/// The version of the form.
pub const SCHEMA_VERSION: u64 = 1;

/// The name of the file in the folder of a profile.
pub const FILE: &str = "launch.json";

/// The name of the one before.
pub const BACKUP: &str = "launch.json.backup";

/// What `up` remembers of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The version of the form.
    schema_version: u64,
    /// The system.
    pub system: Id,
    /// The root of the workspace when `up` was run here first; the engine's containers and volumes name it.
    pub checkout: PathBuf,
    /// The name under which the engine knows it.
    pub project: String,
    /// The engine.
    pub engine: String,
    /// The services, applications and jobs that Compose was given.
    #[serde(default)]
    pub services: BTreeSet<Id>,
    /// Whether the applications were left to the host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub without_apps: bool,
    /// Whether data is in folders of the host.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bound: bool,
    /// Whether everything was published.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub exposed: bool,
    /// Who was left out since somebody else has its port, and which port that is.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skipped: BTreeMap<Id, Port>,
    /// The ports of the host, by the variable that supplies each.
    #[serde(default)]
    pub ports: BTreeMap<String, PortRecord>,
    /// The variables without which Compose does not read its file.
    #[serde(default)]
    pub requires: BTreeSet<String>,
    /// What was started last, when that was seen to be ready: a hash of everything that Compose was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
}

/// A port of the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PortRecord {
    /// Whose it is.
    pub service: Id,
    /// The port of the container.
    pub target: Port,
    /// Its transport.
    pub protocol: Protocol,
    /// The one that was wanted.
    pub desired: Port,
    /// Who wanted it.
    pub source: Source,
    /// The one that it has.
    pub assigned: Port,
}

/// Why what `up` remembers cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what `up` writes.
    #[error("`{}` is damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// A newer version wrote it.
    #[error("`{}` has the version {found}, and this cargo-orch knows {SCHEMA_VERSION}", path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

impl StateError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Write { path, .. } => Some(format!(
                "see to it that `{}` can be written, and that its disk is not full",
                folder(path).display()
            )),
            Self::Damaged { path, .. } => Some(format!(
                "go back to the one before with `mv {0}/{BACKUP} {0}/{FILE}`, or forget which ports were assigned with `rm {0}/{FILE}`; \
                 neither stops a container nor removes data",
                folder(path).display()
            )),
            Self::Version { .. } => Some("use a newer cargo-orch".to_owned()),
        }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}

impl State {
    /// What is remembered before anything is.
    pub fn new(system: Id, checkout: PathBuf, project: String, engine: Kind) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            system,
            checkout,
            project,
            engine: engine.as_str().to_owned(),
            services: BTreeSet::new(),
            without_apps: false,
            bound: false,
            exposed: false,
            skipped: BTreeMap::new(),
            ports: BTreeMap::new(),
            requires: BTreeSet::new(),
            ready: None,
        }
    }

    /// The same when all of it was seen to be ready.
    pub fn ready(self, fingerprint: &str) -> Self {
        Self { ready: Some(fingerprint.to_owned()), ..self }
    }

    /// Reads what is remembered in the folder of a profile; nothing where nothing is.
    pub fn read(folder: &Path) -> Result<Option<Self>, StateError> {
        let path = folder.join(FILE);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StateError::Read { path, source }),
        };
        let damaged = |problem: String| StateError::Damaged { path: path.clone(), problem };
        let value: serde_json::Value = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
        let version = value.get("schemaVersion").and_then(serde_json::Value::as_u64);
        match version {
            Some(SCHEMA_VERSION) => {}
            Some(found) if found > SCHEMA_VERSION => return Err(StateError::Version { path, found }),
            _ => return Err(damaged("it has no `schemaVersion`".to_owned())),
        }
        let state: Self = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
        // It becomes an argument of an engine.
        if !super::project::is_name(&state.project) {
            return Err(damaged(format!("{:?} is no name of a project", state.project)));
        }
        if Kind::find(&state.engine).is_none() {
            return Err(damaged(format!("{:?} is no engine", state.engine)));
        }
        Ok(Some(state))
    }

    /// Writes it, whole or not at all; what was there before is kept once.
    pub fn write(&self, folder: &Path) -> Result<(), StateError> {
        let path = folder.join(FILE);
        let failed = |source| StateError::Write { path: path.clone(), source };
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        let before = fs::read(&path).ok();
        if before.as_ref() == Some(&text) {
            return Ok(());
        }
        // Only its owner reads it, as a temporary file: the hash in it is made with secrets.
        let new = staged(folder, &text).map_err(failed)?;
        if let Some(before) = before {
            let old = staged(folder, &before).map_err(failed)?;
            old.persist(folder.join(BACKUP)).map_err(|error| failed(error.error))?;
        }
        new.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn staged(folder: &Path, bytes: &[u8]) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new().prefix(".launch-").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use orch_manifest::Id;
    use proptest::prelude::*;

    use super::{BACKUP, FILE, State, StateError};
    use crate::engine::Kind;

    fn state(project: &str) -> State {
        State::new(Id::parse("shop").unwrap(), PathBuf::from("/w"), project.to_owned(), Kind::Docker)
    }

    #[test]
    fn what_was_there_before_is_kept_once() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(State::read(folder.path()).unwrap(), None);
        for project in ["a", "b", "b"] {
            state(project).write(folder.path()).unwrap();
            assert_eq!(State::read(folder.path()).unwrap(), Some(state(project)));
        }
        std::fs::rename(folder.path().join(BACKUP), folder.path().join(FILE)).unwrap();
        assert_eq!(State::read(folder.path()).unwrap(), Some(state("a")));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "temporary files are left");
    }

    #[test]
    fn a_damaged_one_says_how_to_reset_it() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "{", "{}", "null", r#"{"schemaVersion":1}"#] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let error = State::read(folder.path()).unwrap_err();
            assert!(matches!(error, StateError::Damaged { .. }), "{error}");
            assert!(error.help().unwrap().contains(&format!("rm {}/{FILE}", folder.path().display())));
        }
        std::fs::write(folder.path().join(FILE), r#"{"schemaVersion":7}"#).unwrap();
        let error = State::read(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("has the version 7, and this cargo-orch knows 1"), "{error}");
    }

    #[test]
    fn nobody_slips_an_argument_into_the_projects_name() {
        let folder = tempfile::tempdir().unwrap();
        state("--volumes").write(folder.path()).unwrap();
        assert!(matches!(State::read(folder.path()), Err(StateError::Damaged { .. })));
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in any::<Vec<u8>>()) {
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join(FILE), bytes).unwrap();
            let _ = State::read(folder.path());
        }
    }
}
