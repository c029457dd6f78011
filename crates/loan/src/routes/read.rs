//! Reading loans: one, those of a wallet, those of a status.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Id, List, NoFilter, Page, Problem, Request, answer};
use kernel::record::Column;
use kernel::store::{Order, Query};
use kernel::{LoanId, Record, Value, WalletId};

use crate::bodies::{LoanFilter, LoanShown};
use crate::records::Loan;

/// One loan.
#[utoipa::path(get, path = "/loan/{loan_id}", tag = "loan", params(("loan_id" = String, Path)),
    responses(
        (status = 200, body = LoanShown),
        (status = 304, description = "It is as `If-None-Match` says."),
    ))]
pub(super) async fn get_loan(
    State(app): State<App>,
    Id(loan_id): Id<LoanId>,
    request: Request,
) -> Result<Response, Problem> {
    let found = app.store.get::<Loan>(loan_id).await?;
    let found = found.filter(|loan| loan.is_visible_to(&request.caller));
    let loan = found.ok_or_else(|| Problem::not_found("loan"))?;
    Ok(answer::with_etag(&request, &LoanShown::from(&*loan)))
}

/// Loans of a wallet, newest first: what the caller applied for or owns, all of them to an operator.
#[utoipa::path(get, path = "/loan/by-wallet/{wallet_id}", tag = "loan",
    params(("wallet_id" = String, Path)), responses((status = 200, body = Page<LoanShown>)))]
pub(super) async fn list_loans_by_wallet(
    State(app): State<App>,
    Id(wallet_id): Id<WalletId>,
    request: Request,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let query = query("by_wallet", wallet_id.to_value(), Order::NewestFirst);
    let is_visible = |loan: &Loan| loan.is_visible_to(&request.caller);
    let page = list.page_where(&app.store, vec![query], is_visible).await?;
    Ok(answer::ok(&page.map(|loan| LoanShown::from(&*loan))))
}

/// Loans of a status, oldest first: the operators' queue.
#[utoipa::path(get, path = "/loan", tag = "loan", params(LoanFilter),
    responses((status = 200, body = Page<LoanShown>)))]
pub(super) async fn list_loans(
    State(app): State<App>,
    list: List<LoanFilter>,
) -> Result<Response, Problem> {
    let query = query("by_status", list.filter.status.to_value(), Order::OldestFirst);
    let page = list.page::<Loan>(&app.store, query).await?;
    Ok(answer::ok(&page.map(|loan| LoanShown::from(&*loan))))
}

fn query(index: &'static str, partition: Value<'_>, order: Order) -> Query {
    Query {
        kind: Loan::KIND,
        index: Some(index),
        partition: partition.into_owned(),
        from: None,
        to: None,
        after: None,
        order,
        limit: 0,
    }
}
