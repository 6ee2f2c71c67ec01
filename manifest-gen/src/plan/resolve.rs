//! Everything about a container that is not an edge, a variable or a published port.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::{AppEntry, DeclaredBy, ServiceEntry};
use orch_manifest::model::{self, AppKind, Check, Deployment, RestartPolicy, UserIds};
use orch_manifest::name::VolumeName;
use orch_manifest::{Duration, Id, ImageRef, Port, PortRef, Template, UrlPath, Value};

use super::bindings::{environment, known};
use super::facts::{Context, View};
use super::profile::Base;
use super::unknown::HEALTH;
use super::{
    External, HealthCheck, MountedFile, Piece, Profile, Program, Published, Role, SecretUse, Text, Variable, Volume,
    Workload,
};
use crate::finding::{Code, Finding};

/// As whom programs run in an image that is built for them, unless somebody is named: nobody that the host knows.
pub(crate) const IMAGE_USER: UserIds = UserIds { uid: 10_001, gid: Some(10_001) };

/// What is asked to know whether a container is healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// An HTTP request to this path and port must be answered with 200 to 399.
    Http(UrlPath, Port),
    /// A connection to this port.
    Tcp(Port),
    /// A command in the container, in exec form.
    Command(Vec<String>),
    /// A script for the container's shell.
    Shell(String),
}

/// Whether something is asked to know whether a workload is healthy.
pub(super) fn has_check(workload: &model::Workload) -> bool {
    workload.health.as_ref().is_some_and(|health| health.check != Check::None)
}

/// Resolves every container, in the order of ids.
pub fn workloads(context: &Context<'_>, findings: &mut Vec<Finding>) -> Vec<Workload> {
    let manifest = context.manifest;
    let services = manifest.services.iter().filter_map(|entry| service(context, entry, findings));
    let mut workloads: Vec<Workload> = services.collect();
    workloads.extend(manifest.apps.iter().filter_map(|entry| app(context, entry, findings)));
    workloads.sort_by(|a, b| a.id.cmp(&b.id));
    workloads
}

fn service(context: &Context<'_>, entry: &ServiceEntry, findings: &mut Vec<Finding>) -> Option<Workload> {
    let service = &entry.service;
    if service.deployment() != Deployment::Container {
        return None;
    }
    let place = &entry.declared_by;
    // The grammar demands it; a manifest from elsewhere may still lack it.
    let Some(image) = service.workload.image.clone() else {
        let finding = Finding::new(Code::UnknownReference, format!("the service `{}` has no image", service.id));
        findings.push(finding.help("write `image = \"…\"`").at(place));
        return None;
    };
    if image.is_floating() {
        let finding =
            Finding::new(Code::FloatingImage, format!("the image `{image}` of `{}` names no version", service.id));
        findings.push(finding.help(format!("write a tag or a digest: `{}:…`", image.repository())).at(place));
    }
    let workload =
        workload(context, &service.id, Role::Service(service.kind.clone()), image, &service.workload, place, findings);
    if service.derived_id && workload.is_stateful() {
        let finding = Finding::new(
            Code::DerivedId,
            format!("the id `{0}` follows from the type's name `{1}`", service.id, place.item),
        );
        findings.push(
            finding
                .help(format!("write `id = \"{}\"`: renaming the type would start with an empty volume", service.id))
                .at(place),
        );
    }
    if service.workload.health.is_none() {
        let finding = Finding::new(Code::NoHealth, format!("`{}` has no health check", service.id));
        let help = format!("{}; `health(none)` where running is enough", HEALTH.to_write(&workload.image));
        findings.push(finding.help(help).at(place));
    }
    Some(workload)
}

fn app(context: &Context<'_>, entry: &AppEntry, findings: &mut Vec<Finding>) -> Option<Workload> {
    let image = app_image(context, entry, findings)?;
    let kind = entry.app.kind();
    let mut workload =
        workload(context, &entry.id, Role::App(kind), image, &entry.app.workload, &entry.declared_by, findings);
    workload.schedule = entry.app.schedule.clone().filter(|_| kind == AppKind::Cron);
    workload.program = program(entry);
    workload.user = user(context, entry);
    if kind == AppKind::Web && entry.app.workload.health.is_none() {
        let finding = Finding::new(Code::NoHealth, format!("`{}` has no health check", entry.id));
        findings.push(finding.help("write `health(http = \"/health\")`").at(&entry.declared_by));
    }
    Some(workload)
}

