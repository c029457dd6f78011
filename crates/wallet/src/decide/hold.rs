//! What becomes of held money when somebody asks: capture and void. Of those two and the clock (see
//! `expire`) the first to be decided wins; whoever comes later is told what happened, so that the
//! payment's saga ends however they cross:
//!
//! | asked | held | captured | voided or expired |
//! |---|---|---|---|
//! | capture | `PAYMENT_CAPTURED` | `PAYMENT_CAPTURE_FAILED` | `PAYMENT_CAPTURE_FAILED` |
//! | void | `PAYMENT_VOIDED` | `PAYMENT_CAPTURED`, what was taken | `PAYMENT_VOIDED`, why it was |
//!
//! Where there is no such hold, or no such wallet, a capture gives `PAYMENT_CAPTURE_FAILED`, and a void
//! `PAYMENT_VOIDED`, for nothing is held. From its `expires_at` on a hold has expired, also where the
//! clock has not been there yet.

use kernel::event::{PaymentCaptureRequested, PaymentVoidRequested, VoidReason};
use kernel::record::Account as LedgerAccount;
use kernel::{
    Decision, EventId, EventKind, HoldId, Id, Known, PaymentId, Suspend, View, WalletId, Writes,
};

use super::booking::reason;
use super::heard::{Account, Found, Heard, Nowhere, find};
use super::{WalletRefused, rules};
use crate::records::{Direction, Entry, EntryKind, Hold, HoldState};

/// Takes held money. Refused: `WalletNotFound`, `HoldNotFound`, and as [`rules::capture`].
#[derive(Debug, Clone)]
pub struct ProcessPaymentCapture {
    /// The event.
    pub event: EventId,
    /// What it asks for.
    pub request: PaymentCaptureRequested,
}

/// Releases held money. Refused: `WalletNotFound`, `HoldNotFound`, `HoldCaptured`, `HoldVoided`,
/// `HoldExpired`.
#[derive(Debug, Clone)]
pub struct ProcessPaymentVoid {
    /// The event.
    pub event: EventId,
    /// What it asks for.
    pub request: PaymentVoidRequested,
}

/// The hold that an event names, and the names in the event.
#[derive(Clone, Copy)]
struct Named {
    event: EventId,
    /// What is said where there is no such hold.
    answer: EventKind,
    payment_id: PaymentId,
    wallet_id: WalletId,
    hold_id: HoldId,
}

impl Decision for ProcessPaymentCapture {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "process_payment_capture"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let request = &self.request;
        let named = Named {
            event: self.event,
            answer: EventKind::PaymentCaptureFailed,
            payment_id: request.transaction_id,
            wallet_id: request.wallet_id,
            hold_id: request.hold_id,
        };
        let (account, hold) = match named.find(view, writes)? {
            Ok(found) => found,
            Err(heard) => return Ok(heard),
        };
        let payment = named.payment_id.any();
        let after = match rules::capture(&account.wallet(), &hold, request.amount, account.now) {
            Ok(after) => after,
            Err(refused) => {
                let answer = view.event(EventKind::PaymentCaptureFailed);
                return Ok(account.refuse(writes, refused, payment, answer));
            }
        };
        let merchant = LedgerAccount::Merchant(hold.merchant_id.clone());
        let draft = Entry {
            hold_amount: Some(hold.amount),
            description: hold.description.clone(),
            reference: hold.reference.clone(),
            ..account.draft(EntryKind::PaymentOut, payment)
        }
        .moving(Direction::Debit, request.amount, merchant)
        .leaving(&after);
        let answer = view.event(EventKind::PaymentCaptured);
        account.book(writes, draft, answer);
        writes.update(&hold, hold.ended(HoldState::Captured, Some(request.amount)));
        Ok(Heard::Done)
    }
}

impl Decision for ProcessPaymentVoid {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "process_payment_void"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let request = &self.request;
        let named = Named {
            event: self.event,
            answer: EventKind::PaymentVoided,
            payment_id: request.transaction_id,
            wallet_id: request.wallet_id,
            hold_id: request.hold_id,
        };
        let (account, hold) = match named.find(view, writes)? {
            Ok(found) => found,
            Err(heard) => return Ok(heard),
        };
        let payment = named.payment_id.any();
        let expires_at = hold.expires_at;
        let (refused, answer) = match hold.state {
            HoldState::Pending => {
                let (why, state) = if expires_at <= account.now {
                    (VoidReason::Expired, HoldState::Expired)
                } else {
                    (VoidReason::Requested, HoldState::Voided)
                };
                let draft = Entry {
                    hold_amount: Some(hold.amount),
                    reason: Some(reason(why.text())),
                    ..account.draft(EntryKind::Release, payment)
                }
                .leaving(&rules::release(&account.wallet(), &hold));
                let answer = view.event(EventKind::PaymentVoided);
                account.book(writes, draft, answer);
                writes.update(&hold, hold.ended(state, None));
                return Ok(Heard::Done);
            }
            HoldState::Captured => {
                let captured = hold.captured.unwrap_or_default().to_string();
                let answer = view.event(EventKind::PaymentCaptured).with_detail(&captured);
                (WalletRefused::HoldCaptured, answer)
            }
            HoldState::Voided => {
                let why = VoidReason::Requested.text();
                let answer = view.event(EventKind::PaymentVoided).with_detail(why);
                (WalletRefused::HoldVoided, answer)
            }
            HoldState::Expired => {
                let why = VoidReason::Expired.text();
                let answer = view.event(EventKind::PaymentVoided).with_detail(why);
                (WalletRefused::HoldExpired { expires_at }, answer)
            }
        };
        Ok(account.refuse(writes, refused, payment, answer))
    }
}

impl Named {
    /// The wallet and its hold, or what has become of the event instead.
    fn find(
        self,
        view: &mut View<'_>,
        writes: &mut Writes,
    ) -> Result<Result<(Account, Known<Hold>), Heard>, Suspend> {
        let Self { event, answer, payment_id, wallet_id, hold_id } = self;
        let refused = match find(view, writes, wallet_id, event)? {
            Found::Answered => return Ok(Err(Heard::Again)),
            Found::Nowhere => WalletRefused::WalletNotFound { wallet_id },
            Found::Account(account) => {
                let hold = view
                    .get::<Hold>(hold_id)?
                    .filter(|hold| hold.wallet_id == wallet_id && hold.payment_id == payment_id);
                match hold {
                    Some(hold) => return Ok(Ok((account, hold))),
                    None => WalletRefused::HoldNotFound { hold_id },
                }
            }
        };
        let (subject, related_id) = (payment_id.any(), Some(hold_id.any()));
        let nowhere = Nowhere { cause: event, wallet_id, subject, related_id };
        nowhere.refuse(view, writes, refused, answer).map(Err)
    }
}
