use std::path::{Path, PathBuf};

use clap::Args;

use super::cluster::PlaceArgs;
use super::failure::Failure;
use super::selection::{ProfileArg, Source};
use crate::catalog::Catalog;
use crate::config::Config;
use crate::engine::{self, Command, Compose, Engine, Interrupt, Project, Tool};
use crate::exit::Exit;
use crate::launch::{Folder, State, folder, overlay};
use crate::plan::Profile;

/// Which engine.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct EngineArg {
    /// Engine: docker or podman; without it that of `ORCH_ENGINE`, of the last `up`, or the first that is there
    #[arg(long, value_name = "ENGINE")]
    engine: Option<String>,
}

impl EngineArg {
    /// The engine that is named, else that of the last `up`, else the first that can be used.
    pub(super) fn choose(&self, state: Option<&State>, interrupt: &Interrupt) -> Result<Tool, Failure> {
        let ambient = std::env::var("ORCH_ENGINE").ok().filter(|name| !name.is_empty());
        let named = match (&self.engine, &ambient) {
            (Some(name), _) => Some((name.as_str(), "`--engine`")),
            (None, Some(name)) => Some((name.as_str(), "`ORCH_ENGINE`")),
            (None, None) => state.map(|state| (state.engine.as_str(), "the last `cargo orch up`")),
        };
        let tool = engine::choose(named, interrupt)?;
        match state {
            Some(state) if state.engine != tool.kind().as_str() => {
                let message =
                    format!("`{}` was started with {}, not with {}", state.project, state.engine, tool.kind());
                let help = format!("`cargo orch down --engine {0}` first, or `--engine {0}`", state.engine);
                Err(Failure::new(Exit::Usage, message).help(help))
            }
            _ => Ok(tool),
        }
    }
}

/// What was started. On this machine nothing of the sources is needed to find it.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct StartedArgs {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    engine: EngineArg,
    #[command(flatten)]
    pub(super) place: PlaceArgs,
    #[command(flatten)]
    source: Source,
}

/// What runs, on its engine.
pub(super) struct Started {
    /// The name under which the engine knows it.
    pub(super) name: String,
    /// The ids of what was started.
    pub(super) services: Vec<String>,
    pub(super) engine: Box<dyn Engine>,
    /// What is known about images.
    pub(super) catalog: Catalog,
    pub(super) interrupt: Interrupt,
    /// The folder of this machine in which its data is, where it is in one.
    pub(super) data: Option<PathBuf>,
    /// Whether it is many people's.
    pub(super) is_shared: bool,
}

impl StartedArgs {
    /// What was started; none where nothing ever was on this machine.
    pub(super) fn find(&self) -> Result<(Profile, Option<Started>), Failure> {
        match self.place.cluster() {
            Some(place) => {
                let deployed = self.place.reach.find(place, &self.profile, &self.source)?;
                let profile = deployed.profile.clone();
                Ok((profile, Some(deployed.started(Interrupt::watch()?))))
            }
            None => self.on_this_machine(),
        }
    }

    fn on_this_machine(&self) -> Result<(Profile, Option<Started>), Failure> {
        let root = workspace_root(self.source.manifest_path())?;
        let utf8 = camino::Utf8PathBuf::from_path_buf(root.clone());
        let config = utf8.ok().map(|root| Config::load(&root)).transpose()?.unwrap_or_default();
        let profile = self.profile.find(&config)?;
        let folder = Folder::of(root);
        let Some(state) = State::read(&folder.profile(&profile))? else { return Ok((profile, None)) };
        let interrupt = Interrupt::watch()?;
        let tool = self.engine.choose(Some(&state), &interrupt)?;
        let started = Started {
            name: state.project.clone(),
            services: state.services.iter().map(ToString::to_string).collect(),
            engine: Box::new(Compose::new(tool, project(&folder, &profile, &state))),
            catalog: config.catalog(),
            interrupt,
            data: state.bound.then(|| folder.data()),
            is_shared: false,
        };
        Ok((profile, Some(started)))
    }

    /// What was started, which there has to be.
    pub(super) fn require(&self) -> Result<Started, Failure> {
        let (profile, started) = self.find()?;
        started.ok_or_else(|| {
            Failure::new(Exit::Findings, format!("nothing was started here in the profile `{profile}`"))
                .help(format!("`cargo orch up --profile {profile}` starts it"))
        })
    }
}

impl Started {
    /// The ids among these that were given, which all have to be known.
    pub(super) fn known(&self, ids: &[String]) -> Result<(), Failure> {
        match ids.iter().find(|id| !self.services.contains(id)) {
            None => Ok(()),
            Some(id) => {
                let known: Vec<&str> = self.services.iter().map(String::as_str).collect();
                let help = orch_manifest::did_you_mean(id, &known);
                Err(Failure::new(Exit::Usage, format!("`{}` has no `{id}`", self.name)).help(help))
            }
        }
    }
}

/// The project of what was started. Values that only a new container would see are not needed, and so
/// no secret is handed over.
pub(super) fn project(folder: &Folder, profile: &Profile, state: &State) -> Project {
    let ports = state.ports.iter().map(|(name, record)| (name.clone(), record.assigned.to_string()));
    let placeholders = state.requires.iter().map(|name| (name.clone(), "-".to_owned()));
    Project {
        name: state.project.clone(),
        files: files(folder, profile),
        environment: ports.chain(placeholders).collect(),
    }
}

/// The files of a project, the one that `up` lays over the rendered one last.
pub(super) fn files(folder: &Folder, profile: &Profile) -> Vec<PathBuf> {
    ["compose.yaml", overlay::FILE].map(|file| folder.compose(profile).join(file)).into()
}

/// The root of the workspace, as cargo sees it; where cargo sees none, the nearest folder in which
/// `up` was run, so that a manifest that was broken meanwhile keeps nobody from stopping things.
pub(super) fn workspace_root(manifest_path: Option<&Path>) -> Result<PathBuf, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo).args(["locate-project", "--workspace", "--message-format", "plain"]);
    if let Some(path) = manifest_path {
        command = command.arg("--manifest-path").arg(path);
    }
    let current = std::env::current_dir()?;
    let Ok(output) = command.output(&Interrupt::never(), None) else {
        let near = manifest_path.map_or(current.clone(), |path| current.join(path));
        return Ok(near.ancestors().find(|near| near.join(folder::NAME).is_dir()).unwrap_or(&current).to_owned());
    };
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    Ok(path.parent().map_or(current, Path::to_owned))
}
