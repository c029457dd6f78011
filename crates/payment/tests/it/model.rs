//! Properties: whatever is asked, and in whatever order, how often and how late the messages come,
//! each payment ends as the wallet's ledger says, and takes only the steps that its states allow.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kernel::event::{Capture, VoidReason};
use kernel::manifest::Due;
use kernel::record::Record;
use kernel::store::StorePort;
use kernel::{Context, CorrelationId, Envelope, Id, Key, PaymentId};
use payment::MANIFEST;
use payment::decide::{Heard, RequestPayment};
use payment::records::{Payment, PaymentStatus, Refund, RefundStatus};
use proptest::prelude::*;
use proptest::sample::Index;

use super::wallet::{HoldState, Mood, Wallet};
use super::world::{
    World, authorized, capture_failed, captured, failed, refund_failed, refunded, successful, usd,
    voided,
};

#[derive(Debug, Clone)]
enum Step {
    Request(u64, Capture),
    Capture(Index, Option<u64>),
    Void(Index),
    Refund(Index, Option<u64>),
    /// A message comes: any of those under way.
    Deliver(Index),
    /// A message comes, and will come again.
    Duplicate(Index),
    /// A message is lost: a question and its answer for ever, what the clock did until the end.
    Lose(Index),
    /// Time passes, and what has waited long enough speaks again.
    Pass(u64),
    Mood(Mood),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<Index>;
    let amount = || prop::option::of(1_u64..=1_000);
    let capture = prop::sample::select(vec![Capture::Automatic, Capture::Manual, Capture::Manual]);
    let mood = prop::sample::select(vec![Mood::Active, Mood::Active, Mood::Frozen, Mood::Closed]);
    let step = prop_oneof![
        3 => (1_u64..=1_000, capture).prop_map(|(minor, capture)| Step::Request(minor, capture)),
        3 => (index(), amount()).prop_map(|(of, minor)| Step::Capture(of, minor)),
        1 => index().prop_map(Step::Void),
        3 => (index(), amount()).prop_map(|(of, minor)| Step::Refund(of, minor)),
        9 => index().prop_map(Step::Deliver),
        3 => index().prop_map(Step::Duplicate),
        2 => index().prop_map(Step::Lose),
        2 => (1_u64..=90).prop_map(Step::Pass),
        1 => Just(Step::Pass(24 * 60)),
        1 => mood.prop_map(Step::Mood),
    ];
    prop::collection::vec(step, 1..120)
}

/// Both services and the messages between them.
struct Run {
    world: World,
    wallet: Wallet,
    under_way: Vec<Envelope>,
    /// What comes only at the end.
    late: Vec<Envelope>,
    /// How many of the service's events have been sent.
    sent: usize,
    seen: BTreeMap<PaymentId, PaymentStatus>,
}

const FUNDS: u64 = 3_000;

impl Run {
    fn new() -> Self {
        Self {
            world: World::default(),
            wallet: Wallet::with(FUNDS),
            under_way: Vec::new(),
            late: Vec::new(),
            sent: 0,
            seen: BTreeMap::new(),
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Request(minor, capture) => {
                let order = RequestPayment { amount: usd(*minor), ..self.world.order(*capture) };
                assert!(self.world.decide(&order).is_ok());
            }
            Step::Capture(of, minor) => {
                self.with_payment(of, |world, id| world.capture(id, *minor, None).is_ok());
            }
            Step::Void(of) => self.with_payment(of, |world, id| world.void(id, None).is_ok()),
            Step::Refund(of, minor) => {
                self.with_payment(of, |world, id| world.refund(id, *minor, None).is_ok());
            }
            Step::Deliver(which) => {
                if !self.under_way.is_empty() {
                    let message = self.under_way.swap_remove(which.index(self.under_way.len()));
                    self.deliver(&message);
                }
            }
            Step::Duplicate(which) => {
                if !self.under_way.is_empty() {
                    let message = which.get(&self.under_way).clone();
                    self.deliver(&message);
                }
            }
            Step::Lose(which) => {
                if !self.under_way.is_empty() {
                    let message = self.under_way.swap_remove(which.index(self.under_way.len()));
                    let is_of_the_clock = message.causation.is_none();
                    if message.kind().source() == "wallet" && is_of_the_clock {
                        self.late.push(message);
                    }
                }
            }
            Step::Pass(minutes) => self.pass(Duration::from_secs(minutes * 60)),
            // A wallet that holds something is not closed, and a closed one stays so.
            Step::Mood(Mood::Closed) if self.wallet.held > 0 => {}
            Step::Mood(mood) if self.wallet.mood != Mood::Closed => self.wallet.mood = *mood,
            Step::Mood(_) => {}
        }
        self.send();
        self.watch();
    }

