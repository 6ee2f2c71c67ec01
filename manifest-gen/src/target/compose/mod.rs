//! A plan in the terms of the Compose Specification.

pub(crate) mod data;
#[cfg(feature = "cli")]
mod podman;
mod view;

use std::collections::{BTreeMap, BTreeSet};

use orch_manifest::Id;
use orch_manifest::model::{AppKind, RestartPolicy};

use super::docker::{self, ConfigMount, Supplied};
use super::interpolation::{escape, host_port, optional, published, required, secret_variable, supplied};
use crate::finding::{Code, Finding, Severity};
pub use view::Compose;
use view::{Config, DependsOn, Mount, Port, SecretFile, Service};

use crate::plan::{Condition, Dependency, Environment, Piece, Plan, Role, Text, Workload};

/// The Compose profile of what runs on a schedule: Compose has no scheduler, so `up` leaves it out.
pub(crate) const SCHEDULED: &str = "scheduled";

/// The target whose pack is ours.
const NAME: &str = "compose";

/// The variable that names the folder of the secrets' files.
pub(crate) const SECRETS: &str = "ORCH_SECRETS";

impl Compose {
    /// Says a plan in Compose's terms, and what Compose cannot say.
    pub fn new(plan: &Plan) -> (Self, Vec<Finding>) {
        Self::for_target(plan, NAME)
    }

    /// The same for a target of this name.
    pub(super) fn for_target(plan: &Plan, target: &str) -> (Self, Vec<Finding>) {
        let checked = plan.workloads.iter().filter(|workload| workload.check_inside().is_some());
        let checked = checked.map(|workload| &workload.id).collect();
        let mut writer =
            Writer { plan, is_ours: target == NAME, as_files: as_files(plan), checked, findings: Vec::new() };
        let services: Vec<Service> = plan.workloads.iter().flat_map(|workload| writer.services(workload)).collect();
        let networks = docker::all_networks(&services.iter().flat_map(|service| &service.networks).copied().collect());
        let configs = plan.workloads.iter().flat_map(|workload| writer.configs(workload)).collect();
        let compose = Self {
            banner: super::banner(plan, target),
            system: plan.system.to_string(),
            profile: plan.profile.to_string(),
            name: format!("{}-{}", plan.system, plan.profile),
            volumes: data::volumes(plan),
            services,
            networks,
            secrets: writer.as_files.iter().map(secret_file).collect(),
            configs,
            supplied: environment_file(plan, &writer.as_files),
        };
        writer.about_secrets();
        (compose, writer.findings)
    }
}

struct Writer<'a> {
    plan: &'a Plan,
    /// Whether our own pack lays it out, so that our commands run it.
    is_ours: bool,
    /// The secrets that are supplied as files.
    as_files: BTreeSet<docker::SecretFile>,
    /// Who can be waited for until it is healthy.
    checked: BTreeSet<&'a Id>,
    findings: Vec<Finding>,
}

