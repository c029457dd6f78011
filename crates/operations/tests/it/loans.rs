//! What a loan says besides money: a term, an approval or a rejection that was changed, and a line of
//! the audit trail that was taken away, are found and named.

use kernel::audit::AuditLine;
use kernel::text::{Reason, Words};
use kernel::{Key, LoanId};
use loan::records::{Loan, LoanStatus};

use crate::tampering::{check, check_beside_trails, named};
use crate::world::World;

fn changed(which: fn(&World) -> LoanId, how: fn(&mut Loan)) -> impl Fn(&mut World) {
    move |world| {
        let loan_id = which(world);
        let mut loan = world.record(|loan: &Loan| loan.loan_id == loan_id);
        how(&mut loan);
        world.store.tamper(loan);
    }
}

fn line(world: &World, operation: &str, of: LoanId) -> AuditLine {
    let of = of.to_string();
    world.record(|line: &AuditLine| {
        line.operation.as_str() == operation && line.subject.as_str() == of
    })
}

#[test]
fn an_instalment_that_its_terms_do_not_give_is_found() {
    check(
        changed(|world| world.loan, |loan| loan.minimum_payment_minor -= 1),
        &["Loan LOAN says 17.39 a month; 200.00 USD at 8.0 % over 12 months is 17.40."],
    );
    check(
        changed(|world| world.unfunded, |loan| loan.rate_basis_points = 100),
        &["Loan UNFUNDED says 17.40 a month; 200.00 USD at 1.0 % over 12 months is 16.76."],
    );
    check(
        changed(|world| world.rejected, |loan| loan.loan_term_months = 24),
        &["Loan REJECTED-LOAN says 17.40 a month; 200.00 USD at 8.0 % over 24 months is 9.05."],
    );
    check(
        changed(|world| world.unfunded, |loan| loan.amount_minor = 1 << 52),
        &[
            "Loan UNFUNDED says 17.40 a month; 45035996273704.96 USD at 8.0 % over 12 months is 3917610568146.47.",
        ],
    );
    check(
        changed(|world| world.unfunded, |loan| loan.amount_minor = (1 << 53) - 1),
        &[
            "Loan UNFUNDED says 17.40 a month; 90071992547409.91 USD at 8.0 % over 12 months is more than can be.",
        ],
    );
}

#[test]
fn a_decision_that_the_audit_list_does_not_have_is_found() {
    check(
        changed(|world| world.loan, |loan| loan.attempt = 2),
        &["Loan LOAN had approve_loan 2 times, the audit trail has it 1 times."],
    );
    check(
        changed(
            |world| world.unfunded,
            |loan| {
                loan.status = LoanStatus::Rejected;
                loan.reason = Reason::new("no").ok();
            },
        ),
        &["Loan UNFUNDED had reject_loan 1 times, the audit trail has it 0 times."],
    );
    check(
        changed(
            |world| world.rejected,
            |loan| {
                loan.status = LoanStatus::Pending;
                loan.reason = None;
            },
        ),
        &["Loan REJECTED-LOAN had reject_loan 0 times, the audit trail has it 1 times."],
    );
}

#[test]
fn a_loan_that_was_rejected_after_its_approval_has_both_lines() {
    check(|world| world.reject(world.unfunded), &[]);
}

#[test]
fn a_line_or_a_loan_that_was_taken_away_is_found() {
    fn gone(operation: &'static str, which: fn(&World) -> LoanId) -> impl Fn(&mut World) {
        move |world| {
            let line = line(world, operation, which(world));
            world.store.remove::<AuditLine>(Key::entry(line.trail_id, line.sequence));
        }
    }
    check_beside_trails(
        gone("approve_loan", |world| world.loan),
        &["Loan LOAN had approve_loan 1 times, the audit trail has it 0 times."],
    );
    check_beside_trails(
        gone("reject_loan", |world| world.rejected),
        &["Loan REJECTED-LOAN had reject_loan 1 times, the audit trail has it 0 times."],
    );
    check(
        |world| world.store.remove::<Loan>(Key::id(world.rejected)),
        &["Loan REJECTED-LOAN is in the audit trail, and is not there."],
    );
    let world = World::new();
    let mut renamed = line(&world, "approve_loan", world.loan);
    let place = format!("{}/{}", renamed.service, renamed.sequence);
    renamed.subject = Words::new(&world.alice.to_string()).unwrap();
    world.store.tamper(renamed);
    let expected = [
        format!(
            "Audit line {place} has a hash that is not that of its content and of the hash before it."
        ),
        format!("Audit line {place} says approve_loan of \"alice\", which is no id for that."),
        "Loan LOAN had approve_loan 1 times, the audit trail has it 0 times.".to_owned(),
    ];
    assert_eq!(named(&world, world.verify().violations), expected);
}
