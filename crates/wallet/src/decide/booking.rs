//! How an entry is made: opened, or drafted from the one before it and then sealed with its hash.
//! Whether it may be made is not here.

use kernel::record::{Account, Hash32};
use kernel::text::Reason;
use kernel::{Amount, AnyId, Currency, Id, Subject, Time, WalletId};

use super::Wallet;
use crate::records::{Direction, Entry, EntryKind, WalletStatus};

/// Whose a wallet is and what it begins with.
pub(super) struct Opening {
    pub(super) wallet_id: WalletId,
    pub(super) owner: Subject,
    pub(super) currency: Currency,
    pub(super) body_hash: Option<Hash32>,
}

impl Entry {
    /// Entry 0, sealed.
    pub(super) fn opening(opening: Opening, now: Time) -> Self {
        let Opening { wallet_id, owner, currency, body_hash } = opening;
        let entry = Self {
            account_id: wallet_id.into(),
            sequence: 0,
            kind: EntryKind::Opened,
            status: WalletStatus::Active,
            currency,
            direction: None,
            amount: None,
            counterparty: None,
            hold_amount: None,
            balance_after: 0,
            held_after: 0,
            cause: wallet_id.any(),
            related_id: None,
            reason: None,
            description: None,
            reference: None,
            owner: Some(owner),
            expires_at: None,
            effective_at: now,
            booked_at: now,
            reverses: None,
            body_hash,
            reversed_by: None,
            hash: Hash32([0; 32]),
        };
        Self { hash: entry.hash_after(None), ..entry }
    }

    /// A draft of the entry after this one: booked now, or when this one was if that is later, and
    /// changing nothing yet.
    pub(super) fn next(&self, kind: EntryKind, cause: AnyId, now: Time) -> Self {
        let booked_at = now.max(self.booked_at);
        Self {
            account_id: self.account_id,
            sequence: self.sequence.saturating_add(1),
            kind,
            status: self.status,
            currency: self.currency,
            direction: None,
            amount: None,
            counterparty: None,
            hold_amount: None,
            balance_after: self.balance_after,
            held_after: self.held_after,
            cause,
            related_id: None,
            reason: None,
            description: None,
            reference: None,
            owner: None,
            expires_at: None,
            effective_at: booked_at,
            booked_at,
            reverses: None,
            body_hash: None,
            reversed_by: None,
            hash: self.hash,
        }
    }

    /// The draft with what moves in it.
    pub(super) fn moving(
        self,
        direction: Direction,
        amount: Amount,
        counterparty: Account,
    ) -> Self {
        Self {
            direction: Some(direction),
            amount: Some(amount.minor()),
            counterparty: Some(counterparty),
            ..self
        }
    }

    /// The draft with what the wallet is after it.
    pub(super) fn leaving(self, after: &Wallet) -> Self {
        let balance_after = i64::try_from(after.balance.minor()).unwrap_or(i64::MAX);
        Self { status: after.status, balance_after, held_after: after.held.minor(), ..self }
    }

    /// The finished entry. Asserts that it may stand after `before`: the rules that made the draft
    /// and the rules of a chain must agree on every cent.
    pub(super) fn sealed(self, before: &Self) -> Self {
        assert_eq!(self.follows(before), Ok(()), "an entry does not follow the one before it");
        Self { hash: self.hash_after(Some(before.hash)), ..self }
    }

    /// What the wallet is after this entry of its chain.
    pub(super) fn wallet(&self) -> Wallet {
        match Wallet::after(self) {
            Some(wallet) => wallet,
            None => unreachable!("{} is no wallet's chain", self.account_id),
        }
    }
}

/// A word of ours as a reason.
pub(super) fn reason(word: &'static str) -> Reason {
    match Reason::new(word) {
        Ok(reason) => reason,
        Err(refused) => unreachable!("a word of ours {word:?} {refused}"),
    }
}
