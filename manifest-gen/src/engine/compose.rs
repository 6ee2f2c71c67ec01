//! `docker compose` and `podman compose`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::command::{CommandError, Output};
use super::health::{self, Checks};
use super::inspect::{self, Details};
use super::{Command, Container, Engine, EngineError, Interrupt, Kind, Logs, PATIENCE, Tool, ps};

/// The label by which every Compose says which project something belongs to.
pub const PROJECT_LABEL: &str = "com.docker.compose.project";

/// How often a list is asked for again while containers come and go.
const AGAIN: u32 = 20;

/// What of the user's environment would make Compose look at another project, or at more of this one.
const AMBIENT: [&str; 6] = [
    "COMPOSE_FILE",
    "COMPOSE_PATH_SEPARATOR",
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_PROFILES",
    "COMPOSE_ENV_FILES",
    "COMPOSE_REMOVE_ORPHANS",
];

/// What Compose is to run: its files, each over the one before, under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project {
    /// The project's name.
    pub name: String,
    /// The files; relative paths in them are relative to the first one's folder.
    pub files: Vec<PathBuf>,
    /// The variables that are put into them.
    pub environment: BTreeMap<String, String>,
}

/// Compose on one project.
pub struct Compose {
    tool: Tool,
    project: Project,
    checks: Checks,
}

impl Compose {
    /// Compose, by the program that was found, on a project.
    pub fn new(tool: Tool, project: Project) -> Self {
        Self { tool, project, checks: Checks::default() }
    }

    /// The engine.
    pub fn tool(&self) -> &Tool {
        &self.tool
    }

    /// The project.
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Compose on the project, never on whatever project the folder or the environment would mean.
    fn command(&self) -> Command {
        let mut command = self.tool.compose().args(["--project-name", &self.project.name]);
        for file in &self.project.files {
            command = command.arg("--file").arg(file);
        }
        for name in AMBIENT {
            command = command.without_env(name);
        }
        self.project.environment.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    /// The same with what runs on a schedule, which is in a profile of Compose's.
    fn with_scheduled(&self) -> Command {
        let scheduled = crate::target::compose::SCHEDULED;
        match self.tool.kind() {
            Kind::Docker => self.command().args(["--profile", scheduled]),
            Kind::Podman => self.command().env("COMPOSE_PROFILES", scheduled),
        }
    }

    /// The command that lists the containers.
    fn list(&self) -> Command {
        match self.tool.kind() {
            Kind::Docker => self.with_scheduled().args(["ps", "--all", "--format", "json"]),
            // What `podman-compose ps` prints depends on its version; this does not.
            Kind::Podman => {
                let label = format!("label={PROJECT_LABEL}={}", self.project.name);
                self.tool.command().args(["ps", "--all", "--format", "json", "--filter", &label])
            }
        }
    }

    /// The containers of a list with what it does not say of them.
    fn inspected(&self, listed: Vec<Container>, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        if listed.is_empty() {
            return Ok(listed);
        }
        let ids = listed.iter().map(|container| container.id.clone());
        let command = self.tool.command().args(["inspect", "--type", "container"]).args(ids);
        // One that has gone in the meantime makes it fail, and is not in what it prints.
        let output = command.capture(interrupt, Some(PATIENCE))?;
        let details = inspect::parse(&output.stdout).ok_or_else(|| EngineError::Unreadable {
            command: command.to_string(),
            problem: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })?;
        Ok(detailed(listed, &details))
    }
}

/// The containers of a list with their details; without those that went after they were listed, of which
/// nothing can be said any more.
fn detailed(listed: Vec<Container>, details: &[(String, Details)]) -> Vec<Container> {
    let find = |container: Container| {
        // A list may shorten an id.
        let is_it = |(id, _): &&(String, Details)| !container.id.is_empty() && id.starts_with(&container.id);
        let (_, details) = details.iter().find(is_it)?;
        Some(Container { details: details.clone(), ..container })
    };
    listed.into_iter().filter_map(find).collect()
}

/// What a list says. Compose asks for each container by itself, and fails where one went meanwhile.
fn settled(command: &Command, interrupt: &Interrupt) -> Result<Output, CommandError> {
    for _ in 0..AGAIN {
        match command.output(interrupt, Some(PATIENCE)) {
            Err(CommandError::Failed { talk, .. }) if talk.contains("No such container") => {
                std::thread::sleep(Duration::from_millis(100));
            }
            result => return result,
        }
    }
    command.output(interrupt, Some(PATIENCE))
}

impl Compose {
    /// Creates and starts everything, with what was there before and is no part of it removed.
    pub fn up(&self) -> Command {
        self.command().args(["up", "--detach", "--remove-orphans", "--no-build"])
    }

