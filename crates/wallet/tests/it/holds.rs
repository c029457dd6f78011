//! Held money: authorized, captured, voided, expired, in every order in which these can cross, and
//! each event heard twice.

use kernel::event::Capture;
use kernel::record::Shard;
use kernel::{EventKind, Id, PaymentId};
use wallet::records::{Entry, EntryKind, Hold, HoldState};

use crate::bank::{Bank, words};

/// 100 in `A`, 40 of it held.
fn held() -> (Bank, PaymentId) {
    let bank = Bank::new();
    bank.credit("A", 100);
    let (payment, said) = bank.pay("A", 40, Capture::Manual);
    assert_eq!(said, "PAYMENT_AUTHORIZED 40 of alice");
    (bank, payment)
}

/// Does something that ends with an event, whose answer must be `expected` and leave `A` as `state`;
/// then the event comes again, and must change nothing and be answered as before.
fn check(does: impl FnOnce(&Bank, PaymentId) -> String, expected: &str, state: &str) {
    let (bank, payment) = held();
    assert_eq!(does(&bank, payment), expected);
    assert_eq!(bank.state("A"), state);
    let (entries, holds) = (bank.store.records::<Entry>(), bank.store.records::<Hold>());
    assert_eq!(bank.hear_again(), expected, "the second answer");
    assert_eq!(bank.store.records::<Entry>(), entries);
    assert_eq!(bank.store.records::<Hold>(), holds);
}

#[test]
fn every_way_an_authorization_can_end() {
    let check = |does: fn(&Bank) -> String, expected: &str| {
        let bank = Bank::new();
        bank.credit("A", 100);
        assert_eq!(does(&bank), expected);
        assert_eq!(bank.hear_again(), expected);
    };
    check(|bank| bank.pay("A", 100, Capture::Manual).1, "PAYMENT_AUTHORIZED 100 of alice");
    check(
        |bank| bank.pay("A", 101, Capture::Manual).1,
        "PAYMENT_FAILED insufficient-funds of alice",
    );
    check(
        |bank| {
            bank.pay("A", 60, Capture::Manual);
            bank.pay("A", 41, Capture::Manual).1
        },
        "PAYMENT_FAILED insufficient-funds of alice",
    );
    check(
        |bank| {
            bank.freeze("A");
            bank.pay("A", 1, Capture::Manual).1
        },
        "PAYMENT_FAILED wallet-frozen of alice",
    );
}

#[test]
fn held_money_is_there_and_cannot_leave() {
    let (bank, _) = held();
    assert_eq!(bank.state("A"), "ACTIVE 100 held 40");
    assert_eq!(bank.debit("A", 61), "refused: insufficient-funds");
    assert_eq!(bank.debit("A", 60), "DEBIT 40");
    assert_eq!(bank.close("A"), "refused: wallet-not-empty");
}

#[test]
fn every_way_a_capture_can_end() {
    let whole = |bank: &Bank, payment| bank.capture("A", payment, 40);
    check(whole, "PAYMENT_CAPTURED 40", "ACTIVE 60 held 0");
    check(
        |bank, payment| bank.capture("A", payment, 15),
        "PAYMENT_CAPTURED 15",
        "ACTIVE 85 held 0",
    );
    check(
        |bank, payment| bank.capture("A", payment, 41),
        "PAYMENT_CAPTURE_FAILED capture-exceeds-hold",
        "ACTIVE 100 held 40",
    );
    check(
        |bank, payment| {
            bank.freeze("A");
            bank.capture("A", payment, 40)
        },
        "PAYMENT_CAPTURE_FAILED wallet-frozen",
        "FROZEN 100 held 40",
    );
    check(
        |bank, payment| {
            bank.capture("A", payment, 15);
            bank.capture("A", payment, 15)
        },
        "PAYMENT_CAPTURE_FAILED hold-captured",
        "ACTIVE 85 held 0",
    );
    check(
        |bank, payment| {
            bank.void("A", payment);
            bank.capture("A", payment, 40)
        },
        "PAYMENT_CAPTURE_FAILED hold-voided",
        "ACTIVE 100 held 0",
    );
    check(
        |bank, payment| {
            bank.pass_days(7);
            bank.expire(Hold::id_of(payment));
            bank.capture("A", payment, 40)
        },
        "PAYMENT_CAPTURE_FAILED hold-expired",
        "ACTIVE 100 held 0",
    );
    // The clock has not been there, and yet it is too late.
    check(
        |bank, payment| {
            bank.pass_days(7);
            bank.capture("A", payment, 40)
        },
        "PAYMENT_CAPTURE_FAILED hold-expired",
        "ACTIVE 100 held 40",
    );
}

