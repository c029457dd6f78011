//! Direct requests over the reference store, one line for each way one can end: opening, credits,
//! debits, transfers, freezing and closing, with and without a key.

use kernel::audit::AuditLine;
use kernel::{Caller, Currency, WalletId};
use wallet::decide::{ChangeStatus, Credit, Debit, Movement, OpenWallet, StatusChange, Transfer};
use wallet::records::EntryKind;

use crate::bank::{Bank, customer, key, operator, service, short, sub};

fn check(does: impl FnOnce(&Bank) -> String, expected: &str) {
    let bank = Bank::new();
    assert_eq!(does(&bank), expected);
}

fn credit_by(bank: &Bank, name: &str, caller: Caller) -> String {
    short(&bank.run(Credit(Movement { caller, ..bank.movement(name, 50) })))
}

#[test]
fn every_way_a_credit_can_end() {
    check(|bank| bank.credit("A", 50), "CREDIT 50");
    check(|bank| credit_by(bank, "A", operator()), "CREDIT 50");
    check(|bank| credit_by(bank, "A", customer("bob")), "refused: wallet-not-found");
    check(|bank| credit_by(bank, "A", service()), "refused: wallet-not-found");
    check(|bank| credit_by(bank, "X", operator()), "refused: wallet-not-found");
    check(
        |bank| {
            bank.freeze("A");
            bank.credit("A", 50)
        },
        "CREDIT 50",
    );
    check(
        |bank| {
            bank.close("A");
            bank.credit("A", 50)
        },
        "refused: wallet-closed",
    );
    check(
        |bank| {
            let amount = bank.money("J", 50);
            short(&bank.run(Credit(Movement { amount, ..bank.movement("A", 1) })))
        },
        "refused: currency-mismatch",
    );
    check(
        |bank| {
            bank.credit("A", kernel::money::MINOR_MAX);
            bank.credit("A", 1)
        },
        "refused: balance-limit",
    );
}

#[test]
fn every_way_a_debit_can_end() {
    check(
        |bank| {
            bank.credit("A", 100);
            bank.debit("A", 100)
        },
        "DEBIT 0",
    );
    check(
        |bank| {
            bank.credit("A", 100);
            bank.debit("A", 101)
        },
        "refused: insufficient-funds",
    );
    check(
        |bank| {
            bank.credit("A", 100);
            bank.freeze("A");
            bank.debit("A", 1)
        },
        "refused: wallet-frozen",
    );
    check(|bank| bank.debit("X", 1), "refused: wallet-not-found");
    check(
        |bank| {
            bank.credit("A", 100);
            let caller = customer("bob");
            short(&bank.run(Debit(Movement { caller, ..bank.movement("A", 1) })))
        },
        "refused: wallet-not-found",
    );
}

#[test]
fn every_way_a_transfer_can_end() {
    let funded = |does: fn(&Bank) -> String| {
        move |bank: &Bank| {
            bank.credit("A", 100);
            does(bank)
        }
    };
    check(funded(|bank| bank.transfer("A", "B", 60)), "TRANSFER_OUT 40");
    check(funded(|bank| bank.transfer("A", "B", 101)), "refused: insufficient-funds");
    check(funded(|bank| bank.transfer("A", "A", 60)), "refused: same-wallet");
    check(funded(|bank| bank.transfer("A", "X", 60)), "refused: wallet-not-found");
    check(funded(|bank| bank.transfer("A", "J", 60)), "refused: currency-mismatch");
    check(funded(|bank| bank.transfer("X", "A", 60)), "refused: wallet-not-found");
    let to_frozen = |bank: &Bank| {
        bank.freeze("B");
        bank.transfer("A", "B", 60)
    };
    check(funded(to_frozen), "TRANSFER_OUT 40");
    let to_closed = |bank: &Bank| {
        bank.close("B");
        bank.transfer("A", "B", 60)
    };
    check(funded(to_closed), "refused: wallet-closed");
    let to_full = |bank: &Bank| {
        bank.credit("B", kernel::money::MINOR_MAX);
        bank.transfer("A", "B", 60)
    };
    check(funded(to_full), "refused: balance-limit");
    let by_another = |bank: &Bank| {
        let movement = Movement { caller: customer("bob"), ..bank.movement("A", 60) };
        short(&bank.run(Transfer { movement, to_wallet_id: bank.id("B") }))
    };
    check(funded(by_another), "refused: wallet-not-found");
}

