//! What names mean in the modules and blocks of a crate.

use std::collections::BTreeMap;
use std::rc::Rc;

use camino::Utf8PathBuf;
use orch_attributes::item::Place;
use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::tokens::{Path, is_ident, is_punct, path, plain, split};

/// A crate whose sources were read, with its features.
#[derive(Debug, Default)]
pub(super) struct Crate {
    /// The root module is the first.
    pub(super) scopes: Vec<Scope>,
    /// Crates that `extern crate` gives a name everywhere: that name, and what it stands for.
    pub(super) externs: Vec<(String, String)>,
    /// Crates of which `#[macro_use]` takes every macro.
    pub(super) macro_use: Vec<String>,
    /// Every attribute that may be one of orch.
    pub(super) candidates: Vec<Candidate>,
    /// What cannot be known about its sources.
    pub(super) doubts: Vec<Doubt>,
    /// The files that were read.
    pub(super) files: Vec<Utf8PathBuf>,
}

/// A module, or a block with items in it.
#[derive(Debug)]
pub(super) struct Scope {
    /// The scope around a block, in which names are looked for next.
    pub(super) around: Option<usize>,
    /// The module that it is or is in.
    pub(super) module: usize,
    /// The module above, of a module.
    pub(super) above: Option<usize>,
    /// The path of its module, as rustc writes it.
    pub(super) path: String,
    pub(super) names: BTreeMap<String, Vec<Binding>>,
    /// Modules all of whose names are imported.
    pub(super) globs: Vec<(Path, Visibility)>,
    /// A macro that may add names.
    pub(super) open: Option<String>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) target: Target,
    pub(super) visibility: Visibility,
}

#[derive(Debug)]
pub(super) enum Target {
    /// What it is imported from.
    Import(Path),
    /// A module of the same crate.
    Module(usize),
    /// The crate that `extern crate` names.
    Crate(String),
    /// A type or a trait.
    Type,
}

/// Who sees a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visibility {
    /// The module and what is in it.
    Private,
    /// More of the crate.
    Crate,
    /// Everybody.
    Public,
}

/// An attribute, or a path in a macro, that may be one of orch.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) scope: usize,
    pub(super) path: Path,
    pub(super) spot: Spot,
    pub(super) form: Form,
    /// Why it cannot be known whether it takes effect.
    pub(super) doubt: Option<Rc<str>>,
}

/// In what form it stands there.
#[derive(Debug)]
pub(super) enum Form {
    /// An attribute on an item.
    Attribute { args: TokenStream, span: Span, item: String, place: Place },
    /// An attribute among tokens that only a macro understands.
    Hidden,
    /// A path among such tokens that is no attribute, or the beginning of one if `module`.
    Mention { module: bool },
}

/// A place in a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Spot {
    /// Relative to the package.
    pub(super) file: Rc<str>,
    /// From 1.
    pub(super) line: u32,
    /// From 1.
    pub(super) column: u32,
}

impl Spot {
    /// The beginning of a span in a file.
    pub(super) fn new(file: &Rc<str>, span: Span) -> Self {
        let start = span.start();
        let number = |number: usize| u32::try_from(number).unwrap_or(0);
        Self { file: Rc::clone(file), line: number(start.line), column: number(start.column + 1) }
    }
}

/// Something that only compiling can tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Doubt {
    pub(super) spot: Spot,
    pub(super) why: String,
}

impl Crate {
    /// Adds the root module.
    pub(super) fn root(name: &str) -> Self {
        let root = Scope::new(None, 0, None, name.to_owned());
        Self { scopes: vec![root], ..Self::default() }
    }

    /// Adds a module below a scope; `name` as it is written.
    pub(super) fn module(&mut self, below: usize, name: &str, visibility: Visibility) -> usize {
        let (above, id) = (self.scopes[below].module, self.scopes.len());
        let path = format!("{}::{name}", self.scopes[below].path);
        self.scopes.push(Scope::new(None, id, Some(above), path));
        self.bind(below, name.trim_start_matches("r#"), Target::Module(id), visibility);
        // A module in a function sees nothing of the function.
        id
    }

    /// Adds a block with items in a scope.
    pub(super) fn block(&mut self, within: usize) -> usize {
        let Scope { module, path, .. } = &self.scopes[within];
        let block = Scope::new(Some(within), *module, None, path.clone());
        self.scopes.push(block);
        self.scopes.len() - 1
    }

    /// Gives a name a meaning.
    pub(super) fn bind(&mut self, scope: usize, name: &str, target: Target, visibility: Visibility) {
        self.scopes[scope].names.entry(name.to_owned()).or_default().push(Binding { target, visibility });
    }

    /// Reads what stands between `use` and `;`.
    pub(super) fn import(&mut self, scope: usize, tree: &[TokenTree], visibility: Visibility) {
        self.import_below(scope, &Path { global: false, segments: Vec::new() }, tree, visibility);
    }

    fn import_below(&mut self, scope: usize, prefix: &Path, tree: &[TokenTree], visibility: Visibility) {
        let (mut whole, mut at) = (prefix.clone(), 0);
        if let Some((path, length)) = path(tree) {
            whole.global |= path.global;
            whole.segments.extend(path.segments);
            at = length;
        }
        // `use ::{a, b}`, `use a::{b}`
        while is_punct(tree.get(at), ':') {
            whole.global |= at == 0 && prefix.segments.is_empty();
            at += 1;
        }
        match tree.get(at) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for tree in split(&inner) {
                    self.import_below(scope, &whole, tree, visibility);
                }
            }
            Some(star) if is_punct(Some(star), '*') => self.scopes[scope].globs.push((whole, visibility)),
            alias => {
                if whole.segments.len() > 1 && whole.last() == "self" {
                    whole.segments.pop();
                }
                let name = match (is_ident(alias, "as"), tree.get(at + 1)) {
                    (true, Some(TokenTree::Ident(name))) => plain(name),
                    _ => whole.last().to_owned(),
                };
                self.bind(scope, &name, Target::Import(whole), visibility);
            }
        }
    }
}

impl Scope {
    fn new(around: Option<usize>, module: usize, above: Option<usize>, path: String) -> Self {
        Self { around, module, above, path, names: BTreeMap::new(), globs: Vec::new(), open: None }
    }
}
