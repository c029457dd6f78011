//! A refusal that stands in no chain: an event asked for something of a wallet that is not there, or
//! not the asker's. Refusals of the asker's own wallet are entries of its chain.

use kernel::event::{
    LoanFundingFailed, PaymentCaptureFailed, PaymentFailed, PaymentRefundFailed, PaymentVoided,
    VoidReason,
};
use kernel::record::Rules;
use kernel::text::Reason;
use kernel::{AnyId, EventData, EventId, EventKind, Id, Said, Time, WalletId, record};

record! {
    /// The refusal of an event.
    pub struct Refusal in "refusal" of "wallet" version 1 {
        /// The event: a refusal is its first and last outcome.
        cause: EventId,
        /// The wallet that it named.
        wallet_id: WalletId,
        /// The payment or loan.
        subject: AnyId,
        /// The refund, or the hold, that it asked for or about.
        related_id: Option<AnyId>,
        /// The kind of refusal.
        reason: Reason,
        /// When it was refused.
        refused_at: Time,
    }
    key (cause: EventId)
}

impl Refusal {
    fn subject<T: Id>(&self) -> Option<T> {
        of_kind(self.subject)
    }
}

fn of_kind<T: Id>(id: AnyId) -> Option<T> {
    (id.prefix == T::PREFIX).then(|| T::from_uuid(id.uuid))
}

impl Rules for Refusal {
    fn event_data(&self, said: &Said) -> Option<EventData> {
        let (wallet_id, reason) = (self.wallet_id, self.reason.clone());
        Some(match said.kind {
            EventKind::PaymentFailed => {
                let transaction_id = self.subject()?;
                PaymentFailed { transaction_id, wallet_id, wallet_owner: None, reason }.into()
            }
            EventKind::PaymentCaptureFailed => {
                PaymentCaptureFailed { transaction_id: self.subject()?, wallet_id, reason }.into()
            }
            // Nothing is held where there is no hold: what was asked for is so.
            EventKind::PaymentVoided => PaymentVoided {
                transaction_id: self.subject()?,
                wallet_id,
                hold_id: of_kind(self.related_id?)?,
                reason: VoidReason::Requested,
            }
            .into(),
            EventKind::PaymentRefundFailed => {
                let (transaction_id, refund_id) = (self.subject()?, of_kind(self.related_id?)?);
                PaymentRefundFailed { transaction_id, refund_id, wallet_id, reason }.into()
            }
            EventKind::LoanFundingFailed => {
                let loan_id = self.subject()?;
                LoanFundingFailed { loan_id, wallet_id, wallet_owner: None, reason }.into()
            }
            EventKind::PaymentRequested
            | EventKind::PaymentSuccessful
            | EventKind::PaymentAuthorized
            | EventKind::PaymentCaptureRequested
            | EventKind::PaymentCaptured
            | EventKind::PaymentVoidRequested
            | EventKind::PaymentRefundRequested
            | EventKind::PaymentRefunded
            | EventKind::LoanApproved
            | EventKind::LoanRejected
            | EventKind::LoanFunded => return None,
        })
    }
}
