//! Any system, rendered for every target: a system of the tests in which values are replaced by hostile
//! ones, taken out, or taken over from elsewhere.
//!
//! No panic is the least of it. Rendered twice it is the same; every file is read by a reader that has
//! nothing to do with how it was written; text comes back as it was declared; a secret is a reference.

#![no_main]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use cargo_orch::config::Config;
use cargo_orch::finding::{Code, has_errors};
use cargo_orch::plan::{Piece, Plan, Profile, Text, plan};
use cargo_orch::target;
use libfuzzer_sys::fuzz_target;
use orch_fuzz::{manifest, systems};
use orch_manifest::manifest::Manifest;
use orch_templates::Packs;
use serde_json::Value;

#[derive(Arbitrary, Debug)]
struct Input {
    system: u8,
    profile: u8,
    configured: bool,
    edits: Vec<Edit>,
}

/// A change of one value of the manifest.
#[derive(Arbitrary, Debug)]
struct Edit {
    /// Which value.
    at: u16,
    change: Change,
}

#[derive(Arbitrary, Debug)]
enum Change {
    /// Another text.
    Text(String),
    /// A text that has to do with the formats that are written.
    Hostile(u8, u8),
    Number(u32),
    Flag(bool),
    Remove,
    /// A secret.
    Secret(u8),
    /// A variable of the deployer.
    Variable(u8, Option<String>),
    Template(String),
    /// What stands under the same key elsewhere, in any of the systems.
    Other(u16),
    /// Once more under another key.
    Copy(String),
}

const HOSTILE: [&str; 44] = [
    "",
    " ",
    "no",
    "~",
    "1e3",
    "0644",
    "1:30",
    "=",
    "<<",
    "---",
    "- a",
    "a: b",
    "a #b",
    "&a",
    "!a",
    "|",
    "%TAG",
    "[a]",
    "{a}",
    "{{ a }}",
    "{% a %}",
    "\"",
    "'",
    "\\",
    "a\nb",
    "a\r\nb",
    "\n",
    "\ttab",
    "trailing ",
    "$",
    "$$",
    "${A:-b}",
    "$(A)",
    "$$(A)",
    "{{.Names}}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}a",
    "\u{7f}",
    "\u{1}",
    "{\"a\":\"b\"}",
    "a\n\n\n",
    "a,b=c",
    "\u{fffe}",
];

static PACKS: LazyLock<Packs> = LazyLock::new(|| target::packs(None).expect("the packs"));

const PROFILES: [&str; 4] = ["local", "ci", "staging", "prod"];

fuzz_target!(|input: Input| {
    let system = &systems()[usize::from(input.system) % systems().len()];
    let mut value = system.manifest.clone();
    for edit in input.edits.iter().take(24) {
        let before = value.clone();
        apply(edit, &mut value);
        // What is no manifest is refused elsewhere.
        if manifest(&value).is_none() {
            value = before;
        }
    }
    let Some(manifest) = manifest(&value) else { return };
    let config =
        if input.configured { Config::parse(system.configuration).unwrap_or_default() } else { Config::default() };
    let profile = Profile::find(PROFILES[usize::from(input.profile) % 4], &config).expect("a profile that is built in");
    let (Ok(manifest), Ok(options)) = (config.apply(&manifest, &profile), config.options(&profile)) else { return };
    check(&manifest, &profile, &options);
});

