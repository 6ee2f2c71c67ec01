//! To Kubernetes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use orch_manifest::Id;
use orch_manifest::model::AppKind;

use super::super::cluster::{ReachArgs, ask};
use super::super::failure::Failure;
use super::{Needs, Setting};
use crate::deploy::objects::{Key, Objects, apply, diff, wait};
use crate::deploy::{Need, Phase, phase};
use crate::engine::{Cluster, Command, Engine, Interrupt, Kubernetes};
use crate::exit::Exit;
use crate::launch::environment::Vault;
use crate::launch::secrets;
use crate::plan::Role;
use crate::target::{SecretFile, kubernetes};

/// What is asked of Secrets and `ConfigMap`s: their names and keys, and no value.
const KEYS: &str =
    "{{range .items}}{{.kind}} {{.metadata.name}}{{range $key, $_ := .data}} {{$key}}{{end}}{{\"\\n\"}}{{end}}";

pub(super) struct Way<'a> {
    setting: &'a Setting<'a>,
    kubernetes: Kubernetes,
    objects: Objects,
}

impl<'a> Way<'a> {
    pub(super) fn new(setting: &'a Setting<'a>, reach: &ReachArgs) -> Result<Self, Failure> {
        let files = setting.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let objects = Objects::parse(files).map_err(|path| {
            Failure::new(Exit::Findings, format!("the pack `k8s` renders no YAML to `{path}`"))
                .help("a pack of your own has to render objects, to be deployed")
        })?;
        Ok(Self { setting, kubernetes: reach.kubernetes(setting.plan), objects })
    }

    fn paths<'b>(&'b self, files: impl IntoIterator<Item = &'b str>) -> impl Iterator<Item = PathBuf> {
        files.into_iter().map(|path| self.setting.folder.join(path))
    }

    /// The namespace, which is made where the cluster is a developer's own.
    fn namespace(&self, needs: &mut Needs, interrupt: &Interrupt) -> Result<bool, Failure> {
        let name = self.kubernetes.name();
        let get = self.kubernetes.kubectl().args(["get", "namespace", name, "--ignore-not-found", "--output", "name"]);
        if !ask(&get, interrupt)?.trim().is_empty() {
            return Ok(true);
        }
        let create = self.kubernetes.kubectl().args(["create", "namespace", name]);
        // One that is rendered comes with the first step, unless something has to be in it before.
        if self.objects.makes_namespace() && self.objects.needs().is_empty() {
            return Ok(false);
        }
        if self.setting.plan.profile.is_private() {
            needs.made.push(create);
        } else {
            needs.missing.push(Need { what: format!("the namespace {name}"), cure: create.to_string() });
        }
        Ok(false)
    }

    /// The keys that are in the namespace, by object.
    fn there(&self, interrupt: &Interrupt) -> Result<BTreeMap<(String, String), BTreeSet<String>>, Failure> {
        let get = ["get", "secrets,configmaps", "--output", "go-template", "--template", KEYS];
        let said = ask(&self.kubernetes.in_namespace().args(get), interrupt)?;
        let entry = |line: &str| {
            let mut words = line.split(' ').map(str::to_owned);
            Some(((words.next()?, words.next()?), words.collect()))
        };
        Ok(said.lines().filter_map(entry).collect())
    }

    /// What of a need is not there.
    fn missing(&self, interrupt: &Interrupt, is_there: bool) -> Result<Vec<(Key, BTreeSet<String>)>, Failure> {
        let there = if is_there { self.there(interrupt)? } else { BTreeMap::new() };
        let lacks = |(key, _): &(Key, BTreeSet<String>)| {
            let found = there.get(&(key.kind.to_owned(), key.name.clone()));
            !found.is_some_and(|keys| key.key.as_ref().is_none_or(|key| keys.contains(key)))
        };
        Ok(self.objects.needs().into_iter().filter(lacks).collect())
    }

    /// Makes the Secrets of a developer's own cluster, and returns those that are made.
    fn make(&self, missing: &[(Key, BTreeSet<String>)], needs: &mut Needs) -> Result<BTreeSet<Key>, Failure> {
        let plan = self.setting.plan;
        let vault = Vault::of(&plan.profile, self.setting.workspace, &|name| std::env::var(name).ok());
        let Some(folder) = vault.folder.filter(|_| vault.makes) else { return Ok(BTreeSet::new()) };
        let used = secrets::of_plan(plan);
        if !self.setting.is_dry {
            secrets::make(&folder, &used.keys().collect())?;
        }
        let mut by_name: BTreeMap<String, Vec<(String, &SecretFile)>> = BTreeMap::new();
        for file in used.keys() {
            let (name, key) = kubernetes::secret_key(plan, file);
            by_name.entry(name).or_default().push((key, file));
        }
        let mut made = BTreeSet::new();
        for (name, keys) in by_name {
            let is_missing = |key: &Key| key.kind == "Secret" && key.name == name;
            if !missing.iter().any(|(key, _)| is_missing(key)) {
                continue;
            }
            let mut command = self.kubernetes.in_namespace().args(["create", "secret", "generic", &name]);
            for (key, file) in keys {
                command = command.arg(format!("--from-file={key}={}", folder.join(file.name()).display()));
                made.insert(Key { kind: "Secret", name: name.clone(), key: Some(key) });
            }
            needs.made.push(command);
        }
        Ok(made)
    }

    fn need(&self, key: &Key, users: &BTreeSet<String>) -> Need {
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let in_namespace = self.kubernetes.in_namespace();
        let (of, cure) = match (&key.key, key.kind) {
            (Some(key_), "Secret") => (
                format!("the key {key_} of the Secret {}", key.name),
                in_namespace.args(["create", "secret", "generic", &key.name, &format!("--from-file={key_}=FILE")]),
            ),
            (None, "Secret") => {
                (format!("the Secret {}", key.name), in_namespace.args(["create", "secret", "generic", &key.name]))
            }
            (key_, _) => {
                let entry = key_.as_deref().unwrap_or("KEY");
                let patch = format!("{{\"data\":{{\"{entry}\":\"VALUE\"}}}}");
                (
                    format!("the key {entry} of the ConfigMap {}", key.name),
                    in_namespace.args(["patch", "configmap", &key.name, "--patch", &patch]),
                )
            }
        };
        Need { what: format!("{of} for {}", users.join(", ")), cure: cure.to_string() }
    }
}