    fn with_payment(&self, of: &Index, act: impl FnOnce(&World, PaymentId) -> bool) {
        let payments = self.world.store.records::<Payment>();
        if !payments.is_empty() {
            act(&self.world, of.get(&payments).payment_id);
        }
    }

    fn send(&mut self) {
        let said = self.world.store.said();
        self.under_way.extend_from_slice(&said[self.sent..]);
        self.sent = said.len();
    }

    fn deliver(&mut self, message: &Envelope) {
        if message.kind().source() == "payment" {
            let now = StorePort::now(&*self.world.store);
            let answer = self.wallet.hear(message, now);
            self.under_way.push(answer);
        } else {
            let heard = self.world.hear_event(message);
            assert!(
                matches!(heard, Heard::Noted | Heard::Old),
                "a correct wallet was not understood: {heard:?} of {message:?}"
            );
        }
    }

    fn pass(&mut self, time: Duration) {
        self.world.store.pass(time);
        let now = StorePort::now(&*self.world.store);
        self.under_way.extend(self.wallet.expire(now));
        MANIFEST.due.iter().for_each(|due| self.speak_again(due));
    }

    fn speak_again(&self, due: &Due) {
        let keys: Vec<_> = if due.kind == Payment::KIND {
            self.world.store.records::<Payment>().iter().map(|of| Key::id(of.payment_id)).collect()
        } else {
            self.world.store.records::<Refund>().iter().map(|of| Key::id(of.refund_id)).collect()
        };
        for key in keys {
            let decision = (due.decide)(key);
            let context = Context::request(CorrelationId(1), None);
            self.world.store.run(&*decision, context).unwrap();
        }
    }

    /// No payment takes a step that its state does not allow.
    fn watch(&mut self) {
        for payment in self.world.store.records::<Payment>() {
            let before = self.seen.insert(payment.payment_id, payment.status);
            assert_step(before, &payment);
        }
    }

    /// Everything comes in the end, and what is asked again is answered: ten hours go by, and then as
    /// many half hours as it takes until one is quiet. The last hold ends within two days.
    fn finish(&mut self) {
        let half_hour = Duration::from_secs(30 * 60);
        for round in 0..20 + 2 * 48 + 2 {
            self.deliver_all();
            self.pass(half_hour);
            self.send();
            if round >= 20 && self.under_way.is_empty() {
                return;
            }
        }
        panic!("something speaks for ever: {:?}", self.under_way);
    }

    fn deliver_all(&mut self) {
        self.under_way.append(&mut self.late);
        while let Some(message) = self.under_way.pop() {
            self.deliver(&message);
            self.send();
            self.watch();
        }
    }

    fn compare(&self) {
        let payments = self.world.store.records::<Payment>();
        assert_eq!(payments.len(), self.wallet.booked.len(), "each payment came to the ledger");
        for payment in &payments {
            self.compare_payment(payment);
        }
        for question in self.world.store.said() {
            let of = question.data.subject();
            let is_moot = payments.iter().any(|payment| {
                payment.payment_id.any() == of && payment.status == PaymentStatus::Voided
            });
            assert!(is_moot || self.wallet.has_answered(question.id), "forgotten: {question:?}");
        }
        let sum = self.wallet.balance + self.wallet.merchants;
        assert_eq!(sum, FUNDS, "money was made or lost");
        let kept: u64 = payments.iter().map(|of| of.captured_minor - of.refunded_minor).sum();
        assert_eq!(kept, self.wallet.merchants, "the payments say what the merchants have");
    }

