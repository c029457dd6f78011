//! The check of the whole: nothing is wrong in a world that decisions made, and each way of
//! tampering is found and named.

use kernel::event::Capture;
use kernel::record::{Account, Hash32, Shard};
use kernel::text::{MerchantId, Reason};
use kernel::{AnyId, Id, Key, PaymentId, Time, TransferId, WalletId};
use loan::records::{Loan, LoanStatus};
use operations::verify::verify;
use payment::records::{Payment, PaymentStatus, Refund, RefundStatus};
use wallet::records::{Entry, EntryKind, Hold, HoldState};

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

fn is_about(payment: impl Id, kind: EntryKind) -> impl Fn(&Entry) -> bool {
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
        |world| world.store.remove::<Entry>(Key::entry(world.bob.into(), 2)),
        &[
            "Entry bob/3 has a hash that is not that of its content and of the hash before it.",
            "Entry bob/3 does not follow the one before it: its sequence is not the next one.",
            "Of bob the ledger has DEBIT 0 times, the audit list debit_wallet 1 times.",
            "All accounts in USD sum to -7.00, not to zero.",
        ],
    );
    check(
        |world| world.store.remove::<Entry>(Key::entry(world.bob.into(), 0)),
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
fn a_payment_has_its_one_movement_of_that_amount() {
    check(
        |world| {
            let mut payment = world.record(|payment: &Payment| payment.payment_id == world.paid);
            payment.amount_minor += 1;
            payment.captured_minor += 1;
            world.store.tamper(payment);
        },
        &[
            "Payment PAID is SUCCESSFUL, and no entry books its 25.51 USD between alice and merchant:coffee.",
            "Entry alice/4 books 25.50 USD between its wallet and merchant:coffee for PAID, which says no such thing.",
        ],
    );
    check(
        |world| {
            let mut payment = world.record(|payment: &Payment| payment.payment_id == world.unpaid);
            payment.status = PaymentStatus::Successful;
            payment.captured_minor = payment.amount_minor;
            payment.reason = None;
            world.store.tamper(payment);
        },
        &[
            "Payment UNPAID is SUCCESSFUL, and no entry books its 999999.99 USD between alice and merchant:coffee.",
        ],
    );
}

#[test]
fn a_movement_has_its_payment() {
    check(
        |world| world.store.remove::<Payment>(Key::id(world.paid)),
        &[
            "Payment PAID has refunds, and is not there.",
            "Entry alice/4 books 25.50 USD between its wallet and merchant:coffee for PAID, which says no such thing.",
        ],
    );
    // A payment that failed has no movement.
    check(
        |world| {
            let mut payment =
                world.record(|payment: &Payment| payment.payment_id == world.captured);
            payment.status = PaymentStatus::Failed;
            payment.captured_minor = 0;
            payment.reason = Reason::new("insufficient-funds").ok();
            world.store.tamper(payment);
        },
        &[
            "Payment CAPTURED failed with insufficient-funds, and no refusal of alice says so.",
            "Hold H-CAPTURED is CAPTURED, and CAPTURED does not say so.",
            "Entry alice/10 books 20.00 USD between its wallet and merchant:coffee for CAPTURED, which says no such thing.",
        ],
    );
    // One payment is booked twice: another payment's entry claims to be this one's.
    check(
        |world| {
            let twice = world.entry(world.alice, 4);
            change(world, world.alice, is_about(world.unpaid, EntryKind::Refused), |entry| {
                *entry = Entry {
                    sequence: 5,
                    cause: entry.cause,
                    booked_at: entry.booked_at,
                    effective_at: entry.effective_at,
                    balance_after: entry.balance_after - 2_550,
                    ..twice.clone()
                };
            });
            reseal(world, world.alice);
        },
        &[
            "Entry alice/5 books 25.50 USD between its wallet and merchant:coffee for PAID, as an entry before it does.",
            "Entry alice/6 does not follow the one before it: its balance is not what was there and what moved.",
            "Payment UNPAID failed with insufficient-funds, and no refusal of alice says so.",
            "All accounts in USD sum to 25.50, not to zero.",
        ],
    );
}

#[test]
fn a_refund_has_its_movement() {
    check(
        |world| {
            let mut refund = world.record(|_: &Refund| true);
            refund.status = RefundStatus::Failed;
            refund.reason = Reason::new("wallet-closed").ok();
            world.store.tamper(refund);
        },
        &[
            "Refund REFUND failed with wallet-closed, and no refusal of alice says so.",
            "Payment PAID has 10.00 USD back and 0.00 USD on its way back, its refunds 0.00 USD back and 0.00 USD on its way back.",
            "Entry alice/6 books 10.00 USD between its wallet and merchant:coffee for REFUND, which says no such thing.",
        ],
    );
    check(
        |world| {
            let mut refund = world.record(|_: &Refund| true);
            refund.merchant_id = MerchantId::new("tea").unwrap();
            world.store.tamper(refund);
        },
        &[
            "Refund REFUND is SUCCESSFUL, and no entry books its 10.00 USD between alice and merchant:tea.",
            "Entry alice/6 books 10.00 USD between its wallet and merchant:coffee for REFUND, which says no such thing.",
        ],
    );
}

#[test]
fn a_loan_has_its_movement() {
    let change_loan = |world: &World, which, how: fn(&mut Loan)| {
        let mut loan = world.record(|loan: &Loan| loan.loan_id == which);
        how(&mut loan);
        world.store.tamper(loan);
    };
    check(
        |world| {
            change_loan(world, world.loan, |loan| {
                loan.status = LoanStatus::FundingFailed;
                loan.reason = Reason::new("wallet-closed").ok();
                loan.funded_at = None;
            });
        },
        &[
            "Loan LOAN failed with wallet-closed, and no refusal of bob says so.",
            "Entry bob/7 books 200.00 USD between its wallet and loan:LOAN for LOAN, which says no such thing.",
        ],
    );
    check(
        |world| {
            change_loan(world, world.unfunded, |loan| {
                loan.status = LoanStatus::Approved;
                loan.reason = None;
                loan.funded_at = Some(loan.updated_at);
            });
        },
        &[
            "Loan UNFUNDED is funded, and no entry books its 200.00 USD between NOBODY and loan:UNFUNDED.",
        ],
    );
}

#[test]
fn a_hold_has_its_entries_and_its_payment() {
    fn change_hold(of: fn(&World) -> PaymentId, how: fn(&mut Hold)) -> impl Fn(&mut World) {
        move |world| {
            let mut hold = world.hold_of(of(world));
            how(&mut hold);
            world.store.tamper(hold);
        }
    }
    let expire = |hold: &mut Hold| {
        hold.state = HoldState::Expired;
        hold.pending = None;
    };
    check(
        change_hold(|world| world.held, expire),
        &[
            "Hold H-HELD is EXPIRED, and no entry of its wallet says so.",
            "Wallet alice: its entries say that 60.00 USD more is held than its pending holds.",
        ],
    );
    check(
        change_hold(|world| world.captured, |hold| hold.captured = Some(2_001)),
        &[
            "Payment CAPTURED is SUCCESSFUL, and there is no hold that fits it.",
            "Hold H-CAPTURED is CAPTURED, and no entry of its wallet says so.",
            "Hold H-CAPTURED is CAPTURED, and CAPTURED does not say so.",
            "Entry alice/10 ends the hold of 30.00 USD for CAPTURED, and the hold does not say so.",
        ],
    );
    check(
        change_hold(|world| world.voided, |hold| hold.amount += 1),
        &[
            "Payment VOIDED is VOIDED, and there is no hold that fits it.",
            "Hold H-VOIDED of 40.01 USD has no entry of its own in alice.",
            "Hold H-VOIDED is VOIDED, and no entry of its wallet says so.",
            "Hold H-VOIDED is VOIDED, and VOIDED does not say so.",
            "Entry alice/8 holds 40.00 USD for VOIDED, and there is no such hold.",
            "Entry alice/11 ends the hold of 40.00 USD for VOIDED, and the hold does not say so.",
        ],
    );
    check(
        |world| world.store.remove::<Hold>(Key::id(world.hold_of(world.held).hold_id)),
        &[
            "Payment HELD is AUTHORIZED, and there is no hold that fits it.",
            "Wallet alice: its entries say that 60.00 USD more is held than its pending holds.",
            "Entry alice/13 holds 60.00 USD for HELD, and there is no such hold.",
        ],
    );
    check(
        |world| {
            let mut hold = world.hold_of(world.held);
            hold.payment_id = PaymentId::from_uuid(77);
            hold.hold_id = Hold::id_of(hold.payment_id);
            hold.pending = Some(Shard::of(hold.hold_id));
            world.store.tamper(hold);
        },
        &[
            "Hold hold_00000000-0000-0000-0000-00000000004d of 60.00 USD has no entry of its own in alice.",
            "Hold hold_00000000-0000-0000-0000-00000000004d is PENDING, and pay_00000000-0000-0000-0000-00000000004d does not say so.",
            "Wallet alice: its pending holds say that 60.00 USD more is held than its entries.",
        ],
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
