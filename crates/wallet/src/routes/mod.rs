//! The routes of the service: from HTTP to a decision or a look, and back. Who may call which is said
//! in the manifest and laid over them by `http-api`; what is decided is not here.

mod history;
mod movements;
mod statement;
mod status;
mod wallets;

use http_api::{Deployment, Problem, ProblemKind, Request, Routes, routes};
use kernel::{Known, Time, WalletId};

use crate::decide::WalletRefused;
use crate::records::Entry;
use crate::{manifest, read};

/// Every route of the service.
pub fn routes() -> Routes {
    Routes::new()
        .add(&manifest::CREATE_WALLET, routes!(wallets::create_wallet))
        .add(&manifest::LIST_WALLETS, routes!(wallets::list_wallets).with_query())
        .add(&manifest::GET_WALLET, routes!(wallets::get_wallet).with_query())
        .add(&manifest::CREDIT_WALLET, routes!(movements::credit_wallet))
        .add(&manifest::DEBIT_WALLET, routes!(movements::debit_wallet))
        .add(&manifest::TRANSFER, routes!(movements::transfer))
        .add(&manifest::LIST_TRANSACTIONS, routes!(history::list_transactions).with_query())
        .add(&manifest::GET_STATEMENT, routes!(statement::get_statement).with_query())
        .add(&manifest::FREEZE_WALLET, routes!(status::freeze_wallet))
        .add(&manifest::UNFREEZE_WALLET, routes!(status::unfreeze_wallet))
        .add(&manifest::CLOSE_WALLET, routes!(status::close_wallet))
        .add(&manifest::REVERSE_TRANSACTION, routes!(movements::reverse_transaction))
}

/// Entry 0 of a wallet, if it is there and the caller's to see: its owner's, or an operator's.
async fn visible(
    app: &Deployment,
    request: &Request,
    wallet_id: WalletId,
) -> Result<Known<Entry>, Problem> {
    let caller = &request.caller;
    read::opening(&app.store, wallet_id)
        .await?
        .filter(|opening| caller.is_operator() || opening.owner.as_ref() == Some(&caller.sub))
        .ok_or_else(|| Problem::not_found("wallet"))
}

/// A period ends no earlier than it begins.
fn in_order(from: Option<Time>, to: Option<Time>) -> Result<(), Problem> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => Err(Problem::bad_field("to", "is before `from`")),
        _ => Ok(()),
    }
}

/// An entry of a wallet's chain that cannot be shown is a bug of ours.
fn unshowable(entry: &Entry) -> Problem {
    Problem::internal(format!("{}/{} cannot be shown", entry.account_id, entry.sequence))
}

/// A refusal of a request, about the wallet in its path if there is one.
fn problem(refused: &WalletRefused, path: Option<WalletId>) -> Problem {
    let detail = refused.to_string();
    let rule = |kind| Problem::rule(kind, detail.clone());
    let conflict = |kind| Problem::conflict(kind, detail.clone());
    match refused {
        WalletRefused::KeyReused => Problem::key_reused(),
        WalletRefused::WalletNotFound { wallet_id } if Some(*wallet_id) == path => {
            Problem::not_found("wallet")
        }
        WalletRefused::WalletNotFound { .. } => rule(ProblemKind::WalletNotFound),
        WalletRefused::TransactionNotFound { .. } => Problem::not_found("transaction"),
        WalletRefused::HoldNotFound { .. } => Problem::not_found("hold"),
        WalletRefused::TransferToItself => rule(ProblemKind::SameWallet),
        WalletRefused::NotReversible { .. } => conflict(ProblemKind::NotReversible),
        WalletRefused::AlreadyReversed { .. } => conflict(ProblemKind::AlreadyReversed),
        WalletRefused::WrongStatus { .. } => conflict(ProblemKind::WrongState),
        WalletRefused::HoldExpired { .. } => rule(ProblemKind::HoldExpired),
        WalletRefused::WalletClosed { .. } => rule(ProblemKind::WalletClosed),
        WalletRefused::WalletFrozen { .. } => rule(ProblemKind::WalletFrozen),
        WalletRefused::CurrencyMismatch { .. } => rule(ProblemKind::CurrencyMismatch),
        WalletRefused::CaptureExceedsHold { .. } => rule(ProblemKind::CaptureExceedsHold),
        WalletRefused::InsufficientFunds { available, .. } => {
            rule(ProblemKind::InsufficientFunds).with("available", available.to_string())
        }
        WalletRefused::BalanceLimit { .. } => rule(ProblemKind::BalanceLimit),
        WalletRefused::WalletNotEmpty { .. } => rule(ProblemKind::WalletNotEmpty),
        // Of these no request of a route can be refused: they answer events and imported rows.
        WalletRefused::HoldCaptured
        | WalletRefused::HoldVoided
        | WalletRefused::ReferenceReused { .. }
        | WalletRefused::InTheFuture { .. }
        | WalletRefused::OutOfOrder { .. } => conflict(ProblemKind::WrongState),
    }
}