impl Writer<'_> {
    /// The service of a workload, and what it needs beside it.
    fn services(&mut self, workload: &Workload) -> Vec<Service> {
        let mut service = self.service(workload);
        let owner = self.owner(workload, &mut service);
        std::iter::once(service).chain(owner).collect()
    }

    fn service(&mut self, workload: &Workload) -> Service {
        self.about(workload);
        Service {
            id: workload.id.to_string(),
            description: workload.description.clone(),
            kind: workload.role.as_str().to_owned(),
            schedule: docker::schedule(workload),
            image: workload.image.to_string(),
            profiles: (workload.role == Role::App(AppKind::Cron)).then(|| SCHEDULED.to_owned()).into_iter().collect(),
            entrypoint: self.texts(workload, &workload.entrypoint),
            command: self.texts(workload, &workload.command),
            environment: self.environment(workload),
            ports: workload.ports.iter().filter_map(port).collect(),
            volumes: data::mounts(self.plan, workload),
            tmpfs: workload
                .volumes
                .iter()
                .filter(|volume| !volume.persistent)
                .map(|volume| tmpfs(workload, volume))
                .collect(),
            secrets: workload
                .env
                .values()
                .filter_map(|entry| self.file_secret(entry))
                .map(|file| file.name())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
            configs: workload
                .files
                .iter()
                .map(|file| ConfigMount {
                    source: config_name(workload, &file.name),
                    target: escape(file.path.as_str()),
                })
                .collect(),
            healthcheck: workload.check_inside().map(docker::healthcheck),
            depends_on: workload.dependencies.iter().map(|dependency| self.depends_on(dependency)).collect(),
            networks: docker::networks(workload),
            network_mode: None,
            user: workload.user.map(|user| user.to_string()),
            working_dir: workload.workdir.as_ref().map(|path| escape(path.as_str())),
            hostname: workload.hostname.as_ref().map(ToString::to_string),
            shm_size: docker::shm_size(workload),
            ulimits: docker::ulimits(workload),
            cap_add: workload.cap_add.iter().map(ToString::to_string).collect(),
            read_only: workload.restricted,
            restart: restart(workload.restart),
            stop_grace_period: workload.grace,
            replicas: self.replicas(workload),
            limits: docker::limits(workload),
            reservations: docker::reservations(workload),
            gpus: workload.resources.gpu,
            labels: docker::labels(workload, self.plan),
            annotations: workload.annotations.iter().map(|(key, value)| (key.to_string(), escape(value))).collect(),
        }
    }

    fn environment(&mut self, workload: &Workload) -> BTreeMap<String, String> {
        let mut environment = BTreeMap::new();
        for (name, entry) in &workload.env {
            match (self.file_secret(entry), &entry.file_form) {
                (Some(file), Some(form)) => environment.insert(form.to_string(), file.path()),
                _ => environment.insert(name.to_string(), self.text(workload, &entry.value)),
            };
        }
        environment
    }

    /// The secret of a variable that is supplied as a file.
    fn file_secret(&self, entry: &Environment) -> Option<docker::SecretFile> {
        match (&entry.file_form, entry.value.pieces.as_slice()) {
            (Some(_), [piece]) => docker::SecretFile::of(piece).filter(|file| self.as_files.contains(file)),
            _ => None,
        }
    }

    fn texts(&mut self, workload: &Workload, texts: &[Text]) -> Vec<String> {
        texts.iter().map(|text| self.text(workload, text)).collect()
    }

    /// Text in the syntax of Compose's interpolation.
    fn text(&mut self, workload: &Workload, text: &Text) -> String {
        let pieces = text.pieces.iter().map(|piece| match piece {
            Piece::Literal(text) => escape(text),
            Piece::Secret { name, key, .. } => {
                let variable = secret_variable(name, key.as_ref());
                required(&variable, &format!("the secret {name} is missing"))
            }
            Piece::Variable { name, default: None } => supplied(name),
            Piece::Variable { name, default: Some(default) } => {
                // Compose ends a default at the first brace, and knows none over several lines.
                if default.contains(['{', '}', '\n', '\r']) {
                    let message =
                        format!("Compose cannot express the default of `{name}`, which has a brace or a line break");
                    let mut finding =
                        Finding::new(Code::Unrepresentable, message).help("write another default, or none");
                    finding.severity = Severity::Error;
                    self.findings.push(finding.at(&workload.declared_by));
                    return String::new();
                }
                optional(name.as_str(), &escape(default))
            }
            Piece::HostPort { id, port } => match host_port(self.plan, id, port) {
                Some(port) => port.publish.as_ref().map_or_else(|| port.port.number.to_string(), published),
                None => String::new(),
            },
        });
        pieces.collect()
    }

    fn replicas(&mut self, workload: &Workload) -> Option<u32> {
        let wanted = workload
            .scale
            .as_ref()
            .filter(|_| !self.plan.profile.is_private())
            .map_or(workload.replicas, |scale| scale.min);
        if wanted > 1 && workload.is_published() {
            let message = format!("`{}` has {wanted} replicas and publishes a port, so one is rendered", workload.id);
            self.findings.push(Finding::new(Code::ReplicasAndPort, message).at(&workload.declared_by));
            return None;
        }
        (wanted != 1).then_some(wanted)
    }

    /// The files of a workload; a variable in a file has no place in Compose.
    fn configs(&mut self, workload: &Workload) -> Vec<Config> {
        let mut configs = Vec::new();
        for file in &workload.files {
            let Some(content) = file.content.as_literal() else {
                let message = format!(
                    "the file `{}` of `{}` has a secret or a variable in it, which Compose cannot put there",
                    file.path, workload.id
                );
                let mut finding = Finding::new(Code::Unrepresentable, message)
                    .help("let the program read it from its environment")
                    .at(&workload.declared_by);
                finding.severity = Severity::Error;
                self.findings.push(finding);
                continue;
            };
            let path = format!("files/{}/{}", workload.id, file.name);
            configs.push(Config {
                name: config_name(workload, &file.name),
                file: format!("./{path}"),
                path,
                content: content.to_owned(),
            });
        }
        configs
    }

    /// What Compose cannot say about a workload, or says differently.
    fn about(&mut self, workload: &Workload) {
        let id = &workload.id;
        if !workload.placement.is_empty() {
            let finding = Finding::new(
                Code::Unrepresentable,
                format!("Compose does not know the `placement` of `{id}`: there is one machine"),
            );
            self.findings.push(finding.help("leave it out for this target").at(&workload.declared_by));
        }
        let sized = workload
            .volumes
            .iter()
            .any(|volume| volume.persistent && (volume.size.is_some() || volume.storage_class.is_some()));
        if workload.role == Role::App(AppKind::Cron) {
            let message = format!("Compose has no scheduler: nothing starts `{id}` by itself");
            let run = format!("`cargo orch run-job {id} --profile {}` runs it once", self.plan.profile);
            let help = if self.is_ours { run } else { super::SCHEDULE.to_owned() };
            self.findings.push(Finding::new(Code::TargetNature, message).help(help).at(&workload.declared_by));
        }
        let notes = [
            (workload.scale.is_some(), format!("Compose does not scale by load: `{id}` stays at its least number")),
            (!workload.egress.is_empty(), format!("Compose does not restrict where `{id}` connects to")),
            (!workload.ingress.is_empty(), format!("Compose has no ingress: `{id}` is published on its port")),
            (
                workload.fs_group.is_some(),
                format!("Compose does not know `fs_group`: the volumes of `{id}` belong to whom its image says"),
            ),
            (sized, format!("Compose does not limit the size of the volumes of `{id}`")),
            (
                workload.health.is_some() && workload.check_inside().is_none(),
                format!(
                    "there is no shell in the image of `{id}` to ask for its health: Compose knows only that it runs"
                ),
            ),
        ];
        for (there, message) in notes {
            if there {
                self.findings.push(Finding::new(Code::TargetNature, message).at(&workload.declared_by));
            }
        }
    }

    fn depends_on(&self, dependency: &Dependency) -> DependsOn {
        DependsOn {
            id: dependency.id.to_string(),
            condition: match dependency.condition {
                Condition::Completed => "service_completed_successfully",
                Condition::Healthy if self.checked.contains(&dependency.id) => "service_healthy",
                Condition::Healthy | Condition::Started => "service_started",
            },
            required: dependency.required,
        }
    }

    fn about_secrets(&mut self) {
        for secret in self.plan.secrets.iter().filter(|secret| secret.in_url) {
            let message = format!("Compose puts the secret `{}` into a URL as it is", secret.name);
            self.findings
                .push(Finding::new(Code::SecretInUrl, message).help("use only letters, digits and `-._~` in it"));
        }
    }
}

