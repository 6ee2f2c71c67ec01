//! What it says about images beyond the catalog: sections, and pages in a folder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use orch_manifest::grammar::Problem;

use super::parse::{self, Problems, Value};
use super::{ConfigError, Dir, Mistake, Source};
use crate::catalog::{Catalog, Page};

/// The keys of `[catalog]` that are no image.
pub(super) const CATALOG_KEYS: [&str; 1] = ["dir"];
/// The size up to which a file is taken for a page, in bytes.
const PAGE_LIMIT: u64 = 1 << 20;

/// `[catalog]`
#[derive(Clone, Debug, Default)]
pub(super) struct KnownImages {
    /// The folder of pages.
    pub(super) dir: Option<Dir>,
    /// `[catalog.IMAGE]`
    sections: Vec<Arc<Page>>,
}

impl KnownImages {
    pub(super) fn read(value: &Value<'_>, source: &Arc<Source>, problems: &mut Problems) -> Self {
        let mut known = Self::default();
        for (name, value) in parse::table(value, problems) {
            if CATALOG_KEYS.contains(&name.get_ref().as_ref()) {
                known.dir = parse::dir(value, "deploy/catalog", problems);
            } else if let Some(page) = Page::section(source, name, value, problems) {
                known.sections.push(Arc::new(page));
            }
        }
        known
    }

    /// The catalog with these pages over what is built in, and the sections over them. What is wrong
    /// is added to the mistakes.
    pub(super) fn over(&self, pages: &[Arc<Page>], mistakes: &mut Vec<Mistake>) -> Catalog {
        let mut first: BTreeMap<&str, &Source> = BTreeMap::new();
        for page in pages {
            for (image, at) in page.images() {
                if let Some(other) = first.insert(image, page.source()) {
                    let problem = Problem::new(at, format!("`{image}` is in {} already", other.path))
                        .help("say it in one of them");
                    mistakes.push(page.source().mistake(problem));
                }
            }
        }
        let catalog = Catalog::with(pages.iter().chain(&self.sections));
        catalog.check(mistakes);
        catalog
    }
}

/// The pages in a folder: its files that end in `.toml`, in the order of their names. Other files, folders and what
/// is hidden are left alone.
pub(super) fn pages(dir: &Dir, source: &Source, mistakes: &mut Vec<Mistake>) -> Result<Vec<Arc<Page>>, ConfigError> {
    let folder = source.folder.join(&dir.path);
    if !folder.is_dir() {
        let problem = Problem::new(dir.at, format!("there is no folder `{}`", dir.path))
            .help("make it, with a file for each family of images, or take the line out");
        mistakes.push(source.mistake(problem));
        return Ok(Vec::new());
    }
    let mut pages = Vec::new();
    for name in names(&folder).map_err(|error| ConfigError::Read { path: folder.clone(), source: error })? {
        let path = folder.join(&name);
        let text = text(&path).map_err(|error| ConfigError::Read { path, source: error })?;
        let file = Arc::new(Source::new(&source.folder, dir.path.join(&name), text));
        let mut problems = Vec::new();
        let page = Page::parse(&file, &mut problems);
        pages.extend(page.filter(|_| problems.is_empty()).map(Arc::new));
        mistakes.extend(file.mistakes(problems));
    }
    Ok(pages)
}

fn names(folder: &Utf8Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let name = entry.file_name();
        if entry.path().extension() == Some("toml") && !name.starts_with('.') && !entry.path().is_dir() {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

/// Reads what is a file of a size that a page may have: a device would never end.
fn text(path: &Utf8Path) -> io::Result<String> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    if metadata.len() > PAGE_LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    fs::read_to_string(path)
}

impl Dir {
    /// The folder, from where a source is.
    pub(super) fn of(&self, source: &Source) -> Utf8PathBuf {
        source.folder.join(&self.path)
    }
}
