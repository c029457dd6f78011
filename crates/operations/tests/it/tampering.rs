//! The check of the whole: nothing is wrong in a world that decisions made, and each way of
//! tampering is found and named.

use kernel::event::Capture;
use kernel::record::{Account, Hash32};
use kernel::text::MerchantId;
use kernel::{AnyId, Id, Key, Time, TransferId, WalletId};
use operations::verify::verify;
use payment::records::Payment;
use wallet::records::{Entry, EntryKind, Hold};

use crate::pieces::Pieces;
use crate::world::{World, wait};

/// What the check finds after `tamper`, with names for the ids.
pub(crate) fn check(tamper: impl Fn(&mut World), expected: &[&str]) {
    let mut world = World::new();
    tamper(&mut world);
    let found = named(&world, world.verify().violations);
    assert_eq!(found, expected);
    // In which order records come makes no difference, but to the order of what is found.
    let world: &'static World = Box::leak(Box::new(world));
    let mixed = wait(verify(&Pieces::mixed(world), &mut |_| {})).unwrap();
    let mut found_mixed = named(world, mixed.violations);
    let mut found = found;
    found.sort_unstable();
    found_mixed.sort_unstable();
    assert_eq!(found_mixed, found, "in another order");
}

pub(crate) fn named(world: &World, violations: Vec<String>) -> Vec<String> {
    let names: [(&str, AnyId); 20] = [
        ("alice", world.alice.any()),
        ("bob", world.bob.any()),
        ("TRANSFER", world.transfer.any()),
        ("REVERSAL", world.reversal.any()),
        ("PAID", world.paid.any()),
        ("UNPAID", world.unpaid.any()),
        ("CAPTURED", world.captured.any()),
        ("VOIDED", world.voided.any()),
        ("HELD", world.held.any()),
        ("EXPIRED", world.expired.any()),
        ("CREDITED", world.credited.any()),
        ("H-EXPIRED", Hold::id_of(world.expired).any()),
        ("H-CAPTURED", Hold::id_of(world.captured).any()),
        ("H-VOIDED", Hold::id_of(world.voided).any()),
        ("H-HELD", Hold::id_of(world.held).any()),
        ("NOBODY", WalletId::named(&["nobody's"]).any()),
        ("REFUND", world.refund.any()),
        ("LOAN", world.loan.any()),
        ("UNFUNDED", world.unfunded.any()),
        ("REJECTED-LOAN", world.rejected.any()),
    ];
    let name = |text: String| {
        names.iter().fold(text, |text, (name, id)| text.replace(&id.to_string(), name))
    };
    violations.into_iter().map(name).collect()
}

/// The same, without what the trail itself tells of a line that is no longer as it was: that is in
/// `trails`.
pub(crate) fn check_beside_trails(tamper: impl Fn(&mut World), expected: &[&str]) {
    let mut world = World::new();
    tamper(&mut world);
    let mut found = named(&world, world.verify().violations);
    found.retain(|violation| !violation.starts_with("Audit line "));
    assert_eq!(found, expected);
}

/// Changes the one entry that is `which`, its hash left as it was.
pub(crate) fn change(
    world: &World,
    of: WalletId,
    which: impl Fn(&Entry) -> bool,
    how: impl Fn(&mut Entry),
) {
    let mut entry = world.record(|entry: &Entry| entry.account_id == of.into() && which(entry));
    how(&mut entry);
    world.store.tamper(entry);
}

/// Gives every entry of a chain the hash that fits it, as somebody would who knows how.
pub(crate) fn reseal(world: &World, of: WalletId) {
    let mut before: Option<Hash32> = None;
    for entry in world.store.records::<Entry>() {
        if entry.account_id == of.into() {
            let mut entry = Entry::clone(&entry);
            entry.hash = entry.hash_after(before);
            before = Some(entry.hash);
            world.store.tamper(entry);
        }
    }
}

