//! Files and variables as `ConfigMap`s.

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Writer;
use super::object::Texts;
use super::storage::Storage;
use crate::finding::{Code, Finding, Severity};
use crate::hex::hex;
use crate::plan::{Plan, Workload};

/// The annotation of pods that changes with what is in their files, since a pod reads them once.
pub(super) const HASH: &str = "orch.dev/config-hash";

/// The most bytes of all values in a `ConfigMap`.
const MOST: usize = 1 << 20;
/// The most bytes of an object that `kubectl apply` can remember in an annotation of it.
const CLIENT_SIDE: usize = 256 << 10;

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct ConfigMap {
    /// Texts by their keys.
    data: Texts,
}

/// The name of the `ConfigMap` with the variables of the deployer.
pub(super) fn variables_name(plan: &Plan) -> String {
    format!("{}-variables", plan.system)
}

fn files_name(workload: &Workload) -> String {
    format!("{}-files", workload.id)
}

/// The files of a workload that are known here, by their keys.
fn data(workload: &Workload) -> Texts {
    let known = |file: &crate::plan::MountedFile| Some((file.name.clone(), file.content.as_literal()?.to_owned()));
    workload.files.iter().filter_map(known).collect()
}

/// Mounts the files of a workload.
pub(super) fn mount(workload: &Workload, storage: &mut Storage) {
    if workload.files.is_empty() {
        return;
    }
    storage.config_map(files_name(workload));
    for file in &workload.files {
        storage.mount_file(&file.name, file.path.as_str());
    }
}

impl Writer<'_> {
    /// The `ConfigMap` with a workload's files.
    pub(super) fn files(&mut self, workload: &Workload) {
        if workload.files.is_empty() {
            return;
        }
        let mut error = |message: String, help: &str| {
            let mut finding = Finding::new(Code::Unrepresentable, message).help(help).at(&workload.declared_by);
            finding.severity = Severity::Error;
            self.findings.push(finding);
        };
        for file in workload.files.iter().filter(|file| file.content.as_literal().is_none()) {
            let message = format!(
                "the file `{}` of `{}` has a secret or a variable in it, which a ConfigMap cannot have",
                file.path, workload.id
            );
            error(message, "let the program read it from its environment");
        }
        let data = data(workload);
        let size: usize = data.values().map(String::len).sum();
        if size > MOST {
            let message =
                format!("the files of `{}` have {size} bytes, and a ConfigMap has at most {MOST}", workload.id);
            error(message, "put them into the image");
        } else if size > CLIENT_SIDE {
            let message = format!(
                "the files of `{}` are too large for a plain `kubectl apply`: it needs `--server-side`",
                workload.id
            );
            self.findings.push(Finding::new(Code::TargetNature, message).at(&workload.declared_by));
        }
        let metadata = self.metadata(workload, &files_name(workload));
        let object = self.object(workload, "ConfigMap", "config-map", metadata, ConfigMap { data });
        self.out.config_maps.push(object);
    }

    /// The `ConfigMap` with the defaults of the deployer's variables.
    pub(super) fn variables(&mut self) {
        if self.plan.variables.is_empty() {
            return;
        }
        let name = variables_name(self.plan);
        let mut data = Texts::new();
        for variable in &self.plan.variables {
            let message = if let Some(default) = &variable.default {
                data.insert(variable.name.to_string(), default.clone());
                format!("the variable `{}` has its default in the ConfigMap `{name}`", variable.name)
            } else {
                self.out.kustomization.needs.push(format!("the key {} in the ConfigMap {name}", variable.name));
                format!("the variable `{}` has no default and is expected in the ConfigMap `{name}`", variable.name)
            };
            let help = "patch the ConfigMap in an overlay, or write the value in the profile's section of `orch.toml`";
            self.findings.push(Finding::new(Code::TargetNature, message).help(help));
        }
        let metadata = self.system_metadata(&name);
        let object = self.system_object("ConfigMap", "variables.yaml".to_owned(), metadata, ConfigMap { data });
        self.out.config_maps.push(object);
    }

    /// What changes when a file or a default that a workload has changes.
    pub(super) fn config_hash(&self, workload: &Workload) -> Option<String> {
        let files = data(workload);
        let used = self.plan.variables.iter().filter(|variable| variable.used_by.contains(&workload.id));
        let defaults: Vec<(&str, &str)> =
            used.filter_map(|variable| Some((variable.name.as_str(), variable.default.as_deref()?))).collect();
        if files.is_empty() && defaults.is_empty() {
            return None;
        }
        let text = serde_json::json!([files, defaults]).to_string();
        Some(short_hash(&text, 16))
    }
}

/// The first hexadecimal digits of the SHA-256 of a text.
pub(super) fn short_hash(text: &str, digits: usize) -> String {
    let mut hash = hex(&Sha256::digest(text));
    hash.truncate(digits);
    hash
}
