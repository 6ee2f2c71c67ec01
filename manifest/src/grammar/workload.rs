use super::keys::{EGRESS_KEYS, FILE_KEYS, INGRESS_KEYS, PORT_KEYS, RESOURCES_KEYS, SCALE_KEYS, VOLUME_KEYS};
use super::{Args, Assigned, Entry, Form, Node, Reader};
use crate::model::{ContainerPort, Egress, File, Ingress, Resources, Scale, Ulimit, Volume, Workload};
use crate::{Quantity, Value};

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

impl<S: Copy> Reader<'_, S> {
    /// Applies a key that services and applications have in common; `false` when it is none.
    pub(super) fn workload(&mut self, entry: &Entry<S>, workload: &mut Workload) -> bool {
        match entry.key.as_str() {
            "name" => workload.name = self.string(entry),
            "description" => workload.description = self.string(entry),
            "image" => workload.image = self.parsed(entry),
            "entrypoint" => workload.entrypoint = self.values(entry),
            "command" => workload.command = self.values(entry),
            "env" => workload.env.extend(self.map(entry, Self::value)),
            "app_env" => workload.app_env.extend(self.map(entry, Self::node_parsed)),
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
    fn runtime_key(&mut self, entry: &Entry<S>, workload: &mut Workload) -> bool {
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

    fn values(&mut self, entry: &Entry<S>) -> Vec<Value> {
        let values = self.list(entry, Self::value);
        if matches!(&entry.value, Assigned::Value(Node { form: Form::List(nodes), .. }) if nodes.is_empty()) {
            self.report(entry.span, format!("`{}` is empty", entry.key), "leave the key out for what the image does");
        }
        values.unwrap_or_default()
    }

    fn owned_text(&mut self, node: &Node<S>) -> Option<String> {
        self.text(node, "a string").map(str::to_owned)
    }

    pub(super) fn port_entry(&mut self, entry: &Entry<S>, workload: &mut Workload) {
        let Assigned::Args(args) = &entry.value else {
            if let Some(node) = self.node(entry, "a port number")
                && let Some(port) = self.port(node)
            {
                self.add_port(node.span, ContainerPort::new(port), workload);
            }
            return;
        };
        self.duplicates(&args.entries, &[]);
        let Some(number) = self.subject(args, "number", "port", PORT_KEYS, "port(5432)") else { return };
        let Some(port) = self.port(number) else { return };
        let mut port = ContainerPort::new(port);
        for entry in &args.entries {
            match entry.key.as_str() {
                "number" => {}
                "name" => port.name = self.parsed(entry),
                "protocol" => port.protocol = self.parsed(entry),
                "scheme" => port.scheme = self.parsed(entry),
                "host_port" => port.host_port = self.node(entry, "a port number").and_then(|node| self.port(node)),
                "public" => port.public = self.flag(entry).unwrap_or_default(),
                _ => self.unknown(entry, "`port(…)`", PORT_KEYS),
            }
        }
        self.add_port(number.span, port, workload);
    }

    fn add_port(&mut self, span: S, port: ContainerPort, workload: &mut Workload) {
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

    fn ingress(&mut self, args: &Args<S>) -> Option<Ingress> {
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
        if ingress.tls.is_some() && ingress.host.is_none() && good {
            self.report(args.span, "`tls` without a `host`", "write `host = \"…\"`: a certificate is for a name");
        }
        good.then_some(ingress)
    }

    fn add_volume(&mut self, entry: &Entry<S>, workload: &mut Workload) {
        let Some(args) = self.args(entry, "volume(\"/data\")") else { return };
        self.duplicates(&args.entries, &[]);
        let Some(subject) = self.subject(args, "path", "volume", VOLUME_KEYS, "volume(\"/data\")") else { return };
        let Some(path) = self.node_parsed(subject) else { return };
        let mut volume =
            Volume { path, name: None, size: None, storage_class: None, ephemeral: false, read_only: false };
        for entry in &args.entries {
            match entry.key.as_str() {
                "path" => {}
                "name" => volume.name = self.parsed(entry),
                "size" => volume.size = self.parsed(entry),
                "storage_class" => volume.storage_class = self.parsed(entry),
                "ephemeral" => volume.ephemeral = self.flag(entry).unwrap_or_default(),
                "read_only" => volume.read_only = self.flag(entry).unwrap_or_default(),
                _ => {
                    self.unknown(entry, "`volume(…)`", VOLUME_KEYS);
                }
            }
        }
        for key in ["storage_class", "read_only"] {
            if let (true, Some(entry)) = (volume.ephemeral, args.entries.iter().find(|entry| entry.key == key)) {
                self.report(entry.span, format!("`{key}` does not go with `ephemeral`"), "leave one of them out");
            }
        }
        let taken = |other: &Volume| other.path == volume.path || (volume.name.is_some() && other.name == volume.name);
        if workload.volumes.iter().any(taken) {
            self.report(
                subject.span,
                format!("another volume has the path or the name of `{}`", volume.path),
                "give each its own",
            );
            return;
        }
        workload.volumes.push(volume);
    }

    fn add_file(&mut self, entry: &Entry<S>, workload: &mut Workload) {
        let Some(args) = self.args(entry, "file(\"/etc/x.conf\", source = \"conf/x.conf\")") else { return };
        self.duplicates(&args.entries, &[]);
        let Some(subject) =
            self.subject(args, "path", "file", FILE_KEYS, "file(\"/etc/x.conf\", source = \"conf/x.conf\")")
        else {
            return;
        };
        let (mut source, mut template) = (None, false);
        for entry in &args.entries {
            match entry.key.as_str() {
                "path" => {}
                "source" => source = Some(self.parsed(entry)),
                "template" => template = self.flag(entry).unwrap_or_default(),
                _ => self.unknown(entry, "`file(…)`", FILE_KEYS),
            }
        }
        let Some(path) = self.node_parsed(subject) else { return };
        let Some(source) = source else {
            let help = "write `source = \"path/in/the/package\"`";
            self.require(args, "source", FILE_KEYS, "`file(…)` has no source", help);
            return;
        };
        if workload.files.iter().any(|other| other.path == path) {
            self.report(subject.span, format!("another file is at `{path}`"), "give each its own path");
            return;
        }
        workload.files.extend(source.map(|source| File { path, source, template, content: None, sha256: None }));
    }

    fn egress(&mut self, args: &Args<S>) -> Option<Egress> {
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

    fn ulimit(&mut self, entry: &Entry<S>, workload: &mut Workload) {
        let limits = self.map(entry, |reader, node| {
            let (soft, hard) = match &node.form {
                Form::List(pair) if pair.len() == 2 => {
                    (reader.node_number(&pair[0], "a number")?, reader.node_number(&pair[1], "a number")?)
                }
                _ => {
                    let number = reader.node_number(node, "a number or `[soft, hard]`")?;
                    (number, number)
                }
            };
            if soft > hard || i64::try_from(hard).is_err() {
                reader.report(
                    node.span,
                    format!("the soft limit {soft} is above the hard limit {hard}"),
                    "write `[soft, hard]`",
                );
                return None;
            }
            Some(Ulimit { soft, hard })
        });
        workload.ulimits.extend(limits);
    }

    fn resources(&mut self, args: &Args<S>) -> Resources {
        self.no_positional(args, "`resources(…)`");
        self.duplicates(&args.entries, &[]);
        let mut resources = Resources::default();
        for entry in &args.entries {
            match entry.key.as_str() {
                "cpu" => resources.cpu = self.amount(entry),
                "memory" => resources.memory = self.amount(entry),
                "cpu_limit" => resources.cpu_limit = self.amount(entry),
                "memory_limit" => resources.memory_limit = self.amount(entry),
                "gpu" => resources.gpu = self.number(entry, 1, 64),
                _ => {
                    self.unknown(entry, "`resources(…)`", RESOURCES_KEYS);
                }
            }
        }
        let pairs =
            [("cpu", &resources.cpu, &resources.cpu_limit), ("memory", &resources.memory, &resources.memory_limit)];
        for (name, request, limit) in pairs {
            if let (Some(request), Some(limit)) = (request, limit)
                && request.nanos() > limit.nanos()
            {
                self.report(
                    args.span,
                    format!("`{name} = \"{request}\"` is above `{name}_limit = \"{limit}\"`"),
                    "a request is at most its limit",
                );
            }
        }
        resources
    }

    fn amount(&mut self, entry: &Entry<S>) -> Option<Quantity> {
        let quantity: Quantity = self.parsed(entry)?;
        if quantity.nanos() == 0 {
            self.report(entry.span, format!("`{}` cannot be zero", entry.key), "leave it out for no request or limit");
            return None;
        }
        Some(quantity)
    }

    fn scale(&mut self, args: &Args<S>) -> Option<Scale> {
        self.no_positional(args, "`scale(…)`");
        self.duplicates(&args.entries, &[]);
        let (mut min, mut max, mut cpu) = (Some(1), None, None);
        for entry in &args.entries {
            match entry.key.as_str() {
                "min" => min = self.number(entry, 1, 1_000),
                "max" => max = Some(self.number(entry, 1, 1_000)),
                "cpu" => cpu = self.number(entry, 1, 100),
                _ => self.unknown(entry, "`scale(…)`", SCALE_KEYS),
            }
        }
        self.require(args, "max", SCALE_KEYS, "`scale(…)` has no `max`", "write `max = 10`");
        let scale = Scale { min: min?, max: max??, cpu };
        if scale.min > scale.max {
            self.report(args.span, format!("`min = {}` is above `max = {}`", scale.min, scale.max), "swap them");
            return None;
        }
        Some(scale)
    }
}

fn set<T>(place: &mut Option<T>, value: Option<T>) -> bool {
    *place = value;
    place.is_some()
}
