//! A file of the catalog, or a section of `orch.toml`, as it is written.

use std::collections::BTreeMap;

use orch_manifest::grammar::{Args, Problem};
use orch_manifest::model::{File, Kind};
use orch_manifest::{AbsolutePath, EnvName, ImageRef, SourcePath, did_you_mean};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Login, Stream, Tenants};
use super::variant::{VARIANT_KEYS, Which};
use crate::config::tree;

/// The keys of a page beyond those of [`Facts`].
pub(crate) const PAGE_KEYS: [&str; 17] = [
    "like", "service", "variant", "name", "kind", "read_for", "sources", "image", "login", "file_env", "instead",
    "tenants", "clusters", "client", "dump", "restore", "file",
];
/// The keys of [`ImageFacts`].
pub(crate) const IMAGE_KEYS: [&str; 4] = ["shell", "entrypoint", "command", "writable"];
/// The attribute keys that a page may have: what follows from an image, and not what a service is for.
pub(crate) const SERVICE_KEYS: [&str; 17] = [
    "port",
    "ports",
    "volume",
    "health",
    "env",
    "app_env",
    "entrypoint",
    "command",
    "user",
    "fs_group",
    "workdir",
    "cap_add",
    "restricted",
    "resources",
    "grace",
    "shm_size",
    "ulimit",
];

type Problems = Vec<Problem<usize>>;
type Table<'a> = DeTable<'a>;
type Value<'a> = Spanned<DeValue<'a>>;

/// What is written about a family of images.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The file.
    pub(super) file: String,
    /// The images, with the registry where it is not Docker Hub.
    pub(super) images: Vec<String>,
    /// The image whose page this one starts from.
    pub(super) like: Option<(String, usize)>,
    pub(super) said: Said,
    pub(super) variants: Vec<Variant>,
}

/// What differs for some images of a family.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) which: Which,
    pub(super) said: Said,
}

/// Facts, and what a service is unless it says otherwise.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) facts: Facts,
    pub(super) service: Args<usize>,
}

/// What is written, where it is; see [`Entry`](super::Entry).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Facts {
    pub(super) name: Option<String>,
    pub(super) kind: Option<Kind>,
    pub(super) read_for: Option<String>,
    pub(super) sources: Vec<String>,
    pub(super) image: ImageFacts,
    pub(super) login: Login,
    pub(super) file_env: BTreeMap<EnvName, EnvName>,
    pub(super) instead: BTreeMap<EnvName, Vec<EnvName>>,
    pub(super) tenants: BTreeMap<String, Tenants>,
    pub(super) clusters: Option<bool>,
    pub(super) client: Option<Vec<String>>,
    pub(super) dump: Option<Stream>,
    pub(super) restore: Option<Stream>,
    pub(super) file: Option<Vec<FileFacts>>,
}

/// A file that is mounted read-only, for a program that the page says how to run.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileFacts {
    pub(super) path: AbsolutePath,
    pub(super) content: String,
    #[serde(default)]
    pub(super) template: bool,
}

impl FileFacts {
    /// The same as a file of a service. Its source is the page.
    pub(super) fn model(&self) -> Option<File> {
        Some(File {
            path: self.path.clone(),
            source: SourcePath::parse(self.path.as_str().trim_start_matches('/')).ok()?,
            template: self.template,
            content: Some(self.content.clone()),
            sha256: None,
        })
    }
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ImageFacts {
    pub(super) shell: Option<bool>,
    pub(super) entrypoint: Option<Vec<String>>,
    pub(super) command: Option<Vec<String>>,
    pub(super) writable: Option<Vec<AbsolutePath>>,
}

impl Page {
    /// Reads a file of the catalog.
    pub(super) fn parse(file: &str, text: &str, problems: &mut Problems) -> Option<Self> {
        let document = match DeTable::parse(text) {
            Ok(document) => document,
            Err(error) => {
                problems.push(Problem::new(error.span().map_or(0, |span| span.start), error.message()));
                return None;
            }
        };
        let mut table = document.into_inner();
        let images = table.remove("images").and_then(|value| read(value, problems)).unwrap_or_default();
        Some(Self { images, ..Self::read(file, 0, table, problems) })
    }

