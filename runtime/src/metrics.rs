//! What the health of an application is in numbers, through the facade of the crate `metrics`: who has a
//! recorder gets them, and without one they cost nothing.

use std::sync::Once;
use std::time::Duration;

use ::metrics::{Unit, describe_gauge, describe_histogram, gauge, histogram};

use crate::health::{Report, Status};

/// How many services contribute to the health.
pub(crate) const SERVICES: &str = "orch_services";
/// How many of them are in a state each.
pub(crate) const STATES: [(Status, &str); 3] = [
    (Status::Healthy, "orch_services_healthy"),
    (Status::Degraded, "orch_services_degraded"),
    (Status::Unhealthy, "orch_services_unhealthy"),
];
/// How long a check took, by service.
pub(crate) const CHECK: &str = "orch_check_duration_seconds";
/// Since when the application runs.
pub(crate) const UPTIME: &str = "orch_uptime_seconds";
/// One, with what was deployed as labels.
pub(crate) const DEPLOYMENT: &str = "orch_deployment_info";

/// What was deployed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Deployment {
    pub(crate) system: String,
    pub(crate) profile: String,
    pub(crate) app: String,
}

/// Records what a report says that was just made.
pub(crate) fn record(report: &Report, deployment: &Deployment, uptime: Duration) {
    describe();
    let contributions = report.contributions();
    gauge!(SERVICES).set(count(contributions.len()));
    for (status, name) in STATES {
        gauge!(name).set(count(contributions.iter().filter(|entry| entry.status() == status).count()));
    }
    for entry in contributions {
        histogram!(CHECK, "service" => entry.name().to_owned()).record(entry.took());
    }
    gauge!(UPTIME).set(uptime.as_secs_f64());
    let Deployment { system, profile, app } = deployment.clone();
    gauge!(DEPLOYMENT, "system" => system, "profile" => profile, "app" => app).set(1.0);
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

fn describe() {
    static DESCRIBED: Once = Once::new();
    DESCRIBED.call_once(|| {
        describe_gauge!(SERVICES, "Services and checks that contribute to the health");
        describe_gauge!(STATES[0].1, "Services that are healthy");
        describe_gauge!(STATES[1].1, "Services that are away and that the application can do without");
        describe_gauge!(STATES[2].1, "Services that are away and that the application cannot do without");
        describe_histogram!(CHECK, Unit::Seconds, "How long the check of a service took");
        describe_gauge!(UPTIME, Unit::Seconds, "Time since the application started");
        describe_gauge!(DEPLOYMENT, "One, with the system, the profile and the application as labels");
    });
}
