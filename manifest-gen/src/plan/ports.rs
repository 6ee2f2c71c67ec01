//! What is published, and where.

use std::collections::BTreeSet;

use orch_manifest::model::ContainerPort;
use orch_manifest::{Id, Port, Protocol};

use super::facts::Context;
use super::model::port_label;
use super::profile::Base;
use super::{Plan, Publish, Role, Workload};

/// The first of the ports that are chosen for what has none of its own.
pub(crate) const FIRST: u32 = 30_000;
/// The last.
pub(crate) const LAST: u32 = 50_000;

/// The first that everybody may listen on.
pub(crate) const UNPRIVILEGED: u16 = 1024;

/// Decides which ports are published.
///
/// On a developer's machine every port is, so that a program on the host can reach what it needs;
/// in a test run and beyond, what faces out. Nothing here depends on the machine: the number is a
/// default that `up` replaces through the variable.
pub fn publish(workloads: &mut [Workload], context: &Context<'_>) {
    let profile = context.profile;
    choose(workloads, &context.manifest.system, profile.is_private(), |workload, index| {
        let port = &workload.ports[index].port;
        let faces_out = workload.ingress.iter().any(|ingress| refers(ingress.port.as_ref(), port, index));
        profile.base() == Base::Local || port.public || faces_out || (profile.is_private() && port.host_port.is_some())
    });
}

/// Publishes every port that is not yet, for this machine alone.
pub fn expose(plan: &mut Plan) {
    choose(&mut plan.workloads, &plan.system, true, |_, _| true);
}

/// Publishes the ports that are wanted, where they are not published yet.
fn choose(workloads: &mut [Workload], system: &Id, loopback: bool, wanted: impl Fn(&Workload, usize) -> bool) {
    let published = workloads.iter().flat_map(|workload| &workload.ports);
    let published = published
        .filter_map(|port| Some((port.port.transport(), port.publish.as_ref().map(|publish| publish.default)?)));
    let mut taken: BTreeSet<(Protocol, Port)> = published.collect();
    // A number that somebody wrote goes before one that is merely convenient.
    for number in [written, own] {
        for workload in workloads.iter_mut().filter(|workload| !workload.is_job()) {
            let (id, is_app) = (workload.id.clone(), matches!(workload.role, Role::App(_)));
            for index in 0..workload.ports.len() {
                if workload.ports[index].publish.is_some() || !wanted(workload, index) {
                    continue;
                }
                let port = &workload.ports[index].port;
                let Some(default) = number(port, is_app, system, &id, &taken) else { continue };
                taken.insert((port.transport(), default));
                let variable = variable(&id, port, index);
                workload.ports[index].publish = Some(Publish { variable, default, loopback });
            }
        }
    }
}

fn refers(target: Option<&orch_manifest::PortRef>, port: &ContainerPort, index: usize) -> bool {
    match target {
        None => index == 0,
        Some(orch_manifest::PortRef::Number(number)) => *number == port.number,
        Some(orch_manifest::PortRef::Name(name)) => port.name.as_ref() == Some(name),
    }
}

fn written(port: &ContainerPort, _: bool, _: &Id, _: &Id, _: &BTreeSet<(Protocol, Port)>) -> Option<Port> {
    port.host_port
}

/// An application's own port where it is free, so that it is where its documentation says; a number
/// that follows from the names otherwise, so that no local database is in the way.
fn own(port: &ContainerPort, is_app: bool, system: &Id, id: &Id, taken: &BTreeSet<(Protocol, Port)>) -> Option<Port> {
    let free = |candidate: Port| !taken.contains(&(port.transport(), candidate));
    if is_app && port.number.get() >= UNPRIVILEGED && free(port.number) {
        return Some(port.number);
    }
    let span = LAST - FIRST + 1;
    let start = deterministic(&format!("{system}:{id}:{}", port_label(port.name.as_ref(), port.number))) - FIRST;
    let candidates = (0..span).map(|step| FIRST + (start + step) % span);
    candidates.filter_map(|number| Port::new(number.into()).ok()).find(|candidate| free(*candidate))
}

/// `ORCH_PORT_API` for the first port, `ORCH_PORT_API_METRICS` for others.
fn variable(id: &Id, port: &ContainerPort, index: usize) -> String {
    let mut name = format!("ORCH_PORT_{id}");
    if index > 0 {
        name = format!("{name}_{}", port_label(port.name.as_ref(), port.number));
        if port.transport() != Protocol::Tcp {
            name = format!("{name}_{}", port.transport());
        }
    }
    name.replace('-', "_").to_ascii_uppercase()
}

/// FNV-1a, 32 bit, over UTF-16 code units.
fn fnv1a(text: &str) -> u32 {
    text.encode_utf16().fold(2_166_136_261, |hash, unit| (hash ^ u32::from(unit)).wrapping_mul(16_777_619))
}

/// A port of the last ones, the same for the same text.
pub(crate) fn deterministic(text: &str) -> u32 {
    FIRST + fnv1a(text) % (LAST - FIRST + 1)
}

#[cfg(test)]
mod tests {
    use super::deterministic;

    #[test]
    fn the_hash_is_the_one_of_the_documentation() {
        assert_eq!(deterministic("/srv/app:api"), 33_985);
        assert_eq!(deterministic("/home/me/proj:api"), 41_223);
        assert_eq!(deterministic("C:\\src\\S5.Recs:api"), 44_405);
        assert_eq!(deterministic("/tmp/é:api"), 49_926);
    }
}
