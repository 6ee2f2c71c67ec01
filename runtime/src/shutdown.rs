//! A clean end.

use std::io;
use std::time::Duration;

use crate::health::Health;

/// Comes back when the application is to end: it was asked to (`SIGTERM`, or Ctrl-C), it is not ready any
/// longer, and whoever sends it work has had this time to notice. Being asked a second time cuts that
/// short.
///
/// ```no_run
/// # extern crate orch_runtime as orch;
/// # async fn serve(end: impl Future) {}
/// # async fn run() {
/// use std::time::Duration;
///
/// let health = orch::health::Health::new("api");
/// serve(orch::shutdown(&health, Duration::from_secs(5))).await;
/// # }
/// ```
pub async fn shutdown(health: &Health, linger: Duration) -> io::Result<()> {
    let mut asked = Asked::listen()?;
    asked.once().await?;
    health.end();
    tokio::select! {
        again = asked.once() => again,
        () = tokio::time::sleep(linger) => Ok(()),
    }
}

struct Asked {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Asked {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    #[cfg(unix)]
    async fn once(&mut self) -> io::Result<()> {
        tokio::select! {
            _ = self.terminate.recv() => Ok(()),
            done = tokio::signal::ctrl_c() => done,
        }
    }

    #[cfg(not(unix))]
    async fn once(&mut self) -> io::Result<()> {
        tokio::signal::ctrl_c().await
    }
}