#[test]
fn a_transfer_is_two_entries_of_one_id() {
    let bank = Bank::new();
    bank.credit("A", 100);
    bank.transfer("A", "B", 60);
    let (leaves, arrives) = (bank.head("A"), bank.head("B"));
    assert_eq!(leaves.transfer_id(), arrives.transfer_id());
    assert_eq!((leaves.kind, arrives.kind), (EntryKind::TransferOut, EntryKind::TransferIn));
    assert_eq!((leaves.balance_after, arrives.balance_after), (40, 60));
    assert_eq!(leaves.description, arrives.description);
}

#[test]
fn every_way_a_change_of_status_can_end() {
    check(|bank| bank.freeze("A"), "FROZEN 0");
    check(|bank| bank.freeze("X"), "refused: wallet-not-found");
    check(|bank| bank.change("A", StatusChange::Unfreeze), "refused: wrong-state");
    check(|bank| bank.close("A"), "CLOSED 0");
    check(
        |bank| {
            bank.credit("A", 1);
            bank.close("A")
        },
        "refused: wallet-not-empty",
    );
    check(
        |bank| {
            bank.close("A");
            bank.close("A")
        },
        "refused: wrong-state",
    );
    check(
        |bank| {
            bank.credit("A", 100);
            bank.freeze("A");
            bank.change("A", StatusChange::Unfreeze);
            bank.debit("A", 30)
        },
        "DEBIT 70",
    );
}

#[test]
fn what_an_operator_did_is_on_the_audit_list_and_what_he_could_not_is_not() {
    let bank = Bank::new();
    bank.freeze("A");
    bank.freeze("A");
    bank.change("A", StatusChange::Unfreeze);
    bank.close("A");
    let lines: Vec<_> = bank
        .store
        .records::<AuditLine>()
        .iter()
        .map(|line| format!("{} {} {}", line.sub.as_ref().unwrap(), line.operation, line.subject))
        .collect();
    let expected = ["freeze_wallet", "unfreeze_wallet", "close_wallet"]
        .map(|operation| format!("olga {operation} {}", bank.id("A")));
    assert_eq!(lines, expected);
}

/// The lines that somebody leaves who funds alice's wallet, then does this.
fn lines(caller: &Caller, does: impl FnOnce(&Bank, &dyn Fn(u64) -> Movement)) -> Vec<String> {
    let bank = Bank::new();
    bank.credit("A", 100);
    let movement = |minor| Movement { caller: caller.clone(), ..bank.movement("A", minor) };
    does(&bank, &movement);
    let name = |line: &AuditLine| {
        assert_eq!((line.service.as_str(), line.reason.as_ref()), ("wallet", None));
        let text = format!(
            "{} as {} {} {}",
            line.sub.as_ref().unwrap(),
            line.role.unwrap().text(),
            line.operation,
            line.subject
        );
        ["A", "B"].iter().fold(text, |text, name| text.replace(&bank.id(name).to_string(), name))
    };
    bank.store.records::<AuditLine>().iter().map(|line| name(line)).collect()
}

/// What an operator moves in a wallet of somebody else's is written down; in his own it is his.
#[test]
fn an_operator_in_a_wallet_that_is_not_his_leaves_a_line() {
    let moves = |bank: &Bank, movement: &dyn Fn(u64) -> Movement| {
        assert_eq!(short(&bank.run(Credit(movement(50)))), "CREDIT 150");
        assert_eq!(short(&bank.run(Debit(movement(20)))), "DEBIT 130");
        let transfer = Transfer { movement: movement(30), to_wallet_id: bank.id("B") };
        assert_eq!(short(&bank.run(transfer)), "TRANSFER_OUT 100");
    };
    let expected = ["credit_wallet", "debit_wallet", "transfer"]
        .map(|operation| format!("olga as operator {operation} A"));
    assert_eq!(lines(&operator(), moves), expected);
    assert_eq!(lines(&customer("alice"), moves), [""; 0]);
    let own = Caller { sub: sub("alice"), ..operator() };
    assert_eq!(lines(&own, moves), [""; 0], "an operator is the owner of his own wallet");
}

