//! An operation behind the gateway: its event (HTTP API, payload 2.0) becomes a request, the router
//! answers it as in the one program, and the answer goes back in the gateway's form.
//! Not in here: what the routes do; who calls, for what the gateway says of that is not read.

mod answer;
mod edge;
mod event;

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use http_api::Problem;
use tower::ServiceExt;

pub use edge::Edge;

use crate::failure::Failure;

/// An answer as the gateway takes it.
pub(crate) struct Answer {
    /// Whether the caller's token named nobody, so that nothing was done.
    pub(crate) is_unauthorized: bool,
    pub(crate) json: String,
}

/// Answers one event of the gateway. Where there is an edge that is enforced, only what came by it: the
/// gateway's own address has no firewall.
///
/// # Errors
/// When the payload is no event of the gateway. Whatever the caller did wrong is an answer.
pub(crate) async fn answer(
    router: &Router,
    edge: Option<&Edge>,
    payload: &str,
) -> Result<Answer, Failure> {
    let mut request = event::read(payload)?;
    if let Err(problem) = edge::admit(edge, &mut request) {
        return Ok(Answer { is_unauthorized: false, json: refuse(problem).await? });
    }
    let Ok(response) = router.clone().oneshot(request).await;
    let is_unauthorized = response.status() == StatusCode::UNAUTHORIZED;
    Ok(Answer { is_unauthorized, json: answer::write(response).await? })
}

/// A problem as the gateway takes it.
///
/// # Errors
/// When its body does not come to its end.
pub(crate) async fn refuse(problem: Problem) -> Result<String, Failure> {
    answer::write(problem.into_response()).await
}
