//! What operators did to wallets, against the audit trail: an entry or a line that was taken away is
//! found, although all that is left fits together.

use kernel::audit::AuditLine;
use kernel::text::Words;
use kernel::{Amount, Currency, Id, Key, WalletId};
use wallet::decide::{Credit, Debit, Movement, StatusChange};
use wallet::records::EntryKind;

use crate::tampering::{change, check, check_beside_trails, named};
use crate::world::{World, customer};

fn usd(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::USD).unwrap()
}

fn line(world: &World, operation: &str, of: &impl ToString) -> AuditLine {
    let of = of.to_string();
    world.record(|line: &AuditLine| {
        line.operation.as_str() == operation && line.subject.as_str() == of
    })
}

#[test]
fn a_change_of_status_that_was_taken_away_is_found() {
    let taken = |changes: &'static [StatusChange]| {
        move |world: &mut World| {
            let bob = world.bob;
            changes.iter().for_each(|change| world.change_status(bob, *change));
            world.remove_newest(bob);
        }
    };
    check(
        taken(&[StatusChange::Freeze]),
        &["Of bob the ledger has FROZEN 1 times, the audit trail freeze_wallet 2 times."],
    );
    check(
        taken(&[StatusChange::Freeze, StatusChange::Unfreeze]),
        &["Of bob the ledger has UNFROZEN 1 times, the audit trail unfreeze_wallet 2 times."],
    );
    let mut world = World::new();
    world.bob = world.open("bob", "USD");
    world.change_status(world.bob, StatusChange::Close);
    assert_eq!(world.verify().violations, [""; 0]);
    assert_eq!(world.remove_newest(world.bob).kind, EntryKind::Closed);
    let expected = "Of bob the ledger has CLOSED 0 times, the audit trail close_wallet 1 times.";
    assert_eq!(named(&world, world.verify().violations), [expected]);
}

#[test]
fn a_reversal_that_was_taken_away_is_found_although_nothing_names_it() {
    check(
        |world| {
            let alice = world.alice;
            world.credited = world.credit(alice, usd(500));
            world.reverse(alice, world.credited);
            assert_eq!(world.remove_newest(alice).kind, EntryKind::Reversal);
            let is_credit =
                |entry: &wallet::records::Entry| entry.transfer_id() == Some(world.credited);
            change(world, alice, is_credit, |entry| entry.reversed_by = None);
        },
        &[
            "Of CREDITED the ledger has REVERSAL 0 times, the audit trail reverse_transaction 1 times.",
        ],
    );
}

#[test]
fn a_line_that_was_taken_away_or_changed_is_found() {
    fn gone(operation: &'static str, of: fn(&World) -> String) -> impl Fn(&mut World) {
        move |world| {
            let line = line(world, operation, &of(world));
            world.store.remove::<AuditLine>(Key::entry(line.trail_id, line.sequence));
        }
    }
    check_beside_trails(
        gone("freeze_wallet", |world| world.bob.to_string()),
        &["Of bob the ledger has FROZEN 1 times, the audit trail freeze_wallet 0 times."],
    );
    check_beside_trails(
        gone("unfreeze_wallet", |world| world.bob.to_string()),
        &["Of bob the ledger has UNFROZEN 1 times, the audit trail unfreeze_wallet 0 times."],
    );
    check_beside_trails(
        gone("reverse_transaction", |world| world.transfer.to_string()),
        &[
            "Of TRANSFER the ledger has REVERSAL 1 times, the audit trail reverse_transaction 0 times.",
        ],
    );
    let renamed = |subject: fn(&World) -> String| {
        move |world: &mut World| {
            let mut line = line(world, "freeze_wallet", &world.bob);
            line.subject = Words::new(&subject(world)).unwrap();
            world.store.tamper(line);
        }
    };
    check_beside_trails(
        renamed(|_| WalletId::named(&["nobody's"]).to_string()),
        &[
            "Of bob the ledger has FROZEN 1 times, the audit trail freeze_wallet 0 times.",
            "Of NOBODY the ledger has FROZEN 0 times, the audit trail freeze_wallet 1 times.",
        ],
    );
    let mut world = World::new();
    let frozen = line(&world, "freeze_wallet", &world.bob);
    let place = format!("{}/{}", frozen.service, frozen.sequence);
    renamed(|world| world.paid.to_string())(&mut world);
    let expected = [
        format!(
            "Audit line {place} has a hash that is not that of its content and of the hash before it."
        ),
        format!("Audit line {place} says freeze_wallet of \"PAID\", which is no id for that."),
        "Of bob the ledger has FROZEN 1 times, the audit trail freeze_wallet 0 times.".to_owned(),
    ];
    assert_eq!(named(&world, world.verify().violations), expected);
}

#[test]
fn what_an_operator_moved_and_was_taken_away_is_found() {
    check(
        |world| {
            world.credit(world.alice, usd(500));
            world.remove_newest(world.alice);
        },
        &["Of alice the ledger has CREDIT 1 times, the audit trail credit_wallet 2 times."],
    );
    check(
        |world| {
            world.decide(&Debit(world.movement(world.alice, usd(500)))).unwrap();
            world.remove_newest(world.alice);
        },
        &["Of alice the ledger has DEBIT 0 times, the audit trail debit_wallet 1 times."],
    );
    check(
        |world| {
            world.transfer(world.alice, world.bob, 500);
            world.remove_newest(world.alice);
            world.remove_newest(world.bob);
        },
        &["Of alice the ledger has TRANSFER_OUT 1 times, the audit trail transfer 2 times."],
    );
}

/// What the guide for operators says that the check cannot see: no other record tells of it.
#[test]
fn an_owners_newest_movement_is_not_missed() {
    check(
        |world| {
            let movement = world.movement(world.alice, usd(500));
            world.decide(&Credit(Movement { caller: customer("alice"), ..movement })).unwrap();
            world.remove_newest(world.alice);
        },
        &[],
    );
}
