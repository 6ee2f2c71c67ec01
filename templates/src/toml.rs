//! TOML, written and read.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::emit::Unwritable;
use crate::fault::Rejection;

/// Writes `value` on one line: lists as arrays, maps as inline tables.
pub(crate) fn value(value: &Value) -> Result<String, Unwritable> {
    match value.kind() {
        ValueKind::String => Ok(string(value.as_str().unwrap_or_default())),
        ValueKind::Bool => Ok(value.is_true().to_string()),
        ValueKind::Number => Ok(number(value)),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter().map_err(|error| unwritable(&error))? {
                items.push(self::value(&item)?);
            }
            Ok(format!("[{}]", items.join(", ")))
        }
        ValueKind::Map => {
            let mut entries = Vec::new();
            for key in value.try_iter().map_err(|error| unwritable(&error))? {
                let item = value.get_item(&key).map_err(|error| unwritable(&error))?;
                entries.push(format!("{} = {}", string(&key.to_string()), self::value(&item)?));
            }
            Ok(format!("{{ {} }}", entries.join(", ")))
        }
        kind => Err(Unwritable::new(
            format!("a value of kind `{kind}` has no form in TOML"),
            "leave the key out with `{% if %}`, or hand the template a string, number, boolean, list or map",
        )),
    }
}

/// A basic string on one line, which is a key as well as a value.
///
/// JSON's escapes are a subset of TOML's; only DEL is raw in the one and
/// forbidden in the other. The `toml` crate would write text with line breaks
/// over several lines, which breaks a key or a comment.
fn string(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F")
}

fn number(value: &Value) -> String {
    if value.is_integer() {
        return value.to_string();
    }
    match f64::try_from(value.clone()) {
        Ok(float) => toml::Value::Float(float).to_string(),
        Err(_) => value.to_string(),
    }
}

fn unwritable(error: &minijinja::Error) -> Unwritable {
    Unwritable::new(
        format!("the value cannot be written as TOML: {error}"),
        "hand the template a string, number, boolean, list or map",
    )
}

/// Reads `text` as one TOML document.
pub(crate) fn check(text: &str) -> Result<(), Rejection> {
    toml::de::DeTable::parse(text).map(drop).map_err(|error| Rejection {
        line: error.span().map(|span| line_at(text, span.start)),
        detail: error.message().to_owned(),
    })
}

/// The line, counted from 1, on which byte `offset` of `text` lies.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or(text);
    1 + before.matches('\n').count()
}
