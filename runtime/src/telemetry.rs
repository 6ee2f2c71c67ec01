//! What telemetry says of an application, and where it is sent.

use crate::endpoint::bracketed;
use crate::error::{Error, Outcome, SystemError};
use crate::system::System;

/// Where SDKs send to, as the [OpenTelemetry specification][exporter] names it.
///
/// [exporter]: https://opentelemetry.io/docs/specs/otel/protocol/exporter/
const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The kind of services that telemetry is sent to.
const KIND: &str = "telemetry";
/// The port of OTLP over gRPC, by its usual names and its registered number.
const NAMES: [&str; 2] = ["otlp", "otlp-grpc"];
const NUMBER: u16 = 4317;

impl System {
    /// The attributes of the [resource] that an application is to OpenTelemetry: `service.name` is its id,
    /// `service.namespace` the system, `deployment.environment.name` the profile. Empty where the application
    /// is not told.
    ///
    /// ```
    /// # extern crate orch_runtime as orch;
    /// use orch::{Environment, System};
    ///
    /// let told = r#"{"contract": 1, "system": "shop", "profile": "prod", "app": "api", "services": {}, "bindings": {}}"#;
    /// let system = System::new(Environment::of([("ORCH_SYSTEM", told)]));
    /// assert_eq!(system.resource()[0], ("service.name", "api".to_owned()));
    /// ```
    ///
    /// [resource]: https://opentelemetry.io/docs/specs/semconv/resource/
    pub fn resource(&self) -> Vec<(&'static str, String)> {
        let told = [
            ("service.name", self.app()),
            ("service.namespace", self.name()),
            ("deployment.environment.name", self.profile()),
        ];
        told.into_iter().filter_map(|(key, value)| Some((key, value?.to_owned()))).collect()
    }

    /// Where to send telemetry, as an OTLP endpoint over gRPC: what `OTEL_EXPORTER_OTLP_ENDPOINT` says, as
    /// a variable or as a binding, else the port `otlp` (or 4317) of a service of the kind `telemetry` that
    /// the application uses. `None` where there is neither: telemetry is something to go on without.
    ///
    /// What is set and cannot be read is an error.
    pub fn otlp_endpoint(&self) -> Result<Option<String>, Error> {
        match self.binding(ENDPOINT) {
            Ok(binding) => return Ok(Some(binding.into_string())),
            Err(Error::Missing { part: None, looked, .. }) if looked.iter().all(|looked| is_absent(looked.outcome)) => {
            }
            // That nothing was told at all is no reason to fail: a process of its own sends nothing.
            Err(Error::System { source: SystemError::Absent, .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        for id in self.services() {
            let endpoint = match self.endpoint(id) {
                Err(Error::NoHost { .. }) => continue,
                endpoint => endpoint?,
            };
            let named = NAMES.into_iter().find_map(|name| endpoint.port_named(name));
            let usual = || endpoint.port().filter(|port| *port == NUMBER);
            if let (KIND, Some(port)) = (endpoint.kind(), named.or_else(usual)) {
                return Ok(Some(format!("http://{}:{port}", bracketed(endpoint.host()))));
            }
        }
        Ok(None)
    }
}

fn is_absent(outcome: Outcome) -> bool {
    matches!(outcome, Outcome::Absent | Outcome::Empty)
}
