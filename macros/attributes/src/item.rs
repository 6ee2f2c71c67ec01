//! The item under an attribute, as tokens: what it is called, and where in it a constant may stand.
//!
//! A macro and whoever reads sources have to agree on the name, so there is one reader of it.

use proc_macro2::{Delimiter, Ident, TokenTree};

/// The beginning of an item: the keyword that says what it is, and its name.
#[derive(Clone, Debug)]
pub struct Head<'a> {
    /// The keyword; empty when none was found.
    pub keyword: String,
    /// The index of the keyword.
    pub at: usize,
    /// The name; of an implementation the type's.
    pub name: Option<&'a Ident>,
}

/// Where in an item a constant may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// After it.
    Beside,
    /// At the beginning of the group with this index: a function's body. A method cannot be told
    /// from a free function, and a method has no beside in a trait or an impl.
    Body(usize),
    /// In the expression that begins at this index: a constant's initializer, for the same reason.
    Initializer(usize),
    /// Nowhere: a method without a body, a trait's type.
    Nowhere,
}

impl Place {
    /// What is wrong, and what to do, when a constant can stand nowhere.
    pub fn problem(self) -> Option<(&'static str, &'static str)> {
        (self == Self::Nowhere)
            .then_some(("an attribute of orch stands on an item with a body", "move it to the type or to the module"))
    }
}

impl<'a> Head<'a> {
    /// Looks for the keyword and the name of an item; attributes and visibility are passed over.
    pub fn find(tokens: &'a [TokenTree]) -> Self {
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

    /// The name as text, without `r#`; empty for an item that has none.
    pub fn text(&self) -> String {
        self.name.map(|name| name.to_string().trim_start_matches("r#").to_owned()).unwrap_or_default()
    }

    /// Where in the item with these tokens a constant may stand.
    pub fn place(&self, tokens: &[TokenTree]) -> Place {
        match self.keyword.as_str() {
            "fn" => {
                let body = tokens.iter().rposition(|tree| is_group(tree, Delimiter::Brace));
                body.map_or(Place::Nowhere, Place::Body)
            }
            "const" => initializer(tokens, self.at).map_or(Place::Nowhere, Place::Initializer),
            // A trait's own, which has nothing beside it either.
            "type" if initializer(tokens, self.at).is_none() => Place::Nowhere,
            _ => Place::Beside,
        }
    }
}

/// How many tokens the item at the beginning of these has, its attributes included.
///
/// What is no item, such as a statement or a field, ends with its `;` or `,`, or with a block that
/// nothing continues.
pub fn length(tokens: &[TokenTree]) -> usize {
    let head = Head::find(&tokens[..prelude(tokens)]);
    match head.keyword.as_str() {
        "" => statement(tokens),
        "const" | "static" | "type" | "use" | "extern" => {
            let end = tokens.iter().position(|tree| is_punct(Some(tree), ';'));
            end.map_or(tokens.len(), |end| end + 1)
        }
        _ => block(tokens, head.at),
    }
}

/// How far the search for an item's keyword may go: up to the first token that can only be inside or
/// behind it.
fn prelude(tokens: &[TokenTree]) -> usize {
    let ends = |index: usize, tree: &TokenTree| match tree {
        TokenTree::Punct(punct) => punct.as_char() != '#',
        // `#[…]`, `pub(crate)`
        TokenTree::Group(group) => {
            let before = index.checked_sub(1).map(|before| &tokens[before]);
            let is_attribute = group.delimiter() == Delimiter::Bracket && is_punct(before, '#');
            let is_visibility = matches!(before, Some(TokenTree::Ident(word)) if word == "pub");
            !(is_attribute || is_visibility || group.delimiter() == Delimiter::None)
        }
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    tokens.iter().enumerate().position(|(index, tree)| ends(index, tree)).unwrap_or(tokens.len())
}

/// The end of an item that has a body, or a `;` in its stead.
fn block(tokens: &[TokenTree], from: usize) -> usize {
    let mut depth = 0;
    for index in from..tokens.len() {
        let tree = &tokens[index];
        if depth == 0 && (is_punct(Some(tree), ';') || is_group(tree, Delimiter::Brace)) {
            return index + 1;
        }
        depth = angle_depth(depth, tree, index.checked_sub(1).map(|before| &tokens[before]));
    }
    tokens.len()
}

fn statement(tokens: &[TokenTree]) -> usize {
    for (index, tree) in tokens.iter().enumerate() {
        let ends = match tree {
            TokenTree::Punct(punct) => matches!(punct.as_char(), ';' | ','),
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => match tokens.get(index + 1) {
                Some(TokenTree::Ident(word)) => word != "else" && word != "as",
                Some(TokenTree::Punct(punct)) => punct.as_char() == '#',
                Some(TokenTree::Group(_) | TokenTree::Literal(_)) => true,
                None => false,
            },
            _ => false,
        };
        if ends {
            return index + 1;
        }
    }
    tokens.len()
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

fn is_group(tree: &TokenTree, delimiter: Delimiter) -> bool {
    matches!(tree, TokenTree::Group(group) if group.delimiter() == delimiter)
}

fn is_punct(tree: Option<&TokenTree>, character: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == character)
}
