//! An operation behind the gateway: its event (HTTP API, payload 2.0) becomes a request, the router
//! answers it as in the one program, and the answer goes back in the gateway's form.
//! Not in here: what the routes do; who calls, for what the gateway says of that is not read.

mod answer;
mod event;

use axum::Router;
use tower::ServiceExt;

use crate::failure::Failure;

/// Answers one event of the gateway.
///
/// # Errors
/// When the payload is no event of the gateway. Whatever the caller did wrong is an answer.
pub(crate) async fn answer(router: &Router, payload: &str) -> Result<String, Failure> {
    let request = event::read(payload)?;
    let Ok(response) = router.clone().oneshot(request).await;
    answer::write(response).await
}
