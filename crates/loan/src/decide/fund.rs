//! The wallet service answered an approval: the money is there, or why it is not.

use kernel::saga::Waits;
use kernel::text::Reason;
use kernel::{Decision, EventId, LoanId, Subject, Suspend, Time, View, Writes};

use crate::records::{Loan, LoanStatus};

/// An answer to an approval.
#[derive(Debug, Clone)]
pub struct UpdateFunding {
    /// The loan.
    pub loan_id: LoanId,
    /// The approval that is answered: the event that caused the answer.
    pub approved_event: Option<EventId>,
    /// What became of it.
    pub answer: Answer,
}

/// What became of an approval.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The money was booked.
    Funded {
        /// Whose wallet it is.
        wallet_owner: Subject,
        /// When it was booked.
        funded_at: Time,
    },
    /// No money moved.
    FundingFailed {
        /// Whose wallet it is, unless it is not the applicant's to see.
        wallet_owner: Option<Subject>,
        /// The kind of refusal.
        reason: Reason,
    },
}

/// What an answer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// The loan changed.
    Noted,
    /// It was heard before, or an approval that came later counts.
    Old,
    /// No loan of ours waits, or ever waited, for it.
    Unknown,
}

impl Decision for UpdateFunding {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "update_loan_funding"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let Some(known) = view.get::<Loan>(self.loan_id)? else {
            return Ok(Heard::Unknown);
        };
        if known.approved_event.is_none() {
            return Ok(Heard::Unknown);
        }
        // That money moved is true whichever approval moved it; that it did not is news of the
        // latest approval alone.
        let counts = match &self.answer {
            Answer::Funded { .. } => known.is_unfunded(),
            Answer::FundingFailed { .. } => {
                known.waiting().is_some() && self.approved_event == known.approved_event
            }
        };
        if !counts {
            return Ok(Heard::Old);
        }
        let now = view.now().max(known.updated_at);
        writes.update(&known, self.answered(&known, now));
        Ok(Heard::Noted)
    }
}

impl UpdateFunding {
    fn answered(&self, loan: &Loan, now: Time) -> Loan {
        let base = Loan { updated_at: now, ..loan.with_waiting(None) };
        match &self.answer {
            Answer::Funded { wallet_owner, funded_at } => Loan {
                status: LoanStatus::Approved,
                reason: None,
                owner: Some(wallet_owner.clone()),
                funded_at: Some(*funded_at),
                ..base
            },
            Answer::FundingFailed { wallet_owner, reason } => Loan {
                status: LoanStatus::FundingFailed,
                reason: Some(reason.clone()),
                owner: wallet_owner.clone().or_else(|| base.owner.clone()),
                ..base
            },
        }
    }
}