/// As whom an application runs: as it says, else as the image that it is in does. Of one that is named, that is known
/// only where the application whose image it is says so.
fn user(context: &Context<'_>, entry: &AppEntry) -> Option<UserIds> {
    let of = entry.app.image_of.as_ref().and_then(|id| context.manifest.app(id)).unwrap_or(entry);
    let is_built = of.app.workload.image.is_none();
    entry.app.workload.user.or(of.app.workload.user).or_else(|| is_built.then_some(IMAGE_USER))
}

/// The binary of an application. Names that cargo has none of are in no manifest that was gathered.
fn program(entry: &AppEntry) -> Option<Program> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
    let bin = entry.app.bin.clone().filter(|bin| is_name(bin) && is_name(&entry.declared_by.package))?;
    let (package, version) = (entry.declared_by.package.clone(), entry.version.clone());
    Some(Program { package, bin, version, image_of: entry.app.image_of.clone() })
}

/// `{registry}/{system}-{id}:{version}` unless an image is written.
fn app_image(context: &Context<'_>, entry: &AppEntry, findings: &mut Vec<Finding>) -> Option<ImageRef> {
    let place = &entry.declared_by;
    let other = match &entry.app.image_of {
        None => entry,
        Some(id) => match context.manifest.app(id) {
            Some(other) if other.app.image_of.is_none() => other,
            found => {
                let why = if found.is_some() { "has no image of its own" } else { "is not there" };
                let known: Vec<&str> = context.manifest.apps.iter().map(|entry| entry.id.as_str()).collect();
                let finding = Finding::new(
                    Code::UnknownReference,
                    format!("`{}` is in the image of `{id}`, which {why}", entry.id),
                );
                findings.push(finding.help(orch_manifest::did_you_mean(id.as_str(), &known)).at(place));
                return None;
            }
        },
    };
    if let Some(image) = &other.app.workload.image {
        return Some(image.clone());
    }
    let registry = context.manifest.registry.as_ref().map(|registry| format!("{registry}/")).unwrap_or_default();
    // A tag has no `+`, which a version may have (Semantic Versioning, section 10).
    let tag = other.version.replace('+', "-");
    let text = format!("{registry}{}-{}:{tag}", context.manifest.system, other.id);
    match ImageRef::parse(&text) {
        Ok(image) => Some(image),
        Err(invalid) => {
            let finding = Finding::new(Code::UnknownReference, invalid.problem);
            findings.push(finding.help("write `image = \"…\"`, or correct `registry` in `orch.toml`").at(place));
            None
        }
    }
}

fn workload(
    context: &Context<'_>,
    id: &Id,
    role: Role,
    image: ImageRef,
    declared: &model::Workload,
    place: &DeclaredBy,
    findings: &mut Vec<Finding>,
) -> Workload {
    let view = View { owner: id, reader: id };
    let texts = |values: &[Value], what: &str, findings: &mut Vec<Finding>| -> Vec<Text> {
        values.iter().filter_map(|value| known(context.value(value, view), &what, place, findings)).collect()
    };
    let entrypoint = texts(&declared.entrypoint, "entrypoint", findings);
    let command = texts(&declared.command, "command", findings);
    let is_job = matches!(role, Role::App(AppKind::Job | AppKind::Cron));
    let facts = context.known.get(id);
    let mut env = environment(context, id, declared, place, findings);
    for (name, entry) in &mut env {
        let one_secret = matches!(entry.value.pieces.as_slice(), [Piece::Secret { .. }]);
        entry.file_form = facts.filter(|_| one_secret).and_then(|facts| facts.file_env.get(name)).cloned();
    }
    Workload {
        id: id.clone(),
        program: None,
        declared_by: place.clone(),
        name: declared.name.clone(),
        description: declared.description.clone(),
        image,
        entrypoint,
        command,
        env,
        facts: facts.cloned(),
        ports: declared.ports.iter().map(|port| Published { port: port.clone(), publish: None }).collect(),
        ingress: declared.ingress.clone(),
        volumes: volumes(declared),
        files: files(context, view, declared, place, findings),
        health: health(id, declared, place, findings),
        dependencies: dependencies(context, id),
        talks_to: context.topology.neighbours(id),
        schedule: None,
        replicas: if context.profile.is_private() { 1 } else { declared.replicas.unwrap_or(1) },
        scale: declared.scale.clone(),
        resources: declared.resources.clone().unwrap_or_default(),
        user: declared.user,
        fs_group: declared.fs_group,
        workdir: declared.workdir.clone(),
        hostname: declared.hostname.clone(),
        grace: declared.grace.unwrap_or(Duration::from_secs(10)),
        restart: declared.restart.unwrap_or(restart(context.profile, is_job)),
        cap_add: declared.cap_add.clone(),
        restricted: declared.restricted.unwrap_or(true),
        egress: declared.egress.clone(),
        placement: declared.placement.clone(),
        shm_size: declared.shm_size.clone(),
        ulimits: declared.ulimits.clone(),
        labels: declared.labels.clone(),
        annotations: declared.annotations.clone(),
        role,
    }
}

