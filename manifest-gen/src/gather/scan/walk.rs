//! Walking the modules of a crate on tokens.
//!
//! Every token is looked at in one of three ways: as what is compiled, as what is left out by `cfg`,
//! or as what only a macro understands. The attributes in a file are counted apart from that, so that
//! one which came into neither is found.

use std::collections::HashSet;
use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};
use orch_attributes::item::{self, Head};
use proc_macro2::{Delimiter, Group, Span, TokenTree};

use super::cfg::{Conditions, Verdict};
use super::files::{self, Directory};
use super::macros;
use super::names::{Candidate, Crate, Doubt, Form, Spot, Target, Visibility};
use super::packages::{Package, Source};
use super::tokens::{self, Attribute, attribute_at, attributes, is_brace, is_ident, is_punct, plain, split};

/// Attributes that are never a procedural macro and never leave anything out.
const INERT: &[&str] = &[
    "allow",
    "cold",
    "deny",
    "deprecated",
    "derive",
    "doc",
    "expect",
    "forbid",
    "inline",
    "must_use",
    "no_mangle",
    "non_exhaustive",
    "path",
    "repr",
    "serde",
    "unsafe",
    "warn",
];

/// Reads one target of a package.
pub(super) fn walk(package: &Package, target: &Source, cwd: &Utf8Path, conditions: Conditions<'_>) -> Crate {
    let name = target.crate_name();
    let mut walker =
        Walker { package, cwd, conditions, krate: Crate::root(&name), seen: HashSet::new(), open: Vec::new() };
    let path = tokens::normalized(&target.path);
    let here = Here { scope: 0, file: walker.shown(&path), dir: Directory::of(&path), doubt: None };
    walker.source(&path, &here, &Spot { file: Rc::clone(&here.file), line: 1, column: 1 });
    walker.krate
}

pub(super) struct Walker<'a> {
    pub(super) package: &'a Package,
    /// The folder in which rustc would run.
    cwd: &'a Utf8Path,
    conditions: Conditions<'a>,
    pub(super) krate: Crate,
    /// Where attributes were looked at.
    pub(super) seen: HashSet<Spot>,
    /// The files in which the walk is, from the outermost.
    pub(super) open: Vec<Utf8PathBuf>,
}

/// Where the walk is.
#[derive(Clone)]
pub(super) struct Here {
    pub(super) scope: usize,
    pub(super) file: Rc<str>,
    pub(super) dir: Directory,
    /// Why it cannot be known whether this is compiled.
    pub(super) doubt: Option<Rc<str>>,
}

impl Here {
    pub(super) fn doubting(&self, why: &str) -> Self {
        let doubt = self.doubt.clone().unwrap_or_else(|| why.into());
        Self { doubt: Some(doubt), ..self.clone() }
    }
}

