//! Which engine.

use std::fmt;
use std::time::Duration;

use orch_manifest::did_you_mean;

use super::{Command, CommandError, Interrupt};

/// How long an engine has to say that it is there.
const PATIENCE: Duration = Duration::from_secs(15);

/// The first Compose that knows everything that is rendered: `required` of `depends_on` came with it.
const OLDEST: (u64, u64) = (2, 20);

/// An engine that runs a system on one machine, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
}

impl Kind {
    /// All of them, the preferred one first.
    pub const ALL: [Self; 2] = [Self::Docker, Self::Podman];

    /// Its name, which is that of its program.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// The engine of this name.
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Its program.
    pub fn command(self) -> Command {
        Command::new(self.as_str())
    }

    /// The id of a local image, if it is there.
    pub fn image(self, name: &str, interrupt: &Interrupt) -> Result<Option<String>, CommandError> {
        let command = self.command().args(["image", "inspect", "--format", "{{.Id}}", name]);
        let output = command.capture(interrupt, Some(PATIENCE))?;
        let id = String::from_utf8_lossy(&output.stdout).trim().trim_start_matches("sha256:").to_owned();
        Ok(Some(id).filter(|id| output.status.success() && !id.is_empty()))
    }

    /// The ways to call its Compose, the preferred one first.
    fn composes(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Docker => &[&["docker", "compose"]],
            Self::Podman => &[&["podman-compose"], &["podman", "compose"]],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An engine that answers, with its Compose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    kind: Kind,
    /// The version of the engine.
    pub version: String,
    compose: &'static [&'static str],
    /// The version of its Compose.
    pub compose_version: String,
}

impl Tool {
    /// Which engine.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The engine's own program.
    pub fn command(&self) -> Command {
        self.kind.command()
    }

    /// Its Compose.
    pub fn compose(&self) -> Command {
        Command::new(self.compose[0]).args(self.compose[1..].iter().copied())
    }

    /// How its Compose is called.
    pub fn compose_name(&self) -> String {
        self.compose.join(" ")
    }
}

/// Why an engine cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Its program is not there.
    #[error("`{0}` is not installed")]
    Missing(Kind),
    /// Nobody answers its program.
    #[error("`{kind}` is installed, and its engine does not answer: {talk}")]
    Silent {
        /// The engine.
        kind: Kind,
        /// What its program says.
        talk: String,
    },
    /// It has no Compose.
    #[error("`{0}` has no Compose")]
    NoCompose(Kind),
    /// Its Compose is too old.
    #[error("`{kind} compose` is {found}, and {}.{} is the oldest that will do", OLDEST.0, OLDEST.1)]
    OldCompose {
        /// The engine.
        kind: Kind,
        /// The version.
        found: String,
    },
    /// This process was asked to end.
    #[error("interrupted")]
    Interrupted,
}

impl Unusable {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Missing(Kind::Docker) => {
                "install Docker (https://docs.docker.com/engine/install), or use another with `--engine podman`".into()
            }
            Self::Missing(Kind::Podman) => {
                "install Podman (https://podman.io/docs/installation), or use another with `--engine docker`".into()
            }
            Self::Silent { kind: Kind::Docker, .. } => {
                "start it (`systemctl start docker`, or Docker Desktop), or correct `DOCKER_HOST`".into()
            }
            Self::Silent { kind: Kind::Podman, .. } => {
                "`podman info` says more; outside Linux, start its machine with `podman machine start`".into()
            }
            Self::NoCompose(Kind::Docker) => {
                "install its plugin (https://docs.docker.com/compose/install/linux), as in `apt install docker-compose-plugin`".into()
            }
            Self::NoCompose(Kind::Podman) => {
                "install one, as in `apt install podman-compose` or `pip install podman-compose`".into()
            }
            Self::OldCompose { .. } => "update the plugin (https://docs.docker.com/compose/install/linux)".into(),
            Self::Interrupted => String::new(),
        }
    }
}

/// Why there is no engine.
#[derive(Debug, thiserror::Error)]
pub enum ChooseError {
    /// Nobody knows the name.
    #[error("there is no engine `{name}`, which {by} names")]
    Unknown {
        /// The name.
        name: String,
        /// Who names it.
        by: String,
    },
    /// The one that is named cannot be used.
    #[error("{by} names the engine `{kind}`, which cannot be used: {why}")]
    Named {
        /// The engine.
        kind: Kind,
        /// Who names it.
        by: String,
        /// Why not.
        why: Unusable,
    },
    /// None is named and none can be used.
    #[error("there is no engine: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    None(Vec<Unusable>),
}

