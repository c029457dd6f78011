//! `request_payment`: a payment begins. Whether the wallet may, can and will pay is not decided
//! here: the wallet service answers.

use std::time::Duration;

use kernel::event::{Capture, EventKind};
use kernel::record::Shard;
use kernel::request::{RecentKeys, Seen};
use kernel::saga::Waiting;
use kernel::text::{Description, MerchantId, Reference};
use kernel::{
    Amount, Caller, Decision, Known, PaymentId, RequestKey, Suspend, Time, View, WalletId, Writes,
};

use super::PaymentRefused;
use crate::records::{Payment, PaymentStatus};

/// Asks that a wallet pay a merchant.
#[derive(Debug, Clone)]
pub struct RequestPayment {
    /// The wallet that is to pay.
    pub wallet_id: WalletId,
    /// Who is to be paid.
    pub merchant_id: MerchantId,
    /// How much.
    pub amount: Amount,
    /// Whether the money is taken at once or held first.
    pub capture: Capture,
    /// The caller's own description.
    pub description: Option<Description>,
    /// The caller's own reference.
    pub reference: Option<Reference>,
    /// How long the money is held if it is not taken at once.
    pub hold_life: Duration,
    /// Who asks.
    pub caller: Caller,
    /// Names the payment, so that a repeat finds it.
    pub key: Option<RequestKey>,
}

impl Decision for RequestPayment {
    /// The payment as it is now: pending, or further on if the request is a repeated one.
    type Outcome = Result<Known<Payment>, PaymentRefused>;

    fn name(&self) -> &'static str {
        "request_payment"
    }

    /// Without a key it looks nothing up: no one else knows the new id.
    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let payment_id = match &self.key {
            None => view.id(),
            Some(key) => {
                let payment_id: PaymentId = key.id();
                if let Some(known) = view.get::<Payment>(payment_id)? {
                    return Ok(match known.body_hash.map(|kept| Seen::compare(kept, key.body)) {
                        Some(Seen::Again) => Ok(known),
                        Some(Seen::Reused | Seen::New) | None => Err(PaymentRefused::KeyReused),
                    });
                }
                payment_id
            }
        };
        let payment = self.pending(payment_id, view.now());
        let requested = match self.capture {
            Capture::Automatic => view.event(EventKind::PaymentRequested),
            Capture::Manual => {
                let seconds = self.hold_life.as_secs().to_string();
                view.event(EventKind::PaymentRequested).with_detail(&seconds)
            }
        };
        writes.create(payment.clone()).says(requested);
        Ok(Ok(Known { record: payment.into(), version: 1, said: [].into() }))
    }
}

impl RequestPayment {
    fn pending(&self, payment_id: PaymentId, now: Time) -> Payment {
        let waiting = Waiting::from(now, Shard::of(payment_id));
        Payment {
            payment_id,
            wallet_id: self.wallet_id,
            merchant_id: self.merchant_id.clone(),
            amount_minor: self.amount.minor(),
            currency: self.amount.currency(),
            capture: self.capture,
            status: PaymentStatus::Pending,
            reason: None,
            description: self.description.clone(),
            reference: self.reference.clone(),
            created_by: self.caller.sub.clone(),
            requested_as: self.caller.role_name(),
            owner: None,
            created_at: now,
            updated_at: now,
            captured_minor: 0,
            refunded_minor: 0,
            refunding_minor: 0,
            hold_id: None,
            expires_at: None,
            held: None,
            asked: None,
            asked_minor: None,
            asked_event: None,
            recent_keys: RecentKeys::default(),
            body_hash: self.key.map(|key| key.body),
            waiting_since: Some(waiting.since),
            speaks_at: Some(waiting.speaks_at),
            open: Some(waiting.shard),
        }
    }
}
