use super::keys::{EGRESS_KEYS, FILE_KEYS, INGRESS_KEYS, PORT_KEYS, VOLUME_KEYS};
use super::{Args, Assigned, Entry, Form, Mark, Node, Reader};
use crate::model::{ContainerPort, Egress, File, Ingress, Volume, Workload};
use crate::name::VolumeName;
use crate::{AbsolutePath, FromText, Hostname, Invalid, Value};

/// The keys that services and applications have in common.
pub const WORKLOAD_KEYS: &[&str] = &[
    "name",
    "description",
    "image",
    "entrypoint",
    "command",
    "env",
    "app_env",
    "ports",
    "port",
    "ingress",
    "provides",
    "consumes",
    "wants",
    "volume",
    "file",
    "health",
    "resources",
    "replicas",
    "scale",
    "user",
    "fs_group",
    "workdir",
    "hostname",
    "grace",
    "restart",
    "cap_add",
    "restricted",
    "egress",
    "placement",
    "shm_size",
    "ulimit",
    "labels",
    "annotations",
];

/// Keys that may be written more than once.
pub(super) const REPEATABLE: &[&str] = &["port", "ingress", "volume", "file", "egress", "ulimit"];

/// Takes a key back, as if it had not been written; `false` when it is none of [`WORKLOAD_KEYS`].
pub fn unset(workload: &mut Workload, key: &str) -> bool {
    match key {
        "name" => workload.name = None,
        "description" => workload.description = None,
        "image" => workload.image = None,
        "entrypoint" => workload.entrypoint.clear(),
        "command" => workload.command.clear(),
        "env" => workload.env.clear(),
        "app_env" => workload.app_env.clear(),
        "ports" | "port" => workload.ports.clear(),
        "ingress" => workload.ingress.clear(),
        "provides" => workload.provides.clear(),
        "consumes" => workload.consumes.clear(),
        "wants" => workload.wants.clear(),
        "volume" => workload.volumes.clear(),
        "file" => workload.files.clear(),
        "health" => workload.health = None,
        "resources" => workload.resources = None,
        "replicas" => workload.replicas = None,
        "scale" => workload.scale = None,
        "user" => workload.user = None,
        "fs_group" => workload.fs_group = None,
        "workdir" => workload.workdir = None,
        "hostname" => workload.hostname = None,
        "grace" => workload.grace = None,
        "restart" => workload.restart = None,
        "cap_add" => workload.cap_add.clear(),
        "restricted" => workload.restricted = None,
        "egress" => workload.egress.clear(),
        "placement" => workload.placement.clear(),
        "shm_size" => workload.shm_size = None,
        "ulimit" => workload.ulimits.clear(),
        "labels" => workload.labels.clear(),
        "annotations" => workload.annotations.clear(),
        _ => return false,
    }
    true
}