fn check(manifest: &Manifest, profile: &Profile, options: &cargo_orch::config::Options) {
    let planned = || {
        let mut plan = plan(manifest, profile);
        plan.options = options.clone();
        plan
    };
    let (first, second) = (planned(), planned());
    defaults(&first);
    for target in ["compose", "swarm", "k8s"] {
        let render = |plan| {
            target::render(plan, target, &PACKS)
                .unwrap_or_else(|error| panic!("{target}: {error}\n{:?}", error.excerpt()))
        };
        let (one, two) = (render(&first), render(&second));
        assert_eq!(one.files, two.files, "{target} is not the same twice");
        assert_eq!(one.findings, two.findings);
        if has_errors(&first.findings) || has_errors(&one.findings) {
            continue;
        }
        let mut read = BTreeMap::new();
        for file in &one.files {
            plain_text(&file.path, &file.contents);
            if file.path.ends_with(".yaml") && !file.path.contains("files/") {
                let value: Value = serde_yaml_ng::from_str(&file.contents)
                    .unwrap_or_else(|error| panic!("{target}: {}: {error}\n{}", file.path, file.contents));
                read.insert(file.path.as_str(), value);
            }
        }
        match target {
            "compose" => compose(&first, &read["compose.yaml"]),
            "swarm" => {}
            _ => kubernetes(&first, &read),
        }
    }
}

/// A variable that is a secret's has no default, or nothing is written.
fn defaults(plan: &Plan) {
    for variable in plan.variables.iter().filter(|variable| variable.default.is_some()) {
        let secret = plan.secrets.iter().any(|secret| secret.name.variable() == variable.name.as_str());
        assert!(!secret || plan.findings.iter().any(|finding| finding.code == Code::SecretDefault), "{variable:?}");
    }
}

fn plain_text(path: &str, text: &str) {
    if path.contains("files/") {
        return;
    }
    assert!(!text.contains('\r') && !text.starts_with('\u{feff}'), "{path}: {text:?}");
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{path}: {text:?}");
    assert!(text.starts_with("# generated by `cargo orch render"), "{path}");
}

/// The environment in a Compose file is the plan's.
fn compose(plan: &Plan, read: &Value) {
    for workload in &plan.workloads {
        let section = &read["services"][workload.id.as_str()];
        assert!(section.is_object(), "{}", workload.id);
        for (name, entry) in &workload.env {
            let Some(value) = section["environment"].get(name.as_str()) else {
                assert!(
                    entry.value.is_secret() || entry.file_form.is_some() || name.as_str() == "ORCH_SYSTEM",
                    "{name} is missing"
                );
                continue;
            };
            let text = value.as_str().unwrap_or_else(|| panic!("{name} is no text: {value}"));
            match entry.value.as_literal() {
                Some(literal) => assert_eq!(text.replace("$$", "$"), literal, "{name} of {}", workload.id),
                None => assert!(text.replace("$$", "").contains("${"), "{name} of {}: {text}", workload.id),
            }
        }
        texts(&section["command"], &workload.command, &|text| text.replace("$$", "$"));
    }
}

/// The environments of containers in Kubernetes are the plan's.
fn kubernetes(plan: &Plan, read: &BTreeMap<&str, Value>) {
    for workload in &plan.workloads {
        let containers = read.values().filter_map(|object| {
            let spec = match object["kind"].as_str()? {
                "Deployment" | "StatefulSet" | "Job" => &object["spec"]["template"]["spec"],
                "CronJob" => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
                _ => return None,
            };
            let name = object["metadata"]["labels"]["app.kubernetes.io/name"].as_str()?;
            (name == workload.id.as_str()).then(|| &spec["containers"][0])
        });
        let containers: Vec<&Value> = containers.collect();
        let [container] = containers.as_slice() else { panic!("{} containers of {}", containers.len(), workload.id) };
        let variables: BTreeMap<&str, &Value> = container["env"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|variable| (variable["name"].as_str().expect("a name"), variable))
            .collect();
        for (name, entry) in &workload.env {
            let Some(variable) = variables.get(name.as_str()) else {
                assert!(entry.file_form.is_some(), "{name} of {} is missing", workload.id);
                continue;
            };
            let text = variable["value"].as_str();
            match entry.value.as_literal() {
                Some(literal) => assert_eq!(expanded(text.unwrap_or_default()), literal, "{name} of {}", workload.id),
                None if entry.value.is_secret() => {
                    assert!(text.is_none_or(|text| text.contains("$(")), "{name} of {}: {text:?}", workload.id);
                }
                None => {}
            }
        }
        texts(&container["args"], &workload.command, &expanded);
    }
}

