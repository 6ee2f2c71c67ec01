//! What runs, for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use orch_manifest::model::AppKind;
use schemars::JsonSchema;
use serde::Serialize;

use crate::engine::{Container, Health};
use crate::launch::State;
use crate::launch::ports::Source;
use crate::launch::readiness::{Expected, Verdict, judge};
use crate::plan::{Plan, Role, Workload};

/// What runs of a system, as `status --json` and `up --json` print it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "What runs of a system")]
pub(super) struct Report {
    /// The version of this form.
    schema_version: u32,
    /// The system.
    system: String,
    /// The profile.
    profile: String,
    /// The name under which the engine knows it, a project, a stack or a namespace; none when it was never started.
    project: Option<String>,
    /// The engine: `docker`, `podman`, `swarm` or `kubernetes`; none when it was never started.
    engine: Option<String>,
    /// Whether everything that is planned is there.
    ready: bool,
    /// Everything that is planned, in the order of ids.
    services: Vec<Service>,
    /// Services that are left out, since somebody else on the host has their port and is used instead.
    skipped: Vec<Skipped>,
}

/// Something that is planned.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Service {
    /// Its id.
    id: String,
    /// What it is in the system.
    role: RoleName,
    /// Whether it is there: it runs and is healthy, or has ended well where it is a job.
    ready: bool,
    /// Why it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// What it does: the engine's word, or `missing`.
    state: String,
    /// What its health check says.
    health: Health,
    /// How it ended, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<i64>,
    /// How often the engine started it again.
    restarts: u64,
    /// The image.
    image: String,
    /// Its containers.
    containers: Vec<String>,
    /// Where it is reached from the host.
    endpoints: Vec<Endpoint>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum RoleName {
    /// A service.
    Service,
    /// An application.
    App,
    /// An application that runs to its end.
    Job,
}

/// Where something is reached from the host.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Endpoint {
    /// The name of the port, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// What to connect to: a URL where the scheme is known, else `host:port`.
    address: String,
    /// The port of the host.
    port: u16,
    /// The port of the container.
    target: u16,
    /// Its transport.
    protocol: String,
    /// Who wanted this port of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source>,
}

/// A service that is left out.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Skipped {
    /// Its id.
    id: String,
    /// The port of the host that is used in its place.
    port: u16,
}

/// What is reported on.
pub(super) struct Subject<'a> {
    pub(super) plan: &'a Plan,
    /// What is to be there of it.
    pub(super) expected: &'a [Expected],
    /// The name under which an engine knows it, and which engine; none when it was never started.
    pub(super) started: Option<(&'a str, &'a str)>,
    /// What `up` remembers of this machine.
    pub(super) state: Option<&'a State>,
}

impl<'a> Subject<'a> {
    /// What was started on this machine.
    pub(super) fn here(plan: &'a Plan, expected: &'a [Expected], state: &'a State) -> Self {
        Self { plan, expected, started: Some((&state.project, &state.engine)), state: Some(state) }
    }

    /// What is planned, of which nothing was ever started.
    pub(super) fn never(plan: &'a Plan, expected: &'a [Expected]) -> Self {
        Self { plan, expected, started: None, state: None }
    }

    /// What is planned against what runs.
    pub(super) fn report(&self, containers: &[Container]) -> Report {
        let verdicts: BTreeMap<&str, Verdict> = judge(self.expected, containers)
            .into_iter()
            .map(|(expected, verdict)| (expected.id.as_str(), verdict))
            .collect();
        let services = self.plan.workloads.iter().filter_map(|workload| {
            let verdict = verdicts.get(workload.id.as_str())?;
            let own = containers.iter().filter(|one| one.service == workload.id.as_str()).collect();
            Some(service(workload, verdict, own, self.state))
        });
        let services: Vec<Service> = services.collect();
        let skipped = self.state.into_iter().flat_map(|state| &state.skipped);
        Report {
            schema_version: 1,
            system: self.plan.system.to_string(),
            profile: self.plan.profile.to_string(),
            project: self.started.map(|(project, _)| project.to_owned()),
            engine: self.started.map(|(_, engine)| engine.to_owned()),
            ready: services.iter().all(|service| service.ready),
            skipped: skipped.map(|(id, port)| Skipped { id: id.to_string(), port: port.get() }).collect(),
            services,
        }
    }
}

impl Report {
    /// Whether everything is there.
    pub(super) fn is_ready(&self) -> bool {
        self.ready
    }

    /// Those that are not there, each with the reason.
    pub(super) fn lacking(&self) -> Vec<String> {
        let lacking = self.services.iter().filter(|service| !service.ready);
        lacking
            .map(|service| format!("{} {}", service.id, service.reason.as_deref().unwrap_or("is not there")))
            .collect()
    }