impl ChooseError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::Unknown { name, .. } => did_you_mean(name, &Kind::ALL.map(Kind::as_str)),
            Self::Named { why, .. } => why.help(),
            // The first one that is there at all is the one to mend.
            Self::None(all) => {
                let mend = all.iter().find(|why| !matches!(why, Unusable::Missing(_))).or(all.first());
                mend.map_or_else(String::new, Unusable::help)
            }
        }
    }

    /// Whether this process was asked to end meanwhile.
    pub fn is_interrupted(&self) -> bool {
        match self {
            Self::Unknown { .. } => false,
            Self::Named { why, .. } => matches!(why, Unusable::Interrupted),
            Self::None(all) => all.iter().any(|why| matches!(why, Unusable::Interrupted)),
        }
    }
}

/// The engine of this name, named by somebody; the first that can be used when nobody names one.
pub fn choose(named: Option<(&str, &str)>, interrupt: &Interrupt) -> Result<Tool, ChooseError> {
    if let Some((name, by)) = named {
        let by = by.to_owned();
        let Some(kind) = Kind::find(name) else { return Err(ChooseError::Unknown { name: name.to_owned(), by }) };
        return detect(kind, interrupt).map_err(|why| ChooseError::Named { kind, by, why });
    }
    let mut reasons = Vec::new();
    for kind in Kind::ALL {
        match detect(kind, interrupt) {
            Ok(tool) => return Ok(tool),
            Err(why) => reasons.push(why),
        }
    }
    Err(ChooseError::None(reasons))
}

/// Whether an engine can be used.
pub fn detect(kind: Kind, interrupt: &Interrupt) -> Result<Tool, Unusable> {
    let version = engine(kind, interrupt)?;
    for words in kind.composes() {
        let command = Command::new(words[0]).args(words[1..].iter().copied()).arg("version");
        // Podman's hands `--short` on to whatever Compose it finds.
        let command = if kind == Kind::Docker { command.arg("--short") } else { command };
        let Ok(output) = command.output(interrupt, Some(PATIENCE)) else { continue };
        let compose_version = version_in(&String::from_utf8_lossy(&output.stdout));
        if kind == Kind::Docker && numbers(&compose_version).is_some_and(|found| found < OLDEST) {
            return Err(Unusable::OldCompose { kind, found: compose_version });
        }
        return Ok(Tool { kind, version, compose: words, compose_version });
    }
    Err(if interrupt.is_raised() { Unusable::Interrupted } else { Unusable::NoCompose(kind) })
}

/// The version of an engine that answers.
fn engine(kind: Kind, interrupt: &Interrupt) -> Result<String, Unusable> {
    let format = match kind {
        Kind::Docker => "{{.ServerVersion}}",
        Kind::Podman => "{{.Version.Version}}",
    };
    let command = Command::new(kind.as_str()).args(["info", "--format", format]);
    match command.capture(interrupt, Some(PATIENCE)) {
        Ok(output) => {
            let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            if output.status.success() && !version.is_empty() {
                return Ok(version);
            }
            let talk = String::from_utf8_lossy(&output.stderr);
            let talk = talk.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned();
            Err(Unusable::Silent { kind, talk })
        }
        Err(CommandError::Missing { .. }) => Err(Unusable::Missing(kind)),
        Err(CommandError::Interrupted) => Err(Unusable::Interrupted),
        Err(error) => Err(Unusable::Silent { kind, talk: error.to_string() }),
    }
}

/// The first word that begins like a version.
fn version_in(text: &str) -> String {
    let words = text.split_whitespace().map(|word| word.trim_start_matches('v'));
    let mut versions = words.filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    versions.next().unwrap_or_default().to_owned()
}

fn numbers(version: &str) -> Option<(u64, u64)> {
    let mut parts = version.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{ChooseError, choose, numbers, version_in};
    use crate::engine::Interrupt;

    #[test]
    fn an_unknown_engine_is_an_error_with_the_nearest_name() {
        let error = choose(Some(("dokcer", "`--engine`")), &Interrupt::never()).unwrap_err();
        assert!(matches!(error, ChooseError::Unknown { .. }));
        assert!(error.help().contains("`docker`"), "{}", error.help());
    }

    #[test]
    fn versions_are_found_in_what_composes_say() {
        for (text, version, pair) in [
            ("2.26.1-4\n", "2.26.1-4", (2, 26)),
            ("v2.9.0", "2.9.0", (2, 9)),
            ("podman-compose version 1.5.0\npodman version 5.4.2\n", "1.5.0", (1, 5)),
            ("Docker Compose version v5.0.1", "5.0.1", (5, 0)),
        ] {
            assert_eq!(version_in(text), version);
            assert_eq!(numbers(version), Some(pair));
        }
        assert_eq!(numbers(&version_in("unknown")), None);
    }
}
