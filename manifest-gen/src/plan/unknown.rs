//! What to say of an image that the catalog does not know, line by line.

use orch_manifest::ImageRef;

use super::facts::Context;
use super::{Role, Workload};
use crate::catalog;
use crate::finding::{Code, Finding};

/// Kinds that keep data, or would be of no use.
const KEEPERS: [&str; 6] = ["database", "messaging", "search", "vector", "storage", "secrets"];

/// What is missing, each with the line to write; and replicas that would not be one.
pub(super) fn images(workloads: &[Workload], context: &Context<'_>) -> Vec<Finding> {
    let services = workloads.iter().filter(|workload| matches!(workload.role, Role::Service(_)));
    services.flat_map(|workload| missing(workload, context).into_iter().chain(separate(workload))).collect()
}

fn missing(workload: &Workload, context: &Context<'_>) -> Vec<Finding> {
    let Role::Service(kind) = &workload.role else { return Vec::new() };
    // One that the catalog knows under another name has facts, if no complete ones.
    if workload.facts.as_ref().is_some_and(|facts| !facts.service.ports.is_empty() || facts.is_own()) {
        return Vec::new();
    }
    let (id, name) = (&workload.id, catalog::name(&workload.image));
    let used = context.topology.uses.values().any(|ids| ids.contains(id));
    let mut found = Vec::new();
    let mut find = |missing: bool, what: &str, line: Line, instead: &str| {
        if missing {
            let message = format!("the catalog does not know the image `{name}`, and `{id}` does not say {what}");
            let help = format!("{}{instead}", line.to_write(&workload.image));
            found.push(Finding::new(Code::UnknownImage, message).help(help).at(&workload.declared_by));
        }
    };
    find(used && workload.ports.is_empty(), "on which port it answers", PORT, "");
    let keeps = KEEPERS.contains(&kind.as_str()) && workload.volumes.iter().all(|volume| !volume.persistent);
    let said = workload.volumes.iter().any(|volume| volume.path.as_str() != "/tmp");
    find(keeps && !said, "where it keeps data", VOLUME, "; with `ephemeral` where nothing is kept");
    let root = "; for an image that needs root, `restricted = false` instead";
    find(workload.restricted && workload.user.is_none(), "as whom it runs", USER, root);
    let bound = context.manifest.service(id).is_some_and(|entry| !entry.service.workload.app_env.is_empty());
    let own = kind.as_str().starts_with("x-");
    find(used && !bound && !own && !kind.is_soft(), "what applications are given", APP_ENV, "");
    found
}

/// What to write of an image that is not known, in an attribute and below `[catalog.IMAGE.service]` in `orch.toml`.
/// Capital letters and `…` are for a person to fill in.
#[derive(Clone, Copy)]
pub(super) struct Line {
    attribute: &'static str,
    toml: &'static str,
}

const PORT: Line = Line {
    attribute: r#"port(NUMBER, name = "…", scheme = "…")"#,
    toml: r#"port = { number = NUMBER, name = "…", scheme = "…" }"#,
};
const VOLUME: Line = Line {
    attribute: r#"volume("/PATH", name = "data", size = "10Gi")"#,
    toml: r#"volume = { path = "/PATH", name = "data", size = "10Gi" }"#,
};
const USER: Line = Line { attribute: r#"user = "UID:GID""#, toml: r#"user = "UID:GID""# };
const APP_ENV: Line = Line { attribute: r#"app_env(NAME_URL = "{url}")"#, toml: r#"app_env = { NAME_URL = "{url}" }"# };
pub(super) const HEALTH: Line = Line { attribute: r#"health(http = "/PATH")"#, toml: r#"health = { http = "/PATH" }"# };

impl Line {
    /// Both, with where each belongs.
    pub(super) fn to_write(self, image: &ImageRef) -> String {
        let name = catalog::name(image);
        let Self { attribute, toml } = self;
        format!("write `{attribute}`, or once for the image, below `[catalog.{name:?}.service]` in orch.toml, `{toml}`")
    }
}

/// Replicas of a service with data, each with its own. That it keeps data the catalog may have said.
fn separate(workload: &Workload) -> Option<Finding> {
    let found = |message: String, help: String| {
        Some(Finding::new(Code::SeparateReplicas, message).help(help).at(&workload.declared_by))
    };
    if workload.is_stateful() && workload.scale.is_some() {
        let message =
            format!("`scale` of `{}`, which keeps data: each replica would have data of its own", workload.id);
        return found(message, "leave `scale` out, or write the volume with `ephemeral`".to_owned());
    }
    let clusters = workload.facts.as_ref().is_some_and(|facts| facts.clusters);
    if workload.replicas < 2 || !workload.is_stateful() || clusters {
        return None;
    }
    let name = catalog::name(&workload.image);
    let message = format!(
        "`{}` keeps data and is to run {} times, and nothing is known by which they were one cluster of the image `{name}`",
        workload.id, workload.replicas
    );
    let help = format!(
        "leave `replicas` out; where they are told how to find each other, write `[catalog.{name:?}]` with \
         `clusters = true` in orch.toml"
    );
    found(message, help)
}
