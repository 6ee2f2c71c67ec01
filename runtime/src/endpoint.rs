//! Where a service is.

use std::collections::BTreeMap;
use std::fmt;

use crate::contract::{Check, Neighbour, Part};
use crate::environment::Environment;
use crate::error::Error;
use crate::parts::resolve;
use crate::probe::Target;
use crate::secret::Secret;
use crate::system::System;
use crate::url::Location;

/// Where a service that the application uses is.
#[derive(Clone)]
pub struct Endpoint {
    id: String,
    kind: String,
    host: String,
    port: Option<u16>,
    ports: BTreeMap<String, u16>,
    scheme: Option<String>,
    user: Option<Secret>,
    database: Option<Secret>,
    url: Option<Secret>,
    is_required: bool,
    check: Option<Check>,
}

impl Endpoint {
    pub(crate) fn new(id: &str, neighbour: &Neighbour, environment: &Environment) -> Result<Self, Error> {
        let text = |parts: &Vec<Part>| resolve(parts, id, environment);
        let optional =
            |parts: &Option<Vec<Part>>| parts.as_ref().map(|parts| text(parts).map(Secret::from)).transpose();
        let url = optional(&neighbour.url)?;
        let host = neighbour.host.as_ref().map(text).transpose()?.filter(|host| !host.is_empty());
        // What is there already may be declared by its URL alone.
        let location = url.as_ref().filter(|_| host.is_none()).and_then(|url| Location::parse(url.expose()));
        let (host, location) = match (host, location) {
            (Some(host), _) => (host, None),
            (None, Some(location)) => (location.host.clone(), Some(location)),
            (None, None) => return Err(Error::NoHost { id: id.to_owned() }),
        };
        let said = |part: fn(&Location) -> Option<String>| location.as_ref().and_then(part);
        let secret = |part| said(part).map(Secret::from);
        let mut endpoint = Self {
            id: id.to_owned(),
            kind: neighbour.kind.clone(),
            port: neighbour.port.or_else(|| location.as_ref()?.port),
            ports: neighbour.ports.clone(),
            scheme: neighbour.scheme.clone().or_else(|| said(|location| Some(location.scheme.clone()))),
            user: optional(&neighbour.user)?.or_else(|| secret(|location| location.user.clone())),
            database: optional(&neighbour.database)?.or_else(|| secret(|location| location.database.clone())),
            url,
            is_required: neighbour.required,
            check: neighbour.check.clone(),
            host,
        };
        if let (None, Some(scheme), Some(port)) = (&endpoint.url, &endpoint.scheme, endpoint.port) {
            endpoint.url = Some(Secret::from(format!("{scheme}://{}:{port}", bracketed(&endpoint.host))));
        }
        Ok(endpoint)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it is: `database`, `cache`, … or `app`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Its host: the declared one, else that of the declared URL.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Its first port, if it has one: the declared one, else that of the declared URL or of its scheme.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The port of this name.
    pub fn port_named(&self, name: &str) -> Option<u16> {
        self.ports.get(name).copied()
    }

    /// All ports that have a name.
    pub fn ports(&self) -> impl Iterator<Item = (&str, u16)> {
        self.ports.iter().map(|(name, port)| (name.as_str(), *port))
    }

    /// The URL scheme of the first port, where it is known.
    pub fn scheme(&self) -> Option<&str> {
        self.scheme.as_deref()
    }

    /// The user, where it is known.
    pub fn user(&self) -> Option<&str> {
        self.user.as_ref().map(Secret::expose)
    }

    /// The database, where it is known.
    pub fn database(&self) -> Option<&str> {
        self.database.as_ref().map(Secret::expose)
    }

    /// The URL: the declared one, else of scheme, host and first port. That of an external service may
    /// have a secret in it.
    pub fn url(&self) -> Option<&str> {
        self.url.as_ref().map(Secret::expose)
    }

    /// Whether the application cannot do without it.
    pub fn is_required(&self) -> bool {
        self.is_required
    }

    /// What to ask to find out whether it is there.
    pub(crate) fn target(&self) -> Result<Target, Error> {
        let host = self.host.clone();
        let is_tls = self.scheme.as_deref() == Some("https");
        match (&self.check, self.port) {
            (Some(Check::Http { port, path }), _) if !is_tls => {
                Ok(Target::Http { host, port: *port, path: path.clone() })
            }
            (Some(Check::Http { port, .. } | Check::Tcp(port)), _) => Ok(Target::Tcp { host, port: *port }),
            (None, Some(port)) => Ok(Target::Tcp { host, port }),
            (None, None) => Err(Error::NoHost { id: self.id.clone() }),
        }
    }
}

/// A host as it stands in a URL.
pub(crate) fn bracketed(host: &str) -> String {
    if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() }
}

/// Without what may be a secret.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("port", &self.port)
            .field("ports", &self.ports)
            .field("scheme", &self.scheme)
            .field("required", &self.is_required)
            .finish_non_exhaustive()
    }
}

/// Where a service that the application uses is, by its id.
///
/// ```no_run
/// # extern crate orch_runtime as orch;
/// let postgres = orch::endpoint("postgres")?;
/// let address = (postgres.host(), postgres.port_named("sql").unwrap_or(5432));
/// # Ok::<(), orch::Error>(())
/// ```
pub fn endpoint(id: &str) -> Result<Endpoint, Error> {
    System::current().endpoint(id)
}
