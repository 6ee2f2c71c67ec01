//! A text of a user's, and the place of a mistake in it.

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::grammar::Problem;

/// A file that is read, and where it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// The folder that the path is relative to.
    pub(crate) folder: Utf8PathBuf,
    /// The file, as messages name it.
    pub(crate) path: Utf8PathBuf,
    pub(crate) text: String,
}

/// Why a configuration could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read from disk.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{}", list(mistakes))]
    Wrong {
        /// Everything that is wrong.
        mistakes: Vec<Mistake>,
    },
}

/// One thing that is wrong in a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub path: Utf8PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.path, self.line, self.column, self.message)?;
        match &self.help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

fn list(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl ConfigError {
    /// An error where something is wrong.
    pub(super) fn unless_empty(mistakes: Vec<Mistake>) -> Result<(), Self> {
        if mistakes.is_empty() { Ok(()) } else { Err(Self::Wrong { mistakes }) }
    }
}

impl Source {
    pub(crate) fn new(folder: &Utf8Path, path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Self {
        Self { folder: folder.to_owned(), path: path.into(), text: text.into() }
    }

    pub(crate) fn mistake(&self, problem: Problem<usize>) -> Mistake {
        let (line, column) = self.position(problem.span);
        Mistake { path: self.path.clone(), line, column, message: problem.message, help: problem.help }
    }

    pub(crate) fn mistakes(&self, problems: Vec<Problem<usize>>) -> Vec<Mistake> {
        problems.into_iter().map(|problem| self.mistake(problem)).collect()
    }

    /// Line and column, in characters, of a byte; both from 1.
    pub(crate) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(&self.text);
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (before.matches('\n').count() + 1, column)
    }
}
