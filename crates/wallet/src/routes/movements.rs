//! What moves money at once: credit, debit, transfer, reverse. What events move is in `decide`.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, Body, CurrencyText, Deployment, Id, Ids, MoneyText, Problem, Request, answer};
use kernel::record::Hash32;
use kernel::{Amount, TransferId, WalletId};

use super::{problem, unshowable, visible};
use crate::bodies::{Moved, MovementAsked, ReversalAsked, TransferAsked};
use crate::decide::{Credit, Debit, Movement, Note, Reverse, Transfer, WalletRefused};
use crate::manifest::{CREDIT_WALLET, DEBIT_WALLET, REVERSE_TRANSACTION, TRANSFER};
use crate::records::Entry;

/// Adds funds from outside.
///
/// For operators; for a wallet's owner too where the deployment has `self_funding` on. They arrive in
/// a frozen wallet too.
#[utoipa::path(post, path = "/wallet/{wallet_id}/credit", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    request_body = MovementAsked,
    responses((status = 200, body = Moved, description = "Booked.")))]
pub(super) async fn credit_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<MovementAsked>,
) -> Result<Response, Problem> {
    if !request.caller.is_operator() && !app.settings.self_funding {
        let detail = "Only operators credit wallets from outside in this deployment.";
        return Err(Problem::forbidden(detail));
    }
    let movement = movement(&app, &request, wallet_id, (CREDIT_WALLET.name, body)).await?;
    moved(app.store.decide(Credit(movement), request.context).await?, wallet_id)
}

/// Removes funds to outside.
///
/// Never more than is available: the balance less what is held.
#[utoipa::path(post, path = "/wallet/{wallet_id}/debit", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet.")),
    request_body = MovementAsked,
    responses((status = 200, body = Moved, description = "Booked.")))]
pub(super) async fn debit_wallet(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<MovementAsked>,
) -> Result<Response, Problem> {
    let movement = movement(&app, &request, wallet_id, (DEBIT_WALLET.name, body)).await?;
    moved(app.store.decide(Debit(movement), request.context).await?, wallet_id)
}

/// Moves funds to another wallet of the same currency.
///
/// Both wallets change in one step, or neither. The answer shows the caller's.
#[utoipa::path(post, path = "/wallet/{wallet_id}/transfer", tag = "wallet",
    params(("wallet_id" = String, Path, description = "The wallet that the money leaves.")),
    request_body = TransferAsked,
    responses((status = 200, body = Moved, description = "Booked.")))]
pub(super) async fn transfer(
    State(app): State<App>,
    request: Request,
    Id(wallet_id): Id<WalletId>,
    body: Body<TransferAsked>,
) -> Result<Response, Problem> {
    let TransferAsked { to_wallet_id, amount, currency, description, reference } = body.value;
    let value = MovementAsked { amount, currency, description, reference };
    let body = Body { value, hash: body.hash };
    let movement = movement(&app, &request, wallet_id, (TRANSFER.name, body)).await?;
    let decision = Transfer { movement, to_wallet_id };
    moved(app.store.decide(decision, request.context).await?, wallet_id)
}

/// Reverses a credit, debit, transfer or import.
///
/// The same amount goes the other way, on both sides of a transfer, once, and only if it is there: a
/// reversal obeys the same rules as any movement. A payment is refunded instead.
#[utoipa::path(post, path = "/wallet/{wallet_id}/transactions/{transaction_id}/reverse",
    tag = "wallet",
    params(
        ("wallet_id" = String, Path, description = "A wallet that the movement is of."),
        ("transaction_id" = String, Path, description = "The movement."),
    ),
    request_body = ReversalAsked,
    responses((status = 200, body = Moved, description = "Reversed.")))]
pub(super) async fn reverse_transaction(
    State(app): State<App>,
    request: Request,
    Ids(wallet_id, transaction_id): Ids<WalletId, TransferId>,
    body: Body<ReversalAsked>,
) -> Result<Response, Problem> {
    let (wallet, transaction) = (wallet_id.to_string(), transaction_id.to_string());
    let decision = Reverse {
        wallet_id,
        transaction_id,
        reason: body.value.reason,
        key: request.key(&[REVERSE_TRANSACTION.name, &wallet, &transaction], body.hash),
        caller: request.caller,
    };
    moved(app.store.decide(decision, request.context).await?, wallet_id)
}

/// What a request asks of a wallet that is the caller's to move. The amount is read in the wallet's
/// currency unless the request names one.
async fn movement(
    app: &Deployment,
    request: &Request,
    wallet_id: WalletId,
    (operation, body): (&'static str, Body<MovementAsked>),
) -> Result<Movement, Problem> {
    let opening = visible(app, request, wallet_id).await?;
    let MovementAsked { amount, currency, description, reference } = body.value;
    Ok(Movement {
        caller: request.caller.clone(),
        wallet_id,
        amount: read_amount(&amount, currency.as_ref(), &opening)?,
        note: Note { description, reference },
        key: key(request, operation, wallet_id, body.hash),
    })
}

fn read_amount(
    amount: &MoneyText,
    currency: Option<&CurrencyText>,
    opening: &Entry,
) -> Result<Amount, Problem> {
    let currency = match currency {
        Some(text) => text.parse("currency")?,
        None => opening.currency,
    };
    amount.parse("amount", currency)
}

fn key(
    request: &Request,
    operation: &'static str,
    wallet_id: WalletId,
    body: Hash32,
) -> Option<kernel::RequestKey> {
    request.key(&[operation, &wallet_id.to_string()], body)
}

/// The answer to a movement.
fn moved(outcome: Result<Entry, WalletRefused>, path: WalletId) -> Result<Response, Problem> {
    let entry = outcome.map_err(|refused| problem(&refused, Some(path)))?;
    let moved = Moved::by(&entry).ok_or_else(|| unshowable(&entry))?;
    Ok(answer::ok(&moved))
}
