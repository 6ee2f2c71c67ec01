//! What an entry says beneath what a service states.
//!
//! | key | |
//! |---|---|
//! | `env`, `ulimit` | by name: what is stated stays, the rest is added |
//! | `volume` | by path: what is stated at a path, above it or below it stays, the rest is added |
//! | `port` | as a whole; a port that is stated takes the name and the scheme of the one with its number |
//! | `command`, `entrypoint` | together: who states one of them says what is run, with which files |
//! | variables of who logs in | not where a stated `app_env` says in its own words who does |
//! | `restricted` | as a whole; not from an image that has to be root where another `user` is stated |
//! | anything else | as a whole |
//!
//! What `orch.toml` takes back with `unset` is not added again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use orch_manifest::manifest::Manifest;
use orch_manifest::model::{Deployment, Service, Volume, Workload};
use orch_manifest::value::{Fact, SecretRef, Token};
use orch_manifest::{AbsolutePath, EnvName, Id, SecretName, Template, Value};

use super::{Catalog, Entry};

/// What is known about the image of each service and application that has one.
pub type Known = BTreeMap<Id, Arc<Entry>>;

/// What lies beneath what is stated: the catalog, without what is taken back.
#[derive(Clone, Debug)]
pub struct Beneath {
    pub(crate) catalog: Catalog,
    /// The keys that a service does not take from the catalog.
    pub(crate) withheld: BTreeMap<Id, BTreeSet<String>>,
}

impl Default for Beneath {
    fn default() -> Self {
        Self { catalog: Catalog::built_in(), withheld: BTreeMap::new() }
    }
}

impl Beneath {
    /// The manifest with what is known about its images, and what that is.
    pub fn complete(&self, manifest: &Manifest) -> (Manifest, Known) {
        let mut manifest = manifest.clone();
        let mut known = Known::new();
        for entry in &mut manifest.services {
            let service = &mut entry.service;
            let Some(page) =
                service.workload.image.as_ref().and_then(|image| self.catalog.find(image, Some(&service.kind)))
            else {
                continue;
            };
            self.lay(service, &page);
            known.insert(service.id.clone(), Arc::new(page));
        }
        for entry in &manifest.apps {
            if let Some(page) = entry.app.workload.image.as_ref().and_then(|image| self.catalog.find(image, None)) {
                known.insert(entry.id.clone(), Arc::new(page));
            }
        }
        (manifest, known)
    }

    /// Lays what is known about a service's image beneath what it states.
    pub(crate) fn lay(&self, service: &mut Service, entry: &Entry) {
        let none = BTreeSet::new();
        let withheld = self.withheld.get(&service.id).unwrap_or(&none);
        match service.deployment() {
            Deployment::Container => fill(service, entry, withheld),
            Deployment::External => fill_external(service, entry, withheld),
            Deployment::InProcess => {}
        }
    }
}

/// Takes over what is not stated.
macro_rules! take {
    ($stated:ident, $known:ident, $says:ident: $($key:literal $field:ident $is_empty:ident),* $(,)?) => {
        $(if $stated.$field.$is_empty() && $says($key) {
            $stated.$field = $known.$field;
        })*
    };
}

fn fill(service: &mut Service, entry: &Entry, withheld: &BTreeSet<String>) {
    let says = |key: &str| !withheld.contains(key);
    let mut known = entry.service.clone();
    let id = service.id.clone();
    own_secrets(&mut known, &id);
    let stated = &mut service.workload;
    program(stated, &mut known);
    // Where the image has to be root its root is writable; another user takes both back.
    if stated.user.is_some() && known.user.is_some_and(|user| user.uid == 0) {
        known.restricted = None;
    }
    if says("env") {
        environment(stated, &mut known, entry);
    }
    ports(stated, &known);
    take!(stated, known, says:
        "ports" ports is_empty, "appEnv" app_env is_empty, "command" command is_empty,
        "entrypoint" entrypoint is_empty, "health" health is_none, "resources" resources is_none,
        "user" user is_none, "fsGroup" fs_group is_none, "workdir" workdir is_none, "grace" grace is_none,
        "capAdd" cap_add is_empty, "restricted" restricted is_none, "shmSize" shm_size is_none,
    );
    for (name, limit) in known.ulimits.into_iter().filter(|_| says("ulimits")) {
        stated.ulimits.entry(name).or_insert(limit);
    }
    let is_stated = |path: &AbsolutePath| stated.files.iter().any(|file| file.path == *path);
    let files: Vec<_> = known.files.into_iter().filter(|file| says("files") && !is_stated(&file.path)).collect();
    stated.files.extend(files);
    let kept = known.volumes.into_iter().filter(|_| says("volumes"));
    volumes(stated, kept.collect());
    if stated.restricted != Some(false) {
        let writable = entry.image.writable.iter().map(|path| Volume {
            path: path.clone(),
            name: None,
            size: None,
            storage_class: None,
            ephemeral: true,
            read_only: false,
        });
        volumes(stated, writable.collect());
    }
}

/// Of a service that is there already: where it answers, and what applications are given.
fn fill_external(service: &mut Service, entry: &Entry, withheld: &BTreeSet<String>) {
    let says = |key: &str| !withheld.contains(key);
    let known = entry.service.clone();
    let stated = &mut service.workload;
    ports(stated, &known);
    take!(stated, known, says: "ports" ports is_empty);
    if !stated.app_env.is_empty() || !says("appEnv") {
        return;
    }
    let url = service.connection.as_ref().is_some_and(|connection| connection.url.is_some());
    let given = known.app_env.into_iter().filter_map(|(name, template)| {
        if !url {
            return Some((name, template));
        }
        // Who states the whole URL states nothing else.
        is_url(&template).then(|| Some((name, Template::parse("{url}").ok()?)))?
    });
    stated.app_env.extend(given);
}

