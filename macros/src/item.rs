//! The name of an item, and where in it a constant may stand. The item itself stays raw tokens.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};

/// An item under an attribute.
pub(crate) struct Item {
    tokens: Vec<TokenTree>,
    /// Its name; empty for an item that has none.
    pub(crate) name: String,
    /// Where the name is.
    pub(crate) span: Span,
    pub(crate) place: Place,
}

/// Where in an item a constant may stand.
pub(crate) enum Place {
    /// After it.
    Beside,
    /// At the beginning of the group with this index: a function's body. A method cannot be told
    /// from a free function, and a method has no beside in a trait or an impl.
    Body(usize),
    /// In the expression that begins at this index: a constant's initializer, for the same reason.
    Initializer(usize),
    /// In the item that this invisible group consists of: an item that came through a
    /// `macro_rules!` variable.
    Group(Box<Item>),
    /// Nowhere: a method without a body.
    Nowhere,
}

impl Item {
    /// Looks at an item.
    pub(crate) fn new(tokens: TokenStream) -> Self {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let head = Head::find(&tokens);
        let (name, span) = match head.name {
            Some(ident) => (ident.to_string().trim_start_matches("r#").to_owned(), ident.span()),
            None => (String::new(), Span::call_site()),
        };
        let place = match head.keyword.as_str() {
            "fn" => match tokens.iter().rposition(|tree| is_group(tree, Delimiter::Brace)) {
                Some(body) => Place::Body(body),
                None => Place::Nowhere,
            },
            "const" => initializer(&tokens, head.at).map_or(Place::Nowhere, Place::Initializer),
            "" => match only_group(&tokens) {
                Some(group) => {
                    let inner = Self::new(group.stream());
                    return Self {
                        name: inner.name.clone(),
                        span: inner.span,
                        place: Place::Group(Box::new(inner)),
                        tokens,
                    };
                }
                None => Place::Beside,
            },
            _ => Place::Beside,
        };
        Self { tokens, name, span, place }
    }

    /// The item as it was.
    pub(crate) fn unchanged(self) -> TokenStream {
        self.tokens.into_iter().collect()
    }

    /// The item with a constant where one may stand.
    pub(crate) fn with(self, constant: TokenStream) -> TokenStream {
        let Self { mut tokens, place, .. } = self;
        match place {
            Place::Beside | Place::Nowhere => {
                tokens.extend(constant);
                tokens.into_iter().collect()
            }
            Place::Body(index) => {
                if let TokenTree::Group(group) = &tokens[index] {
                    // Inner attributes come first in a body.
                    let (attributes, rest) = inner_attributes(group.stream());
                    tokens[index] = regroup(group, [attributes, constant, rest].into_iter().collect());
                }
                tokens.into_iter().collect()
            }
            Place::Initializer(start) => {
                let end = tokens.len() - usize::from(is_punct(tokens.last(), ';'));
                let expression: TokenStream = tokens[start..end].iter().cloned().collect();
                let block = Group::new(Delimiter::Brace, [constant, expression].into_iter().collect());
                let head = tokens[..start].iter().cloned();
                head.chain([TokenTree::Group(block)]).chain(tokens[end..].iter().cloned()).collect()
            }
            Place::Group(inner) => inner.with(constant),
        }
    }
}

struct Head<'a> {
    /// The keyword that says what the item is; empty when none was found.
    keyword: String,
    /// The index of the keyword.
    at: usize,
    name: Option<&'a Ident>,
}

impl<'a> Head<'a> {
    fn find(tokens: &'a [TokenTree]) -> Self {
        let ident = |index: usize| match tokens.get(index) {
            Some(TokenTree::Ident(ident)) => Some(ident),
            _ => None,
        };
        let mut index = 0;
        while let Some(tree) = tokens.get(index) {
            let TokenTree::Ident(word) = tree else {
                // `#`, `[…]`, `(crate)`, `"C"`, an invisible visibility
                index += 1;
                continue;
            };
            let next = ident(index + 1);
            let name = match word.to_string().as_str() {
                "struct" | "enum" | "fn" | "mod" | "trait" | "type" => next,
                "union" if next.is_some() => next,
                "const" if next.is_some_and(|next| !is_qualifier(next)) => next,
                "static" => next.filter(|next| *next != "mut").or_else(|| ident(index + 2)),
                "impl" => implemented(&tokens[index + 1..]),
                "macro_rules" => ident(index + 2),
                "use" => last_ident(&tokens[index + 1..]),
                "extern" if next.is_some_and(|next| *next == "crate") => ident(index + 2),
                _ => {
                    index += 1;
                    continue;
                }
            };
            return Self { keyword: word.to_string(), at: index, name };
        }
        Self { keyword: String::new(), at: 0, name: None }
    }
}

fn is_qualifier(word: &Ident) -> bool {
    ["fn", "async", "unsafe", "extern", "gen", "safe"].iter().any(|qualifier| word == qualifier)
}

/// The type in `impl<T> Trait<T> for Type<T> where … { … }`.
fn implemented(tokens: &[TokenTree]) -> Option<&Ident> {
    let (mut depth, mut name) = (0_usize, None);
    for (index, tree) in tokens.iter().enumerate() {
        match tree {
            TokenTree::Ident(word) if depth == 0 && word == "where" => break,
            TokenTree::Ident(word) if depth == 0 && word != "for" && word != "dyn" => name = Some(word),
            tree => depth = angle_depth(depth, tree, index.checked_sub(1).map(|before| &tokens[before])),
        }
    }
    name
}

fn angle_depth(depth: usize, tree: &TokenTree, before: Option<&TokenTree>) -> usize {
    match tree {
        TokenTree::Punct(punct) if punct.as_char() == '<' => depth + 1,
        // The arrow of a function's type closes nothing.
        TokenTree::Punct(punct) if punct.as_char() == '>' && !is_punct(before, '-') => depth.saturating_sub(1),
        _ => depth,
    }
}

fn last_ident(tokens: &[TokenTree]) -> Option<&Ident> {
    tokens.iter().rev().find_map(|tree| match tree {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    })
}

/// Where the expression of `const NAME: Type<A = B> = expression;` begins.
fn initializer(tokens: &[TokenTree], keyword: usize) -> Option<usize> {
    let mut depth = 0;
    for index in keyword + 1..tokens.len() {
        if depth == 0 && is_punct(tokens.get(index), '=') {
            return Some(index + 1);
        }
        depth = angle_depth(depth, &tokens[index], tokens.get(index - 1));
    }
    None
}

fn inner_attributes(body: TokenStream) -> (TokenStream, TokenStream) {
    let tokens: Vec<TokenTree> = body.into_iter().collect();
    let mut end = 0;
    while is_punct(tokens.get(end), '#')
        && is_punct(tokens.get(end + 1), '!')
        && tokens.get(end + 2).is_some_and(|tree| is_group(tree, Delimiter::Bracket))
    {
        end += 3;
    }
    (tokens[..end].iter().cloned().collect(), tokens[end..].iter().cloned().collect())
}

fn only_group(tokens: &[TokenTree]) -> Option<&Group> {
    match tokens {
        [TokenTree::Group(group)] if group.delimiter() == Delimiter::None => Some(group),
        _ => None,
    }
}

fn regroup(like: &Group, stream: TokenStream) -> TokenTree {
    let mut group = Group::new(like.delimiter(), stream);
    group.set_span(like.span());
    TokenTree::Group(group)
}

fn is_group(tree: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_punct(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}
