//! Random histories over three wallets: after every step the books balance, and an event that comes
//! again changes nothing.

use kernel::event::Capture;
use kernel::money::MINOR_MAX;
use kernel::text::Reference;
use kernel::{Amount, Currency, Envelope, Id, PaymentId, Time, TransferId};
use proptest::prelude::*;
use wallet::decide::{ImportRow, StatusChange, imported_wallet};
use wallet::records::{Direction, Entry, Hold, Refusal};

use crate::bank::{Bank, sub};
use crate::books;

const NAMES: [&str; 3] = ["A", "B", "J"];

/// One thing that happens. Numbers pick from what there is by then.
#[derive(Debug, Clone)]
enum Step {
    Credit(usize, u64),
    Debit(usize, u64),
    Transfer(usize, usize, u64),
    Pay(usize, u64),
    PayAsStranger(usize, u64),
    Hold(usize, u64),
    Capture(usize, usize, u64),
    Void(usize, usize),
    Refund(usize, usize, u64),
    Loan(usize, u64),
    Freeze(usize),
    Unfreeze(usize),
    Close(usize),
    Reverse(usize, usize),
    Import(u32, u32, i64),
    PassDays(u64),
    Tick,
    HearAgain(usize),
}

fn amounts() -> impl Strategy<Value = u64> {
    prop_oneof![8 => 1_u64..200, 1 => Just(MINOR_MAX), 1 => MINOR_MAX - 200..=MINOR_MAX]
}

fn steps() -> impl Strategy<Value = Step> {
    let wallet = 0..NAMES.len();
    let any = 0_usize..64;
    prop_oneof![
        6 => (wallet.clone(), amounts()).prop_map(|(of, minor)| Step::Credit(of, minor)),
        3 => (wallet.clone(), amounts()).prop_map(|(of, minor)| Step::Debit(of, minor)),
        3 => (wallet.clone(), wallet.clone(), amounts())
            .prop_map(|(from, to, minor)| Step::Transfer(from, to, minor)),
        4 => (wallet.clone(), amounts()).prop_map(|(of, minor)| Step::Pay(of, minor)),
        1 => (wallet.clone(), amounts()).prop_map(|(of, minor)| Step::PayAsStranger(of, minor)),
        4 => (wallet.clone(), 1_u64..200).prop_map(|(of, minor)| Step::Hold(of, minor)),
        3 => (wallet.clone(), any.clone(), 1_u64..200)
            .prop_map(|(of, hold, minor)| Step::Capture(of, hold, minor)),
        2 => (wallet.clone(), any.clone()).prop_map(|(of, hold)| Step::Void(of, hold)),
        2 => (wallet.clone(), any.clone(), amounts())
            .prop_map(|(of, payment, minor)| Step::Refund(of, payment, minor)),
        2 => (wallet.clone(), amounts()).prop_map(|(of, minor)| Step::Loan(of, minor)),
        1 => wallet.clone().prop_map(Step::Freeze),
        2 => wallet.clone().prop_map(Step::Unfreeze),
        1 => wallet.clone().prop_map(Step::Close),
        2 => (wallet, any.clone()).prop_map(|(of, entry)| Step::Reverse(of, entry)),
        2 => (0_u32..20, 1_u32..28, -200_i64..200)
            .prop_filter("nothing", |(_, _, signed)| *signed != 0)
            .prop_map(|(reference, day, signed)| Step::Import(reference, day, signed)),
        1 => (1_u64..8).prop_map(Step::PassDays),
        1 => Just(Step::Tick),
        4 => any.prop_map(Step::HearAgain),
    ]
}

/// Everything that was heard so far, with the answer.
struct Heard(Vec<(Envelope, String)>);

fn pick<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number.checked_rem(all.len())?)
}

/// The payment of a hold, of the wallet or of any.
fn payment(bank: &Bank, number: usize) -> PaymentId {
    let holds = bank.store.records::<Hold>();
    pick(&holds, number).map_or(PaymentId::from_uuid(1), |hold| hold.payment_id)
}