/// The secrets that are only ever read from a file. One that somewhere has to be a variable is one
/// everywhere, so that nobody supplies it twice.
pub(crate) fn as_files(plan: &Plan) -> BTreeSet<docker::SecretFile> {
    let (mut files, mut variables) = (BTreeSet::new(), BTreeSet::new());
    for workload in &plan.workloads {
        let environment = workload.env.values().map(|entry| (&entry.value, entry.file_form.is_some()));
        let arguments = workload.command.iter().chain(&workload.entrypoint).map(|text| (text, false));
        for (text, is_file) in environment.chain(arguments) {
            let secrets = text.pieces.iter().filter_map(docker::SecretFile::of);
            if is_file { &mut files } else { &mut variables }.extend(secrets);
        }
    }
    &files - &variables
}

fn secret_file(file: &docker::SecretFile) -> SecretFile {
    let name = file.name();
    let folder = required(SECRETS, "the folder of the secrets is missing");
    SecretFile { file: format!("{folder}/{name}"), name }
}

fn config_name(workload: &Workload, file: &str) -> String {
    let word: String = file.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}_{}", workload.id, word.to_ascii_lowercase())
}

fn port(port: &crate::plan::Published) -> Option<Port> {
    let publish = port.publish.as_ref()?;
    Some(Port {
        name: port.port.name.as_ref().map(ToString::to_string),
        target: port.port.number.get(),
        published: published(publish),
        host_ip: publish.loopback.then_some("127.0.0.1"),
        protocol: port.port.transport().as_str(),
    })
}

