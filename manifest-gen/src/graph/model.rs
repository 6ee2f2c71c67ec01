use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::Id;
use orch_manifest::manifest::DeclaredBy;
use orch_manifest::model::{AppKind, ContainerPort};

use super::markup::brief;
use crate::gather::DependencyPath;
use crate::plan::{Condition, External, Origin, Plan, Published, Role, Workload};
use crate::target;

/// How many letters a line of a box has at most; the details have the rest.
const LINE: usize = 34;

/// What a picture shows of a plan: every container and every external service, every edge between
/// them, and nothing else. There is no value of a variable in it, so no secret.
#[derive(Clone, Debug)]
pub struct Graph {
    /// The system's name.
    pub system: String,
    /// The profile.
    pub profile: String,
    /// In the order of ids.
    pub nodes: Vec<Node>,
    /// In the order of their ends.
    pub edges: Vec<Edge>,
    /// Each within the one before it.
    pub areas: Vec<Area>,
}

/// Somebody in the system.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub id: Id,
    /// What it is in the system.
    pub role: NodeRole,
    /// Its kind: `database`, `web`, `job`.
    pub kind: String,
    /// The name that people are shown.
    pub name: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The image; the address of an external service.
    pub runs: String,
    /// When it recurs.
    pub schedule: Option<String>,
    /// How many run; 0 where somebody else runs it.
    pub replicas: u32,
    /// The place that declares it: a package and a file. Without the line, so that a comment above an attribute
    /// changes no picture.
    pub declared_by: String,
    /// The package that declares it.
    pub package: String,
    /// How each application that has it came to it.
    pub brought_by: Vec<DependencyPath>,
    /// Its ports.
    pub ports: Vec<Port>,
    /// How it is reached from outside the system: hosts, and ports that face out.
    pub public: Vec<String>,
    /// Its data paths that are there after a restart.
    pub data: Vec<String>,
    /// Its variables, without their values.
    pub env: Vec<Variable>,
    /// The names of the secrets that it needs.
    pub secrets: Vec<String>,
}

/// What a node is in the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeRole {
    /// An application that goes on.
    App,
    /// An application that ends.
    Job,
    /// A service.
    Service,
    /// A service that is there already.
    External,
}

impl NodeRole {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Job => "job",
            Self::Service => "service",
            Self::External => "external",
        }
    }
}

/// A port of a container.
#[derive(Clone, Debug)]
pub struct Port {
    /// The number with its transport, `5432/tcp`.
    pub number: String,
    /// Its name.
    pub name: Option<String>,
    /// The port of the host under which it is published unless another is chosen.
    pub published: Option<String>,
}

/// A variable of a container.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Who gives it, where that is another.
    pub from: Option<Id>,
}

/// Somebody who uses another or waits for it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge {
    /// Who.
    pub from: Id,
    /// Whom.
    pub to: Id,
    /// Whether they talk.
    pub uses: bool,
    /// For what the first waits before it starts.
    pub waits: Option<Wait>,
}

/// For what somebody waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wait {
    /// For what.
    pub condition: Condition,
    /// Whether the other has to be there.
    pub required: bool,
}

impl Wait {
    /// In words: `until it is healthy`.
    pub fn describe(self) -> &'static str {
        match (self.condition, self.required) {
            (Condition::Started, true) => "waits until it was started",
            (Condition::Started, false) => "starts after it where it is there",
            (Condition::Healthy, true) => "waits until it is healthy",
            (Condition::Healthy, false) => "waits until it is healthy where it is there",
            (Condition::Completed, true) => "waits until it has ended well",
            (Condition::Completed, false) => "waits until it has ended well where it is there",
        }
    }
}

/// A network with who is in it.
#[derive(Clone, Debug)]
pub struct Area {
    /// The network's name.
    pub network: &'static str,
    /// Who is in it.
    pub members: BTreeSet<Id>,
}

