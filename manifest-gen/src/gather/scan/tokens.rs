//! Reading single pieces of source text: files, literals, paths, attributes.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};
use proc_macro2::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};
use syn::Lit;

/// A path of names, such as `::orch::service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// Whether it begins with `::`.
    pub(super) global: bool,
    /// The names, without `r#`; `$crate` is `crate`.
    pub(super) segments: Vec<String>,
}

impl Path {
    /// Its last name.
    pub(super) fn last(&self) -> &str {
        self.segments.last().map_or("", String::as_str)
    }

    /// Whether it is this one name.
    pub(super) fn is(&self, name: &str) -> bool {
        !self.global && self.segments.len() == 1 && self.segments[0] == name
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.global { "::" } else { "" }, self.segments.join("::"))
    }
}

/// One attribute, as it stands in brackets or among the arguments of `cfg_attr`.
#[derive(Clone, Debug)]
pub(super) struct Attribute {
    pub(super) path: Path,
    /// What follows the path.
    pub(super) rest: Vec<TokenTree>,
    /// Where rustc says that it begins: at its `#`; inside `cfg_attr`, at its path.
    pub(super) span: Span,
}

impl Attribute {
    /// Reads `path …`.
    pub(super) fn parse(tokens: &[TokenTree], span: Span) -> Option<Self> {
        let (path, length) = path(tokens)?;
        Some(Self { path, rest: tokens[length..].to_vec(), span })
    }

    /// What stands between its parentheses.
    pub(super) fn args(&self) -> TokenStream {
        match self.rest.as_slice() {
            [TokenTree::Group(group)] => group.stream(),
            _ => self.rest.iter().cloned().collect(),
        }
    }

    /// The text behind its `=`.
    pub(super) fn value(&self) -> Option<String> {
        match self.rest.as_slice() {
            [equals, TokenTree::Literal(literal)] if is_punct(Some(equals), '=') => text(literal),
            _ => None,
        }
    }
}

/// The attributes in a pair of brackets, and those inside `cfg_attr`, whatever its predicate.
pub(super) fn attributes(tokens: &[TokenTree], span: Span) -> Vec<Attribute> {
    let Some(attribute) = Attribute::parse(tokens, span) else { return Vec::new() };
    if !attribute.path.is("cfg_attr") {
        return vec![attribute];
    }
    let args: Vec<TokenTree> = attribute.args().into_iter().collect();
    let inner = split(&args).into_iter().skip(1);
    inner.filter_map(|tokens| Some(attributes(tokens, tokens.first()?.span()))).flatten().collect()
}

/// The brackets of the attribute that begins here, whether it is an inner one, and its length.
pub(super) fn attribute_at(tokens: &[TokenTree], at: usize) -> Option<(&Group, bool, usize)> {
    if !is_punct(tokens.get(at), '#') {
        return None;
    }
    let inner = is_punct(tokens.get(at + 1), '!');
    match tokens.get(at + 1 + usize::from(inner)) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group, inner, 2 + usize::from(inner)))
        }
        _ => None,
    }
}

/// The path at the beginning of tokens, and how many of them it has.
pub(super) fn path(tokens: &[TokenTree]) -> Option<(Path, usize)> {
    let colons = |at: usize| is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':');
    let global = colons(0);
    let mut at = if global { 2 } else { 0 };
    let mut segments = Vec::new();
    loop {
        if is_punct(tokens.get(at), '$') && is_ident(tokens.get(at + 1), "crate") {
            at += 1;
        }
        let Some(TokenTree::Ident(name)) = tokens.get(at) else { break };
        segments.push(plain(name));
        at += 1;
        let continues = colons(at) && matches!(tokens.get(at + 2), Some(TokenTree::Ident(_)));
        if !continues {
            break;
        }
        at += 2;
    }
    (!segments.is_empty()).then_some((Path { global, segments }, at))
}

/// The name without `r#`.
pub(super) fn plain(name: &proc_macro2::Ident) -> String {
    name.to_string().trim_start_matches("r#").to_owned()
}

/// The pieces between commas.
pub(super) fn split(tokens: &[TokenTree]) -> Vec<&[TokenTree]> {
    tokens.split(|tree| is_punct(Some(tree), ',')).filter(|piece| !piece.is_empty()).collect()
}

/// The value of a string.
pub(super) fn text(literal: &Literal) -> Option<String> {
    match Lit::new(literal.clone()) {
        Lit::Str(text) => Some(text.value()),
        _ => None,
    }
}

pub(super) fn is_punct(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}

pub(super) fn is_brace(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
}

pub(super) fn is_ident(tree: Option<&TokenTree>, name: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == name)
}

/// The tokens of a file.
pub(super) fn read(path: &Utf8Path) -> Result<Vec<TokenTree>, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    // As rustc does, so that strings with line breaks have the same value.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n");
    let text = match shebang(&text) {
        Some(length) => &text[length..],
        None => &text,
    };
    let stream: TokenStream = text.parse().map_err(|error: proc_macro2::LexError| error.to_string())?;
    Ok(stream.into_iter().collect())
}

/// The length of a first line that is for the shell, without its end, so that lines keep their numbers.
fn shebang(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("#!")?;
    if rest.trim_start().starts_with('[') {
        return None;
    }
    Some(text.find('\n').unwrap_or(text.len()))
}

/// The path without `.` and `..`, by its text alone, as the compiled attributes do it.
pub(super) fn normalized(path: &Utf8Path) -> Utf8PathBuf {
    let mut result = Utf8PathBuf::new();
    for component in path.components() {
        match component {
            Utf8Component::ParentDir => {
                result.pop();
            }
            Utf8Component::CurDir => {}
            component => result.push(component),
        }
    }
    result
}
