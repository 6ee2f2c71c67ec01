//! Takes orders over HTTP.

mod health;
mod metrics;
mod routes;
#[cfg(feature = "traces")]
mod traces;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use shop_lifecycle::{arrival, log};
use shop_postgres::Pool;
use shop_rabbitmq::Queue;
use shop_redis::Cache;
use tokio::net::TcpListener;

/// How long orders still come in after the API has said that it is about to end.
const LINGER: Duration = Duration::from_secs(2);

/// What a request can use.
#[derive(Clone)]
struct Shop {
    database: Pool,
    cache: Cache,
    queue: Arc<Queue>,
    #[cfg(feature = "search")]
    index: shop_search::Index,
}

#[orch::app(
    id = "api",
    kind = "web",
    description = "Takes orders over HTTP",
    port(8080, name = "http", scheme = "http", public),
    port(9091, name = "metrics", scheme = "http"),
    env(PORT = template("{port:http}"), METRICS_PORT = template("{port:metrics}")),
    capabilities = ["http"],
    after = ["migrate"],
    health(
        http = "/health",
        port = "http",
        live = "/live",
        interval = "5s",
        timeout = "3s",
        retries = 3,
        start_period = "1m",
    ),
    resources(cpu = "100m", memory = "64Mi", cpu_limit = "1", memory_limit = "256Mi"),
    grace = "20s",
)]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    arrival(&["postgres", "redis", "rabbitmq"]).await?;
    let shop = Shop {
        database: shop_postgres::connect().await?,
        cache: shop_redis::connect().await?,
        queue: Arc::new(shop_rabbitmq::connect().await?),
        #[cfg(feature = "search")]
        index: shop_search::connect().await?,
    };
    let (requests, scrapes) = (listen("PORT").await?, listen("METRICS_PORT").await?);
    let health = health::of(&shop)?;
    let metrics = metrics::router(&health)?;
    tokio::spawn(axum::serve(scrapes, metrics).into_future());
    let router = routes::router(shop, &health);
    #[cfg(feature = "traces")]
    let (router, traces) = traces::around(router)?;
    let end = async move {
        if let Err(error) = orch::shutdown(&health, LINGER).await {
            log!("{error:#}");
        }
        log!("stopping");
    };
    axum::serve(requests, router)
        .with_graceful_shutdown(end)
        .await?;
    #[cfg(feature = "traces")]
    traces.end().await?;
    Ok(())
}

/// Listens on the port that a variable names.
async fn listen(variable: &str) -> Result<TcpListener> {
    let port = orch::binding(variable)?
        .parse()
        .with_context(|| format!("`{variable}` is not a port"))?;
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?;
    log!("{variable}: listening on port {port}");
    Ok(listener)
}
