//! Hostile strings, written by the engine and read back by the readers they are for.
//!
//! Without the reader a test says that it was skipped and why; with `ORCH_CI`
//! set it fails instead.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::print_stdout, reason = "a test says that it was skipped")]

mod demo;
mod nasty;

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use nasty::{is_key, strings};
use orch_templates::Packs;
use serde::Serialize;
use serde_json::{Value, json};

/// One string in every position a template has for it.
const EVERY_POSITION: &str = "\
# {{ strings[0] }}
values:
{% for text in strings %}
  - {{ text }}
{% endfor %}
flow: [{% for text in strings %}{{ text }}, {% endfor %}]
keys:
{% for text in keys %}
  {{ text }}: {{ text }}
{% endfor %}
flow_keys: { {%- for text in keys %}{{ text }}: {{ text }}, {% endfor -%} }
nested:
{% for text in strings %}
  - - inner: {{ text }}
      # {{ text }}
    {{ text | comment(4) }}
    - {{ text }} # {{ text }}
{% endfor %}
block:{{ strings | block(2) }}
block_map:{{ map | block(2) }}
blocks:
{% for text in strings %}
  -{{ text | block(6) }}
{% endfor %}
";

#[derive(Serialize)]
struct Context {
    strings: Vec<String>,
    keys: Vec<String>,
    map: BTreeMap<String, String>,
}

fn render(template: &str, context: &Context) -> String {
    let toml = "description = \"d\"\n[[file]]\ntemplate = \"t.j2\"\npath = \"out.yaml\"\n";
    let dir = demo::folder(&[("demo/pack.toml", toml), ("demo/t.j2", template)]);
    let packs = Packs::with_overrides(dir.path(), &[]).unwrap();
    let mut files = packs.get("demo").unwrap().render(context).unwrap();
    files.remove(0).contents
}

fn context() -> Context {
    let strings = strings();
    let keys: Vec<String> = strings.iter().filter(|text| is_key(text)).cloned().collect();
    // A block may have keys of any length.
    let map = strings.iter().map(|text| (text.clone(), text.clone())).collect();
    Context { strings, keys, map }
}

/// What a reader makes of it, as JSON, is what went in.
fn compare(read: &Value, context: &Context) {
    let strings = json!(context.strings);
    let nested: Vec<Value> = context.strings.iter().map(|text| json!([{ "inner": text }, text])).collect();
    first_difference("values", &read["values"], &strings);
    first_difference("flow", &read["flow"], &strings);
    first_difference("block", &read["block"], &strings);
    first_difference("blocks", &read["blocks"], &strings);
    first_difference("nested", &read["nested"], &json!(nested));
    for position in ["keys", "flow_keys", "block_map"] {
        let all = position == "block_map";
        for (key, value) in context.map.iter().filter(|(key, _)| all || is_key(key)) {
            assert_eq!(read[position].get(key), Some(&json!(value)), "{position} {key:?}");
        }
        let read = read[position].as_object().unwrap();
        let written = if all { context.map.len() } else { context.keys.len() };
        assert_eq!(read.len(), written, "{position}");
    }
}

fn first_difference(position: &str, read: &Value, written: &Value) {
    let (read, written) = (read.as_array().unwrap(), written.as_array().unwrap());
    for (read, written) in read.iter().zip(written) {
        assert_eq!(read, written, "{position}");
    }
    assert_eq!(read.len(), written.len(), "{position}");
}

/// Says that a reader is missing, which is a failure where `ORCH_CI` is set.
fn skip(why: &str) {
    assert!(std::env::var_os("ORCH_CI").is_none(), "ORCH_CI is set and {why}");
    println!("skipped: {why}");
}

/// Runs a command with `input`; `None` where there is no such command.
fn run(program: &str, arguments: &[&str], input: &str) -> Option<(bool, String, String)> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // A reader that writes before it has read everything would wait for us, and we for it.
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().ok();
    Some((
        output.status.success(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ))
}

#[test]
fn serde_saphyr_reads_back_what_went_in() {
    let context = context();
    let text = render(EVERY_POSITION, &context);
    compare(&serde_saphyr::from_str(&text).unwrap(), &context);
}

#[test]
fn pyyaml_reads_back_what_went_in() {
    const READ: &str = "import sys, json, yaml; \
        json.dump(yaml.safe_load(sys.stdin.buffer.read()), sys.stdout)";
    match run("python3", &["-c", "import yaml"], "") {
        None => return skip("there is no `python3` to read YAML 1.1 with"),
        Some((false, ..)) => return skip("`python3` has no PyYAML to read YAML 1.1 with"),
        Some(_) => {}
    }
    let context = context();
    let text = render(EVERY_POSITION, &context);
    let (ok, read, error) = run("python3", &["-c", READ], &text).unwrap();
    assert!(ok, "{error}");
    compare(&serde_json::from_str(&read).unwrap(), &context);
}

#[test]
fn kubectl_reads_back_what_went_in() {
    // A ConfigMap's data is a map of strings, and kubectl refuses the whole
    // object where one key or value is read as another type. Keys are checked
    // by the server only.
    const CONFIG_MAPS: &str = "\
apiVersion: v1
kind: ConfigMap
metadata:
  name: one
data:
{% for text in keys %}
  {{ text }}: {{ text }}
{% endfor %}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: flow
data: { {%- for text in keys %}{{ text }}: {{ text }}, {% endfor -%} }
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: block
data:{{ map | block(2) }}
";
    const READ: &[&str] = &["label", "--local", "--dry-run=client", "-f", "-", "x=y", "-o", "json"];
    if run("kubectl", &["version", "--client"], "").is_none() {
        return skip("there is no `kubectl` to read YAML with Go's reader");
    }
    let context = context();
    let text = render(CONFIG_MAPS, &context);
    let (ok, read, error) = run("kubectl", READ, &text).unwrap();
    assert!(ok, "{error}");
    let objects = serde_json::Deserializer::from_str(&read).into_iter::<Value>().map(Result::unwrap);
    let maps: Vec<Value> = objects.map(|mut object| object["data"].take()).collect();
    assert_eq!(maps.len(), 3);
    for (map, name) in maps.iter().zip(["one", "flow", "block"]) {
        for (key, value) in &context.map {
            if name == "block" || is_key(key) {
                assert_eq!(map.get(key), Some(&json!(value)), "{name} {key:?}");
            }
        }
    }
}