/// Whether a text is the URL of the service's own port.
fn is_url(template: &Template) -> bool {
    let url = |token: &Token| matches!(token, Token::Own(Fact::Url(None)));
    let host = |token: &Token| matches!(token, Token::Own(Fact::Host));
    let other = |token: &Token| matches!(token, Token::Own(Fact::Port(Some(_)) | Fact::Url(Some(_))));
    let tokens = template.tokens();
    let whole = tokens.iter().any(host) && template.as_str().contains("://");
    (whole || tokens.iter().any(url)) && !tokens.iter().any(other)
}

/// Who states what is run says how it is told its password: the secret in the stated words, or none.
/// Who states a configuration has one that the known command would not read.
fn program(stated: &Workload, known: &mut Workload) {
    let configured = !known.files.is_empty() && !stated.files.is_empty();
    if stated.command.is_empty() && stated.entrypoint.is_empty() && !configured {
        return;
    }
    let secret = |words: &[Value]| {
        words.iter().find_map(|word| if let Value::Secret(secret) = word { Some(secret.clone()) } else { None })
    };
    let told = secret(&known.command);
    known.command.clear();
    known.entrypoint.clear();
    known.files.clear();
    let Some(told) = told else { return };
    match secret(&stated.command).or_else(|| secret(&stated.entrypoint)) {
        Some(other) => known.env.values_mut().for_each(|value| {
            if *value == Value::Secret(told.clone()) {
                *value = Value::Secret(other.clone());
            }
        }),
        None => known.env.retain(|_, value| *value != Value::Secret(told.clone())),
    }
}

/// Adds variables for which neither themselves, nor their form as a file, nor a stand-in is stated.
fn environment(stated: &mut Workload, known: &mut Workload, entry: &Entry) {
    let is_stated = |name: &EnvName| stated.env.contains_key(name);
    let in_own_words = !stated.app_env.is_empty() && !stated.app_env.values().any(asks_who_logs_in);
    let login = [&entry.login.user, &entry.login.password, &entry.login.database];
    let login: BTreeSet<EnvName> = login.into_iter().flatten().flat_map(variables).collect();
    let told = |name: &EnvName| {
        let file = entry.file_env.get(name);
        let instead = entry.instead.get(name).into_iter().flatten();
        let of_login = in_own_words && login.contains(name);
        of_login || is_stated(name) || file.into_iter().chain(instead).any(is_stated)
    };
    known.env.retain(|name, _| !told(name));
    stated.env.append(&mut known.env);
}

/// Whether a template takes who logs in from the service.
fn asks_who_logs_in(template: &Template) -> bool {
    let asks = |token: &Token| matches!(token, Token::Own(Fact::User | Fact::Password | Fact::Database));
    template.tokens().iter().any(asks)
}

/// The variables of the service that a template names.
fn variables(template: &Template) -> Vec<EnvName> {
    let name = |token| if let Token::Env(name) = token { Some(name) } else { None };
    template.tokens().into_iter().filter_map(name).collect()
}

/// A port that is stated by its number alone is the known one.
fn ports(stated: &mut Workload, known: &Workload) {
    let mut names: BTreeSet<_> = stated.ports.iter().filter_map(|port| port.name.clone()).collect();
    for port in &mut stated.ports {
        let is_it = |other: &&orch_manifest::model::ContainerPort| {
            other.number == port.number && other.transport() == port.transport()
        };
        let Some(known) = known.ports.iter().find(is_it) else { continue };
        if port.name.is_none() && known.name.as_ref().is_some_and(|name| names.insert(name.clone())) {
            port.name.clone_from(&known.name);
        }
        if port.scheme.is_none() {
            port.scheme.clone_from(&known.scheme);
        }
    }
}

/// Adds volumes at whose path nothing is stated, above it or below it.
fn volumes(stated: &mut Workload, known: Vec<Volume>) {
    let within = |path: &AbsolutePath, other: &AbsolutePath| {
        path == other || path.as_str().strip_prefix(other.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    for mut volume in known {
        let path = &volume.path;
        if stated.volumes.iter().any(|other| within(path, &other.path) || within(&other.path, path)) {
            continue;
        }
        volume.name = volume.name.filter(|name| stated.volumes.iter().all(|other| other.name.as_ref() != Some(name)));
        stated.volumes.push(volume);
    }
}

/// The secrets of an entry are the service's own: `password` is the secret `<id>-password`.
fn own_secrets(workload: &mut Workload, id: &Id) {
    let own = |name: &SecretName| SecretName::parse(&format!("{id}-{name}")).unwrap_or_else(|_| name.clone());
    let template = |template: &Template| {
        template.with_tokens(&|token| match token {
            Token::Secret(name) => Token::Secret(own(&name)),
            token => token,
        })
    };
    let words = workload.command.iter_mut().chain(&mut workload.entrypoint);
    for value in workload.env.values_mut().chain(words) {
        match value {
            Value::Secret(SecretRef { secret, .. }) => *secret = own(secret),
            Value::Template(value) => value.template = template(&value.template),
            Value::Text(_) | Value::Var(_) => {}
        }
    }
    for value in workload.app_env.values_mut() {
        *value = template(value);
    }
}
