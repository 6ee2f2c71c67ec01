use anyhow::Error;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use orch::health::Health;
use serde_json::json;
use shop_lifecycle::log;
use shop_orders::{NewOrder, Order};

use crate::Shop;

/// Where the cache has the order that was taken last.
const LAST: &str = "orders:last";

pub fn router(shop: Shop, health: &Health) -> Router {
    let (ready, live) = (health.clone(), health.clone());
    let router = Router::new()
        .route("/orders", get(list).post(create))
        .route("/orders/last", get(last))
        .route("/health", get(async move || ready.readiness_async().await))
        .route("/live", get(async move || live.liveness()));
    #[cfg(feature = "search")]
    let router = router.route("/orders/search/{words}", get(search));
    router.with_state(shop)
}

/// The order counts from the moment it is in the database; the rest is made up for later.
async fn create(State(shop): State<Shop>, Json(new): Json<NewOrder>) -> Result<Response, Failure> {
    if let Some(objection) = new.objection() {
        return Ok(answer(StatusCode::UNPROCESSABLE_ENTITY, objection));
    }
    let order = shop_orders::create(&shop.database, &new).await?;
    if let Err(error) = shop.queue.send(&order.id.to_string()).await {
        log!("order {}: no worker was told: {error:#}", order.id);
    }
    if let Err(error) = shop.cache.put(LAST, &serde_json::to_string(&order)?).await {
        log!("order {}: not in the cache: {error:#}", order.id);
    }
    #[cfg(feature = "search")]
    if let Err(error) = shop.index.add(&order).await {
        log!("order {}: not in the index: {error:#}", order.id);
    }
    Ok((StatusCode::CREATED, Json(order)).into_response())
}

async fn list(State(shop): State<Shop>) -> Result<Json<Vec<Order>>, Failure> {
    Ok(Json(shop_orders::latest(&shop.database, 100).await?))
}

/// The order that was taken last, as it was taken.
async fn last(State(shop): State<Shop>) -> Result<Response, Failure> {
    Ok(match shop.cache.get(LAST).await? {
        Some(order) => ([(CONTENT_TYPE, "application/json")], order).into_response(),
        None => answer(StatusCode::NOT_FOUND, "no order is in the cache"),
    })
}

#[cfg(feature = "search")]
async fn search(
    State(shop): State<Shop>,
    axum::extract::Path(words): axum::extract::Path<String>,
) -> Result<Json<serde_json::Value>, Failure> {
    Ok(Json(shop.index.find(&words).await?))
}

fn answer(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

/// What went wrong is for the log, not for the customer.
pub struct Failure(Error);

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        log!("{:#}", self.0);
        answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            "something the shop needs does not answer",
        )
    }
}
