//! A stack of Swarm's, in parts.
//!
//! What is deployed by itself is a stack file with some of the services. `docker stack deploy` leaves alone what
//! is not in its file, so each service is in one part only: a job runs again whenever it is deployed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use orch_manifest::Id;
use orch_templates::Format;
use serde_json::{Map, Value, json};

use super::Need;
use crate::engine::Command;
use crate::engine::swarm::Swarm;

/// The rendered file with all of it.
pub const FILE: &str = "stack.yaml";

/// The sections whose entries a service names.
const SECTIONS: [&str; 4] = ["configs", "networks", "secrets", "volumes"];

/// A rendered stack.
#[derive(Clone, Debug)]
pub struct Stack {
    file: Map<String, Value>,
}

/// A stack file for a single run of a job.
#[derive(Clone, Debug)]
pub struct Once {
    /// The file.
    pub text: String,
    /// The image that is run.
    pub image: String,
}

/// A secret of the swarm that a stack mounts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret {
    /// Its name in the swarm.
    pub name: String,
    /// The name of its file in containers, which is the secret's own.
    pub file: String,
    /// Who uses it.
    pub used_by: BTreeSet<String>,
}

impl Stack {
    /// Reads a stack file; `None` where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut documents = Format::Yaml.documents(text)?;
        match (documents.pop(), documents.is_empty()) {
            (Some(Value::Object(file)), true) => Some(Self { file }),
            _ => None,
        }
    }

    fn section(&self, name: &str) -> impl Iterator<Item = (&String, &Value)> {
        self.file.get(name).and_then(Value::as_object).into_iter().flatten()
    }

    /// The secrets that have to be in the swarm before.
    pub fn secrets(&self) -> Vec<Secret> {
        let external = self.section("secrets").filter(|(_, secret)| secret["external"] == true);
        let secret = |(file, secret): (&String, &Value)| Secret {
            name: secret["name"].as_str().unwrap_or(file).to_owned(),
            file: file.clone(),
            used_by: self
                .section("services")
                .filter(|(_, service)| names(service, "secrets").contains(file))
                .map(|(id, _)| id.clone())
                .collect(),
        };
        external.map(secret).collect()
    }

    /// The labels that a node has to have, each with who is pinned to it.
    pub fn pins(&self) -> BTreeMap<String, String> {
        let mut pins = BTreeMap::new();
        for (id, service) in self.section("services") {
            let constraints = service.pointer("/deploy/placement/constraints").and_then(Value::as_array);
            for constraint in constraints.into_iter().flatten().filter_map(Value::as_str) {
                let label = constraint.strip_prefix("node.labels.").and_then(|rest| rest.split_once(" == "));
                if let Some((label, value)) = label {
                    pins.insert(format!("{label}={value}"), id.clone());
                }
            }
        }
        pins
    }

    /// The file with some of the services, and what they name.
    pub fn part(&self, ids: &BTreeSet<Id>) -> String {
        let is_in = |id: &String| ids.iter().any(|other| other.as_str() == id);
        let services = self.section("services").filter(|(id, _)| is_in(id));
        self.with(services.map(|(id, service)| (id.clone(), service.clone())).collect())
    }

    /// The file with a service that runs once, to its end, under another name.
    ///
    /// It is not tried again, so that how it ends is how the job ends.
    pub fn once(&self, id: &Id, name: &str) -> Option<Once> {
        let (_, service) = self.section("services").find(|(other, _)| id.as_str() == *other)?;
        let mut service = service.as_object()?.clone();
        service.remove("ports");
        let deploy = service.entry("deploy").or_insert_with(|| Value::Object(Map::new())).as_object_mut()?;
        deploy.remove("update_config");
        deploy.remove("rollback_config");
        deploy.insert("mode".to_owned(), "replicated-job".into());
        deploy.insert("replicas".to_owned(), 1.into());
        deploy.insert("restart_policy".to_owned(), json!({"condition": "none"}));
        let image = service.get("image")?.as_str()?.to_owned();
        Some(Once { text: self.with(Map::from_iter([(name.to_owned(), service.into())])), image })
    }

    /// The file with these services, and what they name.
    fn with(&self, services: Map<String, Value>) -> String {
        let mut file: Map<String, Value> = self
            .file
            .iter()
            .filter(|(key, _)| key.as_str() != "services" && !SECTIONS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        for section in SECTIONS {
            let used: BTreeSet<String> = services.values().flat_map(|service| names(service, section)).collect();
            let entries: Map<String, Value> = self
                .section(section)
                .filter(|(name, _)| used.contains(*name))
                .map(|(name, entry)| (name.clone(), entry.clone()))
                .collect();
            if !entries.is_empty() {
                file.insert(section.to_owned(), entries.into());
            }
        }
        file.insert("services".to_owned(), services.into());
        format!("{:#}\n", Value::Object(file))
    }
}

