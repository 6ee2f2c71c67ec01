use std::collections::BTreeMap;

use super::{Args, Assigned, Entry, Form, Mark, Node};
use crate::invalid::one_line;
use crate::value::{SecretRef, TemplateValue, VarRef};
use crate::{EnvName, FromText, Invalid, Port, PortRef, Value, did_you_mean, nearest};

/// What is wrong in an attribute, where, and what to write instead.
#[derive(Clone, Debug)]
pub struct Problem<S> {
    /// Where it is.
    pub span: S,
    /// What is wrong, as a lower-case fragment without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl<S> Problem<S> {
    /// A problem without advice.
    pub fn new(span: S, message: impl Into<String>) -> Self {
        Self { span, message: one_line(message.into()), help: None }
    }

    /// The same problem elsewhere, or at the same place in other terms.
    pub fn at<T>(self, span: T) -> Problem<T> {
        Problem { span, message: self.message, help: self.help }
    }

    /// The same problem with what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(one_line(help.into()));
        self
    }
}

/// Reads typed values from a tree and collects what is wrong with them.
pub struct Reader<'a> {
    problems: &'a mut Vec<Problem<Mark>>,
}

impl<'a> Reader<'a> {
    /// A reader that adds to these problems.
    pub fn new(problems: &'a mut Vec<Problem<Mark>>) -> Self {
        Self { problems }
    }

