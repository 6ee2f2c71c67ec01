//! Where an application is: its variables, and the file system with its secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::Outcome;

/// More than that is no secret: a limit for a path that leads to something endless.
const LIMIT: u64 = 1 << 20;

/// The variables and the root folder that an application sees: those of the process, or made ones.
///
/// ```
/// # extern crate orch_runtime as orch;
/// use orch::{Environment, System};
///
/// let system = System::new(Environment::of([("GREETING", "hello")]));
/// assert_eq!(system.binding("GREETING")?.as_str(), "hello");
/// # Ok::<(), orch::Error>(())
/// ```
#[derive(Clone)]
pub struct Environment {
    variables: Option<BTreeMap<OsString, OsString>>,
    root: Option<PathBuf>,
}

/// Without the values: secrets may be among them.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.variables.as_ref().map(|variables| variables.keys().collect::<Vec<_>>());
        f.debug_struct("Environment").field("variables", &names).field("root", &self.root).finish()
    }
}

impl Environment {
    /// That of the process, each variable as it is when it is asked for.
    pub fn process() -> Self {
        Self { variables: None, root: None }
    }

    /// These variables and no others.
    pub fn of<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables: Some(variables), root: None }
    }

    /// With this folder in place of `/`.
    pub fn rooted(self, root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()), ..self }
    }

    /// What a variable holds. One that is empty is as good as none: an engine makes one of a value that
    /// nobody supplied.
    pub(crate) fn variable(&self, name: &str) -> Result<String, Outcome> {
        let value = match &self.variables {
            Some(variables) => variables.get(std::ffi::OsStr::new(name)).cloned(),
            None => std::env::var_os(name),
        };
        match value.map(OsString::into_string) {
            None => Err(Outcome::Absent),
            Some(Err(_)) => Err(Outcome::NotUnicode),
            Some(Ok(value)) if value.is_empty() => Err(Outcome::Empty),
            Some(Ok(value)) => Ok(value),
        }
    }

    /// What a file holds, without one line break at its end.
    pub(crate) fn file(&self, path: &Path) -> Result<String, Outcome> {
        let path = match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LIMIT + 1).read_to_end(&mut bytes));
        if let Err(error) = read {
            return Err(match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => Outcome::Absent,
                kind => Outcome::Unreadable(kind),
            });
        }
        if bytes.len() as u64 > LIMIT {
            return Err(Outcome::TooLong);
        }
        let mut text = String::from_utf8(bytes).map_err(|_| Outcome::NotUnicode)?;
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        if text.is_empty() { Err(Outcome::Empty) } else { Ok(text) }
    }
}
