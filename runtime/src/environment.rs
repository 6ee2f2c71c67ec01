//! Where an application is: its variables, and the file system with its secrets.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::error::Outcome;
use crate::{contract, launched};

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
    /// What was left for the program, for variables that are not there.
    launched: BTreeMap<String, String>,
}

/// Without the values: secrets may be among them.
impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.variables.as_ref().map(|variables| variables.keys().collect::<Vec<_>>());
        let debug = &mut f.debug_struct("Environment");
        debug.field("variables", &names).field("root", &self.root).field("launched", &self.launched).finish()
    }
}

impl Environment {
    /// That of the process, each variable as it is when it is asked for. A process that is told nothing
    /// looks for what `cargo orch up` left, see [`program`](Environment::program).
    pub fn process() -> Self {
        let environment = Self { variables: None, root: None, launched: BTreeMap::new() };
        match std::env::current_exe() {
            Ok(program) => environment.program(program),
            Err(_) => environment,
        }
    }

    /// These variables and no others.
    pub fn of<K: Into<OsString>, V: Into<OsString>>(variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        Self { variables: Some(variables), root: None, launched: BTreeMap::new() }
    }

    /// As the program at this path sees it: where it is told nothing, since it runs outside of any container,
    /// what `cargo orch up` has left in the folder `.orch` of the workspace around the program tells it. The
    /// profile is that of `ORCH_PROFILE`, else `local`.
    pub fn program(self, path: impl AsRef<Path>) -> Self {
        if self.variable(contract::VARIABLE) != Err(Outcome::Absent) {
            return self;
        }
        let launched = launched::variables(path.as_ref(), &self);
        Self { launched, ..self }
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
            None => self.launched.get(name).cloned().ok_or(Outcome::Absent),
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
