//! What callers ask for: one line for each way in which it can end. Who may ask at all is checked by
//! the routes.

use kernel::audit::AuditLine;
use kernel::event::Capture;
use kernel::{EventData, EventKind, Id, PaymentId};
use payment::decide::{AskAboutExpiredHold, Heard, PaymentRefused, RefundPayment, RequestPayment};
use payment::records::{Payment, Refund};

use super::world::{
    World, authorized, captured, customer, key_of, line, operator, refunded, service,
};

/// In the state, does what is said; gives what became of it, or the refusal.
fn check(state: &str, action: &str, expected: &str) {
    let world = World::default();
    let payment_id = world.payment_that_is(state);
    let before = (world.said(), world.payment(payment_id), world.count::<AuditLine>());
    let (what, minor) = action.split_once(' ').unwrap_or((action, ""));
    let minor = minor.parse().ok();
    let ended = match what {
        "capture" => world.capture(payment_id, minor, None).map(|known| line(&known)),
        "void" => world.void(payment_id, None).map(|known| line(&known)),
        "refund" => world.refund(payment_id, minor, None).map(|known| {
            let payment = line(&world.payment(payment_id));
            format!("{} {} of {payment}", known.status.text(), known.amount_minor)
        }),
        other => panic!("no action {other:?}"),
    };
    if ended.is_err() {
        let after = (world.said(), world.payment(payment_id), world.count::<AuditLine>());
        assert_eq!(after, before, "a refusal wrote something: {state}, {action}");
    } else {
        assert_eq!(world.said().len(), before.0.len() + 1, "it said one event: {state}, {action}");
        assert_eq!(world.count::<AuditLine>(), before.2 + 1, "it was an operator's act");
    }
    let ended = ended.unwrap_or_else(|refused| format!("refused: {refused}"));
    assert_eq!(ended, expected, "{state}, {action}");
}

#[test]
fn every_way_a_capture_can_end() {
    check("authorized", "capture", "AUTHORIZED asks capture 1000 of anna");
    check("authorized", "capture 600", "AUTHORIZED asks capture 600 of anna");
    check("authorized", "capture 1000", "AUTHORIZED asks capture 1000 of anna");
    let too_much = "refused: That is more than is held; capture at most 10.00 USD.";
    check("authorized", "capture 1001", too_much);
    check("overdue", "capture", "refused: The hold has expired; request the payment again.");
    let under_way = "refused: A capture of this payment is under way; wait for its end.";
    check("capturing 600", "capture", under_way);
    let under_way = "refused: A void of this payment is under way; wait for its end.";
    check("voiding", "capture", under_way);
    for (state, status) in NOT_HELD {
        check(state, "capture", &not_authorized(status));
    }
}

#[test]
fn every_way_a_void_can_end() {
    check("authorized", "void", "AUTHORIZED asks void of anna");
    // Late, but it asks for what the clock will do anyway.
    check("overdue", "void", "AUTHORIZED asks void of anna");
    let under_way = "refused: A capture of this payment is under way; wait for its end.";
    check("capturing 600", "void", under_way);
    let under_way = "refused: A void of this payment is under way; wait for its end.";
    check("voiding", "void", under_way);
    for (state, status) in NOT_HELD {
        check(state, "void", &not_authorized(status));
    }
}

/// The clock, which looks at what is held and whose time is up.
#[test]
fn what_became_of_a_hold_whose_time_is_up_is_asked_once() {
    let ask = |state: &str, expected: bool| {
        let world = World::default();
        let payment_id = world.payment_that_is(state);
        let (said, audited) = (world.said().len(), world.count::<AuditLine>());
        assert_eq!(world.decide(&AskAboutExpiredHold { payment_id }), expected, "{state}");
        let asked = expected.then_some(EventKind::PaymentVoidRequested);
        assert_eq!(world.said().get(said).copied(), asked, "{state}");
        assert!(!world.decide(&AskAboutExpiredHold { payment_id }), "{state}, again");
        assert_eq!(world.count::<AuditLine>(), audited, "{state}");
    };
    ask("overdue", true);
    for state in ["authorized", "just overdue", "capturing 600", "voiding"] {
        ask(state, false);
    }
    for (state, _) in NOT_HELD {
        ask(state, false);
    }
}

