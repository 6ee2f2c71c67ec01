//! Traces of what the shop does.

use anyhow::Result;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span, Tracer, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use orch::System;

/// Jaeger. It is part of the system only where an app switches its feature on.
#[orch::service(
    kind = "telemetry",
    image = "jaegertracing/all-in-one:1.62.0",
    id = "jaeger"
)]
pub struct Jaeger;

/// Where traces go; nowhere if the app is told of no place.
#[derive(Clone)]
pub struct Traces(Option<SdkTracerProvider>);

/// Traces for the telemetry service that the app uses, each with the name of the app.
pub fn connect() -> Result<Traces> {
    let system = System::current();
    let Some(endpoint) = system.otlp_endpoint()? else {
        return Ok(Traces(None));
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()?;
    let attributes = system.resource().into_iter();
    let resource = Resource::builder_empty()
        .with_attributes(attributes.map(|(key, value)| KeyValue::new(key, value)))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build();
    Ok(Traces(Some(provider)))
}

impl Traces {
    /// Traces something while it goes on, with an attribute of what came out.
    pub async fn around<T>(
        &self,
        what: String,
        work: impl Future<Output = T>,
        attribute: impl FnOnce(&T) -> (&'static str, i64),
    ) -> T {
        let Some(provider) = &self.0 else {
            return work.await;
        };
        let mut span = provider.tracer("shop").start(what);
        let done = work.await;
        let (key, value) = attribute(&done);
        span.set_attribute(KeyValue::new(key, value));
        done
    }

    /// Sends what was not sent yet. It needs the runtime, so it waits on a thread of its own.
    pub async fn end(self) -> Result<()> {
        let Some(provider) = self.0 else {
            return Ok(());
        };
        Ok(tokio::task::spawn_blocking(move || provider.shutdown()).await??)
    }
}
