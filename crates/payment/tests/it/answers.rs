//! What the wallet's answers mean: every state of a payment and every answer, those too that come
//! late, twice or before others.

use kernel::event::{
    Capture, PaymentCaptured, PaymentRefunded, PaymentSuccessful, PaymentVoided, VoidReason,
};
use kernel::{Amount, EventId, HoldId, Id, PaymentId, Subject, WalletId};
use payment::decide::Heard;
use payment::records::{Payment, Refund};

use super::world::{
    World, authorized, capture_failed, captured, customer, failed, line, reason, refund_failed,
    refunded, service, stray_refund, successful, usd, voided,
};

/// What came of hearing `answer` in `state`, and what the payment is then.
fn outcome(state: &str, answer: &str) -> (Heard, String) {
    let world = World::default();
    let payment_id = world.payment_that_is(state);
    let before = world.payment(payment_id);
    let heard = say(&world, payment_id, answer);
    let after = world.payment(payment_id);
    if heard != Heard::Noted {
        assert_eq!(after, before, "{state}, {answer}: nothing was noted, and yet it changed");
    }
    // The same answer again changes nothing.
    let again = say(&world, payment_id, answer);
    assert_ne!(again, Heard::Noted, "{state}, {answer}: it was noted twice");
    assert_eq!(world.payment(payment_id), after, "{state}, {answer}: it changed twice");
    (heard, line(&after))
}

fn say(world: &World, payment_id: PaymentId, answer: &str) -> Heard {
    match answer {
        "successful" => world.hear(successful(world, payment_id)),
        "failed" => world.hear(failed(world, payment_id)),
        "authorized" => world.hear(authorized(world, payment_id)),
        "captured 600" => world.hear(captured(world, payment_id, 600)),
        "capture failed" => world.hear(capture_failed(world, payment_id)),
        "older capture failed" => {
            let older = Some(EventId::from_uuid(1));
            world.hear_answer(capture_failed(world, payment_id), older)
        }
        "voided" => world.hear(voided(world, payment_id, VoidReason::Requested)),
        "expired" => world.hear(voided(world, payment_id, VoidReason::Expired)),
        "refunded" => world.hear(refunded(world)),
        "refund failed" => world.hear(refund_failed(world)),
        other => panic!("no answer {other:?}"),
    }
}

fn check(state: &str, answer: &str, expected: &str) {
    assert_eq!(outcome(state, answer), (Heard::Noted, expected.to_owned()), "{state}, {answer}");
}

fn check_old(state: &str, answers: &[&str]) {
    for answer in answers {
        assert_eq!(outcome(state, answer).0, Heard::Old, "{state}, {answer}");
    }
}

fn check_contradicts(state: &str, answers: &[&str]) {
    for answer in answers {
        assert_eq!(outcome(state, answer).0, Heard::Contradicts, "{state}, {answer}");
    }
}

#[test]
fn a_payment_ends_as_the_wallet_says() {
    check("pending", "successful", "SUCCESSFUL captured 1000 of anna");
    check("pending", "failed", "FAILED (insufficient-funds)");
    check("pending hold", "failed", "FAILED (insufficient-funds)");
    check_contradicts("pending", &["authorized", "captured 600", "voided", "expired"]);
    check_contradicts("pending hold", &["successful"]);
    check_old("pending", &["capture failed"]);
}

#[test]
fn a_hold_ends_as_the_wallet_says() {
    check("pending hold", "authorized", "AUTHORIZED of anna");
    check("authorized", "expired", "VOIDED (expired) of anna");
    check("capturing 600", "captured 600", "SUCCESSFUL captured 600 of anna");
    check("capturing 600", "capture failed", "AUTHORIZED (wallet-frozen) of anna");
    check("voiding", "voided", "VOIDED (requested) of anna");
    // Its time was up before the wallet heard what was asked.
    check("capturing 600", "expired", "VOIDED (expired) of anna");
    check("voiding", "expired", "VOIDED (expired) of anna");
    check("overdue", "expired", "VOIDED (expired) of anna");
}

