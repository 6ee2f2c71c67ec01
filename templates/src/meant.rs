//! What was probably meant by a name that a template does not find.

use std::collections::BTreeSet;

use minijinja::Value;
use minijinja::value::ValueKind;

use crate::nearest;

/// An expression that is undefined, and the template up to where it stands.
pub(crate) struct Undefined<'a> {
    pub(crate) expression: &'a str,
    pub(crate) before: &'a str,
    pub(crate) context: &'a Value,
}

/// A name that a template gives to something, and what it is: a path, or nothing that is known here.
struct Binding<'a> {
    name: &'a str,
    path: Option<&'a str>,
    /// Whether it is each element of what is at the path.
    is_element: bool,
}

/// A key or an index of a path such as `services[0].image`.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl Undefined<'_> {
    /// The expression with the nearest key that is there instead of the last one.
    pub(crate) fn meant(&self) -> Option<String> {
        let bindings = bindings(self.before);
        let steps = steps(self.expression)?;
        let (Step::Key(last), parents) = steps.split_last()? else { return None };
        let mut keys: BTreeSet<String> = match parents {
            [] => bindings.iter().map(|binding| binding.name.to_owned()).collect(),
            _ => BTreeSet::new(),
        };
        keys.extend(self.values(parents, &bindings)?.iter().flat_map(keys_of));
        let near = nearest(last, keys.iter().map(String::as_str))?;
        let stem = self.expression.rfind(last).map(|at| &self.expression[..at])?;
        let end = &self.expression[stem.len() + last.len()..];
        Some(format!("{stem}{near}{end}"))
    }

    /// All that may be at a path: with a name that a loop gives, something of each of its rounds.
    fn values(&self, path: &[Step<'_>], bindings: &[Binding<'_>]) -> Option<Vec<Value>> {
        let Some((Step::Key(head), rest)) = path.split_first() else { return Some(vec![self.context.clone()]) };
        // The last of a name is the one that holds, and sees those before it only.
        let bound = bindings.iter().rposition(|binding| binding.name == *head);
        let start = match bound {
            None => vec![self.context.get_attr(head).ok()?],
            Some(at) => {
                let found = self.values(&steps(bindings[at].path?)?, &bindings[..at])?;
                if bindings[at].is_element { found.iter().flat_map(elements).collect() } else { found }
            }
        };
        Some(rest.iter().fold(start, |values, step| values.iter().filter_map(|value| step.of(value)).collect()))
    }
}

impl Step<'_> {
    fn of(&self, value: &Value) -> Option<Value> {
        let inner = match self {
            Self::Key(key) => value.get_attr(key),
            Self::Index(index) => value.get_item_by_index(*index),
        };
        inner.ok().filter(|inner| !inner.is_undefined())
    }
}

/// What a loop goes through: the elements of a list, the values of a map.
fn elements(value: &Value) -> Vec<Value> {
    let Ok(items) = value.try_iter() else { return Vec::new() };
    match value.kind() {
        ValueKind::Map => items.filter_map(|key| value.get_item(&key).ok()).collect(),
        _ => items.collect(),
    }
}

fn keys_of(value: &Value) -> Vec<String> {
    let is_map = value.kind() == ValueKind::Map;
    let keys = value.try_iter().ok().filter(|_| is_map).into_iter().flatten();
    keys.map(|key| key.to_string()).collect()
}

/// The steps of a path; nothing where it is more than a path.
fn steps(path: &str) -> Option<Vec<Step<'_>>> {
    let mut steps = Vec::new();
    for part in path.split('.') {
        let (name, indices) = part.split_at(part.find('[').unwrap_or(part.len()));
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        steps.push(is_name.then_some(Step::Key(name))?);
        for index in indices.split_terminator(']') {
            let index = index.strip_prefix('[')?;
            let quoted = index.strip_prefix(['"', '\'']).and_then(|rest| rest.strip_suffix(['"', '\'']));
            steps.push(match quoted {
                Some(key) => Step::Key(key),
                None => Step::Index(index.parse().ok()?),
            });
        }
    }
    Some(steps)
}

/// The names that hold at the end of a piece of a template, outer ones first.
fn bindings(template: &str) -> Vec<Binding<'_>> {
    let mut bindings = Vec::new();
    // How many names there were before each block that is still open.
    let mut open = Vec::new();
    for tag in tags(template) {
        let (word, rest) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        match word {
            "for" | "macro" | "with" => open.push(bindings.len()),
            "endfor" | "endmacro" | "endwith" => bindings.truncate(open.pop().unwrap_or(0)),
            _ => {}
        }
        match word {
            "for" => bindings.extend(loop_names(rest)),
            "set" | "with" => bindings.extend(rest.split_once('=').map(|(name, path)| Binding {
                name: name.trim(),
                path: Some(path.trim()),
                is_element: false,
            })),
            "macro" => bindings.extend(arguments(rest)),
            _ => {}
        }
    }
    bindings
}

