//! Running cargo.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::GatherError;

/// Which cargo, on which workspace, with which of its own selection flags.
#[derive(Clone, Debug)]
pub struct Cargo {
    /// The program; cargo tells its subcommands and build scripts in `CARGO`.
    pub program: PathBuf,
    /// The folder in which it runs.
    pub dir: PathBuf,
    /// `--manifest-path`
    pub manifest_path: Option<PathBuf>,
    /// `-p`, the chosen applications; all of the workspace when empty.
    pub packages: Vec<String>,
    /// `--features`, each one feature.
    pub features: Vec<String>,
    /// `--all-features`
    pub all_features: bool,
    /// `--no-default-features`
    pub no_default_features: bool,
    /// `--locked`
    pub locked: bool,
    /// `--offline`
    pub offline: bool,
    /// `--frozen`
    pub frozen: bool,
    /// `--target-dir`
    pub target_dir: Option<PathBuf>,
    /// `--release`
    pub release: bool,
    /// `--profile` of cargo
    pub profile: Option<String>,
    /// `--target` of cargo
    pub target: Option<String>,
    /// Whether cargo's own progress is kept quiet.
    pub quiet: bool,
}

impl Cargo {
    /// Cargo in a folder, with nothing selected.
    pub fn new(program: impl Into<PathBuf>, dir: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            dir: dir.into(),
            manifest_path: None,
            packages: Vec::new(),
            features: Vec::new(),
            all_features: false,
            no_default_features: false,
            locked: false,
            offline: false,
            frozen: false,
            target_dir: None,
            release: false,
            profile: None,
            target: None,
            quiet: false,
        }
    }

    /// A cargo subcommand on the workspace.
    pub(super) fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.dir).arg(subcommand).stdin(Stdio::null());
        if let Some(path) = &self.manifest_path {
            command.arg("--manifest-path").arg(path);
        }
        for (set, flag) in [(self.locked, "--locked"), (self.offline, "--offline"), (self.frozen, "--frozen")] {
            if set {
                command.arg(flag);
            }
        }
        command
    }

    /// Adds where and how things are compiled.
    pub(super) fn compile_flags(&self, command: &mut Command) {
        let path = |path: &PathBuf| path.clone().into_os_string();
        let options: [(&str, Option<OsString>); 3] = [
            ("--target-dir", self.target_dir.as_ref().map(path)),
            ("--profile", self.profile.clone().map(Into::into)),
            ("--target", self.target.clone().map(Into::into)),
        ];
        for (flag, value) in options {
            if let Some(value) = value {
                command.arg(flag).arg(value);
            }
        }
        if self.release {
            command.arg("--release");
        }
        if self.quiet {
            command.arg("--quiet");
        }
    }

    /// Adds the selected features; of those that `applies` accepts.
    pub(super) fn feature_flags(&self, command: &mut Command, applies: impl Fn(&str) -> bool) {
        if self.all_features {
            command.arg("--all-features");
        }
        if self.no_default_features {
            command.arg("--no-default-features");
        }
        for feature in self.features.iter().filter(|feature| applies(feature)) {
            command.arg("--features").arg(feature);
        }
    }

    /// Runs a command whose output is small and whose talk matters only when it fails.
    pub(super) fn capture(&self, mut command: Command) -> Result<Output, GatherError> {
        let output = command.output().map_err(|source| self.missing(source))?;
        if output.status.success() {
            return Ok(output);
        }
        let talk = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(GatherError::Cargo { command: describe(&command), talk })
    }

    pub(super) fn missing(&self, source: std::io::Error) -> GatherError {
        GatherError::CargoMissing { program: self.program.clone(), source }
    }
}

/// The command line, for people.
pub(super) fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}
