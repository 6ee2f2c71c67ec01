//! What Compose is given beside its files: ports, secrets, the folders where things are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use orch_manifest::{EnvName, Id};

use super::folder::Folder;
use super::secrets::{self, SecretError};
use super::state::PortRecord;
use crate::plan::profile::Base;
use crate::plan::{Plan, Profile};
use crate::target::SecretFile;
use crate::target::compose::data::DATA;
use crate::target::compose::{SECRETS, as_files};

/// A value for a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text that anybody may see.
    Open(String),
    /// A secret, and the file that it was read from, if it was.
    Secret(String, Option<PathBuf>),
}

impl Value {
    /// The text.
    pub fn expose(&self) -> &str {
        match self {
            Self::Open(text) | Self::Secret(text, _) => text,
        }
    }
}

/// Something that the deployer did not give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A secret.
    Secret {
        /// Which.
        secret: SecretFile,
        /// Who uses it.
        used_by: BTreeSet<Id>,
        /// Whether nothing but a file will do.
        as_file: bool,
    },
    /// A variable.
    Variable {
        /// Its name.
        name: EnvName,
        /// Who uses it.
        used_by: BTreeSet<Id>,
    },
}

/// Where secrets are had from.
#[derive(Clone, Debug)]
pub struct Vault {
    /// The folder with a file for each, if there is one.
    pub folder: Option<PathBuf>,
    /// Whether those that are missing are made.
    pub makes: bool,
}

impl Vault {
    /// That of a profile: a folder of the workspace on a developer's machine, elsewhere the one that
    /// the deployer names.
    pub fn of(profile: &Profile, folder: &Folder, environment: &dyn Fn(&str) -> Option<String>) -> Self {
        if profile.base() == Base::Local {
            return Self { folder: Some(folder.secrets()), makes: true };
        }
        let named = environment(SECRETS).filter(|path| !path.is_empty());
        Self { folder: named.map(|path| std::path::absolute(&path).unwrap_or(path.into())), makes: false }
    }

    /// Reads a secret, from its file or else from its variable.
    pub fn read(
        &self,
        secret: &SecretFile,
        environment: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Value>, SecretError> {
        if let Some(folder) = &self.folder
            && let Some(text) = secrets::read(folder, secret)?
        {
            return Ok(Some(Value::Secret(text, Some(folder.join(secret.name())))));
        }
        if self.makes {
            return Ok(None);
        }
        let value = environment(&secret.variable()).filter(|value| !value.is_empty());
        Ok(value.map(|value| Value::Secret(value, None)))
    }
}

/// What is given, and what could not be.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The variables.
    pub variables: BTreeMap<String, Value>,
    /// What is missing.
    pub missing: Vec<Missing>,
}

/// What Compose is given for a plan.
pub fn given(
    plan: &Plan,
    ports: &BTreeMap<String, PortRecord>,
    vault: &Vault,
    data: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Given, SecretError> {
    let mut given = Given::default();
    let mut open = |name: &str, value: String| given.variables.insert(name.to_owned(), Value::Open(value));
    for (variable, record) in ports {
        open(variable, record.assigned.to_string());
    }
    open(DATA, data.display().to_string());
    let files = as_files(plan);
    if let Some(folder) = vault.folder.as_ref().filter(|_| !files.is_empty()) {
        open(SECRETS, folder.display().to_string());
    }
    for (secret, used_by) in secrets::of_plan(plan) {
        let as_file = files.contains(&secret);
        match vault.read(&secret, environment)? {
            Some(Value::Secret(_, Some(_))) if as_file => {}
            Some(value) if !as_file => {
                given.variables.insert(secret.variable(), value);
            }
            _ => given.missing.push(Missing::Secret { secret, used_by, as_file }),
        }
    }
    for variable in &plan.variables {
        let is_set = environment(variable.name.as_str()).is_some_and(|value| !value.is_empty());
        if variable.default.is_none() && !is_set {
            let (name, used_by) = (variable.name.clone(), variable.used_by.clone());
            given.missing.push(Missing::Variable { name, used_by });
        }
    }
    Ok(given)
}

/// The variables without which Compose does not read its file.
pub fn required(plan: &Plan, given: &Given) -> BTreeSet<String> {
    let ours = given.variables.iter().filter(|(name, value)| matches!(value, Value::Secret(..)) || *name == SECRETS);
    let variables = plan.variables.iter().filter(|variable| variable.default.is_none());
    ours.map(|(name, _)| name.clone()).chain(variables.map(|variable| variable.name.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use orch_manifest::manifest::Manifest;
    use serde_json::json;

    use super::{Folder, Given, Missing, Value, Vault, given, required};
    use crate::plan::profile::Base;
    use crate::plan::{Plan, Profile, plan};

    fn planned(base: Base) -> Plan {
        let place = json!({"package": "p", "file": "src/lib.rs", "item": "S"});
        let service = json!({
            "id": "db", "kind": "database", "image": "postgres:16", "health": {"check": "none"}, "declaredBy": place,
            "env": {"POSTGRES_PASSWORD": {"secret": "db-password"}, "TOKEN": {"secret": "token"}, "ZONE": {"var": "ZONE"}},
        });
        let text = json!({"schemaVersion": 1, "system": "s", "services": [service]}).to_string();
        plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(base))
    }

    fn give(base: Base, root: &Path, environment: &dyn Fn(&str) -> Option<String>) -> (Plan, Given) {
        let plan = planned(base);
        let vault = Vault::of(&plan.profile, &Folder::of(root), environment);
        let given = given(&plan, &[].into(), &vault, Path::new("/data"), environment).unwrap();
        (plan, given)
    }

    #[test]
    fn what_the_deployer_did_not_give_is_said_all_at_once() {
        let root = tempfile::tempdir().unwrap();
        let (_, given) = give(Base::Prod, root.path(), &|_| None);
        let names: Vec<(String, bool)> = given
            .missing
            .iter()
            .map(|missing| match missing {
                Missing::Secret { secret, as_file, .. } => (secret.name(), *as_file),
                Missing::Variable { name, .. } => (name.to_string(), false),
            })
            .collect();
        let expected = [("db-password", true), ("token", false), ("ZONE", false)];
        assert_eq!(names, expected.map(|(name, as_file)| (name.to_owned(), as_file)));
    }

    #[test]
    fn a_deployer_gives_a_folder_and_variables() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("db-password"), "a\n").unwrap();
        let folder = root.path().display().to_string();
        let environment = |name: &str| match name {
            "ORCH_SECRETS" => Some(folder.clone()),
            "TOKEN" => Some("b".to_owned()),
            "ZONE" => Some("here".to_owned()),
            _ => None,
        };
        let (plan, given) = give(Base::Prod, root.path(), &environment);
        assert_eq!(given.missing, []);
        assert_eq!(given.variables["TOKEN"], Value::Secret("b".to_owned(), None));
        assert_eq!(given.variables["ORCH_SECRETS"].expose(), folder);
        assert!(!given.variables.contains_key("DB_PASSWORD"), "what is a file is no variable");
        assert_eq!(required(&plan, &given), ["ORCH_SECRETS", "TOKEN", "ZONE"].map(str::to_owned).into());
    }

    #[test]
    fn on_a_developers_machine_nothing_but_the_folder_counts() {
        let root = tempfile::tempdir().unwrap();
        let (_, given) = give(Base::Local, root.path(), &|name| (name == "TOKEN").then(|| "stray".to_owned()));
        assert_eq!(given.missing.len(), 3);
    }
}
