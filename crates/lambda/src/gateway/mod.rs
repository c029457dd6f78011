//! An operation behind the gateway: its event (HTTP API, payload 2.0) becomes a request, the router
//! answers it as in the one program, and the answer goes back in the gateway's form.
//! Not in here: what the routes do; who calls, for what the gateway says of that is not read.

mod answer;
mod event;

use axum::Router;
use tower::ServiceExt;

use crate::failure::Failure;

/// The header by which the edge before the gateway proves itself.
const EDGE: &str = "x-origin-verify";

/// What the gateway itself says to whom it turns away.
const FORBIDDEN: &str = r#"{"statusCode":403,"headers":{"content-type":"application/json"},"body":"{\"message\":\"Forbidden\"}","isBase64Encoded":false}"#;

/// Answers one event of the gateway. Where there is an edge with a secret, only what came by it: the
/// gateway's own address has no firewall.
///
/// # Errors
/// When the payload is no event of the gateway. Whatever the caller did wrong is an answer.
pub(crate) async fn answer(
    router: &Router,
    edge_secret: Option<&str>,
    payload: &str,
) -> Result<String, Failure> {
    let mut request = event::read(payload)?;
    let proof = request.headers_mut().remove(EDGE);
    if let Some(secret) = edge_secret
        && !proof.is_some_and(|proof| is_same(proof.as_bytes(), secret.as_bytes()))
    {
        return Ok(FORBIDDEN.to_owned());
    }
    let Ok(response) = router.clone().oneshot(request).await;
    answer::write(response).await
}

/// Takes as long wherever they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differ = one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other));
    one.len() == other.len() && differ == 0
}
