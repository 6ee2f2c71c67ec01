//! From a manifest to a plan: everything decided, nothing laid out.
//!
//! `plan(manifest, profile) -> Plan` is pure and total: whatever is wrong becomes a finding, and all
//! findings are reported at once. A pack sees what is here and nothing before it.
//!
//! | module | decides |
//! |---|---|
//! | [`profile`] | which profile |
//! | [`topology`] | who uses whom, who waits for whom |
//! | [`facts`] | what the tokens of a template stand for |
//! | [`bindings`] | the environment of each container |
//! | [`defaults`] | that no secret has one |
//! | [`ports`] | what is published, where |
//! | [`system`] | what a running application is told |
//! | `tenants` | the jobs that give each application something of its own |
//! | `unknown` | what to say of an image that the catalog does not know |
//! | [`resolve`] | everything else about a container |
//! | [`text`] | text with secrets and variables in it |

pub mod bindings;
pub mod defaults;
pub mod facts;
mod model;
pub mod ports;
pub mod profile;
pub mod resolve;
pub mod system;
mod tenants;
pub mod text;
pub mod topology;
mod unknown;

use orch_manifest::manifest::Manifest;

use crate::catalog::Beneath;

pub use facts::{Place, Places};
#[cfg(feature = "cli")]
pub(crate) use model::port_label;
pub use model::{
    Condition, Dependency, Environment, External, HealthCheck, MountedFile, Origin, Plan, Program, Publish, Published,
    Role, SecretUse, Variable, Volume, Workload,
};
pub use profile::{Profile, ProfileError};
pub(crate) use resolve::IMAGE_USER;
pub use text::{Piece, Text};

use topology::Topology;

/// Plans a manifest for a profile, with what the catalog knows of its images beneath it.
pub fn plan(manifest: &Manifest, profile: &Profile) -> Plan {
    plan_with(manifest, profile, &Beneath::default(), &Places::new())
}

/// Plans a manifest for a profile, with this beneath it, and some of it reached elsewhere than under its
/// own name.
pub fn plan_with(manifest: &Manifest, profile: &Profile, beneath: &Beneath, places: &Places) -> Plan {
    let (manifest, known) = &beneath.complete(manifest);
    let (topology, mut findings) = Topology::resolve(manifest);
    let context = facts::Context { manifest, profile, topology: &topology, known, places };
    let mut workloads = resolve::workloads(&context, &mut findings);
    tenants::add_jobs(&mut workloads, &context, &mut findings);
    findings.extend(unknown::images(&workloads, &context));
    ports::publish(&mut workloads, &context);
    system::tell(&mut workloads, &context);
    let (secrets, variables) = resolve::supplied(&workloads);
    findings.extend(defaults::of_secrets(&workloads));
    findings.sort_by(|a, b| {
        b.severity.cmp(&a.severity).then_with(|| (a.code, &a.places, &a.message).cmp(&(b.code, &b.places, &b.message)))
    });
    findings.dedup();
    Plan {
        system: manifest.system.clone(),
        profile: profile.clone(),
        externals: resolve::externals(&context),
        workloads,
        secrets,
        variables,
        options: crate::config::Options::default(),
        findings,
    }
}
