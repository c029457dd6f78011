//! An operator approves a loan, at first or again after a failed funding: the saga begins.

use kernel::audit::{Act, AuditLine};
use kernel::record::Shard;
use kernel::request::{RequestKey, Seen};
use kernel::saga::{Waiting, Waits};
use kernel::{Caller, Decision, EventKind, Known, LoanId, Suspend, View, Writes};

use super::left_by;
use crate::manifest::{APPROVE_LOAN, MANIFEST};
use crate::records::{Loan, LoanStatus, approval_detail};

/// An approval.
#[derive(Debug, Clone)]
pub struct Approve {
    /// The request's key, if it came with one.
    pub key: Option<RequestKey>,
    /// The operator.
    pub caller: Caller,
    /// The loan.
    pub loan_id: LoanId,
}

/// Why nothing was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApproveRefused {
    /// There is no such loan.
    NotFound,
    /// The key came with another body before.
    KeyReused,
    /// Only a loan that is pending, or whose funding failed, can be approved; this one is neither.
    WrongStatus(LoanStatus),
}

impl Decision for Approve {
    type Outcome = Result<Known<Loan>, ApproveRefused>;

    fn name(&self) -> &'static str {
        APPROVE_LOAN.name
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let Some(known) = view.get::<Loan>(self.loan_id)? else {
            return Ok(Err(ApproveRefused::NotFound));
        };
        match known.recent_keys.seen(self.key.as_ref()) {
            Seen::New => {}
            Seen::Again => return Ok(Ok(known)),
            Seen::Reused => return Ok(Err(ApproveRefused::KeyReused)),
        }
        if !known.status.is_open_to_decision() {
            return Ok(Err(ApproveRefused::WrongStatus(known.status)));
        }
        let subject = self.loan_id.to_string();
        let act = Act::of(&self.caller, MANIFEST.name, APPROVE_LOAN.name, &subject);
        let line = AuditLine::of(view, &act)?;
        let attempt = known.attempt.saturating_add(1);
        let detail = approval_detail(attempt, &self.caller.sub);
        let said = view.event(EventKind::LoanApproved).with_detail(&detail);
        let now = view.now().max(known.updated_at);
        let approved = Loan {
            status: LoanStatus::Approved,
            reason: None,
            attempt,
            approved_event: Some(said.id),
            approved_by: Some(self.caller.sub.clone()),
            updated_at: now,
            recent_keys: known.recent_keys.with(self.key.as_ref(), now),
            ..Loan::clone(&known)
        };
        let waiting = Waiting::from(now, Shard::of(self.loan_id));
        let put = writes.update(&known, approved.with_waiting(Some(waiting)));
        let left = left_by(put.says(said));
        writes.create(line);
        Ok(Ok(left))
    }
}
