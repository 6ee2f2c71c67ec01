//! Reads `ORCH_SYSTEM`.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::error::SystemError;

/// The number of the contract that is read.
pub(crate) const CONTRACT: u32 = 1;
/// The variable.
pub(crate) const VARIABLE: &str = "ORCH_SYSTEM";

/// What the application is told.
#[derive(Clone, Debug)]
pub(crate) struct Contract {
    pub(crate) system: String,
    pub(crate) profile: String,
    pub(crate) app: String,
    pub(crate) services: BTreeMap<String, Neighbour>,
    pub(crate) bindings: BTreeMap<String, Vec<Part>>,
}

/// A service or an application that it uses.
#[derive(Clone, Debug)]
pub(crate) struct Neighbour {
    pub(crate) kind: String,
    pub(crate) host: Option<Vec<Part>>,
    pub(crate) port: Option<u16>,
    pub(crate) ports: BTreeMap<String, u16>,
    pub(crate) scheme: Option<String>,
    pub(crate) user: Option<Vec<Part>>,
    pub(crate) database: Option<Vec<Part>>,
    pub(crate) url: Option<Vec<Part>>,
    pub(crate) required: bool,
    pub(crate) check: Option<Check>,
}

/// How to find out whether it is there.
#[derive(Clone, Debug)]
pub(crate) enum Check {
    Tcp(u16),
    Http { port: u16, path: String },
}

/// A part of a text.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(String),
    Secret(SecretPart),
    Variable { name: String, default: Option<String> },
}

#[derive(Clone, Debug)]
pub(crate) struct SecretPart {
    pub(crate) name: String,
    pub(crate) key: Option<String>,
    pub(crate) url: bool,
}

type Result<T> = std::result::Result<T, SystemError>;

/// Reads the value of the variable.
pub(crate) fn read(text: &str) -> Result<Contract> {
    let value: Value = serde_json::from_str(text).map_err(|error| malformed("", error.to_string()))?;
    let root = At { path: String::new(), value: &value };
    match root.object()?.get("contract") {
        Some(number) if number.as_u64() == Some(CONTRACT.into()) => {}
        Some(found) if found.is_number() => {
            return Err(SystemError::Contract { found: found.to_string(), known: CONTRACT });
        }
        _ => return Err(malformed("contract", "it is not a number")),
    }
    Ok(Contract {
        system: root.must("system")?.string()?,
        profile: root.must("profile")?.string()?,
        app: root.must("app")?.string()?,
        services: root.must("services")?.map(neighbour)?,
        bindings: root.must("bindings")?.map(parts)?,
    })
}

fn malformed(at: &str, problem: impl Into<String>) -> SystemError {
    SystemError::Malformed { at: at.to_owned(), problem: problem.into() }
}

