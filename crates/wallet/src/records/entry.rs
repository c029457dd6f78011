//! An entry: one side of a movement, or a change of an account that moves nothing, with what the
//! account is after it. The newest entry of a chain is the account's state. How an entry is made is
//! not here; what must be true of each, alone and after the one before it, is.

use kernel::event::{
    LoanFunded, LoanFundingFailed, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured,
    PaymentFailed, PaymentRefundFailed, PaymentRefunded, PaymentSuccessful, PaymentVoided,
    VoidReason,
};
use kernel::id::Prefix;
use kernel::money::MINOR_MAX;
use kernel::record::{Account, ChainId, Hash32, Rules, all_hold, canonical};
use kernel::text::{Description, Reason, Reference};
use kernel::{
    Amount, AnyId, Currency, EventData, EventKind, HoldId, Id, Said, Subject, Time, TransferId,
    record,
};

use super::words::{Direction, EntryKind, WalletStatus};

/// The columns over which an entry's hash does not go.
pub const OUTSIDE_THE_HASH: [&str; 2] = ["reversed_by", "hash"];

record! {
    /// An entry of an account's chain. Money is in minor units of `currency`.
    pub struct Entry in "entry" of "wallet" version 1 {
        /// The account.
        account_id: ChainId,
        /// Its place: 0 opens the account, each next entry is one more.
        sequence: u64,
        /// What it books.
        kind: EntryKind,
        /// The account's status after it.
        status: WalletStatus,
        /// The account's currency, the same in all its entries.
        currency: Currency,
        /// Whether money arrives or leaves; absent where none moves.
        direction: Option<Direction>,
        /// How much moves.
        amount: Option<u64>,
        /// The account on the other side.
        counterparty: Option<Account>,
        /// How much becomes held, or is no longer held.
        hold_amount: Option<u64>,
        /// What is in the account after it.
        balance_after: i64,
        /// How much of that is held after it.
        held_after: u64,
        /// What made it: the event, the direct movement's own id, a hold whose time is up, or for
        /// entry 0 the account itself. Unique within the chain.
        cause: AnyId,
        /// The payment, refund or loan that it is about.
        related_id: Option<AnyId>,
        /// Of a refusal its kind, of a release its reason, of a reversal the operator's words.
        reason: Option<Reason>,
        /// The caller's own description.
        description: Option<Description>,
        /// The caller's own reference.
        reference: Option<Reference>,
        /// Whose account it is: in entry 0 alone, for he never changes.
        owner: Option<Subject>,
        /// When what it holds is released by itself.
        expires_at: Option<Time>,
        /// As of when it counts; never goes back within a chain, entry 0 aside.
        effective_at: Time,
        /// When it was booked; never goes back within a chain.
        booked_at: Time,
        /// The movement that it reverses.
        reverses: Option<TransferId>,
        /// SHA-256 of the body of the request that made it, if that had an idempotency key.
        body_hash: Option<Hash32>,
        /// The movement that reverses it; outside the hash.
        reversed_by: Option<TransferId>,
        /// SHA-256 over its canonical bytes and the hash before it.
        hash: Hash32,
    }
    key (account_id: ChainId, sequence)
    chain (cause, booked_at)
    index "by_owner" (owner, booked_at) every
}

impl Entry {
    /// The movement's id, on both its sides: that of the cause, for a cause moves money once. None
    /// where no money moved.
    pub fn transfer_id(&self) -> Option<TransferId> {
        self.direction.map(|_| TransferId::from_uuid(self.cause.uuid))
    }

    /// What moved.
    pub fn amount(&self) -> Option<Amount> {
        Amount::from_minor(self.amount?, self.currency).ok()
    }

    /// What became held, or is no longer held.
    pub fn hold_amount(&self) -> Option<Amount> {
        Amount::from_minor(self.hold_amount?, self.currency).ok()
    }

    /// The hash that it must have after an entry of hash `before`.
    pub fn hash_after(&self, before: Option<Hash32>) -> Hash32 {
        canonical::hash(self, before, &OUTSIDE_THE_HASH)
    }

