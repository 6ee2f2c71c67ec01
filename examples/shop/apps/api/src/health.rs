use std::time::Duration;

use anyhow::{Result, anyhow};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};
use shop_lifecycle::log;
use tokio::time::timeout;

use crate::Shop;

/// One service that does not answer must not hold up the report on the others.
const LIMIT: Duration = Duration::from_secs(2);

/// Whether the process answers at all: a database that is away is no reason to restart it.
pub async fn live() -> StatusCode {
    StatusCode::OK
}

/// Whether everything that an order needs is reached.
pub async fn ready(State(shop): State<Shop>) -> (StatusCode, Json<Value>) {
    let (postgres, redis, rabbitmq) = tokio::join!(
        reached("PostgreSQL", shop_postgres::ping(&shop.database)),
        reached("Redis", shop.cache.ping()),
        reached("RabbitMQ", shop.queue.ping()),
    );
    let status = if postgres && redis && rabbitmq {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({ "postgres": postgres, "redis": redis, "rabbitmq": rabbitmq })),
    )
}

/// What went wrong is for the log: anybody may ask for the report.
async fn reached(what: &str, ping: impl Future<Output = Result<()>>) -> bool {
    let answer = timeout(LIMIT, ping)
        .await
        .unwrap_or_else(|_| Err(anyhow!("no answer in {LIMIT:?}")));
    answer
        .inspect_err(|error| log!("{what}: {error:#}"))
        .is_ok()
}
