//! YAML, written and read. The only file that knows `serde-saphyr`, and the parser that it is built on.

use std::borrow::Cow;
use std::collections::BTreeSet;

use granit_parser::{Event, Parser};
use minijinja::Value;
use minijinja::value::ValueKind;
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, LitStr, SerializerOptions, SingleQuoted};

use crate::emit::Unwritable;
use crate::fault::Rejection;

/// How many columns the emitter indents each level of a block.
const STEP: usize = 2;

fn options() -> SerializerOptions {
    serde_saphyr::ser_options! {
        indent_step: STEP,
        compact_list_indent: false,
        // In scalar position the emitter does not know the template's
        // indentation, so a value may never spread over lines: no literal and
        // no folded style. Blocks ask for the literal style by value.
        prefer_block_scalars: false,
    }
}

/// Writes `value` as one scalar on one line, safe as a key, as a value, in block and in flow style.
pub(crate) fn scalar(value: &Value) -> Result<String, Unwritable> {
    match value.kind() {
        ValueKind::None | ValueKind::Bool => serialize(value),
        ValueKind::Number => finite(value).and_then(serialize),
        ValueKind::String => string(value.as_str().unwrap_or_default()),
        ValueKind::Seq | ValueKind::Map | ValueKind::Iterable => Err(Unwritable::new(
            format!("a {} cannot stand where a scalar stands", kind(value)),
            "write it as a block, directly after the colon: `key:{{ value | block(4) }}`, where 4 is the column of its lines",
        )),
        _ => Err(Unwritable::new(
            format!("a {} has no form in YAML", kind(value)),
            "hand the template a string, number, boolean, list or map",
        )),
    }
}

fn string(text: &str) -> Result<String, Unwritable> {
    // The emitter does not know whether the template goes on in flow style
    // (`[{{ a }}, {{ b }}]`), where these change the shape; PyYAML ends a plain
    // scalar there at any `?`.
    match text {
        text if is_plain(text) => Ok(text.to_owned()),
        text if reads_better_in_single_quotes(text) => serialize(SingleQuoted(text)),
        text if text.contains([',', '?', '[', ']', '{', '}']) => serialize(DoubleQuoted(text)),
        text => serialize(text),
    }
}

/// Whether nothing about a text asks for quotes, in no position: the emitter, which knows much more,
/// need not be asked about most of what is written. Every word that means something is shorter.
fn is_plain(text: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'/');
    text.len() > "infinity".len()
        && text.len() < 60
        && text.as_bytes()[0].is_ascii_alphabetic()
        && text.bytes().all(inside)
}

/// JSON and the like: a `"` on every corner, and nothing that needs an escape.
fn reads_better_in_single_quotes(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    text.starts_with(['{', '[']) && text.contains('"') && text.chars().all(plain)
}

/// Writes `value` as what follows `key:` or `-`, its lines starting at column `indent`.
///
/// Lists and maps that are not empty start on a line of their own, everything
/// else (a scalar, `[]`, `{}`, the `|` of a literal) follows after a space.
pub(crate) fn block(value: &Value, indent: usize) -> Result<String, Unwritable> {
    let text = serialize(Node(value))?;
    let nested = matches!(value.kind(), ValueKind::Seq | ValueKind::Map | ValueKind::Iterable)
        && !matches!(text.as_str(), "[]" | "{}");
    // The emitter indents the lines of a literal by one step already.
    let margin = if nested { indent } else { indent.saturating_sub(STEP) };
    let mut out = String::with_capacity(text.len() * 2);
    for (number, line) in text.split('\n').enumerate() {
        match number {
            0 if !nested => out.push(' '),
            _ => {
                out.push('\n');
                // A line of nothing but white space is a blank line of a
                // literal, which the emitter indents as well.
                if line.trim_start().is_empty() {
                    continue;
                }
                out.extend(std::iter::repeat_n(' ', margin));
            }
        }
        out.push_str(line);
    }
    Ok(out)
}

