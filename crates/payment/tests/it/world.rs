//! A store with the service in it, and short words for what is done to it. No HTTP.

use std::sync::Arc;
use std::time::Duration;

use kernel::event::{
    Capture, PaymentAuthorized, PaymentCaptureFailed, PaymentCaptured, PaymentFailed,
    PaymentRefundFailed, PaymentRefunded, PaymentSuccessful, PaymentVoided, VoidReason,
};
use kernel::memory::MemoryStore;
use kernel::record::{Hash32, Record};
use kernel::store::StorePort;
use kernel::text::{MerchantId, Reason};
use kernel::{
    Amount, Caller, Context, CorrelationId, Currency, Decision, Envelope, EventData, EventId,
    EventKind, HoldId, Id, Known, PaymentId, RefundId, RequestKey, Role, Subject, Time, WalletId,
};
use payment::MANIFEST;
use payment::decide::{
    CapturePayment, Heard, PaymentRefused, RefundPayment, RequestPayment, VoidPayment,
};
use payment::records::{Payment, Refund};

/// What every payment here asks for.
pub(crate) const PRICE: u64 = 1_000;

pub(crate) fn usd(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::USD).unwrap()
}

pub(crate) fn customer(sub: &str) -> Caller {
    Caller { sub: Subject::new(sub).unwrap(), role: Role::Customer }
}

pub(crate) fn operator() -> Caller {
    Caller { sub: Subject::new("olga").unwrap(), role: Role::Operator }
}

pub(crate) fn service(scope: &str) -> Caller {
    let scopes = Arc::from([Box::from(scope)]);
    Caller { sub: Subject::new("shop").unwrap(), role: Role::Service { scopes } }
}

pub(crate) fn reason(text: &str) -> Reason {
    Reason::new(text).unwrap()
}

/// The hold that the wallet says it has made.
pub(crate) fn the_hold() -> HoldId {
    HoldId::from_uuid(77)
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
}

impl World {
    pub(crate) fn decide<D: Decision>(&self, decision: &D) -> D::Outcome {
        let context = Context::request(CorrelationId(1), None);
        *self.store.run(decision, context).unwrap().downcast::<D::Outcome>().unwrap()
    }

    /// Says something for the wallet, in answer to the service's last event.
    pub(crate) fn hear(&self, data: impl Into<EventData>) -> Heard {
        self.hear_answer(data, self.store.said().last().map(|event| event.id))
    }

    pub(crate) fn hear_answer(
        &self,
        data: impl Into<EventData>,
        answers: Option<EventId>,
    ) -> Heard {
        let event = Envelope {
            id: EventId::from_uuid(kernel::Ids::draw(&*self.store)),
            sequence: 1,
            time: StorePort::now(&*self.store),
            correlation: CorrelationId(1),
            causation: answers,
            trace: None,
            data: data.into(),
        };
        self.hear_event(&event)
    }

    /// Gives an event to the subscription that hears it.
    pub(crate) fn hear_event(&self, event: &Envelope) -> Heard {
        let hears: Vec<_> = MANIFEST
            .subscriptions
            .iter()
            .filter(|subscription| subscription.hears.contains(&event.kind()))
            .collect();
        let [subscription] = hears[..] else { panic!("{:?} is heard {hears:?}", event.kind()) };
        let decision = (subscription.react)(event).unwrap();
        *self.store.run(&*decision, event.context()).unwrap().downcast::<Heard>().unwrap()
    }

    pub(crate) fn order(&self, capture: Capture) -> RequestPayment {
        RequestPayment {
            wallet_id: WalletId::from_uuid(5),
            merchant_id: MerchantId::new("books").unwrap(),
            amount: usd(PRICE),
            capture,
            description: None,
            reference: None,
            hold_life: Duration::from_secs(3600),
            caller: customer("anna"),
            key: None,
        }
    }

    pub(crate) fn request(&self, capture: Capture) -> PaymentId {
        self.decide(&self.order(capture)).unwrap().payment_id
    }

