//! Health in numbers, as a recorder is given them.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use orch_runtime::health::{Health, Need};
use orch_runtime::{Environment, System};
use serde_json::json;

use crate::bindings::told;

/// What is recorded while something happens: by name and labels, a gauge's number or a histogram's count.
fn recorded(happen: impl FnOnce()) -> BTreeMap<String, f64> {
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    ::metrics::with_local_recorder(&recorder, happen);
    let entries = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let labels: Vec<String> =
            key.key().labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let value = match value {
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(values) => f64::from(u32::try_from(values.len()).unwrap()),
            DebugValue::Counter(value) => panic!("a counter {value}"),
        };
        (format!("{}{{{}}}", key.key().name(), labels.join(",")), value)
    });
    entries.collect()
}

#[test]
fn a_report_is_recorded_once() {
    let told = told(&json!({}), &json!({}));
    let system = System::new(Environment::of([("ORCH_SYSTEM", told)]));
    let away = || Err("away".to_owned());
    let health = Health::of(&system).unwrap();
    let health = health.check("db", Need::Required, away).check("mail", Need::Wanted, away);
    let health = health.check("disk", Need::Required, || Ok(())).fresh_for(Duration::from_mins(1));
    let mut numbers = recorded(|| {
        health.readiness();
        // From the cache: nothing was asked, so nothing is recorded.
        health.readiness();
        health.liveness();
    });
    let uptime = numbers.remove("orch_uptime_seconds{}").unwrap();
    assert!((0.0..60.0).contains(&uptime), "{uptime}");
    let expected = [
        ("orch_check_duration_seconds{service=db}", 1.0),
        ("orch_check_duration_seconds{service=disk}", 1.0),
        ("orch_check_duration_seconds{service=mail}", 1.0),
        ("orch_deployment_info{system=shop,profile=prod,app=api}", 1.0),
        ("orch_services_degraded{}", 1.0),
        ("orch_services_healthy{}", 1.0),
        ("orch_services_unhealthy{}", 1.0),
        ("orch_services{}", 3.0),
    ];
    assert_eq!(numbers, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn without_a_recorder_nothing_happens() {
    assert!(Health::new("api").readiness().contributions().is_empty());
}
