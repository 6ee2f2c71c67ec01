use orch_manifest::{ImageRef, Invalid, did_you_mean};
use orch_templates::Packs;

use super::engine::EngineArg;
use super::failure::Failure;
use super::selection::{Loaded, ProfileArg, Selection};
use crate::config::BuildForm;
use crate::engine::{Command, CommandError, Interrupt, Kind, Tool};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::gather::{self, Cargo};
use crate::image::{Context, ContextError, Naming};
use crate::launch::Folder;
use crate::output::{Output, Progress};
use crate::plan::Plan;
use crate::target::{self, Image};

/// How many of the last lines are shown that an engine said when it failed.
const LAST: usize = 20;

/// Which images, and what they are called.
#[derive(clap::Args)]
pub(super) struct ImagesArgs {
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    engine: EngineArg,
    /// Registry and path of the images, whatever `orch.toml` says
    #[arg(long, value_name = "REGISTRY")]
    registry: Option<String>,
    /// Tag of the images, in the place of the version
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    pub(super) selection: Selection,
}

/// Images with their names, and the engine that has them.
pub(super) struct Images {
    pub(super) loaded: Loaded,
    pub(super) plan: Plan,
    pub(super) images: Vec<(Image, ImageRef)>,
    pub(super) tool: Tool,
    pub(super) interrupt: Interrupt,
}

impl ImagesArgs {
    /// Finds them; none where something is wrong, which was said.
    pub(super) fn find(&self, output: &mut Output) -> Result<Option<Images>, Failure> {
        // Whatever is chosen is a part of the system as a whole.
        let (whole, chosen) = self.selection.whole();
        let gathered = whole.gather()?;
        let mut loaded =
            Loaded { manifest: gathered.manifest.clone(), config: gathered.config.clone(), gathered: Some(gathered) };
        let naming = Naming { registry: self.registry.clone(), tag: self.tag.clone() };
        naming.apply(&mut loaded.manifest).map_err(misnamed)?;
        let profile = self.profile.find(&loaded.config)?;
        let (plan, findings) = loaded.plan(&profile)?;
        if has_errors(&findings) {
            output.findings(&findings, &loaded.sources());
            return Ok(None);
        }
        let name = |image: Image| naming.name(&image).map(|name| (image, name)).map_err(misnamed);
        let images = of_packages(target::images(&plan), chosen)?;
        let images: Vec<(Image, ImageRef)> = images.into_iter().map(name).collect::<Result<_, _>>()?;
        if images.is_empty() {
            return Err(Failure::new(Exit::Findings, "no application of the workspace has an image of its own")
                .help("write `#[orch::app]` on the `main` of one"));
        }
        let interrupt = Interrupt::watch()?;
        let tool = self.engine.choose(None, &interrupt)?;
        Ok(Some(Images { loaded, plan, images, tool, interrupt }))
    }
}

/// The images that the programs of packages are in; all of them where no package is chosen.
fn of_packages(mut images: Vec<Image>, chosen: &[String]) -> Result<Vec<Image>, Failure> {
    let has = |image: &Image, name: &String| image.programs.iter().any(|program| program.package == *name);
    if let Some(unknown) = chosen.iter().find(|name| !images.iter().any(|image| has(image, name))) {
        let known = images.iter().flat_map(|image| image.programs.iter().map(|program| program.package.as_str()));
        let help = did_you_mean(unknown, &known.collect::<Vec<_>>());
        return Err(Failure::new(Exit::Usage, format!("no application is in a package `{unknown}`")).help(help));
    }
    images.retain(|image| chosen.is_empty() || chosen.iter().any(|name| has(image, name)));
    Ok(images)
}

fn misnamed(invalid: Invalid) -> Failure {
    let failure = Failure::new(Exit::Usage, invalid.problem);
    match invalid.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// What building takes beside a plan.
pub(super) struct Builder<'a> {
    pub(super) cargo: Cargo,
    pub(super) folder: &'a Folder,
    pub(super) engine: Kind,
    pub(super) packs: &'a Packs,
    pub(super) platform: Option<&'a str>,
    pub(super) interrupt: &'a Interrupt,
}

