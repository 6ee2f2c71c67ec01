//! What a running application is told about the system: the value of `ORCH_SYSTEM`.
//!
//! One JSON value without a secret in it, from which the runtime crate resolves bindings, waits for
//! services and checks them. Its form is a contract with a number, like the fragment's.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::Manifest;
use orch_manifest::model::{Check, ContainerPort, HttpCheck, Workload as Declared};
use orch_manifest::value::{Fact, SecretKey};
use orch_manifest::{EnvName, Id, PortRef};
use serde::Serialize;

use super::facts::{Context, View};
use super::{Environment, Origin, Piece, Role, Text, Workload};

/// The number of the contract.
pub const CONTRACT: u32 = 1;
/// The variable.
pub const VARIABLE: &str = "ORCH_SYSTEM";

#[derive(Serialize)]
struct System<'a> {
    contract: u32,
    system: &'a Id,
    profile: &'a str,
    app: &'a Id,
    services: BTreeMap<Id, Neighbour>,
    bindings: BTreeMap<&'a EnvName, Vec<Part<'a>>>,
}

/// A service or an application that the application uses.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Neighbour {
    kind: String,
    /// Text, or its parts where the deployer has a say in it.
    host: Option<Vec<PartOwned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ports: BTreeMap<String, u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Vec<PartOwned>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    database: Option<Vec<PartOwned>>,
    /// Where it is not just the scheme, the host and the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<Vec<PartOwned>>,
    /// Whether the application cannot do without it.
    required: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Check>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Part<'a> {
    Text(&'a str),
    Secret(SecretPart<'a>),
    Variable(VariablePart<'a>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum PartOwned {
    Text(String),
    Variable { name: String, default: Option<String> },
}

#[derive(Serialize)]
struct SecretPart<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    /// Whether it stands in a URL and has to be percent-encoded.
    url: bool,
}

#[derive(Serialize)]
struct VariablePart<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<&'a str>,
}

/// Tells every application, unless it sets the variable itself.
pub(super) fn tell(workloads: &mut [Workload], context: &Context<'_>) {
    let Ok(variable) = EnvName::parse(VARIABLE) else { return };
    for workload in workloads.iter_mut().filter(|workload| matches!(workload.role, Role::App(_))) {
        // A job that the planner adds is no program of the workspace.
        if workload.env.contains_key(&variable) || context.manifest.app(&workload.id).is_none() {
            continue;
        }
        let (told, variables) = describe(workload, context);
        supply(workload, variables);
        let value = Text::literal(told);
        workload.env.insert(variable.clone(), Environment { value, origin: Origin::Planner, file_form: None });
    }
}

/// Gives an application what the deployer chooses, where that is a part of what it is told and no
/// variable of its own: `ORCH_VARIABLE_<NAME>`.
fn supply(workload: &mut Workload, variables: BTreeSet<(EnvName, Option<String>)>) {
    for (name, default) in variables {
        let value = Text::piece(Piece::Variable { name: name.clone(), default });
        let Ok(ours) = EnvName::parse(&format!("ORCH_VARIABLE_{name}")) else { continue };
        if workload.env.get(&name).is_some_and(|entry| entry.value == value) || workload.env.contains_key(&ours) {
            continue;
        }
        workload.env.insert(ours, Environment { value, origin: Origin::Planner, file_form: None });
    }
}

/// The value, and the deployer's variables that it names.
fn describe(workload: &Workload, context: &Context<'_>) -> (String, BTreeSet<(EnvName, Option<String>)>) {
    let mut variables = BTreeSet::new();
    let mut note = |text: &Text| {
        variables.extend(text.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { name, default } => Some((name.clone(), default.clone())),
            _ => None,
        }));
    };
    // What holds a secret of its own may come as a file as well.
    let bindings: BTreeMap<&EnvName, &Text> = workload
        .env
        .iter()
        .filter(|(_, entry)| matches!(entry.origin, Origin::Binding(_)) || entry.value.is_secret())
        .map(|(name, entry)| (name, &entry.value))
        .collect();
    // One without a secret is in the environment, whole.
    bindings.values().filter(|text| text.is_secret()).for_each(|text| note(text));
    let system = System {
        contract: CONTRACT,
        system: &context.manifest.system,
        profile: context.profile.as_str(),
        app: &workload.id,
        services: workload
            .talks_to
            .iter()
            .filter_map(|id| Some((id.clone(), neighbour(id, workload, context, &mut note)?)))
            .collect(),
        bindings: bindings.into_iter().map(|(name, text)| (name, parts(text))).collect(),
    };
    // Keys are strings and no number is infinite, so nothing can fail.
    (serde_json::to_string(&system).unwrap_or_default(), variables)
}