#[test]
fn a_repeat_of_an_operator_leaves_one_line_and_a_refusal_none() {
    let repeats = |bank: &Bank, movement: &dyn Fn(u64) -> Movement| {
        let keyed = |operation, minor| Movement {
            key: Some(key(&operator(), operation, "k", 1)),
            ..movement(minor)
        };
        for _ in 0..2 {
            assert_eq!(short(&bank.run(Credit(keyed("credit", 50)))), "CREDIT 150");
            assert_eq!(short(&bank.run(Debit(keyed("debit", 20)))), "DEBIT 130");
            let movement = keyed("transfer", 30);
            let transfer = Transfer { movement, to_wallet_id: bank.id("B") };
            assert_eq!(short(&bank.run(transfer)), "TRANSFER_OUT 100");
        }
    };
    assert_eq!(lines(&operator(), repeats).len(), 3);
    let refused = |bank: &Bank, movement: &dyn Fn(u64) -> Movement| {
        let too_much = kernel::money::MINOR_MAX;
        assert_eq!(short(&bank.run(Credit(movement(too_much)))), "refused: balance-limit");
        assert_eq!(short(&bank.run(Debit(movement(101)))), "refused: insufficient-funds");
        for (to, expected) in [("A", "same-wallet"), ("X", "wallet-not-found")] {
            let transfer = Transfer { movement: movement(1), to_wallet_id: bank.id(to) };
            assert_eq!(short(&bank.run(transfer)), format!("refused: {expected}"));
        }
        bank.close("B");
        let transfer = Transfer { movement: movement(1), to_wallet_id: bank.id("B") };
        assert_eq!(short(&bank.run(transfer)), "refused: wallet-closed");
    };
    assert_eq!(lines(&operator(), refused), ["olga as operator close_wallet B"]);
}

#[test]
fn a_request_of_the_same_key_is_done_once() {
    let bank = Bank::new();
    let keyed = |operation, body| Some(key(&customer("alice"), operation, "k", body));
    let open = |body| {
        let currency = Currency::USD;
        bank.run(OpenWallet { owner: sub("alice"), currency, key: keyed("create_wallet", body) })
    };
    let opened = open(1);
    assert_eq!(short(&opened), "OPENED 0");
    let wallet_id: WalletId = opened.as_ref().unwrap().account_id.wallet().unwrap();
    let movement = |operation, body, minor| Movement {
        wallet_id,
        key: keyed(operation, body),
        ..bank.movement("A", minor)
    };
    let credit = |body| bank.run(Credit(movement("credit", body, 100)));
    let debit = |body, minor| bank.run(Debit(movement("debit", body, minor)));
    let transfer = |body| {
        let to_wallet_id = bank.id("B");
        bank.run(Transfer { movement: movement("transfer", body, 30), to_wallet_id })
    };
    // A refusal wrote nothing, and is decided again.
    assert_eq!(short(&debit(1, 60)), "refused: insufficient-funds");
    let credited = credit(1);
    assert_eq!(short(&debit(1, 60)), "DEBIT 40");
    let transferred = transfer(1);
    assert_eq!(short(&transferred), "TRANSFER_OUT 10");
    let entries = bank.store.records::<wallet::records::Entry>().len();

    assert_eq!(open(1), opened);
    assert_eq!(credit(1), credited);
    assert_eq!(short(&debit(1, 60)), "DEBIT 40");
    assert_eq!(transfer(1), transferred);
    for again in [open(2), credit(2), debit(2, 60), transfer(2)] {
        assert_eq!(short(&again), "refused: idempotency-key-reused");
    }
    assert_eq!(bank.store.records::<wallet::records::Entry>().len(), entries);
}

#[test]
fn a_change_of_status_of_the_same_key_is_done_once() {
    let bank = Bank::new();
    let change = |change, body| {
        let key = Some(key(&operator(), "status", "k", body));
        short(&bank.run(ChangeStatus {
            caller: operator(),
            wallet_id: bank.id("A"),
            change,
            reason: None,
            key,
        }))
    };
    assert_eq!(change(StatusChange::Freeze, 1), "FROZEN 0");
    assert_eq!(bank.change("A", StatusChange::Unfreeze), "UNFROZEN 0");
    assert_eq!(change(StatusChange::Freeze, 1), "FROZEN 0");
    assert_eq!(change(StatusChange::Freeze, 2), "refused: idempotency-key-reused");
    assert_eq!(bank.state("A"), "ACTIVE 0 held 0");
    assert_eq!(bank.store.records::<AuditLine>().len(), 2);
}

#[test]
fn one_key_of_two_callers_is_two_keys() {
    let bank = Bank::new();
    for name in ["A", "B"] {
        let key = Some(key(&bank.owner(name), "credit", "k", 1));
        let credited = bank.run(Credit(Movement { key, ..bank.movement(name, 50) }));
        assert_eq!(short(&credited), "CREDIT 50");
    }
}
