use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orch_templates::{Packs, RenderedFile};

use super::failure::Failure;
use super::selection::Loaded;
use super::templates::Templates;
use crate::config::Config;
use crate::finding::Finding;
use crate::plan::Profile;
use crate::target::{self, TargetError, View};
use crate::write::{Folder, Remembered, Report, WriteError};

/// Which targets, with which packs.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Targets {
    /// What to render for, with commas between several; see `cargo orch targets`
    #[arg(short, long, value_name = "TARGET", required = true, value_delimiter = ',')]
    target: Vec<String>,
    #[command(flatten)]
    templates: Templates,
    /// The namespace in Kubernetes, whatever `orch.toml` says
    #[arg(long, value_name = "NAME", value_parser = crate::config::namespace)]
    namespace: Option<String>,
    /// Show what the targets do by nature and a person may not expect
    #[arg(long)]
    pub(super) notes: bool,
}

/// Where artifacts go.
pub(super) struct Destination {
    pub(super) folder: Folder,
    /// Where it is noted what a folder was written from, if that is to be believed.
    pub(super) notes: Option<PathBuf>,
}

/// What one target makes of one profile.
pub(super) struct Artifacts {
    target: String,
    profile: Profile,
    /// `None` where they would be what is there already.
    rendered: Option<Vec<RenderedFile>>,
    /// A hash over all that they follow from, where that is noted.
    source: Option<String>,
    /// Where they go, unless they are only looked at.
    pub(super) destination: Option<Destination>,
}

impl Artifacts {
    fn new(
        view: View<'_>,
        target: &str,
        profile: &Profile,
        destination: Option<Destination>,
    ) -> Result<(Self, Vec<Finding>), Failure> {
        let is_noted = destination.as_ref().is_some_and(|destination| destination.notes.is_some());
        let source = is_noted.then(|| view.source(&tool()));
        let rendered = match &destination {
            Some(destination) if destination.holds(source.as_deref()) => None,
            Some(destination) => {
                let passed = destination.folder.passed();
                Some(view.render(|file| passed(&file.path, &file.contents))?)
            }
            None => Some(view.render(|_| false)?),
        };
        let (target, profile) = (target.to_owned(), profile.clone());
        Ok((Self { target, profile, rendered, source, destination }, view.findings))
    }

    /// Makes the folder hold them; nothing is done where it does already.
    pub(super) fn write(&self, destination: &Destination) -> Result<Report, WriteError> {
        if self.rendered.is_none() {
            return Ok(Report::default());
        }
        let report = destination.folder.write(self.files())?;
        if let Some((notes, source)) = destination.notes.as_ref().zip(self.source.as_ref()) {
            Remembered::new(notes, &destination.folder).keep(source);
        }
        Ok(report)
    }

    /// Paths and contents, in the order of paths.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rendered.iter().flatten().map(|file| (file.path.as_str(), file.contents.as_str()))
    }

    /// What an engine would refuse to change, where these go over what is in a folder.
    pub(super) fn refused(&self, packs: &Packs, folder: &Path) -> Vec<Finding> {
        // Read as it is asked for: most targets do not ask.
        let before = |path: &str| std::fs::read_to_string(folder.join(path)).ok();
        target::refused(&self.target, packs, self.files().filter_map(|(path, after)| Some((before(path)?, after))))
    }

    /// `<target>/<profile>`
    pub(super) fn folder(&self) -> PathBuf {
        PathBuf::from(&self.target).join(self.profile.as_str())
    }
}

impl Targets {
    /// How many targets.
    pub(super) fn len(&self) -> usize {
        self.target.len()
    }

    /// The packs; a name that is wrong is said before anything is compiled.
    pub(super) fn packs(&self, config: &Config) -> Result<Packs, Failure> {
        let packs = self.templates.packs(config)?;
        for target in &self.target {
            packs.get(target).map_err(TargetError::from)?;
        }
        Ok(packs)
    }

    /// Renders every target for every profile, with what was found, each finding once. What is at the
    /// destination already is not read back, or not even rendered.
    pub(super) fn render(
        &self,
        packs: &Packs,
        loaded: &Loaded,
        profiles: &[Profile],
        destination: impl Fn(&str, &Profile) -> Option<Destination>,
    ) -> Result<(Vec<Artifacts>, Vec<Finding>), Failure> {
        let mut all = Vec::new();
        let (mut findings, mut seen) = (Vec::new(), BTreeSet::new());
        for profile in profiles {
            let (mut plan, found) = loaded.plan(profile)?;
            if self.namespace.is_some() {
                plan.options.k8s.namespace.clone_from(&self.namespace);
            }
            let mut add = |found: Vec<Finding>| {
                for finding in found {
                    if seen.insert(finding.clone()) {
                        findings.push(finding);
                    }
                }
            };
            add(found);
            let mut plan = Some(plan);
            for (index, target) in self.target.iter().enumerate() {
                let Some(of) = &plan else { break };
                let view = View::new(of, target, packs)?;
                // A plan of ten thousand services is large, and after its last view nobody asks for it.
                plan = plan.filter(|_| index + 1 < self.target.len());
                let (artifacts, found) = Artifacts::new(view, target, profile, destination(target, profile))?;
                add(found);
                all.push(artifacts);
            }
        }
        Ok((all, findings))
    }
}

impl Destination {
    /// Whether everything that follows from `source` is there.
    fn holds(&self, source: Option<&str>) -> bool {
        let noted = self.notes.as_ref().zip(source);
        noted.is_some_and(|(notes, source)| Remembered::new(notes, &self.folder).holds(source))
    }
}

/// What tells this build of the program from another.
fn tool() -> String {
    let program = std::env::current_exe().and_then(|path| path.metadata()).ok();
    let written = program.map(|metadata| (metadata.len(), metadata.modified().ok()));
    format!("{} {written:?}", env!("CARGO_PKG_VERSION"))
}
