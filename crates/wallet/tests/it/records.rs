//! Records as they are stored: each is read back as it was, an older version is brought up to date, a
//! newer one is refused, and one that contradicts itself is found.

use kernel::event::Capture;
use kernel::record::{BadRecord, Hash32, Row, canonical};
use kernel::{Id, Kind, Record, Rules, Said, Time, Value, WalletId};
use wallet::records::{Entry, EntryKind, Hold, HoldState, OUTSIDE_THE_HASH, Refusal, WalletStatus};

use crate::bank::{Bank, sub};

fn stored(record: &dyn kernel::AnyRecord) -> Vec<Value<'static>> {
    let mut values = Vec::new();
    record.values(&mut |value| values.push(value.into_owned()));
    values
}

/// A bank in which everything has happened once.
fn lively() -> Bank {
    let bank = Bank::new();
    bank.credit("A", 100);
    bank.transfer("A", "B", 10);
    bank.reverse("A", bank.last_transfer("A"));
    bank.pay("A", 10, Capture::Automatic);
    bank.pay("A", 1_000, Capture::Automatic);
    let (payment, _) = bank.pay("A", 10, Capture::Manual);
    bank.capture("A", payment, 5);
    let (payment, _) = bank.pay("A", 10, Capture::Manual);
    bank.void("A", payment);
    bank.pay("A", 10, Capture::Manual);
    bank.hear(bank.loan("A", 10));
    bank.freeze("A");
    bank.pay("X", 1, Capture::Automatic);
    bank
}

#[test]
fn every_record_is_read_back_as_it_was() {
    let bank = lively();
    let check = |kind: &'static Kind, values: Vec<Value<'static>>| {
        let read = kind.read(1, values.clone()).unwrap();
        assert_eq!(stored(&*read), values);
        // Ids and bytes stand as text in a store that has neither.
        let as_text = values.iter().map(|value| match value {
            Value::Id(id) => Value::Text(id.to_string().into()),
            Value::Null | Value::Integer(_) | Value::Text(_) | Value::Bytes(_) => value.clone(),
        });
        assert_eq!(stored(&*kind.read(1, as_text.collect()).unwrap()), values);
    };
    bank.store.records::<Entry>().iter().for_each(|entry| check(Entry::KIND, stored(&**entry)));
    bank.store.records::<Hold>().iter().for_each(|hold| check(Hold::KIND, stored(&**hold)));
    bank.store.records::<Refusal>().iter().for_each(|row| check(Refusal::KIND, stored(&**row)));
}

#[test]
fn a_newer_version_is_refused() {
    let bank = lively();
    let values = stored(&*bank.head("A"));
    for version in [0, 2] {
        let refused = Entry::KIND.read(version, values.clone()).unwrap_err();
        assert_eq!(refused, BadRecord::Version { kind: "entry", found: version, known: 1 });
    }
}

/// As a wallet's note might be kept in its second version, which splits a name in two.
mod note {
    use super::{Row, Rules, Value, WalletId};

    kernel::record! {
        /// A note on a wallet.
        pub struct Note in "note" of "wallet" version 2 {
            /// The wallet.
            wallet_id: WalletId,
            /// The first word; version 1 kept all of them here.
            first: String,
            /// The others.
            rest: Option<String>,
        }
        key (wallet_id: WalletId)
        upgrade [split]
    }

    impl Rules for Note {}

    fn split(row: &mut Row<'_>) {
        let Value::Text(words) = row.get("first").clone() else { return };
        let (first, rest) = words.split_once(' ').unwrap_or((&words, ""));
        row.set("rest", Value::Text(rest.to_owned().into()));
        row.set("first", Value::Text(first.to_owned().into()));
    }
}

#[test]
fn an_older_version_is_brought_up_to_date() {
    let wallet_id = WalletId::from_uuid(1);
    let old = vec![Value::Id(wallet_id.any()), Value::from("rent and food"), Value::Null];
    let read = note::Note::KIND.read(1, old).unwrap();
    let note = read.as_any().downcast::<note::Note>().unwrap();
    assert_eq!((note.first.as_str(), note.rest.as_deref()), ("rent", Some("and food")));
}