impl Builder<'_> {
    /// Builds an image of a plan under a name.
    pub(super) fn build(&self, plan: &Plan, image: &Image, name: &ImageRef) -> Result<(), Failure> {
        let context = self.context(plan, image)?;
        let mut command = self.engine.command().args(["build", "--file"]).arg(context.dockerfile());
        command = command.args(["--tag".to_owned(), name.to_string()]);
        if let Some(platform) = self.platform {
            command = command.args(["--platform", platform]);
        }
        if plan.options.build.form == BuildForm::Source && !self.flags().is_empty() {
            command = command.args(["--build-arg".to_owned(), format!("CARGO_FLAGS={}", self.flags())]);
        }
        watched(&command.arg(context.files()), &format!("builds {name}"), self.interrupt)?.map_err(|talk| {
            Failure::new(Exit::Findings, format!("`{name}` cannot be built\n{talk}")).help(
                "`cargo orch render --target dockerfile --stdout` prints what is built; `[build]` in `orch.toml` names other images to build on",
            )
        })
    }

    /// What the Dockerfile copies, with the programs compiled where that is done outside.
    fn context(&self, plan: &Plan, image: &Image) -> Result<Context, Failure> {
        let root = self.folder.workspace();
        let path = format!("{}/Dockerfile", image.id);
        let rendered = target::render(plan, "dockerfile", self.packs)?;
        let file = rendered.files.into_iter().find(|file| file.path == path).ok_or_else(|| {
            Failure::new(Exit::Findings, format!("the pack `dockerfile` renders no `{path}`"))
                .help("a pack of your own has to render one for each image")
        })?;
        self.folder
            .make_root()
            .map_err(|error| Failure::io("write to", &self.folder.root().display().to_string(), &error))?;
        let context = Context::new(&self.folder.build(), &file.contents)?;
        if plan.options.build.form == BuildForm::Source {
            self.refuse_outside()?;
            context.add_sources(root, image)?;
            return Ok(context);
        }
        for program in &image.programs {
            let mut cargo = self.cargo.clone();
            cargo.release |= cargo.profile.is_none();
            context.add_program(&program.bin, &gather::binary(&cargo, &program.package, &program.bin)?)?;
        }
        Ok(context)
    }

    /// No context reaches above the workspace.
    fn refuse_outside(&self) -> Result<(), Failure> {
        let root = camino::Utf8Path::from_path(self.folder.workspace()).unwrap_or(camino::Utf8Path::new("."));
        match gather::outside(&self.cargo, root)?.first() {
            None => Ok(()),
            Some(folder) => Err(Failure::new(
                Exit::Findings,
                format!("the sources in `{folder}` are outside of the workspace, where no image is built from"),
            )
            .help("compile outside and copy the programs: `--form slim`, or `form = \"slim\"` below `[build]` in `orch.toml`")),
        }
    }

    /// What of cargo's flags decides what is compiled.
    fn flags(&self) -> String {
        let cargo = &self.cargo;
        let switches = [(cargo.all_features, "--all-features"), (cargo.no_default_features, "--no-default-features")];
        let switches = switches.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag.to_owned());
        let features = (!cargo.features.is_empty()).then(|| format!("--features={}", cargo.features.join(",")));
        switches.chain(features).collect::<Vec<_>>().join(" ")
    }
}

/// Runs a program that takes long; what it said last where it failed.
pub(super) fn watched(command: &Command, what: &str, interrupt: &Interrupt) -> Result<Result<(), String>, Failure> {
    let progress = Progress::new();
    let mut last: Vec<String> = Vec::new();
    let result = command.lines(interrupt, |_, line| {
        let line = anstream::adapter::strip_str(line).to_string();
        progress.waits(&format!("{what}: {line}"));
        last.push(line);
        let surplus = last.len().saturating_sub(LAST);
        last.drain(..surplus);
    });
    match result {
        Ok(()) => Ok(Ok(())),
        Err(CommandError::Failed { .. }) => Ok(Err(last.join("\n"))),
        Err(error) => Err(error.into()),
    }
}

impl From<ContextError> for Failure {
    fn from(error: ContextError) -> Self {
        match &error {
            ContextError::NotLinux { .. } => Self::new(Exit::Findings, error.to_string()).help(
                "compile for Linux with `--cargo-target`, or inside: `--form source`, or `form = \"source\"` below `[build]` in `orch.toml`",
            ),
            ContextError::Copy { path, source } => Self::io("copy", &path.display().to_string(), source),
        }
    }
}