#[test]
fn what_comes_late_or_twice_changes_nothing() {
    check_old("authorized", &["authorized", "capture failed", "older capture failed"]);
    check_old("capturing 600", &["authorized", "older capture failed"]);
    check_old("voiding", &["authorized", "capture failed", "older capture failed"]);
    check_old("captured 600", &["authorized", "captured 600", "capture failed"]);
    check_old("voided", &["authorized", "voided", "expired", "capture failed"]);
    check_old("expired", &["authorized", "voided", "expired", "capture failed"]);
    check_old("successful", &["successful", "capture failed"]);
    check_old("refunding 400", &["successful"]);
    check_old("refunded 400", &["successful", "refunded"]);
    check_old("refunded", &["successful", "refunded"]);
    check_old("failed", &["failed", "capture failed"]);
}

#[test]
fn what_no_correct_wallet_says_changes_nothing() {
    check_contradicts("authorized", &["failed", "successful"]);
    check_contradicts("captured 600", &["voided", "expired", "failed", "successful"]);
    check_contradicts("voided", &["captured 600", "failed"]);
    check_contradicts("expired", &["captured 600", "failed"]);
    check_contradicts("successful", &["failed", "authorized", "captured 600", "voided"]);
    check_contradicts("failed", &["successful", "authorized", "captured 600", "voided"]);
    check_contradicts("refunded 400", &["refund failed", "failed"]);
    check_contradicts("refunded", &["refund failed", "failed"]);
}

#[test]
fn the_end_of_a_hold_may_come_before_its_beginning() {
    check("pending hold", "expired", "VOIDED (expired)");
    check("pending hold", "captured 600", "SUCCESSFUL captured 600");
    for (end, then) in [
        ("expired", "VOIDED (expired) of anna"),
        ("captured 600", "SUCCESSFUL captured 600 of anna"),
    ] {
        let world = World::default();
        let payment_id = world.payment_that_is("pending hold");
        assert_eq!(say(&world, payment_id, end), Heard::Noted);
        // The owner sees the payment from now on; nothing else changes.
        assert_eq!(say(&world, payment_id, "authorized"), Heard::Noted);
        let payment = world.payment(payment_id);
        assert_eq!(line(&payment), then);
        assert!(payment.expires_at.is_some() && payment.held.is_none());
        assert_eq!(say(&world, payment_id, "authorized"), Heard::Old);
    }
}

#[test]
fn a_refund_ends_as_the_wallet_says() {
    check("refunding 400", "refunded", "SUCCESSFUL captured 1000 refunded 400 of anna");
    check("refunding 400", "refund failed", "SUCCESSFUL captured 1000 of anna");
    let world = World::default();
    let payment_id = world.payment_that_is("refunded 400");
    assert!(world.refund(payment_id, None, None).is_ok());
    assert_eq!(say(&world, payment_id, "refunded"), Heard::Noted);
    let all_is_back = "REFUNDED captured 1000 refunded 1000 of anna";
    assert_eq!(line(&world.payment(payment_id)), all_is_back);
}

#[test]
fn a_refund_that_failed_says_why_and_can_be_asked_again() {
    let world = World::default();
    let payment_id = world.payment_that_is("successful");
    assert!(world.refund(payment_id, None, None).is_ok());
    assert!(world.refund(payment_id, Some(1), None).is_err());
    assert_eq!(say(&world, payment_id, "refund failed"), Heard::Noted);
    let refund = world.last_refund();
    assert_eq!(
        (refund.status.text(), refund.reason.clone()),
        ("FAILED", Some(reason("wallet-closed")))
    );
    assert_eq!(say(&world, payment_id, "refund failed"), Heard::Old);
    assert_eq!(say(&world, payment_id, "refunded"), Heard::Contradicts);
    assert!(world.refund(payment_id, None, None).is_ok());
}

