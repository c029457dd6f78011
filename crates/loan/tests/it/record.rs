//! The record: what it refuses to be, and that it comes back from a store as it went in.

use kernel::record::{AnyRecord, Value};
use kernel::text::Reason;
use kernel::{Record, Rules, Subject, Time};
use loan::records::{Loan, LoanStatus};

use crate::scene::{Scene, failed, funded};

/// The one loan of a scene that was brought there by `steps`.
fn loan(steps: impl Fn(&Scene)) -> Loan {
    let scene = Scene::new();
    steps(&scene);
    Loan::clone(&scene.store.records::<Loan>()[0])
}

fn pending() -> Loan {
    loan(|scene| drop(scene.decide(&Scene::application(None))))
}

fn approved() -> Loan {
    loan(|scene| drop(scene.approve(scene.apply()).unwrap()))
}

fn is_funded() -> Loan {
    loan(|scene| {
        scene.approve(scene.apply()).unwrap();
        scene.hear(&funded(&scene.approval()));
    })
}

fn is_failed() -> Loan {
    loan(|scene| {
        scene.approve(scene.apply()).unwrap();
        scene.hear(&failed(&scene.approval()));
    })
}

#[test]
fn what_a_loan_may_not_be() {
    let check = |mut loan: Loan, change: fn(&mut Loan), expected: &str| {
        assert_eq!(loan.check(), Ok(()));
        change(&mut loan);
        assert_eq!(loan.check().err().as_deref(), Some(expected));
    };
    let alone = "it does not say who approved it, and when";
    let waits = "it waits for its money exactly while it is approved and unfunded";
    check(pending(), |loan| loan.amount_minor = 0, "its amount of 0 must be more than zero");
    check(
        pending(),
        |loan| loan.minimum_payment_minor = 1 << 53,
        "its amount of 9007199254740992 is too large; at most 9007199254740991 minor units",
    );
    check(pending(), |loan| loan.loan_term_months = 361, "its term is 361 months");
    check(
        pending(),
        |loan| loan.rate_basis_points = 10_001,
        "its rate is not a percentage a year from 0 to 100 with at most two decimals, such as \"8.0\"",
    );
    check(pending(), |loan| loan.status = LoanStatus::Approved, "it is not what APPROVED means");
    check(pending(), |loan| loan.reason = Reason::new("no").ok(), "it is not what PENDING means");
    check(pending(), |loan| loan.approved_by = Subject::new("olga").ok(), alone);
    check(pending(), |loan| loan.speaks_at = Some(loan.created_at), waits);
    check(pending(), |loan| loan.updated_at = Time::MIN, "it changed before it was made");
    check(approved(), |loan| loan.approved_event = None, alone);
    check(approved(), |loan| loan.open = None, waits);
    check(approved(), |loan| loan.status = LoanStatus::Rejected, waits);
    check(approved(), |loan| loan.status = LoanStatus::Paid, "it is not what PAID means");
    check(is_funded(), |loan| loan.funded_at = None, waits);
    check(is_funded(), |loan| loan.status = LoanStatus::Rejected, "it is not what REJECTED means");
    check(is_failed(), |loan| loan.reason = None, "it is not what FUNDING_FAILED means");
    check(
        is_failed(),
        |loan| loan.funded_at = Some(loan.updated_at),
        "it is not what FUNDING_FAILED means",
    );
}

#[test]
fn it_comes_back_as_it_went_in() {
    for loan in [pending(), approved(), is_funded(), is_failed()] {
        let mut values: Vec<Value<'static>> = Vec::new();
        loan.values(&mut |value| values.push(value.into_owned()));
        let read = Loan::KIND.read(Loan::KIND.schema_version, values).unwrap();
        assert_eq!(read.as_any().downcast_ref::<Loan>(), Some(&loan));
    }
}
