use std::fmt::Write as _;

use orch_manifest::Id;
use orch_manifest::grammar::{APP_KEYS, SERVICE_KEYS, WORKLOAD_KEYS};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

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

/// The configuration of a profile, as `config show --json` prints it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(title = "The configuration of a profile")]
pub(super) struct Configuration {
    /// The version of this form.
    schema_version: u32,
    /// The system.
    system: String,
    /// The registry of the images of applications; none when nobody says one.
    registry: Option<String>,
    /// The profile.
    profile: String,
    /// Where data is: `volume` or `bind`.
    data: &'static str,
    /// Everything that somebody says about a service or an application.
    values: Vec<Entry>,
}

/// A value with its origin.
#[derive(Serialize, JsonSchema)]
struct Entry {
    /// The id of the service or application.
    id: String,
    /// The key, as an attribute has it.
    key: &'static str,
    /// The value as the manifest has it; `null` where it was taken away.
    value: Value,
    /// Where it comes from and what it won over, for people.
    from: String,
}

impl Configuration {
    /// The JSON Schema of `config show --json`.
    pub(super) fn json_schema() -> String {
        // Nothing in it can fail.
        serde_json::to_string_pretty(&schemars::schema_for!(Self)).unwrap_or_default() + "\n"
    }

    fn text(&self) -> String {
        let mut text = format!("{} ({}), its data in: {}\n", self.system, self.profile, self.data);
        if let Some(registry) = &self.registry {
            let _ = writeln!(text, "images in {registry}, from {FILE}");
        }
        let mut last = "";
        for entry in &self.values {
            if entry.id != last {
                let _ = writeln!(text, "\n{}", entry.id);
                last = &entry.id;
            }
            let _ = writeln!(text, "  {} = {}", entry.key, entry.from);
        }
        text
    }
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
    let data = match gathered.config.options(&profile)?.data {
        DataPlace::Volume => "volume",
        DataPlace::Bind => "bind",
    };
    let shown = Configuration {
        schema_version: 1,
        system: gathered.manifest.system.to_string(),
        registry: gathered.manifest.registry.as_ref().map(ToString::to_string),
        profile: profile.to_string(),
        data,
        values: entries(&gathered, &profile)?,
    };
    // Nothing in it can fail.
    let as_json = || serde_json::to_string_pretty(&shown).unwrap_or_default() + "\n";
    output.data(&if *json { as_json() } else { shown.text() })?;
    Ok(Exit::Done)
}

fn entries(gathered: &Gathered, profile: &Profile) -> Result<Vec<Entry>, Failure> {
    let manifest = &gathered.manifest;
    let services = manifest.services.iter().map(|entry| (&entry.service.id, SERVICE_KEYS));
    let apps = manifest.apps.iter().map(|entry| (&entry.id, APP_KEYS));
    let mut entries = Vec::new();
    for (id, own) in apps.chain(services) {
        // `port` is another way to write `ports`.
        for key in own.iter().chain(WORKLOAD_KEYS).filter(|key| **key != "port") {
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
