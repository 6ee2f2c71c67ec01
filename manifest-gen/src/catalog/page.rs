//! A file of the catalog, or a section of `orch.toml`, as it is written.

use std::collections::BTreeMap;
use std::sync::Arc;

use orch_manifest::grammar::{Args, Problem};
use orch_manifest::model::{File, Kind};
use orch_manifest::{AbsolutePath, EnvName, ImageRef, SourcePath, did_you_mean};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Aspect, Login, Stream, Tenants};
use super::variant::{Subject, VARIANT_KEYS, Which};
use crate::config::{Source, place, tree};

/// The keys of a page beyond those of [`Facts`].
pub(crate) const PAGE_KEYS: [&str; 18] = [
    "like", "service", "variant", "name", "kind", "read_for", "sources", "image", "login", "file_env", "instead",
    "tenants", "clusters", "client", "dump", "restore", "file", "none",
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
    /// Where it is written.
    source: Arc<Source>,
    own: bool,
    /// The images, with the registry where it is not Docker Hub, and where each is named.
    images: Vec<(String, usize)>,
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
    pub(super) service: Args,
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
    pub(super) none: BTreeMap<Aspect, String>,
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
    /// Reads a file that is built in.
    pub(super) fn built_in(path: &str, text: &str, problems: &mut Problems) -> Option<Self> {
        let source = Source::new("".into(), path, text);
        Self::parse(&Arc::new(source), problems).map(|page| Self { own: false, ..page })
    }

    /// Reads a file of one's own.
    pub(crate) fn parse(source: &Arc<Source>, problems: &mut Problems) -> Option<Self> {
        let document = match DeTable::parse(&source.text) {
            Ok(document) => document,
            Err(error) => {
                problems.push(Problem::new(error.span().map_or(0, |span| span.start), error.message()));
                return None;
            }
        };
        let mut table = document.into_inner();
        let images = images(table.remove("images").as_ref(), problems);
        Some(Self { images, ..Self::read(source, 0, table, problems) })
    }

    /// Reads the section of `orch.toml` about the image of this name.
    pub(crate) fn section(
        source: &Arc<Source>,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        value: &Value<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let at = name.span().start;
        problems.extend(not_a_name(name.get_ref(), at));
        let Some(table) = value.get_ref().as_table() else {
            problems.push(
                Problem::new(value.span().start, "expected a table")
                    .help("write `[catalog.\"IMAGE\"]` and its keys below it"),
            );
            return None;
        };
        let page = Self::read(source, at, table.clone(), problems);
        Some(Self { images: vec![(name.get_ref().to_string(), at)], ..page })
    }

    /// The images that it is about, and where each is named.
    pub(crate) fn images(&self) -> impl Iterator<Item = (&str, usize)> {
        self.images.iter().map(|(image, at)| (image.as_str(), *at))
    }

    /// Where it is written.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The file, as messages name it.
    pub(crate) fn file(&self) -> &str {
        self.source.path.as_str()
    }

    /// Whether it is not built in.
    pub(super) fn is_own(&self) -> bool {
        self.own
    }

    /// The image that it starts from.
    pub(super) fn like(&self) -> Option<&str> {
        self.like.as_ref().map(|(like, _)| like.as_str())
    }

    /// What it says about an image: first of the family, then of the variants that the image is one of.
    pub(super) fn said_of<'a>(&'a self, subject: Subject<'a>) -> impl Iterator<Item = &'a Said> {
        let variants = self.variants.iter().filter(move |variant| variant.which.is(subject));
        std::iter::once(&self.said).chain(variants.map(|variant| &variant.said))
    }

    /// The line on which a page of one's own says an attribute's key, or an entry of the map that it holds.
    pub(super) fn line(&self, key: &str, rest: Option<&str>, subject: Subject<'_>) -> Option<usize> {
        let at = self.said_of(subject).filter_map(|said| place(&said.service, key, rest)).last()?;
        self.own.then(|| self.source.position(at).0)
    }

    /// Reads what both have.
    fn read(source: &Arc<Source>, at: usize, mut table: Table<'_>, problems: &mut Problems) -> Self {
        let like = table.remove("like").and_then(|value| {
            let at = value.span().start;
            Some((read(value, problems)?, at))
        });
        let variants = table.remove("variant").map(|value| variants(&value, problems)).unwrap_or_default();
        unknown(&table, &PAGE_KEYS, "an image of the catalog", problems);
        let said = Said::read(at, table, problems);
        Self { source: source.clone(), own: true, images: Vec::new(), like, said, variants }
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

/// The images that a file is about.
fn images(value: Option<&Value<'_>>, problems: &mut Problems) -> Vec<(String, usize)> {
    let list = value.and_then(|value| value.get_ref().as_array()).filter(|list| list.iter().next().is_some());
    let Some(list) = list else {
        let at = value.map_or(0, |value| value.span().start);
        let problem = Problem::new(at, "a page says in `images` which images it is about");
        problems.push(problem.help("write `images = [\"acme/ledger\"]`, without a tag"));
        return Vec::new();
    };
    let mut images = Vec::new();
    for item in list {
        let at = item.span().start;
        match item.get_ref().as_str() {
            Some(name) => {
                problems.extend(not_a_name(name, at));
                images.push((name.to_owned(), at));
            }
            None => problems.push(Problem::new(at, "expected a string").help("write it in quotes")),
        }
    }
    images
}

/// Why a text is not the name of an image as the catalog has it.
fn not_a_name(text: &str, at: usize) -> Option<Problem<usize>> {
    match ImageRef::parse(text) {
        Ok(image) if image.tag().is_none() && image.digest().is_none() && super::name(&image) == text => None,
        Ok(image) => {
            let help = format!("write `{}`; `variant` says what differs for a tag", super::name(&image));
            Some(Problem::new(at, "an image of the catalog has no tag").help(help))
        }
        Err(invalid) => Some(Problem { span: at, message: invalid.problem, help: invalid.help }),
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
