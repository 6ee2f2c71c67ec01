//! Why an application does not get what it asks for.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

/// Where something was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// A variable of the environment.
    Variable(String),
    /// A file.
    File(PathBuf),
    /// The bindings that `ORCH_SYSTEM` tells of.
    System,
}

/// What was there instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Nothing.
    Absent,
    /// An empty text.
    Empty,
    /// Bytes that are not UTF-8.
    NotUnicode,
    /// More than a mebibyte.
    TooLong,
    /// Something that cannot be read.
    Unreadable(ErrorKind),
}

/// One place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Looked {
    /// The place.
    pub place: Place,
    /// What was there.
    pub outcome: Outcome,
}

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Variable(name) => write!(f, "the variable `{name}`")?,
            Place::File(path) => write!(f, "the file `{}`", path.display())?,
            Place::System => f.write_str("the binding in `ORCH_SYSTEM`")?,
        }
        match (&self.outcome, &self.place) {
            (Outcome::Absent, Place::Variable(_)) => f.write_str(" is not set"),
            (Outcome::Absent, _) => f.write_str(" is not there"),
            (Outcome::Empty, _) => f.write_str(" is empty"),
            (Outcome::NotUnicode, _) => f.write_str(" is not UTF-8"),
            (Outcome::TooLong, _) => f.write_str(" is longer than 1 MiB"),
            (Outcome::Unreadable(kind), _) => write!(f, " cannot be read: {kind}"),
        }
    }
}

/// Why `ORCH_SYSTEM` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SystemError {
    /// The variable is not set, or empty.
    Absent,
    /// The variable is not UTF-8.
    NotUnicode,
    /// It is of another contract than this crate reads.
    Contract {
        /// The number that was found.
        found: String,
        /// The number that is read.
        known: u32,
    },
    /// It is not what the contract says.
    Malformed {
        /// Where, as `services.postgres.port`; empty for the whole.
        at: String,
        /// What is wrong.
        problem: String,
    },
}

impl fmt::Display for SystemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("`ORCH_SYSTEM` is not set"),
            Self::NotUnicode => f.write_str("`ORCH_SYSTEM` is not UTF-8"),
            Self::Contract { found, known } => write!(
                f,
                "`ORCH_SYSTEM` speaks contract {found} and this program contract {known}: use the same version of \
                 `orch-runtime` and `cargo-orch`"
            ),
            Self::Malformed { at, problem } if at.is_empty() => write!(f, "`ORCH_SYSTEM` is malformed: {problem}"),
            Self::Malformed { at, problem } => write!(f, "`ORCH_SYSTEM` is malformed at `{at}`: {problem}"),
        }
    }
}

impl std::error::Error for SystemError {}

/// Why there is no binding or no endpoint. No value is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It, or something that it is made of, is nowhere.
    Missing {
        /// What was asked for: `DATABASE_URL`, or the id of a service.
        wanted: String,
        /// What it is made of and is missing: the secret or the variable of this name.
        part: Option<String>,
        /// Where it was looked for, in order.
        looked: Vec<Looked>,
    },
    /// What the application is told cannot be read.
    System {
        /// What was asked for.
        wanted: String,
        /// Why.
        source: SystemError,
        /// Where it was looked for before.
        looked: Vec<Looked>,
    },
    /// The application uses no service of this id.
    Unknown {
        /// The id.
        id: String,
        /// Those that it uses.
        known: Vec<String>,
    },
    /// The service has no host: it is in the application's process, or the deployer named none.
    NoHost {
        /// Its id.
        id: String,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let looked = match self {
            Self::Missing { wanted, part, looked } => {
                match part {
                    Some(part) => write!(f, "`{wanted}` lacks {part}")?,
                    None => write!(f, "`{wanted}` is not there")?,
                }
                looked
            }
            Self::System { wanted, source, looked } => {
                write!(f, "`{wanted}` is not there: {source}")?;
                looked
            }
            Self::Unknown { id, known } => {
                let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return write!(f, "this application uses no service `{id}`; it uses {known}");
            }
            Self::NoHost { id } => return write!(f, "`{id}` has no host"),
        };
        for (index, looked) in looked.iter().enumerate() {
            f.write_str(if index == 0 { ": " } else { "; " })?;
            looked.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System { source, .. } => Some(source),
            _ => None,
        }
    }
}
