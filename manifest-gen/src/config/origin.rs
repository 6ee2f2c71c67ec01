//! Where a value comes from, and over what it won.

use orch_manifest::Id;
use orch_manifest::grammar::{self, Args, Assigned};
use orch_manifest::manifest::{DeclaredBy, Manifest, ServiceEntry};
use serde_json::Value;

use super::{Config, ConfigError, Overrides, Section};
use crate::catalog;
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
    /// A page of the catalog, or of one's own.
    Catalog {
        /// The file: of the catalog, or as `orch.toml` names it.
        file: String,
        /// The line, from 1, in a file of one's own that says the key itself.
        line: Option<usize>,
    },
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
        let mut layers = self.catalog_layers(manifest, profile, id, key, rest)?;
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
    /// What each page of the catalog says about a key, for the image that the service has in the end.
    fn catalog_layers(
        &self,
        manifest: &Manifest,
        profile: &Profile,
        id: &Id,
        key: &str,
        rest: Option<&str>,
    ) -> Result<Vec<Layer>, ConfigError> {
        let mut bare = self.apply(manifest, profile)?;
        bare.services.retain(|entry| entry.service.id == *id);
        let Some(entry) = bare.services.first_mut() else { return Ok(Vec::new()) };
        match rest {
            Some(name) => forget(entry, key, name),
            None => drop(grammar::unset(&mut entry.service.workload, if key == "image" { "" } else { key })),
        }
        let service = entry.service.clone();
        let Some(image) = &service.workload.image else { return Ok(Vec::new()) };
        let name = catalog::name(image);
        let beneath = self.beneath_in(profile);
        let mut before = value(&bare, id, key, rest);
        let mut layers = Vec::new();
        for step in beneath.catalog.steps(image, &name, Some(&service.kind)) {
            bare.services[0].service = service.clone();
            beneath.lay(&mut bare.services[0].service, &step.entry);
            let found = value(&bare, id, key, rest);
            if found != before {
                let source = LayerSource::Catalog { file: step.page.file().to_owned(), line: step.line(key, rest) };
                layers.push(Layer { value: found.clone(), source });
                before = found;
            }
        }
        Ok(layers)
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
        let unset = || self.unset.iter().find(|(name, _)| field(name) == field(key)).map(|(_, at)| *at);
        place(&self.args, key, rest).or_else(unset)
    }
}

/// Where arguments say something about a key, or about one entry of the map that it holds.
pub(crate) fn place(args: &Args, key: &str, rest: Option<&str>) -> Option<usize> {
    let entry = args.entries.iter().find(|entry| field(&entry.key) == field(key))?;
    match (rest, &entry.value) {
        (None, _) => Some(entry.span),
        (Some(rest), Assigned::Args(args)) => Some(args.entries.iter().find(|inner| inner.key == rest)?.span),
        (Some(_), Assigned::Value(_) | Assigned::Flag) => None,
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