/// Serialises without the newline at the end of a document.
fn serialize(value: impl Serialize) -> Result<String, Unwritable> {
    let mut text = serde_saphyr::to_string_with_options(&value, options()).map_err(|error| {
        Unwritable::new(
            format!("the value cannot be written as YAML: {error}"),
            "hand the template a string, number, boolean, list or map",
        )
    })?;
    text.truncate(text.trim_end_matches('\n').len());
    Ok(text)
}

fn finite(value: &Value) -> Result<&Value, Unwritable> {
    match f64::try_from(value.clone()) {
        Ok(number) if !number.is_finite() => Err(Unwritable::new(
            format!("the number {number} has no form that every YAML reader takes"),
            "hand the template a finite number",
        )),
        _ => Ok(value),
    }
}

fn kind(value: &Value) -> &'static str {
    match value.kind() {
        ValueKind::Seq | ValueKind::Iterable => "list",
        ValueKind::Map => "map",
        ValueKind::Bytes => "byte string",
        ValueKind::Undefined => "undefined value",
        _ => "value of this kind",
    }
}

/// A value as the emitter shall write it inside a block: text of several lines as a literal.
struct Node<'a>(&'a Value);

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = self.0;
        match value.kind() {
            ValueKind::String => {
                let text = value.as_str().unwrap_or_default();
                match text {
                    text if stays_literal(text) => LitStr(text).serialize(serializer),
                    text if reads_better_in_single_quotes(text) => SingleQuoted(text).serialize(serializer),
                    text => serializer.serialize_str(text),
                }
            }
            ValueKind::Number => finite(value).map_err(S::Error::custom)?.serialize(serializer),
            ValueKind::None | ValueKind::Bool => value.serialize(serializer),
            ValueKind::Seq | ValueKind::Iterable => {
                let mut list = serializer.serialize_seq(value.len())?;
                for item in value.try_iter().map_err(S::Error::custom)? {
                    list.serialize_element(&Node(&item))?;
                }
                list.end()
            }
            ValueKind::Map => {
                let mut map = serializer.serialize_map(value.len())?;
                for key in value.try_iter().map_err(S::Error::custom)? {
                    let item = value.get_item(&key).map_err(S::Error::custom)?;
                    map.serialize_entry(&key, &Node(&item))?;
                }
                map.end()
            }
            _ => Err(S::Error::custom(format!("a {} inside it", kind(value)))),
        }
    }
}

/// Whether a literal (`|`) gives `text` back, wherever in a file it stands.
///
/// A literal that ends in blank lines would lose them to the one final newline
/// of a file, and white space at the end of a line to an editor; a leading
/// space needs an indentation indicator, which readers disagree on.
fn stays_literal(text: &str) -> bool {
    text.trim_end_matches('\n').contains('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\t', '\n'])
        && !text.split('\n').any(|line| line.ends_with([' ', '\t', '\u{a0}']) || line.starts_with('\t'))
}

/// Reads every document of `text`; duplicate keys are an error.
pub(crate) fn check(text: &str) -> Result<(), Rejection> {
    if is_plainly_right(text) {
        return Ok(());
    }
    let options = serde_saphyr::options! {
        // The limits guard against hostile input. This is our own output, and
        // a system of ten thousand services passes them.
        budget: None,
        with_snippet: false,
    };
    serde_saphyr::from_multiple_with_options::<serde::de::IgnoredAny>(text, options).map(drop).map_err(|error| {
        Rejection {
            line: error.location().and_then(|at| usize::try_from(at.line()).ok()),
            detail: reason(&error.to_string()).to_owned(),
        }
    })
}

