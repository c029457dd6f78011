//! Compares what the services say with what the ledger says: payments, refunds and loans, each with its
//! movements, its wallet's owner and its refusal. They come after everything of the wallet service. An
//! answer that is still on its way is no violation: a payment that waits may have its movement already.
//! What has not settled may tell of what was not there yet when the ledger was read. Holds and the sums
//! of refunds stand in files of their own.

use kernel::Id;
use kernel::event::Capture;
use kernel::record::{Account, Rules};
use loan::records::{Loan, LoanStatus};
use payment::records::{Asked, Payment, PaymentStatus, Refund, RefundStatus};
use wallet::records::EntryKind;

use super::answers::{Answers, Told};
use super::claims::{Money, Movement};
use super::holds::Holds;
use super::moment::Moment;
use super::refunds::Refunds;
use super::report::Violations;
use crate::facts::Meeting;

/// What the services have said so far, against what the ledger has said.
#[derive(Debug)]
pub(crate) struct Services {
    moment: Moment,
    /// What the wallets said besides money.
    pub(crate) answers: Answers,
    pub(crate) holds: Holds,
    pub(crate) refunds: Refunds,
}

/// What a record says of its movement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It was booked.
    Booked,
    /// It may have been booked; the answer is on its way.
    Perhaps,
}

impl Says {
    /// What is done was booked before; it need not have been seen unless it has settled.
    fn booked(has_settled: bool) -> Self {
        if has_settled { Self::Booked } else { Self::Perhaps }
    }
}

impl Services {
    pub(crate) fn of(moment: Moment) -> Self {
        Self {
            moment,
            answers: Answers::default(),
            holds: Holds::of(moment),
            refunds: Refunds::default(),
        }
    }

    /// A refund, against its movement.
    pub(crate) fn refund(
        &mut self,
        refund: &Refund,
        meeting: &mut Meeting,
        violations: &mut Violations,
    ) {
        let name = format!("Refund {}", refund.refund_id);
        check(refund, &name, violations);
        let movement = Movement {
            kind: EntryKind::RefundIn,
            of: refund.refund_id.any(),
            wallet: refund.wallet_id.any(),
            counterparty: Account::Merchant(refund.merchant_id.clone()),
            minor: refund.amount_minor,
            currency: refund.currency,
        };
        let has_settled = self.moment.has_settled(refund.updated_at);
        self.refunds.refund(refund, has_settled);
        let says = match refund.status {
            RefundStatus::Successful => Says::booked(has_settled),
            RefundStatus::Pending => Says::Perhaps,
            RefundStatus::Failed if !has_settled => return,
            RefundStatus::Failed => {
                let told =
                    Told { name: &name, id: refund.refund_id.any(), wallet_id: refund.wallet_id };
                self.answers.check_reason(&told, refund.reason.as_ref(), violations);
                return;
            }
        };
        book(meeting, &movement, says, (&name, refund.status.text()), violations);
    }

    /// A payment, against its movement and its hold.
    pub(crate) fn payment(
        &mut self,
        payment: &Payment,
        meeting: &mut Meeting,
        violations: &mut Violations,
    ) {
        let name = format!("Payment {}", payment.payment_id);
        check(payment, &name, violations);
        let told = Told { name: &name, id: payment.payment_id.any(), wallet_id: payment.wallet_id };
        self.answers.check_owner(&told, payment.owner.as_ref(), violations);
        let has_settled = self.moment.has_settled(payment.updated_at);
        if payment.status == PaymentStatus::Failed && has_settled {
            self.answers.check_reason(&told, payment.reason.as_ref(), violations);
        }
        self.refunds.payment(payment, has_settled);
        let movement = |minor| Movement {
            kind: EntryKind::PaymentOut,
            of: payment.payment_id.any(),
            wallet: payment.wallet_id.any(),
            counterparty: Account::Merchant(payment.merchant_id.clone()),
            minor,
            currency: payment.currency,
        };
        let booked = match payment.status {
            PaymentStatus::Successful | PaymentStatus::Refunded => {
                Some((payment.captured_minor, Says::booked(has_settled)))
            }
            PaymentStatus::Pending if payment.capture == Capture::Automatic => {
                Some((payment.amount_minor, Says::Perhaps))
            }
            PaymentStatus::Authorized if payment.asked == Some(Asked::Capture) => {
                payment.asked_minor.map(|minor| (minor, Says::Perhaps))
            }
            PaymentStatus::Pending
            | PaymentStatus::Authorized
            | PaymentStatus::Failed
            | PaymentStatus::Voided => None,
        };
        if let Some((minor, says)) = booked {
            let status = payment.status.text();
            book(meeting, &movement(minor), says, (&name, status), violations);
        }
        if payment.capture == Capture::Manual {
            self.holds.payment(payment, &name, violations);
        }
    }

    /// A loan, against its movement.
    pub(crate) fn loan(&mut self, loan: &Loan, meeting: &mut Meeting, violations: &mut Violations) {
        let name = format!("Loan {}", loan.loan_id);
        check(loan, &name, violations);
        let told = Told { name: &name, id: loan.loan_id.any(), wallet_id: loan.wallet_id };
        self.answers.check_owner(&told, loan.owner.as_ref(), violations);
        let has_settled = self.moment.has_settled(loan.updated_at);
        if loan.status == LoanStatus::FundingFailed && has_settled {
            self.answers.check_reason(&told, loan.reason.as_ref(), violations);
        }
        let movement = Movement {
            kind: EntryKind::LoanIn,
            of: loan.loan_id.any(),
            wallet: loan.wallet_id.any(),
            counterparty: Account::Loan(loan.loan_id),
            minor: loan.amount_minor,
            currency: loan.currency,
        };
        let says = if loan.funded_at.is_some() {
            Says::booked(has_settled)
        } else if loan.status == LoanStatus::Approved {
            Says::Perhaps
        } else {
            return;
        };
        book(meeting, &movement, says, (&name, "funded"), violations);
    }
}

/// What a record says of its movement, against the entries.
fn book(
    meeting: &mut Meeting,
    movement: &Movement,
    says: Says,
    (name, status): (&str, &str),
    violations: &mut Violations,
) {
    let is_booked = meeting.takes(movement.facts());
    if !is_booked && says == Says::Booked {
        let money = Money(Some(movement.minor), movement.currency);
        let Movement { wallet, counterparty, .. } = movement;
        violations.add(format!(
            "{name} is {status}, and no entry books its {money} between {wallet} and {counterparty}."
        ));
    }
}

pub(crate) fn check(record: &dyn Rules, name: &str, violations: &mut Violations) {
    if let Err(why) = record.check() {
        violations.add(format!("{name} contradicts itself: {why}."));
    }
}
