//! An operator turns a loan down: an application, or an approval that could not be funded.

use kernel::audit::{Act, AuditLine};
use kernel::request::{RequestKey, Seen};
use kernel::text::Reason;
use kernel::{Caller, Decision, EventKind, Known, LoanId, Suspend, View, Writes};

use super::left_by;
use crate::manifest::{MANIFEST, REJECT_LOAN};
use crate::records::{Loan, LoanStatus};

/// A rejection.
#[derive(Debug, Clone)]
pub struct Reject {
    /// The request's key, if it came with one.
    pub key: Option<RequestKey>,
    /// The operator.
    pub caller: Caller,
    /// The loan.
    pub loan_id: LoanId,
    /// His words for it.
    pub reason: Option<Reason>,
}

/// Why nothing was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectRefused {
    /// There is no such loan.
    NotFound,
    /// The key came with another body before.
    KeyReused,
    /// Only a loan that is pending, or whose funding failed, can be rejected; this one is neither.
    WrongStatus(LoanStatus),
}

impl Decision for Reject {
    type Outcome = Result<Known<Loan>, RejectRefused>;

    fn name(&self) -> &'static str {
        REJECT_LOAN.name
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let Some(known) = view.get::<Loan>(self.loan_id)? else {
            return Ok(Err(RejectRefused::NotFound));
        };
        match known.recent_keys.seen(self.key.as_ref()) {
            Seen::New => {}
            Seen::Again => return Ok(Ok(known)),
            Seen::Reused => return Ok(Err(RejectRefused::KeyReused)),
        }
        if !known.status.is_open_to_decision() {
            return Ok(Err(RejectRefused::WrongStatus(known.status)));
        }
        let subject = self.loan_id.to_string();
        let act = Act::of(&self.caller, MANIFEST.name, REJECT_LOAN.name, &subject);
        let line = AuditLine::of(view, &act.because(self.reason.clone()))?;
        let said = view.event(EventKind::LoanRejected);
        let now = view.now().max(known.updated_at);
        let rejected = Loan {
            status: LoanStatus::Rejected,
            reason: self.reason.clone(),
            updated_at: now,
            recent_keys: known.recent_keys.with(self.key.as_ref(), now),
            ..Loan::clone(&known)
        };
        let left = left_by(writes.update(&known, rejected).says(said));
        writes.create(line);
        Ok(Ok(left))
    }
}