pub(crate) fn is_about(payment: impl Id, kind: EntryKind) -> impl Fn(&Entry) -> bool {
    move |entry| entry.related_id == Some(payment.any()) && entry.kind == kind
}

fn at(sequence: u64) -> impl Fn(&Entry) -> bool {
    move |entry| entry.sequence == sequence
}

#[test]
fn nothing_is_wrong_in_a_world_that_decisions_made() {
    let world = World::new();
    let report = world.verify();
    assert_eq!(report.violations, [""; 0]);
    assert!(report.is_well());
    let entries = world.store.records::<Entry>();
    let moving = entries.iter().filter(|entry| entry.direction.is_some()).count();
    // The transfer and its reversal stand in two chains each.
    assert_eq!(report.transfers, u64::try_from(moving - 2).unwrap());
    // Alice's two wallets, Bob's, Carol's; the world in two currencies, the merchant, the loan.
    assert_eq!(report.accounts, 8);
    let json = serde_json::to_value(&report).unwrap();
    let zero = [("KWD", "0.000"), ("USD", "0.00")]
        .map(|(currency, sum)| serde_json::json!({ "currency": currency, "sum": sum }));
    assert_eq!(json["currencies"], serde_json::json!(zero));
    assert_eq!(json["violations"], serde_json::json!([]));
}

#[test]
fn what_is_still_on_its_way_is_not_wrong() {
    let mut world = World::new();
    let automatic = world.pay(100, Capture::Automatic);
    world.pay(200, Capture::Manual);
    world.capture(world.held, 5_000);
    world.refund(world.captured, 100);
    world.approved_loan(world.alice);
    assert_eq!(world.verify().violations, [""; 0], "nothing was delivered");
    // The wallet has answered, and nobody has heard it.
    let asked = world.store.said();
    for subscription in wallet::MANIFEST.subscriptions {
        for event in asked.iter().filter(|event| subscription.hears.contains(&event.kind())) {
            world.store.deliver(subscription, event).unwrap();
        }
    }
    world.record(is_about(automatic, EntryKind::PaymentOut));
    assert_eq!(world.verify().violations, [""; 0], "the answers were not delivered");
    world.settle();
    assert_eq!(world.verify().violations, [""; 0]);
}

#[test]
fn a_changed_byte_is_found_by_its_hash() {
    check(
        |world| {
            change(world, world.alice, at(1), |entry| {
                entry.description = kernel::text::Words::new("a gift").ok();
            });
        },
        &["Entry alice/1 has a hash that is not that of its content and of the hash before it."],
    );
    check(
        |world| change(world, world.alice, at(2), |entry| entry.hash = Hash32([7; 32])),
        &[
            "Entry alice/2 has a hash that is not that of its content and of the hash before it.",
            "Entry alice/3 has a hash that is not that of its content and of the hash before it.",
        ],
    );
    check(
        |world| {
            change(world, world.alice, at(0), |entry| {
                entry.owner = kernel::Subject::new("mallory").ok();
            });
        },
        &[
            "Entry alice/0 has a hash that is not that of its content and of the hash before it.",
            "Payment PAID says that alice is alice's, and entry 0 of it does not.",
            "Payment UNPAID says that alice is alice's, and entry 0 of it does not.",
            "Payment CAPTURED says that alice is alice's, and entry 0 of it does not.",
            "Payment VOIDED says that alice is alice's, and entry 0 of it does not.",
            "Payment EXPIRED says that alice is alice's, and entry 0 of it does not.",
            "Payment HELD says that alice is alice's, and entry 0 of it does not.",
        ],
    );
}