impl Walker<'_> {
    pub(super) fn shown(&self, path: &Utf8Path) -> Rc<str> {
        files::shown(path, &self.package.root, self.cwd).into()
    }

    pub(super) fn doubt(&mut self, spot: Spot, why: impl Into<String>) {
        self.krate.doubts.push(Doubt { spot, why: why.into() });
    }

    /// Walks a file as the contents of a scope; `from` is where it is named.
    pub(super) fn source(&mut self, path: &Utf8Path, here: &Here, from: &Spot) {
        if self.open.iter().any(|open| open == path) {
            return self.doubt(from.clone(), format!("`{}` includes itself", here.file));
        }
        self.krate.files.push(path.to_owned());
        let tokens = match tokens::read(path) {
            Ok(tokens) => tokens,
            Err(problem) => {
                let why = format!("`{}` cannot be read as Rust: {problem}", here.file);
                return self.doubt(from.clone(), why);
            }
        };
        self.open.push(path.to_owned());
        self.list(&tokens, here, true);
        self.open.pop();
        let mut missed = Vec::new();
        each_attribute(&tokens, &mut |attribute| {
            let spot = Spot::new(&here.file, attribute.span);
            if !self.seen.contains(&spot) {
                missed.push((spot, attribute.path.clone()));
            }
        });
        for (spot, path) in missed {
            self.krate.candidates.push(Candidate {
                scope: here.scope,
                path,
                spot,
                form: Form::Hidden,
                doubt: Some("it stands where none is expected".into()),
            });
        }
    }

    /// Walks a list of tokens; `direct` when they are the items of the scope itself.
    fn list(&mut self, tokens: &[TokenTree], here: &Here, direct: bool) {
        let (mut verdict, mut at) = (Verdict::Yes, 0);
        while let Some((group, true, length)) = attribute_at(tokens, at) {
            let (inner, condition) = self.effective(group, tokens[at].span(), here);
            self.candidates(&inner, &[], here);
            verdict = verdict.and(condition);
            at += length;
        }
        let doubting;
        let here = match verdict {
            Verdict::Yes => here,
            Verdict::No => return self.leave_out(&tokens[at..], here),
            Verdict::Unknown(why) => {
                doubting = here.doubting(&why);
                &doubting
            }
        };
        while at < tokens.len() {
            at = self.element(tokens, at, here, direct);
        }
    }

    /// Looks at one element with its attributes, and returns where the next begins.
    fn element(&mut self, tokens: &[TokenTree], at: usize, here: &Here, direct: bool) -> usize {
        let (mut start, mut verdict, mut attributes) = (at, Verdict::Yes, Vec::new());
        while let Some((group, false, length)) = attribute_at(tokens, start) {
            let (more, condition) = self.effective(group, tokens[start].span(), here);
            attributes.extend(more);
            verdict = verdict.and(condition);
            start += length;
        }
        if start == at {
            return self.item(tokens, at, &[], here, direct);
        }
        let rest = &tokens[start..];
        let element = &rest[..item::length(rest)];
        match verdict {
            Verdict::Yes => {
                self.candidates(&attributes, element, here);
                if start < tokens.len() { self.item(tokens, start, &attributes, here, direct) } else { start }
            }
            Verdict::No => {
                // The end of a statement is a guess, the end of an item is not.
                if Head::find(element).keyword.is_empty() {
                    self.opaque(element, &here.doubting("it stands in what `cfg` may leave out"));
                } else {
                    self.leave_out(element, here);
                }
                start + element.len()
            }
            Verdict::Unknown(why) => {
                let here = here.doubting(&why);
                self.candidates(&attributes, element, &here);
                let mut at = 0;
                if !element.is_empty() {
                    at = self.item(element, 0, &attributes, &here, direct);
                }
                while at < element.len() {
                    at = self.element(element, at, &here, direct);
                }
                start + element.len()
            }
        }
    }

    /// The attributes in brackets that take effect, each with its doubt, and whether what they are on
    /// is compiled.
    fn effective(&mut self, group: &Group, span: Span, here: &Here) -> (Vec<Effective>, Verdict) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        for attribute in attributes(&tokens, span) {
            self.seen.insert(Spot::new(&here.file, attribute.span));
        }
        let mut result = (Vec::new(), Verdict::Yes);
        if let Some(attribute) = Attribute::parse(&tokens, span) {
            self.expand(attribute, None, &mut result);
        }
        result
    }

    fn expand(&self, attribute: Attribute, doubt: Option<String>, out: &mut (Vec<Effective>, Verdict)) {
        let verdict = if attribute.path.is("cfg") {
            self.conditions.evaluate(attribute.args())
        } else if attribute.path.is("test") || attribute.path.is("bench") {
            Verdict::No
        } else if attribute.path.is("cfg_attr") {
            let args: Vec<TokenTree> = attribute.args().into_iter().collect();
            let mut parts = split(&args).into_iter();
            let condition = parts.next().map_or(Verdict::No, |predicate| self.conditions.predicate(predicate));
            let doubt = match condition {
                Verdict::No => return,
                Verdict::Yes => doubt,
                Verdict::Unknown(why) => doubt.or(Some(why)),
            };
            for tokens in parts {
                let attribute = tokens.first().and_then(|first| Attribute::parse(tokens, first.span()));
                if let Some(attribute) = attribute {
                    self.expand(attribute, doubt.clone(), out);
                }
            }
            return;
        } else if attribute.path.last() == "test" || attribute.path.segments[0] == "rustversion" {
            Verdict::Unknown(format!("`#[{}]` may leave it out", attribute.path))
        } else {
            out.0.push(Effective { attribute, doubt });
            return;
        };
        let verdict = match (doubt, verdict) {
            (Some(why), Verdict::No) => Verdict::Unknown(why),
            (_, verdict) => verdict,
        };
        out.1 = std::mem::replace(&mut out.1, Verdict::Yes).and(verdict);
    }

    /// Notes the attributes that may be one of orch.
    fn candidates(&mut self, attributes: &[Effective], element: &[TokenTree], here: &Here) {
        for Effective { attribute, doubt } in attributes {
            if attribute.path.segments.len() == 1 && INERT.contains(&attribute.path.last()) {
                continue;
            }
            let head = Head::find(element);
            let form = Form::Attribute {
                args: attribute.args(),
                span: attribute.span,
                item: head.text(),
                place: head.place(element),
            };
            let doubt = here.doubt.clone().or_else(|| doubt.as_deref().map(Into::into));
            self.note(attribute, form, doubt, here);
        }
    }

    pub(super) fn note(&mut self, attribute: &Attribute, form: Form, doubt: Option<Rc<str>>, here: &Here) {
        let (path, spot) = (attribute.path.clone(), Spot::new(&here.file, attribute.span));
        self.krate.candidates.push(Candidate { scope: here.scope, path, spot, form, doubt });
    }

    /// Accounts for what is not compiled.
    fn leave_out(&mut self, tokens: &[TokenTree], here: &Here) {
        each_attribute(tokens, &mut |attribute| {
            self.seen.insert(Spot::new(&here.file, attribute.span));
        });
    }

    /// Looks at what stands at `at`, behind its attributes, and returns where the next begins.
    fn item(&mut self, tokens: &[TokenTree], at: usize, attributes: &[Effective], here: &Here, direct: bool) -> usize {
        let (visibility, at) = visibility(tokens, at);
        let Some(tree) = tokens.get(at) else { return at };
        let word = match tree {
            TokenTree::Group(group) => {
                self.group(group, here);
                return at + 1;
            }
            TokenTree::Ident(word) => word.to_string(),
            _ => return at + 1,
        };
        let next = match tokens.get(at + 1) {
            Some(TokenTree::Ident(next)) => Some(next),
            _ => None,
        };
        match (word.as_str(), next) {
            ("mod", Some(_)) => return self.module(tokens, at, attributes, visibility, here),
            ("use", _) if !is_punct(tokens.get(at + 1), '<') => {
                let end = end(tokens, at);
                self.krate.import(here.scope, &tokens[at + 1..end], visibility);
                return end + 1;
            }
            ("extern", Some(next)) if next == "crate" => {
                let end = end(tokens, at);
                self.extern_crate(&tokens[at + 2..end], attributes, visibility, here);
                return end + 1;
            }
            ("struct" | "enum" | "union" | "trait" | "type", Some(name)) if direct => {
                self.krate.bind(here.scope, &plain(name), Target::Type, visibility);
                return at + 2;
            }
            ("macro", Some(name)) => {
                let length = tokens[at..].iter().position(is_brace).map_or(tokens.len() - at, |brace| brace + 1);
                let why = format!("it is in the definition of the macro `{name}`");
                self.opaque(&tokens[at + 2..at + length], &here.doubting(&why));
                return at + length;
            }
            _ => {}
        }
        if is_punct(tokens.get(at + 1), '!') && !macros::is_negation(&word) {
            return self.macro_call(tokens, at, here, direct);
        }
        at + 1
    }

    fn group(&mut self, group: &Group, here: &Here) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let declares = |tree: &TokenTree| match tree {
            TokenTree::Ident(word) => {
                ["use", "extern", "mod", "struct", "enum", "union", "trait", "type"].iter().any(|name| word == name)
            }
            _ => false,
        };
        if group.delimiter() == Delimiter::Brace && tokens.iter().any(declares) {
            let scope = self.krate.block(here.scope);
            self.list(&tokens, &Here { scope, ..here.clone() }, true);
        } else {
            self.list(&tokens, here, false);
        }
    }

    fn extern_crate(&mut self, tokens: &[TokenTree], attributes: &[Effective], visibility: Visibility, here: &Here) {
        let names: Vec<String> = tokens
            .iter()
            .filter_map(|tree| match tree {
                TokenTree::Ident(name) => Some(plain(name)),
                _ => None,
            })
            .filter(|name| name != "as")
            .collect();
        let (Some(krate), Some(name)) = (names.first(), names.last()) else { return };
        self.krate.bind(here.scope, name, Target::Crate(krate.clone()), visibility);
        if here.scope == 0 {
            self.krate.externs.push((name.clone(), krate.clone()));
        }
        if attributes.iter().any(|effective| effective.attribute.path.is("macro_use")) {
            self.krate.macro_use.push(krate.clone());
        }
    }

    /// `mod name;` and `mod name { … }`
    pub(super) fn module(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        attributes: &[Effective],
        visibility: Visibility,
        here: &Here,
    ) -> usize {
        let TokenTree::Ident(ident) = &tokens[at + 1] else { return at + 1 };
        let (name, spot) = (plain(ident), Spot::new(&here.file, tokens[at].span()));
        let path = attributes.iter().find(|effective| effective.attribute.path.is("path"));
        if let Some(why) = path.and_then(|effective| effective.doubt.clone()) {
            self.doubt(spot.clone(), format!("the file of the module `{name}` is not known: {why}"));
        }
        let path = path.and_then(|effective| effective.attribute.value());
        match tokens.get(at + 2) {
            Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                let scope = self.krate.module(here.scope, &ident.to_string(), visibility);
                let dir = here.dir.inline(&name, path.as_deref());
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.list(&inner, &Here { scope, dir, ..here.clone() }, true);
            }
            Some(semicolon) if is_punct(Some(semicolon), ';') => {
                let scope = self.krate.module(here.scope, &ident.to_string(), visibility);
                match here.dir.file(&name, path.as_deref()) {
                    Some((path, dir)) => {
                        let below = Here { scope, file: self.shown(&path), dir, doubt: here.doubt.clone() };
                        self.source(&path, &below, &spot);
                    }
                    None => self.doubt(spot, format!("the file of the module `{name}` is not there")),
                }
            }
            _ => return at + 2,
        }
        at + 3
    }
}

