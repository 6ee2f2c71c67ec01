//! What an attribute declares: services, applications, clients of applications, providers of
//! authentication, and the workload that services and applications have in common.

mod app;
mod client;
#[cfg(feature = "serde")]
mod contradictions;
mod health;
mod service;
mod workload;

pub use app::{App, AppKind};
pub use client::{AuthProtocol, AuthProvider, Client};
pub use health::{Check, Health, HttpCheck};
pub use service::{Connection, Deployment, Kind, Service, Tenancy};
pub use workload::{
    ContainerPort, Egress, File, Ingress, Resources, RestartPolicy, Scale, Ulimit, UserIds, Volume, Workload,
};
