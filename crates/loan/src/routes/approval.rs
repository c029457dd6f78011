//! What operators decide about a loan: approving, which starts the saga, and rejecting.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Id, Problem, ProblemKind, Request, answer, wait_until};
use kernel::LoanId;
use serde::Deserialize;

use crate::bodies::{LoanRejection, LoanShown};
use crate::decide::{Approve, ApproveRefused, Reject, RejectRefused};
use crate::manifest::{APPROVE_LOAN, REJECT_LOAN};
use crate::records::{Loan, LoanStatus};

/// The body of a request that says all it has to say in its path.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Approves a loan: its wallet is to be credited.
///
/// From `PENDING`, or again from `FUNDING_FAILED`. The saga ends with `funded_at`, or with
/// `FUNDING_FAILED` and the reason.
#[utoipa::path(post, path = "/loan/{loan_id}/approve", tag = "loan",
    params(("loan_id" = String, Path)),
    responses(
        (status = 202, body = LoanShown, description = "Asked for; poll `Location`.",
            headers(("Location" = String, description = "Where the loan is polled."))),
        (status = 200, body = LoanShown, description = "The wallet answered within `Prefer: wait`."),
    ))]
pub(super) async fn approve_loan(
    State(app): State<App>,
    Id(loan_id): Id<LoanId>,
    request: Request,
    body: Body<Nothing>,
) -> Result<Response, Problem> {
    let key = request.key(&[APPROVE_LOAN.name, &loan_id.to_string()], body.hash);
    let wait = request.wait(&app.settings);
    let approve = Approve { key, caller: request.caller, loan_id };
    let loan =
        app.store.decide(approve, request.context).await?.map_err(|refused| match refused {
            ApproveRefused::NotFound => Problem::not_found("loan"),
            ApproveRefused::KeyReused => Problem::key_reused(),
            ApproveRefused::WrongStatus(status) => {
                wrong_status(status, "only one that is PENDING or FUNDING_FAILED can be approved")
            }
        })?;
    let is_over = |loan: &Loan| loan.status != LoanStatus::Approved || loan.funded_at.is_some();
    let (loan, in_time) = wait_until(&app.store, loan_id, loan, wait, is_over).await?;
    Ok(answer::saga(in_time, &format!("/v1/loan/{loan_id}"), &LoanShown::from(&*loan)))
}

/// Rejects a loan, for good.
///
/// From `PENDING`, or from `FUNDING_FAILED`: a loan whose wallet can never be credited ends so. Not
/// while its money may be on its way.
#[utoipa::path(post, path = "/loan/{loan_id}/reject", tag = "loan", request_body = LoanRejection,
    params(("loan_id" = String, Path)), responses((status = 200, body = LoanShown)))]
pub(super) async fn reject_loan(
    State(app): State<App>,
    Id(loan_id): Id<LoanId>,
    request: Request,
    body: Body<LoanRejection>,
) -> Result<Response, Problem> {
    let key = request.key(&[REJECT_LOAN.name, &loan_id.to_string()], body.hash);
    let reject = Reject { key, caller: request.caller, loan_id, reason: body.value.reason };
    let loan =
        app.store.decide(reject, request.context).await?.map_err(|refused| match refused {
            RejectRefused::NotFound => Problem::not_found("loan"),
            RejectRefused::KeyReused => Problem::key_reused(),
            RejectRefused::WrongStatus(status) => {
                wrong_status(status, "only one that is PENDING or FUNDING_FAILED can be rejected")
            }
        })?;
    Ok(answer::ok(&LoanShown::from(&*loan)))
}

fn wrong_status(status: LoanStatus, rule: &str) -> Problem {
    let detail = format!("The loan is {}; {rule}.", status.text());
    Problem::conflict(ProblemKind::WrongState, detail)
}
