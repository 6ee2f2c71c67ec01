use anyhow::Result;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use shop_telemetry::Traces;

/// Traces every request of the router.
pub fn around(router: Router) -> Result<(Router, Traces)> {
    let traces = shop_telemetry::connect()?;
    let layer = from_fn_with_state(traces.clone(), traced);
    Ok((router.layer(layer), traces))
}

async fn traced(State(traces): State<Traces>, request: Request, next: Next) -> Response {
    let what = format!("{} {}", request.method(), request.uri().path());
    let status = |response: &Response| {
        let status = response.status().as_u16();
        ("http.response.status_code", status.into())
    };
    traces.around(what, next.run(request), status).await
}
