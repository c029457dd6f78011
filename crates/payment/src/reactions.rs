//! What an event of the wallet causes here: each becomes a decision. What is decided is not here.

use kernel::event::{Envelope, EventData};
use kernel::manifest::Unprocessable;
use kernel::{Decision, ErasedDecision};

use crate::decide::{
    AboutHold, AboutPayment, AboutRefund, UpdateAuthorizationStatus, UpdateRefundStatus,
    UpdateTransactionStatus,
};

/// Hears `PAYMENT_SUCCESSFUL` and `PAYMENT_FAILED`.
///
/// # Errors
/// When it is another event.
pub fn update_transaction_status(
    event: &Envelope,
) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let about = if let EventData::PaymentSuccessful(said) = &event.data {
        AboutPayment::Successful(said.clone())
    } else if let EventData::PaymentFailed(said) = &event.data {
        AboutPayment::Failed(said.clone())
    } else {
        return Err(not_heard("update_transaction_status", event));
    };
    decided(UpdateTransactionStatus(about))
}

/// Hears `PAYMENT_AUTHORIZED`, `PAYMENT_CAPTURED`, `PAYMENT_CAPTURE_FAILED` and `PAYMENT_VOIDED`.
///
/// # Errors
/// When it is another event.
pub fn update_authorization_status(
    event: &Envelope,
) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let said = if let EventData::PaymentAuthorized(said) = &event.data {
        AboutHold::Authorized(said.clone())
    } else if let EventData::PaymentCaptured(said) = &event.data {
        AboutHold::Captured(said.clone())
    } else if let EventData::PaymentCaptureFailed(said) = &event.data {
        AboutHold::CaptureFailed(said.clone())
    } else if let EventData::PaymentVoided(said) = &event.data {
        AboutHold::Voided(said.clone())
    } else {
        return Err(not_heard("update_authorization_status", event));
    };
    decided(UpdateAuthorizationStatus { said, answers: event.causation })
}

/// Hears `PAYMENT_REFUNDED` and `PAYMENT_REFUND_FAILED`.
///
/// # Errors
/// When it is another event.
pub fn update_refund_status(event: &Envelope) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let about = if let EventData::PaymentRefunded(said) = &event.data {
        AboutRefund::Refunded(said.clone())
    } else if let EventData::PaymentRefundFailed(said) = &event.data {
        AboutRefund::Failed(said.clone())
    } else {
        return Err(not_heard("update_refund_status", event));
    };
    decided(UpdateRefundStatus(about))
}

fn decided<D: Decision>(decision: D) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    Ok(Box::new(decision))
}

fn not_heard(function: &str, event: &Envelope) -> Unprocessable {
    Unprocessable(format!("{function} does not hear {}", event.kind().name()))
}
