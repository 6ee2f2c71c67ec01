//! Docker Swarm: a stack, through `docker`.

mod stack;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use super::inspect::{self, Details};
use super::labelled::{labelled, lines};
use super::rollout::Run;
use super::{Cluster, Command, Container, Engine, EngineError, Interrupt, Logs, PATIENCE, Rollout};

pub use stack::{Service, parse, run};

/// The label by which Docker says which stack something belongs to.
pub const STACK_LABEL: &str = "com.docker.stack.namespace";

/// The label by which Docker says of which service a container is.
const SERVICE_LABEL: &str = "com.docker.swarm.service.name";

/// The network through which containers of a swarm reach the world.
const BRIDGE: &str = "docker_gwbridge";

/// A stack in a swarm, through a node that manages it.
pub struct Swarm {
    name: String,
    /// The ids of everything that is planned.
    services: Vec<String>,
    /// What a process of its own in a container of each begins with.
    processes: BTreeMap<String, Vec<String>>,
}

impl Swarm {
    /// The stack of this name, with the ids of what is planned in it. Each has what a process of its own in its containers
    /// begins with, to have their environment.
    pub fn new(name: String, processes: BTreeMap<String, Vec<String>>) -> Self {
        Self { name, services: processes.keys().cloned().collect(), processes }
    }

    /// The program.
    pub fn docker() -> Command {
        Command::new("docker")
    }

    /// What the swarm calls a service of the stack.
    pub fn full_name(&self, service: &str) -> String {
        format!("{}_{service}", self.name)
    }

    /// The ids of all that there is of a sort (`service`, `volume`, `container`) with the stack's label.
    fn labelled(&self, sort: &str, interrupt: &Interrupt) -> Result<Vec<String>, EngineError> {
        labelled(Self::docker(), sort, &[(STACK_LABEL, &self.name)], interrupt)
    }

    /// The ids of the containers of the stack that run on the node that is asked.
    fn running_here(&self, interrupt: &Interrupt) -> Result<Vec<String>, EngineError> {
        let label = format!("label={STACK_LABEL}={}", self.name);
        lines(&Self::docker().args(["container", "ls", "--quiet", "--filter", &label]), interrupt)
    }

    /// What is known of the containers of the stack on the node that is asked, each with its service.
    fn here(&self, interrupt: &Interrupt) -> Result<Vec<(String, Details)>, EngineError> {
        let label = format!("label={STACK_LABEL}={}", self.name);
        let list = ["container", "ls", "--no-trunc", "--filter", &label, "--format"];
        let list = Self::docker().args(list).arg(format!("{{{{.ID}}}} {{{{.Label \"{SERVICE_LABEL}\"}}}}"));
        let listed = lines(&list, interrupt)?;
        let service = |line: &String| {
            let (id, name) = line.split_once(' ')?;
            Some((id.to_owned(), name.strip_prefix(&self.name)?.strip_prefix('_')?.to_owned()))
        };
        let services: BTreeMap<String, String> = listed.iter().filter_map(service).collect();
        if services.is_empty() {
            return Ok(Vec::new());
        }
        let inspect = Self::docker().args(["inspect", "--type", "container"]).args(services.keys());
        // One that went meanwhile makes it fail, and is not in what it prints.
        let output = inspect.capture(interrupt, Some(PATIENCE))?;
        let details = inspect::parse(&output.stdout).ok_or_else(|| EngineError::Unreadable {
            command: inspect.to_string(),
            problem: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })?;
        Ok(details.into_iter().filter_map(|(id, details)| Some((services.get(&id)?.clone(), details))).collect())
    }

    /// What the containers of the node that is asked are made of: their service, the name of its image, and the id
    /// of their own.
    pub fn images(&self, interrupt: &Interrupt) -> Result<Vec<(String, String, String)>, EngineError> {
        let here = self.here(interrupt)?;
        if here.is_empty() {
            return Ok(Vec::new());
        }
        let services = self.stack(interrupt)?;
        let image =
            |id: &String| services.iter().find(|service| service.id == *id).map(|service| service.image.clone());
        Ok(here.into_iter().filter_map(|(id, details)| Some((id.clone(), image(&id)?, details.image))).collect())
    }