fn take(bank: &Bank, step: &Step, heard: &mut Heard) {
    let name = |number: &usize| NAMES[*number];
    let answer = match step {
        Step::Credit(of, minor) => return drop(bank.credit(name(of), *minor)),
        Step::Debit(of, minor) => return drop(bank.debit(name(of), *minor)),
        Step::Transfer(from, to, minor) => {
            return drop(bank.transfer(name(from), name(to), *minor));
        }
        Step::Freeze(of) => return drop(bank.freeze(name(of))),
        Step::Unfreeze(of) => return drop(bank.change(name(of), StatusChange::Unfreeze)),
        Step::Close(of) => return drop(bank.close(name(of))),
        Step::Reverse(of, number) => {
            let transfers: Vec<_> =
                bank.entries(name(of)).iter().filter_map(|entry| entry.transfer_id()).collect();
            let picked = pick(&transfers, *number).copied();
            let transfer = picked.unwrap_or(TransferId::from_uuid(1));
            return drop(bank.reverse(name(of), transfer));
        }
        Step::Import(reference, day, signed) => return import(bank, *reference, *day, *signed),
        Step::PassDays(days) => return bank.pass_days(*days),
        Step::Tick => return tick(bank),
        Step::HearAgain(number) => return hear_again(bank, *number, heard),
        Step::Pay(of, minor) => bank.pay(name(of), *minor, Capture::Automatic).1,
        Step::PayAsStranger(of, minor) => {
            let mut request = bank.payment(name(of), *minor, Capture::Automatic);
            request.requested_by = sub("mallory");
            bank.hear(request)
        }
        Step::Hold(of, minor) => bank.pay(name(of), *minor, Capture::Manual).1,
        Step::Capture(of, number, minor) => bank.capture(name(of), payment(bank, *number), *minor),
        Step::Void(of, number) => bank.void(name(of), payment(bank, *number)),
        Step::Refund(of, number, minor) => bank.refund(name(of), payment(bank, *number), *minor),
        Step::Loan(of, minor) => bank.hear(bank.loan(name(of), *minor)),
    };
    assert!(!answer.is_empty(), "every event is answered: {step:?}");
    heard.0.push((bank.last_event(), answer));
}

fn import(bank: &Bank, reference: u32, day: u32, signed: i64) {
    let direction = if signed < 0 { Direction::Debit } else { Direction::Credit };
    let effective_at: Time = format!("1993-01-{day:02}T00:00:00Z").parse().unwrap();
    bank.run(ImportRow {
        source: "old-bank".to_owned(),
        account: "1".to_owned(),
        reference: Reference::new(&reference.to_string()).unwrap(),
        owner: sub("local"),
        direction,
        amount: Amount::from_minor(signed.unsigned_abs(), Currency::USD).unwrap(),
        effective_at,
        description: None,
    });
}

/// The clock looks at every hold.
fn tick(bank: &Bank) {
    for hold in bank.store.records::<Hold>() {
        bank.expire(hold.hold_id);
    }
}

/// An event of before comes again: nothing changes, and the answer is the same.
fn hear_again(bank: &Bank, number: usize, heard: &Heard) {
    let Some((event, answer)) = pick(&heard.0, number) else { return };
    let records = || {
        let (entries, holds) = (bank.store.records::<Entry>(), bank.store.records::<Hold>());
        (entries, holds, bank.store.records::<Refusal>())
    };
    let before = records();
    assert_eq!(bank.deliver(event), *answer);
    assert_eq!(records(), before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_books_balance_whatever_happens(steps in prop::collection::vec(steps(), 1..60)) {
        let bank = Bank::new();
        let mut heard = Heard(Vec::new());
        for step in &steps {
            take(&bank, step, &mut heard);
            books::balance(&bank.store);
        }
        // However it went, everything that was heard can be heard again.
        for number in 0..heard.0.len() {
            hear_again(&bank, number, &heard);
        }
    }

    /// The same rows again, in any order, add nothing.
    #[test]
    fn an_import_adds_nothing_the_second_time(
        rows in prop::collection::vec((1_u32..28, 1_i64..200), 1..20)
    ) {
        let bank = Bank::new();
        let mut rows = rows;
        rows.sort_by_key(|(day, _)| *day);
        let rows: Vec<_> = (0_u32..).zip(rows).collect();
        let book = |(reference, (day, signed)): &(u32, (u32, i64))| {
            import(&bank, *reference, *day, *signed);
        };
        let chain = imported_wallet("old-bank", "1").into();
        let count = || {
            let entries = bank.store.records::<Entry>();
            entries.iter().filter(|entry| entry.account_id == chain).count()
        };
        rows.iter().for_each(book);
        prop_assert_eq!(count(), rows.len() + 1);
        rows.iter().rev().for_each(book);
        prop_assert_eq!(count(), rows.len() + 1);
    }
}
