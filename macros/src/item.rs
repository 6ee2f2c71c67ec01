//! The name of an item, and where in it a constant may stand. The item itself stays raw tokens.

use orch_attributes::item::{Head, Place};
use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};

/// An item under an attribute.
pub(crate) struct Item {
    tokens: Vec<TokenTree>,
    /// Its name; empty for an item that has none.
    pub(crate) name: String,
    /// Where the name is.
    pub(crate) span: Span,
    pub(crate) place: Place,
    /// The item in the invisible group that this one consists of: it came through a `macro_rules!`
    /// variable.
    inner: Option<Box<Item>>,
}

impl Item {
    /// Looks at an item.
    pub(crate) fn new(tokens: TokenStream) -> Self {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let head = Head::find(&tokens);
        if let (None, Some(group)) = (head.name, only_group(&tokens)) {
            let inner = Self::new(group.stream());
            let (name, span, place) = (inner.name.clone(), inner.span, inner.place);
            return Self { tokens, name, span, place, inner: Some(Box::new(inner)) };
        }
        let span = head.name.map_or_else(Span::call_site, proc_macro2::Ident::span);
        let (name, place) = (head.text(), head.place(&tokens));
        Self { tokens, name, span, place, inner: None }
    }

    /// The item as it was.
    pub(crate) fn unchanged(self) -> TokenStream {
        self.tokens.into_iter().collect()
    }

    /// The item with a constant where one may stand.
    pub(crate) fn with(self, constant: TokenStream) -> TokenStream {
        let Self { mut tokens, place, inner, .. } = self;
        if let Some(inner) = inner {
            return inner.with(constant);
        }
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
        }
    }
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