#[test]
fn a_failed_capture_can_be_asked_again_and_the_reason_goes() {
    let world = World::default();
    let payment_id = world.payment_that_is("capturing 600");
    let first = world.store.said().last().unwrap().id;
    assert_eq!(say(&world, payment_id, "capture failed"), Heard::Noted);
    let asked = world.capture(payment_id, Some(500), None).unwrap();
    assert_eq!(line(&asked), "AUTHORIZED asks capture 500 of anna");
    // The first answer comes again: it is not the answer to this question.
    let heard = world.hear_answer(capture_failed(&world, payment_id), Some(first));
    assert_eq!(heard, Heard::Old);
    assert_eq!(*world.payment(payment_id), *asked.record);
    assert_eq!(world.hear(captured(&world, payment_id, 500)), Heard::Noted);
    assert_eq!(line(&world.payment(payment_id)), "SUCCESSFUL captured 500 of anna");
}

#[test]
fn another_amount_wallet_or_hold_contradicts() {
    let world = World::default();
    let pending = world.payment_that_is("pending");
    let said = successful(&world, pending);
    let other = PaymentSuccessful { amount: usd(999), ..said.clone() };
    assert_eq!(world.hear(other), Heard::Contradicts);
    let wallet_id = WalletId::from_uuid(99);
    let other = PaymentSuccessful { wallet_id, ..said };
    assert_eq!(world.hear(other), Heard::Contradicts);

    let capturing = world.payment_that_is("capturing 600");
    let said = captured(&world, capturing, 600);
    let hold_id = HoldId::from_uuid(99);
    let other = PaymentCaptured { hold_id, ..said };
    assert_eq!(world.hear(other), Heard::Contradicts);
    let other = PaymentCaptured { amount: usd(1001), ..said };
    assert_eq!(world.hear(other), Heard::Contradicts);
    let yen = Amount::from_minor(600, "JPY".parse().unwrap()).unwrap();
    assert_eq!(world.hear(PaymentCaptured { amount: yen, ..said }), Heard::Contradicts);
    let said = voided(&world, capturing, VoidReason::Expired);
    assert_eq!(world.hear(PaymentVoided { hold_id, ..said }), Heard::Contradicts);

    let refunding = world.payment_that_is("refunding 400");
    let said = refunded(&world);
    let other = PaymentRefunded { amount: usd(399), ..said };
    assert_eq!(world.hear(other), Heard::Contradicts);
    let other = PaymentRefunded { transaction_id: pending, ..said };
    assert_eq!(world.hear(other), Heard::Contradicts);
    assert_eq!(line(&world.payment(refunding)), "SUCCESSFUL captured 1000 refunding 400 of anna");
}

#[test]
fn an_answer_about_nothing_we_know_writes_nothing() {
    let world = World::default();
    let payment_id = world.request(Capture::Automatic);
    let unknown = PaymentId::from_uuid(99);
    let said = successful(&world, payment_id);
    let said = PaymentSuccessful { transaction_id: unknown, ..said };
    assert_eq!(world.hear(said), Heard::Unknown);
    let said = voided(&world, payment_id, VoidReason::Expired);
    let said = PaymentVoided { transaction_id: unknown, ..said };
    assert_eq!(world.hear(said), Heard::Unknown);
    assert_eq!(world.hear(stray_refund(&world, payment_id)), Heard::Unknown);
    assert_eq!((world.count::<Payment>(), world.count::<Refund>()), (1, 0));
    assert_eq!(line(&world.payment(payment_id)), "PENDING");
}

#[test]
fn who_owns_the_wallet_sees_the_payment_once_the_wallet_has_said_so() {
    let world = World::default();
    let mut order = world.order(Capture::Automatic);
    order.caller = service("payments");
    let payment_id = world.decide(&order).unwrap().payment_id;
    let sees = |sub: &str| world.payment(payment_id).is_visible_to(&customer(sub));
    assert_eq!((sees("shop"), sees("anna"), sees("bob")), (true, false, false));
    world.hear(PaymentSuccessful {
        wallet_owner: Subject::new("anna").unwrap(),
        ..successful(&world, payment_id)
    });
    assert_eq!((sees("shop"), sees("anna"), sees("bob")), (true, true, false));
}
