//! What others rely on: filter policies, who may call what, what the hot path reads, what a record
//! refuses to be.

use std::collections::HashMap;
use std::time::Duration;

use kernel::decision::{Drawn, Source, StoredChain};
use kernel::event::Capture;
use kernel::manifest::Who;
use kernel::memory::MemoryStore;
use kernel::record::ChainId;
use kernel::saga::{SayAgain, Waits};
use kernel::{
    AnyId, Context, CorrelationId, Decision, EventData, EventKind, Key, Kind, PaymentId, Record,
    Rules, Scope, Stored, Suspend, Time, View, Writes,
};
use payment::MANIFEST;
use payment::decide::{AboutPayment, Heard, UpdateTransactionStatus};
use payment::records::{Payment, PaymentStatus, Refund};
use serde_json::json;

use super::world::{World, authorized, refunded, successful};

#[test]
fn filter_policies_are_what_the_design_says() {
    let policies: HashMap<_, _> = MANIFEST
        .subscriptions
        .iter()
        .map(|subscription| (subscription.name, subscription.filter_policy()))
        .collect();
    let expected = HashMap::from([
        (
            "update_transaction_status",
            json!({ "event_type": ["PAYMENT_SUCCESSFUL", "PAYMENT_FAILED"] }),
        ),
        (
            "update_authorization_status",
            json!({ "event_type": [
                "PAYMENT_AUTHORIZED", "PAYMENT_CAPTURED", "PAYMENT_CAPTURE_FAILED", "PAYMENT_VOIDED",
            ] }),
        ),
        (
            "update_refund_status",
            json!({ "event_type": ["PAYMENT_REFUNDED", "PAYMENT_REFUND_FAILED"] }),
        ),
    ]);
    assert_eq!(policies, expected);
}

#[test]
fn each_subscription_hears_what_it_says_it_hears_and_nothing_else() {
    let world = World::default();
    let payment_id = world.payment_that_is("successful");
    let mut event = world.store.said().remove(0);
    for subscription in MANIFEST.subscriptions {
        event.data = successful(&world, payment_id).into();
        let hears = subscription.hears.contains(&EventKind::PaymentSuccessful);
        assert_eq!((subscription.react)(&event).is_ok(), hears, "{}", subscription.name);
        event.data = authorized(&world, payment_id).into();
        let hears = subscription.hears.contains(&EventKind::PaymentAuthorized);
        assert_eq!((subscription.react)(&event).is_ok(), hears, "{}", subscription.name);
        for kind in subscription.hears {
            assert_eq!((kind.topic(), kind.source()), (subscription.topic, "wallet"));
        }
    }
    for kind in MANIFEST.says {
        assert_eq!(kind.source(), "payment");
    }
}

#[test]
fn capture_void_and_refund_are_not_the_payers() {
    let who = |name: &str| {
        let operation = MANIFEST.operations.iter().find(|operation| operation.name == name);
        operation.unwrap().who
    };
    for name in ["capture_payment", "void_payment", "refund_payment"] {
        assert_eq!(who(name), [Who::Operator, Who::Service(Scope::Payments)], "{name}");
    }
    assert_eq!(who("list_payments"), [Who::Operator]);
    for operation in MANIFEST.operations {
        assert!(!operation.who.contains(&Who::Nobody), "{}", operation.name);
    }
}

/// What a decision is shown, and how often it looks.
struct Looks {
    stored: Option<Stored>,
    gets: usize,
}

impl Source for Looks {
    fn get(&mut self, _: &'static Kind, _: Key) -> Result<Option<Stored>, Suspend> {
        self.gets += 1;
        Ok(self.stored.clone())
    }

    fn chain(
        &mut self,
        _: &'static Kind,
        _: ChainId,
        _: AnyId,
        _: Time,
    ) -> Result<StoredChain, Suspend> {
        panic!("this service has no chains")
    }
}

fn looks<D: Decision>(decision: &D, stored: Option<Stored>) -> (D::Outcome, usize, usize) {
    let mut source = Looks { stored, gets: 0 };
    let context = Context::request(CorrelationId(1), None);
    let (ids, mut drawn, mut writes) = (MemoryStore::new(), Drawn::default(), Writes::default());
    let now = Time::from_micros(2_000_000_000_000_000);
    let mut view = View::new(&mut source, &context, now, &ids, &mut drawn);
    let outcome = decision.decide(&mut view, &mut writes).unwrap();
    (outcome, source.gets, writes.into_puts().len())
}

#[test]
fn the_hot_path_looks_up_one_record_and_puts_two() {
    let world = World::default();
    let (begun, gets, puts) = looks(&world.order(Capture::Automatic), None);
    assert_eq!((begun.is_ok(), gets, puts), (true, 0, 1));

    let payment_id = world.payment_that_is("pending");
    let stored = Stored::new(world.payment(payment_id), 1, [].into());
    let answer = UpdateTransactionStatus(AboutPayment::Successful(successful(&world, payment_id)));
    assert_eq!(looks(&answer, Some(stored)), (Heard::Noted, 1, 1));
}

