//! From attribute tokens to a tree.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, Lit, LitStr, Token};

use orch_manifest::grammar::{Args, Assigned, Entry, Form, Mark, Node, Problem};

/// The arguments of an attribute as a tree whose marks are numbers of spans.
#[derive(Debug)]
pub struct Marked {
    /// The tree.
    pub args: Args,
    spans: Vec<Span>,
}

impl Marked {
    /// Where a problem with the tree is in the source.
    pub fn locate(&self, problem: Problem<Mark>) -> Problem<Span> {
        // Every mark of the tree was given out by this list.
        let span = self.spans.get(problem.span).copied().unwrap_or_else(Span::call_site);
        problem.at(span)
    }
}

/// Reads the arguments of an attribute; `span` is the whole attribute's.
///
/// What cannot be read is reported and stands in the tree as [`Form::Unreadable`], so that nobody
/// takes it for missing.
pub fn parse(args: TokenStream, span: Span, problems: &mut Vec<Problem<Span>>) -> Marked {
    let mut problems = Problems { list: problems, spans: Vec::new() };
    let parser = |input: ParseStream<'_>| Ok(arguments(input, span, &mut problems));
    let args = parser.parse2(args).unwrap_or_else(|error| {
        // Everything up to the end of the input is read, so nothing is left to fail.
        report(&error, &mut problems);
        Args { span: problems.mark(span), positional: Vec::new(), entries: Vec::new() }
    });
    Marked { args, spans: problems.spans }
}

/// What is wrong, and the spans that marks are numbers of.
struct Problems<'a> {
    list: &'a mut Vec<Problem<Span>>,
    spans: Vec<Span>,
}

impl Problems<'_> {
    fn push(&mut self, problem: Problem<Span>) {
        self.list.push(problem);
    }

    fn mark(&mut self, span: Span) -> Mark {
        self.spans.push(span);
        self.spans.len() - 1
    }
}

fn arguments(input: ParseStream<'_>, span: Span, problems: &mut Problems<'_>) -> Args {
    let mut args = Args { span: problems.mark(span), positional: Vec::new(), entries: Vec::new() };
    while !input.is_empty() {
        let good = argument(input, &mut args, problems);
        // After a forgotten comma the next key is read as if the comma were there.
        end_of_item(input, good, input.peek(Ident::peek_any), problems);
    }
    args
}

fn elements(input: ParseStream<'_>, problems: &mut Problems<'_>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while !input.is_empty() {
        let node = node(input, "a literal", problems);
        let good = !matches!(node.form, Form::Unreadable);
        nodes.push(node);
        end_of_item(input, good, input.peek(Lit), problems);
    }
    nodes
}

/// Reads the comma behind an item; after an item that is unreadable, all that is before the comma.
fn end_of_item(input: ParseStream<'_>, good: bool, next_is_item: bool, problems: &mut Problems<'_>) {
    if good && !input.is_empty() && !input.peek(Token![,]) {
        let problem = format!("expected `,`, found {}", seen(input));
        let help = if next_is_item { "write a comma between the two" } else { "write a comma or leave it out" };
        problems.push(Problem::new(input.span(), problem).help(help));
        if next_is_item {
            return;
        }
        if input.parse::<Option<Token![;]>>().is_ok_and(|semicolon| semicolon.is_some()) {
            return;
        }
    }
    while !input.is_empty() && !input.peek(Token![,]) {
        // A token tree always parses while there is input.
        let _ = input.parse::<TokenTree>();
    }
    let _ = input.parse::<Option<Token![,]>>();
}

