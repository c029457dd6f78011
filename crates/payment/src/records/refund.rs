//! The record of a refund, the rules that it never breaks and the event that it says. What it means
//! for its payment is not here but in `decide`.

use kernel::event::{EventData, EventKind, PaymentRefundRequested, Said};
use kernel::record::{Hash32, Shard};
use kernel::text::{Description, MerchantId, Reason, Reference};
use kernel::{Amount, Currency, PaymentId, RefundId, Rules, Subject, Time, WalletId};

use serde::Serialize;
use utoipa::ToSchema;

use super::{amount, require};

/// How far a refund is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RefundStatus {
    /// Asked for; the wallet has not answered.
    Pending,
    /// The money is back.
    Successful,
    /// The money could not go back, and the record says why.
    Failed,
}

kernel::word_column!(RefundStatus {
    Pending = "PENDING",
    Successful = "SUCCESSFUL",
    Failed = "FAILED",
});

kernel::record! {
    /// A refund of a payment, in whole or in part. Wallet, merchant and currency are the payment's:
    /// they stand here too because an event is built from the one record that says it.
    pub struct Refund in "refund" of "payment" version 1 {
        /// Its id.
        refund_id: RefundId,
        /// The payment whose money goes back.
        payment_id: PaymentId,
        /// The wallet that paid.
        wallet_id: WalletId,
        /// Who was paid.
        merchant_id: MerchantId,
        /// How much goes back, in minor units of the currency.
        amount_minor: u64,
        /// Its currency.
        currency: Currency,
        /// How far it is.
        status: RefundStatus,
        /// Why it failed.
        reason: Option<Reason>,
        /// The caller's own description.
        description: Option<Description>,
        /// The caller's own reference.
        reference: Option<Reference>,
        /// Who asked for it.
        created_by: Subject,
        /// When it was asked for.
        created_at: Time,
        /// When it changed last.
        updated_at: Time,
        /// The hash of the request's body, if an `Idempotency-Key` named this record.
        body_hash: Option<Hash32>,
        /// Since when it waits for the wallet.
        waiting_since: Option<Time>,
        /// When it says its event again.
        speaks_at: Option<Time>,
        /// Its partition in the index of what waits.
        open: Option<Shard>,
    }
    key (refund_id: RefundId)
    index "by_payment" (payment_id, created_at) every
    index "open" (open, speaks_at) every
}

impl Refund {
    /// How much goes back.
    pub fn amount(&self) -> Amount {
        amount(self.amount_minor, self.currency)
    }
}

impl Rules for Refund {
    fn check(&self) -> Result<(), String> {
        Amount::from_minor(self.amount_minor, self.currency)
            .map_err(|refused| format!("the amount {refused}"))?;
        require(self.created_at <= self.updated_at, "it changed before it was made")?;
        require(
            self.reason.is_some() == (self.status == RefundStatus::Failed),
            "it says why if it failed, and only then",
        )?;
        let columns = [self.waiting_since.is_some(), self.speaks_at.is_some(), self.open.is_some()];
        require(
            columns == [self.status == RefundStatus::Pending; 3],
            "it waits while it is pending",
        )
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        (said.kind == EventKind::PaymentRefundRequested).then(|| {
            PaymentRefundRequested {
                transaction_id: self.payment_id,
                refund_id: self.refund_id,
                wallet_id: self.wallet_id,
                merchant_id: self.merchant_id.clone(),
                amount: self.amount(),
            }
            .into()
        })
    }
}

kernel::waits!(Refund);