    pub(crate) fn capture(
        &self,
        payment_id: PaymentId,
        minor: Option<u64>,
        key: Option<RequestKey>,
    ) -> Result<Known<Payment>, PaymentRefused> {
        let amount = minor.map(usd);
        self.decide(&CapturePayment { payment_id, amount, caller: operator(), key })
    }

    pub(crate) fn void(
        &self,
        payment_id: PaymentId,
        key: Option<RequestKey>,
    ) -> Result<Known<Payment>, PaymentRefused> {
        self.decide(&VoidPayment { payment_id, caller: operator(), key })
    }

    pub(crate) fn refund(
        &self,
        payment_id: PaymentId,
        minor: Option<u64>,
        key: Option<RequestKey>,
    ) -> Result<Known<Refund>, PaymentRefused> {
        let (description, reference) = (None, None);
        let amount = minor.map(usd);
        let caller = operator();
        self.decide(&RefundPayment { payment_id, amount, description, reference, caller, key })
    }

    pub(crate) fn payment(&self, payment_id: PaymentId) -> Arc<Payment> {
        let found = self.store.records::<Payment>();
        found.into_iter().find(|payment| payment.payment_id == payment_id).unwrap()
    }

    pub(crate) fn last_refund(&self) -> Arc<Refund> {
        self.store.records::<Refund>().into_iter().max_by_key(|refund| refund.created_at).unwrap()
    }

    /// The types of all events, in order.
    pub(crate) fn said(&self) -> Vec<EventKind> {
        self.store.said().iter().map(Envelope::kind).collect()
    }

    pub(crate) fn count<R: Record>(&self) -> usize {
        self.store.records::<R>().len()
    }

    /// A payment that has come to the named state.
    pub(crate) fn payment_that_is(&self, state: &str) -> PaymentId {
        let manual = || {
            let payment_id = self.request(Capture::Manual);
            assert_eq!(self.hear(authorized(self, payment_id)), Heard::Noted);
            payment_id
        };
        let taken = || {
            let payment_id = self.request(Capture::Automatic);
            assert_eq!(self.hear(successful(self, payment_id)), Heard::Noted);
            payment_id
        };
        let noted = |heard, payment_id| {
            assert_eq!(heard, Heard::Noted);
            payment_id
        };
        match state {
            "pending" => self.request(Capture::Automatic),
            "pending hold" => self.request(Capture::Manual),
            "authorized" => manual(),
            "just overdue" => {
                let payment_id = manual();
                self.store.pass(Duration::from_secs(7 * 24 * 60 * 60 + 30));
                payment_id
            }
            "overdue" => {
                let payment_id = manual();
                self.store.pass(Duration::from_secs(8 * 24 * 60 * 60));
                payment_id
            }
            "capturing 600" => self.capture(manual(), Some(600), None).unwrap().payment_id,
            "voiding" => self.void(manual(), None).unwrap().payment_id,
            "captured 600" => {
                let payment_id = self.payment_that_is("capturing 600");
                noted(self.hear(captured(self, payment_id, 600)), payment_id)
            }
            "voided" => {
                let payment_id = self.payment_that_is("voiding");
                noted(self.hear(voided(self, payment_id, VoidReason::Requested)), payment_id)
            }
            "expired" => {
                let payment_id = manual();
                noted(self.hear(voided(self, payment_id, VoidReason::Expired)), payment_id)
            }
            "failed" => {
                let payment_id = self.request(Capture::Automatic);
                noted(self.hear(failed(self, payment_id)), payment_id)
            }
            "successful" => taken(),
            "refunding 400" => self.refund(taken(), Some(400), None).unwrap().payment_id,
            "refunded 400" => {
                let payment_id = self.payment_that_is("refunding 400");
                noted(self.hear(refunded(self)), payment_id)
            }
            "refunded" => {
                let payment_id = self.refund(taken(), None, None).unwrap().payment_id;
                noted(self.hear(refunded(self)), payment_id)
            }
            other => panic!("no state {other:?}"),
        }
    }
}

