//! A value that an application connects with.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;
use crate::system::System;

/// The value of a binding, such as a URL. Whether or not there is a secret in it, it has no `Display`:
/// where it is used it is asked for with [`as_str`](Binding::as_str). Its `Debug` has the value only
/// where it is known that there is no secret in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Binding {
    name: String,
    value: String,
    is_secret: bool,
    source: Source,
}

/// Where a binding came from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The variable of its name.
    Variable,
    /// The file that the variable `NAME_FILE` names.
    File(PathBuf),
    /// The parts in `ORCH_SYSTEM`, put together.
    Parts,
}

impl Binding {
    pub(crate) fn new(name: &str, value: String, is_secret: bool, source: Source) -> Self {
        Self { name: name.to_owned(), value, is_secret, source }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, to connect with.
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// The value.
    pub fn into_string(self) -> String {
        self.value
    }

    /// The value as something else. The error is that of the type.
    pub fn parse<T: FromStr>(&self) -> Result<T, T::Err> {
        self.value.parse()
    }

    /// Whether there is, or may be, a secret in it.
    pub fn is_secret(&self) -> bool {
        self.is_secret
    }

    /// Where it came from.
    pub fn source(&self) -> &Source {
        &self.source
    }
}

impl AsRef<str> for Binding {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

impl fmt::Debug for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = if self.is_secret { "…" } else { &self.value };
        f.debug_struct("Binding")
            .field("name", &self.name)
            .field("value", &value)
            .field("source", &self.source)
            .finish()
    }
}

/// The value of a binding, wherever the application runs. The first of these that is there:
///
/// 1. the environment variable of this name,
/// 2. the file that the variable `NAME_FILE` names,
/// 3. the parts that `ORCH_SYSTEM` has for it: texts; variables of the deployer, with their declared
///    default; secrets, percent-encoded where they stand in a URL. A secret is the file of its name, or
///    `<name>.<key>`, in the folder that `ORCH_SECRETS` names, in `/run/secrets` (Compose and Swarm) or
///    in `/run/secrets/orch` (Kubernetes), or the variable of its name (`POSTGRES_PASSWORD`, or
///    `ORCH_SECRET_POSTGRES_PASSWORD`).
///
/// Where `ORCH_SYSTEM` is not set, what `cargo orch up` has left in the folder `.orch` around the program
/// tells it, so that a program finds on a developer's machine what runs there.
///
/// An empty variable or file is as good as none, since an engine makes one of what nobody supplied; an
/// empty value comes only from a declaration that allows it. Something that is set and cannot be read
/// is an error. One line break at the end of a file is no part of the value.
///
/// ```no_run
/// # extern crate orch_runtime as orch;
/// # fn connect(url: &str) {}
/// let url = orch::binding("DATABASE_URL")?;
/// connect(url.as_str());
/// # Ok::<(), orch::Error>(())
/// ```
pub fn binding(name: &str) -> Result<Binding, Error> {
    System::current().binding(name)
}