/// Breaks an entry in one way; `expected` is how that is found out when it is read.
fn check(of: EntryKind, breaks: impl FnOnce(&mut Entry), expected: &str) {
    let bank = lively();
    let entries = bank.store.records::<Entry>();
    let found = entries.iter().rev().find(|entry| entry.kind == of).unwrap();
    let mut entry = Entry::clone(found);
    breaks(&mut entry);
    let read = Entry::KIND.read(1, stored(&entry));
    assert_eq!(read.unwrap_err().to_string(), format!("a entry contradicts itself: {expected}"));
}

#[test]
fn an_entry_that_contradicts_itself_is_found() {
    use EntryKind::{Credit, Frozen, Hold, LoanIn, Opened, PaymentOut, Refused, Release, Reversal};
    check(Opened, |entry| entry.owner = None, "entry 0 and no other names the owner");
    check(Opened, |entry| entry.sequence = 1, "entry 0 and no other opens the account");
    check(
        Opened,
        |entry| entry.balance_after = 1,
        "there is something in an account that was just opened",
    );
    check(Credit, |entry| entry.owner = Some(sub("eve")), "entry 0 and no other names the owner");
    check(
        Credit,
        |entry| entry.kind = EntryKind::Debit,
        "an entry of its kind does not move money so",
    );
    check(Credit, |entry| entry.amount = None, "money moves without an amount, or the reverse");
    check(Credit, |entry| entry.counterparty = None, "money moves to or from nowhere");
    check(Credit, |entry| entry.amount = Some(0), "its amount is out of bounds");
    check(Credit, |entry| entry.amount = Some(1 << 53), "its amount is out of bounds");
    check(Credit, |entry| entry.balance_after = 99, "its balance is out of bounds");
    check(Credit, |entry| entry.balance_after = -1, "its balance is out of bounds");
    check(Credit, |entry| entry.balance_after = 1 << 53, "its balance is out of bounds");
    check(Credit, |entry| entry.held_after = 101, "more is held than is there");
    check(LoanIn, |entry| entry.held_after = 90, "more was held than was there");
    check(Credit, |entry| entry.hold_amount = Some(1), "an entry of its kind holds nothing");
    check(Credit, |entry| entry.status = WalletStatus::Closed, "money moved in a closed account");
    check(Frozen, |entry| entry.status = WalletStatus::Closed, "a closed account is not empty");
    check(Hold, |entry| entry.hold_amount = None, "it holds or releases no amount");
    check(Hold, |entry| entry.expires_at = None, "a hold has no end");
    check(Hold, |entry| entry.status = WalletStatus::Frozen, "money left a frozen account");
    check(Release, |entry| entry.hold_amount = None, "it holds or releases no amount");
    check(PaymentOut, |entry| entry.hold_amount = Some(4), "more is captured than was held");
    check(
        PaymentOut,
        |entry| entry.reverses = Some(kernel::TransferId::from_uuid(1)),
        "a reversal and no other entry reverses something",
    );
    check(
        PaymentOut,
        |entry| entry.reversed_by = Some(kernel::TransferId::from_uuid(1)),
        "what cannot be reversed was reversed",
    );
    check(Refused, |entry| entry.reason = None, "a refusal has no reason");
    check(
        Reversal,
        |entry| entry.reverses = None,
        "a reversal and no other entry reverses something",
    );
    check(Credit, |entry| entry.effective_at = Time::MAX, "it counts as of after it was booked");
}

#[test]
fn an_entry_that_does_not_follow_is_found() {
    let bank = lively();
    let entries = bank.entries("A");
    let (before, after) = (Entry::clone(&entries[1]), Entry::clone(&entries[2]));
    assert_eq!(after.follows(&before), Ok(()));
    let check = |breaks: &dyn Fn(&mut Entry), expected: &str| {
        let mut after = after.clone();
        breaks(&mut after);
        assert_eq!(after.follows(&before).unwrap_err(), expected);
    };
    let other = WalletId::from_uuid(1).into();
    check(&|entry| entry.account_id = other, "it stands in another account's chain");
    check(&|entry| entry.sequence += 1, "its sequence is not the next one");
    check(&|entry| entry.currency = "EUR".parse().unwrap(), "its currency is not the account's");
    check(&|entry| entry.booked_at = Time::MIN, "it was booked before the entry before it");
    check(&|entry| entry.effective_at = Time::MIN, "it counts as of before the entry before it");
    check(&|entry| entry.balance_after += 1, "its balance is not what was there and what moved");
    check(&|entry| entry.held_after += 1, "what is held is not what was held and what it holds");
    check(
        &|entry| entry.status = WalletStatus::Frozen,
        "its status is not what it does to the one before",
    );
    let closed = Entry { status: WalletStatus::Closed, ..before.clone() };
    let after = Entry { status: WalletStatus::Closed, ..after.clone() };
    assert_eq!(after.follows(&closed).unwrap_err(), "it changes a closed account");
}