/// `service in services if service.ports`, `name, limit in service.ulimits | items`
fn loop_names(rest: &str) -> Vec<Binding<'_>> {
    let Some((names, list)) = rest.split_once(" in ") else { return Vec::new() };
    let list = list.split(" if ").next().unwrap_or_default();
    let (path, filters) = list.split_once('|').map_or((list, None), |(path, filters)| (path, Some(filters.trim())));
    let names: Vec<&str> = names.split(',').map(str::trim).collect();
    let last = names.len() - 1;
    let bind = |(at, name)| {
        let is_element = filters == (last == 1).then_some("items") && at == last;
        Binding { name, path: is_element.then_some(path.trim()), is_element }
    };
    names.into_iter().enumerate().map(bind).collect()
}

/// `name(first, second="x")`: nobody knows here what a macro is called with.
fn arguments(rest: &str) -> Vec<Binding<'_>> {
    let inside = rest.split_once('(').map_or("", |(_, inside)| inside.trim_end_matches(')'));
    let names = inside.split(',').map(|argument| argument.split('=').next().unwrap_or_default().trim());
    names.map(|name| Binding { name, path: None, is_element: false }).collect()
}

/// The names of the macros of a template.
pub(crate) fn macros(template: &str) -> impl Iterator<Item = &str> {
    tags(template).filter_map(|tag| tag.strip_prefix("macro ")?.split('(').next()).map(str::trim)
}

/// What is in each `{% … %}` that is closed, outside of comments.
fn tags(template: &str) -> impl Iterator<Item = &str> {
    let mut rest = template;
    std::iter::from_fn(move || {
        loop {
            let tag = rest.find("{%")?;
            if let Some(comment) = rest.find("{#").filter(|comment| *comment < tag) {
                rest = rest[comment..].split_once("#}")?.1;
                continue;
            }
            let (inside, after) = rest[tag + 2..].split_once("%}")?;
            rest = after;
            return Some(inside.trim_matches(['-', '+']).trim());
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn meant(before: &str, expression: &str) -> Option<String> {
        let context = Value::from(minijinja::value::Serde(json!({
            "name": "shop",
            "services": [
                { "id": "db", "ports": [], "ulimits": { "nofile": { "soft": 1, "hard": 2 } } },
                { "id": "web", "image": "x", "ports": [{ "target": 80 }], "ulimits": {} },
            ],
        })));
        Undefined { expression, before, context: &context }.meant()
    }

    #[test]
    fn a_name_of_a_loop_is_what_the_loop_goes_through() {
        let services = "{# {% for s in x %} #}{%- for s in services if s.id -%}";
        for (before, expression, expected) in [
            ("", "nmae", "name"),
            ("", "services[1].imagee", "services[1].image"),
            ("", "services[1]['imagee']", "services[1]['image']"),
            (services, "s.imagee", "s.image"),
            (services, "servces", "services"),
            (&format!("{services}{{% for p in s.ports %}}"), "p.taget", "p.target"),
            (&format!("{services}{{% for p in s.ports %}}{{% endfor %}}"), "s.imagee", "s.image"),
            (&format!("{services}{{% for name, limit in s.ulimits | items %}}"), "limit.sofd", "limit.soft"),
            ("{% set first = services[0] %}", "first.prots", "first.ports"),
            ("{% macro one(service) %}{% endmacro %}", "nmae", "name"),
            ("{% macro one(service) %}", "servic", "service"),
        ] {
            assert_eq!(meant(before, expression).as_deref(), Some(expected), "{before} {expression}");
        }
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known() {
        for (before, expression) in [
            ("{% macro one(services) %}", "services.imagee"),
            ("{% for services in x | map(attribute=\"y\") %}", "services.imagee"),
            ("{% for s in services | groupby(\"id\") %}", "s.imagee"),
            ("{% for s in services %}{% endfor %}", "s.imagee"),
            ("{% for name, limit in services %}", "name.imagee"),
            ("", "(...).imagee"),
            ("", "services[...].imagee"),
            ("", "name.imagee"),
            ("", "zebra"),
        ] {
            assert_eq!(meant(before, expression), None, "{before} {expression}");
        }
    }
}
