use std::ffi::OsString;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use clap::Args;
use orch_manifest::Id;
use orch_manifest::manifest::Manifest;

use super::engine::workspace_root;
use super::failure::Failure;
use super::templates::Templates;
use crate::config::{Config, LayerSource};
use crate::engine::{Command, Kind};
use crate::exit::Exit;
use crate::finding::Finding;
use crate::gather::{self, Cargo, Gathered, Reading, Sources};
use crate::plan::{Places, Plan, Profile};

/// Cargo's own selection flags, by their own names where those are free.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selecting applications and features")]
pub(super) struct Selection {
    /// Package of an application; all of the workspace when not given
    #[arg(short, long, value_name = "PACKAGE")]
    package: Vec<String>,
    /// Features of the applications, with spaces or commas between them
    #[arg(short = 'F', long, value_name = "FEATURES")]
    features: Vec<String>,
    /// All features
    #[arg(long)]
    all_features: bool,
    /// No default features
    #[arg(long)]
    no_default_features: bool,
    /// Read the sources instead of compiling them
    #[arg(long)]
    no_compile: bool,
    /// Go on when something can only be known by compiling
    #[arg(long, requires = "no_compile")]
    allow_incomplete: bool,
    #[command(flatten)]
    cargo: CargoFlags,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Passed through to cargo")]
struct CargoFlags {
    /// Path of the workspace's Cargo.toml
    #[arg(long, value_name = "PATH")]
    manifest_path: Option<PathBuf>,
    /// Require that Cargo.lock is up to date
    #[arg(long)]
    locked: bool,
    /// Run without the network
    #[arg(long)]
    offline: bool,
    /// Both of them
    #[arg(long)]
    frozen: bool,
    /// Folder of what is compiled
    #[arg(long, value_name = "DIRECTORY")]
    target_dir: Option<PathBuf>,
    /// Compile in release mode
    #[arg(long)]
    release: bool,
    /// Compile with this profile of cargo
    #[arg(long, value_name = "NAME")]
    cargo_profile: Option<String>,
    /// Compile for this target triple
    #[arg(long, value_name = "TRIPLE")]
    cargo_target: Option<String>,
}

impl Selection {
    /// Gathers what is selected.
    pub(super) fn gather(&self) -> Result<Gathered, Failure> {
        self.gather_and(|gathered| gathered)
    }

    /// The same, with something done with it while cargo ends.
    pub(super) fn gather_and<T>(&self, work: impl FnOnce(Gathered) -> T) -> Result<T, Failure> {
        let cargo = self.cargo()?;
        if self.no_compile {
            let reading = Reading { allow_incomplete: self.allow_incomplete, ..Reading::default() };
            return Ok(work(gather::read(&cargo, &reading)?));
        }
        Ok(gather::gather_and(&cargo, work)?)
    }

    /// The same with every package, and those that were chosen.
    pub(super) fn whole(&self) -> (Self, &[String]) {
        (Self { package: Vec::new(), ..self.clone() }, &self.package)
    }

    /// The flags that say the same on another command line.
    fn flags(&self) -> Vec<OsString> {
        let cargo = &self.cargo;
        let many = [("--package", &self.package), ("--features", &self.features)];
        let many = many.into_iter().flat_map(|(flag, values)| values.iter().map(move |value| (flag, value.into())));
        let one = [
            ("--manifest-path", cargo.manifest_path.as_ref().map(OsString::from)),
            ("--target-dir", cargo.target_dir.as_ref().map(OsString::from)),
            ("--cargo-profile", cargo.cargo_profile.as_ref().map(OsString::from)),
            ("--cargo-target", cargo.cargo_target.as_ref().map(OsString::from)),
        ];
        let one = one.into_iter().filter_map(|(flag, value)| Some((flag, value?)));
        let switches = [
            (self.all_features, "--all-features"),
            (self.no_default_features, "--no-default-features"),
            (self.no_compile, "--no-compile"),
            (self.allow_incomplete, "--allow-incomplete"),
            (cargo.locked, "--locked"),
            (cargo.offline, "--offline"),
            (cargo.frozen, "--frozen"),
            (cargo.release, "--release"),
        ];
        let switches = switches.into_iter().filter(|(is_on, _)| *is_on).map(|(_, flag)| flag.into());
        many.chain(one).flat_map(|(flag, value)| [flag.into(), value]).chain(switches).collect()
    }

    pub(super) fn cargo(&self) -> Result<Cargo, Failure> {
        let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let features =
            self.features.iter().flat_map(|list| list.split([' ', ','])).filter(|feature| !feature.is_empty());
        let flags = self.cargo.clone();
        Ok(Cargo {
            manifest_path: flags.manifest_path,
            packages: self.package.clone(),
            features: features.map(str::to_owned).collect(),
            all_features: self.all_features,
            no_default_features: self.no_default_features,
            locked: flags.locked,
            offline: flags.offline,
            frozen: flags.frozen,
            target_dir: flags.target_dir,
            release: flags.release,
            profile: flags.cargo_profile,
            target: flags.cargo_target,
            ..Cargo::new(program, std::env::current_dir()?)
        })
    }
}

/// Where the manifest comes from: the workspace, or a file.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Source {
    /// Take this manifest (`-` for standard input) instead of gathering one; neither cargo nor sources are needed
    #[arg(long, value_name = "FILE", conflicts_with_all = ["package", "features", "all_features", "no_default_features", "no_compile"])]
    manifest: Option<PathBuf>,
    /// Configuration that goes with the manifest of `--manifest`; a workspace has its own
    #[arg(long, value_name = "FILE", requires = "manifest")]
    config: Option<Utf8PathBuf>,
    #[command(flatten)]
    selection: Selection,
}

