//! Reads lists of containers: `docker compose ps --format json` of every Compose 2, `podman ps --format
//! json`, with or without podman-compose's labels.
//!
//! Compose up to 2.20 prints one array, later one object a line; Podman prints an array with other
//! names. Whatever else is in there is not looked at, and nothing is believed about it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Serialize;
use serde_json::{Map, Value};

use super::inspect::Details;

/// A container of a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// The engine's id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The service that it belongs to.
    pub service: String,
    /// The image, as it is named.
    pub image: String,
    /// What it does.
    pub state: State,
    /// What its health check says.
    pub health: Health,
    /// How it ended, if it did.
    pub exit_code: Option<i64>,
    /// Whether it is one run of a job beside those that are planned.
    pub one_off: bool,
    /// The ports of the host that lead to it.
    pub ports: Vec<Endpoint>,
    /// What a list does not say.
    pub details: Details,
}

/// What a container does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was made and not started.
    Created,
    /// It runs.
    Running,
    /// It ended and is about to be started again.
    Restarting,
    /// It is halted.
    Paused,
    /// It is being removed.
    Removing,
    /// It ended.
    Exited,
    /// It could not be removed.
    Dead,
    /// A word that is not known.
    #[serde(untagged)]
    Other(String),
}

impl State {
    /// Reads an engine's word.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "created" | "configured" | "initialized" => Self::Created,
            "running" | "up" => Self::Running,
            "restarting" => Self::Restarting,
            "paused" => Self::Paused,
            "removing" | "stopping" => Self::Removing,
            "exited" | "stopped" => Self::Exited,
            "dead" => Self::Dead,
            _ => Self::Other(word.to_owned()),
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Restarting => "restarting",
            Self::Paused => "paused",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Other(word) => word,
        }
    }
}

/// What a health check says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Health {
    /// There is none.
    None,
    /// It has not passed yet.
    Starting,
    /// It passes.
    Healthy,
    /// It failed as often as it may.
    Unhealthy,
}

impl Health {
    /// Reads an engine's word.
    pub fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "starting" => Self::Starting,
            "healthy" => Self::Healthy,
            "unhealthy" => Self::Unhealthy,
            _ => Self::None,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// A port of the host that leads to a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// The address of the host; every address where there is none.
    pub address: Option<IpAddr>,
    /// The port of the host.
    pub port: u16,
    /// The port of the container.
    pub target: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: String,
}

/// Why a list of containers cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PsError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// Something in it is no container.
    #[error("{0} is no container")]
    NoContainer(String),
}

/// Reads a list of containers. Those that belong to no service are left out.
pub fn parse(bytes: &[u8]) -> Result<Vec<Container>, PsError> {
    let mut containers = Vec::new();
    // A stream of values is an array, objects on lines of their own, and nothing at all.
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        match value.map_err(|error| PsError::Json(error.to_string()))? {
            Value::Array(values) => {
                for value in &values {
                    containers.extend(container(value)?);
                }
            }
            Value::Null => {}
            value => containers.extend(container(&value)?),
        }
    }
    containers.sort_by(|a, b| (&a.service, &a.name).cmp(&(&b.service, &b.name)));
    Ok(containers)
}

fn container(value: &Value) -> Result<Option<Container>, PsError> {
    let Some(fields) = value.as_object() else {
        return Err(PsError::NoContainer(value.to_string().chars().take(40).collect()));
    };
    let labels = labels(fields.get("Labels"));
    let label = |name: &str| labels.get(name).filter(|value| !value.is_empty()).cloned();
    let service = text(fields, &["Service"])
        .or_else(|| label("com.docker.compose.service"))
        .or_else(|| label("io.podman.compose.service"));
    let Some(service) = service else { return Ok(None) };
    let status = text(fields, &["Status"]).unwrap_or_default();
    let state = State::of(&text(fields, &["State"]).unwrap_or_default());
    let ended = matches!(state, State::Exited | State::Dead);
    Ok(Some(Container {
        id: text(fields, &["ID", "Id"]).unwrap_or_default(),
        name: name(fields).unwrap_or_default(),
        service,
        image: text(fields, &["Image"]).unwrap_or_default(),
        health: text(fields, &["Health"]).map_or_else(|| in_parentheses(&status), |word| Health::of(&word)),
        exit_code: fields.get("ExitCode").and_then(Value::as_i64).filter(|_| ended),
        one_off: label("com.docker.compose.oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        ports: ports(fields),
        state,
        details: Details::default(),
    }))
}

/// The first of these fields that is a text with something in it.
fn text(fields: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().filter_map(|name| fields.get(*name)?.as_str()).find(|text| !text.is_empty()).map(str::to_owned)
}

/// Compose has one name, Podman a list of them, `docker ps` a list with commas.
fn name(fields: &Map<String, Value>) -> Option<String> {
    let list = fields.get("Names").and_then(|names| match names {
        Value::Array(names) => names.first()?.as_str(),
        names => names.as_str()?.split(',').next(),
    });
    text(fields, &["Name"]).or_else(|| list.map(str::to_owned))
}

/// An object, or a list of `name=value` with commas between them.
fn labels(value: Option<&Value>) -> BTreeMap<String, String> {
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    match value {
        Some(Value::Object(labels)) => {
            labels.iter().filter_map(|(name, value)| Some(owned((name, value.as_str()?)))).collect()
        }
        Some(Value::String(labels)) => labels.split(',').filter_map(|pair| pair.split_once('=')).map(owned).collect(),
        _ => BTreeMap::new(),
    }
}

/// The health of `Up 3 seconds (healthy)` and `Up Less than a second (health: starting)`.
fn in_parentheses(status: &str) -> Health {
    let inside = status.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.map_or(Health::None, |word| Health::of(word.strip_prefix("health: ").unwrap_or(word)))
}

fn ports(fields: &Map<String, Value>) -> Vec<Endpoint> {
    let list = |name: &str| fields.get(name).and_then(Value::as_array).into_iter().flatten();
    let mut ports: Vec<Endpoint> = list("Publishers").filter_map(publisher).collect();
    ports.extend(list("Ports").flat_map(mapping));
    ports.sort();
    ports.dedup();
    ports
}

/// A port as Compose says it; one that is not published has 0.
fn publisher(value: &Value) -> Option<Endpoint> {
    endpoint(value, ["URL", "PublishedPort", "TargetPort", "Protocol"], 0)
}

/// A port as Podman says it, or as many as its `range` is long.
fn mapping(value: &Value) -> Vec<Endpoint> {
    let range = value.get("range").and_then(Value::as_u64).and_then(|range| u16::try_from(range).ok()).unwrap_or(1);
    let one = |step| endpoint(value, ["host_ip", "host_port", "container_port", "protocol"], step);
    (0..range.max(1)).map_while(one).collect()
}

fn endpoint(value: &Value, [address, published, target, protocol]: [&str; 4], step: u16) -> Option<Endpoint> {
    let number = |name: &str| {
        let number = u16::try_from(value.get(name)?.as_u64()?).ok()?;
        number.checked_add(step).filter(|_| number > 0)
    };
    let word = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    let address = word(address).trim_matches(['[', ']']).parse().ok();
    let protocol = if word(protocol).is_empty() { "tcp" } else { word(protocol) };
    Some(Endpoint {
        address: address.filter(|address: &IpAddr| !address.is_unspecified()),
        port: number(published)?,
        target: number(target)?,
        protocol: protocol.to_ascii_lowercase(),
    })
}
