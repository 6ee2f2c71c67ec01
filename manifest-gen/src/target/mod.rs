//! From a plan to what one target's pack is given.
//!
//! A plan says what is meant; here it is said in a target's own terms. Every value is handed over
//! whole, so that a template has nothing to decide and nothing to put together.

pub(crate) mod compose;
mod docker;
mod dockerfile;
mod interpolation;
pub(crate) mod kubernetes;
mod probe;
pub(crate) mod swarm;

use std::path::Path;

use orch_manifest::did_you_mean;
use orch_templates::{Pack, PackError, Packs, RenderError, RenderedFile};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::config::DataPlace;
use crate::finding::{Code, Finding};
use crate::hex::hex;
use crate::plan::{Plan, Workload};

pub use compose::Compose;
pub use docker::SecretFile;
pub(crate) use docker::networks;

#[cfg(feature = "cli")]
pub(crate) use dockerfile::{COMPILED, ignored};
pub use dockerfile::{Dockerfiles, Image, images};
pub use kubernetes::Kubernetes;
pub use swarm::Swarm;

/// What a target makes of a plan.
#[derive(Debug)]
pub struct Rendered {
    /// The files, in the order of their paths, which are relative to the output folder.
    pub files: Vec<RenderedFile>,
    /// What was found about the target, beyond what was found about the plan.
    pub findings: Vec<Finding>,
}

/// Why a plan could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A pack cannot be read, or there is none of that name.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A pack fails on this plan.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// A pack, loaded for other views, wants to be told the plan in terms that nobody knows.
    #[error("the pack `{pack}` wants the view `{view}`, which there is none of")]
    View {
        /// The pack.
        pack: String,
        /// The view.
        view: String,
    },
}

/// The views there are.
pub(crate) const VIEWS: [&str; 4] = ["compose", "dockerfile", "kubernetes", "swarm"];

/// The JSON Schema of what the templates of a pack with this view see.
#[cfg(feature = "cli")]
pub(crate) fn json_schema<View: schemars::JsonSchema>() -> String {
    let schema = schemars::generate::SchemaSettings::draft2020_12().for_serialize().into_generator();
    // Nothing in it can fail.
    serde_json::to_string_pretty(&schema.into_root_schema_for::<View>()).unwrap_or_default() + "\n"
}

impl TargetError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Pack(error) => error.help(),
            Self::Render(error) => error.help(),
            Self::View { view, .. } => Some(did_you_mean(view, &VIEWS)),
        }
    }

    /// What else is wrong in the same file.
    pub fn others(&self) -> &[orch_templates::Fault] {
        match self {
            Self::Pack(error) => error.others(),
            Self::Render(_) | Self::View { .. } => &[],
        }
    }

    /// The lines of the template it is about.
    pub fn excerpt(&self) -> Option<String> {
        match self {
            Self::Pack(error) => error.excerpt(),
            Self::Render(error) => error.excerpt(),
            Self::View { .. } => None,
        }
    }
}

/// The packs there are: those built in, and those of a folder.
pub fn packs(templates: Option<&Path>) -> Result<Packs, TargetError> {
    Ok(match templates {
        Some(dir) => Packs::with_overrides(dir, &VIEWS)?,
        None => Packs::builtin(&VIEWS)?,
    })
}

/// What an engine would refuse to change in place, where the files of a target are rendered over what
/// was there, each as it was and as it is.
pub fn refused<'a>(
    target: &str,
    packs: &Packs,
    files: impl IntoIterator<Item = (impl AsRef<str>, &'a str)>,
) -> Vec<Finding> {
    match packs.get(target) {
        Ok(pack) if pack.view() == "kubernetes" => files
            .into_iter()
            .flat_map(|(before, after)| kubernetes::immutable::changes(before.as_ref(), after))
            .collect(),
        _ => Vec::new(),
    }
}

