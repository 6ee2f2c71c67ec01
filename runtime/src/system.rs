//! What an application is told about the system, and what it gets by it.

use std::path::PathBuf;
use std::time::Duration;

use crate::binding::{Binding, Source};
use crate::contract::{self, Contract, Neighbour};
use crate::endpoint::Endpoint;
use crate::environment::Environment;
use crate::error::{Error, Looked, Outcome, Place, SystemError};
use crate::parts::resolve;
use crate::wait::{self, WaitError};

/// The system as an application sees it: what `ORCH_SYSTEM` says, and the environment that the rest
/// comes from.
///
/// The functions of this crate use that of the process. A test makes its own:
///
/// ```
/// # extern crate orch_runtime as orch;
/// use orch::{Environment, System};
///
/// let told = r#"{
///     "contract": 1, "system": "shop", "profile": "prod", "app": "api", "services": {},
///     "bindings": { "DATABASE_URL": [
///         { "text": "postgres://shop:" },
///         { "secret": { "name": "postgres-password", "url": true } },
///         { "text": "@postgres:5432/shop" }
///     ] }
/// }"#;
/// let root = tempfile::tempdir()?;
/// std::fs::create_dir_all(root.path().join("run/secrets"))?;
/// std::fs::write(root.path().join("run/secrets/postgres-password"), "p@ss\n")?;
///
/// let system = System::new(Environment::of([("ORCH_SYSTEM", told)]).rooted(root.path()));
/// assert_eq!(system.binding("DATABASE_URL")?.as_str(), "postgres://shop:p%40ss@postgres:5432/shop");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct System {
    environment: Environment,
    // A bad one is an error where it is needed: a variable that is set goes before it.
    contract: Result<Contract, SystemError>,
}

impl System {
    /// The system as it is seen in this environment.
    pub fn new(environment: Environment) -> Self {
        let contract = match environment.variable(contract::VARIABLE) {
            Ok(text) => contract::read(&text),
            Err(Outcome::NotUnicode) => Err(SystemError::NotUnicode),
            Err(_) => Err(SystemError::Absent),
        };
        Self { environment, contract }
    }

    /// As this process sees it.
    pub fn current() -> Self {
        Self::new(Environment::process())
    }

    /// Whether `ORCH_SYSTEM` can be read.
    pub fn check(&self) -> Result<(), SystemError> {
        self.contract.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    /// The name of the system, if the application is told.
    pub fn name(&self) -> Option<&str> {
        self.contract.as_ref().ok().map(|contract| contract.system.as_str())
    }

    /// The profile, if the application is told.
    pub fn profile(&self) -> Option<&str> {
        self.contract.as_ref().ok().map(|contract| contract.profile.as_str())
    }

    /// The application's own id, if it is told.
    pub fn app(&self) -> Option<&str> {
        self.contract.as_ref().ok().map(|contract| contract.app.as_str())
    }

    /// The ids of the services and applications that it uses.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.contract.iter().flat_map(|contract| contract.services.keys().map(String::as_str))
    }

    /// See [`binding`](crate::binding()).
    pub fn binding(&self, name: &str) -> Result<Binding, Error> {
        let mut looked = Vec::new();
        let declared = self.contract.as_ref().ok().and_then(|contract| contract.bindings.get(name));
        // What nothing is known of may be a secret.
        let is_secret = declared.is_none_or(|parts| parts.iter().any(|part| matches!(part, contract::Part::Secret(_))));
        match self.environment.variable(name) {
            Ok(value) => return Ok(Binding::new(name, value, is_secret, Source::Variable)),
            Err(outcome) => looked.push(Looked { place: Place::Variable(name.to_owned()), outcome }),
        }
        let missing = |looked| Error::Missing { wanted: name.to_owned(), part: None, looked };
        // What somebody has set, and what cannot be read, is an error and no reason to look elsewhere.
        if looked.iter().any(|looked| looked.outcome == Outcome::NotUnicode) {
            return Err(missing(looked));
        }
        let file_variable = format!("{name}_FILE");
        match self.environment.variable(&file_variable) {
            Ok(path) => {
                let path = PathBuf::from(path);
                return match self.environment.file(&path) {
                    Ok(value) => Ok(Binding::new(name, value, true, Source::File(path))),
                    Err(outcome) => {
                        looked.push(Looked { place: Place::File(path), outcome });
                        Err(missing(looked))
                    }
                };
            }
            Err(outcome) => {
                looked.push(Looked { place: Place::Variable(file_variable), outcome });
                if outcome == Outcome::NotUnicode {
                    return Err(missing(looked));
                }
            }
        }
        let contract = match &self.contract {
            Ok(contract) => contract,
            Err(source) => return Err(Error::System { wanted: name.to_owned(), source: source.clone(), looked }),
        };
        let Some(parts) = contract.bindings.get(name) else {
            looked.push(Looked { place: Place::System, outcome: Outcome::Absent });
            return Err(missing(looked));
        };
        let value = resolve(parts, name, &self.environment)?;
        Ok(Binding::new(name, value, is_secret, Source::Parts))
    }

    /// See [`endpoint`](crate::endpoint()).
    pub fn endpoint(&self, id: &str) -> Result<Endpoint, Error> {
        Endpoint::new(id, self.neighbour(id)?, &self.environment)
    }

    /// See [`wait_for`](crate::wait_for).
    pub fn wait_for(&self, ids: &[&str], limit: Duration) -> Result<(), WaitError> {
        wait::wait(self.targets(ids)?, limit)
    }

    /// See [`wait_for_async`](crate::wait_for_async).
    #[cfg(feature = "tokio")]
    pub async fn wait_for_async(&self, ids: &[&str], limit: Duration) -> Result<(), WaitError> {
        wait::wait_async(self.targets(ids)?, limit).await
    }

    fn targets(&self, ids: &[&str]) -> Result<Vec<(String, crate::probe::Target)>, Error> {
        ids.iter().map(|id| Ok(((*id).to_owned(), self.endpoint(id)?.target()?))).collect()
    }

    fn neighbour(&self, id: &str) -> Result<&Neighbour, Error> {
        let contract = self.contract.as_ref().map_err(|source| Error::System {
            wanted: id.to_owned(),
            source: source.clone(),
            looked: Vec::new(),
        })?;
        contract
            .services
            .get(id)
            .ok_or_else(|| Error::Unknown { id: id.to_owned(), known: contract.services.keys().cloned().collect() })
    }
}
