use super::workload::{REPEATABLE, WORKLOAD_KEYS};
use super::{Args, Assigned, Entry, Reader};
use crate::model::{Connection, Deployment, Kind, Service, Workload};
use crate::value::{Fact, Token};
use crate::{Id, Template, nearest};

/// The keys of `#[service]` beyond [`WORKLOAD_KEYS`].
pub const SERVICE_KEYS: &[&str] = &["kind", "id", "code", "deployment", "tenants", "url", "host", "database", "params"];

/// Keys that say where an external service is.
const CONNECTION_KEYS: [&str; 4] = ["url", "host", "database", "params"];
/// Keys that mean nothing without a container.
const CONTAINER_KEYS: [&str; 23] = [
    "image",
    "entrypoint",
    "command",
    "env",
    "ingress",
    "volume",
    "file",
    "health",
    "resources",
    "replicas",
    "scale",
    "fs_group",
    "workdir",
    "hostname",
    "grace",
    "restart",
    "cap_add",
    "restricted",
    "placement",
    "shm_size",
    "ulimit",
    "tenants",
    "egress",
];

/// Reads `#[service(…)]` on an item of this name.
///
/// `None` when it cannot be a service; what is wrong is with the reader's problems.
pub fn service<S: Copy>(args: &Args<S>, item: &str, reader: &mut Reader<'_, S>) -> Option<Service> {
    let find = |key| args.entries.iter().find(|entry| entry.key == key);
    let misspelt = |entry: &Entry<S>| nearest(&entry.key, SERVICE_KEYS.iter().copied()) == Some("kind");
    if !args.entries.iter().any(misspelt) {
        reader.report(
            args.span,
            "`#[service]` has no `kind`",
            format!("write `kind = \"{}\"`", Kind::WORDS.join("\" | \"")),
        );
    }
    let derived_id = find("id").is_none();
    let id = if derived_id { reader.keep(args.span, Id::from_ident(item)) } else { None };
    let mut service = Service {
        // Stands in while the keys are read, so that all problems are found; see the end.
        id: id.clone().or_else(|| Id::parse("x").ok())?,
        kind: Kind::parse("other").ok()?,
        derived_id,
        code: None,
        deployment: None,
        connection: None,
        tenants: None,
        workload: Workload::default(),
    };
    apply_service(args, &mut service, reader);
    let has_id = id.is_some() || find("id").is_some();
    (has_id && find("kind").is_some()).then_some(service)
}

/// Applies keys to a service that exists; each key replaces what was there, maps are merged.
pub fn apply_service<S: Copy>(args: &Args<S>, service: &mut Service, reader: &mut Reader<'_, S>) {
    reader.no_positional(args, "`#[service]`");
    reader.duplicates(&args.entries, REPEATABLE);
    // Which keys belong together depends on this one, wherever it is written.
    for entry in args.entries.iter().filter(|entry| entry.key == "deployment") {
        service.deployment = reader.parsed(entry);
    }
    let external = service.deployment() == Deployment::External;
    for entry in &args.entries {
        match entry.key.as_str() {
            "deployment" => {}
            "kind" => service.kind = reader.parsed(entry).unwrap_or_else(|| service.kind.clone()),
            "id" => service.id = reader.parsed(entry).unwrap_or_else(|| service.id.clone()),
            "code" => service.code = reader.code(entry),
            "tenants" => service.tenants = reader.parsed(entry),
            "user" if external => {
                let user = reader.node(entry, "a value").and_then(|node| reader.value(node));
                service.connection.get_or_insert_default().user = user;
            }
            key if CONNECTION_KEYS.contains(&key) => {
                reader.connection(entry, service.connection.get_or_insert_default());
            }
            _ => {
                if !reader.workload(entry, &mut service.workload) {
                    reader.unknown(entry, "`#[service]`", &[SERVICE_KEYS, WORKLOAD_KEYS].concat());
                }
            }
        }
    }
    reader.service_combinations(args, service);
    reader.template_references(args, &service.workload, Some(service));
}

