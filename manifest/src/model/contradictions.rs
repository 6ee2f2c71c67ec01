//! What each value allows by itself and several of them together do not.
//!
//! Who writes an attribute is told so where it is written, by the grammar. A manifest may be from elsewhere, and
//! what is overridden may not fit what is declared; the macros read neither, and are built without this.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::{App, AppKind, Check, Deployment, Health, Ingress, Resources, Scale, Service, Ulimit, Volume, Workload};
use crate::{Duration, Quantity, Value};

impl Service {
    /// Everything in it that does not go together, one text each, in words of the attributes.
    pub fn contradictions(&self) -> Vec<String> {
        let mut problems = Problems(Vec::new());
        problems.workload(&self.workload);
        let connection = self.connection.as_ref();
        if self.deployment() == Deployment::External && connection.is_none_or(|c| c.url.is_none() && c.host.is_none()) {
            problems.add("an external service says where it is");
        }
        if connection.and_then(|connection| connection.url.as_ref()).is_some_and(Value::is_url_with_password) {
            problems.add("`url` has a password in it, which would be in every artifact");
        }
        problems.0
    }
}

impl App {
    /// Everything in it that does not go together, one text each, in words of the attributes.
    pub fn contradictions(&self) -> Vec<String> {
        let mut problems = Problems(Vec::new());
        let workload = &self.workload;
        problems.workload(workload);
        let kind = self.kind();
        if kind == AppKind::Cron && self.schedule.is_none() {
            problems.add("`kind = \"cron\"` has no `schedule`");
        }
        if matches!(kind, AppKind::Job | AppKind::Cron) {
            let there = [
                ("scale", workload.scale.is_some()),
                ("replicas", workload.replicas.is_some()),
                ("ingress", !workload.ingress.is_empty()),
                ("health", workload.health.is_some()),
            ];
            for (key, _) in there.iter().filter(|(_, is_there)| *is_there) {
                problems.add(format!("`{key}` does not go with `kind = \"{kind}\"`"));
            }
        }
        if self.image_of.is_some() && workload.image.is_some() {
            problems.add("`image` does not go with `image_of`");
        }
        problems.0
    }
}

struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, problem: impl Into<String>) {
        self.0.push(problem.into());
    }

    /// Each value at most once.
    fn once<T: Ord>(&mut self, values: impl IntoIterator<Item = T>, problem: impl Fn(&T) -> String) {
        let mut seen = BTreeSet::new();
        for value in values {
            let text = problem(&value);
            if !seen.insert(value) {
                self.add(text);
            }
        }
    }

    fn bounds<T: PartialOrd + Display + Copy>(&mut self, name: &str, value: Option<T>, min: T, max: T) {
        if let Some(value) = value.filter(|value| !(min..=max).contains(value)) {
            self.add(format!("`{name}` cannot be {value}"));
        }
    }

    fn workload(&mut self, workload: &Workload) {
        self.once(workload.ports.iter().map(|port| (port.number, port.transport())), |(number, _)| {
            format!("port {number} is there twice")
        });
        self.once(workload.ports.iter().filter_map(|port| port.name.as_ref()), |name| {
            format!("two ports are called `{name}`")
        });
        workload.ingress.iter().for_each(|ingress| self.ingress(ingress));
        self.mounts(workload);
        workload.volumes.iter().for_each(|volume| self.volume(volume));
        workload.health.iter().for_each(|health| self.health(health));
        workload.resources.iter().for_each(|resources| self.resources(resources));
        self.bounds("replicas", workload.replicas, 0, 1_000);
        self.bounds("fs_group", workload.fs_group, 0, i32::MAX.unsigned_abs());
        if let Some(scale) = &workload.scale {
            self.scale(scale);
            if workload.volumes.iter().any(|volume| !volume.ephemeral) {
                self.add("`scale` does not go with a persistent volume");
            }
        }
        for (name, limit) in &workload.ulimits {
            self.ulimit(name.as_str(), limit);
        }
    }

    /// An engine mounts one thing at a path, and knows it by one name.
    fn mounts(&mut self, workload: &Workload) {
        let volumes = workload.volumes.iter().map(|volume| &volume.path);
        let paths = volumes.chain(workload.files.iter().map(|file| &file.path));
        self.once(paths, |path| format!("two volumes or files are at `{path}`"));
        self.once(workload.volumes.iter().filter_map(|volume| volume.name.as_ref()), |name| {
            format!("two volumes are called `{name}`")
        });
    }

    fn volume(&mut self, volume: &Volume) {
        for (key, is_there) in [("storage_class", volume.storage_class.is_some()), ("read_only", volume.read_only)] {
            if volume.ephemeral && is_there {
                self.add(format!("`{key}` does not go with `ephemeral`"));
            }
        }
    }

    fn ingress(&mut self, ingress: &Ingress) {
        if ingress.tls.is_some() && ingress.host.is_none() {
            self.add("`tls` without a `host`");
        }
    }

    fn health(&mut self, health: &Health) {
        for (name, time) in [("interval", health.interval), ("timeout", health.timeout)] {
            if time.is_some_and(|time: Duration| time.as_millis() == 0) {
                self.add(format!("`{name}` cannot be zero"));
            }
        }
        self.bounds("retries", health.retries, 1, 1_000);
        if health.live.is_some() && !matches!(health.check, Check::Http(_)) {
            self.add("`live` goes with `http` only");
        }
        if matches!(&health.check, Check::Command(command) if command.is_empty()) {
            self.add("`command` of `health` is empty");
        }
    }

    fn resources(&mut self, resources: &Resources) {
        let pairs =
            [("cpu", &resources.cpu, &resources.cpu_limit), ("memory", &resources.memory, &resources.memory_limit)];
        for (name, request, limit) in pairs {
            let is_zero = |amount: &Option<Quantity>| amount.as_ref().is_some_and(|amount| amount.nanos() == 0);
            if is_zero(request) || is_zero(limit) {
                self.add(format!("`{name}` cannot be zero"));
            }
            if let (Some(request), Some(limit)) = (request, limit)
                && request.nanos() > limit.nanos()
            {
                self.add(format!("`{name} = \"{request}\"` is above `{name}_limit = \"{limit}\"`"));
            }
        }
        self.bounds("gpu", resources.gpu, 1, 64);
    }

    fn scale(&mut self, scale: &Scale) {
        self.bounds("min", Some(scale.min), 1, 1_000);
        self.bounds("max", Some(scale.max), 1, 1_000);
        self.bounds("cpu", scale.cpu, 1, 100);
        if scale.min > scale.max {
            self.add(format!("`min = {}` is above `max = {}`", scale.min, scale.max));
        }
    }

    fn ulimit(&mut self, name: &str, limit: &Ulimit) {
        if limit.soft > limit.hard {
            let Ulimit { soft, hard } = limit;
            self.add(format!("the soft limit {soft} of `{name}` is above the hard limit {hard}"));
        }
        self.bounds(name, Some(limit.hard), 0, i64::MAX.unsigned_abs());
    }
}
