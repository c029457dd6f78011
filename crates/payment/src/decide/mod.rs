//! What the service decides: what a caller asks for, and what the wallet's answers mean. Pure
//! functions over records; nothing of HTTP and nothing of how an event travels is here.

mod answer;
mod authorization;
mod expired;
mod hold;
mod refund;
mod refund_status;
mod request;
mod settlement;

pub use answer::Heard;
pub use authorization::{AboutHold, UpdateAuthorizationStatus};
pub use expired::AskAboutExpiredHold;
pub use hold::{CapturePayment, VoidPayment};
pub use refund::RefundPayment;
pub use refund_status::{AboutRefund, UpdateRefundStatus};
pub use request::RequestPayment;
pub use settlement::{AboutPayment, UpdateTransactionStatus};

use kernel::audit::{Act, AuditLine};
use kernel::{Amount, Balance, Caller, PaymentId, Suspend, View};

use crate::manifest::MANIFEST;
use crate::records::{Asked, PaymentStatus};

/// Why a request is refused. Nothing was written; it is decided again when it comes again. The text
/// of each is a whole sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaymentRefused {
    /// There is no such payment.
    #[error("There is no such payment; check the id.")]
    NotFound,
    /// The key came before, with another body.
    #[error("This Idempotency-Key came with another body before; draw a new one.")]
    KeyReused,
    /// The payment is not, or no longer, where this can be done.
    #[error("The payment is {}; this can be done while it is {}.", is.text(), needs.text())]
    WrongState {
        /// What it is.
        is: PaymentStatus,
        /// What it would have to be.
        needs: PaymentStatus,
    },
    /// A capture or a void has not been answered yet.
    #[error("A {} of this payment is under way; wait for its end.", asked.text())]
    UnderWay {
        /// What the wallet was asked to do.
        asked: Asked,
    },
    /// The hold's time is up, whether it was released already or not.
    #[error("The hold has expired; request the payment again.")]
    HoldExpired,
    /// More was to be taken than is held.
    #[error("That is more than is held; capture at most {held} {}.", held.currency())]
    CaptureExceedsHold {
        /// What is held.
        held: Amount,
    },
    /// More was to go back than was taken and is not back or on its way already.
    #[error("{}", at_most(*left))]
    RefundExceedsCapture {
        /// What can still go back.
        left: Balance,
    },
}

/// What can still be refunded, if anything.
fn at_most(left: Balance) -> String {
    let Some(left) = left.amount() else {
        return "Nothing is left to refund: all that was taken is back or on its way; see the payment's \
                refunds."
            .to_owned();
    };
    format!(
        "That is more than was taken, less what is back or on its way; refund at most {left:?}."
    )
}

/// The line of the audit trail for what an operator did. What a service does is not booked there: its
/// events tell. To be asked for before anything is written.
fn audit(
    view: &mut View<'_>,
    caller: &Caller,
    operation: &'static str,
    payment_id: PaymentId,
) -> Result<Option<AuditLine>, Suspend> {
    if !caller.is_operator() {
        return Ok(None);
    }
    let act = Act::of(caller, MANIFEST.name, operation, &payment_id.to_string());
    AuditLine::of(view, &act).map(Some)
}