/// Reads one argument; `false` when the rest of it is to be passed over. At least one token is read
/// unless a comma is next.
fn argument(input: ParseStream<'_>, out: &mut Args, problems: &mut Problems<'_>) -> bool {
    let Some((key, span)) = key(input) else {
        let node = node(input, "a key", problems);
        let good = !matches!(node.form, Form::Unreadable);
        out.positional.push(node);
        return good;
    };
    if input.peek(Token![:]) && !input.peek(Token![::]) {
        let problem = Problem::new(input.span(), format!("expected `=` after `{key}`, found `:`"));
        problems.push(problem.help(format!("write `{key} = …`")));
        let _ = input.parse::<Token![:]>();
    } else if input.peek(syn::token::Paren) {
        let mark = problems.mark(span);
        let value = parenthesized(input, span, problems).map_or_else(|| unreadable(mark), Assigned::Args);
        out.entries.push(Entry { key, span: mark, value });
        return true;
    } else if input.is_empty() || input.peek(Token![,]) || input.peek(Token![;]) || input.peek(Ident::peek_any) {
        out.entries.push(Entry { key, span: problems.mark(span), value: Assigned::Flag });
        return true;
    } else if !input.peek(Token![=]) {
        let problem = Problem::new(input.span(), format!("expected `=` after `{key}`, found {}", seen(input)));
        problems.push(problem.help(quoted_key(key, input)));
        return false;
    } else {
        let _ = input.parse::<Token![=]>();
        if input.is_empty() || input.peek(Token![,]) {
            problems.push(Problem::new(span, format!("`{key}` has no value")).help(format!("write `{key} = …`")));
            let mark = problems.mark(span);
            out.entries.push(Entry { key, span: mark, value: unreadable(mark) });
            return true;
        }
    }
    let node = node(input, "a literal", problems);
    let good = !matches!(node.form, Form::Unreadable);
    out.entries.push(Entry { key, span: problems.mark(span), value: Assigned::Value(node) });
    good
}

fn key(input: ParseStream<'_>) -> Option<(String, Span)> {
    // `true` is a value, unless something is assigned to it; `secret("…")` without a key is told
    // from `secret(…)` as a key by those who know the keys.
    if input.peek(Ident::peek_any) && !input.peek(syn::LitBool) {
        let ident = Ident::parse_any(input).ok()?;
        Some((ident.unraw().to_string(), ident.span()))
    } else if input.peek(LitStr) && input.peek2(Token![=]) {
        let text: LitStr = input.parse().ok()?;
        Some((text.value(), text.span()))
    } else {
        None
    }
}

/// What to write instead of `discovery.type = …`.
fn quoted_key(mut key: String, input: ParseStream<'_>) -> String {
    let mut rest = input.cursor();
    while let Some((tree, next)) = rest.token_tree() {
        match tree {
            TokenTree::Punct(punct) if !matches!(punct.as_char(), '=' | ',' | ';') => key.push(punct.as_char()),
            TokenTree::Ident(word) => key.push_str(&word.to_string()),
            TokenTree::Literal(literal) if !is_text(&literal) => key.push_str(&literal.to_string()),
            _ => break,
        }
        rest = next;
    }
    let identifier = key.replace('-', "_");
    if identifier != key && syn::parse_str::<Ident>(&identifier).is_ok() {
        return format!("write `{identifier}`, or `\"{key}\" = …` where any key may stand");
    }
    format!("a key that is no identifier is in quotes: `{} = …`", proc_macro2::Literal::string(&key))
}

fn unreadable(span: Mark) -> Assigned {
    Assigned::Value(Node { span, form: Form::Unreadable })
}

/// `None` is never seen where a parenthesis was.
fn parenthesized(input: ParseStream<'_>, span: Span, problems: &mut Problems<'_>) -> Option<Args> {
    let parse = || {
        let content;
        syn::parenthesized!(content in input);
        Ok(content)
    };
    let content = parse().map_err(|error: syn::Error| report(&error, problems)).ok()?;
    Some(arguments(&content, span, problems))
}

fn node(input: ParseStream<'_>, expected: &str, problems: &mut Problems<'_>) -> Node {
    let span = input.span();
    let form = form(input, expected, problems).unwrap_or_else(|problem| {
        problems.push(problem);
        Form::Unreadable
    });
    Node { span: problems.mark(span), form }
}

