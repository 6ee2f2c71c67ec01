//! Dockerfiles: one for each image that programs of the workspace are in.

use std::collections::BTreeMap;

use orch_manifest::model::ContainerPort;
use orch_manifest::{Duration, Id, ImageRef, Protocol};
use serde::Serialize;

use super::docker;
use crate::config::BuildForm;
use crate::plan::{IMAGE_USER, Plan, Program, Workload};

/// Where an image has its programs.
const PROGRAMS: &str = "/usr/local/bin";
/// Where they are in the context, when they were compiled outside.
pub(crate) const COMPILED: &str = "target/release";

/// An image that programs of the workspace are in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// The application whose image it is.
    pub id: Id,
    /// Its name.
    pub name: ImageRef,
    /// The programs in it, that of the application first.
    pub programs: Vec<Program>,
}

/// The images that a plan's programs are in, in the order of ids.
pub fn images(plan: &Plan) -> Vec<Image> {
    let mut images: BTreeMap<&Id, Image> = BTreeMap::new();
    let own = |workload: &&Workload| workload.program.as_ref().is_some_and(|program| program.image_of.is_none());
    for workload in plan.workloads.iter().filter(own) {
        let programs = workload.program.clone().into_iter().collect();
        let image = Image { id: workload.id.clone(), name: workload.image.clone(), programs };
        images.insert(&workload.id, image);
    }
    for program in plan.workloads.iter().filter_map(|workload| workload.program.as_ref()) {
        let image = program.image_of.as_ref().and_then(|id| images.get_mut(id));
        if let Some(image) = image.filter(|image| !image.programs.iter().any(|other| other.bin == program.bin)) {
            image.programs.push(program.clone());
        }
    }
    images.into_values().collect()
}

/// What the pack `dockerfile` is given.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub struct Dockerfiles {
    /// The system.
    system: String,
    /// The profile.
    profile: String,
    /// One for each image of an application.
    images: Vec<File>,
}

