//! The description of the API: `/v1/openapi.json`, and `/docs`, a page that shows it and needs
//! nothing from another host. Not in here: what is described, see `routes`.

use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use utoipa::openapi::OpenApi;

use crate::deployment::App;

const HTML: &str = include_str!("../../assets/docs.html");
const SCRIPT: &str = include_str!("../../assets/docs.js");
const STYLE: &str = include_str!("../../assets/docs.css");

/// The page loads what this program serves, and is shown in nobody's frame.
const POLICY: &str = "default-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The routes of the description. The document is written once.
pub(super) fn routes(openapi: &OpenApi) -> Router<App> {
    let document = Bytes::from(serde_json::to_vec(openapi).unwrap_or_default());
    Router::new()
        .route("/v1/openapi.json", get(async move || served("application/json", document)))
        .route(
            "/docs",
            get(async || served("text/html; charset=utf-8", Bytes::from_static(HTML.as_bytes()))),
        )
        .route(
            "/docs/docs.js",
            get(async || served("text/javascript", Bytes::from_static(SCRIPT.as_bytes()))),
        )
        .route(
            "/docs/docs.css",
            get(async || served("text/css", Bytes::from_static(STYLE.as_bytes()))),
        )
}

fn served(media_type: &'static str, body: Bytes) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, body).into_response()
}
