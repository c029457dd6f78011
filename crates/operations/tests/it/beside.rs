//! The check beside a writer: whatever is written between any two reads, nothing that is right looks
//! wrong, and what is wrong is named just as in a store that stands still.

use std::time::Duration;

use kernel::event::Capture;
use kernel::{Amount, Currency, HoldId, Id, Key, Time, WalletId};
use operations::verify::verify_as_of;
use payment::records::{Payment, PaymentStatus, Refund};
use wallet::decide::{ExpireHold, StatusChange};
use wallet::records::{Entry, EntryKind, Hold, HoldState};

use crate::pieces::Pieces;
use crate::tampering::{change, is_about, named, reseal};
use crate::world::{World, wait};

/// Something of every sort, on what is there and on what is new: a wallet that is written all the time.
fn busy(world: &World) {
    let from = world.store.said().len();
    let usd = |minor| Amount::from_minor(minor, Currency::USD).unwrap();
    world.pay(2_550, Capture::Automatic);
    world.pay(99_999_999, Capture::Automatic);
    // As much as another hold that is there.
    let held = world.pay(6_000, Capture::Manual);
    let expiring = world.pay(6_000, Capture::Manual);
    world.deliver(from);

    let from = world.store.said().len();
    world.capture(held, 1_000);
    let old = world.record(|payment: &Payment| payment.payment_id == world.held);
    if old.status == PaymentStatus::Authorized {
        world.capture(world.held, 6_000);
    }
    world.deliver(from);

    let from = world.store.said().len();
    world.store.pass(Duration::from_secs(2 * 3600));
    assert!(world.decide(&ExpireHold { hold_id: HoldId::from_uuid(expiring.uuid()) }));
    let paid = world.record(|payment: &Payment| payment.payment_id == world.captured);
    if paid.refunded_minor < 1_000 {
        world.refund(world.captured, 10);
    }
    world.deliver(from);

    let from = world.store.said().len();
    world.reverse(world.bob, world.transfer(world.alice, world.bob, 100));
    world.reverse(world.alice, world.credit(world.alice, usd(100)));
    let credited = world.record(|entry: &Entry| entry.transfer_id() == Some(world.credited));
    if credited.reversed_by.is_none() {
        world.reverse(world.bob, world.credited);
    }
    for change in [StatusChange::Freeze, StatusChange::Unfreeze] {
        world.change_status(world.alice, change);
    }
    world.approved_loan(world.bob);
    world.approved_loan(WalletId::named(&["nowhere"]));
    let rejected = world.applied_loan(world.alice);
    world.reject(rejected);
    // What is answered later.
    world.deliver(from);
    world.pay(100, Capture::Automatic);
    world.approved_loan(world.alice);
}

/// What is found as of a moment after `tamper`, while something happens after each row of each part.
fn check(tamper: impl Fn(&mut World), expected: &[&str]) {
    for is_mixed in [false, true] {
        let mut rows = 0;
        for happens_at in 0.. {
            let mut world = World::new();
            tamper(&mut world);
            rows = rows.max(world.store.records::<Entry>().len());
            if happens_at > rows {
                break;
            }
            let world: &'static World = Box::leak(Box::new(world));
            let moment = world.moment();
            let pieces = Pieces::busy(world, is_mixed, happens_at, busy);
            let (report, trial) = wait(verify_as_of(&pieces, moment, &mut |_| {})).unwrap();
            let found = named(world, report.violations);
            assert_eq!(found, expected, "written after row {happens_at}, mixed: {is_mixed}");
            let sums = trial.unwrap().sums.by_currency();
            assert!(sums.values().all(|minor| *minor == 0), "{sums:?}");
        }
    }
}

#[test]
fn nothing_that_is_right_looks_wrong() {
    check(|_| {}, &[]);
}

#[test]
fn what_is_wrong_is_named_however_much_is_written() {
    check(
        |world| {
            let mut hold = world.hold_of(world.voided);
            hold.state = HoldState::Expired;
            world.store.tamper(hold);
        },
        &[
            "Hold H-VOIDED is EXPIRED, and no entry of its wallet says so.",
            "Entry alice/11 ends the hold of 40.00 USD for VOIDED, and the hold does not say so.",
        ],
    );
    check(
        |world| world.store.remove::<Refund>(Key::id(world.refund)),
        &[
            "Payment PAID has 10.00 USD back and 0.00 USD on its way back, its refunds 0.00 USD back and 0.00 USD on its way back.",
            "Entry alice/6 books 10.00 USD between its wallet and merchant:coffee for REFUND, which says no such thing.",
        ],
    );
}

/// A check reads what it must say beyond what was settled: dates that would keep it from that are named.
#[test]
fn a_date_that_is_yet_to_come_is_named() {
    let world: &'static World = Box::leak(Box::new(World::new()));
    let mut payment = world.record(|payment: &Payment| payment.payment_id == world.unpaid);
    payment.updated_at = Time::from_micros(4_102_444_800_000_000);
    world.store.tamper(payment);
    let pieces = Pieces::busy(world, false, 0, |_| {});
    let (report, _) = wait(verify_as_of(&pieces, world.moment(), &mut |_| {})).unwrap();
    let expected = "UNPAID is dated 2100-01-01T00:00:00.000000Z, which is yet to come: what it says is not \
                    compared before.";
    assert_eq!(named(world, report.violations), [expected]);
    assert_eq!(world.verify().violations, [""; 0], "a folder's clock may be ahead");
}

/// A hold that no payment knows, put in beside entries that fit each other.
#[test]
fn an_entry_that_holds_for_nothing_is_named() {
    let mut world = World::new();
    change(&world, world.alice, is_about(world.held, EntryKind::Hold), |entry| {
        entry.related_id = None;
    });
    reseal(&world, world.alice);
    world.store.remove::<Hold>(Key::id(world.hold_of(world.held).hold_id));
    world.store.remove::<Payment>(Key::id(world.held));
    world.settle();
    let found = named(&world, world.verify().violations);
    assert_eq!(found, ["Entry alice/13 holds 60.00 USD for nothing, and there is no such hold."]);
}
