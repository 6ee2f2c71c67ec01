//! The document to sections.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use orch_manifest::grammar::Problem;
use orch_manifest::{FromText, Id, ImageRef, did_you_mean};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::images::BuildSection;
use super::known::KnownImages;
use super::{Config, Dir, Overrides, ProfileSection, Section, Source, System, packages, tree};

/// The tables of the document.
pub(super) const DOCUMENT_KEYS: [&str; 10] =
    ["system", "services", "apps", "packages", "catalog", "profiles", "targets", "templates", "secrets", "build"];
/// The keys of `[system]`.
pub(super) const SYSTEM_KEYS: [&str; 3] = ["name", "registry", "packages"];
/// The keys of `[templates]`.
pub(super) const TEMPLATES_KEYS: [&str; 1] = ["dir"];
/// The keys of `[profiles.NAME]`.
pub(super) const PROFILE_KEYS: [&str; 7] = ["extends", "data", "services", "apps", "targets", "secrets", "build"];
/// The keys of a service's section beyond those of an attribute.
pub(super) const SERVICE_SECTION_KEYS: [&str; 3] = ["unset", "add", "disable"];
/// The keys of an application's section beyond those of an attribute.
pub(super) const APP_SECTION_KEYS: [&str; 1] = ["unset"];

pub(super) type Problems = Vec<Problem<usize>>;
pub(super) type Value<'a> = Spanned<DeValue<'a>>;

/// Reads the whole document and collects what is wrong.
pub(super) fn config(source: &Arc<Source>, problems: &mut Problems) -> Config {
    let mut config = Config { source: source.clone(), ..Config::default() };
    let document = match DeTable::parse(&source.text) {
        Ok(document) => document,
        Err(error) => {
            problems.push(Problem::new(error.span().map_or(0, |span| span.start), error.message()));
            return config;
        }
    };
    for (key, value) in document.get_ref() {
        match key.get_ref().as_ref() {
            "system" => config.system = system(value, problems),
            "services" => config.base.services = sections(value, &SERVICE_SECTION_KEYS, problems),
            "apps" => config.base.apps = sections(value, &APP_SECTION_KEYS, problems),
            "packages" => config.packages = packages::packages(value, problems),
            "profiles" => {
                for (name, value) in table(value, problems) {
                    if Id::parse(name.get_ref()).is_err() {
                        problems.push(
                            Problem::new(name.span().start, format!("`{}` is not a profile's name", name.get_ref()))
                                .help("lower-case letters, digits and dashes"),
                        );
                    }
                    config.profiles.insert(name.get_ref().to_string(), profile(name, value, problems));
                }
            }
            "catalog" => config.known = KnownImages::read(value, source, problems),
            "targets" => config.options.targets(value, problems),
            "templates" => config.templates = templates(value, problems),
            "secrets" => config.options.secrets(value, problems),
            "build" => config.options.build = BuildSection::read(value, problems),
            _ => unknown(key, "the configuration", &DOCUMENT_KEYS, problems),
        }
    }
    config
}

fn system(value: &Value<'_>, problems: &mut Problems) -> System {
    let mut system = System::default();
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "name" => system.name = parsed(value, problems),
            "registry" => {
                if let Some(text) = text(value, problems) {
                    system.registry = registry(value, text, problems);
                }
            }
            "packages" => system.packages = texts(value, problems).into_iter().map(|(text, _)| text).collect(),
            _ => unknown(key, "`[system]`", &SYSTEM_KEYS, problems),
        }
    }
    system
}

fn templates(value: &Value<'_>, problems: &mut Problems) -> Option<Dir> {
    let mut templates = None;
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "dir" => templates = dir(value, "deploy/templates", problems),
            _ => unknown(key, "`[templates]`", &TEMPLATES_KEYS, problems),
        }
    }
    templates
}

/// A folder, such as the one of the example.
pub(super) fn dir(value: &Value<'_>, example: &str, problems: &mut Problems) -> Option<Dir> {
    let at = value.span().start;
    let path = text(value, problems)?;
    if path.is_empty() {
        let help = format!("name a folder beside `orch.toml`, such as `{example}`");
        problems.push(Problem::new(at, "`dir` is empty").help(help));
        return None;
    }
    Some(Dir { path: path.into(), at })
}

/// A registry is right when an image in it is.
fn registry(value: &Value<'_>, text: &str, problems: &mut Problems) -> Option<String> {
    let registry = text.trim_end_matches('/');
    if ImageRef::parse(&format!("{registry}/x:1")).is_ok() {
        return Some(registry.to_owned());
    }
    problems.push(
        Problem::new(value.span().start, format!("`{registry}` is not a registry"))
            .help("a host and a path in lower case, such as `ghcr.io/acme`"),
    );
    None
}

