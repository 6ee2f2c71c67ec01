//! JSON, written and read.

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::emit::Unwritable;
use crate::fault::Rejection;

/// Writes `value`, lists and maps included, on one line.
pub(crate) fn value(value: &Value) -> Result<String, Unwritable> {
    // JSON has no such number, and the serialiser would write `null` for it.
    if value.kind() == ValueKind::Number && f64::try_from(value.clone()).is_ok_and(|number| !number.is_finite()) {
        return Err(Unwritable::new(
            format!("the number {value} has no form in JSON"),
            "hand the template a finite number",
        ));
    }
    serde_json::to_string(value).map_err(|error| {
        Unwritable::new(
            format!("the value cannot be written as JSON: {error}"),
            "hand the template a string, number, boolean, list or map",
        )
    })
}

/// Reads `text` as one JSON document.
pub(crate) fn check(text: &str) -> Result<(), Rejection> {
    serde_json::from_str::<serde::de::IgnoredAny>(text)
        .map(drop)
        .map_err(|error| Rejection { line: Some(error.line()).filter(|line| *line > 0), detail: error.to_string() })
}