/// What the kubelet makes of a text without references.
fn expanded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        out.push(c);
        if c == '$' && rest.peek() == Some(&'$') {
            rest.next();
        }
    }
    out
}

/// The literals of a list are what was declared.
fn texts(read: &Value, declared: &[Text], undo: &dyn Fn(&str) -> String) {
    let read = read.as_array().map_or(&[][..], Vec::as_slice);
    for (read, declared) in read.iter().zip(declared) {
        let text = read.as_str().unwrap_or_else(|| panic!("no text: {read}"));
        if let Some(literal) = declared.as_literal() {
            assert_eq!(undo(text), literal);
        }
        if declared.pieces.iter().any(|piece| matches!(piece, Piece::Secret { .. })) {
            assert!(text.contains('$'), "{text}");
        }
    }
}

/// The value that is replaced, and what replaces it.
fn apply(edit: &Edit, value: &mut Value) {
    let mut paths = Vec::new();
    pointers(value, &mut String::new(), &mut paths);
    let Some(path) = paths.get(usize::from(edit.at) % paths.len().max(1)) else { return };
    let (parent, key) = path.rsplit_once('/').unwrap_or(("", ""));
    let new = match &edit.change {
        Change::Text(text) => Value::from(text.as_str()),
        Change::Hostile(one, two) => {
            let hostile = |index: &u8| HOSTILE[usize::from(*index) % HOSTILE.len()];
            Value::from(format!("{}{}", hostile(one), hostile(two)))
        }
        Change::Number(number) => Value::from(*number),
        Change::Flag(flag) => Value::from(*flag),
        Change::Secret(number) => serde_json::json!({ "secret": format!("secret-{}", number % 4) }),
        Change::Variable(number, default) => {
            let name =
                if number % 8 < 4 { format!("SECRET_{}", number % 4) } else { format!("VARIABLE_{}", number % 8) };
            match default {
                Some(default) => serde_json::json!({ "var": name, "default": default }),
                None => serde_json::json!({ "var": name }),
            }
        }
        Change::Template(text) => serde_json::json!({ "template": text }),
        Change::Other(number) => {
            let mut others = Vec::new();
            systems().iter().for_each(|system| same_key(&system.manifest, key, &mut others));
            match others.get(usize::from(*number) % others.len().max(1)) {
                Some(other) => (*other).clone(),
                None => return,
            }
        }
        Change::Remove => {
            match value.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.remove(&key.replace("~1", "/").replace("~0", "~"));
                }
                Some(Value::Array(list)) => {
                    if let Ok(index) = key.parse::<usize>() {
                        list.remove(index);
                    }
                }
                _ => {}
            }
            return;
        }
        Change::Copy(name) => {
            let copied = value.pointer(path).cloned().unwrap_or_default();
            match value.pointer_mut(parent) {
                Some(Value::Object(map)) => {
                    map.insert(name.clone(), copied);
                }
                Some(Value::Array(list)) => list.push(copied),
                _ => {}
            }
            return;
        }
    };
    if let Some(place) = value.pointer_mut(path) {
        *place = new;
    }
}

/// The places of all values.
fn pointers(value: &Value, path: &mut String, out: &mut Vec<String>) {
    let mut below = |key: &str, value: &Value| {
        let length = path.len();
        path.push('/');
        path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        out.push(path.clone());
        pointers(value, path, out);
        path.truncate(length);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| below(key, value)),
        Value::Array(list) => list.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value)),
        _ => {}
    }
}

/// What stands under a key, anywhere.
fn same_key<'a>(value: &'a Value, key: &str, out: &mut Vec<&'a Value>) {
    match value {
        Value::Object(map) => {
            out.extend(map.get(key));
            map.values().for_each(|value| same_key(value, key, out));
        }
        Value::Array(list) => list.iter().for_each(|value| same_key(value, key, out)),
        _ => {}
    }
}
