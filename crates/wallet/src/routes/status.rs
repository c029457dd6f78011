//! What operators do to a wallet: freeze, unfreeze, close.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, Deployment, Id, Problem, Request, answer};
use kernel::WalletId;

use super::{problem, unshowable, visible};
use crate::bodies::{StatusAsked, WalletShown};
use crate::decide::{ChangeStatus, StatusChange};
use crate::manifest::{CLOSE_WALLET, FREEZE_WALLET, UNFREEZE_WALLET};

/// Freezes a wallet: money arrives, none leaves or is held.
#[utoipa::path(post, path = "/wallet/{wallet_id}/freeze", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    request_body = StatusAsked,
    responses((status = 200, body = WalletShown, description = "It is frozen.")))]
pub(super) async fn freeze_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<StatusAsked>,
) -> Result<Response, Problem> {
    change(&app, request, wallet_id, (StatusChange::Freeze, FREEZE_WALLET.name, body)).await
}

/// Lifts a freeze.
#[utoipa::path(post, path = "/wallet/{wallet_id}/unfreeze", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    request_body = StatusAsked,
    responses((status = 200, body = WalletShown, description = "It is active.")))]
pub(super) async fn unfreeze_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<StatusAsked>,
) -> Result<Response, Problem> {
    change(&app, request, wallet_id, (StatusChange::Unfreeze, UNFREEZE_WALLET.name, body)).await
}

/// Closes a wallet for good: only with nothing in it and no hold.
#[utoipa::path(post, path = "/wallet/{wallet_id}/close", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    request_body = StatusAsked,
    responses((status = 200, body = WalletShown, description = "It is closed.")))]
pub(super) async fn close_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<StatusAsked>,
) -> Result<Response, Problem> {
    change(&app, request, wallet_id, (StatusChange::Close, CLOSE_WALLET.name, body)).await
}

async fn change(
    app: &Deployment,
    request: Request,
    wallet_id: WalletId,
    (change, operation, body): (StatusChange, &'static str, Body<StatusAsked>),
) -> Result<Response, Problem> {
    let opening = visible(app, &request, wallet_id).await?;
    let key = request.key(&[operation, &wallet_id.to_string()], body.hash);
    let (caller, reason) = (request.caller, body.value.reason);
    let decision = ChangeStatus { caller, wallet_id, change, reason, key };
    let outcome = app.store.decide(decision, request.context).await?;
    let entry = outcome.map_err(|refused| problem(&refused, Some(wallet_id)))?;
    let shown = WalletShown::after(&entry, opening.booked_at).ok_or_else(|| unshowable(&entry))?;
    Ok(answer::ok(&shown))
}
