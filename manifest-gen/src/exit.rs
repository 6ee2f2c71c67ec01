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
    /// Something did not become ready in time.
    NotReady,
    /// The workspace does not compile.
    Compile,
    /// Input or output failed.
    Io,
    /// The process was asked to end, as Ctrl-C does.
    Interrupted,
    /// The exit code of a program that was run for its own sake: by `exec`, `run` and `run-job`.
    Program(u8),
    /// A bug of ours.
    Bug,
}

impl Exit {
    /// How a program ended that was run for its own sake; as shells say it where a signal ended it.
    pub fn of(status: std::process::ExitStatus) -> Self {
        #[cfg(unix)]
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        #[cfg(not(unix))]
        let signal: Option<i32> = None;
        let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
        Self::Program(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    }

    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Missing => 3,
            Self::NotReady => 4,
            Self::Compile => 5,
            Self::Io => 6,
            Self::Interrupted => 130,
            Self::Program(code) => code,
            Self::Bug => 101,
        }
    }
}
