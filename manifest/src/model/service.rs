use std::collections::BTreeMap;
use std::fmt;

use super::Workload;
use crate::{Id, Invalid, Value};

record! {
    /// Something applications use: a database, a broker, a mail relay.
    pub struct Service {
        required {
            /// Its id.
            id: Id,
            /// What it is.
            kind: Kind,
        }
        optional {
            /// Whether the id follows from the item's name, so that renaming the type renames it.
            derived_id: bool,
            /// A dotted qualified code.
            code: Option<String>,
            /// Where it comes from; a container when absent.
            deployment: Option<Deployment>,
            /// Where it is, when it is not started by us.
            connection: Option<Connection>,
            /// What each application that uses it has for itself.
            tenants: Option<Tenancy>,
        }
        flatten {
            /// What it has in common with applications.
            workload: Workload
        }
    }
}

impl Service {
    /// Where it comes from.
    pub fn deployment(&self) -> Deployment {
        self.deployment.unwrap_or(Deployment::Container)
    }
}

/// What a service is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
#[cfg_attr(feature = "schema", schemars(extend("pattern" = r"^(database|cache|messaging|search|vector|ai|auth|storage|secrets|telemetry|proxy|mail|other|x-[a-z][a-z0-9-]*)$")))]
pub struct Kind(String);

impl Kind {
    /// The kinds there are, beyond one's own that begin with `x-`.
    pub const WORDS: [&'static str; 13] = [
        "database",
        "cache",
        "messaging",
        "search",
        "vector",
        "ai",
        "auth",
        "storage",
        "secrets",
        "telemetry",
        "proxy",
        "mail",
        "other",
    ];

    /// Reads one of [`Kind::WORDS`], or `x-` and a label.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let own = text.strip_prefix("x-").is_some_and(|rest| Id::parse(rest).is_ok());
        if own || Self::WORDS.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let mut error = crate::nearest::not_one_of(text, "a kind of service", &Self::WORDS);
        if crate::nearest(text, Self::WORDS).is_none()
            && !text.starts_with("x-")
            && let Ok(id) = Id::parse(&crate::name::kebab(text))
        {
            error.help = error.help.map(|help| format!("{help}, or a kind of your own: `x-{id}`"));
        }
        Err(error)
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether applications go on without it: they neither wait for it nor fail when it is away.
    pub fn is_soft(&self) -> bool {
        matches!(self.as_str(), "telemetry" | "mail" | "proxy" | "other")
    }

    fn write_text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_impls!(Kind, "a kind of service");

choice! {
    /// Where a service comes from.
    pub enum Deployment : "a deployment" {
        /// It is started as a container.
        Container = "container",
        /// It is there already.
        External = "external",
        /// It is a part of the application's own process.
        InProcess = "in-process",
    }
}

choice! {
    /// What each application that uses a service has for itself.
    pub enum Tenancy : "a kind of tenancy" {
        /// A database and a role.
        Database = "database",
        /// A schema and a role.
        Schema = "schema",
    }
}

record! {
    /// Where a service is that is not started by us.
    #[derive(Default)]
    pub struct Connection {
        required {}
        optional {
            /// The whole URL.
            url: Option<Value>,
            /// The host.
            host: Option<Value>,
            /// The user that logs in.
            user: Option<Value>,
            /// The database.
            database: Option<Value>,
            /// Parameters of the connection.
            params: BTreeMap<String, Value>,
        }
    }
}
