//! What every object has: a name, a namespace, labels, annotations.

use std::collections::BTreeMap;
use std::sync::Arc;

use orch_manifest::{Id, ImageRef};
use serde::Serialize;

use super::{Writer, names};
use crate::finding::{Code, Finding};
use crate::plan::{Plan, Workload};

/// Labels or annotations.
pub(super) type Texts = BTreeMap<String, String>;

/// Labels that many objects have. They are most of what a view holds, so it holds them once.
pub(super) type Shared = Arc<Texts>;

/// Who the pods of a workload are.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    /// What says which pods belong to it. It is immutable in the API, so nothing that may ever change is
    /// in it.
    selector: Shared,
    /// The labels of all its objects and of its pods.
    labels: Shared,
}

/// An object of the API and the file it goes to.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema), schemars(rename = "{T}Object"))]
pub(super) struct Object<T> {
    /// The file, relative to the output folder.
    pub(super) path: String,
    /// Its name, namespace, labels and annotations.
    pub(super) metadata: Metadata,
    /// What is particular to the kind.
    pub(super) spec: T,
}

#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Metadata {
    /// The object's name.
    pub(super) name: String,
    /// `null` for what is in no namespace.
    pub(super) namespace: Option<String>,
    /// Labels, which say whose it is.
    pub(super) labels: Shared,
    /// Annotations.
    pub(super) annotations: Texts,
}

/// The label whose value is the id of a service.
pub(crate) const NAME: &str = "app.kubernetes.io/name";
/// The label whose value is the system.
pub(crate) const INSTANCE: &str = "app.kubernetes.io/instance";
const COMPONENT: &str = "app.kubernetes.io/component";
const PART_OF: &str = "app.kubernetes.io/part-of";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const VERSION: &str = "app.kubernetes.io/version";
/// Labels that say who something is; nobody else may set them.
const OWN: [&str; 5] = [NAME, INSTANCE, COMPONENT, PART_OF, MANAGED_BY];

/// The identity of each workload.
pub(super) fn identities(plan: &Plan) -> BTreeMap<Id, Identity> {
    let identity = |workload: &Workload| Identity {
        selector: Shared::new(selector(plan.system.as_str(), workload.id.as_str())),
        labels: Shared::new(labels(plan, workload)),
    };
    plan.workloads.iter().map(|workload| (workload.id.clone(), identity(workload))).collect()
}

fn selector(system: &str, id: &str) -> Texts {
    [(NAME, id), (INSTANCE, system)].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// What says which pods belong to a system.
pub(super) fn of_system(system: &str) -> Texts {
    [(INSTANCE.to_owned(), system.to_owned())].into()
}

impl Writer<'_> {
    /// What says which pods belong to a workload.
    pub(super) fn selector(&self, id: &Id) -> Shared {
        self.identities.get(id).map(|identity| identity.selector.clone()).unwrap_or_default()
    }

    /// The labels of every object of a workload and of its pods.
    pub(super) fn labels(&self, id: &Id) -> Shared {
        self.identities.get(id).map(|identity| identity.labels.clone()).unwrap_or_default()
    }

    /// The metadata of an object of a workload.
    pub(super) fn metadata(&self, workload: &Workload, name: &str) -> Metadata {
        Metadata {
            name: name.to_owned(),
            namespace: Some(self.namespace.clone()),
            labels: self.labels(&workload.id),
            annotations: Texts::new(),
        }
    }

    /// The metadata of an object of the system.
    pub(super) fn system_metadata(&self, name: &str) -> Metadata {
        let system = self.plan.system.as_str();
        let mut labels = selector(system, system);
        labels.insert(COMPONENT.to_owned(), "system".to_owned());
        labels.extend(common(self.plan));
        Metadata {
            name: name.to_owned(),
            namespace: Some(self.namespace.clone()),
            labels: Shared::new(labels),
            annotations: Texts::new(),
        }
    }

    /// The annotations of a workload's controller and pods.
    pub(super) fn annotations(workload: &Workload) -> Texts {
        let declared = workload.annotations.iter().map(|(key, value)| (key.to_string(), value.clone()));
        declared.filter(|(key, _)| names::is_qualified(key)).collect()
    }

    /// Labels and annotations that the API refuses.
    pub(super) fn check_labels(&mut self, workload: &Workload) {
        let id = &workload.id;
        let mut wrong: Vec<(String, &str)> = Vec::new();
        for (key, value) in &workload.labels {
            if OWN.contains(&key.as_str()) {
                wrong.push((format!("the label `{key}` of `{id}` says who it is"), "choose another key"));
            } else if !names::is_qualified(key.as_str()) {
                wrong.push((format!("`{key}`, a label of `{id}`, is no key in Kubernetes"), names::QUALIFIED));
            } else if !names::is_label_value(value) {
                wrong.push((format!("the label `{key}` of `{id}` has a value that Kubernetes refuses"), names::VALUE));
            }
        }
        for key in workload.annotations.keys().filter(|key| !names::is_qualified(key.as_str())) {
            wrong.push((format!("`{key}`, an annotation of `{id}`, is no key in Kubernetes"), names::QUALIFIED));
        }
        for (key, value) in &workload.placement {
            if !names::is_qualified(key.as_str()) || !names::is_label_value(value) {
                wrong.push((format!("no node can have the label `{key}` of the `placement` of `{id}`"), names::VALUE));
            }
        }
        for (message, help) in wrong {
            let finding = Finding::new(Code::Unrepresentable, format!("{message}, so it is left out"));
            self.findings.push(finding.help(help).at(&workload.declared_by));
        }
    }
}

fn labels(plan: &Plan, workload: &Workload) -> Texts {
    let declared = workload.labels.iter().map(|(key, value)| (key.to_string(), value.clone()));
    let mut labels: Texts =
        declared.filter(|(key, value)| names::is_qualified(key) && names::is_label_value(value)).collect();
    labels.extend(selector(plan.system.as_str(), workload.id.as_str()));
    labels.insert(COMPONENT.to_owned(), workload.role.as_str().to_owned());
    labels.extend(common(plan));
    if let Some(version) = version(&workload.image) {
        labels.entry(VERSION.to_owned()).or_insert(version);
    }
    labels
}

fn common(plan: &Plan) -> Texts {
    let system = plan.system.as_str();
    [(PART_OF, system), (MANAGED_BY, "orch")].map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

/// The version that an image's reference tells: its tag, else the beginning of its digest, as a
/// label's value.
fn version(image: &ImageRef) -> Option<String> {
    let text = match (image.tag(), image.digest()) {
        (Some(tag), _) => tag.to_owned(),
        (None, Some(digest)) => digest.replace(':', "-").chars().take(19).collect(),
        (None, None) => "latest".to_owned(),
    };
    let text: String = text.chars().take(63).collect();
    let text = text.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!text.is_empty()).then(|| text.to_owned())
}