impl Graph {
    /// The picture of a plan, with how its services came into it where that is known.
    pub fn new(plan: &Plan, paths: &BTreeMap<Id, Vec<DependencyPath>>) -> Self {
        let path = |id: &Id| paths.get(id).cloned().unwrap_or_default();
        let workloads = plan.workloads.iter().map(|one| Node { brought_by: path(&one.id), ..workload(one, plan) });
        let externals = plan.externals.iter().map(|one| Node { brought_by: path(&one.id), ..external(one) });
        let mut nodes: Vec<Node> = workloads.chain(externals).collect();
        nodes.sort_by(|a, b| a.id.cmp(&b.id));
        let known: BTreeSet<&Id> = nodes.iter().map(|node| &node.id).collect();
        let edges = plan.workloads.iter().flat_map(edges).filter(|edge| known.contains(&edge.to)).collect();
        let (system, profile) = (plan.system.to_string(), plan.profile.to_string());
        Self { system, profile, edges, areas: areas(plan), nodes }
    }

    /// Where a node is in the list of nodes.
    pub(super) fn position(&self, id: &Id) -> Option<usize> {
        self.nodes.binary_search_by(|node| node.id.cmp(id)).ok()
    }

    /// In how many areas a node is.
    pub(super) fn depth(&self, id: &Id) -> usize {
        self.areas.iter().filter(|area| area.members.contains(id)).count()
    }
}

impl Node {
    /// The image without the registry and the folders in it.
    fn runs_briefly(&self) -> &str {
        self.runs.split('@').next().and_then(|image| image.rsplit('/').next()).unwrap_or(&self.runs)
    }

    /// What is written in its box: its id, what it is, where it is from, how it is reached.
    pub(super) fn label(&self) -> Vec<String> {
        let times = if self.replicas > 1 { format!(" ×{}", self.replicas) } else { String::new() };
        let kind = match self.role {
            NodeRole::External => format!("{}, external", self.kind),
            NodeRole::App | NodeRole::Job => format!("{} {}", self.kind, self.schedule.as_deref().unwrap_or_default()),
            NodeRole::Service => format!("{} {}", self.kind, self.runs_briefly()),
        };
        let mut lines = vec![format!("{}{times}", self.id), kind.trim().to_owned()];
        if self.role == NodeRole::External && !self.runs.is_empty() {
            lines.push(self.runs.clone());
        }
        lines.push(format!("in {}", self.origin()));
        if !self.public.is_empty() {
            lines.push(format!("public: {}", self.public.join(", ")));
        }
        lines.into_iter().map(|line| brief(&line, LINE)).collect()
    }

    /// The crate that declares it, and the features that switched it on.
    pub(super) fn origin(&self) -> String {
        let hops = self.brought_by.iter().flat_map(|path| &path.hops);
        let features: BTreeSet<&str> = hops.flat_map(|hop| &hop.features).map(String::as_str).collect();
        match features.len() {
            0 => self.package.clone(),
            1 => format!("{}, feature {}", self.package, features.into_iter().collect::<String>()),
            _ => format!("{}, features {}", self.package, features.into_iter().collect::<Vec<_>>().join(" ")),
        }
    }
}

/// Whom a workload uses and for whom it waits; what it says of itself is no edge.
fn edges(workload: &Workload) -> impl Iterator<Item = Edge> {
    let mut others: BTreeMap<&Id, Option<Wait>> = workload.talks_to.iter().map(|id| (id, None)).collect();
    for dependency in &workload.dependencies {
        let wait = Wait { condition: dependency.condition, required: dependency.required };
        others.insert(&dependency.id, Some(wait));
    }
    others.remove(&workload.id);
    others.into_iter().map(|(id, waits)| Edge {
        from: workload.id.clone(),
        to: id.clone(),
        uses: workload.talks_to.contains(id),
        waits,
    })
}

