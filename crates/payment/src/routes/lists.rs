//! `GET /payment/by-wallet/{wallet_id}` and the operators' `GET /payment`, with the choice of the
//! index that finds the fewest. Paging is not here but in `http-api`.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Id, List, NoFilter, Page, Problem, Request, answer};
use kernel::record::{Column, Homes, Record, Shard};
use kernel::store::{Order, Query};
use kernel::{Value, WalletId};

use crate::bodies::{PaymentFilter, PaymentShown};
use crate::records::{Payment, PaymentStatus};

/// The payments of a wallet, newest first.
///
/// Those that the caller asked for or that are of his own wallet; an operator, or a service with the
/// scope `payments`, sees all.
#[utoipa::path(get, path = "/payment/by-wallet/{wallet_id}", tag = "payment",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    responses((status = 200, body = Page<PaymentShown>, description = "A page of them.")))]
pub(super) async fn list_payments_by_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let queries = vec![query("by_wallet", &wallet_id)];
    let is_visible = |payment: &Payment| payment.is_visible_to(&request.caller);
    let page = list.page_where::<Payment>(&app.store, queries, is_visible).await?;
    Ok(answer::ok(&page.map(|known| PaymentShown::from(&*known.record))))
}

/// Payments of all wallets, newest first.
///
/// With a filter a page may be shorter than its limit. On AWS `status` must be `PENDING` or
/// `AUTHORIZED`; those that are `PENDING` come by when they speak again, those that are `AUTHORIZED` by
/// when they expire, latest first.
#[utoipa::path(get, path = "/payment", tag = "payment", params(PaymentFilter),
    responses((status = 200, body = Page<PaymentShown>, description = "A page of them.")))]
pub(super) async fn list_payments(
    State(app): State<App>,
    list: List<PaymentFilter>,
) -> Result<Response, Problem> {
    let queries = if app.store.keeps(Homes::Embedded) {
        by_the_finest_index(&list.filter)
    } else {
        by_what_is_open(&list.filter)?
    };
    let matches = |payment: &Payment| matches(&list.filter, payment);
    let page = list.page_where::<Payment>(&app.store, queries, matches).await?;
    Ok(answer::ok(&page.map(|known| PaymentShown::from(&*known.record))))
}

fn matches(filter: &PaymentFilter, payment: &Payment) -> bool {
    filter.status.is_none_or(|status| status == payment.status)
        && filter.merchant_id.as_ref().is_none_or(|id| *id == payment.merchant_id)
        && (filter.reference.is_none() || filter.reference == payment.reference)
}

/// A reference is of few payments, a merchant of some, a status of many.
fn by_the_finest_index(filter: &PaymentFilter) -> Vec<Query> {
    if let Some(reference) = &filter.reference {
        return vec![query("by_reference", reference)];
    }
    if let Some(merchant_id) = &filter.merchant_id {
        return vec![query("by_merchant", merchant_id)];
    }
    let statuses = filter.status.map_or(PaymentStatus::ALL.to_vec(), |status| vec![status]);
    statuses.iter().map(|status| query("by_status", status)).collect()
}

/// Where indexes are paid for, only what is not at its end can be found, over all its shards: what
/// waits for the wallet, and what is held.
fn by_what_is_open(filter: &PaymentFilter) -> Result<Vec<Query>, Problem> {
    let index = match filter.status {
        Some(PaymentStatus::Pending) => "open",
        Some(PaymentStatus::Authorized) => "held",
        Some(
            PaymentStatus::Successful
            | PaymentStatus::Failed
            | PaymentStatus::Voided
            | PaymentStatus::Refunded,
        )
        | None => {
            return Err(Problem::bad_field("status", "must be PENDING or AUTHORIZED here"));
        }
    };
    Ok(Shard::all().map(|shard| query(index, &shard)).collect())
}

fn query(index: &'static str, partition: &impl Column) -> Query {
    let partition: Value<'static> = partition.to_value().into_owned();
    Query {
        kind: Payment::KIND,
        index: Some(index),
        partition,
        from: None,
        to: None,
        after: None,
        order: Order::NewestFirst,
        limit: 0,
    }
}
