//! The manifest: everything that a workspace's applications declare, as JSON.
//!
//! The same sources give the same bytes: entries are in the order of their ids, what is empty is
//! absent, and there is no time, user, host or absolute path in it.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

#[cfg(feature = "schema")]
mod schema;

use crate::Id;
use crate::model::{App, AuthProvider, Client, Service};

/// The major version of the format that this crate reads and writes.
pub const SCHEMA_VERSION: u32 = 1;

/// What a workspace's applications are and what they need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The major version of this format. Readers ignore keys they do not know and refuse a version
    /// they do not know.
    pub schema_version: u32,
    /// The system's name.
    pub system: Id,
    /// The registry and the path under which the applications' images are, without a `/` at its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// Why something may be missing; empty when the sources were compiled or read completely.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incomplete: Vec<String>,
    /// The applications, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub apps: Vec<AppEntry>,
    /// The services, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceEntry>,
    /// The clients of applications, in the order of what they are clients of and of their places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientEntry>,
    /// The providers of authentication, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub auth_providers: Vec<AuthProviderEntry>,
}

/// The place that declares something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeclaredBy {
    /// The package.
    pub package: String,
    /// The package's version, when it is not a member of the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The file, relative to the package's folder, with `/`.
    pub file: String,
    /// The item's name.
    pub item: String,
    /// The line of the attribute, from 1. Known to every message, written only on request, so that
    /// a comment above an attribute changes no manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

impl fmt::Display for DeclaredBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.package)?;
        if let Some(version) = &self.version {
            write!(f, "@{version}")?;
        }
        write!(f, " {}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        Ok(())
    }
}

/// An application with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AppEntry {
    /// Its id.
    pub id: Id,
    /// The version of its package.
    pub version: String,
    /// The services that the crates of its dependency graph declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<Id>,
    /// The applications of which its dependency graph has clients.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<Id>,
    /// What it is; its `id` is absent, since it is above.
    #[serde(flatten)]
    pub app: App,
    /// Its place.
    pub declared_by: DeclaredBy,
}

/// A service with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ServiceEntry {
    /// What it is.
    #[serde(flatten)]
    pub service: Service,
    /// Its place.
    pub declared_by: DeclaredBy,
}

/// A client of an application with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClientEntry {
    /// What it is.
    #[serde(flatten)]
    pub client: Client,
    /// Its place.
    pub declared_by: DeclaredBy,
}

/// A provider of authentication with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct AuthProviderEntry {
    /// What it is.
    #[serde(flatten)]
    pub provider: AuthProvider,
    /// Its place.
    pub declared_by: DeclaredBy,
}

/// Why a text is not a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestError {
    /// It is of another major version.
    Version {
        /// The version of the text.
        found: u64,
    },
    /// It is not JSON, or not of the manifest's shape.
    Malformed {
        /// What is wrong, with line and column.
        problem: String,
    },
    /// Its parts do not fit together.
    Inconsistent {
        /// Everything that is wrong, one text each; at least one.
        problems: Vec<String>,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => write!(
                f,
                "the manifest has schema version {found} and this is a tool for schema version {SCHEMA_VERSION}"
            ),
            Self::Malformed { problem } => write!(f, "the manifest cannot be read: {problem}"),
            Self::Inconsistent { problems } => {
                write!(f, "the manifest contradicts itself: {}", problems.join("; "))
            }
        }
    }
}

impl std::error::Error for ManifestError {}

/// What serde says without the texts that it found in a wrong place: one may be a secret.
fn without_texts(message: &str) -> String {
    const FOUND: &str = "string \"";
    let mut out = String::new();
    let mut rest = message;
    while let Some(at) = rest.find(FOUND) {
        out.push_str(&rest[..at]);
        out.push_str("text");
        rest = &rest[at + FOUND.len()..];
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        rest = end.map_or("", |end| &rest[end + 1..]);
    }
    out + rest
}

