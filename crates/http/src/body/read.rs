//! Takes a body off the connection: its media type, its size, its bytes.
//! Not in here: what the bytes say.

use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

use super::BODY_BYTES_MAX;
use crate::problem::{Problem, ProblemKind};

/// How long a body may take to come as a whole. One that comes drop by drop holds a connection.
const BODY_WAIT: Duration = Duration::from_secs(30);

/// How much of a refused body is taken and dropped, so that a caller who is still sending gets to
/// read the answer; beyond it the connection is cut.
const DRAINED_BYTES_MAX: usize = 4 * 1024 * 1024;
const DRAINED_FOR: Duration = Duration::from_secs(5);

/// The bytes of a JSON body; none of them if there is no body.
pub(super) async fn read(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    let announced = announced_length(&parts.headers);
    if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
        drain(body);
        return Err(too_large());
    }
    if let Err(problem) = check_media_type(&parts.headers, &body) {
        drain(body);
        return Err(problem);
    }
    tokio::time::timeout(BODY_WAIT, take(body))
        .await
        .unwrap_or_else(|_| Err(Problem::bad_field("body", "did not come in time")))
}

async fn take(body: Body) -> Result<Bytes, Problem> {
    let mut body = body.into_data_stream();
    let mut bytes = Bytes::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Problem::bad_field("body", "was cut off"))?;
        if bytes.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            drain(Body::from_stream(body));
            return Err(too_large());
        }
        bytes = if bytes.is_empty() { chunk } else { joined(&bytes, &chunk) };
    }
    Ok(bytes)
}

fn joined(left: &[u8], right: &[u8]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(left.len().saturating_add(right.len()));
    bytes.extend_from_slice(left);
    bytes.extend_from_slice(right);
    bytes.freeze()
}

fn announced_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn too_large() -> Problem {
    Problem::new(ProblemKind::BodyTooLarge, "The body is too large; send at most 64 KiB.")
}

fn check_media_type(headers: &HeaderMap, body: &Body) -> Result<(), Problem> {
    let refuse = || {
        let detail = "Send the body as `Content-Type: application/json`, not compressed.";
        Problem::new(ProblemKind::UnsupportedMediaType, detail)
    };
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let is_json = match (types.next(), types.next()) {
        (None, _) => axum::body::HttpBody::is_end_stream(body),
        (Some(value), None) => value.to_str().is_ok_and(is_json),
        (Some(_), Some(_)) => false,
    };
    if is_json && !headers.contains_key(CONTENT_ENCODING) { Ok(()) } else { Err(refuse()) }
}

/// `application/json`, with no charset but UTF-8.
fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}

/// Takes the rest of a body and drops it, beside the answer.
fn drain(body: Body) {
    if axum::body::HttpBody::is_end_stream(&body) {
        return;
    }
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(tokio::time::timeout(DRAINED_FOR, async move {
        let mut body = body.into_data_stream();
        let mut taken: usize = 0;
        while let Some(Ok(chunk)) = body.next().await {
            taken = taken.saturating_add(chunk.len());
            if taken > DRAINED_BYTES_MAX {
                break;
            }
        }
    }));
}
