//! The environment and the arguments of a container.
//!
//! Kubernetes replaces `$(NAME)` in values and arguments by the value of a variable that stands
//! before it, `$$` by `$`, and leaves every other `$` alone. Secrets and the deployer's variables get
//! a variable each, which come first; texts that hold them refer to those.

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::value::SecretKey;
use orch_manifest::{EnvName, SecretName};
use serde::Serialize;

use super::storage::PGDATA;
use super::{Writer, config, secrets, storage};
use crate::plan::{Environment, Piece, Text, Workload};

/// A variable of a container.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct Variable {
    /// Its name.
    pub(super) name: String,
    /// Its value, where it is neither in a Secret nor in a ConfigMap: `$(NAME)` is a variable above it, `$$(` the letters `$(`.
    value: Option<String>,
    /// The same to the letter, where no other variable is in it.
    literal: Option<String>,
    /// The key of a Secret it comes from.
    pub(super) secret: Option<KeyRef>,
    /// The key of a ConfigMap it comes from.
    config: Option<KeyRef>,
}

/// A key of a Secret or a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
pub(super) struct KeyRef {
    /// The Secret or the ConfigMap.
    pub(super) name: String,
    /// The key in it.
    pub(super) key: String,
}

/// Something that is known in the cluster only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unknown {
    Secret(SecretName, Option<SecretKey>),
    Variable(EnvName),
}

/// What a workload runs with.
pub(super) struct Arguments {
    pub(super) env: Vec<Variable>,
    pub(super) entrypoint: Vec<String>,
    pub(super) command: Vec<String>,
}

impl Writer<'_> {
    /// The environment and the arguments of a workload.
    pub(super) fn arguments(&self, workload: &Workload) -> Arguments {
        let sources = sources(workload);
        let expand = |text: &Text| self.expandable(text, &sources);
        let mut env: Vec<Variable> = sources.iter().map(|(unknown, name)| self.source(unknown, name.clone())).collect();
        for (name, entry) in &workload.env {
            let name = name.to_string();
            if let (Some(file_name), Some(path)) = (&entry.file_form, secret_file(entry)) {
                env.push(literal(file_name.to_string(), path));
            } else if let Some(unknown) = whole(&entry.value) {
                // Where several variables are the same secret, one of them is the source.
                if sources.get(&unknown) != Some(&name) {
                    env.push(self.source(&unknown, name));
                }
            } else {
                env.push(Variable {
                    name,
                    value: Some(expand(&entry.value)),
                    literal: self.letters(&entry.value),
                    ..no_value()
                });
            }
        }
        if let Some(folder) = storage::data_folder(workload) {
            env.push(literal(PGDATA.to_owned(), folder));
        }
        // A reference sees only what stands before it.
        env.sort_by(|a, b| (a.value.is_some(), &a.name).cmp(&(b.value.is_some(), &b.name)));
        Arguments {
            env,
            entrypoint: workload.entrypoint.iter().map(expand).collect(),
            command: workload.command.iter().map(expand).collect(),
        }
    }

    fn source(&self, unknown: &Unknown, name: String) -> Variable {
        match unknown {
            Unknown::Secret(secret, key) => {
                let place = secrets::place(self.plan, secret, key.as_ref());
                Variable { name, secret: Some(place), ..no_value() }
            }
            Unknown::Variable(variable) => {
                let place = KeyRef { name: config::variables_name(self.plan), key: variable.to_string() };
                Variable { name, config: Some(place), ..no_value() }
            }
        }
    }

    /// Text in the syntax that the kubelet expands.
    fn expandable(&self, text: &Text, sources: &BTreeMap<Unknown, String>) -> String {
        let mut out = String::new();
        let mut literal = String::new();
        for piece in &text.pieces {
            match (piece, unknown(piece)) {
                (Piece::Literal(text), _) => literal.push_str(text),
                (Piece::HostPort { id, port }, _) => literal.push_str(&self.host_port(id, port)),
                (_, Some(unknown)) => {
                    out.push_str(&escape(&std::mem::take(&mut literal), true));
                    let name = sources.get(&unknown).map_or("", String::as_str);
                    out.extend(["$(", name, ")"]);
                }
                (_, None) => {}
            }
        }
        out + &escape(&literal, false)
    }

    /// Text in which nothing is left to be known.
    fn letters(&self, text: &Text) -> Option<String> {
        let letters = |piece: &Piece| match piece {
            Piece::Literal(text) => Some(text.clone()),
            Piece::HostPort { id, port } => Some(self.host_port(id, port)),
            Piece::Secret { .. } | Piece::Variable { .. } => None,
        };
        text.pieces.iter().map(letters).collect()
    }

    /// There is no host on which a port is published, so it is the port itself.
    fn host_port(&self, id: &orch_manifest::Id, name: &orch_manifest::PortName) -> String {
        let ports = self.plan.workload(id).map_or(&[][..], |workload| workload.ports.as_slice());
        let port = ports.iter().find(|port| port.port.name.as_ref() == Some(name));
        port.map(|port| port.port.number.to_string()).unwrap_or_default()
    }
}