/// The owner is written down: where the image has a folder at this path, an engine gives its mode to
/// what is mounted there, and another user than its owner could not write.
fn tmpfs(workload: &Workload, volume: &crate::plan::Volume) -> String {
    let path = escape(volume.path.as_str());
    match workload.user {
        None => format!("{path}:mode=1777"),
        Some(user) => format!("{path}:mode=1777,uid={},gid={}", user.uid, user.gid.unwrap_or(user.uid)),
    }
}

fn restart(policy: RestartPolicy) -> &'static str {
    match policy {
        RestartPolicy::Always => "always",
        RestartPolicy::OnFailure => "on-failure",
        RestartPolicy::UnlessStopped => "unless-stopped",
        RestartPolicy::No => "no",
    }
}

fn environment_file(plan: &Plan, as_files: &BTreeSet<docker::SecretFile>) -> Vec<Supplied> {
    let mut supplied = Vec::new();
    if !as_files.is_empty() {
        let names: Vec<String> = as_files.iter().map(docker::SecretFile::name).collect();
        let about = format!("the folder with a file for each of the secrets {}", names.join(", "));
        supplied.push(Supplied::required(SECRETS, about));
    }
    supplied.extend(data::supplied(plan));
    let used: BTreeSet<docker::SecretFile> = plan.workloads.iter().flat_map(secrets).collect();
    for secret in &plan.secrets {
        let variables = used.iter().filter(|used| used.secret == secret.name && !as_files.contains(used));
        supplied.extend(variables.map(|used| Supplied {
            secret: Some(used.secret.to_string()),
            key: used.key.as_ref().map(ToString::to_string),
            ..Supplied::required(
                &used.variable(),
                format!("the secret {}, for {}", secret.name, docker::list(&secret.used_by)),
            )
        }));
    }
    // A quoted value on one line, whatever is in it.
    supplied.extend(docker::variables(plan, |default| serde_json::Value::from(default).to_string()));
    supplied.extend(docker::ports(plan, |_, _| true));
    supplied
}

/// The secrets of a workload.
pub(crate) fn secrets(workload: &Workload) -> impl Iterator<Item = docker::SecretFile> {
    let environment = workload.env.values().map(|entry| &entry.value);
    let texts = environment.chain(&workload.command).chain(&workload.entrypoint);
    texts.flat_map(|text| &text.pieces).filter_map(docker::SecretFile::of)
}

#[cfg(test)]
mod tests {
    use orch_manifest::manifest::Manifest;
    use serde_json::json;

    use crate::plan::profile::Base;
    use crate::plan::{Profile, plan};
    use crate::target::Compose;

    #[test]
    fn each_key_of_a_secret_is_a_file_of_its_own() {
        let keyed = |key: &str| json!({"secret": "db", "key": key});
        let service = json!({
            "id": "db", "kind": "database", "image": "postgres:16", "health": {"check": "none"},
            "env": {"POSTGRES_USER": keyed("user"), "POSTGRES_PASSWORD": keyed("password")},
            "declaredBy": {"package": "p", "file": "src/lib.rs", "item": "S"}
        });
        let text = json!({"schemaVersion": 1, "system": "s", "services": [service]}).to_string();
        let plan = plan(&Manifest::from_json(&text).unwrap(), &Profile::built_in(Base::Local));
        let compose = serde_json::to_value(Compose::new(&plan).0).unwrap();
        let folder = "${ORCH_SECRETS:?the folder of the secrets is missing}";
        let files = ["db.password", "db.user"].map(|name| json!({"name": name, "file": format!("{folder}/{name}")}));
        assert_eq!(compose["secrets"], json!(files));
        let service = &compose["services"][0];
        assert_eq!(service["secrets"], json!(["db.password", "db.user"]));
        assert_eq!(service["environment"]["POSTGRES_USER_FILE"], "/run/secrets/db.user");
        assert_eq!(service["environment"]["POSTGRES_PASSWORD_FILE"], "/run/secrets/db.password");
    }
}
