//! Profiles: for which situation something is rendered.

use std::fmt;

use orch_manifest::{Invalid, did_you_mean};

/// A situation in which a system runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// A developer's machine.
    Local,
    /// A test run that leaves nothing behind.
    Ci,
    /// Like production, for trying.
    Staging,
    /// Production.
    Prod,
}

impl Profile {
    /// The names of the profiles.
    pub const NAMES: [&'static str; 4] = ["local", "ci", "staging", "prod"];

    /// Finds a profile by its name; `dev` and `production` are understood.
    pub fn find(name: &str) -> Result<Self, Invalid> {
        match name {
            "local" | "dev" => Ok(Self::Local),
            "ci" => Ok(Self::Ci),
            "staging" => Ok(Self::Staging),
            "prod" | "production" => Ok(Self::Prod),
            _ => Err(Invalid::new(format!("there is no profile `{name}`")).help(did_you_mean(name, &Self::NAMES))),
        }
    }

    /// Its name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Ci => "ci",
            Self::Staging => "staging",
            Self::Prod => "prod",
        }
    }

    /// Whether it is a machine of one's own, where nothing is reached from outside.
    pub fn is_private(self) -> bool {
        matches!(self, Self::Local | Self::Ci)
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