impl Source {
    /// The configuration alone, before anything is compiled.
    pub(super) fn config(&self) -> Result<Config, Failure> {
        if self.manifest.is_some() {
            return Ok(self.config.as_deref().map(Config::read).transpose()?.unwrap_or_default());
        }
        configuration(self.manifest_path())
    }

    /// The manifest of the workspace that is named, if one is.
    pub(super) fn manifest_path(&self) -> Option<&Path> {
        self.selection.cargo.manifest_path.as_deref()
    }

    /// Cargo on the workspace; none where there is only a manifest.
    pub(super) fn cargo(&self) -> Result<Option<Cargo>, Failure> {
        if self.manifest.is_some() { Ok(None) } else { self.selection.cargo().map(Some) }
    }

    /// The command that builds the images of the same applications.
    pub(super) fn building(&self, profile: &Profile, engine: Kind, templates: &Templates) -> Command {
        let command = Command::new("cargo").args(["orch", "build", "--profile", profile.as_str()]);
        command.args(["--engine", engine.as_str()]).args(templates.flags()).args(self.selection.flags())
    }

    /// The manifest, with what was found on the way.
    pub(super) fn load(&self) -> Result<Loaded, Failure> {
        let Some(path) = &self.manifest else {
            let gathered = self.selection.gather()?;
            return Ok(Loaded {
                manifest: gathered.manifest.clone(),
                config: gathered.config.clone(),
                gathered: Some(gathered),
            });
        };
        let text = if path.as_os_str() == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            std::fs::read_to_string(path)
        };
        let text = text.map_err(|error| Failure::io("read", &path.display().to_string(), &error))?;
        Ok(Loaded { manifest: Manifest::from_json(&text)?, config: self.config()?, gathered: None })
    }
}

/// The configuration of the workspace, without anything being compiled.
pub(super) fn configuration(manifest_path: Option<&Path>) -> Result<Config, Failure> {
    match Utf8PathBuf::from_path_buf(workspace_root(manifest_path)?) {
        Ok(root) => Ok(Config::load(&root)?),
        Err(root) => Err(Failure::new(Exit::Io, format!("`{}` is no UTF-8", root.display()))),
    }
}

impl Loaded {
    /// The plan for a profile, with what was found on the way to it.
    pub(super) fn plan(&self, profile: &Profile) -> Result<(Plan, Vec<Finding>), Failure> {
        let mut plan = self.config.plan(&self.manifest, profile)?;
        let mut findings = self.gathered.as_ref().map(|gathered| gathered.findings.clone()).unwrap_or_default();
        findings.append(&mut plan.findings);
        Ok((plan, findings))
    }

    /// The same with some of it reached elsewhere than under its own name.
    pub(super) fn plan_with(&self, profile: &Profile, places: &Places) -> Result<Plan, Failure> {
        Ok(self.config.plan_with(&self.manifest, profile, places)?)
    }

    /// Whether `orch.toml` says something about the ports of a service or an application.
    pub(super) fn says_ports(&self, profile: &Profile, id: &Id) -> bool {
        let layers = self.config.layers(&self.manifest, profile, id, "ports", None);
        layers.is_ok_and(|layers| layers.iter().any(|layer| matches!(layer.source, LayerSource::Line(_))))
    }

    /// The root of the workspace; the current folder where the manifest came from a file.
    pub(super) fn root(&self) -> Result<PathBuf, Failure> {
        match &self.gathered {
            Some(gathered) => Ok(gathered.root.as_std_path().to_owned()),
            None => Ok(std::env::current_dir()?),
        }
    }

    /// Where the sources are, if they are known.
    pub(super) fn sources(&self) -> Sources {
        self.gathered.as_ref().map(|gathered| gathered.sources.clone()).unwrap_or_default()
    }
}

/// A manifest, and the workspace it is from when it was gathered.
pub(super) struct Loaded {
    pub(super) manifest: Manifest,
    pub(super) config: Config,
    pub(super) gathered: Option<Gathered>,
}

/// Which profile.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct ProfileArg {
    /// Deployment profile: local, ci, staging, prod, or one of orch.toml
    #[arg(long, value_name = "NAME", env = "ORCH_PROFILE", default_value = "local")]
    profile: String,
}

impl ProfileArg {
    pub(super) fn find(&self, config: &Config) -> Result<Profile, Failure> {
        let name = if self.profile.is_empty() { "local" } else { &self.profile };
        Ok(Profile::find(name, config)?)
    }
}
