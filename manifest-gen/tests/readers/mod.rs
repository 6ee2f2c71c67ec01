//! Readers that are not ours.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

/// YAML as PyYAML (YAML 1.1) reads it.
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
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), text).unwrap();
    for (path, contents) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, contents).unwrap();
    }
    let output = Command::new("docker")
        .args(["compose", "-f", "compose.yaml", "config", "--format", "json"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
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