/// A test run shows a crash instead of hiding it behind a restart; a job that failed is tried again
/// by whoever runs it.
fn restart(profile: &Profile, is_job: bool) -> RestartPolicy {
    match (profile.base(), is_job) {
        (Base::Ci, _) | (_, true) => RestartPolicy::No,
        _ => RestartPolicy::UnlessStopped,
    }
}

fn dependencies(context: &Context<'_>, id: &Id) -> Vec<super::Dependency> {
    let mut dependencies = context.topology.waits.get(id).cloned().unwrap_or_default();
    dependencies.sort();
    dependencies.dedup_by(|a, b| a.id == b.id);
    dependencies
}

/// Names volumes that have none after the end of their path, each differently.
fn volumes(declared: &model::Workload) -> Vec<Volume> {
    let mut taken: BTreeSet<VolumeName> = declared.volumes.iter().filter_map(|volume| volume.name.clone()).collect();
    let name = |volume: &model::Volume, taken: &mut BTreeSet<VolumeName>| {
        let end = volume.path.as_str().rsplit('/').next().unwrap_or_default();
        let base: String =
            end.chars().filter(char::is_ascii_alphanumeric).take(16).collect::<String>().to_ascii_lowercase();
        let base = if base.is_empty() { "data".to_owned() } else { base };
        let mut candidates = std::iter::once(base.clone()).chain((2..1000).map(|number| format!("{base}-{number}")));
        let name = candidates.find_map(|name| VolumeName::parse(&name).ok().filter(|name| !taken.contains(name)))?;
        taken.insert(name.clone());
        Some(name)
    };
    let resolve = |volume: &model::Volume| {
        Some(Volume {
            name: volume.name.clone().or_else(|| name(volume, &mut taken))?,
            path: volume.path.clone(),
            persistent: !volume.ephemeral,
            read_only: volume.read_only,
            size: volume.size.clone(),
            storage_class: volume.storage_class.clone(),
        })
    };
    declared.volumes.iter().filter_map(resolve).collect()
}

fn files(
    context: &Context<'_>,
    view: View<'_>,
    declared: &model::Workload,
    place: &DeclaredBy,
    findings: &mut Vec<Finding>,
) -> Vec<MountedFile> {
    let mut files = Vec::new();
    let mut names: BTreeSet<String> = BTreeSet::new();
    for file in &declared.files {
        // Where it is missing, that was found when the file was read.
        let Some(content) = &file.content else { continue };
        let content = if file.template {
            let resolved = match Template::parse(content) {
                Ok(template) => context.template(&template, view),
                Err(invalid) => Err(super::facts::Unresolved::Unknown {
                    problem: invalid.problem,
                    help: invalid.help.unwrap_or_default(),
                }),
            };
            match known(resolved, &file.source, place, findings) {
                Some(text) => text,
                None => continue,
            }
        } else {
            Text::literal(content)
        };
        let end = file.path.as_str().rsplit('/').next().unwrap_or_default();
        let safe: String = end
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '-' })
            .collect();
        let mut candidates = std::iter::once(safe.clone()).chain((2..).map(|number| format!("{number}-{safe}")));
        let Some(name) = candidates.find(|name| !names.contains(name)) else { continue };
        names.insert(name.clone());
        files.push(MountedFile { name, path: file.path.clone(), content });
    }
    files
}

