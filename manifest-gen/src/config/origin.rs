//! Where a value comes from, and over what it won.

use orch_manifest::Id;
use orch_manifest::grammar;
use orch_manifest::manifest::{DeclaredBy, Manifest, ServiceEntry};
use serde_json::Value;

use super::{Config, ConfigError, Overrides, Section};
use crate::plan::Profile;

/// One of the places that say something about a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer {
    /// The value from here on; `None` where it is taken back.
    pub value: Option<Value>,
    /// The place.
    pub source: LayerSource,
}

/// The place of a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerSource {
    /// An attribute.
    Attribute(DeclaredBy),
    /// The line of `orch.toml`, from 1.
    Line(usize),
    /// The catalog: the file of it, or `orch.toml`.
    Catalog(String),
}

impl Config {
    /// What says something about a key of a service or an application, the first that is overridden
    /// first. `rest` is the name of an entry where the key holds a map.
    pub fn layers(
        &self,
        manifest: &Manifest,
        profile: &Profile,
        id: &Id,
        key: &str,
        rest: Option<&str>,
    ) -> Result<Vec<Layer>, ConfigError> {
        let mut layers: Vec<Layer> = self.catalog_layer(manifest, profile, id, key, rest)?.into_iter().collect();
        let declared = manifest.service(id).map(|entry| &entry.declared_by);
        let declared = declared.or_else(|| manifest.app(id).map(|entry| &entry.declared_by));
        if let (Some(value), Some(place)) = (value(manifest, id, key, rest), declared) {
            layers.push(Layer { value: Some(value), source: LayerSource::Attribute(place.clone()) });
        }
        let mut so_far = manifest.clone();
        let profiles = self.lineage(profile.as_str());
        for overrides in std::iter::once(&self.base).chain(profiles.iter().map(|section| &section.overrides)) {
            let mut problems = Vec::new();
            self.overrides(overrides, &mut so_far, &mut problems);
            self.finish(problems)?;
            if let Some(at) = overrides.section(id).and_then(|section| section.says(key, rest)) {
                let source = LayerSource::Line(self.source.position(at).0);
                layers.push(Layer { value: value(&so_far, id, key, rest), source });
            }
        }
        Ok(layers)
    }
}

impl Config {
    /// What the catalog says about a key, for the image that the service has in the end.
    fn catalog_layer(
        &self,
        manifest: &Manifest,
        profile: &Profile,
        id: &Id,
        key: &str,
        rest: Option<&str>,
    ) -> Result<Option<Layer>, ConfigError> {
        let mut bare = self.apply(manifest, profile)?;
        for entry in bare.services.iter_mut().filter(|entry| entry.service.id == *id) {
            match rest {
                Some(name) => forget(entry, key, name),
                None => drop(grammar::unset(&mut entry.service.workload, if key == "image" { "" } else { key })),
            }
        }
        let before = value(&bare, id, key, rest);
        let (complete, known) = self.beneath_in(profile).complete(&bare);
        let found = value(&complete, id, key, rest).filter(|value| before.as_ref() != Some(value));
        Ok(found
            .zip(known.get(id))
            .map(|(value, entry)| Layer { value: Some(value), source: LayerSource::Catalog(entry.file.clone()) }))
    }
}

/// Takes back one entry of a map, as if it had not been stated.
fn forget(entry: &mut ServiceEntry, key: &str, name: &str) {
    let workload = &mut entry.service.workload;
    match key {
        "env" => workload.env.retain(|known, _| known.as_str() != name),
        "app_env" => workload.app_env.retain(|known, _| known.as_str() != name),
        "ulimit" => workload.ulimits.retain(|known, _| known.as_str() != name),
        _ => {}
    }
}

impl Overrides {
    fn section(&self, id: &Id) -> Option<&Section> {
        self.services.get(id).or_else(|| self.apps.get(id))
    }
}

impl Section {
    /// Where it says something about a key.
    fn says(&self, key: &str, rest: Option<&str>) -> Option<usize> {
        let unset = self.unset.iter().find(|(name, _)| field(name) == field(key)).map(|(_, at)| *at);
        let Some(entry) = self.args.entries.iter().find(|entry| field(&entry.key) == field(key)) else { return unset };
        let inner = rest.and_then(|rest| match &entry.value {
            orch_manifest::grammar::Assigned::Args(args) => {
                Some(args.entries.iter().find(|inner| inner.key == rest)?.span)
            }
            _ => None,
        });
        match (rest, inner) {
            (Some(_), None) => unset,
            (_, inner) => inner.or(Some(entry.span)),
        }
        .or(unset)
    }
}

/// The name in JSON of what an attribute's key says.
pub(super) fn field(key: &str) -> String {
    camel_case(match key {
        "port" => "ports",
        "volume" => "volumes",
        "file" => "files",
        "ulimit" => "ulimits",
        key => key,
    })
}

/// A key as it is written in JSON.
pub(super) fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut letters = word.chars();
        name + &letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    })
}

fn value(manifest: &Manifest, id: &Id, key: &str, rest: Option<&str>) -> Option<Value> {
    let service = manifest.service(id).and_then(|entry| serde_json::to_value(entry).ok());
    let entry = service.or_else(|| manifest.app(id).and_then(|entry| serde_json::to_value(entry).ok()))?;
    let value = entry.get(field(key))?;
    match rest {
        Some(rest) => value.get(rest).cloned(),
        None => Some(value.clone()),
    }
}