fn profile(name: &Spanned<Cow<'_, str>>, value: &Value<'_>, problems: &mut Problems) -> ProfileSection {
    let mut profile = ProfileSection { at: name.span().start, ..ProfileSection::default() };
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "extends" => profile.extends = text(value, problems).map(str::to_owned),
            "data" => profile.options.data(value, problems),
            "services" => profile.overrides.services = sections(value, &SERVICE_SECTION_KEYS, problems),
            "apps" => profile.overrides.apps = sections(value, &APP_SECTION_KEYS, problems),
            "targets" => profile.options.targets(value, problems),
            "secrets" => profile.options.secrets(value, problems),
            "build" => profile.options.build = BuildSection::read(value, problems),
            _ => unknown(key, "a profile", &PROFILE_KEYS, problems),
        }
    }
    profile
}

fn sections(value: &Value<'_>, own: &[&str], problems: &mut Problems) -> BTreeMap<Id, Section> {
    let mut sections = BTreeMap::new();
    for (id, key, value) in ids(value, problems) {
        sections.insert(id, section(key, value, own, problems));
    }
    sections
}

/// The entries of a table whose keys are ids.
pub(super) fn ids<'a, 'b>(
    value: &'b Value<'a>,
    problems: &mut Problems,
) -> Vec<(Id, &'b Spanned<Cow<'a, str>>, &'b Value<'a>)> {
    let mut entries = Vec::new();
    for (key, value) in table(value, problems) {
        match Id::parse(key.get_ref()) {
            Ok(id) => entries.push((id, key, value)),
            Err(invalid) => {
                problems.push(Problem { span: key.span().start, message: invalid.problem, help: invalid.help });
            }
        }
    }
    entries
}

/// Reads a section that has these keys besides those of an attribute.
fn section(name: &Spanned<Cow<'_, str>>, value: &Value<'_>, own: &[&str], problems: &mut Problems) -> Section {
    let at = name.span().start;
    let mut section = Section { at, args: tree::empty(at), unset: Vec::new(), add: false, disable: None };
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "unset" => section.unset = texts(value, problems),
            "add" if own.contains(&"add") => section.add = boolean("add", value, problems).unwrap_or_default(),
            "disable" if own.contains(&"disable") => section.disable = boolean("disable", value, problems),
            word @ ("add" | "disable") => {
                let message = format!("`{word}` is for services, and this is an application");
                problems.push(Problem::new(key.span().start, message).help("leave it out"));
            }
            "id" => problems
                .push(Problem::new(key.span().start, "an id cannot be overridden").help("it is the section's name")),
            _ => tree::add_entry(&mut section.args, key, value, problems),
        }
    }
    section
}

impl Overrides {
    pub(super) fn is_empty(&self) -> bool {
        self.services.is_empty() && self.apps.is_empty()
    }
}

pub(super) fn table<'a, 'b>(
    value: &'b Value<'a>,
    problems: &mut Problems,
) -> impl Iterator<Item = (&'b Spanned<Cow<'a, str>>, &'b Value<'a>)> + use<'a, 'b> {
    let table = value.get_ref().as_table();
    if table.is_none() {
        problems
            .push(Problem::new(value.span().start, "expected a table").help("write `[name]` and its keys below it"));
    }
    table.into_iter().flatten()
}

pub(super) fn boolean(name: &str, value: &Value<'_>, problems: &mut Problems) -> Option<bool> {
    let flag = value.get_ref().as_bool();
    if flag.is_none() {
        problems.push(Problem::new(value.span().start, format!("`{name}` is `true` or `false`")));
    }
    flag
}

pub(super) fn text<'a>(value: &'a Value<'_>, problems: &mut Problems) -> Option<&'a str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        problems.push(Problem::new(value.span().start, "expected a string").help("write it in quotes"));
    }
    text
}

pub(super) fn texts(value: &Value<'_>, problems: &mut Problems) -> Vec<(String, usize)> {
    let Some(list) = value.get_ref().as_array() else {
        problems.push(Problem::new(value.span().start, "expected a list").help("write `[\"…\"]`"));
        return Vec::new();
    };
    list.iter().filter_map(|item| Some((text(item, problems)?.to_owned(), item.span().start))).collect()
}

pub(super) fn parsed<T: FromText>(value: &Value<'_>, problems: &mut Problems) -> Option<T> {
    let text = text(value, problems)?;
    T::from_text(text)
        .map_err(|invalid| {
            problems.push(Problem { span: value.span().start, message: invalid.problem, help: invalid.help });
        })
        .ok()
}

pub(super) fn unknown(key: &Spanned<Cow<'_, str>>, place: &str, keys: &[&str], problems: &mut Problems) {
    let help = did_you_mean(key.get_ref(), keys);
    problems.push(Problem::new(key.span().start, format!("unknown key `{}` in {place}", key.get_ref())).help(help));
}
