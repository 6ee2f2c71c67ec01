//! A workspace of a user, to be built.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace in `tests/workspace`, copied to where it may be built under this name.
pub(crate) fn copied(name: &str) -> PathBuf {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    copy(&runtime.join("tests/workspace"), &target);
    let manifest = fs::read_to_string(target.join("Cargo.toml")).unwrap();
    let here = toml_string(runtime);
    fs::write(target.join("Cargo.toml"), manifest.replace(r#""../..""#, &here)).unwrap();
    // The versions that were fetched for this workspace are there without a network.
    if let Ok(lock) = fs::read(runtime.join("../Cargo.lock")) {
        fs::write(target.join("Cargo.lock"), lock).unwrap();
    }
    target
}

fn toml_string(path: &Path) -> String {
    format!("'{}'", path.display())
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else if fs::read(&from).ok() != fs::read(&to).ok() {
            fs::copy(&from, &to).unwrap();
        }
    }
}

/// Cargo in a folder, without a network and with nothing of what this test was started with.
pub(crate) fn cargo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder).args(arguments).arg("--offline");
    command
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    command
}
