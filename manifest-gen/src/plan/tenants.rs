//! Services that have something of its own for each application: a job creates it before the
//! application starts.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::manifest::ServiceEntry;
use orch_manifest::model::{AppKind, Deployment, RestartPolicy};
use orch_manifest::value::{Fact, Token};
use orch_manifest::{Duration, EnvName, Id, SecretName};

use super::bindings::known;
use super::facts::{Context, View};
use super::{Condition, Dependency, Environment, Origin, Piece, Role, Text, Workload};
use crate::finding::{Code, Finding};

/// The name of an application's database, schema and role: its id as an SQL name.
pub(super) fn name(app: &Id) -> String {
    app.as_str().replace('-', "_")
}

/// The secret of one application, where a template names the secret of the service.
pub(super) fn secret(of_service: &SecretName, app: &Id) -> Result<SecretName, orch_manifest::Invalid> {
    SecretName::parse(&format!("{of_service}-{app}"))
}

/// The password of one application, where that of the service is this text.
pub(super) fn password(of_service: &Text, app: &Id) -> Result<Text, orch_manifest::Invalid> {
    let own = |piece: &Piece| match piece {
        Piece::Secret { name, in_url, .. } => {
            Ok(Piece::Secret { name: secret(name, app)?, key: None, in_url: *in_url })
        }
        piece => Ok(piece.clone()),
    };
    Ok(Text { pieces: of_service.pieces.iter().map(own).collect::<Result<_, _>>()? })
}

/// Adds the jobs, and lets the applications wait for them.
pub(super) fn add_jobs(workloads: &mut Vec<Workload>, context: &Context<'_>, findings: &mut Vec<Finding>) {
    for entry in context.manifest.services.iter().filter(|entry| entry.service.tenants.is_some()) {
        if entry.service.deployment() != Deployment::Container {
            continue;
        }
        let service = &entry.service.id;
        let uses = |app: &&Id| context.topology.uses.get(*app).is_some_and(|ids| ids.contains(service));
        let apps: Vec<Id> = context.manifest.apps.iter().map(|app| &app.id).filter(uses).cloned().collect();
        if apps.is_empty() {
            continue;
        }
        let Some(job) = job(entry, &apps, workloads, context, findings) else { continue };
        for workload in workloads.iter_mut().filter(|workload| apps.contains(&workload.id)) {
            let dependency = Dependency { id: job.id.clone(), condition: Condition::Completed, required: true };
            workload.dependencies.push(dependency);
            workload.dependencies.sort();
        }
        workloads.push(job);
    }
    workloads.sort_by(|a, b| a.id.cmp(&b.id));
}

fn job(
    entry: &ServiceEntry,
    apps: &[Id],
    workloads: &[Workload],
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
) -> Option<Workload> {
    let (service, place) = (&entry.service, &entry.declared_by);
    let server = workloads.iter().find(|workload| workload.id == service.id)?;
    let tenancy = service.tenants?;
    let Some(tenants) = server.facts.as_ref().and_then(|facts| facts.tenants(tenancy)) else {
        let message = format!(
            "how `{}` gives each application a {tenancy} is not known for the image `{}`",
            service.id, server.image
        );
        findings.push(
            Finding::new(Code::UnknownFact, message)
                .help("leave `tenants` out, and create what is needed in a job of your own")
                .at(place),
        );
        return None;
    };
    let id = Id::parse(&format!("{}-tenants", service.id)).ok().filter(|id| context.declared(id).is_none());
    let Some(id) = id else {
        findings.push(
            Finding::new(
                Code::DuplicateId,
                format!("`{}-tenants` cannot be the id of the job that creates them", service.id),
            )
            .help("give the service a shorter id")
            .at(place),
        );
        return None;
    };
    let view = View { owner: &service.id, reader: &service.id };
    let mut env: BTreeMap<EnvName, Environment> = BTreeMap::new();
    let mut set =
        |name: EnvName, value: Text| env.insert(name, Environment { value, origin: Origin::Planner, file_form: None });
    for (name, template) in &tenants.env {
        if let Some(value) = known(context.template(template, view), name, place, findings) {
            set(name.clone(), value);
        }
    }
    let password = service_password(entry, context, findings)?;
    for app in apps {
        let variable = EnvName::parse(&format!("TENANT_PASSWORD_{}", name(app))).ok()?;
        match secret(&password, app) {
            Ok(secret) => {
                set(variable, Text::piece(Piece::Secret { name: secret, key: None, in_url: false }));
            }
            Err(invalid) => findings.push(
                Finding::new(Code::UnknownFact, invalid.problem).help("give the secret a shorter name").at(place),
            ),
        }
    }
    let names: Vec<String> = apps.iter().map(name).collect();
    set(EnvName::parse("TENANTS").ok()?, Text::literal(names.join(" ")));
    let waits = if server.health.is_some() { Condition::Healthy } else { Condition::Started };
    Some(Workload {
        program: None,
        id,
        role: Role::App(AppKind::Job),
        name: None,
        description: Some(format!("Creates a {tenancy} in {} for each application", service.id)),
        entrypoint: ["sh", "-euc", &tenants.script].map(Text::literal).to_vec(),
        command: Vec::new(),
        env,
        ports: Vec::new(),
        ingress: Vec::new(),
        volumes: Vec::new(),
        files: Vec::new(),
        health: None,
        dependencies: vec![Dependency { id: service.id.clone(), condition: waits, required: true }],
        talks_to: BTreeSet::from([service.id.clone()]),
        replicas: 1,
        scale: None,
        hostname: None,
        grace: Duration::from_secs(10),
        restart: RestartPolicy::OnFailure,
        egress: Vec::new(),
        shm_size: None,
        ulimits: BTreeMap::new(),
        ..server.clone()
    })
}

/// The secret that the service's bindings name; each application has one of its own in its place.
fn service_password(entry: &ServiceEntry, context: &Context<'_>, findings: &mut Vec<Finding>) -> Option<SecretName> {
    let id = &entry.service.id;
    let own = || context.fact(&Fact::Password, View { owner: id, reader: id }).ok();
    let tokens = entry.service.workload.app_env.values().flat_map(orch_manifest::Template::tokens);
    let secrets: BTreeSet<SecretName> = tokens
        .filter_map(|token| match token {
            Token::Secret(name) => Some(name),
            Token::Own(Fact::Password) => match own()?.pieces.as_slice() {
                [Piece::Secret { name, .. }] => Some(name.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect();
    if let [only] = secrets.iter().collect::<Vec<_>>()[..] {
        return Some(only.clone());
    }
    let message = format!(
        "`{}` gives each application something of its own, but its `app_env` does not name one secret",
        entry.service.id
    );
    findings.push(
        Finding::new(Code::UnknownFact, message)
            .help("write `{secret:NAME}` in it: each application is given a secret `NAME-<application>` in its place")
            .at(&entry.declared_by),
    );
    None
}
