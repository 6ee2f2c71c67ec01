//! What the configuration says about targets, about where secrets are, about where data is and about
//! images: `[targets.k8s]`, `[secrets.NAME]` and `[build]`, for every profile and for one, and `data` of a
//! profile.

use std::collections::BTreeMap;

use orch_manifest::grammar::Problem;
use orch_manifest::value::SecretKey;
use orch_manifest::{Hostname, SecretName, did_you_mean};

use super::images::{BuildOptions, BuildSection};
use super::parse::{Problems, Value, boolean, parsed, table, text, texts, unknown};
use super::{Config, ConfigError};
use crate::plan::Profile;

/// What holds for a plan beyond what is declared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `[targets.k8s]`
    pub k8s: K8sOptions,
    /// `[secrets.NAME]`: where a secret is, when that is not where its name says.
    pub secrets: BTreeMap<SecretName, SecretPlace>,
    /// `data` of a profile.
    pub data: DataPlace,
    /// `[build]`
    pub build: BuildOptions,
}

/// Where an engine on one machine keeps persistent data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DataPlace {
    /// In volumes of its own.
    #[default]
    Volume,
    /// In folders of the host.
    Bind,
}

impl DataPlace {
    pub(super) const WORDS: [&str; 2] = ["volume", "bind"];
}

/// How a plan is rendered for Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct K8sOptions {
    /// The namespace; `<system>-<profile>` when `None`.
    pub namespace: Option<String>,
    /// Whether the namespace is rendered.
    pub create_namespace: bool,
    /// The class of ingresses; the cluster's default when `None`.
    pub ingress_class: Option<String>,
    /// The namespaces of ingress controllers, from which public ports are reached.
    pub ingress_namespaces: Vec<String>,
    /// The namespaces of the monitoring, from which metrics are read.
    pub monitoring_namespaces: Vec<String>,
    /// The namespaces of name servers; anywhere when empty.
    pub dns_namespaces: Vec<String>,
    /// The Secrets with which images are pulled.
    pub image_pull_secrets: Vec<String>,
    /// How the Secrets of a system come into the cluster.
    pub secrets: SecretSource,
}

impl Default for K8sOptions {
    fn default() -> Self {
        Self {
            namespace: None,
            create_namespace: false,
            ingress_class: None,
            ingress_namespaces: vec!["ingress-nginx".to_owned()],
            monitoring_namespaces: vec!["monitoring".to_owned()],
            dns_namespaces: Vec::new(),
            image_pull_secrets: Vec::new(),
            secrets: SecretSource::Reference,
        }
    }
}

/// How the Secrets of a system come into a cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// Somebody puts them there.
    Reference,
    /// The External Secrets Operator takes them from a store.
    ExternalSecret(SecretStore),
    /// Kustomize makes them of files.
    Generator,
}

/// A store of the External Secrets Operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretStore {
    /// Its name.
    pub name: String,
    /// Who may use it.
    pub kind: StoreKind,
}

/// Who may use a store of the External Secrets Operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Its namespace.
    SecretStore,
    /// The cluster.
    ClusterSecretStore,
}

impl StoreKind {
    pub(super) const WORDS: [&str; 2] = ["SecretStore", "ClusterSecretStore"];

    /// The kind of the object.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecretStore => Self::WORDS[0],
            Self::ClusterSecretStore => Self::WORDS[1],
        }
    }
}

/// Where a secret is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPlace {
    /// The Secret of Kubernetes; of the secret's own name when `None`.
    pub name: Option<String>,
    /// The key in it; `value` when `None`.
    pub key: Option<String>,
}

/// What one part of the document says: each key at most once.
#[derive(Clone, Debug, Default)]
pub(super) struct OptionsSection {
    namespace: Option<String>,
    create_namespace: Option<bool>,
    ingress_class: Option<String>,
    ingress_namespaces: Option<Vec<String>>,
    monitoring_namespaces: Option<Vec<String>>,
    dns_namespaces: Option<Vec<String>>,
    image_pull_secrets: Option<Vec<String>>,
    /// With its place, to say where a store is missing.
    secret_source: Option<(Source, usize)>,
    secret_store: Option<SecretStore>,
    secrets: BTreeMap<SecretName, SecretPlace>,
    data: Option<DataPlace>,
    pub(super) build: BuildSection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Reference,
    ExternalSecret,
    Generator,
}

pub(super) const SOURCES: [&str; 3] = ["reference", "external-secret", "generator"];
/// The keys of `[targets]`.
pub(super) const TARGET_KEYS: [&str; 1] = ["k8s"];
/// The keys of `[secrets.NAME]`.
pub(super) const SECRET_KEYS: [&str; 1] = ["kubernetes"];
/// The keys of `kubernetes` in it.
pub(super) const SECRET_PLACE_KEYS: [&str; 2] = ["name", "key"];
/// The keys of `secret_store`.
pub(super) const STORE_KEYS: [&str; 2] = ["name", "kind"];
/// The keys of `[targets.k8s]`.
pub(super) const K8S_KEYS: [&str; 9] = [
    "namespace",
    "create_namespace",
    "ingress_class",
    "ingress_namespaces",
    "monitoring_namespaces",
    "dns_namespaces",
    "image_pull_secrets",
    "secrets",
    "secret_store",
];