/// A value with its path.
struct At<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> At<'a> {
    fn wrong<T>(&self, problem: &str) -> Result<T> {
        Err(malformed(&self.path, problem))
    }

    fn object(&self) -> Result<&'a Map<String, Value>> {
        self.value.as_object().map_or_else(|| self.wrong("it is not an object"), Ok)
    }

    /// A field; `null` is as good as none.
    fn may(&self, key: &str) -> Result<Option<At<'a>>> {
        let value = self.object()?.get(key).filter(|value| !value.is_null());
        Ok(value.map(|value| self.at(key, value)))
    }

    fn must(&self, key: &str) -> Result<At<'a>> {
        self.may(key)?.map_or_else(|| self.wrong(&format!("it has no `{key}`")), Ok)
    }

    fn at(&self, key: &str, value: &'a Value) -> At<'a> {
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        At { path, value }
    }

    fn string(&self) -> Result<String> {
        self.value.as_str().map_or_else(|| self.wrong("it is not a string"), |text| Ok(text.to_owned()))
    }

    fn bool(&self) -> Result<bool> {
        self.value.as_bool().map_or_else(|| self.wrong("it is neither true nor false"), Ok)
    }

    fn map<T>(&self, read: impl Fn(&At<'_>) -> Result<T>) -> Result<BTreeMap<String, T>> {
        self.object()?.iter().map(|(key, value)| Ok((key.clone(), read(&self.at(key, value))?))).collect()
    }
}

fn neighbour(at: &At<'_>) -> Result<Neighbour> {
    let optional = |key: &str| at.may(key)?.map(|at| parts(&at)).transpose();
    let port = at.may("port")?.map(|at| number(&at)).transpose()?;
    let ports = at.may("ports")?.map(|at| at.map(number)).transpose()?.unwrap_or_default();
    let check = match at.may("check")? {
        Some(at) => check(&at, port, &ports)?,
        None => None,
    };
    Ok(Neighbour {
        kind: at.must("kind")?.string()?,
        host: optional("host")?,
        scheme: at.may("scheme")?.map(|at| at.string()).transpose()?,
        user: optional("user")?,
        database: optional("database")?,
        url: optional("url")?,
        required: at.must("required")?.bool()?,
        port,
        ports,
        check,
    })
}

fn number(at: &At<'_>) -> Result<u16> {
    let port = at.value.as_u64().and_then(|number| u16::try_from(number).ok()).filter(|port| *port != 0);
    port.map_or_else(|| at.wrong("it is not a port from 1 to 65535"), Ok)
}

/// A kind of check that this version does not know is none.
fn check(at: &At<'_>, own: Option<u16>, ports: &BTreeMap<String, u16>) -> Result<Option<Check>> {
    let port = |at: &At<'_>| match at.value.as_str() {
        Some(name) => ports.get(name).copied().map_or_else(|| at.wrong(&format!("there is no port `{name}`")), Ok),
        None => number(at),
    };
    if let Some(at) = at.may("tcp")? {
        return Ok(Some(Check::Tcp(port(&at)?)));
    }
    let Some(at) = at.may("http")? else { return Ok(None) };
    let path = at.must("path")?;
    let text = path.string()?;
    // It becomes a line of a request.
    if !text.starts_with('/') || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return path.wrong("it is not a path");
    }
    let port = match (at.may("port")?, own) {
        (Some(at), _) => port(&at)?,
        (None, Some(own)) => own,
        (None, None) => return at.wrong("it has no `port`"),
    };
    Ok(Some(Check::Http { port, path: text }))
}

fn parts(at: &At<'_>) -> Result<Vec<Part>> {
    let Some(parts) = at.value.as_array() else { return at.wrong("it is not a list of parts") };
    parts.iter().enumerate().map(|(index, value)| part(&at.at(&index.to_string(), value))).collect()
}

fn part(at: &At<'_>) -> Result<Part> {
    if let Some(at) = at.may("text")? {
        return Ok(Part::Text(at.string()?));
    }
    if let Some(at) = at.may("variable")? {
        let default = at.may("default")?.map(|at| at.string()).transpose()?;
        return Ok(Part::Variable { name: at.must("name")?.string()?, default });
    }
    let Some(at) = at.may("secret")? else { return at.wrong("it is neither a text nor a secret nor a variable") };
    let name = at.must("name")?;
    if name.string()?.starts_with('.') {
        return name.wrong("it is not the name of a secret");
    }
    let name = file_part(&name)?;
    let key = at.may("key")?.map(|at| file_part(&at)).transpose()?;
    let url = at.may("url")?.map_or(Ok(false), |at| at.bool())?;
    Ok(Part::Secret(SecretPart { name, key, url }))
}

/// It becomes a part of a file's name, and may lead nowhere else.
fn file_part(at: &At<'_>) -> Result<String> {
    let text = at.string()?;
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if text.is_empty() || text == "." || text == ".." || text.len() > 253 || !text.bytes().all(good) {
        return at.wrong("it is not the name of a secret");
    }
    Ok(text)
}
