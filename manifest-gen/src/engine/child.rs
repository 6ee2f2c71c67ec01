//! Ending a child, and what it started.

use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a child has to end after it was asked to.
const GRACE: Duration = Duration::from_secs(3);

/// To which process group a child belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// Its own: Ctrl-C does not reach it, so it is stopped by us.
    Own,
    /// That of this process, which has the terminal.
    Shared,
}

impl Group {
    #[cfg(unix)]
    pub(super) fn apply(self, command: &mut Command) {
        use std::os::unix::process::CommandExt;
        if self == Self::Own {
            command.process_group(0);
        }
    }

    #[cfg(not(unix))]
    pub(super) fn apply(self, _: &mut Command) {}
}

/// Asks a child to end, and ends it when it does not.
pub(super) fn stop(child: &mut Child, group: Group) {
    ask(child, group);
    let asked = Instant::now();
    let mut runs = true;
    while runs && asked.elapsed() < GRACE {
        std::thread::sleep(Duration::from_millis(20));
        runs = matches!(child.try_wait(), Ok(None));
    }
    // Of a group, others may be there when the child itself has ended.
    if runs || group == Group::Own {
        end(child, group);
    }
    let _ = child.wait();
}

#[cfg(unix)]
fn ask(child: &Child, group: Group) {
    signal(child, group, rustix::process::Signal::TERM);
}

#[cfg(unix)]
fn end(child: &mut Child, group: Group) {
    signal(child, group, rustix::process::Signal::KILL);
}

#[cfg(unix)]
fn signal(child: &Child, group: Group, signal: rustix::process::Signal) {
    let Some(pid) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) else { return };
    // That it has ended in the meantime is what is wanted.
    let _ = match group {
        Group::Own => rustix::process::kill_process_group(pid, signal),
        Group::Shared => rustix::process::kill_process(pid, signal),
    };
}

#[cfg(not(unix))]
fn ask(_: &Child, _: Group) {}

#[cfg(not(unix))]
fn end(child: &mut Child, _: Group) {
    let _ = child.kill();
}
