//! `refund_payment`: money is to go back. What it takes is reserved on the payment in the same step,
//! so that refunds under way can never bring back more than was taken. Whether the money can go back
//! is not decided here: the wallet service answers.

use kernel::event::EventKind;
use kernel::record::Shard;
use kernel::request::Seen;
use kernel::saga::Waiting;
use kernel::text::{Description, Reference};
use kernel::{
    Amount, Caller, Decision, Known, PaymentId, RefundId, RequestKey, Suspend, Time, View, Writes,
};

use super::{PaymentRefused, audit};
use crate::records::{Payment, PaymentStatus, Refund, RefundStatus};

/// Asks that a payment's money go back, in whole or in part.
#[derive(Debug, Clone)]
pub struct RefundPayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much; all that can still go back if it is left out. In the payment's currency.
    pub amount: Option<Amount>,
    /// The caller's own description.
    pub description: Option<Description>,
    /// The caller's own reference.
    pub reference: Option<Reference>,
    /// Who asks.
    pub caller: Caller,
    /// Names the refund, so that a repeat finds it.
    pub key: Option<RequestKey>,
}

impl Decision for RefundPayment {
    /// The refund as it is now: pending, or further on if the request is a repeated one.
    type Outcome = Result<Known<Refund>, PaymentRefused>;

    fn name(&self) -> &'static str {
        "refund_payment"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let named: Option<RefundId> = self.key.map(|key| key.id());
        if let (Some(key), Some(refund_id)) = (self.key, named)
            && let Some(known) = view.get::<Refund>(refund_id)?
        {
            return Ok(match known.body_hash.map(|kept| Seen::compare(kept, key.body)) {
                Some(Seen::Again) => Ok(known),
                Some(Seen::Reused | Seen::New) | None => Err(PaymentRefused::KeyReused),
            });
        }
        let Some(known) = view.get::<Payment>(self.payment_id)? else {
            return Ok(Err(PaymentRefused::NotFound));
        };
        let (amount, reserved) = match reserve(&known, self.amount) {
            Ok(reserved) => reserved,
            Err(refused) => return Ok(Err(refused)),
        };
        let now = view.now();
        let refund_id = named.unwrap_or_else(|| view.id());
        let refund = self.pending(refund_id, (&known, amount), now);
        let requested = view.event(EventKind::PaymentRefundRequested);
        let line = audit(view, &self.caller, Decision::name(self), self.payment_id)?;
        line.map(|line| writes.create(line));
        writes.update(&known, Payment { refunding_minor: reserved, ..known.changed(now) });
        writes.create(refund.clone()).says(requested);
        Ok(Ok(Known { record: refund.into(), version: 1, said: [].into() }))
    }
}

/// How much goes back, and how much is then under way in all.
fn reserve(payment: &Payment, amount: Option<Amount>) -> Result<(Amount, u64), PaymentRefused> {
    if !matches!(payment.status, PaymentStatus::Successful | PaymentStatus::Refunded) {
        let needs = PaymentStatus::Successful;
        return Err(PaymentRefused::WrongState { is: payment.status, needs });
    }
    let left = payment.refundable();
    let exceeds = PaymentRefused::RefundExceedsCapture { left };
    let Some(amount) = amount.or(left.amount()) else {
        return Err(exceeds);
    };
    if left.minus(amount).is_none() {
        return Err(exceeds);
    }
    // No more than was taken, which is an amount.
    Ok((amount, payment.refunding_minor.saturating_add(amount.minor())))
}

impl RefundPayment {
    fn pending(
        &self,
        refund_id: RefundId,
        (payment, amount): (&Payment, Amount),
        now: Time,
    ) -> Refund {
        let waiting = Waiting::from(now, Shard::of(refund_id));
        Refund {
            refund_id,
            payment_id: self.payment_id,
            wallet_id: payment.wallet_id,
            merchant_id: payment.merchant_id.clone(),
            amount_minor: amount.minor(),
            currency: amount.currency(),
            status: RefundStatus::Pending,
            reason: None,
            description: self.description.clone(),
            reference: self.reference.clone(),
            created_by: self.caller.sub.clone(),
            created_at: now,
            updated_at: now,
            body_hash: self.key.map(|key| key.body),
            waiting_since: Some(waiting.since),
            speaks_at: Some(waiting.speaks_at),
            open: Some(waiting.shard),
        }
    }
}
