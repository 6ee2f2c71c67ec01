//! A job of its own in a cluster: made of what is planned or deployed, and removed when it has ended.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use orch_manifest::model::AppKind;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::super::cluster::{Deployed, Place, ReachArgs, ask, stack};
use super::super::deploy::swarm::{can_wait, missing_variables, read};
use super::super::failure::Failure;
use super::super::templates::Templates;
use super::follow::Follow;
use crate::deploy::objects::{Objects, once};
use crate::deploy::stack::{self, deploy};
use crate::engine::{Command, Engine, Interrupt, Kubernetes};
use crate::exit::Exit;
use crate::finding::has_errors;
use crate::hex::hex;
use crate::output::Output;
use crate::plan::{Role, Workload};
use crate::target;

/// How long a cluster has to take a job.
const PATIENCE: Duration = Duration::from_mins(1);

/// The longest name that a cluster gives a service or a job: a label of DNS.
const LONGEST: usize = 63;

pub(super) fn run(
    deployed: &Deployed,
    job: &Workload,
    reach: &ReachArgs,
    templates: &Templates,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let rendered = target::render(&deployed.plan, deployed.place.target(), &templates.packs(&deployed.loaded.config)?)?;
    if has_errors(&rendered.findings) {
        output.findings(&rendered.findings, &deployed.loaded.sources());
        return Ok(Exit::Findings);
    }
    let files: Vec<(String, String)> = rendered.files.into_iter().map(|file| (file.path, file.contents)).collect();
    let interrupt = Interrupt::watch()?;
    // What a cluster is told is not what was deployed, so it is kept nowhere.
    let folder = tempfile::tempdir()?;
    let made = Made { deployed, job, files: &files, folder: folder.path(), interrupt: &interrupt };
    let (name, start) = match deployed.place {
        Place::K8s => made.kubernetes(&reach.kubernetes(&deployed.plan))?,
        Place::Swarm | Place::Compose => made.swarm()?,
    };
    let cluster = deployed.cluster.as_ref();
    Follow { cluster, job: job.id.as_str(), name: &name, interrupt: &interrupt }.run(&start, PATIENCE, output)
}

/// What a run is made of.
struct Made<'a> {
    deployed: &'a Deployed,
    job: &'a Workload,
    /// What is rendered of the whole plan.
    files: &'a [(String, String)],
    /// A folder for what the cluster is told.
    folder: &'a Path,
    interrupt: &'a Interrupt,
}

