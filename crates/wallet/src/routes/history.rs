//! `GET /wallet/{wallet_id}/transactions`: what moved, newest first. Statements are in `statement`.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Id, List, Page, Problem, Request, answer};
use kernel::store::Order;
use kernel::text::Reference;
use kernel::{Time, WalletId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{in_order, unshowable, visible};
use crate::bodies::{TransactionShown, TransactionType};
use crate::read;
use crate::records::Entry;

/// Which movements to show. What is left out matches everything.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryFilter {
    /// Those that count from then on, inclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// Those that count before then, exclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
    /// Those of this type.
    r#type: Option<TransactionType>,
    /// Those with this reference.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    reference: Option<Reference>,
}

impl HistoryFilter {
    fn shows(&self, entry: &Entry) -> bool {
        entry.direction.is_some()
            && self.r#type.is_none_or(|wanted| wanted.0 == entry.kind)
            && (self.reference.is_none() || self.reference == entry.reference)
    }
}

/// Movements of a wallet, newest first.
///
/// Only what moved money: holds, refusals and freezes leave gaps in `sequence`. With a filter a page
/// may be shorter than its limit.
#[utoipa::path(get, path = "/wallet/{wallet_id}/transactions", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet."), HistoryFilter),
    responses((status = 200, body = Page<TransactionShown>, description = "A page of movements.")))]
pub(super) async fn list_transactions(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    list: List<HistoryFilter>,
) -> Result<Response, Problem> {
    visible(&app, &request, wallet_id).await?;
    in_order(list.filter.from, list.filter.to)?;
    let head = read::head(&app.store, wallet_id).await?;
    let first = match list.filter.from {
        Some(from) => read::first_from(&app.store, &head, from).await?,
        None => 1,
    };
    // Without `to` it goes on to whatever is newest when a page is read.
    let end = match list.filter.to {
        Some(to) => read::first_from(&app.store, &head, to).await?,
        None => u64::MAX,
    };
    let query = read::entries_of(wallet_id.into(), first, end, Order::NewestFirst);
    let shows = |entry: &Entry| list.filter.shows(entry);
    let page = list.page_where::<Entry>(&app.store, vec![query], shows).await?;
    let shown =
        page.items.iter().map(|entry| TransactionShown::of(entry).ok_or_else(|| unshowable(entry)));
    let items = shown.collect::<Result<Vec<_>, Problem>>()?;
    Ok(answer::ok(&Page { items, next_cursor: page.next_cursor }))
}
