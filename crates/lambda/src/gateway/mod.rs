//! An operation behind the gateway: its event (HTTP API, payload 2.0) becomes a request, the router
//! answers it as in the one program, and the answer goes back in the gateway's form.
//! Not in here: what the routes do; who calls, for what the gateway says of that is not read.

mod answer;
mod edge;
mod event;

use axum::Router;
use axum::response::IntoResponse;
use tower::ServiceExt;

pub use edge::Edge;

use crate::failure::Failure;

/// Answers one event of the gateway. Where there is an edge that is enforced, only what came by it: the
/// gateway's own address has no firewall.
///
/// # Errors
/// When the payload is no event of the gateway. Whatever the caller did wrong is an answer.
pub(crate) async fn answer(
    router: &Router,
    edge: Option<&Edge>,
    payload: &str,
) -> Result<String, Failure> {
    let mut request = event::read(payload)?;
    if let Err(problem) = edge::admit(edge, &mut request) {
        return answer::write(problem.into_response()).await;
    }
    let Ok(response) = router.clone().oneshot(request).await;
    answer::write(response).await
}