/// A payment in a line: its status and what stands out.
pub(crate) fn line(payment: &Payment) -> String {
    let mut line = payment.status.text().to_owned();
    let mut add = |text: String| {
        line.push(' ');
        line.push_str(&text);
    };
    if let Some(asked) = payment.asked {
        let minor = payment.asked_minor.map(|minor| format!(" {minor}")).unwrap_or_default();
        add(format!("asks {}{minor}", asked.text()));
    }
    for (word, minor) in [
        ("captured", payment.captured_minor),
        ("refunded", payment.refunded_minor),
        ("refunding", payment.refunding_minor),
    ] {
        if minor > 0 {
            add(format!("{word} {minor}"));
        }
    }
    if let Some(reason) = &payment.reason {
        add(format!("({reason})"));
    }
    if let Some(owner) = &payment.owner {
        add(format!("of {owner}"));
    }
    line
}

pub(crate) fn key_of(caller: &Caller, operation: &[&str], text: &str, body: u8) -> RequestKey {
    RequestKey::new(&caller.sub, operation, text, Hash32([body; 32]))
}

pub(crate) fn successful(world: &World, payment_id: PaymentId) -> PaymentSuccessful {
    let payment = world.payment(payment_id);
    PaymentSuccessful {
        transaction_id: payment_id,
        wallet_id: payment.wallet_id,
        wallet_owner: Subject::new("anna").unwrap(),
        amount: payment.amount(),
    }
}

pub(crate) fn failed(world: &World, payment_id: PaymentId) -> PaymentFailed {
    PaymentFailed {
        transaction_id: payment_id,
        wallet_id: world.payment(payment_id).wallet_id,
        wallet_owner: None,
        reason: reason("insufficient-funds"),
    }
}

pub(crate) fn authorized(world: &World, payment_id: PaymentId) -> PaymentAuthorized {
    let payment = world.payment(payment_id);
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    PaymentAuthorized {
        transaction_id: payment_id,
        wallet_id: payment.wallet_id,
        wallet_owner: Subject::new("anna").unwrap(),
        hold_id: the_hold(),
        amount: payment.amount(),
        expires_at: Time::plus(payment.created_at, week),
    }
}

pub(crate) fn captured(world: &World, payment_id: PaymentId, minor: u64) -> PaymentCaptured {
    PaymentCaptured {
        transaction_id: payment_id,
        wallet_id: world.payment(payment_id).wallet_id,
        hold_id: the_hold(),
        amount: usd(minor),
    }
}

pub(crate) fn capture_failed(world: &World, payment_id: PaymentId) -> PaymentCaptureFailed {
    PaymentCaptureFailed {
        transaction_id: payment_id,
        wallet_id: world.payment(payment_id).wallet_id,
        reason: reason("wallet-frozen"),
    }
}

pub(crate) fn voided(world: &World, payment_id: PaymentId, reason: VoidReason) -> PaymentVoided {
    PaymentVoided {
        transaction_id: payment_id,
        wallet_id: world.payment(payment_id).wallet_id,
        hold_id: the_hold(),
        reason,
    }
}

/// The money of the last refund is back.
pub(crate) fn refunded(world: &World) -> PaymentRefunded {
    let refund = world.last_refund();
    PaymentRefunded {
        transaction_id: refund.payment_id,
        refund_id: refund.refund_id,
        wallet_id: refund.wallet_id,
        amount: refund.amount(),
    }
}

/// The money of the last refund could not go back.
pub(crate) fn refund_failed(world: &World) -> PaymentRefundFailed {
    let refund = world.last_refund();
    PaymentRefundFailed {
        transaction_id: refund.payment_id,
        refund_id: refund.refund_id,
        wallet_id: refund.wallet_id,
        reason: reason("wallet-closed"),
    }
}

/// A refund that nobody asked for.
pub(crate) fn stray_refund(world: &World, payment_id: PaymentId) -> PaymentRefunded {
    PaymentRefunded {
        transaction_id: payment_id,
        refund_id: RefundId::from_uuid(123),
        wallet_id: world.payment(payment_id).wallet_id,
        amount: usd(1),
    }
}