/// Whether a text is YAML without duplicate keys and without anything that one has to look at twice:
/// anchors, tags, merges, keys that are no scalars. All that is written by a pack that is right is so,
/// and it takes a third of the time that data takes to be made of it.
fn is_plainly_right(text: &str) -> bool {
    let mut around: Vec<Collection<'_>> = Vec::new();
    for event in Parser::new_from_str(text) {
        let Ok((event, _)) = event else { return false };
        match event {
            Event::Scalar(scalar, _, 0, None) => {
                if let Some(Collection::Mapping { keys, expects_key: true }) = around.last_mut()
                    && (scalar == "<<" || !keys.insert(scalar))
                {
                    return false;
                }
                turn(&mut around);
            }
            Event::SequenceStart(_, 0, None) if !expects_key(&around) => around.push(Collection::Sequence),
            Event::MappingStart(_, 0, None) if !expects_key(&around) => {
                around.push(Collection::Mapping { keys: BTreeSet::new(), expects_key: true });
            }
            Event::SequenceEnd | Event::MappingEnd => {
                around.pop();
                turn(&mut around);
            }
            Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(..)
            | Event::DocumentEnd
            | Event::Comment(..) => {}
            _ => return false,
        }
    }
    true
}

/// What an event is in.
enum Collection<'a> {
    Sequence,
    Mapping { keys: BTreeSet<Cow<'a, str>>, expects_key: bool },
}

