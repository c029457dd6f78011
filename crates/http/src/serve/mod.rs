//! What lies around all routes, in one layer: host, request id, how often, caller, panics,
//! problems, headers for browsers, metrics and the trace of a request. Not in here: sockets and how the program stops.

#[cfg(feature = "document")]
mod docs;
mod hosts;
mod operations;
mod report;
mod secure;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use kernel::Ids;
use kernel::manifest::{Operation, Who};
use tracing::Instrument;

pub use hosts::Hosts;

use crate::deployment::App;
use crate::gate::Gate;
use crate::identity::Authenticator;
use crate::problem::{PROBLEM_JSON, Problem, ProblemKind};
use crate::request::{Arrival, ClientAddress};
use crate::routes::{Routes, with_fallbacks};
use operations::Operations;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How requests are received.
#[derive(Clone)]
pub struct Front {
    /// Knows who calls.
    pub authenticator: Arc<dyn Authenticator>,
    /// To which names it answers.
    pub hosts: Hosts,
    /// Who is let in how often.
    pub gate: Arc<dyn Gate>,
    /// Where request ids come from.
    pub ids: Arc<dyn Ids>,
}

impl std::fmt::Debug for Front {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(&self.hosts, out)
    }
}

/// The whole application: the routes below `/v1`, its description at `/v1/openapi.json` and `/docs`,
/// and what stands beside them at the root (`/healthz` and the like, open to everybody).
#[cfg(feature = "document")]
pub fn app(routes: Routes, root: Router<App>, state: App, front: Front) -> Router {
    let operations = Operations::new(routes.operations());
    let (router, openapi) = routes.into_parts();
    laid(router.merge(docs::routes(&openapi)).merge(root), operations, state, front)
}

/// The routes below `/v1` and nothing beside them, for where each operation is a program of its own.
pub fn bare(routes: Routes, state: App, front: Front) -> Router {
    let operations = Operations::new(routes.operations());
    laid(routes.into_router(), operations, state, front)
}

fn laid(router: Router<App>, operations: Operations, state: App, front: Front) -> Router {
    let laid = Arc::new(Laid { front, operations });
    with_fallbacks(router).layer(from_fn_with_state(laid, around)).with_state(state)
}

struct Laid {
    front: Front,
    operations: Operations,
}

async fn around(State(laid): State<Arc<Laid>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let arrival = Arrival::new(request.headers(), request.extensions(), &*laid.front.ids);
    let operation = laid.operations.of(&request);
    let name = operation.map_or("none", |operation| operation.name);
    let uri = request.uri().clone();
    let span = tracing::debug_span!(
        "request",
        request_id = arrival.id_text(),
        correlation_id = %arrival.correlation,
        traceparent = arrival.trace.map(tracing::field::display),
        operation = name,
    );
    let response = match admit(&laid.front, &mut request, operation) {
        Err(problem) => problem.into_response(),
        Ok(()) => {
            request.extensions_mut().insert(arrival.clone());
            caught(next.run(request).instrument(span)).await
        }
    };
    let mut response = as_problem(response);
    let problem = response.extensions_mut().remove::<Problem>();
    report::report(name, &arrival, response.status(), problem.as_ref(), started);
    if let Some(problem) = problem {
        finish(&mut response, problem, &uri, &arrival);
    }
    response.headers_mut().insert(X_REQUEST_ID, arrival.request_id);
    secure::secure(response.headers_mut());
    response
}

/// Whether the request is let in; if so, with its caller. Where everybody may come nobody is asked who
/// he is: a token whose time is over must not keep its holder from getting a new one.
fn admit(
    front: &Front,
    request: &mut Request,
    operation: Option<&'static Operation>,
) -> Result<(), Problem> {
    if let Some(from) = request.extensions().get::<ClientAddress>() {
        front.gate.pass(*from)?;
    }
    front.hosts.check(request)?;
    let asks_who = operation.is_some_and(|operation| !operation.who.contains(&Who::Nobody));
    if asks_who && let Some(caller) = front.authenticator.caller(request.headers())? {
        front.gate.admit(&caller)?;
        request.extensions_mut().insert(caller);
    }
    Ok(())
}

/// A panic is a bug of ours and ends one request, not the program.
async fn caught(answering: impl Future<Output = Response>) -> Response {
    match AssertUnwindSafe(answering).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Problem::internal(text.unwrap_or_else(|| "panicked".to_owned())).into_response()
        }
    }
}

/// A failure that a library answered with its own words becomes a problem of that status.
fn as_problem(response: Response) -> Response {
    let is_failure = response.status().is_client_error() || response.status().is_server_error();
    let is_ours = response.extensions().get::<Problem>().is_some();
    let is_json =
        response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if !is_failure || is_ours || is_json {
        return response;
    }
    let status = response.status();
    let kind = LIBRARIES_SAY.iter().find(|kind| kind.status() == status);
    match kind {
        Some(kind) => Problem::new(*kind, kind.advice()).into_response(),
        None if status.is_server_error() => Problem::internal(status.to_string()).into_response(),
        None => {
            let kind = ProblemKind::Malformed;
            Problem::new(kind, kind.advice()).because(status.to_string()).into_response()
        }
    }
}

/// The kinds that a library may answer by itself; their statuses are their own.
const LIBRARIES_SAY: [ProblemKind; 5] = [
    ProblemKind::NotFound,
    ProblemKind::MethodNotAllowed,
    ProblemKind::BodyTooLarge,
    ProblemKind::UnsupportedMediaType,
    ProblemKind::TooManyRequests,
];

/// Adds what only this place knows to a problem's document.
fn finish(response: &mut Response, problem: Problem, uri: &Uri, arrival: &Arrival) {
    let body = problem.document(uri.path(), arrival.id_text());
    *response.body_mut() = Body::from(body);
    response.headers_mut().remove(CONTENT_LENGTH);
    debug_assert_eq!(response.headers().get(CONTENT_TYPE), Some(&PROBLEM_JSON));
    debug_assert_ne!(response.status(), StatusCode::OK);
}
