use super::references::Owner;
use super::workload::{REPEATABLE, WORKLOAD_KEYS};
use super::{Args, Entry, Reader};
use crate::Id;
use crate::model::{Connection, Deployment, Kind, Service, Workload};

/// The keys of `#[service]` beyond [`WORKLOAD_KEYS`].
pub const SERVICE_KEYS: &[&str] = &["kind", "id", "code", "deployment", "tenants", "url", "host", "database", "params"];

fn keys() -> Vec<&'static str> {
    [SERVICE_KEYS, WORKLOAD_KEYS].concat()
}

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
pub fn service(args: &Args, item: &str, reader: &mut Reader<'_>) -> Option<Service> {
    let find = |key| args.entries.iter().find(|entry| entry.key == key);
    let help = format!("write `kind = \"…\"` with one of `{}`", Kind::WORDS.join("`, `"));
    reader.require(args, "kind", &keys(), "`#[service]` has no `kind`", &help);
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
pub fn apply_service(args: &Args, service: &mut Service, reader: &mut Reader<'_>) {
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
                    reader.unknown_key(entry, "service");
                }
            }
        }
    }
    reader.service_combinations(args, service);
    reader.template_references(args, &service.workload, Owner::Service);
}

impl Reader<'_> {
    fn code(&mut self, entry: &Entry) -> Option<String> {
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

    fn connection(&mut self, entry: &Entry, connection: &mut Connection) {
        if entry.key == "params" {
            connection.params.extend(self.map::<ParamName, _>(entry, Self::value).into_iter().map(|(k, v)| (k.0, v)));
            return;
        }
        let value = self.node(entry, "a value").and_then(|node| self.value(node));
        if let ("url", Some(value)) = (entry.key.as_str(), &value)
            && value.is_url_with_password()
        {
            self.report(
                entry.span,
                "`url` has a password in it, which would be in every artifact",
                "write `url = secret(\"NAME\")`, or `template(\"…{secret:NAME}…\")` with the password as a secret",
            );
            return;
        }
        match entry.key.as_str() {
            "url" => connection.url = value,
            "host" => connection.host = value,
            _ => connection.database = value,
        }
    }

    fn service_combinations(&mut self, args: &Args, service: &Service) {
        let deployment = service.deployment();
        // What goes with a deployment that cannot be read is nobody's to say.
        let unread = args.entries.iter().any(|entry| entry.key == "deployment") && service.deployment.is_none();
        for entry in &args.entries {
            let key = entry.key.as_str();
            if deployment != Deployment::External && !unread && CONNECTION_KEYS.contains(&key) {
                self.report(
                    entry.span,
                    format!("`{key}` does not go with `deployment = \"{deployment}\"`"),
                    "it says where a service is that is not started: write `deployment = \"external\"`",
                );
            }
            // Of an external service it is who logs in.
            let user = key == "user" && deployment == Deployment::InProcess;
            if deployment != Deployment::Container && CONTAINER_KEYS.contains(&key) || user {
                self.report(
                    entry.span,
                    format!("`{key}` does not go with `deployment = \"{deployment}\"`"),
                    "nothing is started for it; leave the key out",
                );
            }
        }
        if deployment == Deployment::Container && service.workload.image.is_none() && !unread {
            let help = "write `image = \"…\"`, or `deployment = \"external\"` or `\"in-process\"`";
            self.require(args, "image", &keys(), "`#[service]` has no `image`", help);
        }
        let has = |key: &str| args.entries.iter().any(|entry| entry.key == key);
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
        self.scale_with_volumes(args, &service.workload);
        self.references_to_ports(args, &service.workload);
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
        Err(crate::Invalid::new(format!("{} is not a parameter", crate::invalid::quoted(text)))
            .help("letters, digits, `_`, `-` and `.`"))
    }
}
