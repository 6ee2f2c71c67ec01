//! Objects of Kubernetes', in parts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use orch_manifest::Id;
use orch_templates::Format;
use serde_json::Value;

use crate::engine::Command;
use crate::engine::kubernetes::{FIELD_MANAGER, Kubernetes};
use crate::target::kubernetes::NAME_LABEL;

/// The file that lists the others.
const LIST: &str = "kustomization.yaml";

/// A rendered folder of objects, in the order in which they are applied.
#[derive(Clone, Debug)]
pub struct Objects {
    files: Vec<(String, Vec<Value>)>,
}

/// A key of a Secret or of a `ConfigMap`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// `Secret` or `ConfigMap`.
    pub kind: &'static str,
    /// The object's name.
    pub name: String,
    /// The key; the object as a whole when `None`.
    pub key: Option<String>,
}

impl Objects {
    /// Reads rendered files; a path that cannot be read as YAML is the error.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, String> {
        let mut parsed: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (path, text) in files.into_iter().filter(|(path, _)| is_yaml(path)) {
            parsed.insert(path.to_owned(), Format::Yaml.documents(text).ok_or_else(|| path.to_owned())?);
        }
        let list = parsed.remove(LIST).unwrap_or_default();
        let listed = list.first().and_then(|list| list["resources"].as_array()).cloned().unwrap_or_default();
        let listed: Vec<&str> = listed.iter().filter_map(Value::as_str).collect();
        let place = |path: &String| listed.iter().position(|other| other == path).unwrap_or(usize::MAX);
        let mut files: Vec<(String, Vec<Value>)> = parsed.into_iter().collect();
        files.sort_by_key(|(path, _)| place(path));
        Ok(Self { files })
    }

    fn objects(&self) -> impl Iterator<Item = &Value> {
        self.files.iter().flat_map(|(_, objects)| objects)
    }

    /// The files with what belongs to these services; `first` has what belongs to none too.
    pub fn part(&self, ids: &BTreeSet<Id>, is_first: bool, all: &BTreeSet<Id>) -> Vec<&str> {
        let is_in = |ids: &BTreeSet<Id>, object: &Value| ids.iter().any(|id| id.as_str() == service(object));
        let belongs = |objects: &Vec<Value>| {
            objects.iter().any(|object| is_in(ids, object))
                || (is_first && !objects.iter().any(|object| is_in(all, object)))
        };
        self.files.iter().filter(|(_, objects)| belongs(objects)).map(|(path, _)| path.as_str()).collect()
    }

    /// The controllers of services, as `kind/name`.
    pub fn controllers(&self, ids: &BTreeSet<Id>) -> Vec<String> {
        let of = self.objects().filter(|object| ids.iter().any(|id| id.as_str() == service(object)));
        of.filter_map(reference)
            .filter(|name| ["deployment/", "statefulset/", "job/"].iter().any(|kind| name.starts_with(kind)))
            .collect()
    }

    /// The Job of a service.
    pub fn job(&self, id: &Id) -> Option<&Value> {
        self.objects().find(|object| object["kind"] == "Job" && service(object) == id.as_str())
    }

    /// Everything that is applied, as `kind/name`.
    pub fn names(&self) -> BTreeSet<String> {
        self.objects().filter_map(reference).collect()
    }

    /// Whether the namespace is among the objects.
    pub fn makes_namespace(&self) -> bool {
        self.objects().any(|object| object["kind"] == "Namespace")
    }

    /// What pods name and no rendered object brings, each with who names it.
    pub fn needs(&self) -> BTreeMap<Key, BTreeSet<String>> {
        let mut needs: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
        // The certificate of an Ingress may be made for it afterwards.
        for object in self.objects().filter(|object| object["kind"] != "Ingress") {
            let mut found = BTreeSet::new();
            named(object, &mut found);
            for key in found {
                needs.entry(key).or_default().insert(service(object).to_owned());
            }
        }
        needs.retain(|key, _| !self.objects().any(|object| brings(object, key)));
        needs
    }
}

fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|extension| extension == "yaml")
}

fn service(object: &Value) -> &str {
    object["metadata"]["labels"][NAME_LABEL].as_str().unwrap_or_default()
}

fn reference(object: &Value) -> Option<String> {
    let kind = object["kind"].as_str()?.to_ascii_lowercase();
    Some(format!("{kind}/{}", object["metadata"]["name"].as_str()?))
}

/// Whether a rendered object is, or makes, what a key is in.
fn brings(object: &Value, key: &Key) -> bool {
    let has = |data: &Value| key.key.as_ref().is_none_or(|key| data.get(key).is_some());
    match (object["kind"].as_str(), key.kind) {
        (Some("ConfigMap"), "ConfigMap") => object["metadata"]["name"] == *key.name && has(&object["data"]),
        (Some("ExternalSecret"), "Secret") => {
            let target = &object["spec"]["target"]["name"];
            *target == *key.name || (target.is_null() && object["metadata"]["name"] == *key.name)
        }
        _ => false,
    }
}

/// The keys that are named somewhere in an object.
///
/// Source: Kubernetes API reference, core/v1: `SecretKeySelector`, `SecretVolumeSource`, `SecretProjection`,
/// `LocalObjectReference` of `imagePullSecrets`, and the same of a `ConfigMap`.
fn named(value: &Value, found: &mut BTreeSet<Key>) {
    let name = |value: &Value| value.as_str().filter(|name| !name.is_empty()).map(str::to_owned);
    match value {
        Value::Array(values) => values.iter().for_each(|value| named(value, found)),
        Value::Object(fields) => {
            for (field, value) in fields {
                let is_optional = value["optional"] == true;
                let (kind, object) = match field.as_str() {
                    "secretKeyRef" => ("Secret", name(&value["name"])),
                    "secret" => ("Secret", name(&value["secretName"]).or_else(|| name(&value["name"]))),
                    "configMapKeyRef" | "configMap" => ("ConfigMap", name(&value["name"])),
                    "secretName" => ("Secret", name(value)),
                    "imagePullSecrets" => {
                        let names = value.as_array().into_iter().flatten().filter_map(|one| name(&one["name"]));
                        found.extend(names.map(|name| Key { kind: "Secret", name, key: None }));
                        continue;
                    }
                    _ => {
                        named(value, found);
                        continue;
                    }
                };
                let Some(object) = object.filter(|_| !is_optional) else { continue };
                let items = value["items"].as_array().into_iter().flatten().filter_map(|item| name(&item["key"]));
                let mut keys: Vec<Option<String>> = items.chain(name(&value["key"])).map(Some).collect();
                if keys.is_empty() {
                    keys.push(None);
                }
                found.extend(keys.into_iter().map(|key| Key { kind, name: object.clone(), key }));
            }
        }
        _ => {}
    }
}

/// How long a run that nobody removes is kept, in seconds: a day.
const KEPT: u32 = 86_400;

/// A Job that runs once under another name, as a Job or the template of a `CronJob` says.
///
/// It is not tried again, so that how its pod ends is how the job ends.
pub fn once(mut job: Value, name: &str) -> Value {
    job["metadata"]["name"] = name.into();
    let spec = &mut job["spec"];
    spec["backoffLimit"] = 0.into();
    spec["template"]["spec"]["restartPolicy"] = "Never".into();
    if spec["ttlSecondsAfterFinished"].is_null() {
        spec["ttlSecondsAfterFinished"] = KEPT.into();
    }
    let labels = spec["template"]["metadata"]["labels"].clone();
    if job["metadata"]["labels"].is_null() {
        job["metadata"]["labels"] = labels;
    }
    job
}

/// Applies files. Fields that are rendered are ours, whoever wrote them last; all others stay whose they are.
pub fn apply(cluster: &Kubernetes, files: impl IntoIterator<Item = PathBuf>) -> Command {
    let manager = format!("--field-manager={FIELD_MANAGER}");
    let command = cluster.kubectl().args(["apply", "--server-side", "--force-conflicts", &manager]);
    with_files(command, files)
}