    /// Creates and starts these services, whatever they depend on.
    pub fn up_only(&self, services: &BTreeSet<String>) -> Command {
        self.command().args(["up", "--detach", "--no-deps", "--no-build"]).args(services)
    }

    /// Stops and removes containers.
    pub fn remove(&self, containers: &[&Container]) -> Command {
        match self.tool.kind() {
            Kind::Docker => {
                let services: BTreeSet<&str> = containers.iter().map(|container| container.service.as_str()).collect();
                self.with_scheduled().args(["rm", "--force", "--stop"]).args(services)
            }
            // podman-compose removes nothing by itself.
            Kind::Podman => {
                self.tool.command().args(["rm", "--force"]).args(containers.iter().map(|container| &container.id))
            }
        }
    }

    /// A job, once, in a container of its own that is removed afterwards.
    pub fn run(&self, job: &str, terminal: bool) -> Command {
        let run = self.with_scheduled().args(["run", "--rm", "--no-deps"]);
        let run = if terminal { run } else { run.arg("-T") };
        run.arg(job)
    }
}

impl Engine for Compose {
    fn name(&self) -> &str {
        &self.project.name
    }

    fn down(&self, volumes: bool) -> Command {
        let command = self.with_scheduled().args(["down", "--remove-orphans"]);
        if volumes { command.arg("--volumes") } else { command }
    }

    fn is_gone(&self, _: &Interrupt) -> Result<bool, EngineError> {
        // Compose waits by itself.
        Ok(true)
    }

    fn leftovers(&self, _: bool, _: &Interrupt) -> Result<Vec<Command>, EngineError> {
        Ok(Vec::new())
    }

    fn restart(&self, services: &[String], grace: Option<Duration>) -> Vec<Command> {
        let command = self.command().arg("restart");
        let command = match grace {
            Some(grace) => command.args(["--timeout".to_owned(), grace.as_secs().to_string()]),
            None => command,
        };
        vec![command.args(services)]
    }

    fn logs(&self, services: &[String], logs: &Logs) -> Vec<Command> {
        let mut command = self.with_scheduled().args(["logs", "--no-color"]);
        if !logs.names {
            command = command.arg("--no-log-prefix");
        }
        if logs.follow {
            command = command.arg("--follow");
        }
        if let Some(tail) = logs.tail {
            command = command.args(["--tail".to_owned(), tail.to_string()]);
        }
        if let Some(since) = &logs.since {
            command = command.args(["--since", since]);
        }
        vec![command.args(services)]
    }

    fn logs_to_both(&self) -> bool {
        // Docker's Compose leads both to one.
        self.tool.kind() == Kind::Podman
    }

    fn exec(&self, service: &str, terminal: bool, command: &[String], _: &Interrupt) -> Result<Command, EngineError> {
        let exec = self.command().arg("exec");
        let exec = if terminal { exec } else { exec.arg("-T") };
        Ok(exec.arg(service).args(command))
    }

    fn containers(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        let command = self.list();
        let output = settled(&command, interrupt)?;
        let mut containers = ps::parse(&output.stdout)
            .map_err(|error| EngineError::Unreadable { command: command.to_string(), problem: error.to_string() })?;
        containers.retain(|container| !container.one_off);
        for container in containers.iter_mut().filter(|_| self.tool.kind() == Kind::Podman) {
            // What has no registry is told with one.
            if let Some(image) = container.image.strip_prefix("localhost/") {
                container.image = image.to_owned();
            }
        }
        self.inspected(containers, interrupt)
    }

    fn examined(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        let containers = self.containers(interrupt)?;
        if !self.checks.run(&self.tool, &containers, interrupt)? {
            return Ok(containers);
        }
        Ok(self.checks.judged(self.containers(interrupt)?))
    }

    fn caveat(&self) -> Option<&'static str> {
        self.checks.is_used().then_some(health::CAVEAT)
    }
}

#[cfg(test)]
mod tests {
    use super::{Details, detailed, ps};

    #[test]
    fn what_went_after_it_was_listed_is_not_there() {
        // While a container is made anew, a list still has the old one, which ended.
        let list = br#"[{"ID":"aa","Service":"job","State":"exited","ExitCode":3},
            {"ID":"bb","Service":"job","State":"created"}]"#;
        let new = Details { started: "now".to_owned(), ..Details::default() };
        let left = detailed(ps::parse(list).unwrap(), &[("bb01".to_owned(), new.clone())]);
        assert_eq!(left.len(), 1);
        assert_eq!((left[0].id.as_str(), &left[0].details), ("bb", &new));
    }
}