impl Config {
    /// What holds in a profile: what is said for every profile, then what the profile says, after
    /// those it extends; the later one wins, key by key.
    pub fn options(&self, profile: &Profile) -> Result<Options, ConfigError> {
        let mut options = Options::default();
        let (mut source, mut store) = (None, None);
        let profiles = self.lineage(profile.as_str()).into_iter().map(|section| &section.options);
        for section in std::iter::once(&self.options).chain(profiles) {
            section.apply(&mut options);
            source = section.secret_source.or(source);
            store = section.secret_store.clone().or(store);
        }
        let mut problems = Vec::new();
        options.k8s.secrets = match (source, store) {
            (Some((Source::ExternalSecret, _)), Some(store)) => SecretSource::ExternalSecret(store),
            (Some((Source::ExternalSecret, at)), None) => {
                let problem = Problem::new(at, "`secrets = \"external-secret\"` names no store");
                problems.push(problem.help("write `secret_store = \"…\"` beside it"));
                SecretSource::Reference
            }
            (Some((Source::Generator, _)), _) => SecretSource::Generator,
            (Some((Source::Reference, _)) | None, _) => SecretSource::Reference,
        };
        self.finish(problems)?;
        Ok(options)
    }
}

impl OptionsSection {
    fn apply(&self, options: &mut Options) {
        fn set<T: Clone>(to: &mut T, from: Option<&T>) {
            if let Some(from) = from {
                to.clone_from(from);
            }
        }
        let k8s = &mut options.k8s;
        k8s.namespace = self.namespace.clone().or_else(|| k8s.namespace.take());
        k8s.ingress_class = self.ingress_class.clone().or_else(|| k8s.ingress_class.take());
        set(&mut k8s.create_namespace, self.create_namespace.as_ref());
        set(&mut k8s.ingress_namespaces, self.ingress_namespaces.as_ref());
        set(&mut k8s.monitoring_namespaces, self.monitoring_namespaces.as_ref());
        set(&mut k8s.dns_namespaces, self.dns_namespaces.as_ref());
        set(&mut k8s.image_pull_secrets, self.image_pull_secrets.as_ref());
        options.secrets.extend(self.secrets.clone());
        set(&mut options.data, self.data.as_ref());
        self.build.apply(&mut options.build);
    }

    /// Reads `[targets]`.
    pub(super) fn targets(&mut self, value: &Value<'_>, problems: &mut Problems) {
        for (key, value) in table(value, problems) {
            match key.get_ref().as_ref() {
                "k8s" => self.k8s(value, problems),
                _ => unknown(key, "`[targets]`", &TARGET_KEYS, problems),
            }
        }
    }

    fn k8s(&mut self, value: &Value<'_>, problems: &mut Problems) {
        for (key, value) in table(value, problems) {
            match key.get_ref().as_ref() {
                "namespace" => self.namespace = name(value, Rule::Label, problems),
                "create_namespace" => self.create_namespace = boolean(key.get_ref(), value, problems),
                "ingress_class" => self.ingress_class = name(value, Rule::Subdomain, problems),
                "ingress_namespaces" => self.ingress_namespaces = Some(names(value, Rule::Label, problems)),
                "monitoring_namespaces" => self.monitoring_namespaces = Some(names(value, Rule::Label, problems)),
                "dns_namespaces" => self.dns_namespaces = Some(names(value, Rule::Label, problems)),
                "image_pull_secrets" => self.image_pull_secrets = Some(names(value, Rule::Subdomain, problems)),
                "secrets" => {
                    self.secret_source = source(value, problems).map(|source| (source, value.span().start));
                }
                "secret_store" => self.secret_store = store(value, problems),
                _ => unknown(key, "`[targets.k8s]`", &K8S_KEYS, problems),
            }
        }
    }

    /// Reads `data` of a profile.
    pub(super) fn data(&mut self, value: &Value<'_>, problems: &mut Problems) {
        self.data = match text(value, problems) {
            Some("volume") => Some(DataPlace::Volume),
            Some("bind") => Some(DataPlace::Bind),
            Some(other) => {
                let message = format!("`{other}` is no place for data");
                let help = did_you_mean(other, &DataPlace::WORDS);
                problems.push(Problem::new(value.span().start, message).help(help));
                None
            }
            None => None,
        };
    }