#[test]
fn what_waits_says_its_question_again_until_it_is_answered() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for (state, kind) in [
        ("pending", EventKind::PaymentRequested),
        ("pending hold", EventKind::PaymentRequested),
        ("capturing 600", EventKind::PaymentCaptureRequested),
        ("voiding", EventKind::PaymentVoidRequested),
    ] {
        let world = World::default();
        let payment_id = world.payment_that_is(state);
        let again = || world.decide(&SayAgain::<Payment>::of(payment_id));
        let first = world.store.said().last().unwrap().clone();
        assert!(!again(), "{state}: it speaks too early");
        world.store.pass(minutes(2));
        assert!(again(), "{state}: it does not speak again");
        assert!(!again(), "{state}: it speaks again at once");
        world.store.pass(minutes(5));
        assert!(again(), "{state}: it speaks once and never again");
        let said = world.store.said();
        let [.., second, third] = &said[..] else { panic!("{said:?}") };
        assert_eq!((second, third, first.kind()), (&first, &first, kind), "{state}");
    }
    for state in ["successful", "failed", "authorized", "captured 600", "voided", "refunding 400"] {
        let world = World::default();
        let payment_id = world.payment_that_is(state);
        world.store.pass(minutes(120));
        assert!(!world.decide(&SayAgain::<Payment>::of(payment_id)), "{state}");
    }
}

#[test]
fn a_refund_says_its_question_again_until_it_is_answered() {
    let world = World::default();
    world.payment_that_is("refunding 400");
    let refund_id = world.last_refund().refund_id;
    world.store.pass(Duration::from_secs(120));
    assert!(world.decide(&SayAgain::<Refund>::of(refund_id)));
    let said = world.store.said();
    let [.., first, second] = &said[..] else { panic!("{said:?}") };
    assert_eq!((first, first.kind()), (second, EventKind::PaymentRefundRequested));
    world.hear(refunded(&world));
    world.store.pass(Duration::from_secs(7_200));
    assert!(!world.decide(&SayAgain::<Refund>::of(refund_id)));
}

#[test]
fn what_is_asked_of_a_hold_is_said_with_its_amount() {
    let world = World::default();
    let payment_id = world.payment_that_is("capturing 600");
    let event = world.store.said().pop().unwrap();
    let EventData::PaymentCaptureRequested(data) = &event.data else { panic!("{event:?}") };
    assert_eq!((data.transaction_id, data.amount.minor()), (payment_id, 600));
    assert_eq!(world.payment(payment_id).asked_event, Some(event.id));
}

/// A record and a change that makes no sense of it.
fn check_refuses(state: &str, change: fn(&mut Payment), why: &str) {
    let world = World::default();
    let payment_id = world.payment_that_is(state);
    let mut payment = Payment::clone(&world.payment(payment_id));
    assert_eq!(payment.check(), Ok(()), "{state}");
    change(&mut payment);
    assert_eq!(payment.check(), Err(why.to_owned()), "{state}");
}

#[test]
fn a_payment_that_contradicts_itself_is_refused() {
    check_refuses(
        "pending",
        |payment| payment.amount_minor = 0,
        "the amount must be more than zero",
    );
    check_refuses(
        "successful",
        |payment| payment.captured_minor = 1_001,
        "more was taken than asked for",
    );
    check_refuses(
        "successful",
        |payment| payment.captured_minor = 999,
        "without a hold a payment takes all or nothing",
    );
    check_refuses(
        "pending",
        |payment| payment.captured_minor = 1,
        "its status and what was taken disagree",
    );
    check_refuses(
        "refunding 400",
        |payment| payment.refunded_minor = 601,
        "more goes back than was taken",
    );
    check_refuses(
        "refunding 400",
        |payment| payment.refunding_minor = u64::MAX,
        "more goes back than was taken",
    );
    check_refuses(
        "successful",
        |payment| payment.refunded_minor = 1_000,
        "its status and what is back disagree",
    );
    check_refuses(
        "refunded",
        |payment| payment.refunded_minor = 999,
        "its status and what is back disagree",
    );
    check_refuses("failed", |payment| payment.reason = None, "it does not say why");
    let waits = "it waits for an answer to nothing, or does not wait for one";
    check_refuses("pending", |payment| *payment = payment.with_waiting(None), waits);
    check_refuses("voiding", |payment| payment.open = None, waits);
    check_refuses("authorized", |payment| payment.speaks_at = Some(payment.created_at), waits);
    check_refuses(
        "pending",
        |payment| payment.updated_at = Time::MIN,
        "it changed before it was made",
    );
}

#[test]
fn a_hold_that_contradicts_its_payment_is_refused() {
    check_refuses(
        "authorized",
        |payment| payment.hold_id = None,
        "it is authorized without a hold",
    );
    check_refuses(
        "authorized",
        |payment| payment.held = None,
        "`held` says that it is authorized, or not",
    );
    check_refuses(
        "capturing 600",
        |payment| payment.asked_minor = Some(1_001),
        "it captures more than is held",
    );
    check_refuses(
        "capturing 600",
        |payment| payment.asked_minor = None,
        "a capture says how much, nothing else does",
    );
    check_refuses(
        "voiding",
        |payment| payment.asked_event = None,
        "what was asked and the event that asked go together",
    );
}

#[test]
fn every_record_comes_back_from_its_columns() {
    for state in ["pending", "capturing 600", "voided", "refunded 400", "failed"] {
        let world = World::default();
        let payment_id: PaymentId = world.payment_that_is(state);
        let payment = world.payment(payment_id);
        let mut values = Vec::new();
        kernel::AnyRecord::values(&*payment, &mut |value| values.push(value.into_owned()));
        let back = Payment::KIND.read(1, values).unwrap();
        assert_eq!(*back.as_any().downcast::<Payment>().unwrap(), *payment, "{state}");
    }
    for status in PaymentStatus::ALL {
        assert_eq!(PaymentStatus::from_text(status.text()), Some(status));
    }
}
