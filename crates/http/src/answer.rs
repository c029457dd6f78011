//! Answers that are a success: JSON, with what the kind of answer needs in its headers.
//! Not in here: refusals, see `problem`.

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LOCATION};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::etag;
use crate::problem::Problem;
use crate::request::Request;

const PREFERENCE_APPLIED: HeaderName = HeaderName::from_static("preference-applied");

/// 200.
pub fn ok<T: Serialize>(value: &T) -> Response {
    json(StatusCode::OK, value)
}

/// 201: what was made; `location` is its path, such as `/v1/wallet/wal_…`.
pub fn created<T: Serialize>(location: &str, value: &T) -> Response {
    located(StatusCode::CREATED, location, value)
}

/// 201: what was made, where nothing is read at a path of its own.
pub fn made<T: Serialize>(value: &T) -> Response {
    json(StatusCode::CREATED, value)
}

/// 202: a saga was started; `location` is the path to poll, such as `/v1/payment/pay_…`.
pub fn accepted<T: Serialize>(location: &str, value: &T) -> Response {
    located(StatusCode::ACCEPTED, location, value)
}

fn located<T: Serialize>(status: StatusCode, location: &str, value: &T) -> Response {
    let mut response = json(status, value);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// 200 with `Preference-Applied` if the saga ended while the caller was waiting (`in_time`, as
/// [`wait_until`](crate::wait_until) says), else as [`accepted`].
pub fn saga<T: Serialize>(in_time: bool, location: &str, value: &T) -> Response {
    if !in_time {
        return accepted(location, value);
    }
    let mut response = ok(value);
    response.headers_mut().insert(PREFERENCE_APPLIED, HeaderValue::from_static("wait"));
    response
}

/// 200 with a strong `ETag`, or 304 if the caller has just that already. For single resources.
pub fn with_etag<T: Serialize>(request: &Request, value: &T) -> Response {
    let body = match serde_json::to_vec(value) {
        Ok(body) => body,
        Err(error) => return Problem::internal(error.to_string()).into_response(),
    };
    let tag = etag::of(&body);
    let mut response = if request.has_already(&tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        with_body(StatusCode::OK, body)
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, tag);
    // A browser asks again each time, and is told that nothing changed.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => with_body(status, body),
        Err(error) => Problem::internal(error.to_string()).into_response(),
    }
}

fn with_body(status: StatusCode, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