impl Made<'_> {
    /// Its name and what starts it: a service of its own in the stack, made of what is planned.
    fn swarm(&self) -> Result<(String, Command), Failure> {
        let (plan, id) = (&self.deployed.plan, self.job.id.as_str());
        let swarm = stack(plan);
        let deployed = swarm.image_of(id, self.interrupt)?.ok_or_else(|| self.not_deployed())?;
        let rendered = self.files.iter().find(|(path, _)| path == stack::FILE).map(|(_, text)| text.as_str());
        let name = name_of(id, LONGEST.saturating_sub(swarm.full_name("").len()));
        let part = read(rendered)?.once(&self.job.id, &name).ok_or_else(|| self.not_rendered())?;
        // The engine adds the digest that it has found.
        let is_same = |planned: &str| planned == deployed || deployed.split_once('@').is_some_and(|it| it.0 == planned);
        if !is_same(&part.image) {
            return Err(self.other_version(&format!("with the image `{deployed}`, and `{}` is planned", part.image)));
        }
        let lacks = missing_variables(plan, |variable| variable.used_by.contains(&self.job.id)).next();
        if let Some(need) = lacks {
            let message = format!("`{id}` lacks {}", need.what);
            return Err(Failure::new(Exit::Findings, message).help(format!("`{}`", need.cure)));
        }
        for (path, text) in self.files {
            self.write(path, text)?;
        }
        self.write(&format!("{name}.json"), &part.text)?;
        let file = self.folder.join(format!("{name}.json"));
        let command = deploy(swarm.name(), &file, can_wait(self.interrupt)?, plan.profile.is_private());
        Ok((swarm.full_name(&name), command))
    }

    /// Its name and what starts it: a Job of its own, made of what is planned, or of the `CronJob` that is there.
    fn kubernetes(&self, kubernetes: &Kubernetes) -> Result<(String, Command), Failure> {
        let id = self.job.id.as_str();
        let name = name_of(id, LONGEST);
        let job = match self.job.role {
            Role::App(AppKind::Cron) => self.of_schedule(kubernetes, &name)?,
            _ => self.of_plan(kubernetes)?,
        };
        let file = format!("{name}.json");
        self.write(&file, &once(job, &name).to_string())?;
        let create = kubernetes.in_namespace().args(["create", "--filename"]).arg(self.folder.join(file));
        Ok((name, create))
    }

    fn of_schedule(&self, kubernetes: &Kubernetes, name: &str) -> Result<Value, Failure> {
        let id = self.job.id.as_str();
        let get = kubernetes.in_namespace().args(["get", "cronjob", id, "--ignore-not-found", "--output", "name"]);
        if ask(&get, self.interrupt)?.trim().is_empty() {
            return Err(self.not_deployed());
        }
        let make = ["create", "job", name, &format!("--from=cronjob/{id}"), "--dry-run=client", "--output", "json"];
        let make = kubernetes.in_namespace().args(make);
        serde_json::from_str(&ask(&make, self.interrupt)?).map_err(|error| {
            Failure::new(Exit::Findings, format!("cannot read what `{make}` says: {error}"))
                .help("this version of kubectl is not known")
        })
    }

    fn of_plan(&self, kubernetes: &Kubernetes) -> Result<Value, Failure> {
        let files = self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        let planned = Objects::parse(files).ok().and_then(|objects| objects.job(&self.job.id).cloned());
        let planned = planned.ok_or_else(|| self.not_rendered())?;
        // A Job that has ended is removed after a while, and its account stays.
        let there = kubernetes.of_service(self.job.id.as_str(), "jobs,serviceaccounts", self.interrupt)?;
        if there.is_empty() {
            return Err(self.not_deployed());
        }
        let name = planned["metadata"]["name"].as_str().unwrap_or_default();
        let jobs: Vec<&str> = there.iter().filter_map(|object| object.strip_prefix("job/")).collect();
        let is_other = |job: &&str| !job.starts_with(&run_prefix(self.job.id.as_str()));
        match jobs.iter().find(|job| is_other(job)) {
            Some(other) if !jobs.contains(&name) => {
                Err(self.other_version(&format!("as the Job `{other}`, and `{name}` is planned")))
            }
            _ => Ok(planned),
        }
    }

    fn write(&self, path: &str, text: &str) -> Result<(), Failure> {
        let path = self.folder.join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        written.map_err(|error| Failure::io("write", &path.display().to_string(), &error))
    }

    /// The command that deploys what is planned.
    fn deploys(&self) -> String {
        let (place, profile) = (self.deployed.place.target(), &self.deployed.profile);
        format!("`cargo orch deploy --target {place} --profile {profile}`")
    }

    fn not_deployed(&self) -> Failure {
        let message = format!("`{}` is not deployed in `{}`", self.job.id, self.deployed.cluster.name());
        Failure::new(Exit::Findings, message).help(format!("{} deploys it with what it needs", self.deploys()))
    }

    fn other_version(&self, how: &str) -> Failure {
        Failure::new(Exit::Findings, format!("`{}` is deployed {how}", self.job.id))
            .help(format!("{} deploys what is planned", self.deploys()))
    }

    fn not_rendered(&self) -> Failure {
        let message = format!("the pack `{}` renders no job `{}`", self.deployed.place.target(), self.job.id);
        Failure::new(Exit::Findings, message).help("a pack of your own has to render one, to be run")
    }
}

/// How the names of all runs of a job begin.
fn run_prefix(id: &str) -> String {
    format!("{id}-run-")
}

/// A name for this run, which no other has, in so many characters.
fn name_of(id: &str, room: usize) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let hash = hex(&Sha256::digest(format!("{} {}", now.as_nanos(), std::process::id())));
    let suffix = format!("-run-{}", &hash[..8]);
    // An id is ASCII.
    let kept = id.len().min(room.saturating_sub(suffix.len()).max(1));
    format!("{}{suffix}", id[..kept].trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::{name_of, run_prefix};

    #[test]
    fn every_run_has_a_name_of_its_own_that_fits() {
        let (one, two) = (name_of("migrate", 63), name_of("migrate", 63));
        assert!(one.starts_with(&run_prefix("migrate")) && one != two, "{one} {two}");
        let short = name_of("an-id-of-thirty-or-more-characters", 30);
        assert!(short.starts_with("an-id-of-thirty-o-run-") && short.len() == 30, "{short}");
    }
}
