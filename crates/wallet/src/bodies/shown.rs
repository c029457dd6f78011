//! What answers show: wallets, movements, statements.

use kernel::text::{Description, Reason, Reference};
use kernel::{Amount, AnyId, Currency, Time, TransferId, WalletId};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::decide::Wallet;
use crate::read::Statement;
use crate::records::{Direction, Entry, EntryKind, WalletStatus};

/// A wallet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WalletShown {
    /// Its id.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub(crate) wallet_id: WalletId,
    /// What is in it.
    #[schema(example = "250.00")]
    pub(crate) balance: String,
    /// What can leave it: the balance less what is held.
    #[schema(example = "224.50")]
    pub(crate) available: String,
    /// What is held for payments that are authorized and not captured.
    #[schema(example = "25.50")]
    pub(crate) held: String,
    /// Its currency.
    #[schema(value_type = String, example = "USD")]
    pub(crate) currency: Currency,
    /// `ACTIVE`; `FROZEN`: money arrives and none leaves; `CLOSED`: nothing, for good.
    #[schema(pattern = "^(ACTIVE|FROZEN|CLOSED)$", example = "ACTIVE")]
    pub(crate) status: &'static str,
    /// When it was opened.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) created_at: Time,
}

impl WalletShown {
    /// A wallet as it is after an entry; none if it is no wallet's.
    pub(crate) fn after(entry: &Entry, created_at: Time) -> Option<Self> {
        Wallet::after(entry).map(|wallet| Self::of(&wallet, created_at))
    }

    /// A wallet before its first movement.
    pub(crate) fn empty(opening: &Entry) -> Option<Self> {
        Self::after(opening, opening.booked_at)
    }

    fn of(wallet: &Wallet, created_at: Time) -> Self {
        Self {
            wallet_id: wallet.wallet_id,
            balance: wallet.balance.to_string(),
            available: wallet.available().to_string(),
            held: wallet.held.to_string(),
            currency: wallet.currency(),
            status: WalletStatus::text(wallet.status),
            created_at,
        }
    }
}

/// The type of a movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TransactionType(pub(crate) EntryKind);

impl Serialize for TransactionType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.text())
    }
}

impl<'de> Deserialize<'de> for TransactionType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let kind = EntryKind::MOVEMENTS.into_iter().find(|kind| kind.text() == text);
        kind.map(Self).ok_or_else(|| {
            let words = EntryKind::MOVEMENTS.map(EntryKind::text).join(", ");
            serde::de::Error::custom(format!("must be one of {words}"))
        })
    }
}

impl PartialSchema for TransactionType {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(EntryKind::MOVEMENTS.map(EntryKind::text)))
            .examples(["PAYMENT_OUT"])
            .into()
    }
}

impl ToSchema for TransactionType {}

/// A movement of money, as one wallet sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct TransactionShown {
    /// The movement's id, the same in both wallets of a transfer.
    #[schema(value_type = String, example = "trf_01979e6c-7d6e-7f87-9041-5c6d7e8f90a1")]
    pub(crate) transaction_id: TransferId,
    /// Its place among the wallet's entries; entries that moved no money leave gaps.
    #[schema(example = 7)]
    pub(crate) sequence: u64,
    /// What it is.
    pub(crate) r#type: TransactionType,
    /// How much came, or with a minus left.
    #[schema(pattern = r"^-?(0|[1-9][0-9]*)(\.[0-9]{1,4})?$", example = "-25.50")]
    pub(crate) amount: String,
    /// The wallet's currency.
    #[schema(value_type = String, example = "USD")]
    pub(crate) currency: Currency,
    /// What was in the wallet after it.
    #[schema(example = "224.50")]
    pub(crate) balance_after: String,
    /// The account on the other side: `world`, `merchant:…`, `wallet:…`, `loan:…`.
    #[schema(example = "merchant:bookshop-12")]
    pub(crate) counterparty: String,
    /// The payment, refund or loan that it is about.
    #[schema(value_type = Option<String>, example = "pay_01979e6c-5b4c-7d65-9e2f-3a4b5c6d7e8f")]
    pub(crate) related_id: Option<String>,
    /// The caller's own description.
    #[schema(value_type = Option<String>, example = "Two novels")]
    pub(crate) description: Option<Description>,
    /// The caller's own reference.
    #[schema(value_type = Option<String>, example = "order-4711")]
    pub(crate) reference: Option<Reference>,
    /// Of a reversal: the operator's words.
    #[schema(value_type = Option<String>)]
    pub(crate) reason: Option<Reason>,
    /// Of a reversal: the movement that it reverses.
    #[schema(value_type = Option<String>)]
    pub(crate) reverses: Option<TransferId>,
    /// The reversal, if it was reversed.
    #[schema(value_type = Option<String>)]
    pub(crate) reversed_by: Option<TransferId>,
    /// As of when it counts: of an import the date of its row, else when it was booked.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) effective_at: Time,
    /// When it was booked.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) booked_at: Time,
}

