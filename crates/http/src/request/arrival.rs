//! What a request is known by: its id, the correlation of all that it causes, the trace it belongs
//! to, from where it came. Not in here: who calls.

use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue};
use kernel::{Context, CorrelationId, Ids, TraceParent};

use super::ClientAddress;

/// What a request is known by. Put into its extensions by the outermost layer.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    /// `X-Request-Id`: the caller's, if it is well-formed, else a new one.
    pub(crate) request_id: HeaderValue,
    /// Shared by everything that the request causes.
    pub(crate) correlation: CorrelationId,
    /// W3C `traceparent`, if there is one.
    pub(crate) trace: Option<TraceParent>,
    /// From where it came, if it came over a network.
    pub(crate) from: Option<ClientAddress>,
}

impl Arrival {
    /// Of a request with these headers and extensions.
    pub(crate) fn new(headers: &HeaderMap, extensions: &Extensions, ids: &dyn Ids) -> Self {
        let drawn = ids.draw();
        let request_id = given_id(headers).unwrap_or_else(|| {
            let mut text = uuid::Uuid::encode_buffer();
            let text = uuid::Uuid::from_u128(drawn).hyphenated().encode_lower(&mut text);
            HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-"))
        });
        let trace = headers.get("traceparent").and_then(|value| value.to_str().ok()?.parse().ok());
        let from = extensions.get().copied();
        Self { request_id, correlation: CorrelationId(drawn), trace, from }
    }

    /// Of a request that came through the outermost layer, or, in a test of a bare router, did not.
    pub(crate) fn of(parts: &Parts) -> Self {
        let known = parts.extensions.get::<Self>();
        known
            .cloned()
            .unwrap_or_else(|| Self::new(&parts.headers, &parts.extensions, &kernel::time::System))
    }

    /// What the request's decisions are made in answer to.
    pub(crate) fn context(&self) -> Context {
        let from = self.from.map(ClientAddress::ip);
        Context::request(self.correlation, self.trace).from_address(from)
    }

    /// The request's id as text.
    pub(crate) fn id_text(&self) -> &str {
        self.request_id.to_str().unwrap_or_default()
    }
}

/// The caller's id, if it is 1 to 128 of `[A-Za-z0-9._-]`.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let value = headers.get("x-request-id")?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let bytes = value.as_bytes();
    ((1..=128).contains(&bytes.len()) && bytes.iter().all(is_plain)).then(|| value.clone())
}
