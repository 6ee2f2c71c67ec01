//! Profiles: for which situation something is rendered.

use std::fmt;

use orch_manifest::{Invalid, did_you_mean};

use crate::config::{Config, ConfigError};

/// A situation in which a system runs: one of the four that are built in, or one of `orch.toml`
/// that starts from one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    name: String,
    base: Base,
}

/// A profile that is built in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// A developer's machine.
    Local,
    /// A test run that leaves nothing behind.
    Ci,
    /// Like production, for trying.
    Staging,
    /// Production.
    Prod,
}

impl Base {
    const ALL: [(&'static str, Self); 4] =
        [("local", Self::Local), ("ci", Self::Ci), ("staging", Self::Staging), ("prod", Self::Prod)];

    fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, base)| base)
    }
}

/// Why there is no such profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Nobody knows the name.
    #[error("{}", .0.problem)]
    Unknown(Invalid),
    /// The configuration defines it wrongly.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Profile {
    /// A profile that is built in.
    pub fn built_in(base: Base) -> Self {
        let name = Base::ALL.into_iter().find(|(_, other)| *other == base).map_or("local", |(name, _)| name);
        Self { name: name.to_owned(), base }
    }

    /// Finds a profile by its name; `dev` and `production` are understood.
    pub fn find(name: &str, config: &Config) -> Result<Self, ProfileError> {
        let name = match name {
            "dev" if !config.profiles.contains_key(name) => "local",
            "production" if !config.profiles.contains_key(name) => "prod",
            name => name,
        };
        let mut seen: Vec<&str> = Vec::new();
        let mut next = name;
        loop {
            if let Some(base) = Base::find(next) {
                return Ok(Self { name: name.to_owned(), base });
            }
            let Some(section) = config.profiles.get(next) else { return Err(unknown(next, config)) };
            seen.push(next);
            next = match section.extends.as_deref() {
                None => {
                    let message = format!("the profile `{next}` does not say from which it starts");
                    return Err(config.mistake(section, message, "write `extends = \"staging\"`".to_owned()).into());
                }
                Some(other) if seen.contains(&other) => {
                    let message = format!("the profile `{next}` extends `{other}`, which extends it");
                    return Err(config
                        .mistake(section, message, "let one of them extend a built-in profile".to_owned())
                        .into());
                }
                Some(other) => other,
            };
        }
    }

    /// Every profile there is: those built in, then those of the configuration.
    pub fn all(config: &Config) -> Result<Vec<Self>, ProfileError> {
        let built_in = Base::ALL.into_iter().map(|(name, _)| name);
        let own = config.profiles.keys().map(String::as_str).filter(|name| Base::find(name).is_none());
        built_in.chain(own).map(|name| Self::find(name, config)).collect()
    }

    /// Its name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The built-in profile from which it starts.
    pub fn base(&self) -> Base {
        self.base
    }

    /// Whether it is a machine of one's own, where nothing is reached from outside.
    pub fn is_private(&self) -> bool {
        matches!(self.base, Base::Local | Base::Ci)
    }
}

fn unknown(name: &str, config: &Config) -> ProfileError {
    let built_in = Base::ALL.iter().map(|(name, _)| *name);
    let known: Vec<&str> = built_in.chain(config.profiles.keys().map(String::as_str)).collect();
    ProfileError::Unknown(Invalid::new(format!("there is no profile `{name}`")).help(did_you_mean(name, &known)))
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}
