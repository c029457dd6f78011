//! What the service decides: what a caller asks for, and what the wallet's answers mean. Pure
//! functions over records; nothing of HTTP and nothing of how an event travels is here.

mod answer;
mod authorization;
mod hold;
mod refund;
mod refund_status;
mod request;
mod settlement;

pub use answer::Heard;
pub use authorization::{AboutHold, UpdateAuthorizationStatus};
pub use hold::{CapturePayment, VoidPayment};
pub use refund::RefundPayment;
pub use refund_status::{AboutRefund, UpdateRefundStatus};
pub use request::RequestPayment;
pub use settlement::{AboutPayment, UpdateTransactionStatus};

use kernel::audit::{Act, Audit};
use kernel::{Amount, Balance, Caller, PaymentId, View, Writes};

use crate::records::{Asked, PaymentStatus};

/// Why a request is refused. Nothing was written; it is decided again when it comes again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    /// There is no such payment.
    #[error("there is no such payment")]
    NotFound,
    /// The key came before, with another body.
    #[error("this Idempotency-Key came with another body before; use a new one")]
    KeyReused,
    /// The payment is not, or no longer, where this can be done.
    #[error("the payment is {}; this can be done while it is {}", is.text(), needs.text())]
    WrongState {
        /// What it is.
        is: PaymentStatus,
        /// What it would have to be.
        needs: PaymentStatus,
    },
    /// A capture or a void has not been answered yet.
    #[error("a {} of this payment is under way; wait for its end", asked.text())]
    UnderWay {
        /// What the wallet was asked to do.
        asked: Asked,
    },
    /// The hold's time is up, whether it was released already or not.
    #[error("the hold has expired; ask for a new payment")]
    HoldExpired,
    /// More was to be taken than is held.
    #[error("more than is held; at most {held} {} can be captured", held.currency())]
    CaptureExceedsHold {
        /// What is held.
        held: Amount,
    },
    /// More was to go back than was taken and is not back or on its way already.
    #[error("more than was taken, refunds under way counted; at most {left} {} can be refunded", left.currency())]
    RefundExceedsCapture {
        /// What can still go back.
        left: Balance,
    },
}

/// Books what an operator did beside what it changes. What a service does is not booked: its
/// events tell.
fn audit(
    view: &mut View<'_>,
    writes: &mut Writes,
    caller: &Caller,
    (operation, payment_id): (&'static str, PaymentId),
) {
    if caller.is_operator() {
        let subject = payment_id.to_string();
        let act = Act { service: "payment", operation, subject: &subject, reason: None };
        writes.create(Audit::of(view, caller, &act));
    }
}
