//! `update_refund_status`: the money is back, or cannot go back. What was reserved on the payment is
//! booked or given free in the same step. How it was reserved is not here but in `refund`.

use kernel::event::{PaymentRefundFailed, PaymentRefunded};
use kernel::saga::Waits;
use kernel::{Decision, PaymentId, RefundId, Suspend, Time, View, Writes};

use super::answer::Heard;
use crate::records::{Payment, PaymentStatus, Refund, RefundStatus};

/// An answer to `PAYMENT_REFUND_REQUESTED`.
#[derive(Debug, Clone)]
pub enum AboutRefund {
    /// The money is back.
    Refunded(PaymentRefunded),
    /// It could not go back, and why.
    Failed(PaymentRefundFailed),
}

/// Makes a pending refund `SUCCESSFUL` or `FAILED`, and its payment `REFUNDED` when all is back.
#[derive(Debug, Clone)]
pub struct UpdateRefundStatus(pub AboutRefund);

impl Decision for UpdateRefundStatus {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "update_refund_status"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let (payment_id, refund_id) = self.ids();
        let Some(refund) = view.get::<Refund>(refund_id)? else {
            return Ok(Heard::Unknown);
        };
        if !self.is_about(&refund, payment_id) {
            return Ok(Heard::Contradicts);
        }
        if refund.status != RefundStatus::Pending {
            let is_same = (refund.status == RefundStatus::Successful) == self.is_back();
            return Ok(if is_same { Heard::Old } else { Heard::Contradicts });
        }
        let Some(payment) = view.get::<Payment>(payment_id)? else {
            return Ok(Heard::Unknown);
        };
        let now = view.now();
        let refund_after = self.refund_after(&refund, now);
        let Some(payment_after) = payment_after(&payment, &refund_after, now) else {
            return Ok(Heard::Contradicts);
        };
        writes.update(&refund, refund_after);
        writes.update(&payment, payment_after);
        Ok(Heard::Noted)
    }
}

impl UpdateRefundStatus {
    fn ids(&self) -> (PaymentId, RefundId) {
        match &self.0 {
            AboutRefund::Refunded(said) => (said.transaction_id, said.refund_id),
            AboutRefund::Failed(said) => (said.transaction_id, said.refund_id),
        }
    }

    fn is_back(&self) -> bool {
        matches!(self.0, AboutRefund::Refunded(_))
    }

    fn is_about(&self, refund: &Refund, payment_id: PaymentId) -> bool {
        let is_whole = match &self.0 {
            AboutRefund::Refunded(said) => said.amount == refund.amount(),
            AboutRefund::Failed(_) => true,
        };
        is_whole && refund.payment_id == payment_id
    }

    fn refund_after(&self, refund: &Refund, now: Time) -> Refund {
        let (status, reason) = match &self.0 {
            AboutRefund::Refunded(_) => (RefundStatus::Successful, None),
            AboutRefund::Failed(said) => (RefundStatus::Failed, Some(said.reason.clone())),
        };
        let updated_at = now.max(refund.updated_at);
        Refund { status, reason, updated_at, ..refund.with_waiting(None) }
    }
}

/// The payment after a refund has ended; none if it never reserved so much.
fn payment_after(payment: &Payment, refund: &Refund, now: Time) -> Option<Payment> {
    let mut after = payment.changed(now);
    after.refunding_minor = after.refunding_minor.checked_sub(refund.amount_minor)?;
    if refund.status == RefundStatus::Successful {
        after.refunded_minor = after.refunded_minor.checked_add(refund.amount_minor)?;
        if after.refunded_minor == after.captured_minor {
            after.status = PaymentStatus::Refunded;
        }
    }
    Some(after)
}