    /// The image that a service is deployed with; none where it is not.
    pub fn image_of(&self, service: &str, interrupt: &Interrupt) -> Result<Option<String>, EngineError> {
        let services = self.stack(interrupt)?;
        Ok(services.into_iter().find(|one| one.id == service).map(|one| one.image))
    }

    /// Everything that the swarm has of the stack.
    fn stack(&self, interrupt: &Interrupt) -> Result<Vec<Service>, EngineError> {
        let services = self.labelled("service", interrupt)?;
        if services.is_empty() {
            return Ok(Vec::new());
        }
        let inspect = Self::docker().args(["service", "inspect"]).args(&services);
        // What went between a list and its details is not there, and makes a command fail.
        let said = inspect.capture(interrupt, Some(PATIENCE))?.stdout;
        let list = Self::docker().args(["service", "ps", "--quiet", "--no-trunc"]).args(&services);
        let tasks = list.capture(interrupt, Some(PATIENCE))?.stdout;
        let tasks: Vec<String> = String::from_utf8_lossy(&tasks).lines().map(str::to_owned).collect();
        let tasks = match tasks.as_slice() {
            [] => b"[]".to_vec(),
            tasks => {
                Self::docker()
                    .args(["inspect", "--type", "task"])
                    .args(tasks)
                    .capture(interrupt, Some(PATIENCE))?
                    .stdout
            }
        };
        parse(&self.name, &said, &tasks)
            .map_err(|problem| EngineError::Unreadable { command: inspect.to_string(), problem })
    }

    fn chosen<'a>(&'a self, services: &'a [String]) -> &'a [String] {
        if services.is_empty() { &self.services } else { services }
    }
}

impl Engine for Swarm {
    fn name(&self) -> &str {
        &self.name
    }

    fn down(&self, _: bool) -> Command {
        Self::docker().args(["stack", "rm", &self.name])
    }

    fn is_gone(&self, interrupt: &Interrupt) -> Result<bool, EngineError> {
        if !self.labelled("service", interrupt)?.is_empty() {
            return Ok(false);
        }
        // A task is gone before its container has ended.
        Ok(self.running_here(interrupt)?.is_empty())
    }

