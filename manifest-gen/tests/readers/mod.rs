//! Readers that are not ours.

#![allow(dead_code, reason = "each of the tests that share this uses a part of it")]

mod strings;

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree};
use serde_json::Value;

/// Strings to be read back, those written down and others like them, always the same.
pub(crate) fn hostile() -> Vec<String> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = "\\PC{0,20}|[ -~\\n\\t]{0,30}|[$\\{\\}():?aé-]{1,12}";
    let generated = (0..200).map(|_| strategy.new_tree(&mut runner).unwrap().current());
    strings::STRINGS.iter().map(|text| (*text).to_owned()).chain(generated).collect()
}

/// YAML as `PyYAML` (YAML 1.1) reads it.
pub(crate) fn pyyaml(text: &str) -> Option<Value> {
    const READ: &str = "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin.buffer.read()), sys.stdout)";
    if !succeeds("python3", &["-c", "import yaml"]) {
        return skip("there is no `python3` with PyYAML");
    }
    let mut child =
        Command::new("python3").args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let text = text.to_owned();
    // The reader may write before it has read everything.
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// A Compose file as Docker reads it, after its interpolation.
pub(crate) fn docker_compose(text: &str, files: &[(String, String)]) -> Option<Value> {
    if !succeeds("docker", &["compose", "version"]) {
        return skip("there is no `docker compose`");
    }
    let output = docker(text, files, &["compose", "-f", FILE, "config", "--format", "json"]);
    Some(serde_json::from_str(&output).unwrap())
}

/// A stack as Docker reads it, after its interpolation. It prints YAML 1.2 only, which `PyYAML` does not read.
pub(crate) fn docker_stack(text: &str, files: &[(String, String)]) -> Option<Value> {
    if !succeeds("docker", &["stack", "config", "--help"]) {
        return skip("there is no `docker stack config`");
    }
    let output = docker(text, files, &["stack", "config", "--compose-file", FILE]);
    Some(serde_saphyr::from_str(&output).unwrap())
}

/// Objects of Kubernetes as its own client reads them, in the order of their documents.
pub(crate) fn kubectl(text: &str) -> Option<Vec<Value>> {
    if !succeeds("kubectl", &["version", "--client"]) {
        return skip("there is no `kubectl`");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    std::fs::write(&file, text).unwrap();
    // The one command that prints what it read without asking a server.
    let mut command = Command::new("kubectl");
    command.args(["label", "--local", "--output", "json", "read=yes", "--filename"]).arg(&file);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::Deserializer::from_slice(&output.stdout).into_iter().map(Result::unwrap).collect())
}

/// A graph as Graphviz reads it.
pub(crate) fn graphviz(text: &str) -> Option<Value> {
    if !succeeds("dot", &["-V"]) {
        return skip("there is no `dot` of Graphviz");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("graph.dot");
    std::fs::write(&file, text).unwrap();
    // Read, not laid out: the structure is what is asked for.
    let output = Command::new("dot").args(["-Kosage", "-Tdot_json"]).arg(&file).output().unwrap();
    assert!(output.status.success(), "{}\n{text}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// Where a reader finds the text.
const FILE: &str = "read.yaml";

/// What a command of Docker prints in a folder with the text and the files.
fn docker(text: &str, files: &[(String, String)], arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), text).unwrap();
    for (path, contents) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    let output = Command::new("docker").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// Says that a reader is missing, which is a failure where `ORCH_CI` is set.
fn skip<T>(why: &str) -> Option<T> {
    assert!(std::env::var_os("ORCH_CI").is_none(), "ORCH_CI is set and {why}");
    println!("skipped: {why}");
    None
}