/// A Dockerfile. Commands are in exec form, as JSON, of which a Dockerfile takes every character as it is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct File {
    /// What the first line of the file says.
    banner: String,
    /// The application.
    id: String,
    /// How the programs are compiled, when that is inside.
    source: Option<Source>,
    /// The image that it is made from.
    base: String,
    /// The arguments of `LABEL`.
    labels: Vec<String>,
    /// What is copied into it.
    copies: Vec<Copy>,
    /// The user and the group it runs as: `10001:10001`.
    user: String,
    /// The arguments of `EXPOSE`.
    ports: Vec<String>,
    /// The check of an application that has a port.
    healthcheck: Option<Healthcheck>,
    /// The program, as JSON.
    entrypoint: Option<String>,
    /// Its arguments, as JSON.
    command: Option<String>,
    /// The lines of its `.dockerignore`.
    ignored: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Source {
    /// The image that compiles.
    builder: String,
    /// What is compiled.
    programs: Vec<Program>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Copy {
    /// A path in the folder that the image is built from, or in the compiling image.
    from: String,
    /// A path in the image.
    to: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Healthcheck {
    /// The time between two checks.
    interval: Duration,
    /// The time after which a check has failed.
    timeout: Duration,
    /// The time at the start in which a failed check does not count.
    start_period: Duration,
    /// How many checks in a row have to fail.
    retries: u32,
    /// The arguments of `CMD`, as JSON.
    command: String,
}

impl Dockerfiles {
    /// Says of which images a plan's programs are.
    pub fn new(plan: &Plan) -> Self {
        Self::for_target(plan, "dockerfile")
    }

    /// The same for a target of this name.
    pub(super) fn for_target(plan: &Plan, target: &str) -> Self {
        let file = |image: Image| Some(File::new(plan, plan.workload(&image.id)?, image, target));
        Self {
            system: plan.system.to_string(),
            profile: plan.profile.to_string(),
            images: images(plan).into_iter().filter_map(file).collect(),
        }
    }
}

impl File {
    fn new(plan: &Plan, workload: &Workload, image: Image, target: &str) -> Self {
        let options = &plan.options.build;
        let compiled = if options.form == BuildForm::Slim { COMPILED } else { "/target/release" };
        let copies = image.programs.iter().map(|program| Copy {
            from: format!("{compiled}/{}", program.bin),
            to: format!("{PROGRAMS}/{}", program.bin),
        });
        // Of several programs each says itself which one it is, and how its health is judged.
        let is_alone = image.programs.len() == 1;
        let start = image.programs.first().map(|program| exec(&[format!("{PROGRAMS}/{}", program.bin)]));
        let (entrypoint, command) = if is_alone { (start, None) } else { (None, start) };
        Self {
            banner: super::banner(plan, target),
            id: image.id.to_string(),
            base: options.base.to_string(),
            labels: labels(plan, workload, &image),
            copies: copies.collect(),
            user: workload.user.unwrap_or(IMAGE_USER).to_string(),
            ports: workload.ports.iter().map(|port| exposed(&port.port)).collect(),
            healthcheck: workload.check_inside().filter(|_| is_alone).map(Healthcheck::new),
            entrypoint,
            command,
            ignored: ignored(options.form, &image),
            source: (options.form == BuildForm::Source)
                .then(|| Source { builder: options.builder.to_string(), programs: image.programs }),
        }
    }
}

impl Healthcheck {
    fn new(health: &crate::plan::HealthCheck) -> Self {
        Self {
            interval: health.interval,
            timeout: health.timeout,
            start_period: health.start_period,
            retries: health.retries,
            command: exec(&docker::probe(&health.probe)),
        }
    }
}

/// What stays out of the context: for compiling, what is compiled, remembered, rendered or secret; for
/// programs that were compiled outside, everything else.
pub(crate) fn ignored(form: BuildForm, image: &Image) -> Vec<String> {
    match form {
        BuildForm::Source => {
            ["**/target", "**/.git", ".orch", "deploy", "**/.env", "**/.env.*"].map(str::to_owned).into()
        }
        BuildForm::Slim => {
            let programs = image.programs.iter().map(|program| format!("!{COMPILED}/{}", program.bin));
            std::iter::once("*".to_owned()).chain(programs).collect()
        }
    }
}

fn exposed(port: &ContainerPort) -> String {
    format!("{}/{}", port.number, port.protocol.unwrap_or(Protocol::Tcp))
}

/// The labels that tell what an image is.
///
/// Source: "Pre-Defined Annotation Keys" of the OCI Image Format Specification.
fn labels(plan: &Plan, workload: &Workload, image: &Image) -> Vec<String> {
    let version = image.programs.first().map(|program| program.version.clone());
    let title = workload.name.clone().unwrap_or_else(|| format!("{}-{}", plan.system, image.id));
    let labels = [
        ("org.opencontainers.image.title", Some(title)),
        ("org.opencontainers.image.description", workload.description.clone()),
        ("org.opencontainers.image.version", version),
        ("org.opencontainers.image.base.name", Some(plan.options.build.base.to_string())),
        ("dev.orch.system", Some(plan.system.to_string())),
        ("dev.orch.app", Some(image.id.to_string())),
    ];
    let labels = labels.into_iter().filter_map(|(key, value)| Some((key, value?)));
    labels.map(|(key, value)| format!("{key}={}", quoted(&value))).collect()
}

/// A word of a Dockerfile in which nothing is replaced, on one line.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => out.extend(['\\', c]),
            c if c.is_control() || "\u{2028}\u{2029}\u{85}".contains(c) => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A command in exec form.
fn exec(words: &[String]) -> String {
    // A list of texts is always JSON.
    serde_json::to_string(words).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_label_stays_on_its_line_and_nothing_in_it_is_replaced() {
        assert_eq!(quoted("a \"b\" $HOME \\"), r#""a \"b\" \$HOME \\""#);
        assert_eq!(quoted("one\nUSER root"), "\"one USER root\"");
    }
}
