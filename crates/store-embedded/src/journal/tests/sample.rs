//! Kinds of record as services have them: a payment, and an entry of a wallet's chain. Here they say
//! nothing about themselves; the services' own kinds have rules.

use kernel::record::{Account, ChainId, Column, Hash32, Row, Rules, Shard};
use kernel::text::{Description, MerchantId, Reason};
use kernel::{
    AnyId, CorrelationId, Currency, HoldId, Kind, PaymentId, Record, Subject, Time, TransferId,
    Value, WalletId, record,
};

record! {
    /// A payment.
    pub struct Payment in "payment" of "payment" version 1 {
        payment_id: PaymentId,
        wallet_id: WalletId,
        merchant_id: MerchantId,
        amount_minor: u64,
        currency: Currency,
        capture: String,
        status: String,
        reason: Option<Reason>,
        description: Option<Description>,
        reference: Option<Description>,
        created_by: Subject,
        requested_as: String,
        owner: Option<Subject>,
        created_at: Time,
        updated_at: Time,
        captured_minor: u64,
        refunded_minor: u64,
        refunding_minor: u64,
        hold_id: Option<HoldId>,
        expires_at: Option<Time>,
        held: Option<Shard>,
        asked: Option<String>,
        asked_minor: Option<u64>,
        recent_keys: Option<String>,
        body_hash: Option<Hash32>,
        waiting_since: Option<Time>,
        speaks_at: Option<Time>,
        open: Option<Shard>,
    }
    key (payment_id: PaymentId)
    index "by_wallet" (wallet_id, created_at) every
}

impl Rules for Payment {}

record! {
    /// An entry.
    pub struct Entry in "entry" of "wallet" version 1 {
        account_id: ChainId,
        sequence: u64,
        kind: String,
        status: String,
        currency: Currency,
        direction: Option<String>,
        amount: Option<u64>,
        counterparty: Option<Account>,
        hold_amount: Option<u64>,
        balance_after: i64,
        held_after: u64,
        cause: AnyId,
        related_id: Option<AnyId>,
        reason: Option<Reason>,
        description: Option<Description>,
        correlation: Option<CorrelationId>,
        owner: Option<Subject>,
        expires_at: Option<Time>,
        effective_at: Time,
        booked_at: Time,
        reverses: Option<TransferId>,
        body_hash: Option<Hash32>,
        reversed_by: Option<TransferId>,
        hash: Hash32,
    }
    key (account_id: ChainId, sequence)
    chain (cause, booked_at)
}

impl Rules for Entry {}

/// What the tests' journal is told of.
pub(super) const KINDS: &[&Kind] = &[Payment::KIND, Entry::KIND];

/// A kind of which there is an older version.
pub(super) mod older {
    use super::*;

    record! {
        /// A note, as it was.
        pub struct Note in "note" of "test" version 1 {
            note_id: HoldId,
            gone: Option<String>,
            amount: u64,
        }
        key (note_id: HoldId)
    }

    impl Rules for Note {}
}

/// The same kind, newer: columns in another order, one gone, one new.
pub(super) mod newer {
    use super::*;

    record! {
        /// A note, as it is.
        pub struct Note in "note" of "test" version 2 {
            amount: u64,
            doubled: u64,
            note_id: HoldId,
        }
        key (note_id: HoldId)
        upgrade [double]
    }

    impl Rules for Note {}

    fn double(row: &mut Row<'_>) {
        let amount = i64::from_value(row.get("amount")).unwrap_or_default();
        row.set("doubled", Value::Integer(amount * 2));
    }
}