/// A plan in the terms of one target, and the pack that lays it out.
#[derive(Debug)]
pub struct View<'a> {
    pack: &'a Pack,
    terms: Terms,
    /// What was found about the target, beyond what was found about the plan.
    pub findings: Vec<Finding>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Terms {
    Compose(Box<Compose>),
    Dockerfile(Box<Dockerfiles>),
    Swarm(Box<Swarm>),
    Kubernetes(Box<Kubernetes>),
}

impl<'a> View<'a> {
    /// Says a plan in the terms that a target's pack asks for.
    pub fn new(plan: &Plan, target: &str, packs: &'a Packs) -> Result<Self, TargetError> {
        let pack = packs.get(target)?;
        let (terms, findings) = match pack.view() {
            "compose" => {
                let (view, findings) = Compose::for_target(plan, target);
                (Terms::Compose(Box::new(view)), findings)
            }
            "dockerfile" => (Terms::Dockerfile(Box::new(Dockerfiles::for_target(plan, target))), Vec::new()),
            "swarm" => {
                let (view, findings) = Swarm::for_target(plan, target);
                (Terms::Swarm(Box::new(view)), findings)
            }
            "kubernetes" => {
                let (view, findings) = Kubernetes::for_target(plan, target);
                (Terms::Kubernetes(Box::new(view)), findings)
            }
            view => return Err(TargetError::View { pack: pack.name().to_owned(), view: view.to_owned() }),
        };
        Ok(Self { pack, terms, findings })
    }

    /// The same as Podman's Compose is told it; anything but a view of Compose stays as it is.
    #[cfg(feature = "cli")]
    pub(crate) fn for_podman(self) -> Self {
        let terms = match self.terms {
            Terms::Compose(view) => Terms::Compose(Box::new(view.for_podman())),
            other => other,
        };
        Self { terms, ..self }
    }

    /// The files, in the order of their paths, each read back unless `passed` says that the same bytes
    /// passed before.
    pub fn render(&self, passed: impl Fn(&RenderedFile) -> bool + Sync) -> Result<Vec<RenderedFile>, TargetError> {
        Ok(self.pack.render_unless(&self.terms, passed)?)
    }

    /// A hash over all that the files follow from: the view, the pack, and `tool`, which tells one
    /// build of this program from another.
    pub fn source(&self, tool: &str) -> String {
        let mut hash = Hashed(Sha256::new());
        hash.0.update(format!("{tool}\0"));
        for (path, text) in self.pack.files() {
            hash.0.update(format!("{path}\0{}\0{text}", text.len()));
        }
        // Nothing in a view is refused by JSON, and if it were, no two sources would be the same.
        let written = serde_json::to_writer(std::io::BufWriter::with_capacity(1 << 16, &mut hash), &self.terms);
        hash.0.update([u8::from(written.is_err())]);
        hex(&hash.0.finalize())
    }
}

struct Hashed(Sha256);

impl std::io::Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Renders a plan for a target, and reads back every file.
pub fn render(plan: &Plan, target: &str, packs: &Packs) -> Result<Rendered, TargetError> {
    let view = View::new(plan, target, packs)?;
    Ok(Rendered { files: view.render(|_| false)?, findings: view.findings })
}

/// What is said of a schedule where a pack of somebody else's has to see to it.
const SCHEDULE: &str = "the pack is told when it runs: `schedule` of the service";

/// What the first line of every file says.
fn banner(plan: &Plan, target: &str) -> String {
    format!("generated by `cargo orch render --target {target} --profile {}`; do not edit", plan.profile)
}

/// What a target says of `data = "bind"` that has no place for folders of one machine.
fn without_folders(plan: &Plan, target: &str, instead: &str) -> Option<Finding> {
    let wanted = plan.options.data == DataPlace::Bind && plan.workloads.iter().any(Workload::is_stateful);
    let message = format!(
        "{target} keeps no data in folders of the workspace, as `data = \"bind\"` says for `{}`: it is in {instead}",
        plan.profile
    );
    wanted.then(|| Finding::new(Code::Unrepresentable, message).help("use another profile for this target"))
}
