//! Waits until services are there: an engine may start everything at once.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::probe::{Target, Unready, attempt};
use crate::system::System;

/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(3);
/// The pauses between attempts: the first, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(2)];
/// A limit that no machine outlives, since a point in time cannot be any further.
const LONGEST: Duration = Duration::from_hours(24 * 365);

/// Why there is nothing to wait for any longer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitError {
    /// What is waited for is not known.
    Unknown(Error),
    /// These were not ready in time.
    NotReady {
        /// How long was waited.
        limit: Duration,
        /// Each with its id and why, at the last attempt, it was not ready.
        services: Vec<(String, Unready)>,
    },
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(error) => error.fmt(f),
            Self::NotReady { limit, services } => {
                write!(f, "not ready after {limit:?}: ")?;
                for (index, (id, why)) in services.iter().enumerate() {
                    write!(f, "{}`{id}`: {why}", if index == 0 { "" } else { "; " })?;
                }
                Ok(())
            }
        }
    }
}

impl std::error::Error for WaitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unknown(error) => Some(error),
            Self::NotReady { .. } => None,
        }
    }
}

impl From<Error> for WaitError {
    fn from(error: Error) -> Self {
        Self::Unknown(error)
    }
}

/// Waits until these services, by their ids, are ready: until each is once reached as its declared
/// check says, over HTTP or TCP. A check that is a command in the service's own container is replaced
/// by a connection to its port, as is HTTP with TLS. Between attempts are pauses that grow, with some
/// chance in them, so that many instances do not come at once.
///
/// ```no_run
/// # extern crate orch_runtime as orch;
/// use std::time::Duration;
///
/// orch::wait_for(&["postgres", "redis"], Duration::from_secs(60))?;
/// # Ok::<(), orch::WaitError>(())
/// ```
pub fn wait_for(ids: &[&str], limit: Duration) -> Result<(), WaitError> {
    System::current().wait_for(ids, limit)
}

/// As [`wait_for`], without blocking the runtime.
#[cfg(feature = "tokio")]
pub async fn wait_for_async(ids: &[&str], limit: Duration) -> Result<(), WaitError> {
    System::current().wait_for_async(ids, limit).await
}

/// What an attempt at the target with this index has shown.
type News = (usize, Result<(), Unready>);

pub(crate) fn wait(targets: Vec<(String, Target)>, limit: Duration) -> Result<(), WaitError> {
    let (sender, news) = mpsc::channel();
    let end = Instant::now() + limit.min(LONGEST);
    let mut waiting = Waiting::start(targets, limit, end, &move |message| sender.send(message).is_ok());
    while !waiting.is_over() {
        match news.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => waiting.hear(message),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    waiting.result()
}

#[cfg(feature = "tokio")]
pub(crate) async fn wait_async(targets: Vec<(String, Target)>, limit: Duration) -> Result<(), WaitError> {
    let (sender, mut news) = tokio::sync::mpsc::unbounded_channel();
    let end = Instant::now() + limit.min(LONGEST);
    let mut waiting = Waiting::start(targets, limit, end, &move |message| sender.send(message).is_ok());
    while !waiting.is_over() {
        match tokio::time::timeout_at(end.into(), news.recv()).await {
            Ok(Some(message)) => waiting.hear(message),
            Ok(None) | Err(_) => break,
        }
    }
    waiting.result()
}

/// The services that are not ready yet, each with the last reason.
struct Waiting {
    limit: Duration,
    services: Vec<Option<(String, Unready)>>,
}

impl Waiting {
    /// Asks each in a thread of its own, which nobody waits for: a look-up of a host cannot be limited.
    /// It ends when the service is ready, or soon after nobody listens any longer.
    fn start(
        targets: Vec<(String, Target)>,
        limit: Duration,
        end: Instant,
        tell: &(impl Fn(News) -> bool + Clone + Send + 'static),
    ) -> Self {
        let mut services = Vec::new();
        for (index, (id, target)) in targets.into_iter().enumerate() {
            let tell = tell.clone();
            let ask = move || insist(&target, end, |outcome| tell((index, outcome)));
            let why = match thread::Builder::new().name(format!("orch-wait-{index}")).spawn(ask) {
                Ok(_) => Unready::NoAnswer,
                Err(error) => Unready::Unreachable(error.kind()),
            };
            services.push(Some((id, why)));
        }
        Self { limit, services }
    }

    fn is_over(&self) -> bool {
        self.services.iter().all(Option::is_none)
    }

    fn hear(&mut self, (index, outcome): News) {
        let Some(service) = self.services.get_mut(index) else { return };
        match (outcome, &mut *service) {
            (Ok(()), _) => *service = None,
            (Err(why), Some((_, last))) => *last = why,
            (Err(_), None) => {}
        }
    }

    fn result(self) -> Result<(), WaitError> {
        let services: Vec<(String, Unready)> = self.services.into_iter().flatten().collect();
        if services.is_empty() { Ok(()) } else { Err(WaitError::NotReady { limit: self.limit, services }) }
    }
}

/// Asks until it is there, the time is over or nobody listens.
fn insist(target: &Target, end: Instant, tell: impl Fn(Result<(), Unready>) -> bool) {
    let [mut pause, longest] = PAUSES;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let outcome = attempt(target, left.min(ATTEMPT));
        // That the time is over says nothing about the service.
        let is_last = left < ATTEMPT && outcome == Err(Unready::NoAnswer);
        let is_there = outcome.is_ok();
        if (!is_last && !tell(outcome)) || is_there || left.is_zero() {
            return;
        }
        thread::sleep(jittered(pause).min(end.saturating_duration_since(Instant::now())));
        pause = (pause * 2).min(longest);
    }
}

/// Between a half and the whole of it.
fn jittered(pause: Duration) -> Duration {
    // Its keys are random, and that is all that is needed.
    let chance = u32::try_from(RandomState::new().hash_one(0_u8) % 1024).unwrap_or_default();
    pause / 2 + pause / 2 * chance / 1024
}
