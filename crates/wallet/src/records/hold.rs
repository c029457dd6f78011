//! A hold: money of a wallet that is set aside for a payment until it is captured, voided or its time
//! is up. Only its present state; what happened when stands in the wallet's entries.

use kernel::money::MINOR_MAX;
use kernel::record::{Rules, Shard, all_hold};
use kernel::text::{Description, MerchantId, Reference};
use kernel::{Amount, CorrelationId, Currency, HoldId, Id, PaymentId, Time, WalletId, record};

use super::words::HoldState;

record! {
    /// Held money. In minor units of `currency`.
    pub struct Hold in "hold" of "wallet" version 1 {
        /// Its id: that of the payment, for a payment holds money once.
        hold_id: HoldId,
        /// The payment that it is for.
        payment_id: PaymentId,
        /// Whose money is held.
        wallet_id: WalletId,
        /// Who is paid when it is captured.
        merchant_id: MerchantId,
        /// The wallet's currency.
        currency: Currency,
        /// How much is, or was, held.
        amount: u64,
        /// How much of it was taken.
        captured: Option<u64>,
        /// What became of it.
        state: HoldState,
        /// The payment's description.
        description: Option<Description>,
        /// The payment's reference.
        reference: Option<Reference>,
        /// The payment's saga: what the clock does to the hold belongs to it too.
        correlation: CorrelationId,
        /// Since when.
        created_at: Time,
        /// From then on it can no longer be captured, and is released.
        expires_at: Time,
        /// While it is held, its partition among those that the clock looks at.
        pending: Option<Shard>,
    }
    key (hold_id: HoldId)
    index "expiring" (pending, expires_at) every
}

impl Hold {
    /// The id of the hold of a payment.
    pub fn id_of(payment_id: PaymentId) -> HoldId {
        HoldId::from_uuid(payment_id.uuid())
    }

    /// How much is, or was, held.
    pub fn amount(&self) -> Amount {
        match Amount::from_minor(self.amount, self.currency) {
            Ok(amount) => amount,
            Err(refused) => unreachable!("a hold's amount was checked when it was read: {refused}"),
        }
    }

    /// How much of it was taken.
    pub fn captured(&self) -> Option<Amount> {
        Amount::from_minor(self.captured?, self.currency).ok()
    }

    /// The hold when nothing is held any more.
    #[must_use]
    pub fn ended(&self, state: HoldState, captured: Option<Amount>) -> Self {
        Self { state, captured: captured.map(Amount::minor), pending: None, ..self.clone() }
    }
}

impl Rules for Hold {
    fn check(&self) -> Result<(), String> {
        let is_pending = self.state == HoldState::Pending;
        let was_captured = self.state == HoldState::Captured;
        let captured = self.captured.unwrap_or(1);
        all_hold(&[
            (self.hold_id == Self::id_of(self.payment_id), "its id is not its payment's"),
            ((1..=MINOR_MAX).contains(&self.amount), "its amount is out of bounds"),
            (was_captured == self.captured.is_some(), "captured money and its state disagree"),
            ((1..=self.amount).contains(&captured), "more was captured than was held"),
            (
                self.pending == is_pending.then(|| Shard::of(self.hold_id)),
                "the clock would look at it in the wrong place, or in vain",
            ),
            (self.created_at <= self.expires_at, "it ended before it began"),
        ])
    }
}
