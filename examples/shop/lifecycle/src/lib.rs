//! What every part of the shop does in the same way: patience at the start, plain log lines.

use std::time::Duration;

use anyhow::{Result, anyhow};
use tokio::time::{Instant, sleep, timeout};

/// How long an app waits for what it needs.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Writes a line to stderr.
#[macro_export]
macro_rules! log {
    ($($line:tt)*) => { eprintln!($($line)*) };
}

/// Attempts until it works, for a minute: what an app needs may start later than the app.
pub async fn patiently<T, F>(what: &str, mut attempt: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(250);
    loop {
        let error = match timeout(ATTEMPT, attempt()).await {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error,
            Err(_) => anyhow!("no answer in {ATTEMPT:?}"),
        };
        if Instant::now() + pause > deadline {
            return Err(error.context(format!("{what} was not there in {PATIENCE:?}")));
        }
        log!("waiting for {what}: {error:#}");
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(4));
    }
}

/// Waits until these services can be reached, where the app is told where they are: one that is
/// started by hand is not.
pub async fn arrival(services: &[&str]) -> Result<()> {
    match orch::System::current().check() {
        Err(orch::SystemError::Absent) => Ok(()),
        _ => Ok(orch::wait_for_async(services, PATIENCE).await?),
    }
}
