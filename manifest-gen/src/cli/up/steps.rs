//! What is run to start everything, in which order.

use std::collections::BTreeSet;

use super::Launch;
use crate::deploy::phase::one_after_the_other;
use crate::engine::{Command, Compose, Container, Kind};

/// A part of a start, which has to be there before the next one begins.
pub(super) struct Step {
    pub(super) command: Command,
    /// The names of the services that it starts.
    pub(super) starts: BTreeSet<String>,
}

/// The steps. Docker's Compose waits by itself for what somebody has to be after, Podman's does not.
pub(super) fn steps(launch: &Launch, engine: &Compose) -> Vec<Step> {
    let order = launch.compose.order();
    match engine.tool().kind() {
        Kind::Docker => {
            vec![Step { command: engine.up(), starts: order.into_keys().map(str::to_owned).collect() }]
        }
        Kind::Podman => {
            let steps = one_after_the_other(&order).into_iter();
            steps.map(|starts| Step { command: engine.up_only(&starts), starts }).collect()
        }
    }
}

/// What removes the containers that are no part of the project any more, where Compose does not do so in the first step.
pub(super) fn removal(launch: &Launch, engine: &Compose, there: &[Container]) -> Option<Command> {
    let names = launch.compose.names();
    let orphans: Vec<&Container> =
        there.iter().filter(|container| !names.contains(container.service.as_str())).collect();
    (engine.tool().kind() == Kind::Podman && !orphans.is_empty()).then(|| engine.remove(&orphans))
}
