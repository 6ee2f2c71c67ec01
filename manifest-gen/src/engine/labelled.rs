//! What Docker and Podman have with a label.

use super::{Command, EngineError, Interrupt, PATIENCE};

/// The ids of all that an engine, by its program, has of a sort (`container`, `volume`, `network`, `service`) with
/// these labels.
pub fn labelled(
    program: Command,
    sort: &str,
    labels: &[(&str, &str)],
    interrupt: &Interrupt,
) -> Result<Vec<String>, EngineError> {
    let mut command = program.args([sort, "ls", "--quiet"]);
    if sort == "container" {
        command = command.arg("--all");
    }
    for (name, value) in labels {
        command = command.args(["--filter".to_owned(), format!("label={name}={value}")]);
    }
    lines(&command, interrupt)
}

/// What a command prints, a line each.
pub(super) fn lines(command: &Command, interrupt: &Interrupt) -> Result<Vec<String>, EngineError> {
    let output = command.output(interrupt, Some(PATIENCE))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
