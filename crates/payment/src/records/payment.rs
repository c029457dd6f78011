//! The record of a payment, the rules that it never breaks and the events that it says. Which
//! change may follow which is not here but in `decide`.

use kernel::event::{
    Capture, EventData, EventKind, PaymentCaptureRequested, PaymentRequested, PaymentVoidRequested,
    Said,
};
use kernel::record::{Hash32, Shard};
use kernel::request::RecentKeys;
use kernel::text::{Description, MerchantId, Reason, Reference};
use kernel::{
    Amount, Balance, Caller, Currency, EventId, HoldId, PaymentId, RoleName, Rules, Subject, Time,
    WalletId,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{amount, balance, require};

/// How far a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PaymentStatus {
    /// Asked for; the wallet has not answered.
    Pending,
    /// The wallet holds the money: it can be captured or voided.
    Authorized,
    /// The money was taken.
    Successful,
    /// The money was not taken, and the record says why.
    Failed,
    /// The hold was released and nothing taken.
    Voided,
    /// The money was taken, and all of it is back.
    Refunded,
}

kernel::word_column!(PaymentStatus {
    Pending = "PENDING",
    Authorized = "AUTHORIZED",
    Successful = "SUCCESSFUL",
    Failed = "FAILED",
    Voided = "VOIDED",
    Refunded = "REFUNDED",
});

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Authorized,
        Self::Successful,
        Self::Failed,
        Self::Voided,
        Self::Refunded,
    ];
}

/// What the wallet was asked to do with held money, and has not answered yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// To take it.
    Capture,
    /// To release it.
    Void,
}

kernel::word_column!(Asked { Capture = "capture", Void = "void" });

kernel::record! {
    /// A payment of a wallet to a merchant. The columns from `hold_id` on are absent or nothing in
    /// a payment that takes its money at once, so that the usual one stays small.
    pub struct Payment in "payment" of "payment" version 1 {
        /// Its id; the API calls it `transaction_id`.
        payment_id: PaymentId,
        /// The wallet that pays.
        wallet_id: WalletId,
        /// Who is paid.
        merchant_id: MerchantId,
        /// How much was asked for, in minor units of the currency.
        amount_minor: u64,
        /// The currency of all its amounts.
        currency: Currency,
        /// Whether the money is taken at once or held first.
        capture: Capture,
        /// How far it is.
        status: PaymentStatus,
        /// Why it failed; `requested` or `expired` of a void; why the last capture failed of a
        /// payment that is still authorized.
        reason: Option<Reason>,
        /// The caller's own description.
        description: Option<Description>,
        /// The caller's own reference.
        reference: Option<Reference>,
        /// Who asked for it; he sees it.
        created_by: Subject,
        /// As what he asked.
        requested_as: RoleName,
        /// Whose wallet it is, as the wallet said; he sees it too.
        owner: Option<Subject>,
        /// When it was asked for.
        created_at: Time,
        /// When it changed last.
        updated_at: Time,
        /// What was taken, in minor units.
        captured_minor: u64,
        /// What is back, in minor units.
        refunded_minor: u64,
        /// What refunds under way will bring back, in minor units.
        refunding_minor: u64,
        /// The hold, once the wallet has said it.
        hold_id: Option<HoldId>,
        /// When the hold is released by itself.
        expires_at: Option<Time>,
        /// Its partition in the index of what is authorized.
        held: Option<Shard>,
        /// What the wallet was asked to do with the hold and has not answered.
        asked: Option<Asked>,
        /// How much of the hold it was asked to take, in minor units.
        asked_minor: Option<u64>,
        /// The event that asked; an answer to another one is an old one.
        asked_event: Option<EventId>,
        /// The keys of the requests that captured or voided it.
        recent_keys: RecentKeys,
        /// The hash of the request's body, if an `Idempotency-Key` named this record.
        body_hash: Option<Hash32>,
        /// Since when it waits for the wallet.
        waiting_since: Option<Time>,
        /// When it says its last event again.
        speaks_at: Option<Time>,
        /// Its partition in the index of what waits.
        open: Option<Shard>,
    }
    key (payment_id: PaymentId)
    index "by_wallet" (wallet_id, created_at) every
    index "open" (open, speaks_at) every
    index "held" (held, expires_at) every
    index "by_status" (status, created_at) embedded
    index "by_merchant" (merchant_id, created_at) embedded
    index "by_reference" (reference, created_at) embedded
}

impl Payment {
    /// How much was asked for.
    pub fn amount(&self) -> Amount {
        amount(self.amount_minor, self.currency)
    }

    /// What was taken.
    pub fn captured(&self) -> Balance {
        balance(self.captured_minor, self.currency)
    }

    /// What is back.
    pub fn refunded(&self) -> Balance {
        balance(self.refunded_minor, self.currency)
    }

    /// What can still go back: what was taken, less what is back and what is on its way.
    pub fn refundable(&self) -> Balance {
        let gone = self.refunded_minor.saturating_add(self.refunding_minor);
        balance(self.captured_minor.saturating_sub(gone), self.currency)
    }

