//! Compares a loan with what else tells of it besides money: its instalment with its terms, and what
//! operators decided about it with the audit trail, both ways. Its movement and its wallet's answers
//! are compared in `services`.

use std::collections::BTreeMap;

use kernel::audit::AuditLine;
use kernel::{Id, LoanId, Rules};
use loan::instalment::instalment;
use loan::manifest::{APPROVE_LOAN, REJECT_LOAN};
use loan::records::{Loan, LoanStatus};

use super::report::Violations;
use super::trails::name;

/// How often the audit trail has each loan approved and rejected, and how often the loan says so: 60 to
/// 120 bytes for each loan, and for each about which an operator decided. They come in any order.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    about: BTreeMap<u128, Sides>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Sides {
    lines: Counts,
    loan: Option<Counts>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    approved: u32,
    rejected: u32,
}

impl Decided {
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
        let Sides { lines, .. } = self.about.entry(loan_id.uuid()).or_default();
        let count = if is_approval { &mut lines.approved } else { &mut lines.rejected };
        *count = count.saturating_add(1);
    }

    /// A loan: it has a line for each approval, and one if it was rejected.
    pub(crate) fn loan(&mut self, loan: &Loan) {
        let rejected = u32::from(loan.status == LoanStatus::Rejected);
        let says = Counts { approved: loan.attempt, rejected };
        self.about.entry(loan.loan_id.uuid()).or_default().loan = Some(says);
    }

    /// After the last of both: each says what the other says.
    pub(crate) fn compare(&mut self, violations: &mut Violations) {
        for (uuid, Sides { lines, loan }) in std::mem::take(&mut self.about) {
            let loan_id = LoanId::from_uuid(uuid);
            let Some(says) = loan else {
                violations.add(format!("Loan {loan_id} is in the audit trail, and is not there."));
                continue;
            };
            for (says, operation, lines) in [
                (says.approved, APPROVE_LOAN, lines.approved),
                (says.rejected, REJECT_LOAN, lines.rejected),
            ] {
                if says != lines {
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
