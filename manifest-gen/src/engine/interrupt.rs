//! Being asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

/// Whether this process was asked to end. Whoever waits looks at it, stops its children and says what
/// is still running.
#[derive(Clone, Debug)]
pub struct Interrupt {
    interrupted: Arc<AtomicBool>,
    terminated: Arc<AtomicBool>,
}

impl Interrupt {
    /// Notices Ctrl-C and SIGTERM from now on, which then do not end the process by themselves.
    pub fn watch() -> std::io::Result<Self> {
        let interrupt = Self::never();
        signal_hook::flag::register(SIGINT, Arc::clone(&interrupt.interrupted))?;
        signal_hook::flag::register(SIGTERM, Arc::clone(&interrupt.terminated))?;
        Ok(interrupt)
    }

    /// One that only [`Interrupt::raise`] raises.
    pub fn never() -> Self {
        Self { interrupted: Arc::default(), terminated: Arc::default() }
    }

    /// Whether the process was asked to end.
    pub fn is_raised(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed) || self.is_terminated()
    }

    /// Whether it was asked by something else than Ctrl-C.
    pub fn is_terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
    }

    /// Asks for the end, as Ctrl-C does.
    pub fn raise(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }
}
