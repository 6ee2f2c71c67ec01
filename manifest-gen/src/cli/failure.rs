use std::error::Error;

use orch_manifest::manifest::ManifestError;

use crate::config::ConfigError;
use crate::engine::{ChooseError, CommandError, EngineError};
use crate::exit::Exit;
use crate::gather::GatherError;
use crate::launch::StateError;
use crate::launch::host::HostError;
use crate::launch::ports::WishError;
use crate::launch::secrets::SecretError;
use crate::output::Output;
use crate::plan::ProfileError;
use crate::target::TargetError;
use crate::write::WriteError;

/// Why a command cannot go on, and with which exit code it ends.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    excerpt: Option<String>,
    help: Option<String>,
    /// What else is wrong, and is shown after it.
    next: Option<Box<Failure>>,
}

impl Failure {
    pub(super) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), causes: Vec::new(), excerpt: None, help: None, next: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with something to do, unless it has that already.
    pub(super) fn or_help(mut self, help: impl Into<String>) -> Self {
        self.help.get_or_insert_with(|| help.into());
        self
    }

    fn from_error(exit: Exit, error: &dyn Error) -> Self {
        let mut causes = Vec::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        Self { causes, ..Self::new(exit, error.to_string()) }
    }

    /// What went wrong, without the causes.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// Whether a tool is not there, or nobody answers it.
    pub(super) fn is_missing(&self) -> bool {
        self.exit == Exit::Missing
    }

    /// The process was asked to end.
    pub(super) fn interrupted() -> Self {
        Self::new(Exit::Interrupted, "interrupted")
    }

    /// A file that cannot be read or written.
    pub(super) fn io(action: &str, path: &str, error: &std::io::Error) -> Self {
        Self { causes: vec![error.to_string()], ..Self::new(Exit::Io, format!("cannot {action} `{path}`")) }
    }

    pub(super) fn show(&self, output: &mut Output) -> Exit {
        for failure in std::iter::successors(Some(self), |failure| failure.next.as_deref()) {
            output.failure(&failure.message, &failure.causes, failure.excerpt.as_deref(), failure.help.as_deref());
        }
        self.exit
    }
}

impl From<GatherError> for Failure {
    fn from(error: GatherError) -> Self {
        let exit = match &error {
            GatherError::CargoMissing { .. } => Exit::Missing,
            GatherError::Cargo { .. }
            | GatherError::Refused { .. }
            | GatherError::Compile { .. }
            | GatherError::Attributes { .. } => Exit::Compile,
            GatherError::UnknownPackage { .. } => Exit::Usage,
            GatherError::Read { .. }
            | GatherError::Config(ConfigError::Read { .. })
            | GatherError::Messages { .. }
            | GatherError::Metadata { .. }
            | GatherError::Lockfile { .. } => Exit::Io,
            GatherError::Fragment { .. }
            | GatherError::NoSources { .. }
            | GatherError::NoApplication
            | GatherError::NoName
            | GatherError::Config(_) => Exit::Findings,
        };
        Self { help: error.help(), ..Self::from_error(exit, &error) }
    }
}

impl From<ManifestError> for Failure {
    fn from(error: ManifestError) -> Self {
        let again = "write it again with `cargo orch manifest -o FILE`";
        if let ManifestError::Inconsistent { problems } = error {
            let message = "the manifest contradicts itself";
            return Self { excerpt: Some(problems.join("\n")), ..Self::new(Exit::Findings, message) }.help(again);
        }
        let help = match &error {
            ManifestError::Version { found } if *found > u64::from(orch_manifest::manifest::SCHEMA_VERSION) => {
                "use a newer cargo-orch"
            }
            _ => again,
        };
        Self::from_error(Exit::Findings, &error).help(help)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        GatherError::from(error).into()
    }
}

impl From<ProfileError> for Failure {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Unknown(invalid) => Self { help: invalid.help, ..Self::new(Exit::Usage, invalid.problem) },
            ProfileError::Config(error) => error.into(),
        }
    }
}

