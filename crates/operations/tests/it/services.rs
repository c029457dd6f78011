//! Services and ledger against each other: payments, refunds, loans and holds have their movements, and
//! each movement its cause. What is wrong with the ledger by itself is in `tampering`.

use kernel::record::Shard;
use kernel::text::{MerchantId, Reason};
use kernel::{Id, Key, PaymentId};
use loan::records::{Loan, LoanStatus};
use payment::records::{Payment, PaymentStatus, Refund, RefundStatus};
use wallet::records::{Entry, EntryKind, Hold, HoldState};

use crate::tampering::{change, check, is_about, reseal};
use crate::world::World;

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
        &["Hold H-HELD is EXPIRED, and no entry of its wallet says so."],
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
        ],
    );
}
