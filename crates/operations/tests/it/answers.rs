//! What services were told besides money, against the wallets: whose a wallet is, why it refused.

use kernel::text::Reason;
use kernel::{Id, Key, Subject};
use loan::records::Loan;
use payment::records::Payment;
use wallet::records::{Entry, EntryKind, Refusal};

use crate::tampering::{change, check, reseal};
use crate::world::World;

fn change_payment(world: &World, how: impl Fn(&mut Payment)) {
    let mut payment = world.record(|payment: &Payment| payment.payment_id == world.unpaid);
    how(&mut payment);
    world.store.tamper(payment);
}

fn change_loan(world: &World, is_it: impl Fn(&Loan) -> bool, how: impl Fn(&mut Loan)) {
    let mut loan = world.record(is_it);
    how(&mut loan);
    world.store.tamper(loan);
}

#[test]
fn whose_a_wallet_is_its_entry_0_says() {
    check(
        |world| change_payment(world, |payment| payment.owner = Subject::new("mallory").ok()),
        &["Payment UNPAID says that alice is mallory's, and entry 0 of it does not."],
    );
    check(
        |world| {
            let is_it = |loan: &Loan| loan.loan_id == world.loan;
            change_loan(world, is_it, |loan| loan.owner = Subject::new("mallory").ok());
        },
        &["Loan LOAN says that bob is mallory's, and entry 0 of it does not."],
    );
    // Who was not told it yet contradicts nobody.
    check(|world| change_payment(world, |payment| payment.owner = None), &[]);
}

#[test]
fn why_a_payment_failed_its_refusal_says() {
    let expected =
        |reason| format!("Payment UNPAID failed with {reason}, and no refusal of alice says so.");
    check(
        |world| change_payment(world, |payment| payment.reason = Reason::new("wallet-frozen").ok()),
        &[&expected("wallet-frozen")],
    );
    check(
        |world| {
            let is_refusal = |entry: &Entry| {
                entry.kind == EntryKind::Refused && entry.related_id == Some(world.unpaid.any())
            };
            change(world, world.alice, is_refusal, |entry| {
                entry.reason = Reason::new("wallet-frozen").ok();
            });
            reseal(world, world.alice);
        },
        &[&expected("insufficient-funds")],
    );
}

#[test]
fn why_a_loan_was_not_funded_its_refusal_says() {
    let expected =
        |reason| format!("Loan UNFUNDED failed with {reason}, and no refusal of NOBODY says so.");
    check(
        |world| {
            let is_it = |loan: &Loan| loan.loan_id == world.unfunded;
            change_loan(world, is_it, |loan| loan.reason = Reason::new("wallet-closed").ok());
        },
        &[&expected("wallet-closed")],
    );
    check(
        |world| {
            let refusal = world.record(|refusal: &Refusal| refusal.subject == world.unfunded.any());
            world.store.remove::<Refusal>(Key::id(refusal.cause));
        },
        &[&expected("wallet-not-found")],
    );
}
