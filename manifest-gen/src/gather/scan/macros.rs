//! Macros: what they are given and what they are made of, as far as it can be read at all.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};

use super::files::{self, Directory};
use super::names::{Candidate, Form, Spot, Visibility};
use super::tokens::{self, attribute_at, attributes, is_brace, is_punct, plain};
use super::walk::{Effective, Here, Walker};

/// Macros of the standard library, which add no names.
const STANDARD: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "compile_error",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "file",
    "format",
    "format_args",
    "include_bytes",
    "include_str",
    "line",
    "matches",
    "module_path",
    "option_env",
    "panic",
    "print",
    "println",
    "stringify",
    "thread_local",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Keywords after which a `!` negates.
const BEFORE_NOT: &[&str] = &["break", "else", "if", "in", "match", "return", "while", "yield"];

/// Whether a `!` behind this word negates what follows.
pub(super) fn is_negation(word: &str) -> bool {
    BEFORE_NOT.contains(&word)
}

impl Walker<'_> {
    /// A macro call or a `macro_rules!` definition, with the macro's name at `at`.
    pub(super) fn macro_call(&mut self, tokens: &[TokenTree], at: usize, here: &Here, direct: bool) -> usize {
        let TokenTree::Ident(name) = &tokens[at] else { return at + 1 };
        let name = plain(name);
        let (group, why, length) = match (tokens.get(at + 2), tokens.get(at + 3)) {
            (Some(TokenTree::Group(group)), _) => {
                (group, format!("it is among the tokens given to the macro `{name}`"), 3)
            }
            (Some(TokenTree::Ident(defined)), Some(TokenTree::Group(group))) if name == "macro_rules" => {
                (group, format!("it is in the definition of the macro `{defined}`"), 4)
            }
            _ => return at + 1,
        };
        if name == "include" && length == 3 {
            self.include(group.stream(), tokens[at].span(), here);
        } else {
            let inner: Vec<TokenTree> = group.stream().into_iter().collect();
            self.opaque(&inner, &here.doubting(&why));
            if direct && length == 3 && !STANDARD.contains(&name.as_str()) && begins_item(tokens, at) {
                self.krate.scopes[here.scope].open.get_or_insert(name);
            }
        }
        at + length
    }

    /// `include!(…)`, whose file becomes a part of the scope.
    fn include(&mut self, argument: TokenStream, span: Span, here: &Here) {
        let argument: Vec<TokenTree> = argument.into_iter().collect();
        let spot = Spot::new(&here.file, span);
        let base = self.open.last().and_then(|open| open.parent()).unwrap_or(&self.package.root);
        match files::included(&argument, &self.package.root) {
            Some(path) => {
                let path = tokens::normalized(&base.join(path));
                let dir = Directory::of(&path);
                let below = Here { scope: here.scope, file: self.shown(&path), dir, doubt: here.doubt.clone() };
                self.source(&path, &below, &spot);
            }
            None => self.doubt(spot, "the path of this `include!` is only known to the compiler"),
        }
    }

    /// Looks through tokens that only a macro understands.
    pub(super) fn opaque(&mut self, tokens: &[TokenTree], here: &Here) {
        let (mut at, mut pending) = (0, Vec::new());
        while at < tokens.len() {
            if let Some((group, _, length)) = attribute_at(tokens, at) {
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                for attribute in attributes(&inner, tokens[at].span()) {
                    self.seen.insert(Spot::new(&here.file, attribute.span));
                    self.note(&attribute, Form::Hidden, here.doubt.clone(), here);
                    pending.push(Effective { attribute, doubt: None });
                }
                at += length;
                continue;
            }
            at += match &tokens[at] {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.opaque(&inner, here);
                    1
                }
                // The attributes are those of what follows.
                TokenTree::Ident(word) if word == "pub" => {
                    at += 1;
                    continue;
                }
                TokenTree::Ident(word) if word == "mod" && is_punct(tokens.get(at + 2), ';') => {
                    self.module(tokens, at, &pending, Visibility::Private, here).max(at + 1) - at
                }
                TokenTree::Ident(word) if word == "include" && is_punct(tokens.get(at + 1), '!') => {
                    self.macro_call(tokens, at, here, false) - at
                }
                _ => self.mention(tokens, at, here),
            };
            pending.clear();
        }
    }

    /// A path among opaque tokens; returns its length.
    fn mention(&mut self, tokens: &[TokenTree], at: usize, here: &Here) -> usize {
        let Some((path, length)) = tokens::path(&tokens[at..]) else { return 1 };
        let (colon, next) = (is_punct(tokens.get(at + length), ':'), tokens.get(at + length + 2));
        let module = colon && (is_punct(next, '*') || next.is_some_and(is_brace));
        if module || path.segments.len() > 1 {
            let spot = Spot::new(&here.file, tokens[at].span());
            let form = Form::Mention { module };
            self.krate.candidates.push(Candidate { scope: here.scope, path, spot, form, doubt: here.doubt.clone() });
        }
        length
    }
}

/// Whether the macro call with its name at `at` stands where an item may.
fn begins_item(tokens: &[TokenTree], mut at: usize) -> bool {
    while at >= 2 && is_punct(tokens.get(at - 1), ':') {
        at = at.saturating_sub(3);
    }
    match at.checked_sub(1).map(|before| &tokens[before]) {
        None => true,
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        before => is_punct(before, ';'),
    }
}
