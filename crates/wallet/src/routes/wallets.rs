//! `POST /wallet`, `GET /wallet` and `GET /wallet/{wallet_id}`. What moves money is not here.

use axum::extract::State;
use axum::response::Response;
use futures_util::future::try_join_all;
use http_api::{App, Body, Filter, Id, List, NoFilter, Page, Problem, Request, answer};
use kernel::store::{Order, Query};
use kernel::{Known, Record, Store, Time, Value, WalletId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{problem, unshowable, visible};
use crate::bodies::{WalletAsked, WalletShown};
use crate::decide::OpenWallet;
use crate::manifest::CREATE_WALLET;
use crate::read;
use crate::records::Entry;

/// Opens a wallet with nothing in it.
///
/// It is the caller's, and in one currency for good.
#[utoipa::path(post, path = "/wallet", tag = "wallet", request_body = WalletAsked,
    responses((status = 201, body = WalletShown, description = "The new wallet.",
        headers(("Location" = String, description = "Where the wallet is.")))))]
pub(super) async fn create_wallet(
    State(app): State<App>,
    request: Request,
    body: Body<WalletAsked>,
) -> Result<Response, Problem> {
    let currency = match &body.value.currency {
        Some(text) => text.parse("currency")?,
        None => app.settings.default_currency,
    };
    let key = request.key(&[CREATE_WALLET.name], body.hash);
    let decision = OpenWallet { owner: request.caller.sub.clone(), currency, key };
    let opening = match app.store.decide(decision, request.context).await? {
        Ok(opening) => opening,
        Err(refused) => return Err(problem(&refused, None)),
    };
    let shown = WalletShown::empty(&opening).ok_or_else(|| unshowable(&opening))?;
    Ok(answer::created(&format!("/v1/wallet/{}", shown.wallet_id), &shown))
}

/// The caller's own wallets, newest first.
#[utoipa::path(get, path = "/wallet", tag = "wallet",
    responses((status = 200, body = Page<WalletShown>, description = "A page of wallets.")))]
pub(super) async fn list_wallets(
    State(app): State<App>,
    request: Request,
    list: List<NoFilter>,
) -> Result<Response, Problem> {
    let query = Query {
        kind: Entry::KIND,
        index: Some("by_owner"),
        partition: Value::from(request.caller.sub.as_str()).into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::NewestFirst,
        limit: list.limit,
    };
    let page = list.page::<Entry>(&app.store, query).await?;
    let wallets = page.items.iter().map(|opening| now(&app.store, opening));
    let items = try_join_all(wallets).await?;
    Ok(answer::ok(&Page { items, next_cursor: page.next_cursor }))
}

/// When a wallet is looked at.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Moment {
    /// As of then: everything that counted at that moment, inclusive. Now if it is left out; 0.00
    /// before the first movement.
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<Time>,
}

/// A wallet, now or at a past moment.
#[utoipa::path(get, path = "/wallet/{wallet_id}", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet."), Moment),
    responses(
        (status = 200, body = WalletShown, description = "The wallet at that moment."),
        (status = 304, description = "It is as `If-None-Match` says."),
    ))]
pub(super) async fn get_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    Filter(moment): Filter<Moment>,
) -> Result<Response, Problem> {
    let opening = visible(&app, &request, wallet_id).await?;
    let shown = match moment.at {
        None => now(&app.store, &opening).await?,
        Some(at) => then(&app.store, &opening, at).await?,
    };
    Ok(answer::with_etag(&request, &shown))
}

/// A wallet as it is.
pub(super) async fn now(store: &Store, opening: &Known<Entry>) -> Result<WalletShown, Problem> {
    let wallet_id = opening.account_id.wallet().ok_or_else(|| unshowable(opening))?;
    let head = read::head(store, wallet_id).await?;
    WalletShown::after(&head, opening.booked_at).ok_or_else(|| unshowable(&head))
}

/// A wallet as it was.
async fn then(store: &Store, opening: &Known<Entry>, at: Time) -> Result<WalletShown, Problem> {
    let wallet_id = opening.account_id.wallet().ok_or_else(|| unshowable(opening))?;
    let head = read::head(store, wallet_id).await?;
    let entry = read::at(store, &head, at).await?;
    let entry = entry.as_ref().unwrap_or(opening);
    WalletShown::after(entry, opening.booked_at).ok_or_else(|| unshowable(entry))
}
