//! What refers to something else in the same attribute has to find it there.

use super::{Args, Assigned, Entry, Form, Mark, Node, Reader};
use crate::model::Workload;
use crate::value::{Fact, Token};
use crate::{EnvName, Port, PortName, PortRef, Template, nearest};

/// Whose templates they are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// A service's.
    Service,
    /// An application's.
    App,
    /// Those of an application that is declared elsewhere, with its own ports and variables.
    Other,
}

impl Reader<'_> {
    /// Several replicas with a persistent volume would have different data.
    pub(super) fn scale_with_volumes(&mut self, args: &Args, workload: &Workload) {
        let persistent = workload.volumes.iter().any(|volume| !volume.ephemeral);
        if let (true, Some(entry)) = (persistent, args.entries.iter().find(|entry| entry.key == "scale")) {
            self.report(
                entry.span,
                "`scale` does not go with a persistent volume",
                "each replica would have data of its own; leave `scale` out or make the volume `ephemeral`",
            );
        }
    }

    /// Ports that are referred to have to be declared.
    pub(super) fn references_to_ports(&mut self, args: &Args, workload: &Workload) {
        for entry in &args.entries {
            let keys: &[&str] = match entry.key.as_str() {
                "health" => &["port", "tcp"],
                "ingress" => &["port"],
                _ => continue,
            };
            let Assigned::Args(inner) = &entry.value else { continue };
            for entry in inner.entries.iter().filter(|entry| keys.contains(&entry.key.as_str())) {
                self.reference_to_port(entry, workload);
            }
        }
    }

    fn reference_to_port(&mut self, entry: &Entry, workload: &Workload) {
        let Assigned::Value(node) = &entry.value else { return };
        let (port, known) = match &node.form {
            // A number needs no declaration where the image's own ports are meant.
            Form::Number(_) if workload.ports.is_empty() => return,
            Form::Number(number) => {
                let Ok(number) = Port::new(*number) else { return };
                (PortRef::Number(number), workload.ports.iter().any(|port| port.number == number))
            }
            Form::Text(text) => {
                let Ok(name) = PortName::parse(text) else { return };
                let known = workload.ports.iter().any(|port| port.name.as_ref() == Some(&name));
                (PortRef::Name(name), known)
            }
            _ => return,
        };
        if !known {
            let help = match port {
                PortRef::Number(number) => format!("write `port({number})` as well"),
                PortRef::Name(_) => declare_port(&port.to_string(), workload),
            };
            self.report(node.span, format!("no port `{port}` is declared"), help);
        }
    }

    /// Tokens about a workload have to be answerable by it.
    pub(super) fn template_references(&mut self, args: &Args, workload: &Workload, owner: Owner) {
        for (span, template) in templates(args) {
            for token in template.tokens() {
                if let Some((message, help)) = unanswerable(&token, workload, owner) {
                    self.report(span, message, help);
                }
            }
        }
    }
}

fn unanswerable(token: &Token, workload: &Workload, owner: Owner) -> Option<(String, String)> {
    match token {
        Token::Own(Fact::User | Fact::Password | Fact::Database) if owner != Owner::Service => Some((
            format!("`{token}`: an application has none"),
            "it is a fact about a service: write `{ID.database}` or `{ID.user}`".to_owned(),
        )),
        _ if owner == Owner::Other => None,
        Token::Env(name) if !workload.env.contains_key(name) => {
            let names = workload.env.keys().map(EnvName::as_str);
            let declare = format!("write `env({name} = \"…\")`");
            let help = nearest(name.as_str(), names).map_or(declare, |near| format!("did you mean `{near}`?"));
            Some((format!("`{token}`: `env` does not set `{name}`"), help))
        }
        Token::Own(Fact::Port(Some(name)) | Fact::Url(Some(name)) | Fact::HostPort(name)) => {
            let known = workload.ports.iter().any(|port| port.name.as_ref() == Some(name));
            let help = || declare_port(name.as_str(), workload);
            (!known).then(|| (format!("`{token}`: no port is called `{name}`"), help()))
        }
        _ => None,
    }
}

fn declare_port(name: &str, workload: &Workload) -> String {
    let names = workload.ports.iter().filter_map(|port| port.name.as_ref()).map(PortName::as_str);
    match nearest(name, names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("write `port(…, name = \"{name}\")`"),
    }
}

/// Every template in the values of an attribute, with where it is.
fn templates(args: &Args) -> Vec<(Mark, Template)> {
    let mut found = Vec::new();
    for entry in &args.entries {
        match (&entry.value, entry.key.as_str()) {
            (Assigned::Args(inner), "app_env") => {
                for entry in &inner.entries {
                    if let Assigned::Value(Node { span, form: Form::Text(text) }) = &entry.value {
                        found.extend(Template::parse(text).ok().map(|template| (*span, template)));
                    }
                }
            }
            (Assigned::Args(inner), _) => found.extend(templates(inner)),
            (Assigned::Value(node), _) => in_node(node, &mut found),
            (Assigned::Flag, _) => {}
        }
    }
    found
}

fn in_node(node: &Node, found: &mut Vec<(Mark, Template)>) {
    match &node.form {
        Form::List(nodes) => nodes.iter().for_each(|node| in_node(node, found)),
        Form::Call(name, args) if name == "template" => {
            for node in &args.positional {
                if let Form::Text(text) = &node.form {
                    found.extend(Template::parse(text).ok().map(|template| (node.span, template)));
                }
            }
        }
        _ => {}
    }
}
