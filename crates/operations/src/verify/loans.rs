//! Compares a loan with what else tells of it besides money: its instalment with its terms, and what
//! operators decided about it with the audit trail, both ways. Its movement and its wallet's answers
//! are compared in `services`. In a store that is written meanwhile, a line from before the moment is
//! said by the loan too, and a loan that has not changed since has its lines.

use std::collections::BTreeMap;

use kernel::audit::AuditLine;
use kernel::{Id, LoanId, Rules};
use loan::instalment::instalment;
use loan::manifest::{APPROVE_LOAN, REJECT_LOAN};
use loan::records::{Loan, LoanStatus};

use super::moment::Moment;
use super::report::Violations;
use super::trails::name;

/// How often the audit trail has each loan approved and rejected, and how often the loan says so: 60 to
/// 120 bytes for each loan, and for each about which an operator decided. They come in any order.
#[derive(Debug)]
pub(crate) struct Decided {
    moment: Moment,
    about: BTreeMap<u128, Sides>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sides {
    /// All lines, and those that have settled.
    lines: Counts,
    settled: Counts,
    loan: Option<Said>,
}

/// What a loan says.
#[derive(Debug, Clone, Copy)]
struct Said {
    counts: Counts,
    has_settled: bool,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    approved: u32,
    rejected: u32,
}

impl Counts {
    fn add(&mut self, is_approval: bool) {
        let count = if is_approval { &mut self.approved } else { &mut self.rejected };
        *count = count.saturating_add(1);
    }
}

impl Decided {
    pub(crate) fn of(moment: Moment) -> Self {
        Self { moment, about: BTreeMap::new() }
    }

    /// A line of the audit trail.
    pub(crate) fn line(&mut self, line: &AuditLine, violations: &mut Violations) {
        let operation = line.operation.as_str();
        let is_approval = operation == APPROVE_LOAN.name;
        if !is_approval && operation != REJECT_LOAN.name {
            return;
        }
        let subject = line.subject.as_str();
        let Ok(loan_id) = subject.parse::<LoanId>() else {
            let name = name(line);
            violations
                .add(format!("{name} says {operation} of {subject:?}, which is no id for that."));
            return;
        };
        let sides = self.about.entry(loan_id.uuid()).or_default();
        sides.lines.add(is_approval);
        if self.moment.has_settled(line.at) {
            sides.settled.add(is_approval);
        }
    }

    /// A loan: it has a line for each approval, and one if it was rejected.
    pub(crate) fn loan(&mut self, loan: &Loan) {
        let rejected = u32::from(loan.status == LoanStatus::Rejected);
        let counts = Counts { approved: loan.attempt, rejected };
        let has_settled = self.moment.has_settled(loan.updated_at);
        let said = Said { counts, has_settled };
        self.about.entry(loan.loan_id.uuid()).or_default().loan = Some(said);
    }

    /// After the last of both: each says what the other says.
    pub(crate) fn compare(&mut self, violations: &mut Violations) {
        for (uuid, Sides { lines, settled, loan }) in std::mem::take(&mut self.about) {
            let loan_id = LoanId::from_uuid(uuid);
            let Some(Said { counts: says, has_settled }) = loan else {
                if settled.approved > 0 || settled.rejected > 0 {
                    violations
                        .add(format!("Loan {loan_id} is in the audit trail, and is not there."));
                }
                continue;
            };
            for (says, operation, lines, settled) in [
                (says.approved, APPROVE_LOAN, lines.approved, settled.approved),
                (says.rejected, REJECT_LOAN, lines.rejected, settled.rejected),
            ] {
                if says < settled || (has_settled && says > lines) {
                    let operation = operation.name;
                    violations.add(format!(
                        "Loan {loan_id} had {operation} {says} times, the audit trail has it {lines} times."
                    ));
                }
            }
        }
    }
}

/// The instalment is what amount, rate and term give. Which rate a term has, the deployment says, and
/// it may change: it is not compared.
pub(crate) fn check_instalment(loan: &Loan, violations: &mut Violations) {
    if loan.check().is_err() {
        // It was named, and has no amounts to reckon with.
        return;
    }
    let (amount, rate, months) = (loan.amount(), loan.rate(), loan.loan_term_months);
    let says = loan.minimum_payment();
    let gives = instalment(amount, rate, months);
    if gives == Some(says) {
        return;
    }
    let gives = gives.map_or("more than can be".to_owned(), |gives| gives.to_string());
    let loan_id = loan.loan_id;
    violations.add(format!(
        "Loan {loan_id} says {says} a month; {amount:?} at {rate} % over {months} months is {gives}."
    ));
}
