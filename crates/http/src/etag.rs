//! Strong entity tags: the first half of the SHA-256 of the body, and how `If-None-Match` is
//! compared with one (RFC 9110, 13.1.2). Not in here: which answers carry one.

use axum::http::{HeaderMap, HeaderValue, header::IF_NONE_MATCH};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// The tag of a body, quoted.
pub(crate) fn of(body: &[u8]) -> HeaderValue {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let half = digest.first_chunk::<16>().unwrap_or(&[0; 16]);
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(half));
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` names the tag, or anything (`*`). Compared weakly, as GET asks.
pub(crate) fn is_named(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let tags = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    // Tags of ours hold no comma, so a list can be cut at its commas.
    tags.flat_map(|list| list.split(',')).map(str::trim).any(|named| {
        named == "*" || named.strip_prefix("W/").unwrap_or(named).as_bytes() == tag.as_bytes()
    })
}