    /// Whether it can stand right after `before`: the same account, the next place, no step back in
    /// time, and exactly the money that it says. The hash is compared by who walks the whole chain.
    ///
    /// # Errors
    /// A sentence that says what contradicts what.
    pub fn follows(&self, before: &Self) -> Result<(), String> {
        let is_next = before.sequence.checked_add(1) == Some(self.sequence);
        let no_step_back = before.sequence == 0 || before.effective_at <= self.effective_at;
        let balance = before.balance_after.checked_add(self.moved());
        let held = i64::try_from(before.held_after)
            .ok()
            .and_then(|held| held.checked_add(self.newly_held()))
            .and_then(|held| u64::try_from(held).ok());
        let status = self.kind.status_after(before.status);
        let was_closed = before.status == WalletStatus::Closed;
        all_hold(&[
            (self.account_id == before.account_id, "it stands in another account's chain"),
            (is_next, "its sequence is not the next one"),
            (self.currency == before.currency, "its currency is not the account's"),
            (before.booked_at <= self.booked_at, "it was booked before the entry before it"),
            (no_step_back, "it counts as of before the entry before it"),
            (
                balance == Some(self.balance_after),
                "its balance is not what was there and what moved",
            ),
            (held == Some(self.held_after), "what is held is not what was held and what it holds"),
            (self.status == status, "its status is not what it does to the one before"),
            (!was_closed || self.kind == EntryKind::Refused, "it changes a closed account"),
        ])
    }

    /// What moved, below zero where it left.
    fn moved(&self) -> i64 {
        let amount = signed(self.amount);
        match self.direction {
            Some(Direction::Debit) => amount.saturating_neg(),
            Some(Direction::Credit) | None => amount,
        }
    }

    /// What became held, below zero where it is held no longer.
    fn newly_held(&self) -> i64 {
        let hold = signed(self.hold_amount);
        if self.kind == EntryKind::Hold { hold } else { hold.saturating_neg() }
    }

    /// The id of that kind that it is about.
    fn related<T: Id>(&self) -> Option<T> {
        self.related_id.filter(|id| id.prefix == T::PREFIX).map(|id| T::from_uuid(id.uuid))
    }
}

/// An amount as a signed number; what would not fit is found by the rule on amounts.
fn signed(minor: Option<u64>) -> i64 {
    i64::try_from(minor.unwrap_or_default()).unwrap_or(i64::MAX)
}

fn is_amount(minor: Option<u64>) -> bool {
    minor.is_none_or(|minor| (1..=MINOR_MAX).contains(&minor))
}

