//! `POST /payment` and `GET /payment/{transaction_id}`. Lists are not here.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Id, Problem, Request, answer, wait_until};
use kernel::PaymentId;
use kernel::event::Capture;

use super::{place_of, visible};
use crate::bodies::{PaymentAsked, PaymentShown};
use crate::decide::RequestPayment;
use crate::manifest::REQUEST_PAYMENT;
use crate::records::{Payment, PaymentStatus};

/// Asks that a wallet pay a merchant.
///
/// The answer shows the payment as `PENDING`; the wallet's answer makes it `SUCCESSFUL`, `FAILED` or,
/// with `capture: "manual"`, `AUTHORIZED`. A wallet that does not exist, is not the caller's, is
/// frozen or closed, has too little or another currency makes it `FAILED` with the reason.
#[utoipa::path(post, path = "/payment", tag = "payment", request_body = PaymentAsked,
    responses(
        (status = 202, body = PaymentShown, description = "Asked for; poll `Location`.",
            headers(("Location" = String, description = "Where the payment is polled."))),
        (status = 200, body = PaymentShown, description = "The wallet answered within `Prefer: wait`."),
    ))]
pub(super) async fn request_payment(
    State(app): State<App>,
    request: Request,
    body: Body<PaymentAsked>,
) -> Result<Response, Problem> {
    let asked = body.value;
    let (amount, currency) = (&asked.amount, asked.currency.as_ref());
    let amount = amount.parse_or_default("amount", currency, &app.settings)?;
    let wait = request.wait(&app.settings);
    let decision = RequestPayment {
        wallet_id: asked.wallet_id,
        merchant_id: asked.merchant_id,
        amount,
        capture: asked.capture.unwrap_or(Capture::Automatic),
        description: asked.description,
        reference: asked.reference,
        hold_life: app.settings.hold_life,
        key: request.key(&[REQUEST_PAYMENT.name], body.hash),
        caller: request.caller,
    };
    let known = app.store.decide(decision, request.context).await??;
    let payment_id = known.payment_id;
    let is_answered = |payment: &Payment| payment.status != PaymentStatus::Pending;
    let (known, in_time) = wait_until(&app.store, payment_id, known, wait, is_answered).await?;
    Ok(answer::saga(in_time, &place_of(payment_id), &PaymentShown::from(&*known.record)))
}

/// One payment.
///
/// For who asked for it, whose wallet it is (once the wallet has answered), operators, and services
/// with the scope `payments`.
#[utoipa::path(get, path = "/payment/{transaction_id}", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    responses(
        (status = 200, body = PaymentShown, description = "The payment as it is now."),
        (status = 304, description = "It is as `If-None-Match` says."),
    ))]
pub(super) async fn get_payment(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
) -> Result<Response, Problem> {
    let known = visible(&app, &request, payment_id).await?;
    Ok(answer::with_etag(&request, &PaymentShown::from(&*known.record)))
}