/// What a service names of a section, in the short form or the long one.
fn names(service: &Value, section: &str) -> BTreeSet<String> {
    match &service[section] {
        Value::Object(entries) => entries.keys().cloned().collect(),
        Value::Array(entries) => {
            let name = |entry: &Value| entry.as_str().or_else(|| entry["source"].as_str()).map(str::to_owned);
            entries.iter().filter_map(name).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// How a part is named, beside the whole.
pub fn part_name(number: usize) -> String {
    format!("stack-{number}.json")
}

/// Deploys a stack file and does not wait; a client that could wait has to be told. It would wait for the whole time
/// in which an update is watched, for what is new as well, and for ever where a job fails.
pub fn deploy(name: &str, file: &Path, can_wait: bool, is_local: bool) -> Command {
    let mut command = Swarm::docker().args(["stack", "deploy"]);
    if can_wait {
        command = command.arg("--detach=true");
    }
    // Images of a developer's machine are in no registry that could be asked.
    command = if is_local { command.args(["--resolve-image", "never"]) } else { command.arg("--with-registry-auth") };
    command.arg("--compose-file").arg(file).arg(name)
}

/// The secrets that are not there.
pub fn missing_secrets(stack: &Stack, there: &BTreeSet<String>) -> Vec<Secret> {
    stack.secrets().into_iter().filter(|secret| !there.contains(&secret.name)).collect()
}

impl From<&Secret> for Need {
    fn from(secret: &Secret) -> Self {
        let users: Vec<&str> = secret.used_by.iter().map(String::as_str).collect();
        Self {
            what: format!("the secret {} for {}", secret.name, users.join(", ")),
            cure: format!("docker secret create {} FILE", secret.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orch_manifest::Id;
    use serde_json::{Value, json};

    use super::{Stack, missing_secrets};

    const TEXT: &str = "
services:
  api: {image: 'api:1', secrets: [pw], networks: [internal, external], configs: [{source: api_c, target: /c}]}
  db:
    image: db:1
    secrets: [pw, root]
    networks: [internal]
    volumes: [{type: volume, source: db_data, target: /data}, {type: tmpfs, target: /tmp}]
    deploy: {placement: {constraints: ['node.labels.s.db == true', 'node.platform.os == linux']}}
networks: {internal: {internal: true}, external: {}}
secrets: {pw: {external: true, name: s_pw}, root: {external: true, name: s_root}, own: {file: ./x}}
configs: {api_c: {file: ./files/c, name: s_c-1}}
volumes: {db_data: {}}
";

    #[test]
    fn a_part_has_what_its_services_name_and_nothing_else() {
        let stack = Stack::parse(TEXT).unwrap();
        let part = |id: &str| -> Value { serde_json::from_str(&stack.part(&[Id::parse(id).unwrap()].into())).unwrap() };
        let keys =
            |part: &Value, section: &str| part[section].as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        let db = part("db");
        assert_eq!(keys(&db, "services").unwrap(), ["db"]);
        assert_eq!(keys(&db, "networks").unwrap(), ["internal"]);
        assert_eq!(keys(&db, "secrets").unwrap(), ["pw", "root"]);
        assert_eq!((keys(&db, "volumes").unwrap(), keys(&db, "configs")), (vec!["db_data".to_owned()], None));
        let api = part("api");
        assert_eq!(api["configs"], json!({"api_c": {"file": "./files/c", "name": "s_c-1"}}));
        assert_eq!((keys(&api, "volumes"), keys(&api, "secrets").unwrap().len()), (None, 1));
    }

    #[test]
    fn what_has_to_be_there_before_is_known_with_who_needs_it() {
        let stack = Stack::parse(TEXT).unwrap();
        let missing = missing_secrets(&stack, &BTreeSet::from(["s_root".to_owned()]));
        assert_eq!(missing.len(), 1);
        assert_eq!((missing[0].name.as_str(), missing[0].file.as_str()), ("s_pw", "pw"));
        assert_eq!(missing[0].used_by, ["api", "db"].map(str::to_owned).into());
        assert_eq!(stack.pins(), [("s.db=true".to_owned(), "db".to_owned())].into());
        assert!(Stack::parse("- 1\n").is_none() && Stack::parse("a: 1\n---\nb: 2\n").is_none());
    }
}