    fn lingering(&self, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError> {
        // An engine 20.10 forgets the container of a job that is removed while it runs. To stop one that is stopped
        // anyway changes nothing: each has its own grace period.
        let running = self.running_here(interrupt)?;
        let stop = || Self::docker().args(["container", "stop"]).args(&running);
        Ok((!running.is_empty()).then(stop).into_iter().collect())
    }

    fn leftovers(&self, volumes: bool, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError> {
        // Some engines leave the containers of jobs, and a container has its volumes until it is removed.
        let containers = self.labelled("container", interrupt)?;
        let volumes = if volumes { self.labelled("volume", interrupt)? } else { Vec::new() };
        let remove = [("container", containers), ("volume", volumes)].into_iter().filter(|(_, ids)| !ids.is_empty());
        Ok(remove.map(|(sort, ids)| Self::docker().args([sort, "rm"]).args(ids)).collect())
    }

    fn restart(&self, services: &[String], _: Option<Duration>) -> Vec<Command> {
        let update = |service: &String| {
            Self::docker().args(["service", "update", "--force", "--detach", "--quiet"]).arg(self.full_name(service))
        };
        self.chosen(services).iter().map(update).collect()
    }

    fn logs(&self, services: &[String], logs: &Logs) -> Vec<Command> {
        let command = |service: &String| {
            let mut command = Self::docker().args(["service", "logs"]);
            command = command.arg(if logs.names { "--no-task-ids" } else { "--raw" });
            if logs.follow {
                command = command.arg("--follow");
            }
            if let Some(tail) = logs.tail {
                command = command.args(["--tail".to_owned(), tail.to_string()]);
            }
            if let Some(since) = &logs.since {
                command = command.args(["--since", since]);
            }
            command.arg(self.full_name(service))
        };
        self.chosen(services).iter().map(command).collect()
    }

    fn exec(
        &self,
        service: &str,
        terminal: bool,
        command: &[String],
        interrupt: &Interrupt,
    ) -> Result<Command, EngineError> {
        let here = self.labelled("container", interrupt)?;
        let services = self.stack(interrupt)?;
        let running = services.iter().filter(|one| one.id == service).flat_map(Service::running);
        let running: Vec<(&str, &str)> = running.collect();
        let is_here = |id: &str| here.iter().any(|short| id.starts_with(short.as_str()));
        let Some((id, _)) = running.iter().find(|(id, _)| is_here(id)) else {
            let place = running.first().map(|(_, node)| format!("the node {node}"));
            return Err(EngineError::Elsewhere { service: service.to_owned(), place });
        };
        let exec = Self::docker().args(["exec", "--interactive"]);
        let exec = if terminal { exec.arg("--tty") } else { exec };
        let process = self.processes.get(service).cloned().unwrap_or_default();
        Ok(exec.arg(*id).args(process).args(command))
    }

    fn publish(&self, service: &str, port: u16) -> Option<Command> {
        let port = format!("published={port},target={port},mode=host");
        let update = ["service", "update", "--publish-add", &port, "--detach", "--quiet"];
        Some(Self::docker().args(update).arg(self.full_name(service)))
    }

    fn addresses(&self, container: &Container, interrupt: &Interrupt) -> Result<Vec<IpAddr>, EngineError> {
        // No host is in an overlay network, and whoever may reach the world does so through a bridge of the node.
        let name = self.full_name(&container.service);
        let label = format!("label={SERVICE_LABEL}={name}");
        let here = lines(&Self::docker().args(["container", "ls", "--quiet", "--filter", &label]), interrupt)?;
        if here.is_empty() {
            return Ok(Vec::new());
        }
        let inspect = ["inspect", "--type", "container", "--format", "{{.NetworkSettings.SandboxID}}"];
        let sandboxes = lines(&Self::docker().args(inspect).args(here), interrupt)?;
        let format = "{{range .Containers}}{{.Name}} {{.IPv4Address}}{{\"\\n\"}}{{end}}";
        let bridge = Self::docker().args(["network", "inspect", "--format", format, BRIDGE]);
        let address = |line: &String| {
            let (name, address) = line.split_once(' ')?;
            let sandbox = name.strip_prefix("gateway_").filter(|sandbox| !sandbox.is_empty())?;
            let is_ours = sandboxes.iter().any(|id| id.starts_with(sandbox));
            is_ours.then(|| address.split('/').next()?.parse().ok()).flatten()
        };
        Ok(lines(&bridge, interrupt)?.iter().filter_map(address).collect())
    }

    fn containers(&self, interrupt: &Interrupt) -> Result<Vec<Container>, EngineError> {
        Ok(self.stack(interrupt)?.iter().flat_map(Service::containers).collect())
    }
}

impl Cluster for Swarm {
    fn rollouts(&self, before: &[Rollout], interrupt: &Interrupt) -> Result<Vec<Rollout>, EngineError> {
        let known = |service: &Service| before.iter().find(|rollout| rollout.id == service.id);
        Ok(self.stack(interrupt)?.iter().map(|service| service.rollout(known(service))).collect())
    }

    fn roll_back(&self, rollout: &Rollout) -> Command {
        Self::docker().args(["service", "rollback", "--detach", "--quiet", &rollout.name])
    }

    fn run(&self, name: &str, interrupt: &Interrupt) -> Result<Run, EngineError> {
        let list = Self::docker().args(["service", "ps", "--quiet", "--no-trunc", name]);
        let tasks = lines(&list, interrupt)?;
        if tasks.is_empty() {
            return Ok(Run::Waits(String::new()));
        }
        let inspect = Self::docker().args(["inspect", "--type", "task"]).args(tasks);
        let said = inspect.capture(interrupt, Some(PATIENCE))?.stdout;
        stack::run(&said).map_err(|problem| EngineError::Unreadable { command: inspect.to_string(), problem })
    }

    fn run_log(&self, name: &str, follow: bool) -> Command {
        let logs = Self::docker().args(["service", "logs", "--raw"]);
        if follow { logs.arg("--follow").arg(name) } else { logs.arg(name) }
    }

    fn end_run(&self, name: &str) -> Command {
        Self::docker().args(["service", "rm", name])
    }

    fn leftovers_of_run(&self, name: &str, interrupt: &Interrupt) -> Result<Vec<Command>, EngineError> {
        // Some engines leave the containers of jobs.
        let containers = labelled(Self::docker(), "container", &[(SERVICE_LABEL, name)], interrupt)?;
        let remove = || Self::docker().args(["container", "rm", "--force"]).args(&containers);
        Ok((!containers.is_empty()).then(remove).into_iter().collect())
    }
}
