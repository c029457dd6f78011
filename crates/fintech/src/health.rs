//! Whether the program is alive (`/healthz`), whether it can serve (`/readyz`), and at `/` where
//! everything else is. What is counted is in `metrics`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use http_api::{App, Problem, ProblemKind};
use kernel::{Context, CorrelationId, Decision, StoreError, Suspend, View, Writes};
use serde_json::json;
use store_embedded::EmbeddedStore;

/// How long the store may take to answer.
const STORE_WAIT: Duration = Duration::from_secs(2);

/// When to look again where nothing can be written.
const RETRY: Duration = Duration::from_secs(2);

/// The routes.
pub(crate) fn routes(store: Arc<EmbeddedStore>) -> Router<App> {
    let is_ready = async move |State(app): State<App>| is_ready(&app, &store).await;
    Router::new()
        .route("/", get(signpost))
        .route("/healthz", get(async || Json(json!({ "status": "alive" }))))
        .route("/readyz", get(is_ready))
}

/// Whether the store decides, and what it decided last could be written: a full disk lets it decide what
/// changes nothing.
async fn is_ready(app: &App, store: &EmbeddedStore) -> Result<Response, Problem> {
    let context = Context::request(CorrelationId(0), None);
    let answered = tokio::time::timeout(STORE_WAIT, app.store.decide(Nothing, context)).await;
    let too_slow = |_| StoreError::Unavailable("it does not answer in time".to_owned());
    answered.map_err(too_slow)??;
    if !store.is_well() {
        let detail = "Nothing can be written: the disk is full, or it fails. The log says why.";
        return Err(Problem::new(ProblemKind::Unavailable, detail).retry_after(RETRY));
    }
    Ok(Json(json!({ "status": "ready" })).into_response())
}

/// Decides nothing: that it was decided says that the store decides.
struct Nothing;

impl Decision for Nothing {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "is_ready"
    }

    fn decide(&self, _: &mut View<'_>, _: &mut Writes) -> Result<(), Suspend> {
        Ok(())
    }
}

/// A browser is taken to the documentation; a program is told where things are.
async fn signpost(headers: HeaderMap) -> Response {
    let accepts = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepts.contains("text/html") {
        return Redirect::to("/docs").into_response();
    }
    Json(json!({
        "name": "fintech",
        "version": env!("CARGO_PKG_VERSION"),
        "docs": "/docs",
        "openapi": "/v1/openapi.json",
        "health": "/healthz",
        "ready": "/readyz",
        "metrics": "/metrics",
    }))
    .into_response()
}

#[cfg(test)]
mod tests;