fn expects_key(around: &[Collection<'_>]) -> bool {
    matches!(around.last(), Some(Collection::Mapping { expects_key: true, .. }))
}

/// A key or a value is over.
fn turn(around: &mut [Collection<'_>]) {
    if let Some(Collection::Mapping { expects_key, .. }) = around.last_mut() {
        *expects_key = !*expects_key;
    }
}

/// Reads every document of a text that may be anybody's.
pub(crate) fn documents(text: &str) -> Option<Vec<serde_json::Value>> {
    serde_saphyr::from_multiple(text).ok()
}

/// The library's message without the place, which is told apart, and without its advice to whoever
/// calls the library.
fn reason(message: &str) -> &str {
    let reason = message.rsplit_once(" at line ").map_or(message, |(reason, _)| reason);
    reason.strip_suffix(", set DuplicateKeyPolicy in Options if acceptable").unwrap_or(reason)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use minijinja::value::Serde;
    use serde_json::json;

    use super::*;

    fn emitted(value: serde_json::Value) -> String {
        scalar(&Value::from(Serde(value))).unwrap()
    }

    fn blocked(value: serde_json::Value, indent: usize) -> String {
        block(&Value::from(Serde(value)), indent).unwrap()
    }

    #[test]
    fn plain_words_stay_plain() {
        for word in ["postgres:16", "db", "/var/lib/data", "a-b_c.d", "http://x/y"] {
            assert_eq!(emitted(json!(word)), word);
        }
    }

    #[test]
    fn what_is_plain_is_what_the_emitter_writes() {
        let parts = ["true", "null", "no", "e", "1", "-", "_", ".", "/", "inf", "Infinity", "abcdefgh", "0x1", "v1.2"];
        let mut plain = 0;
        for one in parts {
            for two in parts {
                for three in parts {
                    for text in [format!("{one}{two}{three}"), format!("{one}{two}{three}abcdefgh")] {
                        if is_plain(&text) {
                            plain += 1;
                            assert_eq!(serialize(&text).unwrap(), text);
                        }
                    }
                }
            }
        }
        assert!(plain > 1000, "{plain}");
    }

    #[test]
    fn types_are_kept() {
        assert_eq!(emitted(json!(8080)), "8080");
        assert_eq!(emitted(json!(true)), "true");
        assert_eq!(emitted(json!(null)), "null");
        assert_eq!(emitted(json!(1.5)), "1.5");
        assert_eq!(emitted(json!("8080")), "\"8080\"");
        assert_eq!(emitted(json!("true")), "\"true\"");
    }

    #[test]
    fn a_scalar_is_one_line() {
        for text in ["a\nb\n", "a\r\nb", &"word ".repeat(400), "a\u{85}b\u{2028}c\u{2029}d"] {
            let line = emitted(json!(text));
            assert!(!line.contains(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']), "{line}");
        }
    }

    #[test]
    fn what_changes_the_shape_in_flow_style_is_quoted() {
        for text in ["a, b", "a]", "[a", "{a", "a}", "?a", "a?b"] {
            assert!(emitted(json!(text)).starts_with('"'), "{text}");
        }
    }

    #[test]
    fn lists_maps_and_infinities_are_no_scalars() {
        assert!(scalar(&Value::from(vec![1])).is_err());
        assert!(scalar(&Value::from(Serde(json!({"a": 1})))).is_err());
        assert!(scalar(&Value::from(f64::INFINITY)).is_err());
        assert!(block(&Value::from(vec![f64::NAN]), 2).is_err());
    }

    #[test]
    fn blocks_follow_a_colon() {
        assert_eq!(blocked(json!([]), 4), " []");
        assert_eq!(blocked(json!({}), 4), " {}");
        assert_eq!(blocked(json!(7), 4), " 7");
        assert_eq!(blocked(json!("no"), 4), " \"no\"");
        assert_eq!(blocked(json!(["a", "b"]), 4), "\n    - a\n    - b");
        assert_eq!(
            blocked(json!({"a": {"b": [1]}, "c": "x\ny\n"}), 2),
            "\n  a:\n    b:\n      - 1\n  c: |\n    x\n    y"
        );
        assert_eq!(blocked(json!("x\n\ny\n"), 4), " |\n    x\n\n    y");
    }

    #[test]
    fn text_that_a_literal_would_lose_is_quoted() {
        for text in ["a\nb\n\n", "a \nb", "\na\nb", " a\nb", "a\n\tb", "a\r\nb", "a\n", "\n"] {
            assert!(blocked(json!(text), 2).starts_with(" \""), "{text:?}");
        }
    }

    #[test]
    fn blocks_read_back_at_any_indentation() {
        let value = json!({"a b": ["x\ny", {"k": "v\n\nw\n", "": [[1, []], {}]}], "~": "last\nline\n"});
        for indent in 1..9 {
            let text = format!("root:{}\nnext: 1\n", blocked(value.clone(), indent));
            let read: BTreeMap<String, serde_json::Value> = serde_saphyr::from_str(&text).unwrap();
            assert_eq!(read["root"], value, "{text}");
        }
    }

    #[test]
    fn what_is_plainly_right_is_right() {
        for text in
            ["", "a: 1\n", "- a\n- b: [1, {c: d}]\n  e: |\n    x\n", "# c\n---\na: 1\n---\na: 1\n", "\"\": {}\n"]
        {
            assert!(is_plainly_right(text) && check(text).is_ok(), "{text:?}");
        }
        let twice = ["a: 1\na: 2\n", "x:\n  - a: {b: 1, b: 2}\n", "a: {}\nb: []\n\"a\": 1\n"];
        let broken = ["a: [1\n", "a: b: c\n", "a: 'x\n", "a: *nobody\n", "%YAML 3\n---\n", "a: 1\n- b\n"];
        for text in twice.into_iter().chain(broken) {
            assert!(!is_plainly_right(text) && check(text).is_err(), "{text:?}");
        }
        // Right, but not plainly.
        for text in ["a: &x 1\nb: *x\n", "a: !!str 1\n", "<<: {a: 1}\nb: 2\n", "? [a]\n: 1\n"] {
            assert!(!is_plainly_right(text), "{text:?}");
        }
    }

    #[test]
    fn a_rejected_document_names_its_line() {
        let rejection = check("a: 1\n---\nb: 1\nb: 2\n").unwrap_err();
        assert_eq!(rejection.line, Some(4));
        assert!(rejection.detail.starts_with("duplicate mapping key"), "{}", rejection.detail);
        assert!(check("# only a comment\n").is_ok());
    }
}
