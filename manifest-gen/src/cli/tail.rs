//! The end of a log, shown where a service does not start.

use std::time::Duration;

use crate::engine::{ERASE, Engine, Interrupt, Logs};
use crate::launch::mask::Mask;
use crate::output::Output;

/// How many of the last lines are shown.
const LINES: u32 = 20;

/// Shows the end of a service's log, without what the mask hides.
pub(super) fn tail(engine: &dyn Engine, service: &str, mask: &Mask, output: &mut Output) {
    let logs = Logs { tail: Some(LINES), ..Logs::default() };
    for command in engine.logs(&[service.to_owned()], &logs) {
        match command.output(&Interrupt::never(), Some(Duration::from_secs(10))) {
            Ok(mut said) => {
                if engine.logs_to_both() {
                    said.stdout.append(&mut said.stderr);
                }
                let text = String::from_utf8_lossy(&said.stdout).replace(ERASE, "");
                if text.trim().is_empty() {
                    output.talk(&format!("the log of {service} is empty"));
                    continue;
                }
                output.talk(&format!("── the end of the log of {service}"));
                output.talk(&mask.hide(text.trim_end()));
                output.talk("──");
            }
            Err(error) => output.talk(&format!("the log of {service} cannot be read: {error}")),
        }
    }
}
