//! What to say of an image that the catalog does not know, line by line.

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
    let without = |what: &str| format!("the catalog does not know the image `{name}`, and `{id}` does not say {what}");
    let mut found = Vec::new();
    let mut find = |missing: bool, what: &str, line: &str| {
        if missing {
            let help = format!("write `{line}`, or say it once for the image under `[catalog.{name:?}]` in orch.toml");
            found.push(Finding::new(Code::UnknownImage, without(what)).help(help).at(&workload.declared_by));
        }
    };
    find(used && workload.ports.is_empty(), "on which port it answers", "port(NUMBER, name = \"…\", scheme = \"…\")");
    let keeps = KEEPERS.contains(&kind.as_str()) && workload.volumes.iter().all(|volume| !volume.persistent);
    let said = workload.volumes.iter().any(|volume| volume.path.as_str() != "/tmp");
    find(
        keeps && !said,
        "where it keeps data",
        "volume(\"/PATH\", name = \"data\")` or, where nothing is kept, `volume(\"/PATH\", ephemeral)",
    );
    find(
        workload.restricted && workload.user.is_none(),
        "as whom it runs",
        "user = \"UID:GID\"` or, for an image that needs root, `restricted = false",
    );
    let bound = context.manifest.service(id).is_some_and(|entry| !entry.service.workload.app_env.is_empty());
    let own = kind.as_str().starts_with("x-");
    find(used && !bound && !own && !kind.is_soft(), "what applications are given", "app_env(NAME_URL = \"{url}\")");
    found
}

/// Replicas of a service with data, each with its own.
fn separate(workload: &Workload) -> Option<Finding> {
    let clusters = workload.facts.as_ref().is_some_and(|facts| facts.clusters);
    if workload.replicas < 2 || !workload.is_stateful() || clusters {
        return None;
    }
    let name = catalog::name(&workload.image);
    let message = format!(
        "`{}` keeps data and is to run {} times, and the image `{name}` is not known to make one cluster of them",
        workload.id, workload.replicas
    );
    let help = format!("leave `replicas` out, or write `[catalog.{name:?}]` with `clusters = true` in orch.toml");
    Some(Finding::new(Code::SeparateReplicas, message).help(help).at(&workload.declared_by))
}
