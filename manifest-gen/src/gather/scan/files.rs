//! Which file a module is in, and what it is called in a manifest.

use camino::{Utf8Path, Utf8PathBuf};
use proc_macro2::TokenTree;

use super::tokens::{is_ident, is_punct, normalized, split, text};

/// Where the files of modules are looked for.
///
/// Source: The Rust Reference, "Modules", "Module source filenames" and "The path attribute".
#[derive(Clone, Debug)]
pub(super) struct Directory {
    path: Utf8PathBuf,
    /// The module whose own folder comes first, when its file is not a `mod.rs`.
    module: Option<String>,
}

impl Directory {
    /// That of a crate's root or of an included file.
    pub(super) fn of(file: &Utf8Path) -> Self {
        Self { path: file.parent().map(Utf8Path::to_owned).unwrap_or_default(), module: None }
    }

    /// That of a module in braces.
    pub(super) fn inline(&self, name: &str, path: Option<&str>) -> Self {
        let path = match path {
            Some(path) => self.path.join(path),
            None => self.path.join(self.module.as_deref().unwrap_or_default()).join(name),
        };
        Self { path: normalized(&path), module: None }
    }

    /// The file of a module, and where the files of its modules are looked for.
    pub(super) fn file(&self, name: &str, path: Option<&str>) -> Option<(Utf8PathBuf, Self)> {
        if let Some(path) = path {
            let file = normalized(&self.path.join(path));
            return file.is_file().then(|| (file.clone(), Self::of(&file)));
        }
        let folder = self.path.join(self.module.as_deref().unwrap_or_default());
        let (beside, within) = (folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs"));
        if beside.is_file() {
            return Some((beside, Self { path: normalized(&folder), module: Some(name.to_owned()) }));
        }
        within.is_file().then(|| (within.clone(), Self::of(&within)))
    }
}

/// The path in `include!("…")` and `include!(concat!(env!("CARGO_MANIFEST_DIR"), "…"))`; `None` for
/// one that has to be computed.
pub(super) fn included(argument: &[TokenTree], root: &Utf8Path) -> Option<String> {
    match argument {
        [TokenTree::Literal(literal)] => text(literal),
        [argument @ .., comma] if is_punct(Some(comma), ',') => included(argument, root),
        [name, bang, TokenTree::Group(group)] if is_punct(Some(bang), '!') => {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            if is_ident(Some(name), "concat") {
                return split(&inner).into_iter().map(|part| included(part, root)).collect();
            }
            let variable = included(&inner, root)?;
            (is_ident(Some(name), "env") && variable == "CARGO_MANIFEST_DIR").then(|| root.to_string())
        }
        _ => None,
    }
}

/// A file as the compiled attributes name it: relative to the package, or else to the folder in which
/// rustc runs, or else by its name.
pub(super) fn shown(path: &Utf8Path, package: &Utf8Path, cwd: &Utf8Path) -> String {
    let slashes = |path: &Utf8Path| path.as_str().replace('\\', "/");
    if let Ok(inside) = path.strip_prefix(package) {
        return slashes(inside);
    }
    if let (Ok(file), Ok(package)) = (path.strip_prefix(cwd), package.strip_prefix(cwd)) {
        let shared = file.components().zip(package.components()).take_while(|(a, b)| a == b).count();
        let up = "../".repeat(package.components().count() - shared);
        return up + &slashes(&file.components().skip(shared).collect::<Utf8PathBuf>());
    }
    path.file_name().unwrap_or_default().to_owned()
}
