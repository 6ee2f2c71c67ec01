//! What `Cargo.lock` says about who depends on whom.
//!
//! It covers every feature and every platform, so it tells cheaply which packages can have
//! declarations at all; which ones do is decided by what cargo compiles.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use serde::Deserialize;

use super::GatherError;

/// The name and the version of a package.
pub(super) type PackageKey = (String, String);

/// The text of a lock file; empty when there is none.
pub(super) fn read(path: &Utf8Path) -> Result<String, GatherError> {
    match std::fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(String::new()),
        result => result.map_err(|source| GatherError::Read { path: path.to_owned(), source }),
    }
}

#[derive(Deserialize)]
struct Lockfile {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    #[serde(default)]
    dependencies: Vec<String>,
}

/// The packages of a lock file that depend on the runtime crate, directly or not.
pub(super) fn dependents(text: &str, runtime: &str) -> Result<BTreeSet<PackageKey>, String> {
    let lockfile: Lockfile = toml::from_str(text).map_err(|error| error.to_string())?;
    // A dependency is `name`, or `name version` where several versions are locked, with a source
    // behind it where even that is not enough. Taking the name alone where the version is not
    // written is exact, since then there is one version.
    let mut used_by: BTreeMap<(&str, Option<&str>), Vec<usize>> = BTreeMap::new();
    for (index, package) in lockfile.package.iter().enumerate() {
        for dependency in &package.dependencies {
            let mut words = dependency.split(' ');
            let name = words.next().unwrap_or_default();
            used_by.entry((name, words.next())).or_default().push(index);
        }
    }
    let mut found = BTreeSet::new();
    let mut open: Vec<(&str, &str)> =
        lockfile.package.iter().filter(|p| p.name == runtime).map(|p| (p.name.as_str(), p.version.as_str())).collect();
    while let Some((name, version)) = open.pop() {
        for key in [(name, None), (name, Some(version))] {
            for &index in used_by.get(&key).map_or(&[][..], Vec::as_slice) {
                let package = &lockfile.package[index];
                if found.insert((package.name.clone(), package.version.clone())) {
                    open.push((&package.name, &package.version));
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::dependents;

    #[test]
    fn dependents_are_found_through_facades_and_by_version() {
        let text = r#"
            version = 4
            [[package]]
            name = "orch-runtime"
            version = "0.1.0"
            [[package]]
            name = "facade"
            version = "1.0.0"
            dependencies = ["orch-runtime"]
            [[package]]
            name = "facade"
            version = "2.0.0"
            [[package]]
            name = "api"
            version = "0.1.0"
            dependencies = ["facade 1.0.0", "serde"]
            [[package]]
            name = "tool"
            version = "0.1.0"
            dependencies = ["facade 2.0.0 (registry+x)"]
        "#;
        let found = dependents(text, "orch-runtime").unwrap();
        let names: Vec<String> = found.iter().map(|(name, version)| format!("{name} {version}")).collect();
        assert_eq!(names, ["api 0.1.0", "facade 1.0.0"]);
    }
}
