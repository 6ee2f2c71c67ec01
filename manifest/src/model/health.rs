use crate::json::{Fields, Object, ToJson, write_object};
use crate::{Duration, PortRef, UrlPath};

record! {
    /// How a workload's health is judged: the one source of health checks and probes.
    pub struct Health {
        required {
            /// What is asked.
            check: Check,
        }
        optional {
            /// The path that says whether the process lives, for HTTP; otherwise a TCP connection does.
            live: Option<UrlPath>,
            /// The time between two checks.
            interval: Option<Duration>,
            /// How long one check may take.
            timeout: Option<Duration>,
            /// How many failures in a row make it unhealthy.
            retries: Option<u32>,
            /// How long it may take to start.
            start_period: Option<Duration>,
        }
    }
}

impl Health {
    /// A check with nothing said about its timing.
    pub fn new(check: Check) -> Self {
        Self { check, live: None, interval: None, timeout: None, retries: None, start_period: None }
    }
}

/// What is asked to know whether a workload is healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Check {
    /// An HTTP request that must be answered with 200 to 399.
    Http(HttpCheck),
    /// A connection to this port.
    Tcp(PortRef),
    /// A command in the container that must exit with 0, in exec form.
    Command(Vec<String>),
    /// A script for the container's shell that must exit with 0.
    Shell(String),
    /// Nothing: it is healthy when it runs.
    None,
}

record! {
    /// An HTTP request.
    pub struct HttpCheck {
        required {
            /// The path.
            path: UrlPath,
        }
        optional {
            /// The port; the workload's own when absent.
            port: Option<PortRef>,
        }
    }
}

struct Tagged<'a>(&'a str, &'a dyn ToJson);

impl Fields for Tagged<'_> {
    fn write_fields(&self, object: &mut Object<'_>) {
        object.required(self.0, self.1);
    }
}

impl ToJson for Check {
    fn write_json(&self, out: &mut String) {
        match self {
            Self::Http(http) => write_object(out, &Tagged("http", http)),
            Self::Tcp(port) => write_object(out, &Tagged("tcp", port)),
            Self::Command(command) => write_object(out, &Tagged("command", command)),
            Self::Shell(script) => write_object(out, &Tagged("shell", script)),
            Self::None => out.push_str("\"none\""),
        }
    }
}
