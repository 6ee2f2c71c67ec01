//! `[packages.NAME.services.ID]`: what becomes of a declaration that stands in a crate which cannot be
//! edited.

use std::borrow::Cow;
use std::collections::BTreeMap;

use orch_manifest::grammar::Problem;
use orch_manifest::{Id, did_you_mean};
use toml::Spanned;

use super::parse::{Problems, Value, boolean, ids, parsed, table, unknown};
use super::{Config, ConfigError};

/// The keys of `[packages.NAME]`.
pub(super) const PACKAGE_KEYS: [&str; 1] = ["services"];
/// The keys of `[packages.NAME.services.ID]`, of which each section has one.
pub(super) const DECLARATION_KEYS: [&str; 3] = ["rename", "same_as", "disable"];

/// What the configuration says about the declarations of packages, by their names, with `@` and a
/// version behind the name where only that one is meant.
#[derive(Clone, Debug, Default)]
pub struct Packages(BTreeMap<String, Package>);

#[derive(Clone, Debug, Default)]
struct Package {
    at: usize,
    services: BTreeMap<Id, Redeclared>,
}

/// What becomes of one declaration.
#[derive(Clone, Debug)]
struct Redeclared {
    fate: Fate,
    /// Where its section begins, in bytes.
    at: usize,
    /// Where it says what becomes of it.
    says_at: usize,
}

/// What becomes of a service that a package declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It has another id.
    Rename(Id),
    /// It is dropped, and whoever uses it uses another.
    SameAs(Id),
    /// It is dropped.
    Disable,
}

impl Packages {
    /// What becomes of the service that a package declares under an id.
    pub(crate) fn fate(&self, package: &(String, String), id: &Id) -> Option<&Fate> {
        let (name, version) = package;
        let of = |key: &str| self.0.get(key)?.services.get(id);
        of(&format!("{name}@{version}")).or_else(|| of(name)).map(|redeclared| &redeclared.fate)
    }

    /// Whether nothing is said about any package.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What there is for `[packages]` to name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Declared {
    /// The packages that can declare something, each with its version.
    pub(crate) packages: Vec<(String, String)>,
    /// Of each package that was read: the services it declares, by the ids they have there.
    pub(crate) services: BTreeMap<(String, String), Vec<Id>>,
    /// The services of the system.
    pub(crate) ids: Vec<Id>,
}

impl Config {
    /// Checks that the sections about packages name what there is.
    ///
    /// A package that was not read, since nobody who is chosen links it, may declare anything.
    pub(crate) fn check_packages(&self, declared: &Declared) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        for (key, package) in &self.packages.0 {
            let is_meant = |(name, version): &(String, String)| key == name || *key == format!("{name}@{version}");
            if !declared.packages.iter().any(is_meant) {
                let known: Vec<&str> = declared.packages.iter().map(|(name, _)| name.as_str()).collect();
                let message = format!("no package `{key}` declares anything here");
                problems.push(Problem::new(package.at, message).help(did_you_mean(key, &known)));
                continue;
            }
            let read: Vec<&Vec<Id>> =
                declared.services.iter().filter(|(package, _)| is_meant(package)).map(|(_, ids)| ids).collect();
            let known: Vec<&str> = read.iter().flat_map(|ids| ids.iter()).map(Id::as_str).collect();
            for (id, redeclared) in &package.services {
                if !read.is_empty() && !known.contains(&id.as_str()) {
                    let message = format!("the package `{key}` declares no service `{id}`");
                    problems.push(Problem::new(redeclared.at, message).help(did_you_mean(id.as_str(), &known)));
                } else if let Fate::SameAs(other) = &redeclared.fate
                    && !read.is_empty()
                    && !declared.ids.contains(other)
                {
                    let ids: Vec<&str> = declared.ids.iter().map(Id::as_str).collect();
                    let message = format!("there is no service `{other}` that `{id}` could be the same as");
                    problems.push(Problem::new(redeclared.says_at, message).help(did_you_mean(other.as_str(), &ids)));
                }
            }
        }
        self.finish(problems)
    }
}

/// Reads `[packages]`.
pub(super) fn packages(value: &Value<'_>, problems: &mut Problems) -> Packages {
    let packages = table(value, problems);
    Packages(packages.map(|(name, value)| (name.get_ref().to_string(), package(name, value, problems))).collect())
}

fn package(name: &Spanned<Cow<'_, str>>, value: &Value<'_>, problems: &mut Problems) -> Package {
    let mut package = Package { at: name.span().start, services: BTreeMap::new() };
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "services" => {
                for (id, key, value) in ids(value, problems) {
                    if let Some(redeclared) = redeclared(&id, key, value, problems) {
                        package.services.insert(id, redeclared);
                    }
                }
            }
            _ => unknown(key, "a package", &PACKAGE_KEYS, problems),
        }
    }
    package
}

fn redeclared(id: &Id, name: &Spanned<Cow<'_, str>>, value: &Value<'_>, problems: &mut Problems) -> Option<Redeclared> {
    let at = name.span().start;
    let mut said: Option<(&str, Option<Fate>, usize)> = None;
    let before = problems.len();
    for (key, value) in table(value, problems) {
        let (word, says_at) = (key.get_ref().as_ref(), value.span().start);
        let fate = match word {
            "rename" => parsed(value, problems).map(Fate::Rename),
            "same_as" => parsed(value, problems).map(Fate::SameAs),
            "disable" => match boolean("disable", value, problems) {
                Some(true) => Some(Fate::Disable),
                _ => continue,
            },
            _ => {
                unknown(key, "a service of a package", &DECLARATION_KEYS, problems);
                continue;
            }
        };
        if fate == Some(Fate::Rename(id.clone())) {
            problems.push(Problem::new(says_at, format!("`{id}` is its id already")).help("write another id"));
        }
        match said {
            Some((other, ..)) => {
                let message = format!("`{word}` does not go with `{other}`");
                problems.push(Problem::new(key.span().start, message).help("keep one of them"));
            }
            None => said = Some((word, fate, says_at)),
        }
    }
    if said.is_none() && problems.len() == before {
        let message = format!("nothing is said about `{id}`");
        let help = "write `rename = \"…\"`, `same_as = \"…\"` or `disable = true`";
        problems.push(Problem::new(at, message).help(help));
    }
    let (_, fate, says_at) = said?;
    Some(Redeclared { fate: fate?, at, says_at })
}
