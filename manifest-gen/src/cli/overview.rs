//! The whole plan in one look, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value as Json;

use crate::launch::State;
use crate::launch::ports::{Source, Wish};
use crate::plan::{Condition, Environment, Origin, Plan, Role, Workload};
use crate::target::Compose;

/// What `inspect --json` prints.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "A plan in one look")]
pub(super) struct Overview {
    /// The version of this form.
    schema_version: u32,
    /// The system.
    system: String,
    /// The profile.
    profile: String,
    /// The name under which an engine would know it, or knows it.
    project: String,
    /// The engine that runs it; none when it was never started.
    engine: Option<String>,
    /// What runs as containers, in the order of ids.
    workloads: Vec<Thing>,
    /// Services that are there already.
    externals: Vec<External>,
    /// The names of the secrets.
    secrets: Vec<String>,
}

/// Something that runs as containers.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Thing {
    /// Its id.
    id: String,
    /// `service` or `app`.
    role: &'static str,
    /// Its kind.
    kind: String,
    /// The image.
    image: String,
    /// The place that declares it.
    declared_by: String,
    /// When it recurs.
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    /// Its ports.
    ports: Vec<Port>,
    /// The networks of Compose that it is in.
    networks: Vec<String>,
    /// Its volumes.
    volumes: Vec<Volume>,
    /// For whom it waits, and for what.
    after: BTreeMap<String, &'static str>,
    /// Who uses it.
    used_by: BTreeSet<String>,
    /// Its variables; secrets are named, never shown.
    env: Vec<Variable>,
}

/// A port.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Port {
    /// The port of the container.
    number: u16,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Its transport.
    protocol: String,
    /// How it is published on the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    published: Option<Published>,
}

/// A port of the host.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Published {
    /// The address.
    address: String,
    /// The one that was assigned by `up`, else the one that is wanted.
    port: u16,
    /// Whether `up` assigned it.
    assigned: bool,
    /// Who wants it.
    source: Source,
    /// The variable that supplies it.
    variable: String,
}

/// A data path.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Volume {
    /// Its name.
    name: String,
    /// Where in the container.
    path: String,
    /// Whether it is there after a restart.
    persistent: bool,
}

/// A variable.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Variable {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
    /// Who gives it, where that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

/// A service that is there already.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct External {
    /// Its id.
    id: String,
    /// Its kind.
    kind: String,
    /// Where it is.
    address: String,
    /// Its port.
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
}

impl Overview {
    /// A plan, with the ports of the host that are wanted and those that `up` assigned.
    pub(super) fn new(plan: &Plan, wishes: &[Wish], state: Option<&State>) -> Self {
        let compose = serde_json::to_value(Compose::new(plan).0).unwrap_or_default();
        let plain = format!("{}-{}", plan.system, plan.profile);
        Self {
            schema_version: 1,
            system: plan.system.to_string(),
            profile: plan.profile.to_string(),
            project: state.map_or(plain, |state| state.project.clone()),
            engine: state.map(|state| state.engine.clone()),
            workloads: plan.workloads.iter().map(|one| thing(one, plan, &compose, wishes, state)).collect(),
            externals: plan
                .externals
                .iter()
                .map(|external| External {
                    id: external.id.to_string(),
                    kind: external.kind.to_string(),
                    address: external.address.clone(),
                    port: external.port.map(orch_manifest::Port::get),
                })
                .collect(),
            secrets: plan.secrets.iter().map(|secret| secret.name.to_string()).collect(),
        }
    }

