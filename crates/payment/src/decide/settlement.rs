//! `update_transaction_status`: the wallet has paid, or has not. Held money and refunds are not here.

use kernel::event::{Capture, PaymentFailed, PaymentSuccessful};
use kernel::{Decision, PaymentId, Suspend, Time, View, Writes};

use super::answer::{Heard, answered, note};
use crate::records::{Payment, PaymentStatus};

/// An answer to `PAYMENT_REQUESTED` that ends a payment.
#[derive(Debug, Clone)]
pub enum AboutPayment {
    /// The money was taken.
    Successful(PaymentSuccessful),
    /// It was not, and why.
    Failed(PaymentFailed),
}

/// Makes a pending payment `SUCCESSFUL` or `FAILED`.
#[derive(Debug, Clone)]
pub struct UpdateTransactionStatus(pub AboutPayment);

impl Decision for UpdateTransactionStatus {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "update_transaction_status"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let Some(known) = view.get::<Payment>(self.payment_id())? else {
            return Ok(Heard::Unknown);
        };
        let changed = match &self.0 {
            AboutPayment::Successful(said) => successful(&known, said, view.now()),
            AboutPayment::Failed(said) => failed(&known, said, view.now()),
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

impl UpdateTransactionStatus {
    fn payment_id(&self) -> PaymentId {
        match &self.0 {
            AboutPayment::Successful(said) => said.transaction_id,
            AboutPayment::Failed(said) => said.transaction_id,
        }
    }
}

fn successful(payment: &Payment, said: &PaymentSuccessful, now: Time) -> Result<Payment, Heard> {
    let is_ours = payment.capture == Capture::Automatic
        && said.amount == payment.amount()
        && said.wallet_id == payment.wallet_id;
    if !is_ours {
        return Err(Heard::Contradicts);
    }
    match payment.status {
        PaymentStatus::Pending => Ok(Payment {
            status: PaymentStatus::Successful,
            captured_minor: said.amount.minor(),
            owner: Some(said.wallet_owner.clone()),
            ..answered(payment, now)
        }),
        PaymentStatus::Successful | PaymentStatus::Refunded => Err(Heard::Old),
        PaymentStatus::Authorized | PaymentStatus::Failed | PaymentStatus::Voided => {
            Err(Heard::Contradicts)
        }
    }
}

fn failed(payment: &Payment, said: &PaymentFailed, now: Time) -> Result<Payment, Heard> {
    match payment.status {
        PaymentStatus::Pending => Ok(Payment {
            status: PaymentStatus::Failed,
            reason: Some(said.reason.clone()),
            owner: said.wallet_owner.clone(),
            ..answered(payment, now)
        }),
        PaymentStatus::Failed => Err(Heard::Old),
        PaymentStatus::Authorized
        | PaymentStatus::Successful
        | PaymentStatus::Voided
        | PaymentStatus::Refunded => Err(Heard::Contradicts),
    }
}