impl From<TargetError> for Failure {
    fn from(error: TargetError) -> Self {
        let exit = match &error {
            TargetError::Pack(orch_templates::PackError::UnknownTarget { .. }) => Exit::Usage,
            TargetError::Pack(_) | TargetError::Render(_) | TargetError::View { .. } => Exit::Findings,
        };
        let next = error.others().iter().rev().fold(None, |next, fault| {
            let (help, excerpt) = (fault.help.clone(), fault.excerpt());
            Some(Box::new(Self { excerpt, help, next, ..Self::new(exit, fault.to_string()) }))
        });
        Self { help: error.help(), excerpt: error.excerpt(), next, ..Self::from_error(exit, &error) }
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        let help = error.help().map(str::to_owned);
        Self { help, ..Self::from_error(Exit::Io, &error) }
    }
}

impl From<CommandError> for Failure {
    fn from(error: CommandError) -> Self {
        let exit = match &error {
            CommandError::Missing { .. } => Exit::Missing,
            CommandError::Run { .. } => Exit::Io,
            CommandError::Failed { talk, .. } if is_silence(talk) || is_no_swarm(talk) => Exit::Missing,
            CommandError::Failed { .. } => Exit::Findings,
            CommandError::Late { .. } => Exit::NotReady,
            CommandError::Interrupted => Exit::Interrupted,
        };
        let failure = Self::from_error(exit, &error);
        match exit {
            Exit::Missing if matches!(&error, CommandError::Failed { talk, .. } if is_no_swarm(talk)) => failure
                .help("`docker swarm init` makes a swarm of this engine; of one that is there, let `DOCKER_HOST` name a manager"),
            Exit::Missing => failure.help("see whether the engine runs: `cargo orch doctor`"),
            _ => failure,
        }
    }
}

/// Whether an engine's program says that its engine does not answer.
fn is_silence(talk: &str) -> bool {
    let talk = talk.to_ascii_lowercase();
    [
        "cannot connect to the docker daemon",
        "cannot connect to podman",
        "error during connect",
        "unable to connect to the server",
        "the connection to the server",
        "context was not found",
    ]
    .iter()
    .any(|words| talk.contains(words))
}

/// Whether Docker says that its engine manages no swarm.
fn is_no_swarm(talk: &str) -> bool {
    talk.contains("not a swarm manager")
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Command(error) => error.into(),
            error @ EngineError::Elsewhere { place: None, .. } => {
                Self::from_error(Exit::Findings, &error).help("`cargo orch status` says what runs")
            }
            error @ EngineError::Elsewhere { .. } => {
                Self::from_error(Exit::Findings, &error).help("let `DOCKER_HOST` name the engine of that node")
            }
            error @ EngineError::Unreadable { .. } => Self::from_error(Exit::Findings, &error)
                .help("this version of the engine is not known; `cargo orch doctor` says which it is"),
        }
    }
}

impl From<ChooseError> for Failure {
    fn from(error: ChooseError) -> Self {
        let exit = match &error {
            error if error.is_interrupted() => Exit::Interrupted,
            ChooseError::Unknown { .. } => Exit::Usage,
            ChooseError::Named { .. } | ChooseError::None(_) => Exit::Missing,
        };
        Self::new(exit, error.to_string()).help(error.help())
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        let exit = match &error {
            StateError::Read { .. } | StateError::Write { .. } => Exit::Io,
            StateError::Damaged { .. } | StateError::Version { .. } => Exit::Findings,
        };
        Self { help: error.help(), ..Self::from_error(exit, &error) }
    }
}

impl From<SecretError> for Failure {
    fn from(error: SecretError) -> Self {
        match &error {
            SecretError::Empty(_) => Self::from_error(Exit::Findings, &error).help("write the secret into it"),
            SecretError::File { action: "read", .. } | SecretError::Random(_) => Self::from_error(Exit::Io, &error),
            SecretError::File { .. } => Self::from_error(Exit::Io, &error)
                .help("see to it that the folder can be written, and that its disk is not full"),
        }
    }
}

impl From<WishError> for Failure {
    fn from(error: WishError) -> Self {
        Self::new(Exit::Usage, error.to_string()).help("`cargo orch inspect` shows the ports that are published")
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        let help = match &error {
            HostError::Secret(_) => "`cargo orch up --no-apps` makes the secrets of the profile `local`",
            HostError::Variable(_) => "set it",
            HostError::Port { .. } => "`cargo orch up --no-apps --expose-internals` publishes every port",
            HostError::Read(_) => return Self::from_error(Exit::Io, &error),
        };
        Self::new(Exit::Findings, error.to_string()).help(help)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::from_error(Exit::Io, &error)
    }
}