/// An attribute that takes effect, unless there is a doubt.
pub(super) struct Effective {
    pub(super) attribute: Attribute,
    pub(super) doubt: Option<String>,
}

/// Calls `found` with every attribute among the tokens, at any depth.
fn each_attribute(tokens: &[TokenTree], found: &mut dyn FnMut(&Attribute)) {
    let mut at = 0;
    while at < tokens.len() {
        if let Some((group, _, length)) = attribute_at(tokens, at) {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            attributes(&inner, tokens[at].span()).iter().for_each(&mut *found);
            at += length;
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            each_attribute(&group.stream().into_iter().collect::<Vec<_>>(), found);
        }
        at += 1;
    }
}

/// The visibility that stands at `at`, and where it ends.
fn visibility(tokens: &[TokenTree], at: usize) -> (Visibility, usize) {
    match (is_ident(tokens.get(at), "pub"), tokens.get(at + 1)) {
        (false, _) => (Visibility::Private, at),
        (true, Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Parenthesis => {
            (Visibility::Crate, at + 2)
        }
        (true, _) => (Visibility::Public, at + 1),
    }
}

/// The next `;`, or the end.
fn end(tokens: &[TokenTree], from: usize) -> usize {
    let end = tokens[from..].iter().position(|tree| is_punct(Some(tree), ';'));
    end.map_or(tokens.len(), |end| from + end)
}