/// The health check, unless the port that it asks is not there.
fn health(id: &Id, declared: &model::Workload, place: &DeclaredBy, findings: &mut Vec<Finding>) -> Option<HealthCheck> {
    let health = declared.health.as_ref()?;
    let mut number = |port: Option<&PortRef>| {
        let found = match port {
            Some(PortRef::Number(number)) => Some(*number),
            Some(PortRef::Name(name)) => {
                declared.ports.iter().find(|port| port.name.as_ref() == Some(name)).map(|port| port.number)
            }
            None => declared.ports.first().map(|port| port.number),
        };
        if found.is_none() {
            let (what, help) = match port {
                Some(port) => (
                    format!("the port `{port}`, which it does not have"),
                    format!("write `port(…, name = \"{port}\")`"),
                ),
                None => ("its port, and it has none".to_owned(), "write `ports = […]`".to_owned()),
            };
            let message = format!("`health` of `{id}` asks {what}");
            findings.push(Finding::new(Code::UnknownReference, message).help(help).at(place));
        }
        found
    };
    let probe = match &health.check {
        Check::Http(http) => Probe::Http(http.path.clone(), number(http.port.as_ref())?),
        Check::Tcp(port) => Probe::Tcp(number(Some(port))?),
        Check::Command(command) => Probe::Command(command.clone()),
        Check::Shell(script) => Probe::Shell(script.clone()),
        Check::None => return None,
    };
    Some(HealthCheck {
        probe,
        live: health.live.clone(),
        interval: health.interval.unwrap_or(Duration::from_secs(10)),
        timeout: health.timeout.unwrap_or(Duration::from_secs(5)),
        retries: health.retries.unwrap_or(3),
        start_period: health.start_period.unwrap_or(Duration::from_secs(30)),
    })
}

/// The services that are there already.
pub fn externals(context: &Context<'_>) -> Vec<External> {
    let external = context.manifest.services.iter().filter(|entry| entry.service.deployment() == Deployment::External);
    let resolve = |entry: &ServiceEntry| {
        let service = &entry.service;
        let view = View { owner: &service.id, reader: &service.id };
        let connection = service.connection.as_ref();
        let value = connection.and_then(|connection| connection.url.as_ref().or(connection.host.as_ref()));
        let address = value.and_then(|value| context.value(value, view).ok()).map(|text| text.display());
        External {
            id: service.id.clone(),
            kind: service.kind.clone(),
            declared_by: entry.declared_by.clone(),
            address: address.unwrap_or_default(),
            port: service.workload.ports.first().map(|port| port.number),
        }
    };
    external.map(resolve).collect()
}

/// The secrets and the variables that somebody has to supply.
pub fn supplied(workloads: &[Workload]) -> (Vec<SecretUse>, Vec<Variable>) {
    let mut secrets: BTreeMap<_, SecretUse> = BTreeMap::new();
    let mut variables: BTreeMap<_, Variable> = BTreeMap::new();
    for workload in workloads {
        let environment = workload.env.values().map(|entry| &entry.value);
        let files = workload.files.iter().map(|file| &file.content);
        let texts = environment.chain(&workload.command).chain(&workload.entrypoint).chain(files);
        for piece in texts.flat_map(|text| &text.pieces) {
            match piece {
                Piece::Secret { name, in_url, .. } => {
                    let new = || SecretUse { name: name.clone(), used_by: BTreeSet::new(), in_url: false };
                    let entry = secrets.entry(name.clone()).or_insert_with(new);
                    entry.used_by.insert(workload.id.clone());
                    entry.in_url |= in_url;
                }
                Piece::Variable { name, default } => {
                    let new = || Variable { name: name.clone(), default: default.clone(), used_by: BTreeSet::new() };
                    variables.entry(name.clone()).or_insert_with(new).used_by.insert(workload.id.clone());
                }
                Piece::Literal(_) | Piece::HostPort { .. } => {}
            }
        }
    }
    (secrets.into_values().collect(), variables.into_values().collect())
}
