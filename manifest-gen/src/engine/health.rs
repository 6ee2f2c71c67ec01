//! Health checks that nobody else runs.
//!
//! Podman knows a container's check and counts its failures, and leaves it to a timer of systemd to run it. Where
//! there is no systemd, in a container, in CI or in WSL, it is never run unless somebody asks: `podman healthcheck
//! run`. Here it is asked, as often as the check wants, as long as somebody looks.

use std::cell::{OnceCell, RefCell};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::command::Running;
use super::inspect::Probe;
use super::{CommandError, Container, Health, Interrupt, Kind, PATIENCE, State, Tool};

/// How often a check is run while it has neither passed nor failed for good: Docker has `start_interval` for that.
const EARLY: Duration = Duration::from_secs(2);

/// How long a check takes beside what it does in the container.
const OVERHEAD: Duration = Duration::from_secs(5);

/// How often it is looked whether a check has ended.
const POLL: Duration = Duration::from_millis(20);

/// What is told of health that only we ask for.
pub(super) const CAVEAT: &str = "Podman runs health checks by timers of systemd, which is not here: they are run only while `cargo orch up` or `status` looks";

/// Which checks were run, and when.
#[derive(Default)]
pub(super) struct Checks {
    /// Whether Podman runs them by itself.
    has_timers: OnceCell<bool>,
    /// By the container's id and when it was started.
    asked: RefCell<BTreeMap<(String, String), Asked>>,
}

/// A check that was run.
struct Asked {
    /// When it was begun last.
    at: Instant,
    /// It, as long as it goes on.
    running: Option<Running>,
    /// How often it failed in a row.
    failures: u64,
    /// How often it is run again at once when it fails.
    again: u64,
}

impl Checks {
    /// Whether any was run.
    pub(super) fn is_used(&self) -> bool {
        !self.asked.borrow().is_empty()
    }

    /// Runs what is due, each to its end or until its time is over, and says whether anything was run. One that does
    /// not end goes on, and is not run again beside itself.
    pub(super) fn run(
        &self,
        tool: &Tool,
        containers: &[Container],
        interrupt: &Interrupt,
    ) -> Result<bool, CommandError> {
        let checked: Vec<(&Container, &Probe)> = containers
            .iter()
            .filter(|container| container.state == State::Running)
            .filter_map(|container| Some((container, container.details.probe.as_ref()?)))
            .collect();
        if tool.kind() != Kind::Podman || checked.is_empty() || self.has_timers(tool, interrupt)? {
            return Ok(false);
        }
        let mut asked = self.asked.borrow_mut();
        let mut was_run = false;
        for (container, probe) in &checked {
            was_run |= begin(tool, container, probe, &mut asked)?;
        }
        loop {
            let mut goes_on = false;
            for (container, probe) in &checked {
                let Some(one) = asked.get_mut(&key(container)) else { continue };
                was_run |= one.running.is_some();
                goes_on |= !one.has_ended(tool, container)? && !one.is_late(probe);
            }
            if !goes_on {
                return Ok(was_run);
            }
            if interrupt.is_raised() {
                return Err(CommandError::Interrupted);
            }
            std::thread::sleep(POLL);
        }
    }

    /// The containers, with what Podman does not know: that a check does not end, so that nobody can say any more that
    /// it passes; and that what was healthy once has started, so that failures count from then on, as Docker has it.
    pub(super) fn judged(&self, mut containers: Vec<Container>) -> Vec<Container> {
        let asked = self.asked.borrow();
        for container in &mut containers {
            let Some(probe) = &container.details.probe else { continue };
            let Some(one) = asked.get(&key(container)) else { continue };
            let was_healthy = container.health == Health::Healthy;
            if one.running.is_some() && one.is_late(probe) {
                container.details.check = format!("it does not end within {} s", probe.timeout.as_secs_f64());
                container.health = if was_healthy { Health::Starting } else { container.health };
            } else if was_healthy && one.failures >= probe.retries {
                container.health = Health::Unhealthy;
            }
        }
        containers
    }

    fn has_timers(&self, tool: &Tool, interrupt: &Interrupt) -> Result<bool, CommandError> {
        if let Some(known) = self.has_timers.get() {
            return Ok(*known);
        }
        let format = "{{.Host.ServiceIsRemote}} {{.Host.Security.Rootless}}";
        let output = tool.command().args(["info", "--format", format]).output(interrupt, Some(PATIENCE))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = text.split_whitespace().map(|word| word == "true");
        let (is_remote, is_rootless) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // Podman's machines are made with systemd.
        let has_timers = is_remote || (!is_told_to_have_none() && has_systemd(is_rootless));
        Ok(*self.has_timers.get_or_init(|| has_timers))
    }
}

/// Podman makes no timers where this variable says so.
fn is_told_to_have_none() -> bool {
    std::env::var("DISABLE_HC_SYSTEMD").is_ok_and(|value| value == "true")
}

/// Whether systemd runs, in the way of `sd_booted(3)`; without root, the user's own beside it.
fn has_systemd(is_rootless: bool) -> bool {
    let of_user =
        || std::env::var_os("XDG_RUNTIME_DIR").is_some_and(|folder| Path::new(&folder).join("systemd").exists());
    Path::new("/run/systemd/system").is_dir() && (!is_rootless || of_user())
}

fn key(container: &Container) -> (String, String) {
    (container.id.clone(), container.details.started.clone())
}

/// Begins the check of a container, if it is due.
fn begin(
    tool: &Tool,
    container: &Container,
    probe: &Probe,
    asked: &mut BTreeMap<(String, String), Asked>,
) -> Result<bool, CommandError> {
    if let Some(one) = asked.get_mut(&key(container)) {
        let is_early = container.health == Health::Starting && probe.failures == 0;
        let pause = if is_early { probe.interval.min(EARLY) } else { probe.interval };
        if !one.has_ended(tool, container)? || one.at.elapsed() < pause {
            return Ok(false);
        }
        one.begin(tool, container)?;
        return Ok(true);
    }
    // Of what was healthy when nobody looked, one failure says nothing yet.
    let again = if container.health == Health::Healthy { probe.retries.saturating_sub(1) } else { 0 };
    let mut one = Asked { at: Instant::now(), running: None, failures: 0, again };
    one.begin(tool, container)?;
    asked.insert(key(container), one);
    Ok(true)
}

impl Asked {
    fn begin(&mut self, tool: &Tool, container: &Container) -> Result<(), CommandError> {
        self.at = Instant::now();
        self.running = Some(tool.command().args(["healthcheck", "run", &container.id]).start()?);
        Ok(())
    }

    /// Whether it has ended; begins it again where one failure does not say enough.
    fn has_ended(&mut self, tool: &Tool, container: &Container) -> Result<bool, CommandError> {
        let Some(running) = &mut self.running else { return Ok(true) };
        self.failures = match running.ended() {
            Ok(false) => return Ok(false),
            Ok(true) => 0,
            Err(CommandError::Failed { .. }) => self.failures + 1,
            Err(error) => return Err(error),
        };
        self.running = None;
        if self.failures == 0 || self.again == 0 {
            return Ok(true);
        }
        self.again -= 1;
        self.begin(tool, container)?;
        Ok(false)
    }

    fn is_late(&self, probe: &Probe) -> bool {
        self.at.elapsed() >= probe.timeout + OVERHEAD
    }
}
