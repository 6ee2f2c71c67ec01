//! How a value becomes text: the formatter behind every `{{ value }}` and the filters that write.

use std::fmt;

use minijinja::value::{Rest, ValueKind};
use minijinja::{Error, ErrorKind, Output, State, Value};

use crate::format::Format;
use crate::{json, toml, yaml};

/// A value that has no form where a template writes it, with the way out.
#[derive(Debug, Clone)]
pub(crate) struct Unwritable {
    detail: String,
    pub(crate) help: &'static str,
}

impl Unwritable {
    pub(crate) fn new(detail: impl Into<String>, help: &'static str) -> Self {
        Self { detail: detail.into(), help }
    }
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Unwritable {}

impl From<Unwritable> for Error {
    fn from(unwritable: Unwritable) -> Self {
        Self::new(ErrorKind::InvalidOperation, unwritable.detail.clone()).with_source(unwritable)
    }
}

/// Writes the value of one `{{ … }}`.
///
/// A string that is marked safe is text this engine rendered before (the
/// result of a macro, of `{% set %}…{% endset %}`, of `block` or `comment`):
/// its values went through here already. Nothing else in a pack can set the
/// mark, see [`crate::engine`].
pub(crate) fn write(format: Format, out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    if value.is_safe() {
        return Ok(out.write_str(value.as_str().unwrap_or_default())?);
    }
    let text = match format {
        Format::Yaml => yaml::scalar(value)?,
        Format::Json => json::value(value)?,
        Format::Toml => toml::value(value)?,
        Format::Text | Format::Verbatim => return raw(out, value),
    };
    Ok(out.write_str(&text)?)
}

fn raw(out: &mut Output<'_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number => Ok(write!(out, "{value}")?),
        // minijinja would write `True`, as Python does.
        ValueKind::Bool => Ok(write!(out, "{}", value.is_true())?),
        ValueKind::Seq | ValueKind::Iterable | ValueKind::Map => Err(Unwritable::new(
            format!("a {} has no form in text", value.kind()),
            "write its elements with `{% for %}`, or join them: `{{ list | join(\" \") }}`",
        )
        .into()),
        kind => Err(Unwritable::new(
            format!("a value of kind `{kind}` has no form in text"),
            "ask first with `{% if value is not none %}`",
        )
        .into()),
    }
}

/// The `block(indent)` filter of YAML files.
pub(crate) fn block(value: &Value, indent: usize) -> Result<Value, Error> {
    Ok(Value::from_safe_string(yaml::block(value, indent)?))
}

/// The `comment` and `comment(indent)` filter: one `# …` for each line of a text.
///
/// The first line starts where the filter stands, the others at column
/// `indent`. What a reader may take for a line break splits the text, and
/// characters that a reader refuses even in a comment become spaces.
pub(crate) fn comment(text: &str, indent: Option<usize>) -> Value {
    let margin = " ".repeat(indent.unwrap_or(0));
    let mut out = String::with_capacity(text.len() + 16);
    let unified = text.replace("\r\n", "\n");
    for (number, line) in unified.split(is_break).enumerate() {
        if number > 0 {
            out.push('\n');
            out.push_str(&margin);
        }
        let line: String = line.chars().map(|c| if is_unprintable(c) { ' ' } else { c }).collect();
        out.push('#');
        let line = line.trim_end();
        if !line.is_empty() {
            out.push(' ');
            out.push_str(line);
        }
    }
    Value::from_safe_string(out)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_unprintable(c: char) -> bool {
    c != '\t' && (c.is_control() || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}'))
}

/// Wraps a built-in filter so that it takes values only, not text that was rendered before.
///
/// Filters on strings keep the mark of such text. `replace`, `join` or `trim`
/// could thus slip a value into it, or take the quotes off one.
pub(crate) fn values_only(
    name: &'static str,
    filter: Value,
) -> impl Fn(&mut State<'_, '_>, Rest<Value>) -> Result<Value, Error> + Send + Sync + 'static {
    move |state, args| {
        if args.iter().any(is_rendered) {
            return Err(Unwritable::new(
                format!("`{name}` cannot change text that was rendered already"),
                "apply the filter to the value, before a macro or `{% set %}` block renders it",
            )
            .into());
        }
        filter.call(state, &args)
    }
}

fn is_rendered(value: &Value) -> bool {
    value.is_safe()
        || (value.kind() == ValueKind::Seq && value.try_iter().is_ok_and(|mut items| items.any(|item| item.is_safe())))
}