    pub(super) fn report(&mut self, span: Mark, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(span, message).help(help));
    }

    pub(super) fn invalid(&mut self, span: Mark, invalid: Invalid) {
        self.problems.push(Problem { span, message: invalid.problem, help: invalid.help });
    }

    pub(super) fn keep<T>(&mut self, span: Mark, result: Result<T, Invalid>) -> Option<T> {
        result.map_err(|invalid| self.invalid(span, invalid)).ok()
    }

    fn expected(&mut self, entry: &Entry, what: &str, example: &str) {
        let span = match &entry.value {
            Assigned::Value(Node { form: Form::Unreadable, .. }) => return,
            Assigned::Value(node) => node.span,
            Assigned::Flag | Assigned::Args(_) => entry.span,
        };
        self.report(span, format!("`{}` takes {what}", entry.key), format!("write `{example}`"));
    }

    /// Reports a value of another form than the expected one.
    fn mistaken(&mut self, node: &Node, expected: &str, help: &str) {
        if !matches!(node.form, Form::Unreadable) {
            self.report(node.span, format!("expected {expected}, found {}", node.form.what()), help);
        }
    }

    /// Reports a key that nobody knows in the parentheses of another.
    pub(super) fn unknown(&mut self, entry: &Entry, place: &str, keys: &[&str]) {
        let mut help = did_you_mean(&entry.key, keys);
        if matches!(entry.value, Assigned::Flag) && nearest(&entry.key, keys.iter().copied()).is_none() {
            help = format!("{help}; a value is a literal, a text in quotes");
        }
        self.report(entry.span, format!("unknown key `{}` in {place}", entry.key), help);
    }

    /// Reports a key that no attribute of this kind has.
    pub(super) fn unknown_key(&mut self, entry: &Entry, attribute: &str) {
        let help = super::keys::advice(&entry.key, attribute);
        self.report(entry.span, format!("unknown key `{}` in `#[{attribute}]`", entry.key), help);
    }

    /// Whether a key is there, or another that nobody knows and that is most likely it.
    pub(super) fn is_meant(args: &Args, key: &str, known: &[&str]) -> bool {
        let meant = |entry: &Entry| {
            entry.key == key
                || !known.contains(&entry.key.as_str()) && nearest(&entry.key, known.iter().copied()) == Some(key)
        };
        args.entries.iter().any(meant)
    }

    /// Reports a key that is required and missing, unless something else is reported that is most
    /// likely it: a key that nobody knows, a value without a key.
    pub(super) fn require(&mut self, args: &Args, key: &str, known: &[&str], problem: &str, help: &str) {
        if args.positional.is_empty() && !Self::is_meant(args, key, known) {
            self.report(args.span, problem, help);
        }
    }

    /// Reports a key that was there before, unless it may be repeated.
    pub(super) fn duplicates(&mut self, entries: &[Entry], repeatable: &[&str]) {
        let mut seen: Vec<&str> = Vec::new();
        for entry in entries {
            if repeatable.contains(&entry.key.as_str()) {
                continue;
            }
            if seen.contains(&entry.key.as_str()) {
                self.report(entry.span, format!("duplicate key `{}`", entry.key), "write it once");
            }
            seen.push(&entry.key);
        }
    }

    /// Reports values without a key where none is expected.
    pub(super) fn no_positional(&mut self, args: &Args, place: &str) {
        for node in args.positional.iter().filter(|node| !matches!(node.form, Form::Unreadable)) {
            self.report(node.span, format!("{} without a key in {place}", node.form.what()), "write `key = value`");
        }
    }

    pub(super) fn args<'b>(&mut self, entry: &'b Entry, example: &str) -> Option<&'b Args> {
        if let Assigned::Args(args) = &entry.value {
            return Some(args);
        }
        self.expected(entry, "arguments", example);
        None
    }

    pub(super) fn node<'b>(&mut self, entry: &'b Entry, what: &str) -> Option<&'b Node> {
        if let Assigned::Value(node) = &entry.value {
            return Some(node);
        }
        self.expected(entry, what, &format!("{} = …", entry.key));
        None
    }

    /// The text of a node.
    pub(super) fn text<'b>(&mut self, node: &'b Node, what: &str) -> Option<&'b str> {
        if let Form::Text(text) = &node.form {
            return Some(text);
        }
        self.mistaken(node, what, "write it in quotes");
        None
    }

    pub(super) fn node_parsed<T: FromText>(&mut self, node: &Node) -> Option<T> {
        let text = self.text(node, T::WHAT)?;
        self.keep(node.span, T::from_text(text))
    }

    /// `key = "text"` that a type is read from.
    pub(super) fn parsed<T: FromText>(&mut self, entry: &Entry) -> Option<T> {
        let node = self.node(entry, T::WHAT)?;
        self.node_parsed(node)
    }

    /// `key = "text"` of any kind, not empty.
    pub(super) fn string(&mut self, entry: &Entry) -> Option<String> {
        let node = self.node(entry, "a string")?;
        let text = self.text(node, "a string")?;
        if text.is_empty() {
            self.report(node.span, format!("`{}` is empty", entry.key), "write something or leave the key out");
            return None;
        }
        Some(text.to_owned())
    }

    /// A value of `app_env`, which is a template without a word.
    pub(super) fn template(&mut self, node: &Node) -> Option<crate::Template> {
        if let Form::Call(name, _) = &node.form {
            let help = match name.as_str() {
                "secret" => "a secret is a token in a text: `\"{secret:NAME}\"`",
                _ => "write the text itself, with tokens such as `{host}`",
            };
            self.mistaken(node, "a template", help);
            return None;
        }
        self.node_parsed(node)
    }

    pub(super) fn node_number(&mut self, node: &Node, what: &str) -> Option<u64> {
        if let Form::Number(number) = node.form {
            return Some(number);
        }
        self.mistaken(node, what, "write a whole number without quotes");
        None
    }

    /// `key = number` from `min` to `max`.
    pub(super) fn number(&mut self, entry: &Entry, min: u32, max: u32) -> Option<u32> {
        let node = self.node(entry, "a number")?;
        let number = self.node_number(node, "a number")?;
        match u32::try_from(number) {
            Ok(number) if (min..=max).contains(&number) => Some(number),
            _ => {
                let help = format!("a whole number from {min} to {max}");
                self.report(node.span, format!("`{}` cannot be {number}", entry.key), help);
                None
            }
        }
    }

    /// `key` or `key = true`.
    pub(super) fn flag(&mut self, entry: &Entry) -> Option<bool> {
        match &entry.value {
            Assigned::Flag => Some(true),
            Assigned::Value(Node { form: Form::Bool(value), .. }) => Some(*value),
            _ => {
                self.expected(entry, "`true` or `false`", &format!("{} = true", entry.key));
                None
            }
        }
    }

    /// `key = […]`, each element read by `item`.
    pub(super) fn list<T>(
        &mut self,
        entry: &Entry,
        mut item: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> Option<Vec<T>> {
        let node = self.node(entry, "a list")?;
        let Form::List(nodes) = &node.form else {
            self.mistaken(node, &format!("a list for `{}`", entry.key), "write it in `[…]`");
            return None;
        };
        Some(nodes.iter().filter_map(|node| item(self, node)).collect())
    }

    /// `key = ["a", "b"]` of a type with a text, each at most once.
    pub(super) fn set<T: FromText + PartialEq>(&mut self, entry: &Entry) -> Option<Vec<T>> {
        let mut seen: Vec<T> = Vec::new();
        self.list(entry, |reader, node| {
            let value: T = reader.node_parsed(node)?;
            if seen.contains(&value) {
                let text = reader.text(node, T::WHAT)?;
                reader.report(node.span, format!("`{text}` is there twice"), "write it once");
            } else {
                seen.push(value);
            }
            Some(())
        })?;
        Some(seen)
    }

    pub(super) fn port(&mut self, node: &Node) -> Option<Port> {
        let number = self.node_number(node, "a port number")?;
        self.keep(node.span, Port::new(number))
    }

    pub(super) fn port_ref(&mut self, node: &Node) -> Option<PortRef> {
        match &node.form {
            Form::Number(_) => self.port(node).map(PortRef::Number),
            _ => self.node_parsed(node).map(PortRef::Name),
        }
    }

    /// A value: text, `secret(…)`, `var(…)` or `template(…)`.
    pub(super) fn value(&mut self, node: &Node) -> Option<Value> {
        let (name, args) = match &node.form {
            Form::Text(text) => return Some(Value::Text(text.clone())),
            Form::Call(name, args) => (name.as_str(), args),
            form => {
                let help = match form {
                    Form::Number(number) => format!("write `\"{number}\"`"),
                    Form::Bool(value) => format!("write `\"{value}\"`"),
                    _ => "text, `secret(\"name\")`, `var(\"NAME\")` or `template(\"…\")`".to_owned(),
                };
                self.mistaken(node, "a value", &help);
                return None;
            }
        };
        let option = match name {
            "secret" => Some("key"),
            "var" => Some("default"),
            "template" => None,
            _ => {
                let help = did_you_mean(name, &["secret", "var", "template"]);
                self.report(node.span, format!("unknown value `{name}(…)`"), help);
                return None;
            }
        };
        let first = self.only_argument(name, args, option)?;
        let extra = args.entries.iter().find(|entry| Some(entry.key.as_str()) == option);
        match name {
            "secret" => {
                let key = extra.map(|entry| self.parsed(entry));
                Some(Value::Secret(SecretRef { secret: self.node_parsed(first)?, key: key.flatten() }))
            }
            "var" => {
                let default = extra.map(|entry| {
                    let node = self.node(entry, "a string")?;
                    self.text(node, "a string").map(str::to_owned)
                });
                let var: EnvName = self.node_parsed(first)?;
                if !var.is_shell_name() {
                    let help = "letters, digits and `_`: a shell and Compose can set no other";
                    self.report(first.span, format!("`{var}` cannot be set in a shell"), help);
                    return None;
                }
                Some(Value::Var(VarRef { var, default: default.flatten() }))
            }
            _ => Some(Value::Template(TemplateValue { template: self.node_parsed(first)? })),
        }
    }

    fn only_argument<'b>(&mut self, name: &str, args: &'b Args, option: Option<&str>) -> Option<&'b Node> {
        for entry in &args.entries {
            // A word without quotes may be the secret itself.
            if name == "secret" && matches!(entry.value, Assigned::Flag) {
                self.report(entry.span, "a word without quotes in `secret(…)`", "write `secret(\"NAME\")`");
                continue;
            }
            if Some(entry.key.as_str()) != option {
                let help = match option {
                    Some(option) => format!("write `{name}(\"…\")` or `{name}(\"…\", {option} = \"…\")`"),
                    None => format!("write `{name}(\"…\")`"),
                };
                self.report(entry.span, format!("unknown key `{}` in `{name}(…)`", entry.key), help);
            }
        }
        self.duplicates(&args.entries, &[]);
        let [first] = args.positional.as_slice() else {
            // An unknown key is most likely the text with a name, and reported as that.
            if args.positional.len() > 1 || args.entries.iter().all(|entry| Some(entry.key.as_str()) == option) {
                self.report(args.span, format!("`{name}(…)` takes one text"), format!("write `{name}(\"…\")`"));
            }
            return None;
        };
        Some(first)
    }

    /// `key(NAME = value, "other.name" = value)`.
    pub(super) fn map<K: FromText + Ord, T>(
        &mut self,
        entry: &Entry,
        mut value: impl FnMut(&mut Self, &Node) -> Option<T>,
    ) -> BTreeMap<K, T> {
        let mut map = BTreeMap::new();
        let Some(args) = self.args(entry, &format!("{}(NAME = \"value\")", entry.key)) else { return map };
        self.no_positional(args, &format!("`{}(…)`", entry.key));
        self.duplicates(&args.entries, &[]);
        for entry in &args.entries {
            let key = self.keep(entry.span, K::from_text(&entry.key));
            let value = self.node(entry, "a value").and_then(|node| value(self, node));
            if let (Some(key), Some(value)) = (key, value) {
                map.entry(key).or_insert(value);
            }
        }
        map
    }

    /// The one value that may stand without its key: `volume("/data")` is `volume(path = "/data")`.
    /// Reports the keys that are neither its own nor one of `keys`.
    pub(super) fn subject<'b>(
        &mut self,
        args: &'b Args,
        key: &str,
        place: &str,
        keys: &[&str],
        example: &str,
    ) -> Option<&'b Node> {
        let keyed = args.entries.iter().find(|entry| entry.key == key);
        let keyed = keyed.and_then(|entry| self.node(entry, "a value"));
        let mut given = args.positional.iter().chain(keyed);
        let first = given.next();
        let mut guilty = args.entries.iter().any(|entry| entry.key == key);
        for entry in args.entries.iter().filter(|entry| entry.key != key && !keys.contains(&entry.key.as_str())) {
            guilty = true;
            self.unknown(entry, &format!("`{place}(…)`"), keys);
        }
        // A key that nobody knows is most likely it, and reported as that.
        if first.is_none() && !guilty {
            self.report(args.span, format!("`{place}(…)` has no {key}"), format!("write `{example}`"));
        }
        for node in given {
            self.report(node.span, format!("a second {key} in `{place}(…)`"), format!("write another `{place}(…)`"));
        }
        first
    }
}
