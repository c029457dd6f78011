//! `POST /payment/{transaction_id}/refund` and `GET …/refunds`, `…/refunds/{refund_id}`. How much can
//! go back is not decided here.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Id, Ids, List, NoFilter, Page, Problem, Request, answer, wait_until};
use kernel::record::{Column, Record};
use kernel::store::{Order, Query};
use kernel::{PaymentId, RefundId};

use super::{place_of, visible};
use crate::bodies::{RefundAsked, RefundShown};
use crate::decide::RefundPayment;
use crate::manifest::REFUND_PAYMENT;
use crate::records::{Refund, RefundStatus};

/// Asks that a payment's money go back, in whole or in part.
///
/// What it takes is reserved at once: together with the refunds made and under way it may not be more
/// than was taken. The payment becomes `REFUNDED` when all is back.
#[utoipa::path(post, path = "/payment/{transaction_id}/refund", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    request_body = RefundAsked,
    responses(
        (status = 202, body = RefundShown, description = "Asked for; poll `Location`.",
            headers(("Location" = String, description = "Where the refund is polled."))),
        (status = 200, body = RefundShown, description = "The wallet answered within `Prefer: wait`."),
    ))]
pub(super) async fn refund_payment(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
    body: Body<RefundAsked>,
) -> Result<Response, Problem> {
    let asked = body.value;
    let amount = match &asked.amount {
        None => None,
        Some(text) => {
            let payment = visible(&app, &request, payment_id).await?;
            Some(text.parse("amount", payment.currency)?)
        }
    };
    let wait = request.wait(&app.settings);
    let decision = RefundPayment {
        payment_id,
        amount,
        description: asked.description,
        reference: asked.reference,
        key: request.key(&[REFUND_PAYMENT.name, &payment_id.to_string()], body.hash),
        caller: request.caller,
    };
    let known = app.store.decide(decision, request.context).await??;
    let refund_id = known.refund_id;
    let is_answered = |refund: &Refund| refund.status != RefundStatus::Pending;
    let (known, in_time) = wait_until(&app.store, refund_id, known, wait, is_answered).await?;
    let place = format!("{}/refunds/{refund_id}", place_of(payment_id));
    Ok(answer::saga(in_time, &place, &RefundShown::from(&*known.record)))
}

/// The refunds of a payment, newest first.
#[utoipa::path(get, path = "/payment/{transaction_id}/refunds", tag = "payment",
    params(("transaction_id" = String, Path, description = "The payment.")),
    responses((status = 200, body = Page<RefundShown>, description = "A page of them.")))]
pub(super) async fn list_refunds(
    State(app): State<App>,
    request: Request,
    Id(payment_id): Id<PaymentId>,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    visible(&app, &request, payment_id).await?;
    let query = Query {
        kind: Refund::KIND,
        index: Some("by_payment"),
        partition: payment_id.to_value().into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::NewestFirst,
        limit: list.limit,
    };
    let page = list.page::<Refund>(&app.store, query).await?;
    Ok(answer::ok(&page.map(|known| RefundShown::from(&*known.record))))
}

/// One refund.
#[utoipa::path(get, path = "/payment/{transaction_id}/refunds/{refund_id}", tag = "payment",
    params(
        ("transaction_id" = String, Path, description = "The payment."),
        ("refund_id" = String, Path, description = "The refund."),
    ),
    responses(
        (status = 200, body = RefundShown, description = "The refund as it is now."),
        (status = 304, description = "It is as `If-None-Match` says."),
    ))]
pub(super) async fn get_refund(
    State(app): State<App>,
    request: Request,
    Ids(payment_id, refund_id): Ids<PaymentId, RefundId>,
) -> Result<Response, Problem> {
    visible(&app, &request, payment_id).await?;
    let known = app.store.get::<Refund>(refund_id).await?;
    let known = known
        .filter(|refund| refund.payment_id == payment_id)
        .ok_or_else(|| Problem::not_found("refund"))?;
    Ok(answer::with_etag(&request, &RefundShown::from(&*known.record)))
}