fn neighbour(id: &Id, workload: &Workload, context: &Context<'_>, note: &mut impl FnMut(&Text)) -> Option<Neighbour> {
    let (declared, _) = context.declared(id)?;
    let view = View { owner: id, reader: &workload.id };
    let mut told = |text: Text| {
        note(&text);
        text.pieces.iter().filter_map(owned).collect::<Vec<_>>()
    };
    // What is not known is left out, and so is a secret: it is in the application's bindings.
    let mut fact = |fact: &Fact| context.fact(fact, view).ok().filter(|text| !text.is_secret()).map(&mut told);
    let has_url = context
        .manifest
        .service(id)
        .is_some_and(|entry| entry.service.connection.as_ref().is_some_and(|connection| connection.url.is_some()));
    let first = declared.ports.first();
    let waits = workload.dependencies.iter().find(|dependency| dependency.id == *id);
    let reached = |port: &ContainerPort| context.reached(id, port.number).get();
    let named = declared.ports.iter().filter_map(|port| Some((port.name.as_ref()?.to_string(), reached(port))));
    Some(Neighbour {
        kind: kind(id, context.manifest),
        host: fact(&Fact::Host),
        port: first.map(reached),
        ports: named.collect(),
        scheme: first.and_then(|port| port.scheme.as_ref()).map(ToString::to_string),
        user: fact(&Fact::User),
        database: fact(&Fact::Database),
        url: if has_url { fact(&Fact::Url(None)) } else { None },
        required: waits.is_some_and(|dependency| dependency.required),
        check: check(declared).map(|check| from(check, id, context)),
    })
}

/// The check with the number under which its port is reached; a port's name stands for that already.
fn from(check: Check, id: &Id, context: &Context<'_>) -> Check {
    let reached = |port: PortRef| match port {
        PortRef::Number(number) => PortRef::Number(context.reached(id, number)),
        name @ PortRef::Name(_) => name,
    };
    match check {
        Check::Tcp(port) => Check::Tcp(reached(port)),
        Check::Http(HttpCheck { path, port }) => Check::Http(HttpCheck { path, port: port.map(reached) }),
        check => check,
    }
}

/// A check that an application can make itself: a command runs in the service's own container.
fn check(declared: &Declared) -> Option<Check> {
    let first = declared.ports.first();
    match declared.health.as_ref().map(|health| &health.check) {
        Some(check @ (Check::Http(_) | Check::Tcp(_))) => Some(check.clone()),
        Some(Check::None) => None,
        _ => first.map(|port| Check::Tcp(PortRef::Number(port.number))),
    }
}

fn kind(id: &Id, manifest: &Manifest) -> String {
    manifest.service(id).map_or_else(|| "app".to_owned(), |entry| entry.service.kind.to_string())
}

fn parts(text: &Text) -> Vec<Part<'_>> {
    text.pieces.iter().filter_map(part).collect()
}

fn part(piece: &Piece) -> Option<Part<'_>> {
    match piece {
        Piece::Literal(text) => Some(Part::Text(text)),
        Piece::Secret { name, key, in_url } => Some(Part::Secret(SecretPart {
            name: name.as_str(),
            key: key.as_ref().map(SecretKey::as_str),
            url: *in_url,
        })),
        Piece::Variable { name, default } => {
            Some(Part::Variable(VariablePart { name: name.as_str(), default: default.as_deref() }))
        }
        // The host's ports mean nothing inside a container.
        Piece::HostPort { .. } => None,
    }
}

fn owned(piece: &Piece) -> Option<PartOwned> {
    match piece {
        Piece::Literal(text) => Some(PartOwned::Text(text.clone())),
        Piece::Variable { name, default } => {
            Some(PartOwned::Variable { name: name.to_string(), default: default.clone() })
        }
        Piece::Secret { .. } | Piece::HostPort { .. } => None,
    }
}