impl Manifest {
    /// A manifest with nothing in it.
    pub fn new(system: Id) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            system,
            registry: None,
            incomplete: Vec::new(),
            apps: Vec::new(),
            services: Vec::new(),
            clients: Vec::new(),
            auth_providers: Vec::new(),
        }
    }

    /// Reads a manifest and checks that its parts fit together.
    pub fn from_json(text: &str) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            schema_version: u64,
        }
        let malformed =
            |error: serde_json::Error| ManifestError::Malformed { problem: without_texts(&error.to_string()) };
        let version: Version = serde_json::from_str(text).map_err(malformed)?;
        if version.schema_version != u64::from(SCHEMA_VERSION) {
            return Err(ManifestError::Version { found: version.schema_version });
        }
        let mut manifest: Self = serde_json::from_str(text).map_err(malformed)?;
        manifest.sort();
        manifest.check()?;
        Ok(manifest)
    }

    /// The JSON text: indented, with a final newline; lines of sources only if `locations`.
    pub fn to_json(&self, locations: bool) -> String {
        let mut manifest = self.clone();
        if !locations {
            manifest.places_mut().for_each(|place| place.line = None);
        }
        // Every key is a string and every number finite, so nothing can fail.
        let mut text = serde_json::to_string_pretty(&manifest).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The JSON Schema (draft 2020-12), indented, with a final newline.
    #[cfg(feature = "schema")]
    pub fn json_schema() -> String {
        let mut schema = schemars::schema_for!(Self).to_value();
        schema["$id"] = format!("https://orch-rs.github.io/orch/manifest-{SCHEMA_VERSION}.json").into();
        schema["properties"]["schemaVersion"]["const"] = SCHEMA_VERSION.into();
        // An application's entry has it always.
        schema["$defs"]["AppEntry"]["properties"]["id"]["description"] = "Its id.".into();
        let schema = schema::plain(schema);
        let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
        text.push('\n');
        text
    }

    /// The application with this id.
    pub fn app(&self, id: &Id) -> Option<&AppEntry> {
        self.apps.binary_search_by(|entry| entry.id.cmp(id)).ok().map(|index| &self.apps[index])
    }

    /// The service with this id.
    pub fn service(&self, id: &Id) -> Option<&ServiceEntry> {
        self.services.binary_search_by(|entry| entry.service.id.cmp(id)).ok().map(|index| &self.services[index])
    }

    /// Puts every entry into its place; what looks entries up relies on it.
    pub fn sort(&mut self) {
        self.apps.sort_by(|a, b| (&a.id, &a.declared_by).cmp(&(&b.id, &b.declared_by)));
        self.services.sort_by(|a, b| (&a.service.id, &a.declared_by).cmp(&(&b.service.id, &b.declared_by)));
        self.clients.sort_by(|a, b| (&a.client.of, &a.declared_by).cmp(&(&b.client.of, &b.declared_by)));
        self.auth_providers.sort_by(|a, b| (&a.provider.id, &a.declared_by).cmp(&(&b.provider.id, &b.declared_by)));
    }

    fn places_mut(&mut self) -> impl Iterator<Item = &mut DeclaredBy> {
        let apps = self.apps.iter_mut().map(|entry| &mut entry.declared_by);
        let services = self.services.iter_mut().map(|entry| &mut entry.declared_by);
        let clients = self.clients.iter_mut().map(|entry| &mut entry.declared_by);
        let providers = self.auth_providers.iter_mut().map(|entry| &mut entry.declared_by);
        apps.chain(services).chain(clients).chain(providers)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let mut problems = Vec::new();
        let mut ids = BTreeSet::new();
        let all = self.apps.iter().map(|entry| &entry.id).chain(self.services.iter().map(|entry| &entry.service.id));
        for id in all {
            if !ids.insert(id) {
                problems.push(format!("the id `{id}` is there twice"));
            }
        }
        let services: BTreeSet<&Id> = self.services.iter().map(|entry| &entry.service.id).collect();
        for AppEntry { id, services: used, app, .. } in &self.apps {
            let missing = used.iter().filter(|service| !services.contains(service));
            problems.extend(
                missing
                    .map(|service| format!("the application `{id}` uses the service `{service}`, which is not there")),
            );
            problems.extend(app.contradictions().iter().map(|problem| format!("`{id}`: {problem}")));
        }
        for ServiceEntry { service, .. } in &self.services {
            let found = service.contradictions();
            problems.extend(found.iter().map(|problem| format!("`{}`: {problem}", service.id)));
        }
        if problems.is_empty() { Ok(()) } else { Err(ManifestError::Inconsistent { problems }) }
    }
}
