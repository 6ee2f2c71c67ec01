//! Where secrets are, and the objects that bring them.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::SecretName;
use orch_manifest::value::SecretKey;
use serde::Serialize;

use super::Writer;
use super::env::KeyRef;
use crate::config::SecretSource;
use crate::finding::{Code, Finding};
use crate::plan::{Piece, Plan, Text};

/// The folder in which containers find secrets as files.
pub(super) const FOLDER: &str = "/run/secrets/orch";

/// The key of a secret that is one value.
const KEY: &str = "value";

/// An object that the External Secrets Operator makes a Secret of.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct ExternalSecret {
    /// The store's name.
    store: String,
    /// `SecretStore` or `ClusterSecretStore`.
    store_kind: String,
    /// The Secret that is made.
    target: String,
    /// Its keys, with what is under each.
    data: Vec<Remote>,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
struct Remote {
    /// The key in the Secret.
    key: String,
    /// Its name in the store.
    name: String,
    /// The part of what is in the store, where it has parts.
    property: Option<String>,
}

/// A Secret that kustomize makes of files.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Generator {
    /// The Secret.
    name: String,
    /// `key=file`
    files: Vec<String>,
}

/// A secret that is used, with its key.
type Use = (SecretName, Option<SecretKey>);

/// Where a secret is in the cluster.
pub(super) fn place(plan: &Plan, name: &SecretName, key: Option<&SecretKey>) -> KeyRef {
    let configured = plan.options.secrets.get(name);
    let own = key.map(ToString::to_string);
    KeyRef {
        name: configured.and_then(|place| place.name.clone()).unwrap_or_else(|| name.to_string()),
        key: own.or_else(|| configured.and_then(|place| place.key.clone())).unwrap_or_else(|| KEY.to_owned()),
    }
}

/// The Secret in the cluster, and its key, that a secret is in.
#[cfg(feature = "cli")]
pub(crate) fn secret_key(plan: &Plan, file: &crate::target::SecretFile) -> (String, String) {
    let KeyRef { name, key } = place(plan, &file.secret, file.key.as_ref());
    (name, key)
}

/// The name of a secret's file.
pub(super) fn file_name(name: &SecretName, key: Option<&SecretKey>) -> String {
    key.map_or_else(|| name.to_string(), |key| format!("{name}.{key}"))
}

/// The path of a secret's file in a container.
pub(super) fn mounted(name: &SecretName, key: Option<&SecretKey>) -> String {
    format!("{FOLDER}/{}", file_name(name, key))
}

/// What is used of each Secret, by its name in the cluster.
fn used(plan: &Plan) -> BTreeMap<String, BTreeMap<String, Use>> {
    let mut used: BTreeMap<String, BTreeMap<String, Use>> = BTreeMap::new();
    let texts = plan.workloads.iter().flat_map(|workload| {
        let environment = workload.env.values().map(|entry| &entry.value);
        environment.chain(&workload.entrypoint).chain(&workload.command)
    });
    for piece in texts.flat_map(|text: &Text| &text.pieces) {
        if let Piece::Secret { name, key, .. } = piece {
            let place = place(plan, name, key.as_ref());
            used.entry(place.name).or_default().insert(place.key, (name.clone(), key.clone()));
        }
    }
    used
}

impl Writer<'_> {
    /// The objects that bring the secrets, or what has to be there.
    pub(super) fn supply_secrets(&mut self) {
        for (name, keys) in used(self.plan) {
            match &self.options.secrets {
                SecretSource::Reference => self.needs(&name, &keys),
                SecretSource::ExternalSecret(store) => {
                    let (store, store_kind) = (store.name.clone(), store.kind.as_str().to_owned());
                    let remote = |(key, (secret, own)): (&String, &Use)| Remote {
                        key: key.clone(),
                        name: secret.to_string(),
                        property: own.as_ref().map(ToString::to_string),
                    };
                    let data = keys.iter().map(remote).collect();
                    let spec = ExternalSecret { store, store_kind, target: name.clone(), data };
                    let metadata = self.system_metadata(&name);
                    let path = format!("external-secret-{name}.yaml");
                    let object = self.system_object("ExternalSecret", path, metadata, spec);
                    self.out.external_secrets.push(object);
                }
                SecretSource::Generator => {
                    let file = |(key, (secret, own)): (&String, &Use)| {
                        format!("{key}=secrets/{}", file_name(secret, own.as_ref()))
                    };
                    let files = keys.iter().map(file).collect();
                    self.out.kustomization.generators.push(Generator { name, files });
                }
            }
        }
        for secret in self.plan.secrets.iter().filter(|secret| secret.in_url) {
            let message = format!("Kubernetes puts the secret `{}` into a URL as it is", secret.name);
            let help = "use only letters, digits and `-._~` in it";
            self.findings.push(Finding::new(Code::SecretInUrl, message).help(help));
        }
    }

    fn needs(&mut self, name: &str, keys: &BTreeMap<String, Use>) {
        let secrets: BTreeSet<&SecretName> = keys.values().map(|(secret, _)| secret).collect();
        let users = self.plan.secrets.iter().filter(|secret| secrets.contains(&secret.name));
        let users: BTreeSet<&str> = users.flat_map(|secret| &secret.used_by).map(orch_manifest::Id::as_str).collect();
        let users: Vec<&str> = users.into_iter().collect();
        let keys: Vec<&str> = keys.keys().map(String::as_str).collect();
        let noun = if keys.len() == 1 { "key" } else { "keys" };
        let need = format!("the Secret {name} with the {noun} {}, for {}", keys.join(", "), users.join(", "));
        self.out.kustomization.needs.push(need);
    }
}