impl Rules for Entry {
    fn check(&self) -> Result<(), String> {
        let is_first = self.sequence == 0;
        let is_opening = self.kind == EntryKind::Opened;
        let moves = self.direction.is_some();
        let largest = i64::try_from(MINOR_MAX).unwrap_or(i64::MAX);
        let below_zero = self.account_id.any().prefix == Prefix::Loan;
        let lowest = if below_zero { largest.saturating_neg() } else { 0 };
        let held = i64::try_from(self.held_after).unwrap_or(i64::MAX);
        let before = self.balance_after.saturating_sub(self.moved());
        let held_before = held.saturating_sub(self.newly_held());
        let in_bounds = |balance: i64| (lowest..=largest).contains(&balance);
        let is_covered = |balance: i64, held: i64| held == 0 || (0..=balance).contains(&held);
        let is_empty = self.balance_after == 0 && self.held_after == 0;
        let spends = self.direction == Some(Direction::Debit) || self.kind == EntryKind::Hold;
        let may_hold =
            matches!(self.kind, EntryKind::Hold | EntryKind::Release | EntryKind::PaymentOut);
        let must_hold = may_hold && self.kind != EntryKind::PaymentOut;
        all_hold(&[
            (is_first == is_opening, "entry 0 and no other opens the account"),
            (is_first == self.owner.is_some(), "entry 0 and no other names the owner"),
            (!is_first || is_empty, "there is something in an account that was just opened"),
            (self.kind.allows(self.direction), "an entry of its kind does not move money so"),
            (moves == self.amount.is_some(), "money moves without an amount, or the reverse"),
            (moves == self.counterparty.is_some(), "money moves to or from nowhere"),
            (is_amount(self.amount), "its amount is out of bounds"),
            (is_amount(self.hold_amount), "what it holds is out of bounds"),
            (may_hold || self.hold_amount.is_none(), "an entry of its kind holds nothing"),
            (in_bounds(self.balance_after) && in_bounds(before), "its balance is out of bounds"),
            (is_covered(self.balance_after, held), "more is held than is there"),
            (is_covered(before, held_before), "more was held than was there"),
            (!must_hold || self.hold_amount.is_some(), "it holds or releases no amount"),
            (
                self.hold_amount.is_none() || self.amount <= self.hold_amount,
                "more is captured than was held",
            ),
            ((self.kind == EntryKind::Hold) == self.expires_at.is_some(), "a hold has no end"),
            (self.kind != EntryKind::Refused || self.reason.is_some(), "a refusal has no reason"),
            (self.effective_at <= self.booked_at, "it counts as of after it was booked"),
            (
                (self.kind == EntryKind::Reversal) == self.reverses.is_some(),
                "a reversal and no other entry reverses something",
            ),
            (
                self.kind.is_reversible() || self.reversed_by.is_none(),
                "what cannot be reversed was reversed",
            ),
            (!spends || self.status == WalletStatus::Active, "money left a frozen account"),
            (!moves || self.status != WalletStatus::Closed, "money moved in a closed account"),
            (self.status != WalletStatus::Closed || is_empty, "a closed account is not empty"),
        ])
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        let wallet_id = self.account_id.wallet()?;
        let detail = said.detail.as_deref();
        let owner = || detail.and_then(|detail| Subject::new(detail).ok());
        let hold_id = || Some(HoldId::from_uuid(self.related_id?.uuid));
        Some(match said.kind {
            EventKind::PaymentSuccessful => {
                let (transaction_id, wallet_owner) = (self.related()?, owner()?);
                let amount = self.amount()?;
                PaymentSuccessful { transaction_id, wallet_id, wallet_owner, amount }.into()
            }
            EventKind::PaymentFailed => {
                let (transaction_id, wallet_owner) = (self.related()?, owner());
                let reason = self.reason.clone()?;
                PaymentFailed { transaction_id, wallet_id, wallet_owner, reason }.into()
            }
            EventKind::PaymentAuthorized => PaymentAuthorized {
                transaction_id: self.related()?,
                wallet_id,
                wallet_owner: owner()?,
                hold_id: hold_id()?,
                amount: self.hold_amount()?,
                expires_at: self.expires_at?,
            }
            .into(),
            EventKind::PaymentCaptured => {
                let told = || Amount::from_minor(detail?.parse().ok()?, self.currency).ok();
                let amount = self.amount().or_else(told)?;
                let (transaction_id, hold_id) = (self.related()?, hold_id()?);
                PaymentCaptured { transaction_id, wallet_id, hold_id, amount }.into()
            }
            EventKind::PaymentCaptureFailed => {
                let (transaction_id, reason) = (self.related()?, self.reason.clone()?);
                PaymentCaptureFailed { transaction_id, wallet_id, reason }.into()
            }
            EventKind::PaymentVoided => {
                let released = || self.reason.as_ref().map(Reason::as_str);
                let reason = VoidReason::from_text(detail.or_else(released)?)?;
                let (transaction_id, hold_id) = (self.related()?, hold_id()?);
                PaymentVoided { transaction_id, wallet_id, hold_id, reason }.into()
            }
            EventKind::PaymentRefunded => {
                let (transaction_id, refund_id) = (detail?.parse().ok()?, self.related()?);
                let amount = self.amount()?;
                PaymentRefunded { transaction_id, refund_id, wallet_id, amount }.into()
            }
            EventKind::PaymentRefundFailed => {
                let (transaction_id, refund_id) = (detail?.parse().ok()?, self.related()?);
                let reason = self.reason.clone()?;
                PaymentRefundFailed { transaction_id, refund_id, wallet_id, reason }.into()
            }
            EventKind::LoanFunded => {
                let (loan_id, wallet_owner) = (self.related()?, owner()?);
                let (amount, funded_at) = (self.amount()?, self.booked_at);
                LoanFunded { loan_id, wallet_id, wallet_owner, amount, funded_at }.into()
            }
            EventKind::LoanFundingFailed => {
                let (loan_id, wallet_owner) = (self.related()?, owner());
                let reason = self.reason.clone()?;
                LoanFundingFailed { loan_id, wallet_id, wallet_owner, reason }.into()
            }
            EventKind::PaymentRequested
            | EventKind::PaymentCaptureRequested
            | EventKind::PaymentVoidRequested
            | EventKind::PaymentRefundRequested
            | EventKind::LoanApproved
            | EventKind::LoanRejected => return None,
        })
    }
}
