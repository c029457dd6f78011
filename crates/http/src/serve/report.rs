//! What is counted and logged of each request: its operation, status and time, never a body, an
//! amount, a token or a path. Not in here: where metrics and logs go.

use std::time::Instant;

use axum::http::StatusCode;

use crate::problem::{Problem, ProblemKind};
use crate::request::Arrival;

/// Counts a request and logs what a person should know of it. At level `info` and above a request
/// that went as it should leaves no line.
pub(super) fn report(
    operation: &'static str,
    arrival: &Arrival,
    status: StatusCode,
    problem: Option<&Problem>,
    started: Instant,
) {
    let took = started.elapsed();
    metrics::counter!("http_requests_total", "operation" => operation, "status" => text(status))
        .increment(1);
    metrics::histogram!("http_request_duration_seconds", "operation" => operation).record(took);
    let cause = problem.and_then(Problem::cause);
    let kind = problem.map(|problem| problem.kind().slug());
    macro_rules! log {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                request_id = arrival.id_text(),
                correlation_id = %arrival.correlation,
                traceparent = arrival.trace.map(tracing::field::display),
                from = arrival.from.map(tracing::field::display),
                operation,
                status = status.as_u16(),
                problem = kind,
                cause,
                took_us = took.as_micros(),
                $message
            )
        };
    }
    match problem.map(Problem::kind) {
        // A bug of ours: somebody must look.
        Some(ProblemKind::Internal) => log!(error, "a request broke"),
        Some(ProblemKind::Unavailable | ProblemKind::OutcomeUnknown) => {
            log!(warn, "a request could not be served");
        }
        _ => log!(debug, "answered"),
    }
}

/// The status as a label. Statuses that are never answered share one.
fn text(status: StatusCode) -> &'static str {
    match status.as_u16() {
        200 => "200",
        201 => "201",
        202 => "202",
        204 => "204",
        304 => "304",
        400 => "400",
        401 => "401",
        403 => "403",
        404 => "404",
        405 => "405",
        409 => "409",
        413 => "413",
        415 => "415",
        421 => "421",
        422 => "422",
        429 => "429",
        500 => "500",
        503 => "503",
        _ => "other",
    }
}
