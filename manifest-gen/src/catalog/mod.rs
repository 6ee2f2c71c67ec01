//! What is known about images, as data: one file an image family in `catalog/`, and what `orch.toml`
//! adds to it.
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

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, OnceLock};

use include_dir::{Dir, include_dir};
use orch_manifest::grammar::Problem;
use orch_manifest::model::Kind;
use orch_manifest::{ImageRef, did_you_mean};

pub use entry::{Entry, Image, Login, Stream, Tenants};
pub use layer::{Beneath, Known};
pub(crate) use page::{IMAGE_KEYS, PAGE_KEYS, Page, SERVICE_KEYS};
use variant::Subject;
pub(crate) use variant::VARIANT_KEYS;

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
        self.page.get_or_init(|| Page::parse(self.path, self.text, &mut Vec::new()).map(Arc::new)).as_ref()
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
    /// What `orch.toml` says about images, by their names.
    own: BTreeMap<String, Arc<Page>>,
}

impl Catalog {
    /// What is known without `orch.toml`.
    pub fn built_in() -> Self {
        Self::default()
    }

    /// The same with what `orch.toml` says about images, each under its name.
    pub(crate) fn with(own: &BTreeMap<String, Arc<Page>>) -> Self {
        Self { own: own.clone() }
    }

    /// What is known about an image, for a service of this kind.
    pub fn find(&self, image: &ImageRef, kind: Option<&Kind>) -> Option<Entry> {
        self.resolve(image, kind, &mut Vec::new())
    }

    /// The same; what cannot be is added to the problems.
    fn resolve(&self, image: &ImageRef, kind: Option<&Kind>, problems: &mut Vec<Problem<usize>>) -> Option<Entry> {
        let name = name(image);
        let own = self.own.get(&name);
        let like = own.and_then(|page| page.like.as_ref()).map_or(name.as_str(), |(like, _)| like);
        let base = BUILT_IN.get(like).and_then(|page| page.page());
        let base = base.filter(|page| page.images.iter().any(|image| image == like));
        let subject = Subject { image, name: &name, kind };
        let mut entry: Option<Entry> = None;
        for page in base.into_iter().chain(own) {
            entry.get_or_insert_with(|| Entry::new(image)).add(page, subject, problems);
        }
        entry
    }

    /// Adds to the problems what cannot be in what `orch.toml` says.
    pub(crate) fn check(&self, problems: &mut Vec<Problem<usize>>) {
        let known = self.images();
        for (name, page) in &self.own {
            if let Some((like, at)) = &page.like
                && !BUILT_IN.contains_key(like.as_str())
            {
                let message = format!("the catalog does not know the image `{like}`");
                problems.push(Problem::new(*at, message).help(did_you_mean(like, &known)));
            }
            if let Ok(image) = ImageRef::parse(name) {
                self.resolve(&image, None, problems);
            }
        }
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
