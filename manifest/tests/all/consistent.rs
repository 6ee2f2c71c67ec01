//! Arbitrary values without the contradictions that a manifest is refused for.

use std::collections::BTreeSet;

use orch_manifest::model::{App, AppKind, Check, Connection, Deployment, Service, Workload};
use orch_manifest::{CronSchedule, Quantity, Value};

/// A service that may be in a manifest.
pub(crate) fn service(mut service: Service) -> Service {
    workload(&mut service.workload);
    if service.deployment == Some(Deployment::External) {
        let connection = service.connection.get_or_insert_with(Connection::default);
        connection.host.get_or_insert(Value::Text("db".to_owned()));
    }
    if let Some(connection) = &mut service.connection {
        connection.url.take_if(|url| url.is_url_with_password());
    }
    assert_eq!(service.contradictions(), Vec::<String>::new());
    service
}

/// An application that may be in a manifest.
pub(crate) fn app(mut app: App) -> App {
    workload(&mut app.workload);
    if matches!(app.kind(), AppKind::Job | AppKind::Cron) {
        let none = Workload::default();
        let Workload { scale, replicas, ingress, health, .. } = none;
        app.workload = Workload { scale, replicas, ingress, health, ..app.workload };
    }
    if app.kind() == AppKind::Cron {
        app.schedule.get_or_insert(CronSchedule::parse("0 3 * * *").unwrap());
    }
    app.image_of.take_if(|_| app.workload.image.is_some());
    assert_eq!(app.contradictions(), Vec::<String>::new());
    app
}

fn workload(workload: &mut Workload) {
    let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
    workload.ports.retain(|port| numbers.insert((port.number, port.transport())));
    workload.ports.retain(|port| port.name.clone().is_none_or(|name| names.insert(name)));
    workload.ingress.retain(|ingress| ingress.host.is_some() || ingress.tls.is_none());
    let (mut paths, mut names) = (BTreeSet::new(), BTreeSet::new());
    workload.volumes.retain(|volume| paths.insert(volume.path.clone()));
    workload.volumes.retain(|volume| volume.name.clone().is_none_or(|name| names.insert(name)));
    workload.files.retain(|file| paths.insert(file.path.clone()));
    for volume in workload.volumes.iter_mut().filter(|volume| volume.ephemeral) {
        (volume.storage_class, volume.read_only) = (None, false);
    }
    if let Some(health) = &mut workload.health {
        health.interval.take_if(|time| time.as_millis() == 0);
        health.timeout.take_if(|time| time.as_millis() == 0);
        health.retries = health.retries.map(|retries| retries % 1_000 + 1);
        health.live.take_if(|_| !matches!(health.check, Check::Http(_)));
    }
    workload.health.take_if(|health| matches!(&health.check, Check::Command(command) if command.is_empty()));
    if let Some(resources) = &mut workload.resources {
        let pairs =
            [(&mut resources.cpu, &mut resources.cpu_limit), (&mut resources.memory, &mut resources.memory_limit)];
        for (request, limit) in pairs {
            request.take_if(|amount| amount.nanos() == 0);
            limit.take_if(|limit| limit.nanos() == 0);
            let request = request.as_ref().map(Quantity::nanos);
            limit.take_if(|limit| request.is_some_and(|request| request > limit.nanos()));
        }
        resources.gpu = resources.gpu.map(|gpu| gpu % 64 + 1);
    }
    workload.replicas = workload.replicas.map(|replicas| replicas % 1_001);
    workload.fs_group = workload.fs_group.map(|group| group / 2);
    workload.scale.take_if(|_| workload.volumes.iter().any(|volume| !volume.ephemeral));
    if let Some(scale) = &mut workload.scale {
        let bounds = [scale.min % 1_000 + 1, scale.max % 1_000 + 1];
        (scale.min, scale.max) = (bounds[0].min(bounds[1]), bounds[0].max(bounds[1]));
        scale.cpu = scale.cpu.map(|cpu| cpu % 100 + 1);
    }
    for limit in workload.ulimits.values_mut() {
        limit.hard /= 2;
        limit.soft = limit.soft.min(limit.hard);
    }
}