impl super::Way for Way<'_> {
    fn cluster(&self) -> &dyn Cluster {
        &self.kubernetes
    }

    fn needs(&self, interrupt: &Interrupt) -> Result<Needs, Failure> {
        let mut needs = Needs::default();
        let is_there = self.namespace(&mut needs, interrupt)?;
        let missing = self.missing(interrupt, is_there)?;
        let made = self.make(&missing, &mut needs)?;
        for (key, users) in missing.iter().filter(|(key, _)| !made.contains(key)) {
            needs.missing.push(self.need(key, users));
        }
        Ok(needs)
    }

    fn phases(&self, _: &Needs, limit: Duration, _: &Interrupt) -> Result<Vec<Phase>, Failure> {
        let (plan, all) = (self.setting.plan, self.setting.ids());
        let is_started = |id: &Id| plan.workload(id).is_some_and(|one| one.role != Role::App(AppKind::Cron));
        let phases = phase::phases(plan).into_iter().enumerate().map(|(index, ids)| {
            let files = self.objects.part(&ids, index == 0, &all);
            let controllers = self.objects.controllers(&ids);
            let waits = controllers.iter().map(|name| wait(&self.kubernetes, name, limit.as_secs().max(1))).collect();
            let apply = vec![apply(&self.kubernetes, self.paths(files))];
            Phase { apply, waits, awaits: ids.into_iter().filter(is_started).collect() }
        });
        Ok(phases.collect())
    }

    fn unplanned(&self, interrupt: &Interrupt) -> Result<Vec<(String, Command)>, Failure> {
        let planned = self.objects.names();
        let there = self.kubernetes.applied(interrupt)?;
        let unplanned = there.into_iter().filter(|name| !planned.contains(name));
        let delete = |name: String| {
            let command = self.kubernetes.in_namespace().args(["delete", &name]);
            (format!("`{name}`"), command)
        };
        Ok(unplanned.map(delete).collect())
    }

    fn difference(&self) -> Result<Command, Failure> {
        let all = self.setting.ids();
        Ok(diff(&self.kubernetes, self.paths(self.objects.part(&all, true, &all))))
    }
}