/// The networks that somebody is in. Who is in the one that leads outside is in the other, too.
fn areas(plan: &Plan) -> Vec<Area> {
    let mut members: BTreeMap<&'static str, BTreeSet<Id>> = BTreeMap::new();
    for workload in &plan.workloads {
        for network in target::networks(workload) {
            members.entry(network).or_default().insert(workload.id.clone());
        }
    }
    let mut areas: Vec<Area> = members.into_iter().map(|(network, members)| Area { network, members }).collect();
    areas.sort_by(|a, b| b.members.len().cmp(&a.members.len()).then_with(|| b.network.cmp(a.network)));
    areas
}

fn workload(workload: &Workload, plan: &Plan) -> Node {
    let (role, kind) = match &workload.role {
        Role::Service(kind) => (NodeRole::Service, kind.to_string()),
        Role::App(kind @ (AppKind::Job | AppKind::Cron)) => (NodeRole::Job, kind.to_string()),
        Role::App(kind) => (NodeRole::App, kind.to_string()),
    };
    let secrets = plan.secrets.iter().filter(|secret| secret.used_by.contains(&workload.id));
    Node {
        id: workload.id.clone(),
        role,
        kind,
        name: workload.name.clone(),
        description: workload.description.clone(),
        runs: workload.image.to_string(),
        schedule: workload.schedule.as_ref().map(ToString::to_string),
        replicas: workload.replicas,
        declared_by: place(&workload.declared_by),
        package: workload.declared_by.package.clone(),
        brought_by: Vec::new(),
        ports: workload.ports.iter().map(port).collect(),
        public: public(workload),
        data: workload.volumes.iter().filter(|one| one.persistent).map(|one| one.path.to_string()).collect(),
        env: workload.env.iter().filter_map(|(name, entry)| variable(name, &entry.origin)).collect(),
        secrets: secrets.map(|secret| secret.name.to_string()).collect(),
    }
}

fn external(external: &External) -> Node {
    let port = external.port.map(|port| Port { number: port.to_string(), name: None, published: None });
    Node {
        id: external.id.clone(),
        role: NodeRole::External,
        kind: external.kind.to_string(),
        name: None,
        description: None,
        runs: without_credentials(&external.address),
        schedule: None,
        replicas: 0,
        declared_by: place(&external.declared_by),
        package: external.declared_by.package.clone(),
        brought_by: Vec::new(),
        ports: port.into_iter().collect(),
        public: Vec::new(),
        data: Vec::new(),
        env: Vec::new(),
        secrets: Vec::new(),
    }
}

fn place(declared_by: &DeclaredBy) -> String {
    DeclaredBy { line: None, ..declared_by.clone() }.to_string()
}

/// An address without who asks and what is asked: a key that was written into a URL is nobody's to see.
fn without_credentials(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    let rest = rest[host..].split(['?', '#']).next().unwrap_or_default();
    format!("{scheme}://{rest}")
}

fn port(published: &Published) -> Port {
    let ContainerPort { number, name, .. } = &published.port;
    Port {
        number: format!("{number}/{}", published.port.transport()),
        name: name.as_ref().map(ToString::to_string),
        published: published.publish.as_ref().map(|publish| publish.default.to_string()),
    }
}

/// Hosts with their paths, and the ports that face out by themselves.
fn public(workload: &Workload) -> Vec<String> {
    let hosts = workload.ingress.iter().map(|ingress| {
        let host = ingress.host.as_ref().map_or_else(|| "any host".to_owned(), ToString::to_string);
        format!("{host}{}", ingress.path.as_ref().map(ToString::to_string).unwrap_or_default())
    });
    let ports = workload.ports.iter().filter(|published| published.port.public);
    hosts.chain(ports.map(|published| format!("port {}", published.port.number))).collect()
}

/// What the planner adds tells a person nothing.
fn variable(name: &orch_manifest::EnvName, origin: &Origin) -> Option<Variable> {
    let from = match origin {
        Origin::Planner => return None,
        Origin::Own => None,
        Origin::Binding(id) => Some(id.clone()),
    };
    Some(Variable { name: name.to_string(), from })
}
