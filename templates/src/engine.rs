//! The template environment of one format.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, filters};

use crate::emit;
use crate::format::Format;

/// An environment without templates, whose `{{ value }}` writes `format`.
///
/// Each format has an environment of its own: a template cannot leave the
/// format by `{% autoescape %}`, since the formatter does not ask for that mode.
pub(crate) fn environment(format: Format) -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    // Errors then know the expression and its place in the line.
    env.set_debug(true);
    env.set_syntax(syntax(format));
    env.set_auto_escape_callback(move |_| match format {
        Format::Text | Format::Verbatim => AutoEscape::None,
        Format::Yaml | Format::Json | Format::Toml => AutoEscape::Custom(format.name().into()),
    });
    env.set_formatter(move |out, _state, value| emit::write(format, out, value));
    if !matches!(format, Format::Text | Format::Verbatim) {
        seal(&mut env);
    }
    if format == Format::Yaml {
        env.add_filter("block", emit::block);
    }
    if format != Format::Json {
        env.add_filter("comment", emit::comment);
    }
    env
}

/// The filters of any format.
const FILTERS: [&str; 49] = [
    "abs",
    "attr",
    "batch",
    "block",
    "bool",
    "capitalize",
    "chain",
    "comment",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "first",
    "float",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "pprint",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "split",
    "string",
    "sum",
    "title",
    "trim",
    "unique",
    "upper",
    "zip",
];
/// The tests that are words.
const TESTS: [&str; 36] = [
    "boolean",
    "defined",
    "divisibleby",
    "endingwith",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "int",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "safe",
    "sameas",
    "sequence",
    "startingwith",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// What is called by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callable {
    Filter,
    Test,
    Function,
}

impl Callable {
    /// The names there are in an environment.
    pub(crate) fn names<'a>(self, environment: &'a Environment<'_>) -> Vec<&'a str> {
        match self {
            // No environment lists its filters, but it says of each whether it is there.
            Self::Filter => {
                let is_there = |name: &&str| {
                    let asked = environment.compile_expression("name is filter");
                    let there = asked.and_then(|asked| asked.eval(Value::from_pairs([("name", *name)])));
                    there.is_ok_and(|there| there.is_true())
                };
                FILTERS.into_iter().filter(is_there).collect()
            }
            Self::Test => TESTS.to_vec(),
            Self::Function => environment.globals().map(|(name, _)| name).collect(),
        }
    }
}

/// Tags on lines of their own leave nothing behind. The last newline of a template counts, unless the
/// text is somebody else's: then it is only the line end that an editor put there.
fn syntax(format: Format) -> SyntaxConfig {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(format != Format::Verbatim)
        .build()
        .unwrap_or_default()
}

/// Takes away every way to write a value as it is.
fn seal(env: &mut Environment<'static>) {
    for name in ["safe", "escape", "e", "tojson"] {
        env.remove_filter(name);
    }
    for (name, filter) in string_filters() {
        env.add_filter(name, emit::values_only(name, filter));
    }
}

/// The built-in filters that make strings out of strings.
///
/// `indent` is not among them: it puts spaces after line breaks, and no
/// emitted value has one.
fn string_filters() -> [(&'static str, Value); 18] {
    [
        ("upper", Value::from_function(filters::upper)),
        ("lower", Value::from_function(filters::lower)),
        ("title", Value::from_function(filters::title)),
        ("capitalize", Value::from_function(filters::capitalize)),
        ("replace", Value::from_function(filters::replace)),
        ("reverse", Value::from_function(filters::reverse)),
        ("trim", Value::from_function(filters::trim)),
        ("join", Value::from_function(filters::join)),
        ("split", Value::from_function(filters::split)),
        ("lines", Value::from_function(filters::lines)),
        ("list", Value::from_function(filters::list)),
        ("string", Value::from_function(filters::string)),
        ("first", Value::from_function(filters::first)),
        ("last", Value::from_function(filters::last)),
        ("batch", Value::from_function(filters::batch)),
        ("slice", Value::from_function(filters::slice)),
        ("format", Value::from_function(filters::format)),
        ("sort", Value::from_function(filters::sort)),
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The names in a part of what an environment prints of itself.
    fn printed(environment: &Environment<'_>, part: &str) -> BTreeSet<String> {
        let text = format!("{environment:?}");
        let list = text.split_once(&format!("{part}: [")).unwrap().1.split(']').next().unwrap();
        list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_name_there_is_is_known() {
        for format in [Format::Text, Format::Yaml, Format::Json, Format::Toml] {
            let environment = environment(format);
            let known = |callable: Callable| -> BTreeSet<String> {
                callable.names(&environment).into_iter().map(str::to_owned).collect()
            };
            assert_eq!(known(Callable::Filter), printed(&environment, "filters"), "{format}");
            let words = printed(&environment, "tests").into_iter().filter(|name| name.starts_with(char::is_alphabetic));
            assert_eq!(known(Callable::Test), words.collect(), "{format}");
        }
    }
}
