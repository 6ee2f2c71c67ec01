use std::fmt::Write as _;

use orch_manifest::Id;
use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use serde_json::{Value, json};

use super::failure::Failure;
use super::selection::{ProfileArg, Selection};
use super::why::sentence;
use crate::config::{DataPlace, FILE};
use crate::exit::Exit;
use crate::gather::Gathered;
use crate::output::Output;
use crate::plan::{Profile, defaults};

/// Show the resolved configuration of a profile, with the origin of every value
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Show what is declared and overridden, each value with where it comes from
    Show {
        #[command(flatten)]
        profile: ProfileArg,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        selection: Selection,
    },
}

/// A value with its origin.
struct Entry {
    id: String,
    key: &'static str,
    value: Value,
    from: String,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let What::Show { profile, json, selection } = &args.what;
    let gathered = selection.gather()?;
    let profile = profile.find(&gathered.config)?;
    let secrets = defaults::in_manifest(&gathered.config.apply(&gathered.manifest, &profile)?);
    if !secrets.is_empty() {
        // A value may be what is to stay secret.
        output.findings(&secrets, &gathered.sources);
        return Ok(Exit::Findings);
    }
    let entries = entries(&gathered, &profile)?;
    let data = match gathered.config.options(&profile)?.data {
        DataPlace::Volume => "volume",
        DataPlace::Bind => "bind",
    };
    if *json {
        let values: Vec<Value> = entries
            .iter()
            .map(|entry| json!({"id": entry.id, "key": entry.key, "value": entry.value, "from": entry.from}))
            .collect();
        let manifest = &gathered.manifest;
        let document = json!({
            "schemaVersion": 1, "system": manifest.system, "registry": manifest.registry,
            "profile": profile.as_str(), "data": data, "values": values,
        });
        output.data(&format!("{document:#}\n"))?;
        return Ok(Exit::Done);
    }
    let mut text = format!("{} ({profile}), its data in: {data}\n", gathered.manifest.system);
    if let Some(registry) = &gathered.manifest.registry {
        let _ = writeln!(text, "images in {registry}, from {FILE}");
    }
    let mut last = "";
    for entry in &entries {
        if entry.id != last {
            let _ = writeln!(text, "\n{}", entry.id);
            last = &entry.id;
        }
        let _ = writeln!(text, "  {} = {}", entry.key, entry.from);
    }
    output.data(&text)?;
    Ok(Exit::Done)
}

fn entries(gathered: &Gathered, profile: &Profile) -> Result<Vec<Entry>, Failure> {
    let manifest = &gathered.manifest;
    let services = manifest.services.iter().map(|entry| (&entry.service.id, SERVICE_KEYS));
    let apps = manifest.apps.iter().map(|entry| (&entry.id, APP_KEYS));
    let mut entries = Vec::new();
    for (id, own) in apps.chain(services) {
        for key in own.iter().chain(WORKLOAD_KEYS) {
            entries.extend(entry(gathered, profile, id, key)?);
        }
    }
    Ok(entries)
}

/// What somebody says about a key; nothing where nobody does.
fn entry(gathered: &Gathered, profile: &Profile, id: &Id, key: &'static str) -> Result<Option<Entry>, Failure> {
    let layers = gathered.config.layers(&gathered.manifest, profile, id, key, None)?;
    let Some(last) = layers.last() else { return Ok(None) };
    let value = last.value.clone().unwrap_or(Value::Null);
    let from = sentence(gathered, profile, id, key)?.trim_end().to_owned();
    Ok(Some(Entry { id: id.to_string(), key, value, from }))
}