#[test]
fn a_wrong_balance_or_held_amount_is_found_although_the_hashes_fit() {
    check(
        |world| {
            change(world, world.alice, at(1), |entry| entry.balance_after += 1);
            reseal(world, world.alice);
        },
        &[
            "Entry alice/1 does not follow the one before it: its balance is not what was there and what moved.",
        ],
    );
    check(
        |world| {
            let is_hold = is_about(world.captured, EntryKind::Hold);
            change(world, world.alice, is_hold, |entry| entry.held_after += 1);
            reseal(world, world.alice);
        },
        &[
            "Entry alice/7 does not follow the one before it: what is held is not what was held and what it holds.",
        ],
    );
}

#[test]
fn a_missing_entry_is_found() {
    check(
        |world| world.store.remove::<Entry>(Key::entry(world.bob, 2)),
        &[
            "Entry bob/3 has a hash that is not that of its content and of the hash before it.",
            "Entry bob/3 does not follow the one before it: its sequence is not the next one.",
            "Of bob the ledger has DEBIT 0 times, the audit trail debit_wallet 1 times.",
            "All accounts in USD sum to -7.00, not to zero.",
        ],
    );
    check(
        |world| world.store.remove::<Entry>(Key::entry(world.bob, 0)),
        &["Entry bob/1 begins its chain, which entry 0 must."],
    );
}

#[test]
fn a_cause_that_made_two_entries_is_found() {
    check(
        |world| {
            let first = world.entry(world.bob, 1).cause;
            change(world, world.bob, at(2), |entry| entry.cause = first);
            reseal(world, world.bob);
        },
        &["Entry bob/2 has the cause CREDITED, which made an entry before."],
    );
}

#[test]
fn a_movement_between_wallets_has_two_sides() {
    check(
        |world| {
            change(world, world.bob, is_transfer_in, |entry| entry.amount = Some(1_235));
            reseal(world, world.bob);
        },
        &[
            "Entry bob/3 does not follow the one before it: its balance is not what was there and what moved.",
            "Entry alice/2 moves 12.34 USD between its account and wallet:bob, whose chain has no other side of it.",
            "Entry bob/3 moves 12.35 USD between its account and wallet:alice, whose chain has no other side of it.",
            "Entry bob/3 is said to be reversed by REVERSAL, which is no reversal of it.",
            "Entry bob/4 reverses TRANSFER, which is no such movement, or does not say so.",
        ],
    );
}

#[test]
fn a_reversal_and_what_it_reverses_name_each_other() {
    let unlinked = |how: fn(&mut Entry)| {
        move |world: &mut World| change(world, world.bob, is_transfer_in, how)
    };
    check(
        unlinked(|entry| entry.reversed_by = None),
        &["Entry bob/4 reverses TRANSFER, which is no such movement, or does not say so."],
    );
    check(
        |world| {
            change(world, world.alice, at(1), |entry| {
                entry.reversed_by = Some(TransferId::from_uuid(99));
            });
        },
        &[
            "Entry alice/1 is said to be reversed by trf_00000000-0000-0000-0000-000000000063, which is no reversal of it.",
        ],
    );
}

#[test]
fn money_goes_where_its_kind_says() {
    check(
        |world| {
            change(world, world.alice, at(1), |entry| {
                entry.counterparty = Some(Account::Merchant(MerchantId::new("mint").unwrap()));
            });
            reseal(world, world.alice);
        },
        &["Entry alice/1 is CREDIT, whose money is not merchant:mint's."],
    );
}

#[test]
fn a_record_that_contradicts_itself_is_named() {
    check(
        |world| {
            let mut payment = world.record(|payment: &Payment| payment.payment_id == world.unpaid);
            payment.reason = None;
            world.store.tamper(payment);
        },
        &["Payment UNPAID contradicts itself: it does not say why."],
    );
    check(
        |world| {
            change(world, world.alice, at(1), |entry| entry.expires_at = Some(Time::MAX));
            reseal(world, world.alice);
        },
        &["Entry alice/1 contradicts itself: a hold has no end."],
    );
}

fn is_transfer_in(entry: &Entry) -> bool {
    entry.kind == EntryKind::TransferIn
}
