//! The file and the line of an attribute.

use std::path::{Component, Path, PathBuf};

use proc_macro2::Span;

/// Where an attribute is.
pub(crate) struct Location {
    /// Relative to the package's folder, with `/`; `$OUT_DIR/…` for a file that a build script made.
    pub(crate) file: String,
    /// From 1.
    pub(crate) line: u32,
    /// From 1.
    pub(crate) column: u32,
}

impl Location {
    /// The place of the attribute, or of the item's name where the attribute came out of a macro of
    /// another package.
    pub(crate) fn of(item: Span) -> Self {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from).unwrap_or_default();
        let attribute = proc_macro::Span::call_site();
        let span = [attribute, item.unwrap()].into_iter().find(|span| path(*span).starts_with(&package));
        let span = span.unwrap_or(attribute);
        Self {
            file: relative(&path(span), &package),
            line: u32::try_from(span.line()).unwrap_or(0),
            column: u32::try_from(span.column()).unwrap_or(0),
        }
    }
}

/// The absolute path of a span's file. rustc names files relative to its working folder, which is
/// the workspace's for members and the package's for everything else.
fn path(span: proc_macro::Span) -> PathBuf {
    let file = span.local_file().unwrap_or_else(|| span.file().into());
    let mut path = std::env::current_dir().unwrap_or_default();
    for component in file.components() {
        match component {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            component => path.push(component),
        }
    }
    path
}

/// A path that says nothing about the machine.
fn relative(path: &Path, package: &Path) -> String {
    // First, since the build folder may lie inside the package.
    let generated = std::env::var_os("OUT_DIR").and_then(|out| Some(slashes(path.strip_prefix(out).ok()?)));
    if let Some(generated) = generated {
        return format!("$OUT_DIR/{generated}");
    }
    if let Ok(inside) = path.strip_prefix(package) {
        return slashes(inside);
    }
    let workspace = std::env::current_dir().unwrap_or_default();
    if let (Ok(file), Ok(package)) = (path.strip_prefix(&workspace), package.strip_prefix(&workspace)) {
        let shared = file.components().zip(package.components()).take_while(|(a, b)| a == b).count();
        let up = "../".repeat(package.components().count() - shared);
        return up + &slashes(&file.components().skip(shared).collect::<PathBuf>());
    }
    slashes(Path::new(path.file_name().unwrap_or_default()))
}

fn slashes(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
