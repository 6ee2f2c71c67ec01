//! What cargo's own configuration says about the way crates are compiled.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camino::Utf8Path;
use toml::{Table, Value};

use super::super::cargo::Cargo;

/// What matters for conditional compilation.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// The target that is compiled for when none is chosen.
    pub(super) target: Option<String>,
    /// Whether there are flags for rustc that only cargo puts together.
    pub(super) flags: bool,
    /// Whether the profile is one without `debug_assertions`.
    pub(super) optimized: bool,
    /// The names that the profile decides about.
    pub(super) profile: BTreeSet<&'static str>,
}

/// The keys of a profile with the names that they decide about.
const PROFILE: [(&str, &str); 3] =
    [("debug-assertions", "debug_assertions"), ("overflow-checks", "overflow_checks"), ("panic", "panic")];

impl Settings {
    /// Reads the configuration that applies in cargo's folder, and the profiles of the workspace.
    pub(super) fn read(cargo: &Cargo, root: &Utf8Path) -> Self {
        let mut settings = Self::default();
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        settings.target = variable("CARGO_BUILD_TARGET");
        let from_environment = variable("CARGO_ENCODED_RUSTFLAGS").is_some() || variable("RUSTFLAGS").is_some();
        for table in files(&cargo.dir).iter().filter_map(|path| table(path)) {
            settings.add(&table);
        }
        settings.flags = !from_environment && (settings.flags || variable("CARGO_BUILD_RUSTFLAGS").is_some());
        if let Some(manifest) = table(root.join("Cargo.toml").as_std_path()) {
            settings.profiles(&manifest);
        }
        match cargo.profile.as_deref() {
            None if cargo.release => settings.optimized = true,
            Some("release" | "bench") => settings.optimized = true,
            None | Some("dev" | "test") => {}
            Some(_) => settings.profile.extend(PROFILE.map(|(_, name)| name)),
        }
        for (key, name) in PROFILE {
            let end = format!("_{}", key.replace('-', "_").to_uppercase());
            let set = |name: &str| name.starts_with("CARGO_PROFILE_") && name.ends_with(&end);
            if std::env::vars_os().any(|(variable, _)| variable.to_str().is_some_and(set)) {
                settings.profile.insert(name);
            }
        }
        settings
    }

    fn add(&mut self, config: &Table) {
        let build = config.get("build").and_then(Value::as_table);
        if self.target.is_none() {
            let target = build.and_then(|build| build.get("target")).and_then(Value::as_str);
            self.target = target.map(str::to_owned);
        }
        let targets = config.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
        let has_flags = |table: &Table| table.contains_key("rustflags");
        self.flags |= build.is_some_and(has_flags) || targets.filter_map(Value::as_table).any(has_flags);
        self.profiles(config);
    }

    fn profiles(&mut self, table: &Table) {
        let Some(profiles) = table.get("profile") else { return };
        for (key, name) in PROFILE {
            if has_key(profiles, key) {
                self.profile.insert(name);
            }
        }
    }
}

/// The files of cargo's configuration, the nearest first.
///
/// Source: The Cargo Book, "Configuration", "Hierarchical structure".
fn files(dir: &Path) -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let folders = dir.ancestors().map(|folder| folder.join(".cargo")).chain(home);
    folders.flat_map(|folder| [folder.join("config.toml"), folder.join("config")]).collect()
}

fn table(path: &Path) -> Option<Table> {
    toml::from_str(&std::fs::read_to_string(path).ok()?).ok()
}

fn has_key(value: &Value, key: &str) -> bool {
    value.as_table().is_some_and(|table| table.contains_key(key) || table.values().any(|value| has_key(value, key)))
}
