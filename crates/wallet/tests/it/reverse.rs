//! Reversals: of which movements, once, both sides, linked both ways, and by the ordinary rules.

use kernel::audit::AuditLine;
use kernel::event::Capture;
use kernel::text::Reason;
use kernel::{Id, TransferId};
use wallet::decide::Reverse;

use crate::bank::{Bank, key, operator, short};

/// Does something to a bank with 100 in `A`, then reverses the last movement of `A`.
fn check(does: impl FnOnce(&Bank), expected: &str) {
    let bank = Bank::new();
    bank.credit("A", 100);
    does(&bank);
    assert_eq!(bank.reverse("A", bank.last_transfer("A")), expected);
}

#[test]
fn every_way_a_reversal_can_end() {
    check(|_| (), "REVERSAL 0");
    check(
        |bank| {
            bank.debit("A", 30);
        },
        "REVERSAL 100",
    );
    check(
        |bank| {
            bank.transfer("A", "B", 30);
        },
        "REVERSAL 100",
    );
    check(
        |bank| {
            bank.credit("B", 100);
            bank.transfer("B", "A", 30);
        },
        "REVERSAL 100",
    );
    check(
        |bank| {
            bank.pay("A", 30, Capture::Automatic);
        },
        "refused: not-reversible",
    );
    check(
        |bank| {
            bank.hear(bank.loan("A", 30));
        },
        "refused: not-reversible",
    );
    check(
        |bank| {
            bank.reverse("A", bank.last_transfer("A"));
        },
        "refused: not-reversible",
    );
    check(
        |bank| {
            bank.transfer("A", "B", 30);
            bank.debit("B", 1);
        },
        "refused: insufficient-funds",
    );
    check(
        |bank| {
            bank.transfer("A", "B", 30);
            bank.freeze("B");
        },
        "refused: wallet-frozen",
    );
    check(
        |bank| {
            bank.freeze("A");
        },
        "refused: wallet-frozen",
    );
    check(
        |bank| {
            bank.debit("A", 100);
            bank.close("A");
        },
        "refused: wallet-closed",
    );
}

#[test]
fn a_movement_is_reversed_once_and_from_either_side() {
    let bank = Bank::new();
    bank.credit("A", 100);
    bank.transfer("A", "B", 30);
    let transfer = bank.last_transfer("A");
    assert_eq!(bank.reverse("B", transfer), "REVERSAL 0");
    assert_eq!(bank.reverse("B", transfer), "refused: already-reversed");
    assert_eq!(bank.reverse("A", transfer), "refused: already-reversed");
    assert_eq!(
        (bank.state("A"), bank.state("B")),
        ("ACTIVE 100 held 0".into(), "ACTIVE 0 held 0".into())
    );
    let reversal = bank.head("A");
    assert_eq!(reversal.reverses, Some(transfer));
    assert_eq!(reversal.reason.as_ref().unwrap().as_str(), "a mistake");
    let lines = bank.store.records::<AuditLine>();
    let line = lines.first().unwrap();
    assert_eq!(lines.len(), 1, "what was refused is not on the audit list");
    assert_eq!(line.operation.as_str(), "reverse_transaction");
    assert_eq!(line.subject.as_str(), transfer.to_string());
    assert_eq!(line.reason.as_ref().unwrap().as_str(), "a mistake");
}

#[test]
fn what_is_no_movement_of_the_wallet_is_not_there() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let credit = bank.last_transfer("A");
    assert_eq!(bank.reverse("B", credit), "refused: transaction-not-found");
    assert_eq!(bank.reverse("X", credit), "refused: wallet-not-found");
    let nothing = TransferId::from_uuid(4_444);
    assert_eq!(bank.reverse("A", nothing), "refused: transaction-not-found");
    // A freeze has an id too, and moved nothing.
    bank.freeze("A");
    let freeze = TransferId::from_uuid(bank.head("A").cause.uuid);
    assert_eq!(bank.reverse("A", freeze), "refused: transaction-not-found");
}

#[test]
fn a_reversal_of_the_same_key_is_done_once() {
    let bank = Bank::new();
    bank.credit("A", 100);
    bank.transfer("A", "B", 30);
    let transaction_id = bank.last_transfer("A");
    let reverse = |body| {
        short(&bank.run(Reverse {
            caller: operator(),
            wallet_id: bank.id("A"),
            transaction_id,
            reason: Reason::new("a mistake").unwrap(),
            key: Some(key(&operator(), "reverse", "k", body)),
        }))
    };
    assert_eq!(reverse(1), "REVERSAL 100");
    assert_eq!(reverse(1), "REVERSAL 100");
    assert_eq!(reverse(2), "refused: idempotency-key-reused");
}
