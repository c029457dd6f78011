//! `POST /payment/{transaction_id}/capture` and `/void`. What becomes of the hold is not decided
//! here, nor in this service.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Deployment, Id, Problem, Request, answer, wait_until};
use kernel::{Known, PaymentId};

use super::{place_of, visible};
use crate::bodies::{CaptureAsked, PaymentShown, VoidAsked};
use crate::decide::{CapturePayment, VoidPayment};
use crate::manifest::{CAPTURE_PAYMENT, VOID_PAYMENT};
use crate::records::Payment;

/// Asks that held money be taken.
///
/// A partial capture releases the rest. The payment becomes `SUCCESSFUL`; where the wallet cannot
/// pay (it is frozen), it stays `AUTHORIZED` with the reason and can be captured again.
#[utoipa::path(post, path = "/payment/{transaction_id}/capture", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    request_body = CaptureAsked,
    responses(
        (status = 202, body = PaymentShown, description = "Asked for; poll `Location`.",
            headers(("Location" = String, description = "Where the payment is polled."))),
        (status = 200, body = PaymentShown, description = "The wallet answered within `Prefer: wait`."),
    ))]
pub(super) async fn capture_payment(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
    body: Body<CaptureAsked>,
) -> Result<Response, Problem> {
    let amount = match &body.value.amount {
        None => None,
        Some(text) => {
            let payment = visible(&app, &request, payment_id).await?;
            Some(text.parse("amount", payment.currency)?)
        }
    };
    let key = request.key(&[CAPTURE_PAYMENT.name, &payment_id.to_string()], body.hash);
    let caller = request.caller.clone();
    let decision = CapturePayment { payment_id, amount, caller, key };
    let known = app.store.decide(decision, request.context).await??;
    answered(&app, &request, known).await
}

/// Asks that held money be released.
///
/// The payment becomes `VOIDED`, with the reason `requested`.
#[utoipa::path(post, path = "/payment/{transaction_id}/void", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    request_body = VoidAsked,
    responses(
        (status = 202, body = PaymentShown, description = "Asked for; poll `Location`.",
            headers(("Location" = String, description = "Where the payment is polled."))),
        (status = 200, body = PaymentShown, description = "The wallet answered within `Prefer: wait`."),
    ))]
pub(super) async fn void_payment(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
    body: Body<VoidAsked>,
) -> Result<Response, Problem> {
    let VoidAsked {} = body.value;
    let key = request.key(&[VOID_PAYMENT.name, &payment_id.to_string()], body.hash);
    let decision = VoidPayment { payment_id, caller: request.caller.clone(), key };
    let known = app.store.decide(decision, request.context).await??;
    answered(&app, &request, known).await
}

/// The payment once nothing is asked of its hold any more, if the caller waits for that.
async fn answered(
    app: &Deployment,
    request: &Request,
    known: Known<Payment>,
) -> Result<Response, Problem> {
    let payment_id = known.payment_id;
    let wait = request.wait(&app.settings);
    let is_answered = |payment: &Payment| payment.asked.is_none();
    let (known, in_time) = wait_until(&app.store, payment_id, known, wait, is_answered).await?;
    Ok(answer::saga(in_time, &place_of(payment_id), &PaymentShown::from(&*known.record)))
}
