//! The targets there are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::error::PackError;
use crate::load::{self, Files};
use crate::nearest;
use crate::pack::Pack;
use crate::spec::{self, Spec};

/// Where a pack comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// It comes with this crate.
    BuiltIn,
    /// It comes with this crate, and a folder replaces some of its files or adds to them.
    Overridden,
    /// It comes from a folder alone.
    Own,
}

/// One line of the list of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What `--target` takes.
    pub name: String,
    /// What its `pack.toml` says it is.
    pub description: String,
    /// Where its pack comes from.
    pub origin: Origin,
}

/// All packs: the built-in ones and those of a folder.
///
/// Every `pack.toml` is read here; templates are compiled by [`Packs::get`].
#[derive(Debug)]
pub struct Packs {
    packs: BTreeMap<String, Source>,
}

#[derive(Debug)]
struct Source {
    origin: Origin,
    spec: Spec,
    files: Files,
    /// Compiled when it is asked for, once.
    compiled: OnceLock<Pack>,
}

impl Packs {
    /// The built-in packs.
    ///
    /// `views` are those that a pack may name in `view`, and has to name one of; there are none where all packs are
    /// given the same context.
    pub fn builtin(views: &[&str]) -> Result<Self, PackError> {
        Self::all(load::builtin()?, BTreeMap::new(), views)
    }

    /// The built-in packs, with the folders of `dir` over them.
    ///
    /// `DIR/<target>/` replaces the built-in pack of that name file by file,
    /// `pack.toml` included; a name that is not built in adds a target.
    ///
    /// Fails when one of them is broken: a folder whose name is a slip of the pen is an override that nobody renders.
    pub fn with_overrides(dir: impl AsRef<Path>, views: &[&str]) -> Result<Self, PackError> {
        Self::all(load::builtin()?, load::folder(dir.as_ref())?, views)
    }

    /// The same without those that are broken, and what is wrong with each of them, by its name.
    pub fn with_sound_overrides(
        dir: impl AsRef<Path>,
        views: &[&str],
    ) -> Result<(Self, BTreeMap<String, PackError>), PackError> {
        Ok(Self::assemble(load::builtin()?, load::folder(dir.as_ref())?, views))
    }

    fn all(
        builtin: BTreeMap<String, Files>,
        own: BTreeMap<String, Result<Files, PackError>>,
        views: &[&str],
    ) -> Result<Self, PackError> {
        let (packs, broken) = Self::assemble(builtin, own, views);
        broken.into_values().next().map_or(Ok(packs), Err)
    }

    fn assemble(
        builtin: BTreeMap<String, Files>,
        own: BTreeMap<String, Result<Files, PackError>>,
        views: &[&str],
    ) -> (Self, BTreeMap<String, PackError>) {
        let names: Vec<String> = builtin.keys().cloned().collect();
        let mut found: BTreeMap<String, (Origin, Files)> =
            builtin.into_iter().map(|(name, files)| (name, (Origin::BuiltIn, files))).collect();
        let mut broken = BTreeMap::new();
        for (name, files) in own {
            match files {
                Ok(files) => {
                    let (origin, merged) = found.entry(name).or_insert_with(|| (Origin::Own, Files::new()));
                    if *origin == Origin::BuiltIn && !files.is_empty() {
                        *origin = Origin::Overridden;
                    }
                    merged.extend(files);
                }
                Err(error) => {
                    found.remove(&name);
                    broken.insert(name, error);
                }
            }
        }
        let mut packs = BTreeMap::new();
        for (name, (origin, files)) in found {
            match read(&name, &files, &names, views) {
                Ok(spec) => {
                    packs.insert(name, Source { origin, spec, files, compiled: OnceLock::new() });
                }
                Err(error) => {
                    broken.insert(name, error);
                }
            }
        }
        (Self { packs }, broken)
    }

    /// What can be rendered, sorted by name.
    pub fn targets(&self) -> Vec<Target> {
        self.packs
            .iter()
            .map(|(name, source)| Target {
                name: name.clone(),
                description: source.spec.description.clone(),
                origin: source.origin,
            })
            .collect()
    }

    /// The pack for `target`, its templates compiled.
    pub fn get(&self, target: &str) -> Result<&Pack, PackError> {
        let source = self.packs.get(target).ok_or_else(|| PackError::UnknownTarget {
            target: target.to_owned(),
            nearest: nearest(target, self.packs.keys().map(String::as_str)),
            known: self.packs.keys().cloned().collect(),
        })?;
        if let Some(pack) = source.compiled.get() {
            return Ok(pack);
        }
        let pack = Pack::compile(target, source.origin, source.spec.clone(), source.files.clone())?;
        Ok(source.compiled.get_or_init(|| pack))
    }
}

/// What the `pack.toml` of a pack says.
fn read(name: &str, files: &Files, builtin: &[String], views: &[&str]) -> Result<Spec, PackError> {
    let toml = files.get(spec::FILE).ok_or_else(|| PackError::NoSpec {
        pack: name.to_owned(),
        nearest: nearest(name, builtin.iter().map(String::as_str)),
    })?;
    Spec::parse(name, toml, views).map_err(PackError::Invalid)
}
