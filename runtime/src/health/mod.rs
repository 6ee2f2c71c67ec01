//! Whether an application can do its work, and if not, why.

#[cfg(feature = "axum")]
mod http;
mod report;

use std::fmt;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

pub use report::{CONTENT_TYPE, Contribution, Report, Status};

use crate::error::Error;
use crate::probe::attempt;
use crate::system::System;

/// How long a check may take where nothing else is said.
const LIMIT: Duration = Duration::from_secs(2);
/// How long an answer holds where nothing else is said.
const FRESH: Duration = Duration::from_secs(1);

/// Whether an application can do without what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It is unhealthy without.
    Required,
    /// It is degraded without.
    Wanted,
}

type Ask = dyn Fn() -> Result<(), String> + Send + Sync;

/// Something that is checked.
struct Contributor {
    name: String,
    kind: &'static str,
    need: Need,
    limit: Duration,
    ask: Arc<Ask>,
    is_asking: Arc<AtomicBool>,
}

/// The health of an application: what contributes to it, and three views of it.
///
/// | view | says | depends on |
/// |---|---|---|
/// | [`startup`](Health::startup) | whether it was ready once | what is required, until then |
/// | [`readiness`](Health::readiness) | whether it can take work | everything that contributes |
/// | [`liveness`](Health::liveness) | whether it answers at all | nothing else: a neighbour that is away is no reason for a restart |
///
/// Checks run at the same time, each with a limit of its own. One that does not keep it fails, and is not
/// started again before it has come back. A report holds for a second, and those who ask meanwhile get
/// the same one.
///
/// ```
/// # extern crate orch_runtime as orch;
/// use std::time::Duration;
///
/// use orch::health::{Health, Need, Status};
///
/// let health = Health::new("api")
///     .check("disk", Need::Required, || Ok(()))
///     .check("mail", Need::Wanted, || Err("the relay is away".to_owned()));
/// let report = health.readiness();
/// assert_eq!(report.status(), Status::Degraded);
/// assert_eq!(report.reasons().collect::<Vec<_>>(), [("mail", "the relay is away")]);
/// assert_eq!(health.liveness().status(), Status::Healthy);
/// ```
#[derive(Clone)]
pub struct Health {
    service: String,
    contributors: Vec<Arc<Contributor>>,
    fresh: Duration,
    state: Arc<State>,
    #[cfg(feature = "metrics")]
    deployment: crate::metrics::Deployment,
    #[cfg(feature = "metrics")]
    since: Instant,
}

#[derive(Default)]
struct State {
    last: Mutex<Option<(Instant, Report)>>,
    has_started: AtomicBool,
    is_ending: AtomicBool,
}

/// Without what a closure holds.
impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.contributors.iter().map(|contributor| contributor.name.as_str()).collect();
        f.debug_struct("Health").field("service", &self.service).field("contributors", &names).finish_non_exhaustive()
    }
}

