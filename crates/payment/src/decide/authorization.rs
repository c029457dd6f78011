//! `update_authorization_status`: what the wallet says of held money. It alone arbitrates capture,
//! void and expiry; here its verdict is written down, in whatever order it comes. Payments that take
//! their money at once are not here.

use kernel::event::{
    Capture, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured, PaymentVoided,
};
use kernel::record::Shard;
use kernel::text::Reason;
use kernel::{Decision, EventId, HoldId, PaymentId, Suspend, Time, View, Writes};

use super::answer::{Heard, answered, note};
use crate::records::{Asked, Payment, PaymentStatus};

/// What the wallet says of held money.
#[derive(Debug, Clone)]
pub enum AboutHold {
    /// It holds the money.
    Authorized(PaymentAuthorized),
    /// It took the money.
    Captured(PaymentCaptured),
    /// It did not take it, and why; the hold stands.
    CaptureFailed(PaymentCaptureFailed),
    /// It released the money.
    Voided(PaymentVoided),
}

/// Follows a hold from `PENDING` to `AUTHORIZED`, and from there to `SUCCESSFUL` or `VOIDED`.
#[derive(Debug, Clone)]
pub struct UpdateAuthorizationStatus {
    /// What the wallet says.
    pub said: AboutHold,
    /// The event that it answers; none where the clock made it act.
    pub answers: Option<EventId>,
}

impl Decision for UpdateAuthorizationStatus {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "update_authorization_status"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let Some(known) = view.get::<Payment>(self.payment_id())? else {
            return Ok(Heard::Unknown);
        };
        let now = view.now();
        let changed = match &self.said {
            AboutHold::Authorized(said) => authorized(&known, said, now),
            AboutHold::Captured(said) => captured(&known, said, now),
            AboutHold::CaptureFailed(said) => capture_failed(&known, said, self.answers, now),
            AboutHold::Voided(said) => voided(&known, said, now),
        };
        Ok(match changed {
            Ok(payment) => {
                note(writes, &known, payment);
                Heard::Noted
            }
            Err(heard) => heard,
        })
    }
}

impl UpdateAuthorizationStatus {
    fn payment_id(&self) -> PaymentId {
        match &self.said {
            AboutHold::Authorized(said) => said.transaction_id,
            AboutHold::Captured(said) => said.transaction_id,
            AboutHold::CaptureFailed(said) => said.transaction_id,
            AboutHold::Voided(said) => said.transaction_id,
        }
    }
}

/// Whether a hold can be this payment's.
fn is_hold_of(payment: &Payment, hold_id: HoldId) -> bool {
    payment.capture == Capture::Manual && payment.hold_id.is_none_or(|known| known == hold_id)
}

fn authorized(payment: &Payment, said: &PaymentAuthorized, now: Time) -> Result<Payment, Heard> {
    let is_ours = is_hold_of(payment, said.hold_id) && said.amount == payment.amount();
    if !is_ours || payment.status == PaymentStatus::Failed {
        return Err(Heard::Contradicts);
    }
    if payment.owner.is_some() {
        return Err(Heard::Old);
    }
    // If its end came first, whose wallet it is was not known until now.
    let is_over = payment.status != PaymentStatus::Pending;
    let (status, held) = if is_over {
        (payment.status, None)
    } else {
        (PaymentStatus::Authorized, Some(Shard::of(payment.payment_id)))
    };
    Ok(Payment {
        status,
        held,
        reason: payment.reason.clone(),
        owner: Some(said.wallet_owner.clone()),
        hold_id: Some(said.hold_id),
        expires_at: Some(said.expires_at),
        ..answered(payment, now)
    })
}

fn captured(payment: &Payment, said: &PaymentCaptured, now: Time) -> Result<Payment, Heard> {
    let is_ours = is_hold_of(payment, said.hold_id)
        && said.amount.currency() == payment.currency
        && said.amount.minor() <= payment.amount_minor;
    if !is_ours {
        return Err(Heard::Contradicts);
    }
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Authorized => Ok(Payment {
            status: PaymentStatus::Successful,
            captured_minor: said.amount.minor(),
            hold_id: Some(said.hold_id),
            held: None,
            ..answered(payment, now)
        }),
        PaymentStatus::Successful | PaymentStatus::Refunded => Err(Heard::Old),
        PaymentStatus::Failed | PaymentStatus::Voided => Err(Heard::Contradicts),
    }
}

/// The hold stands as it stood, and can be captured again. Only the answer to what is asked now
/// counts: an older one comes again, or late, when something else is asked.
fn capture_failed(
    payment: &Payment,
    said: &PaymentCaptureFailed,
    answers: Option<EventId>,
    now: Time,
) -> Result<Payment, Heard> {
    let is_asked = payment.asked == Some(Asked::Capture) && payment.asked_event == answers;
    if !is_asked {
        return Err(Heard::Old);
    }
    Ok(Payment { reason: Some(said.reason.clone()), ..answered(payment, now) })
}

fn voided(payment: &Payment, said: &PaymentVoided, now: Time) -> Result<Payment, Heard> {
    if !is_hold_of(payment, said.hold_id) {
        return Err(Heard::Contradicts);
    }
    match payment.status {
        PaymentStatus::Pending | PaymentStatus::Authorized => Ok(Payment {
            status: PaymentStatus::Voided,
            reason: Some(word(said.reason.text())),
            hold_id: Some(said.hold_id),
            held: None,
            ..answered(payment, now)
        }),
        PaymentStatus::Voided => Err(Heard::Old),
        PaymentStatus::Successful | PaymentStatus::Refunded | PaymentStatus::Failed => {
            Err(Heard::Contradicts)
        }
    }
}

/// Words of ours always fit.
fn word(text: &str) -> Reason {
    match Reason::new(text) {
        Ok(reason) => reason,
        Err(refused) => unreachable!("the reason {text:?} {refused}"),
    }
}
