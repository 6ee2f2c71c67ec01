//! From attribute tokens to a tree.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Lit, LitStr, Token};

use super::{Args, Assigned, Entry, Form, Node, Problem};

/// Reads the arguments of an attribute; `span` is the whole attribute's.
///
/// What cannot be read is reported and passed over up to the next comma.
pub fn parse(args: TokenStream, span: Span, problems: &mut Vec<Problem<Span>>) -> Args<Span> {
    let mut result = Args { span, positional: Vec::new(), entries: Vec::new() };
    let parser = |input: ParseStream<'_>| {
        list(input, problems, &mut |input, problems| argument(input, &mut result, problems));
        Ok(())
    };
    if let Err(error) = parser.parse2(args) {
        problems.push(Problem::new(error.span(), error.to_string()));
    }
    result
}

type Item<'a> = &'a mut dyn FnMut(ParseStream<'_>, &mut Vec<Problem<Span>>) -> syn::Result<()>;

/// Items with commas between them, up to the end of the input.
fn list(input: ParseStream<'_>, problems: &mut Vec<Problem<Span>>, item: Item<'_>) {
    while !input.is_empty() {
        let mut failed = item(input, problems).err();
        if failed.is_none() && !input.is_empty() && !input.peek(Token![,]) {
            failed = Some(input.error("expected `,`"));
        }
        if let Some(error) = failed {
            problems.push(Problem::new(error.span(), error.to_string()));
            while !input.is_empty() && !input.peek(Token![,]) {
                // A token tree always parses while there is input.
                let _ = input.parse::<TokenTree>();
            }
        }
        let _ = input.parse::<Option<Token![,]>>();
    }
}

fn argument(input: ParseStream<'_>, out: &mut Args<Span>, problems: &mut Vec<Problem<Span>>) -> syn::Result<()> {
    let (key, span) = if input.peek(Ident::peek_any) && !input.peek(syn::LitBool) {
        let ident = Ident::parse_any(input)?;
        (ident.unraw().to_string(), ident.span())
    } else if input.peek(LitStr) && input.peek2(Token![=]) {
        let text: LitStr = input.parse()?;
        (text.value(), text.span())
    } else {
        out.positional.push(node(input, problems)?);
        return Ok(());
    };
    let value = if input.parse::<Option<Token![=]>>()?.is_some() {
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new(span, format!("`{key}` has no value")));
        }
        Assigned::Value(node(input, problems)?)
    } else if input.peek(syn::token::Paren) {
        Assigned::Args(parenthesized(input, span, problems)?)
    } else {
        Assigned::Flag
    };
    out.entries.push(Entry { key, span, value });
    Ok(())
}

fn parenthesized(input: ParseStream<'_>, span: Span, problems: &mut Vec<Problem<Span>>) -> syn::Result<Args<Span>> {
    let mut args = Args { span, positional: Vec::new(), entries: Vec::new() };
    let content;
    syn::parenthesized!(content in input);
    list(&content, problems, &mut |input, problems| argument(input, &mut args, problems));
    Ok(args)
}

fn node(input: ParseStream<'_>, problems: &mut Vec<Problem<Span>>) -> syn::Result<Node<Span>> {
    let span = input.span();
    if input.peek(syn::token::Bracket) {
        let mut items = Vec::new();
        let content;
        syn::bracketed!(content in input);
        list(&content, problems, &mut |input, problems| {
            items.push(node(input, problems)?);
            Ok(())
        });
        return Ok(Node { span, form: Form::List(items) });
    }
    if input.peek(Lit) || is_literal_in_group(input) {
        return literal(&input.parse()?);
    }
    if input.peek(Ident::peek_any) {
        let ident = Ident::parse_any(input)?;
        if input.peek(syn::token::Paren) {
            let args = parenthesized(input, ident.span(), problems)?;
            return Ok(Node { span, form: Form::Call(ident.to_string(), args) });
        }
        return Err(not_a_literal(ident.span(), &format!("`{ident}`")));
    }
    let seen = input.cursor().token_tree().map_or_else(|| "nothing".to_owned(), |(tree, _)| format!("`{tree}`"));
    Err(not_a_literal(span, &seen))
}

fn not_a_literal(span: Span, seen: &str) -> syn::Error {
    syn::Error::new(
        span,
        format!(
            "expected a literal, found {seen}\nhelp: an attribute is read before names mean anything; write the value itself"
        ),
    )
}

/// A literal that came through a `macro_rules!` variable stands in an invisible group.
fn is_literal_in_group(input: ParseStream<'_>) -> bool {
    matches!(input.cursor().token_tree(), Some((TokenTree::Group(group), _))
        if group.delimiter() == Delimiter::None && syn::parse2::<Lit>(group.stream()).is_ok())
}

fn literal(literal: &Lit) -> syn::Result<Node<Span>> {
    let form = match literal {
        Lit::Str(text) => Form::Text(text.value()),
        Lit::Bool(value) => Form::Bool(value.value),
        Lit::Int(number) if number.suffix().is_empty() => {
            let parsed = number.base10_parse();
            Form::Number(parsed.map_err(|_| {
                syn::Error::new(number.span(), format!("`{number}` is not a whole number from 0 to 2^64 - 1"))
            })?)
        }
        _ => {
            return Err(syn::Error::new(literal.span(), "expected a string, a whole number, a boolean or a list"));
        }
    };
    Ok(Node { span: literal.span(), form })
}
