use std::error::Error as _;
use std::fmt::{self, Write as _};

use crate::config::ConfigError;
use crate::finding::{Finding, Severity};
use crate::gather::{GatherError, Gathered};
use crate::plan::ProfileError;
use crate::target::TargetError;
use crate::write::WriteError;

/// Why a build script could not render.
///
/// `{:?}`, which is what Rust shows of an error that `main` returns, prints what a person wants to
/// read, with the causes and with what to do.
#[derive(thiserror::Error)]
pub enum Error {
    /// This is no build script.
    #[error("`cargo_orch::build` works in a build script only, and `{missing}` is not set here")]
    NoBuildScript {
        /// A variable that a build script has.
        missing: &'static str,
    },
    /// The workspace could not be read.
    #[error(transparent)]
    Gather(#[from] GatherError),
    /// `orch.toml` is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is no such profile.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// There is no such target, or a pack fails.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The artifacts cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Cargo cannot be told anything.
    #[error("cannot write to standard output")]
    Cargo {
        /// Why.
        source: std::io::Error,
    },
    /// Something is wrong with the system.
    #[error("the system cannot be rendered{text}")]
    Findings {
        /// What was found, errors first.
        findings: Vec<Finding>,
        /// The same for people.
        text: String,
    },
}

impl Error {
    pub(super) fn findings(mut findings: Vec<Finding>, gathered: &Gathered) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let shown = findings.iter().filter(|finding| finding.severity != Severity::Note);
        let text = shown.map(|finding| describe(finding, gathered)).collect();
        Self::Findings { findings, text }
    }
}

impl Error {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NoBuildScript { .. } => Some("elsewhere, run `cargo orch render`".to_owned()),
            Self::Gather(error) => error.help(),
            Self::Profile(ProfileError::Unknown(invalid)) => invalid.help.clone(),
            Self::Target(error) => error.help(),
            Self::Write(error) => error.help().map(str::to_owned),
            // Mistakes in `orch.toml` come with their own.
            Self::Config(_) | Self::Profile(ProfileError::Config(_)) | Self::Cargo { .. } | Self::Findings { .. } => {
                None
            }
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        let mut cause = self.source();
        while let Some(error) = cause {
            write!(f, "\n  caused by: {error}")?;
            cause = error.source();
        }
        if let Self::Target(error) = self {
            error.excerpt().iter().try_for_each(|excerpt| write!(f, "\n{excerpt}"))?;
        }
        self.help().iter().try_for_each(|help| write!(f, "\n  help: {help}"))?;
        let Self::Target(error) = self else { return Ok(()) };
        for fault in error.others() {
            write!(f, "\n{fault}")?;
            fault.excerpt().iter().try_for_each(|excerpt| write!(f, "\n{excerpt}"))?;
            fault.help.iter().try_for_each(|help| write!(f, "\n  help: {help}"))?;
        }
        Ok(())
    }
}

/// A finding on lines of its own.
fn describe(finding: &Finding, gathered: &Gathered) -> String {
    let mut text = format!("\n\n{}[{}]: {}", finding.severity, finding.code, finding.message);
    for place in &finding.places {
        let file = gathered.sources.file(place).map(|file| {
            let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("{}{line}", file.strip_prefix(&gathered.root).unwrap_or(&file))
        });
        let _ = write!(text, "\n  --> {}", file.unwrap_or_else(|| place.to_string()));
    }
    if let Some(help) = &finding.help {
        let _ = write!(text, "\n  help: {help}");
    }
    text
}
