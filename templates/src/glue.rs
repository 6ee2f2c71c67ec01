//! Finds values that a YAML template glues to text or to each other.
//!
//! `{{ name }}:{{ tag }}` is fine for most values and another shape for some:
//! each is written as a scalar of its own, with quotes where it needs them. So
//! is `"{{ value }}"`. Reading the file back catches many of these, but only
//! with the values at hand; this catches them in the template.
//!
//! A tag (`{% … %}`) is a boundary that is not looked across.

/// A value that does not stand by itself.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Glued {
    /// Counted from 1.
    pub(crate) line: usize,
    /// What stands between the braces.
    pub(crate) expression: String,
}

/// Stand-ins for tags and values; no template holds these.
const TAG: char = '\u{1}';
const VALUE: char = '\u{2}';

/// The first value of `template` that is glued to something.
pub(crate) fn find(template: &str) -> Option<Glued> {
    let (flat, values) = flatten(template);
    let mut values = values.into_iter();
    for (number, line) in flat.split('\n').enumerate() {
        for (at, _) in line.match_indices(VALUE) {
            let value = values.next()?;
            let before = &line[..at];
            let after = &line[at + VALUE.len_utf8()..];
            if !(is_comment(before) || value.is_rendered() || free(before, after)) {
                return Some(Glued { line: number + 1 + value.extra_lines, expression: value.expression });
            }
        }
    }
    None
}

/// Whether a scalar between `before` and `after` on its line stands by itself.
fn free(before: &str, after: &str) -> bool {
    let spaced = before.is_empty() || before.ends_with([' ', '\t', '[', '{', ',', TAG]);
    let before = before.trim_end();
    let opens = before.is_empty() || before.ends_with([':', '-', '?', ',', '[', '{', TAG]);
    spaced && (opens || is_property(before)) && closes(after)
}

/// Whether what stands last on the line is an anchor or a tag, which go before a value.
fn is_property(before: &str) -> bool {
    before.rsplit([' ', '\t']).next().is_some_and(|word| word.starts_with(['&', '!']))
}

fn closes(after: &str) -> bool {
    let rest = after.trim_start_matches([' ', '\t']);
    match rest.chars().next() {
        None | Some(',' | ']' | '}' | TAG) => true,
        Some('#') => rest.len() < after.len(),
        // The colon of a key, itself followed by a value or nothing.
        Some(':') => matches!(rest[1..].chars().next(), None | Some(' ' | '\t' | TAG | VALUE)),
        Some(_) => false,
    }
}

fn is_comment(before: &str) -> bool {
    before.trim_start().starts_with('#') || before.contains(" #")
}

struct Placeholder {
    expression: String,
    extra_lines: usize,
}

impl Placeholder {
    /// Whether it writes text that was rendered before: a block, or what a macro returns.
    fn is_rendered(&self) -> bool {
        let name = self.expression.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        let called = name.is_some_and(|end| end > 0 && self.expression[end..].starts_with('('));
        let filter = self.expression.rsplit('|').next().unwrap_or_default().trim();
        called || filter.starts_with("block") || filter.starts_with("comment") || filter.starts_with("indent")
    }
}

/// The template with a stand-in for each tag and value, line breaks inside them left out.
fn flatten(template: &str) -> (String, Vec<Placeholder>) {
    let mut flat = String::with_capacity(template.len());
    let mut values = Vec::new();
    let mut rest = template;
    let mut swallowed = 0;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).chain(rest.find("{#")).min() {
        flat.push_str(&rest[..start]);
        let opened = &rest[start..];
        let end = end_of_tag(opened);
        let tag = &opened[..end];
        rest = &opened[end..];
        if let Some(inner) = tag.strip_prefix("{{") {
            let inner = inner.trim_end_matches("}}");
            // White space control joins lines, which a scan by line cannot follow.
            push(&mut flat, inner.starts_with('-'), TAG);
            flat.push(VALUE);
            push(&mut flat, inner.ends_with('-'), TAG);
            values.push(Placeholder {
                expression: inner.trim_matches(['-', '+', ' ', '\t', '\n']).to_owned(),
                extra_lines: swallowed,
            });
        } else {
            flat.push(TAG);
            if is_tag(tag, "raw") {
                let close = rest.find("endraw").unwrap_or(rest.len());
                let text = rest[..close].rfind("{%").map_or("", |at| &rest[..at]);
                flat.push_str(text);
                rest = &rest[text.len()..];
            }
        }
        swallowed += tag.matches('\n').count();
    }
    flat.push_str(rest);
    (flat, values)
}

fn push(flat: &mut String, when: bool, stand_in: char) {
    if when {
        flat.push(stand_in);
    }
}

fn is_tag(tag: &str, name: &str) -> bool {
    tag.trim_start_matches(['{', '%', '-', '+', ' ']).trim_end_matches(['}', '%', '-', '+', ' ']) == name
}

/// Where the tag at the start of `text` ends; quoted strings in it are skipped.
fn end_of_tag(text: &str) -> usize {
    let close = match &text[..2] {
        "{#" => return text.find("#}").map_or(text.len(), |at| at + 2),
        "{{" => "}}",
        _ => "%}",
    };
    let mut quote = None;
    let mut chars = text.char_indices().skip(2);
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(_) if c == '\\' => {
                chars.next();
            }
            Some(open) if c == open => quote = None,
            None if c == '"' || c == '\'' => quote = Some(c),
            None if text[at..].starts_with(close) => return at + close.len(),
            Some(_) | None => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_themselves_pass() {
        for template in [
            "{{ a }}: {{ b }}\n",
            "- {{ a }}\n",
            "key: [{{ a }}, {{ b }}]\n",
            "key: { {{ a }}: {{ b }} }\n",
            "key:{{ a | block(4) }}\n",
            "{{ key }}:{{ a | block(4) }}\n",
            "# by {{ command }}, do not edit\n",
            "key: {{ a }} # why {{ b }}.\n",
            "key: {% if a %}\"no\"{% else %}{{ a }}{% endif %}\n",
            "key: &anchor {{ a }}\n",
            "{{ health.probe(service) }}tail\n",
            "key: {{ a ~ \"}}:\" ~ b }}\n",
            "{% raw %}{{ a }}{{ b }}{% endraw %}\n",
            "{# {{ a }}{{ b }} #}\n",
            "? {{ a }}\n: {{ b }}\n",
        ] {
            assert_eq!(find(template), None, "{template}");
        }
    }

    #[test]
    fn glued_values_are_found() {
        for (template, line, expression) in [
            ("image: {{ a }}:{{ b }}\n", 1, "b"),
            ("x: 1\nimage: {{ a }}{{ b }}\n", 2, "a"),
            ("key: \"{{ a }}\"\n", 1, "a"),
            ("key: '{{ a }}'\n", 1, "a"),
            ("key: sh -c {{ a }}\n", 1, "a"),
            ("key: {{ a }} {{ b }}\n", 1, "a"),
            ("key: {{ a }}s\n", 1, "a"),
            ("key:{{ a }}\n", 1, "a"),
            ("key: a/{{ b }}\n", 1, "b"),
            ("{{ a }}:b\n", 1, "a"),
            ("{# one\ntwo #}\n- {{\n a\n}}{{ b }}\n", 3, "a"),
        ] {
            let glued = find(template).unwrap();
            assert_eq!(glued.line, line, "{template}");
            assert_eq!(glued.expression, expression, "{template}");
        }
    }
}
