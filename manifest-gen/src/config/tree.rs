//! A table to the tree that the attribute grammar reads, so that both have one set of rules.
//!
//! | attribute | table |
//! |---|---|
//! | `image = "x:1"` | `image = "x:1"` |
//! | `env(A = "1", B = secret("b"))` | `env = { A = "1", B = { secret = "b" } }` |
//! | `port(80, name = "http")`, repeated | `[[….port]]` with `number = 80`, `name = "http"` |
//! | `volume("/data", ephemeral)` | `[[….volume]]` with `path = "/data"`, `ephemeral = true` |
//! | `var("X", default = "y")` | `{ var = "X", default = "y" }` |

use std::borrow::Cow;

use orch_manifest::grammar::{Args, Assigned, Entry, Form, Node, Problem};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

type Problems = Vec<Problem<usize>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// The words that make a table a value.
const CALLS: [&str; 3] = ["secret", "var", "template"];
/// Keys that hold one value, which may be a table with one of [`CALLS`].
const VALUES: [&str; 4] = ["url", "host", "user", "database"];

/// Arguments without anything in them.
pub(crate) fn empty(span: usize) -> Args {
    Args { span, positional: Vec::new(), entries: Vec::new() }
}

/// Adds what a key of a section says.
pub(crate) fn add_entry(args: &mut Args, key: &Spanned<Cow<'_, str>>, value: &Value<'_>, problems: &mut Problems) {
    let (name, span) = (key.get_ref().to_string(), key.span().start);
    let mut push = |value| args.entries.push(Entry { key: name.clone(), span, value });
    match value.get_ref() {
        DeValue::Table(table) if !VALUES.contains(&name.as_str()) => {
            push(Assigned::Args(arguments(table, span, problems)));
        }
        DeValue::Array(items) if !items.is_empty() && items.iter().all(is_arguments) => {
            for item in items.iter().filter_map(|item| item.get_ref().as_table()) {
                push(Assigned::Args(arguments(item, span, problems)));
            }
        }
        _ => {
            if let Some(node) = node(value, problems) {
                push(Assigned::Value(node));
            }
        }
    }
}

/// A table in a list is arguments, unless it is a value: `command = ["x", { secret = "y" }]`.
fn is_arguments(item: &Value<'_>) -> bool {
    item.get_ref().as_table().is_some_and(|table| call(table).is_none())
}

fn arguments(table: &DeTable<'_>, span: usize, problems: &mut Problems) -> Args {
    let mut args = empty(span);
    for (key, value) in table {
        let Some(node) = node(value, problems) else { continue };
        args.entries.push(Entry {
            key: key.get_ref().to_string(),
            span: key.span().start,
            value: Assigned::Value(node),
        });
    }
    args
}

/// The word that makes a table a value. `template = true` says something about a file.
fn call<'a>(table: &'a DeTable<'_>) -> Option<&'a str> {
    let mut said = table.iter().filter(|(_, value)| value.get_ref().as_bool().is_none());
    said.find_map(|(key, _)| CALLS.iter().find(|call| **call == key.get_ref().as_ref())).copied()
}

fn node(value: &Value<'_>, problems: &mut Problems) -> Option<Node> {
    let span = value.span().start;
    let mut wrong = |message: &str, help: &str| {
        problems.push(Problem::new(span, message).help(help));
        None
    };
    let form = match value.get_ref() {
        DeValue::String(text) => Form::Text(text.to_string()),
        DeValue::Boolean(value) => Form::Bool(*value),
        DeValue::Integer(number) => match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Form::Number(number),
            Err(_) => return wrong("expected a whole number from 0 to 2^64 - 1", "write it without a sign"),
        },
        DeValue::Array(items) => Form::List(items.iter().filter_map(|item| node(item, problems)).collect()),
        DeValue::Table(table) => match call(table) {
            Some(name) => Form::Call(name.to_owned(), call_arguments(name, table, span, problems)),
            None => {
                return wrong(
                    "a table is no value here",
                    "write `{ secret = \"…\" }`, `{ var = \"…\" }` or `{ template = \"…\" }`",
                );
            }
        },
        DeValue::Float(_) | DeValue::Datetime(_) => {
            return wrong("expected a string, a whole number, a boolean or a list", "write it in quotes");
        }
    };
    Some(Node { span, form })
}

/// `{ secret = "name", key = "k" }` is `secret("name", key = "k")`.
fn call_arguments(name: &str, table: &DeTable<'_>, span: usize, problems: &mut Problems) -> Args {
    let mut args = arguments(table, span, problems);
    if let Some(at) = args.entries.iter().position(|entry| entry.key == name)
        && let Assigned::Value(subject) = args.entries.remove(at).value
    {
        args.positional.push(subject);
    }
    args
}