const NOT_HELD: [(&str, &str); 9] = [
    ("pending", "PENDING"),
    ("pending hold", "PENDING"),
    ("captured 600", "SUCCESSFUL"),
    ("successful", "SUCCESSFUL"),
    ("refunding 400", "SUCCESSFUL"),
    ("failed", "FAILED"),
    ("voided", "VOIDED"),
    ("expired", "VOIDED"),
    ("refunded", "REFUNDED"),
];

fn not_authorized(status: &str) -> String {
    format!("refused: The payment is {status}; this can be done while it is AUTHORIZED.")
}

#[test]
fn every_way_a_refund_can_end() {
    let taken = "SUCCESSFUL captured 1000";
    check("successful", "refund", &format!("PENDING 1000 of {taken} refunding 1000 of anna"));
    check("successful", "refund 400", &format!("PENDING 400 of {taken} refunding 400 of anna"));
    let left = |left: &str| {
        format!(
            "refused: That is more than was taken, less what is back or on its way; refund at most {left} USD."
        )
    };
    check("successful", "refund 1001", &left("10.00"));
    check("captured 600", "refund", "PENDING 600 of SUCCESSFUL captured 600 refunding 600 of anna");
    check("captured 600", "refund 601", &left("6.00"));
    check("refunding 400", "refund", &format!("PENDING 600 of {taken} refunding 1000 of anna"));
    check("refunding 400", "refund 601", &left("6.00"));
    check(
        "refunded 400",
        "refund 600",
        &format!("PENDING 600 of {taken} refunded 400 refunding 600 of anna"),
    );
    check("refunded 400", "refund 601", &left("6.00"));
    let nothing = "refused: Nothing is left to refund: all that was taken is back or on its way; see the payment's refunds.";
    check("refunded", "refund", nothing);
    check("refunded", "refund 1", nothing);
    for (state, status) in [
        ("pending", "PENDING"),
        ("authorized", "AUTHORIZED"),
        ("capturing 600", "AUTHORIZED"),
        ("voided", "VOIDED"),
        ("failed", "FAILED"),
    ] {
        let expected =
            format!("refused: The payment is {status}; this can be done while it is SUCCESSFUL.");
        check(state, "refund", &expected);
    }
}

#[test]
fn what_is_not_there_is_not_found() {
    let world = World::default();
    let nobody = PaymentId::from_uuid(1);
    assert_eq!(world.capture(nobody, None, None).err(), Some(PaymentRefused::NotFound));
    assert_eq!(world.void(nobody, None).err(), Some(PaymentRefused::NotFound));
    assert_eq!(world.refund(nobody, None, None).err(), Some(PaymentRefused::NotFound));
}

#[test]
fn a_request_begins_a_payment_and_says_so() {
    let world = World::default();
    let order = world.order(Capture::Automatic);
    let begun = world.decide(&order).unwrap();
    assert_eq!(line(&begun), "PENDING");
    assert_eq!(*begun.record, *world.payment(begun.payment_id));
    let [event] = &world.store.said()[..] else { panic!("{:?}", world.said()) };
    let EventData::PaymentRequested(data) = &event.data else { panic!("{event:?}") };
    assert_eq!((data.transaction_id, data.amount), (begun.payment_id, order.amount));
    assert_eq!((event.sequence, event.causation), (1, None));
}