impl<S: Copy> Reader<'_, S> {
    fn code(&mut self, entry: &Entry<S>) -> Option<String> {
        let code = self.string(entry)?;
        let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        if !code.split('.').all(word) {
            self.report(
                entry.span,
                format!("`{code}` is not a dotted code"),
                "words with dots between them, such as `data.orders.primary`",
            );
            return None;
        }
        Some(code)
    }

    fn connection(&mut self, entry: &Entry<S>, connection: &mut Connection) {
        if entry.key == "params" {
            connection.params.extend(self.map::<ParamName, _>(entry, Self::value).into_iter().map(|(k, v)| (k.0, v)));
            return;
        }
        let value = self.node(entry, "a value").and_then(|node| self.value(node));
        match entry.key.as_str() {
            "url" => connection.url = value,
            "host" => connection.host = value,
            _ => connection.database = value,
        }
    }

    fn service_combinations(&mut self, args: &Args<S>, service: &Service) {
        let deployment = service.deployment();
        for entry in &args.entries {
            let key = entry.key.as_str();
            if deployment != Deployment::External && CONNECTION_KEYS.contains(&key) {
                self.report(
                    entry.span,
                    format!("`{key}` does not go with `deployment = \"{deployment}\"`"),
                    "it says where a service is that is not started: write `deployment = \"external\"`",
                );
            }
            if deployment != Deployment::Container && CONTAINER_KEYS.contains(&key) {
                self.report(
                    entry.span,
                    format!("`{key}` does not go with `deployment = \"{deployment}\"`"),
                    "nothing is started for it; leave the key out",
                );
            }
        }
        let has = |key: &str| args.entries.iter().any(|entry| entry.key == key);
        if deployment == Deployment::Container && service.workload.image.is_none() && !has("image") {
            self.report(
                args.span,
                "`#[service]` has no `image`",
                "write `image = \"…\"`, or `deployment = \"external\"` or `\"in-process\"`",
            );
        }
        let connection = service.connection.as_ref();
        if deployment == Deployment::External
            && connection.is_none_or(|c| c.url.is_none() && c.host.is_none())
            && !has("url")
            && !has("host")
        {
            self.report(
                args.span,
                "an external service says where it is",
                "write `url = secret(\"…\")` or `host = \"…\"`",
            );
        }
        if let Some(entry) = args.entries.iter().find(|entry| entry.key == "scale") {
            if service.workload.volumes.iter().any(|volume| !volume.ephemeral) {
                self.report(
                    entry.span,
                    "`scale` does not go with a persistent volume",
                    "each replica would have data of its own; leave `scale` out or make the volume `ephemeral`",
                );
            }
        }
        self.references_to_ports(args, &service.workload);
    }

    /// Ports that are referred to have to be there.
    pub(super) fn references_to_ports(&mut self, args: &Args<S>, workload: &Workload) {
        let known = |port: &crate::PortRef| match port {
            crate::PortRef::Number(number) => workload.ports.iter().any(|port| port.number == *number),
            crate::PortRef::Name(name) => workload.ports.iter().any(|port| port.name.as_ref() == Some(name)),
        };
        let names: Vec<&str> =
            workload.ports.iter().filter_map(|port| port.name.as_ref()).map(crate::PortName::as_str).collect();
        let mut missing: Vec<(&str, &crate::PortRef)> = Vec::new();
        if let Some(
            crate::model::Check::Http(crate::model::HttpCheck { port: Some(port), .. })
            | crate::model::Check::Tcp(port),
        ) = workload.health.as_ref().map(|health| &health.check)
        {
            missing.extend((!known(port)).then_some(("health", port)));
        }
        for ingress in &workload.ingress {
            missing.extend(ingress.port.as_ref().filter(|port| !known(port)).map(|port| ("ingress", port)));
        }
        for (key, port) in missing {
            // A number needs no declaration where the image's own ports are meant.
            if matches!(port, crate::PortRef::Number(_)) && workload.ports.is_empty() {
                continue;
            }
            let Some(entry) = args.entries.iter().find(|entry| entry.key == key) else { continue };
            self.report(
                entry.span,
                format!("no port `{port}` is declared"),
                format!("write `port(…, name = \"…\")`; {}", crate::did_you_mean(&port.to_string(), &names)),
            );
        }
    }

    /// Tokens about this service have to be answerable by it.
    pub(super) fn template_references(&mut self, args: &Args<S>, workload: &Workload, service: Option<&Service>) {
        for (node, template) in templates(args) {
            for token in template.tokens() {
                let missing = match &token {
                    Token::Env(name) => (!workload.env.contains_key(name)).then(|| {
                        let names: Vec<&str> = workload.env.keys().map(crate::EnvName::as_str).collect();
                        (format!("`{token}`: `env` does not set `{name}`"), crate::did_you_mean(name.as_str(), &names))
                    }),
                    Token::Own(Fact::Port(Some(name)) | Fact::Url(Some(name)) | Fact::HostPort(name)) => {
                        let names: Vec<&str> = workload
                            .ports
                            .iter()
                            .filter_map(|port| port.name.as_ref())
                            .map(crate::PortName::as_str)
                            .collect();
                        (!names.contains(&name.as_str())).then(|| {
                            (
                                format!("`{token}`: no port is called `{name}`"),
                                crate::did_you_mean(name.as_str(), &names),
                            )
                        })
                    }
                    Token::Own(Fact::User | Fact::Database) if service.is_none() => Some((
                        format!("`{token}`: an application has none"),
                        "it is a fact about a service: write `{ID.database}`".to_owned(),
                    )),
                    _ => None,
                };
                if let Some((message, help)) = missing {
                    self.report(node, message, help);
                }
            }
        }
    }
}

/// Every template in the values of an attribute, with where it is.
fn templates<S: Copy>(args: &Args<S>) -> Vec<(S, Template)> {
    let mut found = Vec::new();
    for entry in &args.entries {
        match (&entry.value, entry.key.as_str()) {
            (Assigned::Args(inner), "app_env") => {
                for entry in &inner.entries {
                    if let Assigned::Value(super::Node { span, form: super::Form::Text(text) }) = &entry.value {
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

fn in_node<S: Copy>(node: &super::Node<S>, found: &mut Vec<(S, Template)>) {
    match &node.form {
        super::Form::List(nodes) => nodes.iter().for_each(|node| in_node(node, found)),
        super::Form::Call(name, args) if name == "template" => {
            for node in &args.positional {
                if let super::Form::Text(text) = &node.form {
                    found.extend(Template::parse(text).ok().map(|template| (node.span, template)));
                }
            }
        }
        _ => {}
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct ParamName(String);

impl crate::FromText for ParamName {
    const WHAT: &'static str = "a parameter";

    fn from_text(text: &str) -> Result<Self, crate::Invalid> {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if !text.is_empty() && text.chars().all(good) {
            return Ok(Self(text.to_owned()));
        }
        Err(crate::Invalid::new(format!("{} is not a parameter", crate::invalid::quoted(text))).help("letters, digits, `_`, `-` and `.`"))
    }
}