impl Reader<'_> {
    /// Applies a key that services and applications have in common; `false` when it is none.
    pub(super) fn workload(&mut self, entry: &Entry, workload: &mut Workload) -> bool {
        match entry.key.as_str() {
            "name" => workload.name = self.string(entry),
            "description" => workload.description = self.string(entry),
            "image" => workload.image = self.parsed(entry),
            "entrypoint" => workload.entrypoint = self.values(entry),
            "command" => workload.command = self.values(entry),
            "env" => workload.env.extend(self.map(entry, Self::value)),
            "app_env" => workload.app_env.extend(self.map(entry, Self::template)),
            "provides" => workload.provides = self.set(entry).unwrap_or_default(),
            "consumes" => workload.consumes = self.set(entry).unwrap_or_default(),
            "wants" => workload.wants = self.set(entry).unwrap_or_default(),
            "ports" => {
                for port in self.list(entry, |reader, node| Some((node.span, reader.port(node)?))).unwrap_or_default() {
                    self.add_port(port.0, ContainerPort::new(port.1), workload);
                }
            }
            "port" => self.port_entry(entry, workload),
            "ingress" => {
                workload.ingress.extend(self.args(entry, "ingress(host = \"…\")").and_then(|args| self.ingress(args)));
            }
            "volume" => self.add_volume(entry, workload),
            "file" => self.add_file(entry, workload),
            "health" => {
                workload.health = self.args(entry, "health(http = \"/health\")").and_then(|args| self.health(args));
            }
            "egress" => {
                workload.egress.extend(self.args(entry, "egress(port = 443)").and_then(|args| self.egress(args)));
            }
            "ulimit" => self.ulimit(entry, workload),
            "placement" => workload.placement.extend(self.map(entry, Self::owned_text)),
            "labels" => workload.labels.extend(self.map(entry, Self::owned_text)),
            "annotations" => workload.annotations.extend(self.map(entry, Self::owned_text)),
            _ => return self.runtime_key(entry, workload),
        }
        true
    }

    /// Keys about how the container runs.
    fn runtime_key(&mut self, entry: &Entry, workload: &mut Workload) -> bool {
        match entry.key.as_str() {
            "resources" => {
                workload.resources = self.args(entry, "resources(cpu = \"250m\")").map(|args| self.resources(args));
            }
            "replicas" => workload.replicas = self.number(entry, 0, 1_000),
            "scale" => {
                workload.scale = self.args(entry, "scale(min = 2, max = 10)").and_then(|args| self.scale(args));
            }
            "user" => workload.user = self.parsed(entry),
            "fs_group" => workload.fs_group = self.number(entry, 0, i32::MAX.unsigned_abs()),
            "workdir" => workload.workdir = self.parsed(entry),
            "hostname" => workload.hostname = self.parsed(entry),
            "grace" => workload.grace = self.parsed(entry),
            "restart" => workload.restart = self.parsed(entry),
            "cap_add" => workload.cap_add = self.set(entry).unwrap_or_default(),
            "restricted" => workload.restricted = self.flag(entry),
            "shm_size" => workload.shm_size = self.parsed(entry),
            _ => return false,
        }
        true
    }

    fn values(&mut self, entry: &Entry) -> Vec<Value> {
        let values = self.list(entry, Self::value);
        if matches!(&entry.value, Assigned::Value(Node { form: Form::List(nodes), .. }) if nodes.is_empty()) {
            self.report(entry.span, format!("`{}` is empty", entry.key), "leave the key out for what the image does");
        }
        values.unwrap_or_default()
    }

    fn owned_text(&mut self, node: &Node) -> Option<String> {
        self.text(node, "a string").map(str::to_owned)
    }

    pub(super) fn port_entry(&mut self, entry: &Entry, workload: &mut Workload) {
        let Assigned::Args(args) = &entry.value else {
            if let Some(node) = self.node(entry, "a port number")
                && let Some(port) = self.port(node)
            {
                self.add_port(node.span, ContainerPort::new(port), workload);
            }
            return;
        };
        self.duplicates(&args.entries, &[]);
        // Whether or not the number is good, so that all problems are found.
        let number = self.subject(args, "number", "port", PORT_KEYS, "port(5432)");
        let number = number.and_then(|node| Some((node.span, self.port(node)?)));
        let (mut name, mut protocol, mut scheme, mut host_port, mut public) = (None, None, None, None, false);
        for entry in &args.entries {
            match entry.key.as_str() {
                "name" => name = self.parsed(entry),
                "protocol" => protocol = self.parsed(entry),
                "scheme" => scheme = self.parsed(entry),
                "host_port" => host_port = self.node(entry, "a port number").and_then(|node| self.port(node)),
                "public" => public = self.flag(entry).unwrap_or_default(),
                _ => {}
            }
        }
        if let Some((span, number)) = number {
            self.add_port(span, ContainerPort { number, name, protocol, scheme, host_port, public }, workload);
        }
    }

    fn add_port(&mut self, span: Mark, port: ContainerPort, workload: &mut Workload) {
        for other in &workload.ports {
            if other.number == port.number && other.transport() == port.transport() {
                self.report(span, format!("port {} is there twice", port.number), "write it once");
                return;
            }
            if let (Some(name), true) = (&port.name, other.name == port.name) {
                self.report(span, format!("two ports are called `{name}`"), "give each its own name");
                return;
            }
        }
        workload.ports.push(port);
    }

    fn ingress(&mut self, args: &Args) -> Option<Ingress> {
        self.no_positional(args, "`ingress(…)`");
        self.duplicates(&args.entries, &[]);
        let mut ingress = Ingress { host: None, path: None, port: None, tls: None };
        let mut good = true;
        for entry in &args.entries {
            good &= match entry.key.as_str() {
                "host" => set(&mut ingress.host, self.parsed(entry)),
                "path" => set(&mut ingress.path, self.parsed(entry)),
                "port" => set(&mut ingress.port, self.node(entry, "a port").and_then(|node| self.port_ref(node))),
                "tls" => set(&mut ingress.tls, self.parsed(entry)),
                _ => {
                    self.unknown(entry, "`ingress(…)`", INGRESS_KEYS);
                    false
                }
            };
        }
        if let (true, None, Some(tls)) = (good, &ingress.host, args.entries.iter().find(|entry| entry.key == "tls")) {
            self.report(
                tls.span,
                "`tls` without a `host`",
                "write `host = \"…\"` as well: a certificate is for a name",
            );
        }
        good.then_some(ingress)
    }

    fn add_volume(&mut self, entry: &Entry, workload: &mut Workload) {
        let Some(args) = self.args(entry, "volume(\"/data\")") else { return };
        self.duplicates(&args.entries, &[]);
        let subject = self.subject(args, "path", "volume", VOLUME_KEYS, "volume(\"/data\")");
        let path = subject.and_then(|node| Some((node.span, self.node_parsed::<AbsolutePath>(node)?)));
        let (mut name, mut size, mut storage_class, mut ephemeral, mut read_only) = (None, None, None, false, false);
        for entry in &args.entries {
            match entry.key.as_str() {
                "name" => name = self.parsed::<VolumeName>(entry).map(|name| (entry.span, name)),
                "size" => size = self.parsed(entry),
                "storage_class" => storage_class = self.parsed::<StorageClass>(entry).map(|class| class.0),
                "ephemeral" => ephemeral = self.flag(entry).unwrap_or_default(),
                "read_only" => read_only = self.flag(entry).unwrap_or_default(),
                _ => {}
            }
        }
        for key in ["storage_class", "read_only"] {
            if let (true, Some(entry)) = (ephemeral, args.entries.iter().find(|entry| entry.key == key)) {
                self.report(entry.span, format!("`{key}` does not go with `ephemeral`"), "leave one of them out");
            }
        }
        if let Some((span, path)) = &path
            && let Some(what) = mounted(workload, path)
        {
            self.report(*span, format!("a {what} is at `{path}` already"), "give each its own path");
        }
        if let Some((span, name)) = &name
            && workload.volumes.iter().any(|other| other.name.as_ref() == Some(name))
        {
            self.report(*span, format!("another volume is called `{name}`"), "give each its own name");
        }
        if let Some((_, path)) = path {
            let name = name.map(|(_, name)| name);
            workload.volumes.push(Volume { path, name, size, storage_class, ephemeral, read_only });
        }
    }

    fn add_file(&mut self, entry: &Entry, workload: &mut Workload) {
        let example = "file(\"/etc/x.conf\", source = \"conf/x.conf\")";
        let Some(args) = self.args(entry, example) else { return };
        self.duplicates(&args.entries, &[]);
        let subject = self.subject(args, "path", "file", FILE_KEYS, example);
        let path = subject.and_then(|node| Some((node.span, self.node_parsed::<AbsolutePath>(node)?)));
        let (mut source, mut template) = (None, false);
        for entry in &args.entries {
            match entry.key.as_str() {
                "source" => source = self.parsed(entry),
                "template" => template = self.flag(entry).unwrap_or_default(),
                _ => {}
            }
        }
        if !Self::is_meant(args, "source", FILE_KEYS) {
            self.report(args.span, "`file(…)` has no source", "write `source = \"path/in/the/package\"`");
        }
        let Some((span, path)) = path else { return };
        if let Some(what) = mounted(workload, &path) {
            self.report(span, format!("a {what} is at `{path}` already"), "give each its own path");
        }
        workload.files.extend(source.map(|source| File { path, source, template, content: None, sha256: None }));
    }

    fn egress(&mut self, args: &Args) -> Option<Egress> {
        self.no_positional(args, "`egress(…)`");
        self.duplicates(&args.entries, &[]);
        let (mut port, mut cidr, mut protocol) = (None, None, None);
        for entry in &args.entries {
            match entry.key.as_str() {
                "port" => port = Some(self.node(entry, "a port number").and_then(|node| self.port(node))),
                "cidr" => cidr = self.parsed(entry),
                "protocol" => protocol = self.parsed(entry),
                _ => self.unknown(entry, "`egress(…)`", EGRESS_KEYS),
            }
        }
        self.require(args, "port", EGRESS_KEYS, "`egress(…)` has no port", "write `port = 443`");
        Some(Egress { port: port??, cidr, protocol })
    }
}

/// What is mounted at a path, which has room for one thing.
fn mounted(workload: &Workload, path: &AbsolutePath) -> Option<&'static str> {
    let is_volume = workload.volumes.iter().any(|volume| volume.path == *path);
    let is_file = workload.files.iter().any(|file| file.path == *path);
    is_volume.then_some("volume").or_else(|| is_file.then_some("file"))
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
}

/// The name of a storage class, which is a host name of another name.
struct StorageClass(Hostname);

impl FromText for StorageClass {
    const WHAT: &'static str = "a storage class";

    fn from_text(text: &str) -> Result<Self, Invalid> {
        let renamed = |error: Invalid| Invalid { problem: error.problem.replace(Hostname::WHAT, Self::WHAT), ..error };
        Hostname::parse(text).map(Self).map_err(renamed)
    }
}
