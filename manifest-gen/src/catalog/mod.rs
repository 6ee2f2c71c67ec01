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
use std::sync::{Arc, LazyLock};

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
static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| {
    let files = FILES.files().filter(|file| file.path().extension().is_some_and(|extension| extension == "toml"));
    let page = |file: &include_dir::File<'_>| {
        // A file that is no page fails the test of this module, not a user's command.
        let page = Page::parse(file.path().to_str()?, file.contents_utf8()?, &mut Vec::new());
        page.map(Arc::new)
    };
    Catalog { pages: files.filter_map(page).collect(), own: BTreeMap::new() }
});

/// Everything that is known about images.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// One an image family.
    pages: Vec<Arc<Page>>,
    /// What `orch.toml` says about images, by their names.
    own: BTreeMap<String, Arc<Page>>,
}

impl Catalog {
    /// What is known without `orch.toml`.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The same with what `orch.toml` says about images, each under its name.
    pub(crate) fn with(&self, own: &BTreeMap<String, Arc<Page>>) -> Self {
        Self { pages: self.pages.clone(), own: own.clone() }
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
        let base = self.pages.iter().find(|page| page.images.iter().any(|image| image == like));
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
                && !self.pages.iter().any(|page| page.images.contains(like))
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
        let built_in = self.pages.iter().flat_map(|page| &page.images);
        let own = self.own.keys().filter(|name| !self.pages.iter().any(|page| page.images.contains(name)));
        built_in.chain(own).map(String::as_str).collect()
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