fn form(input: ParseStream<'_>, expected: &str, problems: &mut Problems<'_>) -> Result<Form, Problem<Span>> {
    let from_syn = |error: syn::Error| Problem::new(error.span(), error.to_string());
    if input.peek(syn::token::Bracket) {
        let parse = || {
            let content;
            syn::bracketed!(content in input);
            Ok(content)
        };
        return Ok(Form::List(elements(&parse().map_err(from_syn)?, problems)));
    }
    if input.peek(Lit) || is_literal_in_group(input) {
        return literal(&input.parse().map_err(from_syn)?);
    }
    let (span, found) = (input.span(), seen(input));
    if input.peek(Ident::peek_any) {
        let ident = Ident::parse_any(input).map_err(from_syn)?;
        if input.peek(syn::token::Paren)
            && let Some(args) = parenthesized(input, span, problems)
        {
            return Ok(Form::Call(ident.to_string(), args));
        }
        return Err(Problem::new(span, format!("expected {expected}, found {found}"))
            .help("an attribute is read before names mean anything: write the value itself, a text in quotes"));
    }
    let help = match expected {
        "a key" => "a key with a value, such as `name = \"…\"`",
        _ => "a string, a whole number, `true`, `false` or a list in `[…]`",
    };
    Err(Problem::new(span, format!("expected {expected}, found {found}")).help(help))
}

fn report(error: &syn::Error, problems: &mut Problems<'_>) {
    problems.push(Problem::new(error.span(), error.to_string()));
}

/// The next token as a message shows it.
fn seen(input: ParseStream<'_>) -> String {
    match input.cursor().token_tree() {
        None => "nothing".to_owned(),
        Some((TokenTree::Group(group), _)) => match group.delimiter() {
            Delimiter::Parenthesis => "`(…)`".to_owned(),
            Delimiter::Brace => "`{…}`".to_owned(),
            Delimiter::Bracket => "`[…]`".to_owned(),
            Delimiter::None => "an expression".to_owned(),
        },
        // There may be a password in a text.
        Some((TokenTree::Literal(literal), _)) if is_text(&literal) => "a text".to_owned(),
        Some((tree, _)) => format!("`{tree}`"),
    }
}

fn is_text(literal: &proc_macro2::Literal) -> bool {
    // Behind the quotes there may be a suffix.
    literal.to_string().contains(['"', '\''])
}

/// A literal that came through a `macro_rules!` variable stands in an invisible group.
fn is_literal_in_group(input: ParseStream<'_>) -> bool {
    matches!(input.cursor().token_tree(), Some((TokenTree::Group(group), _))
        if group.delimiter() == Delimiter::None && syn::parse2::<Lit>(group.stream()).is_ok())
}

const TYPES: [&str; 12] = ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize"];

fn literal(literal: &Lit) -> Result<Form, Problem<Span>> {
    let wrong = |problem: String, help: &str| Err(Problem::new(literal.span(), problem).help(help));
    match literal {
        Lit::Str(text) => Ok(Form::Text(text.value())),
        Lit::Bool(value) => Ok(Form::Bool(value.value)),
        Lit::Int(number) if number.suffix().is_empty() => match number.base10_parse() {
            Ok(value) => Ok(Form::Number(value)),
            Err(_) => wrong(
                format!("`{number}` is not a whole number from 0 to 2^64 - 1"),
                "digits without a sign, such as `5432`",
            ),
        },
        Lit::Int(number) if TYPES.contains(&number.suffix()) => {
            wrong(format!("`{number}` has a type"), &format!("write `{}`", number.base10_digits()))
        }
        Lit::Int(number) => {
            wrong(format!("`{number}` is not a number"), &format!("a text is in quotes: `\"{number}\"`"))
        }
        Lit::Float(number) => {
            wrong(format!("`{number}` is not a whole number"), "an amount such as `1.5` is in quotes")
        }
        Lit::Char(_) => wrong("expected a string, found a character".to_owned(), "write it in double quotes"),
        _ => wrong("expected a literal, found bytes".to_owned(), "write a string: `\"…\"`"),
    }
}