#[test]
fn a_hold_that_contradicts_itself_is_found() {
    let bank = lively();
    let hold = bank.store.records::<Hold>().pop().unwrap();
    assert_eq!(hold.state, HoldState::Pending);
    let check = |breaks: &dyn Fn(&mut Hold), expected: &str| {
        let mut hold = Hold::clone(&hold);
        breaks(&mut hold);
        assert_eq!(hold.check().unwrap_err(), expected);
    };
    let vain = "the clock would look at it in the wrong place, or in vain";
    check(&|hold| hold.payment_id = Id::from_uuid(1), "its id is not its payment's");
    check(&|hold| hold.amount = 0, "its amount is out of bounds");
    check(&|hold| hold.captured = Some(1), "captured money and its state disagree");
    check(&|hold| hold.pending = None, vain);
    check(&|hold| hold.state = HoldState::Voided, vain);
    check(&|hold| hold.expires_at = Time::MIN, "it ended before it began");
    let more = |hold: &mut Hold| {
        *hold = Hold { captured: Some(11), ..hold.ended(HoldState::Captured, None) }
    };
    check(&more, "more was captured than was held");
}

#[test]
fn what_no_record_says_is_not_built() {
    let bank = lively();
    let said = bank.store.said();
    let asked = |kind| {
        let answer = said.first().unwrap();
        Said {
            id: answer.id,
            kind,
            at: answer.time,
            sequence: 1,
            causation: None,
            correlation: answer.correlation,
            trace: None,
            detail: None,
        }
    };
    use kernel::EventKind::{LoanApproved, PaymentRequested, PaymentSuccessful};
    let refusal = bank.store.records::<Refusal>().pop().unwrap();
    for kind in [PaymentRequested, LoanApproved, PaymentSuccessful] {
        assert_eq!(refusal.event_data(&asked(kind)), None);
        assert_eq!(bank.head("A").event_data(&asked(kind)), None);
    }
}

/// The canonical bytes never change: a hash of today must be found again in ten years. If this fails,
/// give the kind a new schema version and keep the old encoder.
#[test]
fn the_hash_of_an_entry_is_what_it_always_was() {
    let bank = Bank::new();
    bank.credit("A", 100);
    let [opening, credit] = bank.entries("A").try_into().unwrap();
    assert_eq!(opening.hash, opening.hash_after(None));
    assert_eq!(credit.hash, credit.hash_after(Some(opening.hash)));
    let fixed = Entry {
        cause: kernel::TransferId::from_uuid(5).any(),
        booked_at: Time::from_micros(2),
        effective_at: Time::from_micros(1),
        body_hash: Some(Hash32([7; 32])),
        account_id: WalletId::from_uuid(6).into(),
        ..Entry::clone(&credit)
    };
    let mut bytes = Vec::new();
    canonical::write(&fixed, &OUTSIDE_THE_HASH, &mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(
        hex,
        concat!(
            "000100006900000011010000000000000000000000000000000600016e00000008000000000000000100",
            "027400000006435245444954000374000000064143544956450004740000000355534400057400000006",
            "63726564697400066e00000008000000000000006400077400000005776f726c6400096e000000080000",
            "000000000064000a6e000000080000000000000000000b69000000110400000000000000000000000000",
            "000005000e740000000a61206d6f76656d656e74000f7400000003722d3100126e000000080000000000",
            "00000100136e000000080000000000000002001562000000200707070707070707070707070707070707",
            "070707070707070707070707070707",
        )
    );
    assert_eq!(
        fixed.hash_after(Some(Hash32([1; 32]))).to_string(),
        "88100761cca7c287a156da566eeb9bc4a414e8b0ab800041f1dc5eb98239187e"
    );
    // Neither what reverses it nor its own hash is in it.
    let linked =
        Entry { reversed_by: Some(Id::from_uuid(9)), hash: Hash32([9; 32]), ..fixed.clone() };
    assert_eq!(linked.hash_after(None), fixed.hash_after(None));
}
