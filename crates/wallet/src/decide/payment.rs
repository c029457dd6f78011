//! What `PAYMENT_REQUESTED` causes: the wallet pays the merchant, or holds the money for it. What
//! becomes of a hold is decided in `hold`.

use std::time::Duration;

use kernel::event::{Capture, PaymentRequested};
use kernel::record::{Account as LedgerAccount, Shard};
use kernel::{Decision, EventId, EventKind, Id, Suspend, View, Writes};

use super::heard::{Account, Found, Heard, Nowhere, find};
use super::{WalletRefused, rules};
use crate::records::{Direction, Entry, EntryKind, Hold, HoldState};

/// How long money is held for a payment before it is released by itself.
pub const HOLD_LIFE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Pays, or holds, what a payment asks for; says `PAYMENT_SUCCESSFUL` or `PAYMENT_AUTHORIZED`, else
/// `PAYMENT_FAILED`. Refused: `WalletNotFound` (not there, or not the asker's), and as
/// [`rules::debit`].
#[derive(Debug, Clone)]
pub struct ProcessPaymentRequest {
    /// The event.
    pub event: EventId,
    /// What it asks for.
    pub request: PaymentRequested,
    /// How long a hold lives.
    pub hold_life: Duration,
}

impl Decision for ProcessPaymentRequest {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "process_payment_request"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let request = &self.request;
        match find(view, writes, request.wallet_id, self.event)? {
            Found::Answered => Ok(Heard::Again),
            Found::Account(account)
                if account.is_open_to(&request.requested_by, request.requested_as) =>
            {
                Ok(match request.capture {
                    Capture::Automatic => self.pay(view, writes, &account),
                    Capture::Manual => self.hold(view, writes, &account),
                })
            }
            Found::Account(_) | Found::Nowhere => {
                let nowhere = Nowhere {
                    cause: self.event,
                    wallet_id: request.wallet_id,
                    subject: request.transaction_id.any(),
                    related_id: None,
                };
                let refused = WalletRefused::WalletNotFound { wallet_id: request.wallet_id };
                nowhere.refuse(view, writes, refused, EventKind::PaymentFailed)
            }
        }
    }
}

impl ProcessPaymentRequest {
    fn pay(&self, view: &mut View<'_>, writes: &mut Writes, account: &Account) -> Heard {
        let amount = self.request.amount;
        let after = match rules::debit(&account.wallet(), amount) {
            Ok(after) => after,
            Err(refused) => return self.refuse(view, writes, account, refused),
        };
        let merchant = LedgerAccount::Merchant(self.request.merchant_id.clone());
        let draft = self
            .draft(account, EntryKind::PaymentOut)
            .moving(Direction::Debit, amount, merchant)
            .leaving(&after);
        let answer = view.event(EventKind::PaymentSuccessful).with_detail(account.owner().as_str());
        account.book(writes, draft, answer);
        Heard::Done
    }

    fn hold(&self, view: &mut View<'_>, writes: &mut Writes, account: &Account) -> Heard {
        let request = &self.request;
        let after = match rules::hold(&account.wallet(), request.amount) {
            Ok(after) => after,
            Err(refused) => return self.refuse(view, writes, account, refused),
        };
        let draft = self.draft(account, EntryKind::Hold).leaving(&after);
        let created_at = draft.booked_at;
        let expires_at = created_at.plus(self.hold_life);
        let hold_id = Hold::id_of(request.transaction_id);
        let answer = view.event(EventKind::PaymentAuthorized).with_detail(account.owner().as_str());
        let draft = Entry {
            hold_amount: Some(request.amount.minor()),
            expires_at: Some(expires_at),
            ..draft
        };
        account.book(writes, draft, answer);
        writes.create(Hold {
            hold_id,
            payment_id: request.transaction_id,
            wallet_id: request.wallet_id,
            merchant_id: request.merchant_id.clone(),
            currency: request.amount.currency(),
            amount: request.amount.minor(),
            captured: None,
            state: HoldState::Pending,
            description: request.description.clone(),
            reference: request.reference.clone(),
            correlation: view.context().correlation,
            created_at,
            expires_at,
            pending: Some(Shard::of(hold_id)),
        });
        Heard::Done
    }

    fn draft(&self, account: &Account, kind: EntryKind) -> Entry {
        Entry {
            description: self.request.description.clone(),
            reference: self.request.reference.clone(),
            ..account.draft(kind, self.request.transaction_id.any())
        }
    }

    fn refuse(
        &self,
        view: &mut View<'_>,
        writes: &mut Writes,
        account: &Account,
        refused: WalletRefused,
    ) -> Heard {
        let answer = view.event(EventKind::PaymentFailed).with_detail(account.owner().as_str());
        account.refuse(writes, refused, self.request.transaction_id.any(), answer)
    }
}
