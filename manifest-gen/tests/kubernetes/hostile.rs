//! No string breaks an object: hostile strings in every position that takes one come back from
//! readers that are not ours, after what the kubelet makes of `$(…)`.

use std::collections::BTreeMap;

use orch_manifest::model::File;
use orch_manifest::{Id, SourcePath};
use proc_macro2::Literal;
use proptest::prelude::*;
use serde_json::Value;

use crate::readers::{hostile, kubectl, pyyaml};
use crate::system::{Cluster, System};

/// A service for each string, with the string everywhere.
fn system(strings: &[String]) -> System {
    let mut system = System::new();
    for (number, text) in strings.iter().enumerate() {
        let literal = Literal::string(text);
        let braces = Literal::string(&text.replace('{', "{{").replace('}', "}}"));
        let around = Literal::string(&format!("{0}{{secret:k}}{0}", text.replace('{', "{{").replace('}', "}}")));
        let shown = Literal::string(&format!("x{text}"));
        system = system.service(&format!(
            "kind = \"other\", image = \"x:1\", id = \"s{number}\", user = \"1:1\", description = {shown}, name = {shown}, \
             command = [{literal}, template({around})], entrypoint = [\"x\", {literal}], \
             env(A = {literal}, B = template({braces}), C = template({around}), K = \"not the secret\", \
             D = var(\"V{number}\", default = {literal})), labels(a = {literal}), annotations(b = {literal}), \
             health(command = [\"x\", {literal}])",
        ));
        let entry = system
            .manifest
            .services
            .iter_mut()
            .find(|entry| entry.service.id == Id::parse(&format!("s{number}")).unwrap());
        entry.unwrap().service.workload.files.push(File {
            path: "/etc/file".parse().unwrap(),
            source: SourcePath::parse("file").unwrap(),
            template: false,
            content: Some(text.clone()),
            sha256: None,
        });
    }
    system
}

const SECRET: &str = "s3cret$(A)$$";

/// What the kubelet makes of a text: `$(NAME)` is a variable that is known, `$$` is `$`, and of what
/// follows another `$` the first byte is taken for a character.
///
/// Written after the documentation of `Container.env` and the behaviour of the upstream's expansion.
fn expand(text: &str, known: &BTreeMap<String, String>) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if bytes[at] != b'$' || at + 1 == bytes.len() {
            out.push(bytes[at]);
            at += 1;
            continue;
        }
        match bytes[at + 1] {
            b'$' => {
                out.push(b'$');
                at += 2;
            }
            b'(' => {
                let length = bytes[at + 2..].iter().position(|byte| *byte == b')');
                let value = length.map_or_else(
                    || "$(".to_owned(),
                    |length| {
                        let name = &text[at + 2..at + 2 + length];
                        known.get(name).cloned().unwrap_or_else(|| format!("$({name})"))
                    },
                );
                out.extend(value.into_bytes());
                at += length.map_or(2, |length| length + 3);
            }
            byte => {
                out.extend(format!("${}", char::from(byte)).into_bytes());
                at += 2;
            }
        }
    }
    String::from_utf8(out).unwrap()
}

/// The environment as a container sees it: each variable sees those before it.
fn environment(container: &Value, variables: &Value) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for entry in container["env"].as_array().unwrap() {
        let value = match (&entry["value"], &entry["valueFrom"]) {
            (Value::String(text), _) => expand(text, &known),
            (_, from) if from.get("secretKeyRef").is_some() => SECRET.to_owned(),
            (_, from) => {
                variables["data"][from["configMapKeyRef"]["key"].as_str().unwrap()].as_str().unwrap().to_owned()
            }
        };
        known.insert(entry["name"].as_str().unwrap().to_owned(), value);
    }
    known
}

/// What a reader made of the files is what went in.
fn compare(read: &BTreeMap<String, Value>, strings: &[String]) {
    for (number, text) in strings.iter().enumerate() {
        let deployment = &read[&format!("s{number}/deployment.yaml")];
        let container = &deployment["spec"]["template"]["spec"]["containers"][0];
        let known = environment(container, &read["variables.yaml"]);
        let around = format!("{text}{SECRET}{text}");
        let expanded = |value: &Value| expand(value.as_str().unwrap(), &known);
        assert_eq!(expanded(&container["args"][0]), *text, "argument {text:?}");
        assert_eq!(expanded(&container["args"][1]), around, "argument {text:?}");
        assert_eq!(expanded(&container["command"][1]), *text, "command {text:?}");
        assert_eq!(expanded(&container["readinessProbe"]["exec"]["command"][1]), *text, "probe {text:?}");
        for (name, expected) in [("A", text), ("B", text), ("C", &around), ("D", text)] {
            assert_eq!(known[name], *expected, "{name} {text:?}");
        }
        let metadata = &deployment["metadata"];
        assert_eq!(metadata["annotations"]["b"], text.as_str(), "annotation");
        assert_eq!(metadata["annotations"]["kubernetes.io/description"], format!("x{text}"), "description");
        // What no label can be is left out and found.
        let label = metadata["labels"].get("a");
        assert!(label.is_none_or(|label| label == text.as_str()), "label {text:?}");
        assert_eq!(read[&format!("s{number}/config-map.yaml")]["data"]["file"], text.as_str(), "file");
    }
}

fn rendered(strings: &[String]) -> Cluster {
    system(strings).prod()
}

/// The files in which the strings are.
fn texts(cluster: &Cluster) -> BTreeMap<String, String> {
    let there =
        |path: &str| ["deployment.yaml", "config-map.yaml", "variables.yaml"].iter().any(|end| path.ends_with(end));
    cluster.files.iter().filter(|(path, _)| there(path)).map(|(path, text)| (path.clone(), text.clone())).collect()
}

#[test]
fn pyyaml_reads_what_was_written() {
    let strings = hostile();
    let files = texts(&rendered(&strings));
    // One document after the other in one go: a process for each file would take minutes.
    let document: String = files.iter().map(|(path, text)| indented(path, text)).collect();
    if let Some(Value::Object(read)) = pyyaml(&document) {
        compare(&read.into_iter().collect(), &strings);
    }
}

/// A file as the value of a key, which is its path.
fn indented(path: &str, text: &str) -> String {
    let quoted = Value::from(path).to_string();
    let lines: String =
        text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect();
    format!("{quoted}:\n{lines}")
}

#[test]
fn kubectl_reads_what_was_written() {
    let strings = hostile();
    let files = texts(&rendered(&strings));
    let documents: Vec<&str> = files.values().map(String::as_str).collect();
    if let Some(objects) = kubectl(&documents.join("---\n")) {
        let read: BTreeMap<String, Value> = files.keys().cloned().zip(objects).collect();
        assert_eq!(read.len(), files.len());
        compare(&read, &strings);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_string_comes_back(text in any::<String>()) {
        let strings = [text];
        let files = texts(&rendered(&strings));
        let read = files.iter().map(|(path, text)| (path.clone(), serde_saphyr::from_str(text).unwrap())).collect();
        compare(&read, &strings);
    }
}