    pub(super) fn json(&self) -> String {
        // Nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The JSON Schema of [`Report::json`].
    pub(super) fn json_schema() -> String {
        // Nothing in it can fail either.
        serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap_or_default() + "\n"
    }

    /// Where everything is reached.
    pub(super) fn endpoints(&self) -> String {
        let mut text = String::new();
        let width = self.services.iter().map(|service| service.id.len()).max().unwrap_or_default();
        for service in self.services.iter().filter(|service| !service.endpoints.is_empty()) {
            for (index, endpoint) in service.endpoints.iter().enumerate() {
                let id = if index == 0 { service.id.as_str() } else { "" };
                // Of one port there is nothing to tell apart.
                let name = endpoint.name.as_ref().filter(|_| service.endpoints.len() > 1);
                let name = name.map(|name| format!("  ({name})")).unwrap_or_default();
                let _ = writeln!(text, "{id:width$}  {}{name}", endpoint.address);
            }
        }
        text
    }

    /// All of it for a person.
    pub(super) fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_header(["", "state", "health", "restarts", "image", "reached at"]);
        for service in &self.services {
            let state = match service.exit_code {
                Some(code) => format!("{} ({code})", service.state),
                None => service.state.clone(),
            };
            let addresses: Vec<&str> = service.endpoints.iter().map(|endpoint| endpoint.address.as_str()).collect();
            let health = if service.health == Health::None { "-" } else { service.health.as_str() };
            let mark = if service.ready { " " } else { "!" };
            table.add_row([
                format!("{mark} {}", service.id),
                state,
                health.to_owned(),
                service.restarts.to_string(),
                service.image.clone(),
                addresses.join(" "),
            ]);
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        let mut text = lines.join("\n") + "\n";
        for skipped in &self.skipped {
            let _ =
                writeln!(text, "  {} is left out: whoever has port {} of the host is used", skipped.id, skipped.port);
        }
        text
    }
}

fn service(workload: &Workload, verdict: &Verdict, own: Vec<&Container>, state: Option<&State>) -> Service {
    let mut endpoints: Vec<Endpoint> =
        own.iter().flat_map(|one| &one.ports).map(|port| endpoint(workload, port, state)).collect();
    let declared = |target: u16| workload.ports.iter().position(|port| port.port.number.get() == target);
    endpoints.sort_by_key(|endpoint| declared(endpoint.target));
    // The one that is worst off is the one to speak of.
    let worst = own.iter().find(|one| one.state != crate::engine::State::Running || one.health == Health::Unhealthy);
    let shown = worst.or(own.first());
    Service {
        id: workload.id.to_string(),
        role: match &workload.role {
            Role::Service(_) => RoleName::Service,
            Role::App(AppKind::Job | AppKind::Cron) => RoleName::Job,
            Role::App(_) => RoleName::App,
        },
        ready: *verdict == Verdict::Ready,
        reason: match verdict {
            Verdict::Ready => None,
            Verdict::Waiting(why) | Verdict::Failed(why) => Some(why.clone()),
        },
        state: shown.map_or("missing", |one| one.state.as_str()).to_owned(),
        health: shown.map_or(Health::None, |one| one.health),
        exit_code: shown.and_then(|one| one.exit_code),
        restarts: own.iter().map(|one| one.details.restarts).sum(),
        image: shown.map_or_else(|| workload.image.to_string(), |one| one.image.clone()),
        endpoints,
        containers: own.into_iter().map(|one| one.name.clone()).collect(),
    }
}

fn endpoint(workload: &Workload, live: &crate::engine::ps::Endpoint, state: Option<&State>) -> Endpoint {
    let declared = workload.ports.iter().find(|published| {
        published.port.number.get() == live.target && published.port.transport().as_str() == live.protocol
    });
    let port = declared.map(|published| &published.port);
    let scheme = port.and_then(|port| port.scheme.as_ref()).map(ToString::to_string);
    let is_app = matches!(workload.role, Role::App(_));
    let scheme = scheme.or_else(|| (is_app && live.protocol == "tcp").then(|| "http".to_owned()));
    let host = match live.address {
        None => "127.0.0.1".to_owned(),
        Some(std::net::IpAddr::V6(address)) => format!("[{address}]"),
        Some(address) => address.to_string(),
    };
    let at = format!("{host}:{}", live.port);
    let record = state.and_then(|state| state.ports.values().find(|record| record.assigned.get() == live.port));
    Endpoint {
        name: port.and_then(|port| port.name.as_ref()).map(ToString::to_string),
        address: scheme.map_or_else(|| at.clone(), |scheme| format!("{scheme}://{at}")),
        port: live.port,
        target: live.target,
        protocol: live.protocol.clone(),
        source: record.map(|record| record.source),
    }
}
