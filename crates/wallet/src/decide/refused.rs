//! Every way in which the wallet service says no, in order of precedence. Each is a sentence for the
//! caller and a short word for programs. Which HTTP status it is, the routes say.

use kernel::{Balance, Currency, HoldId, Time, TransferId, WalletId};

use crate::records::{EntryKind, WalletStatus};

/// A rule said no. Nothing changed; the caller acts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WalletRefused {
    /// The key of an earlier request came with another body.
    #[error(
        "This Idempotency-Key came before with another body: send that body again, or take a new key."
    )]
    KeyReused,
    /// No such wallet, or it is somebody else's.
    #[error("There is no wallet {wallet_id} that you may use.")]
    WalletNotFound {
        /// The wallet that was named.
        wallet_id: WalletId,
    },
    /// The wallet has no movement of that id.
    #[error("The wallet has no transaction {transaction_id}.")]
    TransactionNotFound {
        /// The movement that was named.
        transaction_id: TransferId,
    },
    /// The wallet has no hold of that id.
    #[error("The wallet has no hold {hold_id}.")]
    HoldNotFound {
        /// The hold that was named.
        hold_id: HoldId,
    },
    /// From a wallet to the same wallet.
    #[error("A transfer needs two wallets; name another one in `to_wallet_id`.")]
    TransferToItself,
    /// Movements of this kind go back by another way, or not at all.
    #[error("A {} cannot be reversed; only credits, debits, transfers and imports can.", kind.text())]
    NotReversible {
        /// What it is.
        kind: EntryKind,
    },
    /// It was reversed before.
    #[error("The transaction was reversed already, by {reversed_by}.")]
    AlreadyReversed {
        /// The movement that reversed it.
        reversed_by: TransferId,
    },
    /// The wallet is already so, or can never be so again.
    #[error("The wallet is {}; {}.", status.text(), needs(*wanted))]
    WrongStatus {
        /// What it is.
        status: WalletStatus,
        /// What was asked for.
        wanted: WalletStatus,
    },
    /// The money was taken before.
    #[error("The hold was captured already.")]
    HoldCaptured,
    /// The money was released before.
    #[error("The hold was voided.")]
    HoldVoided,
    /// The time of the hold was up.
    #[error("The hold ended at {expires_at}; it can no longer be captured.")]
    HoldExpired {
        /// When.
        expires_at: Time,
    },
    /// Nothing is booked on it any more.
    #[error("Wallet {wallet_id} is closed; nothing more is booked on it.")]
    WalletClosed {
        /// The wallet that is closed.
        wallet_id: WalletId,
    },
    /// No money leaves it.
    #[error("Wallet {wallet_id} is frozen; no money leaves it until an operator unfreezes it.")]
    WalletFrozen {
        /// The wallet that is frozen.
        wallet_id: WalletId,
    },
    /// The amount is in another currency.
    #[error("Wallet {wallet_id} is in {wallet}, the amount in {asked}; nothing is converted.")]
    CurrencyMismatch {
        /// The wallet.
        wallet_id: WalletId,
        /// Its currency.
        wallet: Currency,
        /// The amount's.
        asked: Currency,
    },
    /// More is to be captured than is held.
    #[error("Only {held} {} is held; a capture takes at most that.", held.currency())]
    CaptureExceedsHold {
        /// What is held.
        held: Balance,
    },
    /// An imported row contradicts one that is booked.
    #[error("Another row was booked under this reference, as {booked_as}.")]
    ReferenceReused {
        /// The movement that has the reference.
        booked_as: TransferId,
    },
    /// An imported row is dated after today.
    #[error("The row is dated {effective_at}, which is still to come.")]
    InTheFuture {
        /// The row's date.
        effective_at: Time,
    },
    /// An imported row is older than what its account has booked.
    #[error("Out of order: the row is dated {effective_at}, the account's newest entry {newest}.")]
    OutOfOrder {
        /// The row's date.
        effective_at: Time,
        /// Since when nothing older is taken.
        newest: Time,
    },
    /// There is less than what is to leave.
    #[error(
        "Only {available} {} is available in wallet {wallet_id}; add funds first, or move at most that.",
        available.currency()
    )]
    InsufficientFunds {
        /// The wallet.
        wallet_id: WalletId,
        /// What could leave: the balance less what is held.
        available: Balance,
    },
    /// There would be more than an account can hold.
    #[error("Wallet {wallet_id} would have more than {limit} {}, the most that it can; move less.", limit.currency())]
    BalanceLimit {
        /// The wallet.
        wallet_id: WalletId,
        /// The most that it can have.
        limit: Balance,
    },
    /// Something is still in a wallet that is to be closed.
    #[error(
        "Wallet {wallet_id} still has {balance} {currency}, of which {held} {currency} is held; empty it first.",
        currency = balance.currency()
    )]
    WalletNotEmpty {
        /// The wallet.
        wallet_id: WalletId,
        /// What is in it.
        balance: Balance,
        /// What is held in it.
        held: Balance,
    },
}

/// Which wallets can become that, as the end of a sentence.
fn needs(wanted: WalletStatus) -> &'static str {
    match wanted {
        WalletStatus::Frozen => "only one that is ACTIVE can be frozen",
        WalletStatus::Active => "only one that is FROZEN can be unfrozen",
        WalletStatus::Closed => "only one that is ACTIVE or FROZEN can be closed",
    }
}

impl WalletRefused {
    /// The word for it in events, problem types and reasons.
    pub fn slug(&self) -> &'static str {
        match self {
            Self::KeyReused => "idempotency-key-reused",
            Self::WalletNotFound { .. } => "wallet-not-found",
            Self::TransactionNotFound { .. } => "transaction-not-found",
            Self::HoldNotFound { .. } => "hold-not-found",
            Self::TransferToItself => "same-wallet",
            Self::NotReversible { .. } => "not-reversible",
            Self::AlreadyReversed { .. } => "already-reversed",
            Self::WrongStatus { .. } => "wrong-state",
            Self::HoldCaptured => "hold-captured",
            Self::HoldVoided => "hold-voided",
            Self::HoldExpired { .. } => "hold-expired",
            Self::WalletClosed { .. } => "wallet-closed",
            Self::WalletFrozen { .. } => "wallet-frozen",
            Self::CurrencyMismatch { .. } => "currency-mismatch",
            Self::CaptureExceedsHold { .. } => "capture-exceeds-hold",
            Self::ReferenceReused { .. } => "reference-reused",
            Self::InTheFuture { .. } => "in-the-future",
            Self::OutOfOrder { .. } => "out-of-order",
            Self::InsufficientFunds { .. } => "insufficient-funds",
            Self::BalanceLimit { .. } => "balance-limit",
            Self::WalletNotEmpty { .. } => "wallet-not-empty",
        }
    }
}