    /// Reads the section of `orch.toml` about the image of this name.
    pub(crate) fn section(
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let at = name.span().start;
        match ImageRef::parse(name.get_ref()) {
            Ok(image)
                if image.tag().is_none() && image.digest().is_none() && super::name(&image) == *name.get_ref() => {}
            Ok(image) => {
                let help = format!("write `{}`; `variant` says what differs for a tag", super::name(&image));
                problems.push(Problem::new(at, "an image of the catalog has no tag").help(help));
            }
            Err(invalid) => problems.push(Problem { span: at, message: invalid.problem, help: invalid.help }),
        }
        let Some(table) = value.get_ref().as_table() else {
            problems.push(
                Problem::new(value.span().start, "expected a table")
                    .help("write `[catalog.\"IMAGE\"]` and its keys below it"),
            );
            return None;
        };
        let page = Self::read(crate::config::FILE, at, table.clone(), problems);
        Some(Self { images: vec![name.get_ref().to_string()], ..page })
    }

    /// Reads what both have.
    fn read(file: &str, at: usize, mut table: Table<'_>, problems: &mut Problems) -> Self {
        let like = table.remove("like").and_then(|value| {
            let at = value.span().start;
            Some((read(value, problems)?, at))
        });
        let variants = table.remove("variant").map(|value| variants(&value, problems)).unwrap_or_default();
        unknown(&table, &PAGE_KEYS, "an image of the catalog", problems);
        let said = Said::read(at, table, problems);
        Self { file: file.to_owned(), images: Vec::new(), like, said, variants }
    }
}

impl Said {
    fn read(at: usize, mut table: Table<'_>, problems: &mut Problems) -> Self {
        let mut service = tree::empty(at);
        if let Some(value) = table.remove("service") {
            service.span = value.span().start;
            match value.get_ref().as_table() {
                Some(keys) => {
                    unknown(keys, &SERVICE_KEYS, "`service`", problems);
                    for (key, value) in keys.iter().filter(|(key, _)| SERVICE_KEYS.contains(&key.get_ref().as_ref())) {
                        tree::add_entry(&mut service, key, value, problems);
                    }
                }
                None => problems.push(Problem::new(value.span().start, "expected a table")),
            }
        }
        // What has no such key has been said.
        let table = table.into_iter().filter(|(key, _)| PAGE_KEYS.contains(&key.get_ref().as_ref())).collect();
        let facts = read(Spanned::new(at..at, DeValue::Table(table)), problems).unwrap_or_default();
        Self { facts, service }
    }
}

fn variants(value: &Value<'_>, problems: &mut Problems) -> Vec<Variant> {
    let Some(items) = value.get_ref().as_array() else {
        let problem = Problem::new(value.span().start, "expected a list of tables");
        problems.push(problem.help("write `[[….variant]]` for each"));
        return Vec::new();
    };
    let mut variants = Vec::new();
    for item in items {
        let Some(table) = item.get_ref().as_table() else {
            problems.push(Problem::new(item.span().start, "expected a table"));
            continue;
        };
        let (which, rest): (Vec<_>, Vec<_>) =
            table.clone().into_iter().partition(|(key, _)| VARIANT_KEYS.contains(&key.get_ref().as_ref()));
        let at = item.span();
        let which = read(Spanned::new(at.clone(), DeValue::Table(which.into_iter().collect())), problems);
        let rest: Table<'_> = rest.into_iter().collect();
        unknown(&rest, &[&PAGE_KEYS[1..2], &PAGE_KEYS[3..], &VARIANT_KEYS].concat(), "a variant", problems);
        let said = Said::read(at.start, rest, problems);
        variants.extend(which.map(|which| Variant { which, said }));
    }
    variants
}

fn read<'a, T: Deserialize<'a>>(value: Value<'a>, problems: &mut Problems) -> Option<T> {
    let at = value.span().start;
    match T::deserialize(value.into_deserializer()) {
        Ok(read) => Some(read),
        Err(error) => {
            let at = error.span().map_or(at, |span| span.start);
            problems.push(Problem::new(at, error.message().to_owned()));
            None
        }
    }
}

fn unknown(table: &Table<'_>, keys: &[&str], place: &str, problems: &mut Problems) {
    for (key, _) in table.iter().filter(|(key, _)| !keys.contains(&key.get_ref().as_ref())) {
        let message = format!("unknown key `{}` in {place}", key.get_ref());
        problems.push(Problem::new(key.span().start, message).help(did_you_mean(key.get_ref(), keys)));
    }
}
