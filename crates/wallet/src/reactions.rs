//! From an event to the decision that it causes: one function for each subscription. What is decided
//! is in `decide`.

use std::time::Duration;

use kernel::decision::ErasedDecision;
use kernel::event::{Envelope, EventData};
use kernel::manifest::Unprocessable;

use crate::decide::{
    HOLD_LIFE, ProcessLoanApproval, ProcessPaymentCapture, ProcessPaymentRefund,
    ProcessPaymentRequest, ProcessPaymentVoid,
};

/// What a reaction gives.
type Caused = Result<Box<dyn ErasedDecision>, Unprocessable>;

/// Hears `PAYMENT_REQUESTED`.
///
/// # Errors
/// Any other event.
pub fn process_payment_request(envelope: &Envelope) -> Caused {
    let EventData::PaymentRequested(request) = &envelope.data else { return misled(envelope) };
    let asked = request.hold_seconds.map(|seconds| Duration::from_secs(u64::from(seconds)));
    let hold_life = asked.unwrap_or(HOLD_LIFE);
    let request = request.clone();
    Ok(Box::new(ProcessPaymentRequest { event: envelope.id, request, hold_life }))
}

/// Hears `PAYMENT_CAPTURE_REQUESTED`.
///
/// # Errors
/// Any other event.
pub fn process_payment_capture(envelope: &Envelope) -> Caused {
    let EventData::PaymentCaptureRequested(request) = &envelope.data else {
        return misled(envelope);
    };
    Ok(Box::new(ProcessPaymentCapture { event: envelope.id, request: request.clone() }))
}

/// Hears `PAYMENT_VOID_REQUESTED`.
///
/// # Errors
/// Any other event.
pub fn process_payment_void(envelope: &Envelope) -> Caused {
    let EventData::PaymentVoidRequested(request) = &envelope.data else {
        return misled(envelope);
    };
    Ok(Box::new(ProcessPaymentVoid { event: envelope.id, request: request.clone() }))
}

/// Hears `PAYMENT_REFUND_REQUESTED`.
///
/// # Errors
/// Any other event.
pub fn process_payment_refund(envelope: &Envelope) -> Caused {
    let EventData::PaymentRefundRequested(request) = &envelope.data else {
        return misled(envelope);
    };
    Ok(Box::new(ProcessPaymentRefund { event: envelope.id, request: request.clone() }))
}

/// Hears `LOAN_APPROVED`.
///
/// # Errors
/// Any other event.
pub fn process_loan_approval(envelope: &Envelope) -> Caused {
    let EventData::LoanApproved(request) = &envelope.data else { return misled(envelope) };
    Ok(Box::new(ProcessLoanApproval { event: envelope.id, request: request.clone() }))
}

fn misled(envelope: &Envelope) -> Caused {
    Err(Unprocessable(format!("a {} came where it is not heard", envelope.kind().name())))
}
