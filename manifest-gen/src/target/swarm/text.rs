//! Text where Swarm reads it: variables are interpolated when the file is read, and what is in the
//! environment, a host name or a mount is a Go template when a task starts.

use orch_manifest::{EnvName, Id, PortName};

use super::{Writer, is_published};
use crate::plan::{Piece, Text, Workload};
use crate::target::interpolation::{escape, host_port, optional, published, supplied};

/// A literal that is a Go template to whoever reads it.
pub(super) fn in_go_template(text: &str) -> String {
    text.replace("{{", "{{\"{{\"}}")
}

/// A word that a shell takes as it is.
pub(super) fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._/:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl Writer<'_> {
    /// Text without a secret in it, where a literal is written by `literal`.
    pub(super) fn text(&mut self, workload: &Workload, text: &Text, literal: impl Fn(&str) -> String) -> String {
        let mut written = String::new();
        for piece in &text.pieces {
            match piece {
                Piece::Literal(text) => written.push_str(&escape(&literal(text))),
                Piece::Variable { name, default } => {
                    written.push_str(&self.variable(workload, name, default.as_deref()));
                }
                Piece::HostPort { id, port } => written.push_str(&self.host_port(id, port)),
                // What holds a secret goes another way.
                Piece::Secret { .. } => {}
            }
        }
        written
    }

    /// A default is taken to the letter up to the first `}`, and becomes part of a Go template.
    pub(super) fn variable(&mut self, workload: &Workload, name: &EnvName, default: Option<&str>) -> String {
        match default {
            None => supplied(name),
            Some(default) if default.contains('}') || default.contains("{{") => {
                let message = format!("Swarm cannot express the default of `{name}`, which has a brace in it");
                self.error(message, "write another default, or none", Some(workload));
                String::new()
            }
            Some(default) => optional(name.as_str(), default),
        }
    }

    /// The number under which a port is published; its own where Swarm publishes none.
    pub(super) fn host_port(&self, id: &Id, name: &PortName) -> String {
        let Some((workload, port)) = self.plan.workload(id).zip(host_port(self.plan, id, name)) else {
            return String::new();
        };
        let publish = port.publish.as_ref().filter(|_| is_published(workload, port));
        publish.map_or_else(|| port.port.number.to_string(), published)
    }
}

#[cfg(test)]
mod tests {
    use super::{in_go_template, quote};

    #[test]
    fn a_go_template_prints_what_was_meant() {
        assert_eq!(in_go_template("{{ a }}"), "{{\"{{\"}} a }}");
        assert_eq!(in_go_template("{{{"), "{{\"{{\"}}{");
        assert_eq!(in_go_template("{ a }"), "{ a }");
    }

    #[test]
    fn a_shell_reads_one_word() {
        assert_eq!(quote("redis-server"), "redis-server");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("it's $HOME"), r"'it'\''s $HOME'");
    }
}
