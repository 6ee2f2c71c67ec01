//! What is known about images, as data: one file an image family in `catalog/`, and what `orch.toml`
//! and the files of its folder add to it.
//!
//! | module | does |
//! |---|---|
//! | `page` | a file, or a section of `orch.toml`, as it is written |
//! | `variant` | for which images of a family something differs |
//! | `entry` | what is known about one image: a page with its variants |
//! | `layer` | what an entry says beneath what a service states |

mod entry;
mod layer;
mod page;
mod variant;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, OnceLock};

use include_dir::{Dir, include_dir};
use orch_manifest::grammar::Problem;
use orch_manifest::model::Kind;
use orch_manifest::{ImageRef, did_you_mean};

pub use entry::{Aspect, Entry, Image, Login, PageFile, Stream, Tenants};
pub use layer::{Beneath, Known};
pub(crate) use page::{IMAGE_KEYS, PAGE_KEYS, Page, SERVICE_KEYS};
use variant::Subject;
pub(crate) use variant::VARIANT_KEYS;

use crate::config::Mistake;

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/catalog");
static BUILT_IN: LazyLock<BTreeMap<&'static str, Arc<BuiltIn>>> = LazyLock::new(|| {
    let files = FILES.files().filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"));
    let page = |file: &'static include_dir::File<'static>| {
        let (path, text) = (file.path().to_str()?, file.contents_utf8()?);
        let page = Arc::new(BuiltIn { path, text, page: OnceLock::new() });
        Some(images_of(text).map(move |image| (image, page.clone())))
    };
    files.filter_map(page).flatten().collect()
});

/// A page that is built in. Most commands ask for a few of them, so each is read when it is asked for.
#[derive(Debug)]
struct BuiltIn {
    path: &'static str,
    text: &'static str,
    page: OnceLock<Option<Arc<Page>>>,
}

impl BuiltIn {
    fn page(&self) -> Option<&Arc<Page>> {
        // A file that is no page fails the test of this module, not a user's command.
        let page = || Page::built_in(self.path, self.text, &mut Vec::new()).map(Arc::new);
        self.page.get_or_init(page).as_ref()
    }
}

/// The images that a page is about, without reading all of it: what is quoted in its line `images = […]`.
fn images_of(text: &str) -> impl Iterator<Item = &str> {
    let line = text.lines().find_map(|line| line.strip_prefix("images = [")).unwrap_or_default();
    line.split('"').skip(1).step_by(2)
}

/// Everything that is known about images.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Pages of one's own, by the names of their images; a later one is over those before it.
    own: BTreeMap<String, Vec<Arc<Page>>>,
}

/// A page on the way to what is known about an image.
pub(crate) struct Step<'a> {
    pub(crate) page: &'a Page,
    /// What is known with it and all pages beneath it.
    pub(crate) entry: Entry,
    subject: Subject<'a>,
}

impl Step<'_> {
    /// The line on which a page of one's own says an attribute's key, or an entry of the map that it holds.
    pub(crate) fn line(&self, key: &str, rest: Option<&str>) -> Option<usize> {
        self.page.line(key, rest, self.subject)
    }
}

impl Catalog {
    /// What is known without `orch.toml`.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The same with pages of one's own, each over those before it.
    pub(crate) fn with<'a>(pages: impl IntoIterator<Item = &'a Arc<Page>>) -> Self {
        let mut catalog = Self::default();
        for page in pages {
            for (image, _) in page.images() {
                catalog.own.entry(image.to_owned()).or_default().push(page.clone());
            }
        }
        catalog
    }

    /// What is known about an image, for a service of this kind.
    pub fn find(&self, image: &ImageRef, kind: Option<&Kind>) -> Option<Entry> {
        self.resolve(image, kind, &mut Vec::new())
    }

    /// The same; what cannot be is added to the mistakes.
    fn resolve(&self, image: &ImageRef, kind: Option<&Kind>, mistakes: &mut Vec<Mistake>) -> Option<Entry> {
        let name = name(image);
        let mut entry = None;
        for (page, name) in self.pages(&name) {
            entry.get_or_insert_with(|| Entry::new(image)).add(page, Subject { image, name, kind }, mistakes);
        }
        entry
    }

    /// What is known about an image, page by page.
    pub(crate) fn steps<'a>(&'a self, image: &'a ImageRef, name: &'a str, kind: Option<&'a Kind>) -> Vec<Step<'a>> {
        let mut entry = Entry::new(image);
        let step = |(page, name): (&'a Arc<Page>, &'a str)| {
            let subject = Subject { image, name, kind };
            entry.add(page, subject, &mut Vec::new());
            Step { page, entry: entry.clone(), subject }
        };
        self.pages(name).into_iter().map(step).collect()
    }

    /// The pages about an image, the lowest first, each with the name that the image has on it: where it is like
    /// another, that one's pages are beneath its own.
    fn pages<'a>(&'a self, name: &'a str) -> Vec<(&'a Arc<Page>, &'a str)> {
        let mut layers: Vec<(&Arc<Page>, &str)> = Vec::new();
        let mut seen = BTreeSet::new();
        let mut next = Some(name);
        while let Some(name) = next.filter(|name| seen.insert(*name)) {
            let own = self.own.get(name).map(Vec::as_slice).unwrap_or_default();
            layers.extend(own.iter().rev().map(|page| (page, name)));
            let like = own.iter().rev().find_map(|page| page.like()).filter(|like| *like != name);
            if like.is_none() {
                layers.extend(BUILT_IN.get(name).and_then(|page| page.page()).map(|page| (page, name)));
            }
            next = like;
        }
        layers.reverse();
        layers
    }

    /// Adds to the mistakes what cannot be in pages of one's own.
    pub(crate) fn check(&self, mistakes: &mut Vec<Mistake>) {
        let known = self.images();
        for (name, pages) in &self.own {
            for page in pages {
                let problem = page.like.as_ref().and_then(|(like, at)| {
                    if !known.contains(&like.as_str()) {
                        let message = format!("the catalog does not know the image `{like}`");
                        return Some(Problem::new(*at, message).help(did_you_mean(like, &known)));
                    }
                    let circle = like != name && self.is_like(like, name);
                    circle.then(|| {
                        Problem::new(*at, format!("`{name}` is like `{like}`, and that is like `{name}`"))
                            .help("take one of the two `like` out")
                    })
                });
                mistakes.extend(problem.map(|problem| page.source().mistake(problem)));
            }
            if let Ok(image) = ImageRef::parse(name) {
                self.resolve(&image, None, mistakes);
            }
        }
    }

    /// Whether an image starts from another, at however many removes.
    fn is_like(&self, image: &str, other: &str) -> bool {
        self.pages(image).iter().any(|(_, name)| *name == other)
    }

    /// The images that are known, as they are named: those of a family beside each other.
    pub fn images(&self) -> Vec<&str> {
        let files = FILES.files().filter_map(|file| file.contents_utf8());
        let own = self.own.keys().map(String::as_str).filter(|name| !BUILT_IN.contains_key(name));
        files.flat_map(images_of).chain(own).collect()
    }
}

/// The name of an image without its tag, as a page has it: without what Docker Hub adds.
pub(crate) fn name(image: &ImageRef) -> String {
    let repository = image.repository();
    match image.registry() {
        None | Some("docker.io" | "index.docker.io" | "registry-1.docker.io") => {
            repository.strip_prefix("library/").unwrap_or(repository).to_owned()
        }
        Some(registry) => format!("{registry}/{repository}"),
    }
}

#[cfg(test)]
mod tests;
