//! What is published, and where.

use std::collections::BTreeSet;

use orch_manifest::model::ContainerPort;
use orch_manifest::{Id, Port, Protocol};

use super::facts::Context;
use super::model::port_label;
use super::profile::Base;
use super::{Publish, Role, Workload};

/// The first of the ports that are chosen for what has none of its own.
const FIRST: u32 = 30_000;
/// The last.
const LAST: u32 = 50_000;

/// Decides which ports are published.
///
/// On a developer's machine every port is, so that a program on the host can reach what it needs;
/// in a test run and beyond, what faces out. Nothing here depends on the machine: the number is a
/// default that `up` replaces through the variable.
pub fn publish(workloads: &mut [Workload], context: &Context<'_>) {
    let mut taken: BTreeSet<(Protocol, Port)> = BTreeSet::new();
    // A number that somebody wrote goes before one that is merely convenient.
    for chosen in [written, own] {
        for workload in &mut *workloads {
            let (id, is_app, is_job) = (workload.id.clone(), matches!(workload.role, Role::App(_)), workload.is_job());
            let faces_out = workload.ingress.iter().map(|ingress| ingress.port.clone()).collect::<Vec<_>>();
            for (index, published) in workload.ports.iter_mut().enumerate() {
                let port = &published.port;
                let public = port.public || faces_out.iter().any(|target| refers(target.as_ref(), port, index));
                let wanted = context.profile.base() == Base::Local
                    || public
                    || (context.profile.is_private() && port.host_port.is_some());
                if published.publish.is_some() || !wanted || is_job {
                    continue;
                }
                let Some(default) = chosen(port, is_app, &context.manifest.system, &id, &taken) else { continue };
                taken.insert((port.transport(), default));
                published.publish = Some(Publish {
                    variable: variable(&id, port, index),
                    default,
                    loopback: context.profile.is_private(),
                });
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
    if is_app && port.number.get() >= 1024 && free(port.number) {
        return Some(port.number);
    }
    let span = LAST - FIRST + 1;
    let start = fnv1a(&format!("{system}:{id}:{}", port_label(port.name.as_ref(), port.number))) % span;
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

#[cfg(test)]
mod tests {
    use super::{FIRST, LAST, fnv1a};

    #[test]
    fn the_hash_is_the_one_of_the_documentation() {
        let port = |text| FIRST + fnv1a(text) % (LAST - FIRST + 1);
        assert_eq!(port("/srv/app:api"), 33_985);
        assert_eq!(port("/home/me/proj:api"), 41_223);
        assert_eq!(port("C:\\src\\S5.Recs:api"), 44_405);
        assert_eq!(port("/tmp/é:api"), 49_926);
    }
}