#[test]
fn every_way_a_void_can_end() {
    let void = |bank: &Bank, payment| bank.void("A", payment);
    check(void, "PAYMENT_VOIDED requested", "ACTIVE 100 held 0");
    check(
        |bank, payment| {
            bank.freeze("A");
            bank.void("A", payment)
        },
        "PAYMENT_VOIDED requested",
        "FROZEN 100 held 0",
    );
    check(
        |bank, payment| {
            bank.capture("A", payment, 15);
            bank.void("A", payment)
        },
        "PAYMENT_CAPTURED 15",
        "ACTIVE 85 held 0",
    );
    check(
        |bank, payment| {
            bank.void("A", payment);
            bank.void("A", payment)
        },
        "PAYMENT_VOIDED requested",
        "ACTIVE 100 held 0",
    );
    check(
        |bank, payment| {
            bank.pass_days(7);
            bank.expire(Hold::id_of(payment));
            bank.void("A", payment)
        },
        "PAYMENT_VOIDED expired",
        "ACTIVE 100 held 0",
    );
    // The clock has not been there, and yet its time was up.
    check(
        |bank, payment| {
            bank.pass_days(7);
            bank.void("A", payment)
        },
        "PAYMENT_VOIDED expired",
        "ACTIVE 100 held 0",
    );
    check(
        |bank, payment| {
            bank.capture("A", payment, 40);
            bank.debit("A", 60);
            bank.close("A");
            bank.void("A", payment)
        },
        "PAYMENT_CAPTURED 40",
        "CLOSED 0 held 0",
    );
}

#[test]
fn a_hold_that_is_not_there_is_answered_too() {
    let nobody = PaymentId::from_uuid(4_444);
    let unchanged = "ACTIVE 100 held 40";
    let failed = "PAYMENT_CAPTURE_FAILED hold-not-found";
    check(|bank, _| bank.capture("A", nobody, 1), failed, unchanged);
    check(|bank, _| bank.void("A", nobody), "PAYMENT_VOIDED requested", unchanged);
    // Another wallet's hold is not there either.
    check(|bank, payment| bank.capture("B", payment, 1), failed, unchanged);
    let failed = "PAYMENT_CAPTURE_FAILED wallet-not-found";
    check(|bank, payment| bank.capture("X", payment, 1), failed, unchanged);
}

#[test]
fn a_hold_expires_when_its_time_is_up_and_not_before() {
    let (bank, payment) = held();
    let hold_id = Hold::id_of(payment);
    bank.pass_days(6);
    assert!(!bank.expire(hold_id));
    bank.pass_days(1);
    let before = bank.store.said().len();
    assert!(bank.expire(hold_id));
    assert!(!bank.expire(hold_id), "a hold is released once");
    let said = bank.store.said();
    assert_eq!(words(&said[before..]), "PAYMENT_VOIDED expired");
    let asked = said.iter().find(|event| event.kind() == EventKind::PaymentAuthorized).unwrap();
    let expired = said.last().unwrap();
    assert_eq!(expired.correlation, asked.correlation, "it belongs to the payment's saga");
    assert_eq!(expired.causation, None, "the clock made it");
    assert_eq!(bank.state("A"), "ACTIVE 100 held 0");
    let entry = bank.head("A");
    assert_eq!((entry.kind, entry.cause), (EntryKind::Release, hold_id.any()));
    assert!(!bank.expire(kernel::HoldId::from_uuid(4_444)), "there is no such hold");
}

#[test]
fn the_clock_looks_at_pending_holds_alone() {
    let (bank, payment) = held();
    let hold = || bank.store.records::<Hold>().pop().unwrap();
    let until = hold().created_at.plus(wallet::decide::HOLD_LIFE);
    assert_eq!((hold().pending, hold().expires_at), (Some(Shard::of(hold().hold_id)), until));
    bank.capture("A", payment, 15);
    assert_eq!(
        (hold().state, hold().captured, hold().pending),
        (HoldState::Captured, Some(15), None)
    );
}

#[test]
fn a_capture_is_one_entry_that_ends_the_whole_hold() {
    let (bank, payment) = held();
    let entries = bank.entries("A").len();
    bank.capture("A", payment, 15);
    assert_eq!(bank.entries("A").len(), entries + 1);
    let entry = bank.head("A");
    assert_eq!(entry.kind, EntryKind::PaymentOut);
    assert_eq!((entry.amount, entry.hold_amount), (Some(15), Some(40)));
    assert_eq!((entry.balance_after, entry.held_after), (85, 0));
    assert_eq!(entry.description.as_ref().unwrap().as_str(), "a payment");
}
