//! Services and Ingresses: how a workload is reached.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::model;
use orch_manifest::{PortName, PortRef, Protocol};
use serde::Serialize;

use super::Writer;
use super::object::Shared;
use crate::finding::{Code, Finding, Severity};
use crate::plan::Workload;

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Service {
    /// Whether it gives each pod a name of its own instead of one address for all.
    headless: bool,
    /// The labels of the pods that it leads to.
    selector: Shared,
    /// Its ports, which are those of the container.
    ports: Vec<ServicePort>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct ServicePort {
    /// Its name, which is the name of the container's port too.
    name: String,
    /// The port.
    port: u16,
    /// `TCP`, `UDP` or `SCTP`.
    protocol: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Ingress {
    /// The ingress class, where one is named.
    class: Option<String>,
    /// Certificates.
    tls: Vec<Tls>,
    /// What leads where.
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Tls {
    /// The hosts that it is for.
    hosts: Vec<String>,
    /// The Secret with certificate and key.
    secret: String,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Rule {
    /// The host; any where there is none.
    host: Option<String>,
    /// Paths of it.
    paths: Vec<Route>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Route {
    /// All paths that begin with this one.
    path: String,
    /// The Service that it leads to.
    service: String,
    /// The name of its port.
    port: String,
}

/// The protocol of a port, as the API writes it.
pub(super) fn protocol(protocol: Protocol) -> String {
    protocol.as_str().to_ascii_uppercase()
}

/// The names of a workload's ports, each different: its own name, the scheme of its URLs, or its
/// protocol and number.
pub(super) fn port_names(workload: &Workload) -> Vec<String> {
    let ports = || workload.ports.iter().map(|port| &port.port);
    let mut taken: BTreeSet<String> = ports().filter_map(|port| port.name.as_ref()).map(ToString::to_string).collect();
    let mut name = |port: &model::ContainerPort| {
        if let Some(name) = &port.name {
            return name.to_string();
        }
        let scheme = port.scheme.as_ref().and_then(|scheme| PortName::parse(scheme.as_str()).ok());
        let number = format!("{}-{}", port.transport(), port.number);
        let candidates = scheme.map(|scheme| scheme.to_string()).into_iter().chain([number.clone()]);
        let numbered = (2_u8..).map(|count| format!("{number}-{count}"));
        let name = candidates.chain(numbered).find(|name| !taken.contains(name)).unwrap_or(number.clone());
        taken.insert(name.clone());
        name
    };
    ports().map(&mut name).collect()
}

/// The position of the port that is referred to; of the first where nothing is.
pub(super) fn referred(workload: &Workload, port: Option<&PortRef>) -> Option<usize> {
    workload.ports.iter().position(|candidate| match port {
        None => true,
        Some(PortRef::Number(number)) => candidate.port.number == *number,
        Some(PortRef::Name(name)) => candidate.port.name.as_ref() == Some(name),
    })
}

/// The name of the Service that gives each pod of a `StatefulSet` a name.
pub(super) fn headless_name(workload: &Workload) -> String {
    format!("{}-headless", workload.id)
}

impl Writer<'_> {
    /// The Services of a workload that runs all the time.
    pub(super) fn service(&mut self, workload: &Workload) {
        if workload.is_job() {
            return;
        }
        let named = workload.ports.iter().zip(port_names(workload));
        let ports: Vec<ServicePort> = named
            .map(|(port, name)| ServicePort {
                name,
                port: port.port.number.get(),
                protocol: protocol(port.port.transport()),
            })
            .collect();
        let selector = self.selector(&workload.id);
        if workload.is_stateful() {
            let spec = Service { headless: true, selector: selector.clone(), ports: ports.clone() };
            let metadata = self.metadata(workload, &headless_name(workload));
            let object = self.object(workload, "Service", "service-headless", metadata, spec);
            self.out.services.push(object);
        }
        if !ports.is_empty() {
            let metadata = self.metadata(workload, workload.id.as_str());
            let spec = Service { headless: false, selector, ports };
            let object = self.object(workload, "Service", "service", metadata, spec);
            self.out.services.push(object);
        }
    }

    /// The Ingress of a workload, with a rule for each host.
    pub(super) fn ingress(&mut self, workload: &Workload) {
        let mut rules: BTreeMap<Option<String>, Vec<Route>> = BTreeMap::new();
        let mut tls: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for ingress in &workload.ingress {
            let Some(path) = self.path(workload, ingress) else { continue };
            let host = ingress.host.as_ref().map(ToString::to_string);
            rules.entry(host.clone()).or_default().push(path);
            if let Some(secret) = &ingress.tls {
                let hosts = tls.entry(secret.to_string()).or_default();
                hosts.extend(host.filter(|host| !hosts.contains(host)));
            }
        }
        if rules.is_empty() {
            return;
        }
        let spec = Ingress {
            class: self.options.ingress_class.clone(),
            tls: tls.into_iter().map(|(secret, hosts)| Tls { hosts, secret }).collect(),
            rules: rules.into_iter().map(|(host, paths)| Rule { host, paths }).collect(),
        };
        let metadata = self.metadata(workload, workload.id.as_str());
        let object = self.object(workload, "Ingress", "ingress", metadata, spec);
        self.out.ingresses.push(object);
    }

    fn path(&mut self, workload: &Workload, ingress: &model::Ingress) -> Option<Route> {
        let path = ingress.path.as_ref().map_or("/", |path| path.as_str());
        let mut error = |message: String, help: &str| {
            let mut finding = Finding::new(Code::Unrepresentable, message).help(help).at(&workload.declared_by);
            finding.severity = Severity::Error;
            self.findings.push(finding);
        };
        let lower = path.to_ascii_lowercase();
        let twisted = ["//", "/./", "/../", "%2f"].iter().any(|part| lower.contains(part));
        if twisted || path.ends_with("/.") || path.ends_with("/..") || path.contains('?') {
            let message = format!("the path `{path}` of the `ingress` of `{}` is none in Kubernetes", workload.id);
            error(message, "without `//`, `.`, `..`, `%2F` and a query");
            return None;
        }
        let Some(index) = referred(workload, ingress.port.as_ref()) else {
            error(format!("the `ingress` of `{}` leads to no port", workload.id), "write `port(…)`");
            return None;
        };
        if workload.is_job() {
            error(format!("`{}` has an `ingress` and runs to its end", workload.id), "take the `ingress` out");
            return None;
        }
        let port = port_names(workload).into_iter().nth(index)?;
        Some(Route { path: path.to_owned(), service: workload.id.to_string(), port })
    }
}