    /// Whether the caller may see it: who asked for it, whose wallet it is, an operator, or a
    /// service for payments.
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        caller.may_act_for(&self.created_by)
            || self.owner.as_ref().is_some_and(|owner| caller.may_act_for(owner))
    }

    /// A copy that changes now; its time never goes back.
    pub(crate) fn changed(&self, now: Time) -> Self {
        Self { updated_at: now.max(self.updated_at), ..self.clone() }
    }

    /// The event's detail is how long the money is held.
    fn requested(&self, said: &Said) -> PaymentRequested {
        PaymentRequested {
            transaction_id: self.payment_id,
            wallet_id: self.wallet_id,
            merchant_id: self.merchant_id.clone(),
            amount: self.amount(),
            capture: self.capture,
            requested_by: self.created_by.clone(),
            requested_as: self.requested_as,
            hold_seconds: said.detail.as_deref().and_then(|seconds| seconds.parse().ok()),
            description: self.description.clone(),
            reference: self.reference.clone(),
        }
    }

    fn check_money(&self) -> Result<(), String> {
        Amount::from_minor(self.amount_minor, self.currency)
            .map_err(|refused| format!("the amount {refused}"))?;
        require(self.captured_minor <= self.amount_minor, "more was taken than asked for")?;
        let back = self.refunded_minor.checked_add(self.refunding_minor);
        require(
            back.is_some_and(|back| back <= self.captured_minor),
            "more goes back than was taken",
        )?;
        let was_taken = matches!(self.status, PaymentStatus::Successful | PaymentStatus::Refunded);
        require(was_taken == (self.captured_minor > 0), "its status and what was taken disagree")?;
        let is_whole = self.capture == Capture::Manual || self.captured_minor == self.amount_minor;
        require(!was_taken || is_whole, "without a hold a payment takes all or nothing")?;
        let is_back = was_taken && self.refunded_minor == self.captured_minor;
        require(
            is_back == (self.status == PaymentStatus::Refunded),
            "its status and what is back disagree",
        )
    }

    fn check_hold(&self) -> Result<(), String> {
        let is_authorized = self.status == PaymentStatus::Authorized;
        let is_known = self.hold_id.is_some() && self.expires_at.is_some();
        require(!is_authorized || is_known, "it is authorized without a hold")?;
        require(
            self.hold_id.is_none() || self.capture == Capture::Manual,
            "a payment that takes its money at once has no hold",
        )?;
        require(self.held.is_some() == is_authorized, "`held` says that it is authorized, or not")?;
        require(self.asked.is_none() || is_authorized, "only held money is captured or voided")?;
        require(
            self.asked.is_some() == self.asked_event.is_some(),
            "what was asked and the event that asked go together",
        )?;
        match (self.asked, self.asked_minor) {
            (Some(Asked::Capture), Some(minor)) => {
                require((1..=self.amount_minor).contains(&minor), "it captures more than is held")
            }
            (Some(Asked::Void) | None, None) => Ok(()),
            (Some(Asked::Capture), None) | (Some(Asked::Void) | None, Some(_)) => {
                Err("a capture says how much, nothing else does".to_owned())
            }
        }
    }
}

impl Rules for Payment {
    fn check(&self) -> Result<(), String> {
        self.check_money()?;
        self.check_hold()?;
        require(self.created_at <= self.updated_at, "it changed before it was made")?;
        let has_reason = self.reason.is_some();
        match self.status {
            PaymentStatus::Failed | PaymentStatus::Voided => {
                require(has_reason, "it does not say why")?;
            }
            PaymentStatus::Pending | PaymentStatus::Successful | PaymentStatus::Refunded => {
                require(!has_reason, "it says why, and nothing went wrong")?;
            }
            PaymentStatus::Authorized => {}
        }
        let columns = [self.waiting_since.is_some(), self.speaks_at.is_some(), self.open.is_some()];
        let waits = self.status == PaymentStatus::Pending || self.asked.is_some();
        require(
            columns == [waits; 3],
            "it waits for an answer to nothing, or does not wait for one",
        )
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        if said.kind == EventKind::PaymentRequested {
            return Some(self.requested(said).into());
        }
        if said.kind == EventKind::PaymentCaptureRequested {
            // The detail is the amount in minor units: the record forgets it once it is answered.
            let minor = said.detail.as_ref()?.parse().ok()?;
            let asked = PaymentCaptureRequested {
                transaction_id: self.payment_id,
                wallet_id: self.wallet_id,
                hold_id: self.hold_id?,
                amount: Amount::from_minor(minor, self.currency).ok()?,
            };
            return Some(asked.into());
        }
        if said.kind == EventKind::PaymentVoidRequested {
            let asked = PaymentVoidRequested {
                transaction_id: self.payment_id,
                wallet_id: self.wallet_id,
                hold_id: self.hold_id?,
            };
            return Some(asked.into());
        }
        None
    }
}

kernel::waits!(Payment);
