//! Packs of a user's own: made, named in `orch.toml`, rendered, and told what is wrong.

#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod foreign;
mod own;
mod page;
mod views;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

const SYSTEMS: [&str; 5] = ["events", "observability", "shop", "voting", "webshop"];

fn orch(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-orch"));
    command.current_dir(folder).arg("orch").args(arguments).env_remove("ORCH_PROFILE").output().unwrap()
}

/// Renders a system for the profile `prod` and reads what came out, by its path.
fn render(folder: &Path, system: &str, config: &Path, target: &str, more: &[&str]) -> BTreeMap<String, String> {
    let out = folder.join(format!("out-{system}-{target}"));
    let output = render_to(folder, system, config, target, &out, more);
    assert!(output.status.success(), "{system}: {}", String::from_utf8_lossy(&output.stderr));
    let files = std::fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let files = files.filter(|path| !name(path).starts_with(".orch"));
    files.map(|path| (name(&path), std::fs::read_to_string(path).unwrap())).collect()
}

fn render_to(folder: &Path, system: &str, config: &Path, target: &str, out: &Path, more: &[&str]) -> Output {
    let manifest = tests().join("systems").join(format!("{system}.json"));
    let fixed = ["render", "--profile", "prod", "--target", target, "--manifest", manifest.to_str().unwrap()];
    let places = ["--config", config.to_str().unwrap(), "--out", out.to_str().unwrap()];
    orch(folder, &[&fixed[..], &places, more].concat())
}

fn config(system: &str) -> PathBuf {
    tests().join("systems").join(format!("{system}.toml"))
}
