//! Exit codes.

/// How a command ended. The numbers are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; warnings and notes may have been printed.
    Done,
    /// Findings: errors, drift, something unhealthy or incomplete.
    Findings,
    /// The command line is wrong.
    Usage,
    /// A tool or an engine is missing.
    Missing,
    /// The workspace does not compile.
    Compile,
    /// Input or output failed.
    Io,
    /// A bug of ours.
    Bug,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Missing => 3,
            Self::Compile => 5,
            Self::Io => 6,
            Self::Bug => 101,
        }
    }
}
