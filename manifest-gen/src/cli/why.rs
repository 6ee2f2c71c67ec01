use std::fmt::Write as _;

use orch_manifest::grammar::{self, APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use orch_manifest::{Id, did_you_mean};
use serde_json::Value;

use super::failure::Failure;
use super::selection::{ProfileArg, Selection};
use crate::catalog::Beneath;
use crate::config::{FILE, Layer, LayerSource};
use crate::exit::Exit;
use crate::gather::{self, Gathered};
use crate::output::Output;
use crate::plan::{Places, Profile, defaults, plan_with};

/// Say what brought a service or an application, or where one of its values comes from
///
/// `why postgres` names the application, crate, feature and line. `why api.replicas --profile prod` names the value, its
/// place and what it won over; `why api.env.LOG` does so for one entry of a map.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The id of a service or an application, with a key behind a dot for one of its values
    #[arg(value_name = "ID[.KEY]")]
    id: String,
    #[command(flatten)]
    profile: ProfileArg,
    #[command(flatten)]
    selection: Selection,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let gathered = args.selection.gather()?;
    let manifest = &gathered.manifest;
    let known: Vec<&str> = manifest
        .services
        .iter()
        .map(|entry| entry.service.id.as_str())
        .chain(manifest.apps.iter().map(|entry| entry.id.as_str()))
        .collect();
    let (id, key) = match args.id.split_once('.') {
        Some((id, key)) => (id, Some(key)),
        None => (args.id.as_str(), None),
    };
    let id = Id::parse(id)
        .ok()
        .filter(|id| known.contains(&id.as_str()))
        .ok_or_else(|| Failure::new(Exit::Usage, format!("the system has no `{id}`")).help(did_you_mean(id, &known)))?;
    if let Some(key) = key {
        let profile = args.profile.find(&gathered.config)?;
        let secrets = defaults::in_manifest(&gathered.config.apply(manifest, &profile)?);
        if !secrets.is_empty() {
            // The value may be what is to stay secret.
            output.findings(&secrets, &gathered.sources);
            return Ok(Exit::Findings);
        }
        output.data(&sentence(&gathered, &profile, &id, key)?)?;
        return Ok(Exit::Done);
    }
    let why = gather::why(&args.selection.cargo()?, &gathered, &id)?;
    let mut text = format!("{id} is declared by {} on `{}`", why.declared_by, why.declared_by.item);
    if let Some(file) = gathered.sources.file(&why.declared_by) {
        let line = why.declared_by.line.map(|line| format!(":{line}")).unwrap_or_default();
        let _ = write!(text, "\n  {file}{line}");
    }
    text.push('\n');
    for path in &why.paths {
        let _ = writeln!(text, "\n{}", path.app);
        for (depth, hop) in path.hops.iter().enumerate() {
            let features: Vec<String> = hop.features.iter().map(|feature| format!("`{feature}`")).collect();
            let because = if features.is_empty() {
                String::new()
            } else {
                format!(", switched on by its feature {}", features.join(" and "))
            };
            let _ = writeln!(text, "{:indent$}└─ {} depends on {}{because}", "", hop.from, hop.to, indent = depth * 3);
        }
        if path.hops.is_empty() {
            text.push_str("└─ declares it itself\n");
        }
    }
    if why.paths.is_empty() && manifest.app(&id).is_none() {
        text.push_str("\nno application links it; it is listed in `[system] packages` of orch.toml\n");
    }
    output.data(&text)?;
    Ok(Exit::Done)
}

/// Where a value comes from, in one sentence.
pub(super) fn sentence(gathered: &Gathered, profile: &Profile, id: &Id, key: &str) -> Result<String, Failure> {
    let (key, rest) = match key.split_once('.') {
        Some((key, rest)) => (key, Some(rest)),
        None => (key, None),
    };
    let manifest = &gathered.manifest;
    let keys: Vec<&str> = match manifest.service(id) {
        Some(_) => [SERVICE_KEYS, WORKLOAD_KEYS].concat(),
        None => [APP_KEYS, WORKLOAD_KEYS].concat(),
    };
    if !keys.contains(&key) {
        return Err(Failure::new(Exit::Usage, format!("`{id}` has no key `{key}`")).help(did_you_mean(key, &keys)));
    }
    let layers = gathered.config.layers(manifest, profile, id, key, rest)?;
    let mut parts: Vec<String> = layers.iter().rev().map(|layer| describe(layer, gathered)).collect();
    if let (Some(default), None) = (default(gathered, profile, id, key), rest) {
        parts.push(format!("the default {default}"));
    }
    if key == "replicas" && profile.is_private() {
        parts.insert(0, format!("1 since the profile `{profile}` runs one of each"));
    }
    if parts.is_empty() {
        return Ok(format!("{id}.{key} is not set\n"));
    }
    Ok(format!("{}\n", parts.join(", over ")))
}

fn describe(layer: &Layer, gathered: &Gathered) -> String {
    let value = layer.value.as_ref().map_or_else(|| "nothing".to_owned(), plain);
    match &layer.source {
        LayerSource::Catalog { file, line } => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            format!("{value} from the catalog ({file}{line})")
        }
        LayerSource::Line(line) => format!("{value} from {FILE} line {line}"),
        LayerSource::Attribute(place) => {
            let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
            let file =
                gathered.sources.file(place).and_then(|file| Some(file.strip_prefix(&gathered.root).ok()?.to_string()));
            format!("{value} from the attribute at {}{line}", file.unwrap_or_else(|| place.to_string()))
        }
    }
}

/// A value as a person would write it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) if items.iter().any(|item| item.get("number").is_some()) => {
            items.iter().map(port).collect::<Vec<_>>().join(" and ")
        }
        value => value.to_string(),
    }
}

/// A port: its number, and the rest where there is more than a name and a scheme.
fn port(port: &Value) -> String {
    match port.as_object() {
        Some(fields) if fields.keys().all(|key| ["number", "name", "scheme"].contains(&key.as_str())) => {
            port["number"].to_string()
        }
        _ => port.to_string(),
    }
}

/// What the planner chooses where nobody says anything.
fn default(gathered: &Gathered, profile: &Profile, id: &Id, key: &str) -> Option<String> {
    let mut manifest = gathered.manifest.clone();
    for entry in manifest.services.iter_mut().filter(|entry| entry.service.id == *id) {
        grammar::unset(&mut entry.service.workload, key);
    }
    for entry in manifest.apps.iter_mut().filter(|entry| entry.id == *id) {
        grammar::unset(&mut entry.app.workload, key);
    }
    let mut beneath = Beneath::default();
    beneath.withheld.entry(id.clone()).or_default().insert(key.to_owned());
    let plan = plan_with(&manifest, profile, &beneath, &Places::new());
    let workload = plan.workload(id)?;
    match key {
        "replicas" => Some(workload.replicas.to_string()),
        "restart" => Some(format!("`{}`", workload.restart)),
        "grace" => Some(format!("`{}`", workload.grace)),
        "restricted" => Some(workload.restricted.to_string()),
        "image" => Some(format!("`{}`", workload.image)),
        "user" => workload.user.map(|user| format!("`{user}`")),
        _ => None,
    }
}
