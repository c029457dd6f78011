//! Imported rows: dated as the row says, once, in order within their account.

use kernel::text::{Description, Reference};
use kernel::{Amount, Clock, Currency, Time};
use wallet::decide::{ImportRow, Imported, imported_wallet};
use wallet::records::{Direction, Entry, EntryKind};

use crate::bank::{Bank, operator, sub};

fn day(day: u32) -> Time {
    format!("1993-01-{day:02}T00:00:00Z").parse().unwrap()
}

/// A row of account `1`: its reference, day of January 1993, and signed amount.
fn row(reference: &str, on: u32, signed: i64) -> ImportRow {
    let direction = if signed < 0 { Direction::Debit } else { Direction::Credit };
    ImportRow {
        source: "old-bank".to_owned(),
        account: "1".to_owned(),
        reference: Reference::new(reference).unwrap(),
        owner: sub("local"),
        direction,
        amount: Amount::from_minor(signed.unsigned_abs(), Currency::USD).unwrap(),
        effective_at: day(on),
        description: Some(Description::new("VKLAD").unwrap()),
    }
}

fn short(imported: &Imported) -> String {
    match imported {
        Imported::Booked { opened: true } => "opened and booked".to_owned(),
        Imported::Booked { opened: false } => "booked".to_owned(),
        Imported::AlreadyBooked => "already booked".to_owned(),
        Imported::Refused(refused) => format!("refused: {}", refused.slug()),
    }
}

/// Imports rows one after another; each with what must become of it.
fn check(rows: &[(ImportRow, &str)]) -> Bank {
    let bank = Bank::new();
    for (row, expected) in rows {
        assert_eq!(short(&bank.run(row.clone())), *expected, "{row:?}");
    }
    bank
}

#[test]
fn every_way_a_row_can_end() {
    let bank = check(&[
        (row("a", 2, -10), "refused: insufficient-funds"),
        (row("b", 2, 100), "opened and booked"),
        (row("b", 2, 100), "already booked"),
        (row("b", 2, 101), "refused: reference-reused"),
        (row("b", 3, 100), "refused: reference-reused"),
        (row("b", 2, -100), "refused: reference-reused"),
        (row("c", 2, -30), "booked"),
        (row("d", 2, -71), "refused: insufficient-funds"),
        (row("e", 5, 1), "booked"),
        // An older row is refused, after it was asked whether it is booked already.
        (row("f", 4, 1), "refused: out-of-order"),
        (row("c", 2, -30), "already booked"),
        (row("g", 5, 1), "booked"),
    ]);
    let mut future = row("h", 1, 1);
    future.effective_at = bank.store.now().plus(std::time::Duration::from_secs(60));
    assert_eq!(short(&bank.run(future)), "refused: in-the-future");
    let mut yen = row("i", 9, 1);
    yen.amount = bank.money("J", 1);
    assert_eq!(short(&bank.run(yen)), "refused: currency-mismatch");
    // Another account, and another history, have references of their own.
    let other = ImportRow { account: "2".to_owned(), ..row("b", 1, 7) };
    assert_eq!(short(&bank.run(other)), "opened and booked");
    let other = ImportRow { source: "older-bank".to_owned(), ..row("b", 1, 7) };
    assert_eq!(short(&bank.run(other)), "opened and booked");
}

#[test]
fn a_row_is_dated_as_it_says_and_moves_money_from_outside() {
    let bank = check(&[(row("a", 2, 100), "opened and booked"), (row("b", 3, -30), "booked")]);
    let wallet_id = imported_wallet("old-bank", "1");
    let entries: Vec<_> = bank
        .store
        .records::<Entry>()
        .into_iter()
        .filter(|entry| entry.account_id == wallet_id.into())
        .collect();
    let [opening, first, second] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(opening.owner, Some(sub("local")));
    assert!(opening.effective_at > first.effective_at, "entry 0 stands outside the order");
    for (entry, on, direction, balance) in
        [(first, 2, Direction::Credit, 100), (second, 3, Direction::Debit, 70)]
    {
        assert_eq!(entry.kind, EntryKind::Import);
        assert_eq!(entry.effective_at, day(on));
        assert!(entry.booked_at > day(31));
        assert_eq!((entry.direction, entry.balance_after), (Some(direction), balance));
        assert_eq!(entry.counterparty, Some(kernel::Account::World));
    }
}

#[test]
fn an_imported_wallet_is_a_wallet_like_any_other() {
    let bank = check(&[(row("a", 2, 100), "opened and booked")]);
    let movement = wallet::decide::Movement {
        caller: operator(),
        wallet_id: imported_wallet("old-bank", "1"),
        ..bank.movement("A", 40)
    };
    let debited = bank.run(wallet::decide::Debit(movement)).unwrap();
    assert_eq!(debited.balance_after, 60);
    // What is booked today is newer than any row.
    assert_eq!(short(&bank.run(row("b", 9, 1))), "refused: out-of-order");
}
