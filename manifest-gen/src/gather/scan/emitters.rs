//! Macros of crates that are not walked, since they do not depend on orch themselves or are
//! procedural: what they write may still be one of its attributes.
//!
//! Only crates that were not downloaded are looked at: one from elsewhere that does not depend on orch
//! is taken to know nothing of it.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use orch_attributes::Attribute;
use proc_macro2::TokenTree;

use super::files;
use super::names::{Doubt, Spot};
use super::tokens::{self, is_punct};

/// What was found in one package.
#[derive(Debug, Default)]
pub(super) struct Emitted {
    pub(super) doubts: Vec<Doubt>,
    /// The files that were read.
    pub(super) files: Vec<Utf8PathBuf>,
}

/// Looks through the sources of a package for paths to attributes of orch, which its dependents call
/// by these names.
pub(super) fn find(root: &Utf8Path, names: &BTreeSet<String>) -> Emitted {
    let mut emitted = Emitted::default();
    collect(&root.join("src"), &mut emitted.files);
    emitted.files.sort();
    for path in &emitted.files {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let may_write = names.iter().any(|name| text.contains(name)) || text.contains("quote");
        if !may_write {
            continue;
        }
        // What is no Rust is left to whoever compiles it.
        let Ok(tokens) = tokens::read(path) else { continue };
        let mut found = Vec::new();
        paths(&tokens, names, &mut found);
        let file = files::shown(path, root, root).into();
        emitted.doubts.extend(found.into_iter().map(|(path, span)| Doubt {
            spot: Spot::new(&file, span),
            why: format!("`{path}`: a macro of this package may write it"),
        }));
    }
    emitted
}

fn collect(folder: &Utf8Path, out: &mut Vec<Utf8PathBuf>) {
    for entry in folder.read_dir_utf8().into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => collect(entry.path(), out),
            Ok(_) if entry.path().extension() == Some("rs") => out.push(entry.path().to_owned()),
            _ => {}
        }
    }
}

fn paths(tokens: &[TokenTree], names: &BTreeSet<String>, out: &mut Vec<(tokens::Path, proc_macro2::Span)>) {
    let mut at = 0;
    while at < tokens.len() {
        if let TokenTree::Group(group) = &tokens[at] {
            paths(&group.stream().into_iter().collect::<Vec<_>>(), names, out);
        }
        let Some((path, length)) = tokens::path(&tokens[at..]) else {
            at += 1;
            continue;
        };
        if let [before @ .., last] = path.segments.as_slice() {
            // `#name` in a quotation stands for anything.
            let quoted = at > 0 && is_punct(tokens.get(at - 1), '#') && !before.is_empty();
            let known = before.iter().any(|name| names.contains(name));
            if Attribute::find(last).is_some() && (known || quoted) {
                out.push((path, tokens[at].span()));
            }
        }
        at += length;
    }
}