/// The file in which an image finds a secret, when it takes one.
pub(super) fn secret_file(entry: &Environment) -> Option<String> {
    match (entry.file_form.as_ref(), entry.value.pieces.as_slice()) {
        (Some(_), [Piece::Secret { name, key, .. }]) => Some(secrets::mounted(name, key.as_ref())),
        _ => None,
    }
}

fn no_value() -> Variable {
    Variable { name: String::new(), value: None, literal: None, secret: None, config: None }
}

fn literal(name: String, text: String) -> Variable {
    Variable { name, value: Some(escape(&text, false)), literal: Some(text), ..no_value() }
}

fn unknown(piece: &Piece) -> Option<Unknown> {
    match piece {
        Piece::Secret { name, key, .. } => Some(Unknown::Secret(name.clone(), key.clone())),
        Piece::Variable { name, .. } => Some(Unknown::Variable(name.clone())),
        Piece::Literal(_) | Piece::HostPort { .. } => None,
    }
}

/// What a text is, when it is nothing else.
fn whole(text: &Text) -> Option<Unknown> {
    match text.pieces.as_slice() {
        [piece] => unknown(piece),
        _ => None,
    }
}

/// The variable that holds each secret and each of the deployer's variables that a text refers to:
/// one of the workload's own where it is just that, else one that is made for it.
fn sources(workload: &Workload) -> BTreeMap<Unknown, String> {
    let own: BTreeMap<Unknown, String> = workload
        .env
        .iter()
        .rev()
        .filter(|(_, entry)| secret_file(entry).is_none())
        .filter_map(|(name, entry)| Some((whole(&entry.value)?, name.to_string())))
        .collect();
    let inside = workload.env.values().map(|entry| &entry.value).filter(|text| whole(text).is_none());
    let texts = inside.chain(&workload.entrypoint).chain(&workload.command);
    let referred: BTreeSet<Unknown> = texts.flat_map(|text| &text.pieces).filter_map(unknown).collect();
    let mut taken: BTreeSet<String> = workload.env.keys().map(ToString::to_string).collect();
    let mut sources = BTreeMap::new();
    for unknown in referred {
        let name = own.get(&unknown).cloned().unwrap_or_else(|| made(&unknown, &taken));
        taken.insert(name.clone());
        sources.insert(unknown, name);
    }
    sources
}

/// A name for a variable that nobody uses: `ORCH_SECRET_POSTGRES_PASSWORD`.
fn made(unknown: &Unknown, taken: &BTreeSet<String>) -> String {
    let name = match unknown {
        Unknown::Secret(name, None) => format!("ORCH_SECRET_{name}"),
        Unknown::Secret(name, Some(key)) => format!("ORCH_SECRET_{name}_{key}"),
        Unknown::Variable(name) => format!("ORCH_VARIABLE_{name}"),
    };
    let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    let base: String = name.chars().map(word).collect();
    let numbered = (2_u32..).map(|number| format!("{base}_{number}"));
    std::iter::once(base.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(base)
}

/// A literal that comes out of the kubelet's expansion as it is.
///
/// A `$` is doubled where something would be made of it and its neighbour: before `$` and `(`, before
/// a reference that follows, and before a character outside ASCII, of which the expansion copies the
/// first byte only.
pub(super) fn escape(text: &str, reference_follows: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(c);
        let doubled = match chars.peek() {
            Some(next) => matches!(next, '$' | '(') || !next.is_ascii(),
            None => reference_follows,
        };
        if c == '$' && doubled {
            out.push('$');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escape;

    /// What Kubernetes makes of a text, written after its documentation and its source, on bytes.
    fn expand(text: &str, value: &str) -> Vec<u8> {
        let bytes = text.as_bytes();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < bytes.len() {
            match (bytes[at], bytes.get(at + 1)) {
                (b'$', Some(b'$')) => {
                    out.push(b'$');
                    at += 2;
                }
                (b'$', Some(b'(')) => {
                    let end = bytes[at..].iter().position(|byte| *byte == b')');
                    out.extend(end.map_or(&b"$("[..], |_| value.as_bytes()));
                    at += end.map_or(2, |end| end + 1);
                }
                (b'$', Some(byte)) => {
                    // The byte becomes a character of its own.
                    out.extend(format!("${}", char::from(*byte)).into_bytes());
                    at += 2;
                }
                (byte, _) => {
                    out.push(byte);
                    at += 1;
                }
            }
        }
        out
    }

    #[test]
    fn every_short_text_comes_out_as_it_went_in() {
        const ALPHABET: [char; 5] = ['$', '(', ')', 'A', 'é'];
        for length in 0..=6_u32 {
            for number in 0..5_usize.pow(length) {
                let text: String = (0..length).map(|at| ALPHABET[number / 5_usize.pow(at) % 5]).collect();
                assert_eq!(expand(&escape(&text, false), "!"), text.as_bytes(), "{text}");
                let before = escape(&text, true) + "$(NAME)" + &escape(&text, false);
                assert_eq!(expand(&before, "!"), format!("{text}!{text}").into_bytes(), "{text}");
            }
        }
    }
}
