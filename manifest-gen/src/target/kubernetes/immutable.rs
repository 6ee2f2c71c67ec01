//! What an object that is there does not let change, of what is rendered now.
//!
//! Source: Kubernetes API reference, apps/v1 (`StatefulSetSpec`, `DeploymentSpec`) and core/v1
//! (`PersistentVolumeClaimSpec`, `ServiceSpec.clusterIP`); the API server refuses such a change.

use orch_templates::Format;
use serde_json::Value;

use crate::finding::{Code, Finding};

/// What Kubernetes would refuse to change, where `after` is rendered over `before`.
pub(in crate::target) fn changes(before: &str, after: &str) -> Vec<Finding> {
    if before == after {
        return Vec::new();
    }
    let (Some(before), Some(after)) = (Format::Yaml.documents(before), Format::Yaml.documents(after)) else {
        return Vec::new();
    };
    let pairs = after.iter().filter_map(|new| Some((before.iter().find(|old| name(old) == name(new))?, new)));
    pairs.flat_map(|(old, new)| object(old, new)).collect()
}

fn name(object: &Value) -> [&Value; 3] {
    [&object["kind"], &object["metadata"]["namespace"], &object["metadata"]["name"]]
}

fn object(old: &Value, new: &Value) -> Vec<Finding> {
    let kind = new["kind"].as_str().unwrap_or_default();
    let name = new["metadata"]["name"].as_str().unwrap_or_default();
    let (was, is) = (&old["spec"], &new["spec"]);
    let fields: &[&str] = match kind {
        "StatefulSet" => &["selector", "serviceName", "podManagementPolicy"],
        "Deployment" => &["selector"],
        "Service" => &["clusterIP"],
        "PersistentVolumeClaim" => &["accessModes", "storageClassName"],
        _ => &[],
    };
    let mut findings: Vec<Finding> = fields
        .iter()
        .filter(|field| was[field] != is[field])
        .map(|field| {
            refused(&format!("the `{field}` of the {kind} `{name}`"), &was[field], &is[field])
                .help(format!("change it back, or `kubectl delete {} {name}` before you apply it", kind.to_lowercase()))
        })
        .collect();
    match kind {
        "StatefulSet" => findings.extend(templates(name, was, is)),
        "PersistentVolumeClaim" if size(was) != size(is) => {
            let help = "a claim grows where its storage class allows that, and never shrinks";
            findings.push(refused(&format!("the size of the claim `{name}`"), size(was), size(is)).help(help));
        }
        _ => {}
    }
    findings
}

/// The claim templates of a `StatefulSet`, none of which may change, come or go.
fn templates(set: &str, was: &Value, is: &Value) -> Vec<Finding> {
    let list = |spec: &Value| spec["volumeClaimTemplates"].as_array().cloned().unwrap_or_default();
    let (was, is) = (list(was), list(is));
    let claim = |template: &Value| template["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let orphan = format!("`kubectl delete statefulset {set} --cascade=orphan` and apply: pods and claims stay");
    let mut findings = Vec::new();
    for new in &is {
        let volume = claim(new);
        let what = format!("the volume `{volume}` of the StatefulSet `{set}`");
        let Some(old) = was.iter().find(|old| claim(old) == volume) else {
            findings.push(refused(&what, &Value::Null, &Value::from("a volume")).help(orphan.clone()));
            continue;
        };
        let (before, after) = (size(&old["spec"]), size(&new["spec"]));
        if before != after {
            let help = format!(
                "grow each claim, such as `{volume}-{set}-0`, where its storage class allows that; then {orphan}"
            );
            findings.push(refused(&format!("the size of {what}"), before, after).help(help));
        } else if old["spec"] != new["spec"] {
            findings.push(refused(&what, &old["spec"], &new["spec"]).help(orphan.clone()));
        }
    }
    let gone = was.iter().map(claim).filter(|volume| !is.iter().any(|new| claim(new) == *volume));
    findings.extend(gone.map(|volume| {
        let what = format!("the volume `{volume}` of the StatefulSet `{set}`");
        refused(&what, &Value::from("a volume"), &Value::Null).help(orphan.clone())
    }));
    findings
}

/// What a claim asks for.
fn size(spec: &Value) -> &Value {
    &spec["resources"]["requests"]["storage"]
}

fn refused(what: &str, was: &Value, is: &Value) -> Finding {
    let text = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    };
    Finding::new(
        Code::ImmutableChange,
        format!("{what} changes from {} to {}, which Kubernetes refuses for one that is there", text(was), text(is)),
    )
}