impl TransactionShown {
    /// An entry that moved money; none of others.
    pub(crate) fn of(entry: &Entry) -> Option<Self> {
        Some(Self {
            transaction_id: entry.transfer_id()?,
            sequence: entry.sequence,
            r#type: TransactionType(entry.kind),
            amount: signed(entry.direction?, entry.amount()?),
            currency: entry.currency,
            balance_after: Wallet::after(entry)?.balance.to_string(),
            counterparty: entry.counterparty.as_ref()?.to_string(),
            related_id: entry.related_id.as_ref().map(AnyId::to_string),
            description: entry.description.clone(),
            reference: entry.reference.clone(),
            reason: entry.reason.clone(),
            reverses: entry.reverses,
            reversed_by: entry.reversed_by,
            effective_at: entry.effective_at,
            booked_at: entry.booked_at,
        })
    }
}

fn signed(direction: Direction, amount: Amount) -> String {
    match direction {
        Direction::Credit => amount.to_string(),
        Direction::Debit => format!("-{amount}"),
    }
}

/// What a movement left in its wallet.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Moved {
    /// The movement.
    pub(crate) transaction: TransactionShown,
    /// The wallet just after it.
    pub(crate) wallet: WalletAfter,
}

/// A wallet just after a movement.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct WalletAfter {
    /// Its id.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    wallet_id: WalletId,
    /// Its currency.
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// What is in it.
    #[schema(example = "250.00")]
    balance: String,
    /// What can leave it: the balance less what is held.
    #[schema(example = "224.50")]
    available: String,
    /// What is held.
    #[schema(example = "25.50")]
    held: String,
}

impl Moved {
    /// The answer to the request that made an entry: the same each time, whatever has happened since.
    pub(crate) fn by(entry: &Entry) -> Option<Self> {
        let wallet = Wallet::after(entry)?;
        let transaction = TransactionShown::of(entry)?;
        Some(Self {
            transaction: TransactionShown { reversed_by: None, ..transaction },
            wallet: WalletAfter {
                wallet_id: wallet.wallet_id,
                currency: wallet.currency(),
                balance: wallet.balance.to_string(),
                available: wallet.available().to_string(),
                held: wallet.held.to_string(),
            },
        })
    }
}

/// The movements of a period between two balances.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StatementShown {
    /// The wallet.
    #[schema(value_type = String, example = "wal_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    pub(crate) wallet_id: WalletId,
    /// Its currency.
    #[schema(value_type = String, example = "USD")]
    pub(crate) currency: Currency,
    /// From then on; null: since it was opened.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) from: Option<Time>,
    /// Until just before then; null: until now.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) to: Option<Time>,
    /// What was in it just before.
    #[schema(example = "100.00")]
    pub(crate) opening_balance: String,
    /// What moved, oldest first, by the time as of which it counts.
    pub(crate) entries: Vec<TransactionShown>,
    /// What was in it at the end.
    #[schema(example = "250.00")]
    pub(crate) closing_balance: String,
}

impl StatementShown {
    /// A statement of a wallet over a period.
    pub(crate) fn of(
        wallet_id: WalletId,
        statement: &Statement,
        from: Option<Time>,
        to: Option<Time>,
    ) -> Self {
        let entries = statement.entries.iter().filter_map(|entry| TransactionShown::of(entry));
        Self {
            wallet_id,
            currency: statement.opening.currency(),
            from,
            to,
            opening_balance: statement.opening.to_string(),
            entries: entries.collect(),
            closing_balance: statement.closing.to_string(),
        }
    }
}
