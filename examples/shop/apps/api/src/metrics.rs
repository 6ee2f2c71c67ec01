use anyhow::Result;
use axum::Router;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use orch::System;
use orch::health::Health;

/// The API in numbers, for Prometheus: on a port of its own, which nobody outside reaches.
pub fn router(health: &Health) -> Result<Router> {
    let numbers = recorder()?;
    let health = health.clone();
    // Health is in numbers as of when it was asked.
    let scrape = async move || {
        health.readiness_async().await;
        numbers.render()
    };
    Ok(Router::new().route("/metrics", get(scrape)))
}

/// Everything that is recorded says whose it is, in the words of OpenTelemetry.
fn recorder() -> Result<PrometheusHandle> {
    let builder = System::current()
        .resource()
        .into_iter()
        .fold(PrometheusBuilder::new(), |builder, (name, value)| {
            builder.add_global_label(name.replace('.', "_"), value)
        });
    Ok(builder.install_recorder()?)
}