impl Health {
    /// The health of an application to which nothing contributes yet.
    pub fn new(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            contributors: Vec::new(),
            fresh: FRESH,
            state: Arc::default(),
            #[cfg(feature = "metrics")]
            deployment: crate::metrics::Deployment::default(),
            #[cfg(feature = "metrics")]
            since: Instant::now(),
        }
    }

    /// The health of the application that is told of this system: each service that it uses contributes
    /// with its declared check, required or wanted as it is declared. A service without a host
    /// contributes nothing: it is in the application's own process, or the deployer named none.
    pub fn of(system: &System) -> Result<Self, Error> {
        let mut health = Self::new(system.app().unwrap_or_default());
        #[cfg(feature = "metrics")]
        {
            let told = |name: Option<&str>| name.unwrap_or_default().to_owned();
            let (name, profile, app) = (told(system.name()), told(system.profile()), told(system.app()));
            health.deployment = crate::metrics::Deployment { system: name, profile, app };
        }
        for id in system.services() {
            let endpoint = match system.endpoint(id) {
                Err(Error::NoHost { .. }) => continue,
                endpoint => endpoint?,
            };
            let Ok(target) = endpoint.target() else { continue };
            let need = if endpoint.is_required() { Need::Required } else { Need::Wanted };
            let kind = if endpoint.kind() == "database" { "datastore" } else { "component" };
            let ask = move || attempt(&target, LIMIT).map_err(|why| why.to_string());
            health.add(id.to_owned(), kind, need, LIMIT, Arc::new(ask));
        }
        Ok(health)
    }

    /// With a check of one's own, which may take two seconds. One of the same name is replaced, so that an
    /// application can ask a service in a better way than by its port. What it says when it fails is in
    /// the report: no secret must be in it.
    #[must_use]
    pub fn check(
        self,
        name: impl Into<String>,
        need: Need,
        ask: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.check_within(LIMIT, name, need, ask)
    }

    /// As [`check`](Health::check), with another limit.
    #[must_use]
    pub fn check_within(
        mut self,
        limit: Duration,
        name: impl Into<String>,
        need: Need,
        ask: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.add(name.into(), "component", need, limit, Arc::new(ask));
        self
    }

    /// As [`check_within`](Health::check_within), of a future, which runs on the runtime that this is called
    /// on.
    ///
    /// # Panics
    ///
    /// Outside a runtime.
    #[cfg(feature = "tokio")]
    #[must_use]
    pub fn check_async<F, E>(
        self,
        limit: Duration,
        name: impl Into<String>,
        need: Need,
        ask: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let runtime = tokio::runtime::Handle::current();
        self.check_within(limit, name, need, move || {
            let (sender, answer) = mpsc::sync_channel(1);
            let future = ask();
            // On the runtime's own threads: it may be over before the check is.
            let task = runtime.spawn(async move {
                let outcome = tokio::time::timeout(limit, future).await;
                let outcome =
                    outcome.map_or_else(|_| Err(NO_ANSWER.to_owned()), |out| out.map_err(|e| format!("{e:#}")));
                // Nobody listens when the limit is over.
                let _ = sender.send(outcome);
            });
            let outcome = answer.recv().unwrap_or_else(|_| Err(BROKEN.to_owned()));
            task.abort();
            outcome
        })
    }

    /// With another time for which a report holds.
    #[must_use]
    pub fn fresh_for(self, fresh: Duration) -> Self {
        Self { fresh, ..self }
    }

    fn add(&mut self, name: String, kind: &'static str, need: Need, limit: Duration, ask: Arc<Ask>) {
        // Who asks a service in another way asks the same service.
        let replaced = self.contributors.iter().position(|contributor| contributor.name == name);
        let kind = replaced.map_or(kind, |index| self.contributors.remove(index).kind);
        let is_asking = Arc::default();
        self.contributors.push(Arc::new(Contributor { name, kind, need, limit, ask, is_asking }));
        self.state = Arc::default();
    }

    /// Whether the application can take work. It takes no longer than the slowest check may.
    pub fn readiness(&self) -> Report {
        if self.state.is_ending.load(Ordering::Acquire) {
            return Report::ending(&self.service);
        }
        let mut last = self.state.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((when, report)) = &*last
            && when.elapsed() < self.fresh
        {
            return report.clone();
        }
        let report = Report::new(&self.service, ask_all(&self.contributors));
        if report.status() != Status::Unhealthy {
            self.state.has_started.store(true, Ordering::Release);
        }
        #[cfg(feature = "metrics")]
        crate::metrics::record(&report, &self.deployment, self.since.elapsed());
        *last = Some((Instant::now(), report.clone()));
        report
    }

    /// Whether the application was ready once. After that nothing is asked.
    pub fn startup(&self) -> Report {
        if self.state.has_started.load(Ordering::Acquire) {
            return Report::new(&self.service, Vec::new());
        }
        self.readiness()
    }

    /// Whether the application answers: it does, or nobody could say so.
    pub fn liveness(&self) -> Report {
        Report::new(&self.service, Vec::new())
    }

    /// As [`readiness`](Health::readiness), without blocking the runtime.
    #[cfg(feature = "tokio")]
    pub async fn readiness_async(&self) -> Report {
        let health = self.clone();
        let report = tokio::task::spawn_blocking(move || health.readiness()).await;
        report.unwrap_or_else(|_| Report::ending(&self.service))
    }

    /// As [`startup`](Health::startup), without blocking the runtime.
    #[cfg(feature = "tokio")]
    pub async fn startup_async(&self) -> Report {
        if self.state.has_started.load(Ordering::Acquire) { self.startup() } else { self.readiness_async().await }
    }

    /// Says that the application is about to end: from now on it is not ready, whatever the checks say.
    pub fn end(&self) {
        self.state.is_ending.store(true, Ordering::Release);
    }
}

const NO_ANSWER: &str = "no answer in time";
const BROKEN: &str = "the check broke off";

/// Says that a check is over, also when it panics.
struct Asking(Arc<AtomicBool>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Asks everybody at the same time.
fn ask_all(contributors: &[Arc<Contributor>]) -> Vec<Contribution> {
    let started = Instant::now();
    let asked: Vec<_> = contributors.iter().map(|contributor| (contributor, ask(contributor))).collect();
    let hear = |(contributor, answer): (&Arc<Contributor>, Result<mpsc::Receiver<_>, &str>)| {
        let left = contributor.limit.saturating_sub(started.elapsed());
        let answer = answer.and_then(|answer| {
            answer.recv_timeout(left).map_err(|error| match error {
                mpsc::RecvTimeoutError::Timeout => NO_ANSWER,
                mpsc::RecvTimeoutError::Disconnected => BROKEN,
            })
        });
        let (outcome, took) = answer.unwrap_or_else(|why| (Err(why.to_owned()), started.elapsed()));
        Contribution {
            name: contributor.name.clone(),
            kind: contributor.kind,
            status: match (&outcome, contributor.need) {
                (Ok(()), _) => Status::Healthy,
                (Err(_), Need::Wanted) => Status::Degraded,
                (Err(_), Need::Required) => Status::Unhealthy,
            },
            reason: outcome.err(),
            took,
            time: SystemTime::now(),
        }
    };
    asked.into_iter().map(hear).collect()
}

type Answer = (Result<(), String>, Duration);

/// Starts a check in a thread of its own, which nobody waits for longer than its limit.
fn ask(contributor: &Contributor) -> Result<mpsc::Receiver<Answer>, &'static str> {
    if contributor.is_asking.swap(true, Ordering::AcqRel) {
        return Err("the check before has not come back");
    }
    let asking = Asking(contributor.is_asking.clone());
    let (sender, answer) = mpsc::sync_channel(1);
    let ask = contributor.ask.clone();
    let run = move || {
        let started = Instant::now();
        let outcome = ask();
        drop(asking);
        // Nobody listens when the limit is over.
        let _ = sender.send((outcome, started.elapsed()));
    };
    let thread = thread::Builder::new().name(format!("orch-health-{}", contributor.name.replace('\0', "")));
    thread.spawn(run).map(|_| answer).map_err(|_| "no thread for the check")
}