#[test]
fn what_a_service_does_is_not_an_operators_act() {
    let world = World::default();
    let payment_id = world.payment_that_is("successful");
    let caller = service("payments");
    let (amount, description, reference, key) = (None, None, None, None);
    let refund = RefundPayment { payment_id, amount, description, reference, caller, key };
    assert!(world.decide(&refund).is_ok());
    assert_eq!(world.count::<AuditLine>(), 0);
}

#[test]
fn a_keyed_payment_is_made_once() {
    let world = World::default();
    let keyed = |text, body| RequestPayment {
        key: Some(key_of(&customer("anna"), &["request_payment"], text, body)),
        ..world.order(Capture::Automatic)
    };
    let first = world.decide(&keyed("k", 1)).unwrap();
    let again = world.decide(&keyed("k", 1)).unwrap();
    assert_eq!(again.record, first.record);
    assert_eq!(world.decide(&keyed("k", 2)).err(), Some(PaymentRefused::KeyReused));
    let other = world.decide(&keyed("l", 1)).unwrap();
    assert_ne!(other.payment_id, first.payment_id);
    assert_eq!(world.count::<Payment>(), 2);
    assert_eq!(world.said(), [EventKind::PaymentRequested; 2]);
}

#[test]
fn a_keyed_refund_is_made_once_and_shown_as_it_is_now() {
    let world = World::default();
    let payment_id = world.payment_that_is("successful");
    let path = payment_id.to_string();
    let key =
        |text, body| Some(key_of(&operator(), &["refund_payment", path.as_str()], text, body));
    let first = world.refund(payment_id, Some(600), key("k", 1)).unwrap();
    assert_eq!(world.hear(refunded(&world)), Heard::Noted);
    let again = world.refund(payment_id, Some(600), key("k", 1)).unwrap();
    assert_eq!((again.refund_id, again.status.text()), (first.refund_id, "SUCCESSFUL"));
    let reused = world.refund(payment_id, Some(1), key("k", 2)).err();
    assert_eq!(reused, Some(PaymentRefused::KeyReused));
    // A refusal wrote nothing, and is decided again.
    assert!(world.refund(payment_id, Some(401), key("l", 3)).is_err());
    assert!(world.refund(payment_id, Some(400), key("l", 4)).is_ok());
    assert_eq!(world.count::<Refund>(), 2);
}

#[test]
fn a_keyed_capture_is_asked_once() {
    let world = World::default();
    let payment_id = world.payment_that_is("pending hold");
    let key = |text, body| Some(key_of(&operator(), &["capture_payment", "pay"], text, body));
    // A refusal wrote nothing, and is decided again.
    assert!(world.capture(payment_id, Some(600), key("k", 1)).is_err());
    world.hear(authorized(&world, payment_id));
    let said = world.said().len();
    assert!(world.capture(payment_id, Some(600), key("k", 1)).is_ok());
    let again = world.capture(payment_id, Some(600), key("k", 1)).unwrap();
    assert_eq!(line(&again), "AUTHORIZED asks capture 600 of anna");
    let reused = world.capture(payment_id, Some(700), key("k", 2)).err();
    assert_eq!(reused, Some(PaymentRefused::KeyReused));
    assert_eq!(world.said().len(), said + 1);
    world.hear(captured(&world, payment_id, 600));
    let again = world.capture(payment_id, Some(600), key("k", 1)).unwrap();
    assert_eq!(line(&again), "SUCCESSFUL captured 600 of anna");
}

#[test]
fn a_keyed_void_is_asked_once() {
    let world = World::default();
    let payment_id = world.payment_that_is("authorized");
    let key = |text, body| Some(key_of(&operator(), &["void_payment", "pay"], text, body));
    assert!(world.void(payment_id, key("k", 1)).is_ok());
    assert_eq!(world.void(payment_id, key("k", 2)).err(), Some(PaymentRefused::KeyReused));
    let again = world.void(payment_id, key("k", 1)).unwrap();
    assert_eq!(line(&again), "AUTHORIZED asks void of anna");
    assert_eq!(world.said().len(), 2);
}
