//! What `PAYMENT_REFUND_REQUESTED` causes: the merchant's money back in the wallet. How much of a
//! payment can be refunded, and who may ask, the payment service knows.

use kernel::event::PaymentRefundRequested;
use kernel::record::Account as LedgerAccount;
use kernel::{Decision, EventId, EventKind, Id, Suspend, View, Writes};

use super::heard::{Found, Heard, Nowhere, find};
use super::{WalletRefused, rules};
use crate::records::{Direction, EntryKind};

/// Brings money back, to a frozen wallet too; says `PAYMENT_REFUNDED`, else `PAYMENT_REFUND_FAILED`.
/// Refused: `WalletNotFound`, and as [`rules::credit`].
#[derive(Debug, Clone)]
pub struct ProcessPaymentRefund {
    /// The event.
    pub event: EventId,
    /// What it asks for.
    pub request: PaymentRefundRequested,
}

impl Decision for ProcessPaymentRefund {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "process_payment_refund"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let request = &self.request;
        let wallet_id = request.wallet_id;
        let account = match find(view, writes, wallet_id, self.event)? {
            Found::Answered => return Ok(Heard::Again),
            Found::Account(account) => account,
            Found::Nowhere => {
                let nowhere = Nowhere {
                    cause: self.event,
                    wallet_id,
                    subject: request.transaction_id.any(),
                    related_id: Some(request.refund_id.any()),
                };
                let refused = WalletRefused::WalletNotFound { wallet_id };
                return nowhere.refuse(view, writes, refused, EventKind::PaymentRefundFailed);
            }
        };
        let payment = request.transaction_id.to_string();
        let refund = request.refund_id.any();
        let after = match rules::credit(&account.wallet(), request.amount) {
            Ok(after) => after,
            Err(refused) => {
                let answer = view.event(EventKind::PaymentRefundFailed).with_detail(&payment);
                return Ok(account.refuse(writes, refused, refund, answer));
            }
        };
        let merchant = LedgerAccount::Merchant(request.merchant_id.clone());
        let draft = account
            .draft(EntryKind::RefundIn, refund)
            .moving(Direction::Credit, request.amount, merchant)
            .leaving(&after);
        let answer = view.event(EventKind::PaymentRefunded).with_detail(&payment);
        account.book(writes, draft, answer);
        Ok(Heard::Done)
    }
}
