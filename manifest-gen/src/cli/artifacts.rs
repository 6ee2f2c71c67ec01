use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use orch_templates::{Packs, RenderedFile};

use super::failure::Failure;
use super::selection::Loaded;
use crate::finding::Finding;
use crate::plan::Profile;
use crate::target::{self, TargetError};
use crate::write::Folder;

/// Which targets, with which packs.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Targets {
    /// What to render for, with commas between several; see `cargo orch targets`
    #[arg(short, long, value_name = "TARGET", required = true, value_delimiter = ',')]
    target: Vec<String>,
    /// Folder of packs that add to the built-in ones or override them file by file
    #[arg(long, value_name = "DIR")]
    templates: Option<PathBuf>,
    /// The namespace in Kubernetes, whatever `orch.toml` says
    #[arg(long, value_name = "NAME", value_parser = crate::config::namespace)]
    namespace: Option<String>,
    /// Show what the targets do by nature and a person may not expect
    #[arg(long)]
    pub(super) notes: bool,
}

/// What one target makes of one profile.
pub(super) struct Artifacts {
    pub(super) target: String,
    pub(super) profile: Profile,
    pub(super) files: Vec<RenderedFile>,
}

impl Artifacts {
    /// Paths and contents, in the order of paths.
    pub(super) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|file| (file.path.as_str(), file.contents.as_str()))
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
    pub(super) fn packs(&self) -> Result<Packs, Failure> {
        let packs = target::packs(self.templates.as_deref())?;
        for target in &self.target {
            packs.get(target).map_err(TargetError::from)?;
        }
        Ok(packs)
    }

    /// Renders every target for every profile, with what was found, each finding once. What `folder` has
    /// already is not read back again.
    pub(super) fn render(
        &self,
        packs: &Packs,
        loaded: &Loaded,
        profiles: &[Profile],
        folder: impl Fn(&str, &Profile) -> Option<Folder>,
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
            for target in &self.target {
                let passed = folder(target, profile).map(|folder| folder.passed());
                let passed =
                    |file: &RenderedFile| passed.as_ref().is_some_and(|passed| passed(&file.path, &file.contents));
                let rendered = target::render_unless(&plan, target, packs, passed)?;
                add(rendered.findings);
                all.push(Artifacts { target: target.clone(), profile: profile.clone(), files: rendered.files });
            }
        }
        Ok((all, findings))
    }
}