    pub(super) fn json(&self) -> String {
        // Nothing in it can fail.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// The JSON Schema of [`Overview::json`].
    pub(super) fn json_schema() -> String {
        serde_json::to_string_pretty(&schemars::schema_for!(Self)).unwrap_or_default() + "\n"
    }

    /// All of it for a person.
    pub(super) fn text(&self) -> String {
        let engine = self.engine.as_ref().map(|engine| format!(", `{}` on {engine}", self.project));
        let mut text = format!("{} ({}{})\n", self.system, self.profile, engine.unwrap_or_default());
        for (title, role) in [("applications", "app"), ("services", "service")] {
            let things: Vec<&Thing> = self.workloads.iter().filter(|thing| thing.role == role).collect();
            if !things.is_empty() {
                let _ = writeln!(text, "\n{title}");
            }
            for thing in things {
                thing.write(&mut text);
            }
        }
        if !self.externals.is_empty() {
            text.push_str("\nexternal\n");
        }
        for external in &self.externals {
            let port = external.port.map(|port| format!(" port {port}")).unwrap_or_default();
            let _ = writeln!(text, "  {} ({}) at {}{port}", external.id, external.kind, external.address);
        }
        if !self.secrets.is_empty() {
            let _ = writeln!(text, "\nsecrets\n  {}", self.secrets.join(", "));
        }
        text
    }
}

impl Thing {
    fn write(&self, text: &mut String) {
        let _ = writeln!(text, "  {} ({}) {}", self.id, self.kind, self.image);
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "    {name:9} {value}");
        };
        line("declared", &self.declared_by);
        if let Some(schedule) = &self.schedule {
            line("schedule", schedule);
        }
        for port in &self.ports {
            line("port", &port.describe());
        }
        if !self.networks.is_empty() {
            line("network", &self.networks.join(", "));
        }
        for volume in &self.volumes {
            let kind = if volume.persistent { "persistent" } else { "ephemeral" };
            line("volume", &format!("{} at {} ({kind})", volume.name, volume.path));
        }
        if !self.after.is_empty() {
            let after = self.after.iter().map(|(id, condition)| format!("{id} ({condition})"));
            line("after", &after.collect::<Vec<_>>().join(", "));
        }
        if !self.used_by.is_empty() {
            line("used by", &self.used_by.iter().cloned().collect::<Vec<_>>().join(", "));
        }
        for variable in &self.env {
            let from = variable.from.as_ref().map(|from| format!("  (from {from})")).unwrap_or_default();
            line("env", &format!("{}={}{from}", variable.name, variable.value.escape_debug()));
        }
    }
}

impl Port {
    fn describe(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let published = self.published.as_ref().map_or(String::new(), |published| {
            let word = if published.assigned { "published on" } else { "wanted on" };
            format!(", {word} {}:{} ({})", published.address, published.port, published.source)
        });
        format!("{}/{}{name}{published}", self.number, self.protocol)
    }
}

fn thing(workload: &Workload, plan: &Plan, compose: &Json, wishes: &[Wish], state: Option<&State>) -> Thing {
    let (role, kind) = match &workload.role {
        Role::Service(kind) => ("service", kind.to_string()),
        Role::App(kind) => ("app", kind.to_string()),
    };
    let services = compose["services"].as_array().into_iter().flatten();
    let networks =
        services.filter(|one| one["id"] == workload.id.as_str()).filter_map(|one| one["networks"].as_array());
    let shown = workload.env.iter().filter(|(_, entry)| entry.origin != Origin::Planner);
    let users = plan.workloads.iter().filter(|other| other.talks_to.contains(&workload.id));
    Thing {
        id: workload.id.to_string(),
        role,
        kind,
        image: workload.image.to_string(),
        declared_by: workload.declared_by.to_string(),
        schedule: workload.schedule.as_ref().map(ToString::to_string),
        ports: workload.ports.iter().map(|published| port(published, workload, wishes, state)).collect(),
        networks: networks.flatten().filter_map(Json::as_str).map(str::to_owned).collect(),
        volumes: workload
            .volumes
            .iter()
            .map(|volume| Volume {
                name: volume.name.to_string(),
                path: volume.path.to_string(),
                persistent: volume.persistent,
            })
            .collect(),
        after: workload
            .dependencies
            .iter()
            .map(|dependency| (dependency.id.to_string(), condition(dependency.condition)))
            .collect(),
        used_by: users.map(|other| other.id.to_string()).collect(),
        env: shown.map(|(name, entry)| variable(name, entry)).collect(),
    }
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Started => "started",
        Condition::Healthy => "healthy",
        Condition::Completed => "done",
    }
}

fn variable(name: &orch_manifest::EnvName, entry: &Environment) -> Variable {
    Variable {
        name: name.to_string(),
        value: entry.value.display(),
        from: match &entry.origin {
            Origin::Own | Origin::Planner => None,
            Origin::Binding(giver) => Some(giver.to_string()),
        },
    }
}

fn port(published: &crate::plan::Published, workload: &Workload, wishes: &[Wish], state: Option<&State>) -> Port {
    let own = &published.port;
    let is_it =
        |wish: &&Wish| wish.service == workload.id && wish.target == own.number && wish.protocol == own.transport();
    let wish = wishes.iter().find(is_it);
    Port {
        number: own.number.get(),
        name: own.name.as_ref().map(ToString::to_string),
        protocol: own.transport().to_string(),
        published: wish.map(|wish| {
            let record = state.and_then(|state| state.ports.get(&wish.variable));
            let record = record.filter(|record| record.desired == wish.desired);
            Published {
                address: wish.address.to_string(),
                port: record.map_or(wish.desired, |record| record.assigned).get(),
                assigned: record.is_some(),
                source: wish.source,
                variable: wish.variable.clone(),
            }
        }),
    }
}
