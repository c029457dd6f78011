//! `capture_payment` and `void_payment`: what a caller asks to be done with held money. Whether it is
//! done is not decided here: the wallet service arbitrates capture, void and expiry.

use kernel::event::EventKind;
use kernel::record::Shard;
use kernel::request::Seen;
use kernel::saga::{Waiting, Waits};
use kernel::{
    Amount, Caller, Decision, Known, PaymentId, RequestKey, Said, Suspend, Time, View, Writes,
};

use super::{PaymentRefused, audit};
use crate::records::{Asked, Payment, PaymentStatus};

/// Asks that held money be taken, in whole or in part.
#[derive(Debug, Clone)]
pub struct CapturePayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// How much; all that is held if it is left out. In the payment's currency.
    pub amount: Option<Amount>,
    /// Who asks.
    pub caller: Caller,
    /// Kept in the payment for a day.
    pub key: Option<RequestKey>,
}

impl Decision for CapturePayment {
    /// The payment as it is now.
    type Outcome = Result<Known<Payment>, PaymentRefused>;

    fn name(&self) -> &'static str {
        "capture_payment"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let known = match held(view, self.payment_id, self.key.as_ref())? {
            Held::Free(known) => known,
            Held::Answer(answer) => return Ok(answer),
        };
        let amount = match may_capture(&known, self.amount, view.now()) {
            Ok(amount) => amount,
            Err(refused) => return Ok(Err(refused)),
        };
        let line = audit(view, &self.caller, Decision::name(self), self.payment_id)?;
        line.map(|line| writes.create(line));
        let said =
            view.event(EventKind::PaymentCaptureRequested).with_detail(&amount.minor().to_string());
        let payment = Payment {
            asked: Some(Asked::Capture),
            asked_minor: Some(amount.minor()),
            ..asking(&known, &said, self.key.as_ref())
        };
        Ok(Ok(ask(writes, &known, payment, said)))
    }
}

/// Asks that held money be released.
#[derive(Debug, Clone)]
pub struct VoidPayment {
    /// Of which payment.
    pub payment_id: PaymentId,
    /// Who asks.
    pub caller: Caller,
    /// Kept in the payment for a day.
    pub key: Option<RequestKey>,
}

impl Decision for VoidPayment {
    /// The payment as it is now.
    type Outcome = Result<Known<Payment>, PaymentRefused>;

    fn name(&self) -> &'static str {
        "void_payment"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let known = match held(view, self.payment_id, self.key.as_ref())? {
            Held::Free(known) => known,
            Held::Answer(answer) => return Ok(answer),
        };
        let line = audit(view, &self.caller, Decision::name(self), self.payment_id)?;
        line.map(|line| writes.create(line));
        let said = view.event(EventKind::PaymentVoidRequested);
        let payment =
            Payment { asked: Some(Asked::Void), ..asking(&known, &said, self.key.as_ref()) };
        Ok(Ok(ask(writes, &known, payment, said)))
    }
}

enum Held {
    /// The wallet can be asked.
    Free(Known<Payment>),
    /// It is answered already: a repeat, or a refusal.
    Answer(Result<Known<Payment>, PaymentRefused>),
}

/// The payment, if its money is held and nothing is asked of it.
fn held(
    view: &mut View<'_>,
    payment_id: PaymentId,
    key: Option<&RequestKey>,
) -> Result<Held, Suspend> {
    let refused = |refused| Ok(Held::Answer(Err(refused)));
    let Some(known) = view.get::<Payment>(payment_id)? else {
        return refused(PaymentRefused::NotFound);
    };
    match known.recent_keys.seen(key) {
        Seen::Again => return Ok(Held::Answer(Ok(known))),
        Seen::Reused => return refused(PaymentRefused::KeyReused),
        Seen::New => {}
    }
    if known.status != PaymentStatus::Authorized {
        let needs = PaymentStatus::Authorized;
        return refused(PaymentRefused::WrongState { is: known.status, needs });
    }
    if let Some(asked) = known.asked {
        return refused(PaymentRefused::UnderWay { asked });
    }
    Ok(Held::Free(known))
}

/// How much is to be captured.
fn may_capture(
    payment: &Payment,
    amount: Option<Amount>,
    now: Time,
) -> Result<Amount, PaymentRefused> {
    let held = payment.amount();
    let amount = amount.unwrap_or(held);
    assert_eq!(amount.currency(), held.currency(), "it was read in another currency");
    if amount.minor() > held.minor() {
        return Err(PaymentRefused::CaptureExceedsHold { held });
    }
    // The wallet says no too, by its own clock; asking it would only take longer.
    if payment.expires_at.is_some_and(|expires_at| expires_at <= now) {
        return Err(PaymentRefused::HoldExpired);
    }
    Ok(amount)
}

/// The payment on its way to ask what `said` says.
pub(super) fn asking(payment: &Payment, said: &Said, key: Option<&RequestKey>) -> Payment {
    let waiting = Waiting::from(said.at, Shard::of(payment.payment_id));
    Payment {
        reason: None,
        asked_event: Some(said.id),
        recent_keys: payment.recent_keys.with(key, said.at),
        ..payment.changed(said.at).with_waiting(Some(waiting))
    }
}

pub(super) fn ask(
    writes: &mut Writes,
    known: &Known<Payment>,
    payment: Payment,
    said: Said,
) -> Known<Payment> {
    let put = writes.update(known, payment.clone()).says(said);
    Known { record: payment.into(), version: put.version(), said: [].into() }
}