    /// Reads `[secrets]`.
    pub(super) fn secrets(&mut self, value: &Value<'_>, problems: &mut Problems) {
        for (key, value) in table(value, problems) {
            match SecretName::parse(key.get_ref()) {
                Ok(name) => {
                    self.secrets.insert(name, secret(value, problems));
                }
                Err(invalid) => {
                    problems.push(Problem { span: key.span().start, message: invalid.problem, help: invalid.help });
                }
            }
        }
    }
}

fn secret(value: &Value<'_>, problems: &mut Problems) -> SecretPlace {
    let mut place = SecretPlace::default();
    for (key, value) in table(value, problems) {
        if key.get_ref().as_ref() != "kubernetes" {
            unknown(key, "a secret", &SECRET_KEYS, problems);
            continue;
        }
        for (key, value) in table(value, problems) {
            match key.get_ref().as_ref() {
                "name" => place.name = secret_object(value, problems),
                "key" => place.key = parsed::<SecretKey>(value, problems).map(|key| key.to_string()),
                _ => unknown(key, "`kubernetes`", &SECRET_PLACE_KEYS, problems),
            }
        }
    }
    place
}

/// The Secret of Kubernetes. What is no name is not repeated: it may be the secret itself.
fn secret_object(value: &Value<'_>, problems: &mut Problems) -> Option<String> {
    let text = text(value, problems)?;
    if Hostname::parse(text).is_err() {
        let problem = Problem::new(value.span().start, "this is no name in Kubernetes");
        problems.push(problem.help("lower-case letters, digits and dashes, with dots between or without"));
        return None;
    }
    Some(text.to_owned())
}

fn source(value: &Value<'_>, problems: &mut Problems) -> Option<Source> {
    match text(value, problems)? {
        "reference" => Some(Source::Reference),
        "external-secret" => Some(Source::ExternalSecret),
        "generator" => Some(Source::Generator),
        other => {
            let message = format!("`{other}` is no way to bring secrets into a cluster");
            problems.push(Problem::new(value.span().start, message).help(did_you_mean(other, &SOURCES)));
            None
        }
    }
}

/// `"vault"`, or `{ name = "vault", kind = "ClusterSecretStore" }`.
fn store(value: &Value<'_>, problems: &mut Problems) -> Option<SecretStore> {
    if value.get_ref().as_str().is_some() {
        return name(value, Rule::Subdomain, problems).map(|name| SecretStore { name, kind: StoreKind::SecretStore });
    }
    let (mut store, mut kind) = (None, StoreKind::SecretStore);
    for (key, value) in table(value, problems) {
        match key.get_ref().as_ref() {
            "name" => store = name(value, Rule::Subdomain, problems),
            "kind" => match text(value, problems) {
                Some("SecretStore") | None => {}
                Some("ClusterSecretStore") => kind = StoreKind::ClusterSecretStore,
                Some(other) => {
                    let message = format!("`{other}` is no kind of store");
                    let help = did_you_mean(other, &StoreKind::WORDS);
                    problems.push(Problem::new(value.span().start, message).help(help));
                }
            },
            _ => unknown(key, "`secret_store`", &STORE_KEYS, problems),
        }
    }
    store.map(|name| SecretStore { name, kind })
}

/// What a name in the cluster is held to.
#[derive(Clone, Copy)]
enum Rule {
    /// One label.
    Label,
    /// Labels with dots between them.
    Subdomain,
}

fn name(value: &Value<'_>, rule: Rule, problems: &mut Problems) -> Option<String> {
    let text = text(value, problems)?;
    valid(text, value.span().start, rule, problems)
}

/// Reads the name of a namespace, a label of RFC 1123; the error is for people.
#[cfg(feature = "cli")]
pub(crate) fn namespace(text: &str) -> Result<String, String> {
    let mut problems = Vec::new();
    valid(text, 0, Rule::Label, &mut problems).ok_or_else(|| {
        let said = problems.into_iter().map(|problem| [Some(problem.message), problem.help]);
        said.flatten().flatten().collect::<Vec<_>>().join(": ")
    })
}

fn names(value: &Value<'_>, rule: Rule, problems: &mut Problems) -> Vec<String> {
    let names = texts(value, problems);
    names.into_iter().filter_map(|(text, at)| valid(&text, at, rule, problems)).collect()
}

fn valid(text: &str, at: usize, rule: Rule, problems: &mut Problems) -> Option<String> {
    // A host name and a name in the cluster are the same thing (RFC 1123).
    let named = Hostname::parse(text).is_ok();
    let (good, help) = match rule {
        Rule::Label => {
            (named && !text.contains('.'), "at most 63 lower-case letters, digits and dashes, no dash at an end")
        }
        Rule::Subdomain => (named, "lower-case letters, digits and dashes, with dots between or without"),
    };
    if good {
        return Some(text.to_owned());
    }
    problems.push(Problem::new(at, format!("`{text}` is no name in Kubernetes")).help(help));
    None
}
