//! Health over HTTP, with axum.

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{Health, Report};

impl Health {
    /// The views at `/health/startup`, `/health/ready` and `/health/live`, and readiness at `/health` too. A
    /// [`Report`] is a response, for who wants other paths.
    ///
    /// ```
    /// # extern crate orch_runtime as orch;
    /// use axum::Router;
    /// use orch::health::Health;
    ///
    /// let health = Health::new("api");
    /// let app: Router = Router::new().merge(health.router());
    /// ```
    pub fn router<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let (whole, ready, startup, live) = (self.clone(), self.clone(), self.clone(), self.clone());
        Router::new()
            .route("/health", get(async move || whole.readiness_async().await))
            .route("/health/ready", get(async move || ready.readiness_async().await))
            .route("/health/startup", get(async move || startup.startup_async().await))
            .route("/health/live", get(async move || live.liveness()))
    }
}

impl IntoResponse for Report {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status().http()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = [(CONTENT_TYPE, super::CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
        (status, headers, self.to_json()).into_response()
    }
}