/// Says what [`apply`] would change. It exits with 1 where that is something.
pub fn diff(cluster: &Kubernetes, files: impl IntoIterator<Item = PathBuf>) -> Command {
    let manager = format!("--field-manager={FIELD_MANAGER}");
    let command = cluster.kubectl().args(["diff", "--server-side", "--force-conflicts", &manager]);
    with_files(command, files)
}

fn with_files(command: Command, files: impl IntoIterator<Item = PathBuf>) -> Command {
    files.into_iter().fold(command, |command, file| command.arg("--filename").arg(file))
}

/// Waits until a controller, as `kind/name`, has done what it is for.
pub fn wait(cluster: &Kubernetes, controller: &str, seconds: u64) -> Command {
    let timeout = format!("--timeout={seconds}s");
    if controller.starts_with("job/") {
        return cluster.in_namespace().args(["wait", "--for=condition=complete", &timeout, controller]);
    }
    cluster.in_namespace().args(["rollout", "status", &timeout, controller])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use orch_manifest::Id;

    use super::{Key, Objects};

    const API: &str = r"
kind: Deployment
metadata: {name: api, labels: {app.kubernetes.io/name: api}}
spec:
  template:
    spec:
      imagePullSecrets: [{name: registry}]
      containers:
        - env:
            - {name: A, valueFrom: {secretKeyRef: {name: db, key: value}}}
            - {name: B, valueFrom: {configMapKeyRef: {name: s-variables, key: ZONE}}}
            - {name: C, valueFrom: {configMapKeyRef: {name: s-variables, key: HERE}}}
            - {name: D, valueFrom: {secretKeyRef: {name: maybe, key: value, optional: true}}}
      volumes:
        - {name: v, projected: {sources: [{secret: {name: files, items: [{key: one, path: a}, {key: two, path: b}]}}]}}
        - {name: w, secret: {secretName: whole}}
        - {name: c, configMap: {name: api-files}}
";

    fn objects() -> Objects {
        let files = [
            ("kustomization.yaml", "resources: [variables.yaml, db/set.yaml, api/deployment.yaml]\n"),
            ("api/deployment.yaml", API),
            ("db/set.yaml", "kind: StatefulSet\nmetadata: {name: db, labels: {app.kubernetes.io/name: db}}\n"),
            (
                "variables.yaml",
                "kind: ConfigMap\nmetadata: {name: s-variables, labels: {app.kubernetes.io/name: s}}\ndata: {HERE: x}\n",
            ),
            ("api/files.txt", "no YAML: ["),
        ];
        Objects::parse(files).unwrap()
    }

    #[test]
    fn parts_are_in_the_order_of_the_list_and_what_is_nobodys_comes_first() {
        let objects = objects();
        let ids = |ids: &[&str]| -> BTreeSet<Id> { ids.iter().map(|id| Id::parse(id).unwrap()).collect() };
        let all = ids(&["api", "db"]);
        assert_eq!(objects.part(&ids(&["db"]), true, &all), ["variables.yaml", "db/set.yaml"]);
        assert_eq!(objects.part(&ids(&["api"]), false, &all), ["api/deployment.yaml"]);
        assert_eq!(objects.controllers(&all), ["statefulset/db", "deployment/api"]);
        assert!(Objects::parse([("a.yaml", "a: [")]).is_err());
    }

    #[test]
    fn what_pods_name_and_nobody_brings_is_needed() {
        let key =
            |kind, name: &str, key: Option<&str>| Key { kind, name: name.to_owned(), key: key.map(str::to_owned) };
        let needs: Vec<Key> = objects().needs().into_keys().collect();
        assert_eq!(
            needs,
            [
                key("ConfigMap", "api-files", None),
                key("ConfigMap", "s-variables", Some("ZONE")),
                key("Secret", "db", Some("value")),
                key("Secret", "files", Some("one")),
                key("Secret", "files", Some("two")),
                key("Secret", "registry", None),
                key("Secret", "whole", None),
            ]
        );
    }
}
