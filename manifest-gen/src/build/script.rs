//! What cargo tells a build script.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;

use super::{Error, PROFILE};
use crate::gather::Cargo;

/// A build script that is running.
#[derive(Debug)]
pub(super) struct Script {
    cargo: PathBuf,
    package: String,
    /// The folder of its package.
    pub(super) package_dir: PathBuf,
    pub(super) out_dir: PathBuf,
    /// What is compiled for, where it is not this machine.
    target: Option<String>,
    release: bool,
    features: BTreeSet<String>,
    /// The profile that the environment names.
    pub(super) profile: Option<String>,
}

impl Script {
    /// Reads the environment.
    ///
    /// Source: The Cargo Book, "Environment variables Cargo sets for build scripts".
    pub(super) fn read(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        // `OUT_DIR` alone is set under `cargo run` as well, `TARGET` and `HOST` in many a shell.
        let needed = |name: &'static str| variable(name).ok_or(Error::NoBuildScript { missing: name });
        let text = |name: &'static str| needed(name).map(|value| value.to_string_lossy().into_owned());
        let (out_dir, host, target) = (PathBuf::from(needed("OUT_DIR")?), text("HOST")?, text("TARGET")?);
        let optional = |name: &str| variable(name).and_then(|value| value.into_string().ok());
        let features = optional("CARGO_CFG_FEATURE").unwrap_or_default();
        Ok(Self {
            cargo: PathBuf::from(needed("CARGO")?),
            package: text("CARGO_PKG_NAME")?,
            package_dir: PathBuf::from(needed("CARGO_MANIFEST_DIR")?),
            out_dir,
            target: (target != host).then_some(target),
            release: optional("PROFILE").is_some_and(|profile| profile == "release"),
            features: features.split(',').filter(|feature| !feature.is_empty()).map(str::to_owned).collect(),
            profile: optional(PROFILE).filter(|profile| !profile.is_empty()),
        })
    }

    /// Cargo on the workspace of the package. The cargo that runs the build script has resolved
    /// everything already, so nothing is fetched and no lock file is written.
    pub(super) fn cargo(&self, packages: &[String]) -> Cargo {
        Cargo {
            packages: packages.to_vec(),
            frozen: true,
            release: self.release,
            target: self.target.clone(),
            quiet: true,
            ..Cargo::new(&self.cargo, &self.package_dir)
        }
    }

    /// The features that are known: those of the package itself.
    pub(super) fn features(&self) -> BTreeMap<String, BTreeSet<String>> {
        BTreeMap::from([(self.package.clone(), self.features.clone())])
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::Script;
    use crate::build::Error;

    const SCRIPT: [(&str, &str); 9] = [
        ("CARGO", "/bin/cargo"),
        ("CARGO_PKG_NAME", "api"),
        ("CARGO_MANIFEST_DIR", "/w/api"),
        ("CARGO_CFG_FEATURE", "default,search-engine"),
        ("OUT_DIR", "/w/target/out"),
        ("HOST", "x86_64-unknown-linux-gnu"),
        ("TARGET", "x86_64-unknown-linux-gnu"),
        ("PROFILE", "release"),
        ("ORCH_PROFILE", ""),
    ];

    fn read(change: (&str, Option<&str>)) -> Result<Script, Error> {
        Script::read(&|name| {
            let given = SCRIPT.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let value = if name == change.0 { change.1 } else { given };
            value.map(OsString::from)
        })
    }

    #[test]
    fn a_build_script_is_known_by_what_cargo_sets_for_it_alone() {
        let script = read(("", None)).unwrap();
        let cargo = script.cargo(&[]);
        assert!(cargo.frozen && cargo.release && cargo.target.is_none());
        assert_eq!(script.profile, None);
        assert_eq!(script.features()["api"].iter().collect::<Vec<_>>(), ["default", "search-engine"]);
        for name in ["OUT_DIR", "HOST", "TARGET"] {
            assert!(matches!(read((name, None)), Err(Error::NoBuildScript { missing }) if missing == name));
        }
    }

    #[test]
    fn the_target_is_passed_on_where_it_is_another() {
        let script = read(("TARGET", Some("aarch64-unknown-linux-musl"))).unwrap();
        assert_eq!(script.cargo(&[]).target.as_deref(), Some("aarch64-unknown-linux-musl"));
    }
}