    fn compare_payment(&self, payment: &Arc<Payment>) {
        let booked = &self.wallet.booked[&payment.payment_id];
        let expected = match booked.hold {
            _ if booked.refused => "FAILED",
            None | Some(HoldState::Captured(_)) if booked.back == booked.taken => "REFUNDED",
            None | Some(HoldState::Captured(_)) => "SUCCESSFUL",
            Some(HoldState::Voided(_)) => "VOIDED",
            Some(HoldState::Pending) => "AUTHORIZED",
        };
        assert_eq!(payment.status.text(), expected, "{payment:?}, {booked:?}");
        assert_eq!(
            (payment.captured_minor, payment.refunded_minor, payment.refunding_minor),
            (booked.taken, booked.back, 0),
            "{payment:?}"
        );
        if let Some(HoldState::Voided(why)) = booked.hold {
            assert_eq!(
                payment.reason.as_ref().map(ToString::to_string).as_deref(),
                Some(why.text())
            );
        }
        assert_eq!((payment.open, payment.asked), (None, None), "it still waits: {payment:?}");
        // Its hold may have ended before the wallet's first answer came through.
        let owner = payment.owner.as_ref().map(ToString::to_string);
        assert!(owner.as_deref() == Some("anna") || payment.status == PaymentStatus::Voided);
        let refunds = self.world.store.records::<Refund>();
        let of_it = refunds.iter().filter(|refund| refund.payment_id == payment.payment_id);
        let mut back = 0;
        for refund in of_it {
            assert!(refund.status != RefundStatus::Pending && refund.open.is_none(), "{refund:?}");
            if refund.status == RefundStatus::Successful {
                back += refund.amount_minor;
            }
        }
        assert_eq!(back, booked.back, "the refunds say what is back");
    }
}

/// The steps of the API page, and the two that are taken when the end of a hold is heard before its
/// beginning.
fn assert_step(before: Option<PaymentStatus>, after: &Payment) {
    use PaymentStatus::{Authorized, Failed, Pending, Refunded, Successful, Voided};
    let allowed: &[PaymentStatus] = match before {
        None => &[Pending],
        Some(Pending) if after.capture == Capture::Automatic => &[Pending, Successful, Failed],
        Some(Pending) => &[Pending, Authorized, Failed, Successful, Voided],
        Some(Authorized) => &[Authorized, Successful, Voided],
        Some(Successful) => &[Successful, Refunded],
        Some(Failed) => &[Failed],
        Some(Voided) => &[Voided],
        Some(Refunded) => &[Refunded],
    };
    assert!(allowed.contains(&after.status), "from {before:?} to {:?}", after.status);
}

/// Found once: the hold ended with the last of the half hours, and its end was not yet heard.
#[test]
fn a_hold_may_end_in_any_round() {
    for half_hours in 50..=96 {
        let mut run = Run::new();
        run.step(&Step::Request(1, Capture::Manual));
        run.deliver_all();
        run.step(&Step::Pass(half_hours * 30));
        run.finish();
        run.compare();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_payment_ends_as_the_ledger_says(steps in steps()) {
        let mut run = Run::new();
        for step in &steps {
            run.step(step);
        }
        run.finish();
        run.compare();
    }

    /// Whatever is said, true or not, no payment leaves its rails: the records' own checks hold, and
    /// an end is an end.
    #[test]
    fn nonsense_breaks_nothing(
        manual: bool,
        said in prop::collection::vec((0_usize..12, 1_u64..=1_200), 0..40),
    ) {
        let world = World::default();
        let capture = if manual { Capture::Manual } else { Capture::Automatic };
        let payment_id = world.request(capture);
        for (what, minor) in said {
            let before = world.payment(payment_id);
            let minor = Some(minor);
            let changed = match what {
                0 => world.hear(successful(&world, payment_id)) == Heard::Noted,
                1 => world.hear(failed(&world, payment_id)) == Heard::Noted,
                2 => world.hear(authorized(&world, payment_id)) == Heard::Noted,
                3 => world.hear(captured(&world, payment_id, 600)) == Heard::Noted,
                4 => world.hear(capture_failed(&world, payment_id)) == Heard::Noted,
                5 => world.hear(voided(&world, payment_id, VoidReason::Requested)) == Heard::Noted,
                6 => world.hear(voided(&world, payment_id, VoidReason::Expired)) == Heard::Noted,
                7 if world.count::<Refund>() > 0 => world.hear(refunded(&world)) == Heard::Noted,
                8 if world.count::<Refund>() > 0 => world.hear(refund_failed(&world)) == Heard::Noted,
                9 => world.capture(payment_id, minor, None).is_ok(),
                10 => world.void(payment_id, None).is_ok(),
                _ => world.refund(payment_id, minor, None).is_ok(),
            };
            let after = world.payment(payment_id);
            assert_step(Some(before.status), &after);
            prop_assert!(changed || after == before, "{:?} became {:?}", before, after);
        }
    }
}
