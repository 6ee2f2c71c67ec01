//! `$` in files that Docker's tools interpolate, and what is interpolated there.

use orch_manifest::{EnvName, Id, PortName};

pub(super) use crate::plan::defaults::secret_variable;
use crate::plan::{Plan, Publish};

/// A literal in a file in which `$` begins an interpolation.
pub(super) fn escape(text: &str) -> String {
    text.replace('$', "$$")
}

/// A variable that the deployer has to set.
pub(super) fn required(variable: &str, otherwise: &str) -> String {
    format!("${{{variable}:?{otherwise}}}")
}

/// A variable that the deployer may set. `default` is in the reader's own syntax for defaults, which
/// ends at the first `}`.
pub(super) fn optional(variable: &str, default: &str) -> String {
    format!("${{{variable}:-{default}}}")
}

/// A variable of the deployer that has no default.
pub(super) fn supplied(name: &EnvName) -> String {
    required(name.as_str(), "it has no default")
}

/// The port of a host, which the deployer may choose.
pub(super) fn published(publish: &Publish) -> String {
    optional(&publish.variable, &publish.default.to_string())
}

/// How a port that a template asks for is published.
pub(super) fn host_port<'a>(plan: &'a Plan, id: &Id, name: &PortName) -> Option<&'a crate::plan::Published> {
    let ports = plan.workload(id).map_or(&[][..], |workload| workload.ports.as_slice());
    ports.iter().find(|port| port.port.name.as_ref() == Some(name))
}
