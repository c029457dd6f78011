//! What programs before audit trails wrote: lines without an order or a hash. They stay where they
//! are; a data folder's trails begin with what was taken over from them. How they are read is not here.

use super::AuditLine;
use crate::caller::{RoleName, Subject};
use crate::decision::{Decision, Suspend, View, Writes};
use crate::id::{AuditId, Id, TrailId};
use crate::record::{Hash32, Rules};
use crate::text::{Reason, Words};
use crate::time::Time;

crate::record! {
    /// A line as it was before there were trails. Nothing writes one any more.
    pub struct FormerLine in "audit" of "former" version 1 {
        /// Its id.
        audit_id: AuditId,
        /// The service in which the act was done.
        service: Words<32>,
        /// When.
        at: Time,
        /// Who.
        sub: Subject,
        /// As what.
        role: RoleName,
        /// What: the operation's name.
        operation: Words<64>,
        /// On whom or what: an id.
        subject: Words<128>,
        /// The words he gave for it.
        reason: Option<Reason>,
    }
    key (audit_id: AuditId)
    index "by_service" (service, at) embedded
}

impl Rules for FormerLine {}

/// Takes lines of one service over into its trail, once, in the order in which they stand here: that
/// of their times. The hashes say that they were so when they were taken over.
#[derive(Debug, Clone)]
pub struct Adopt(pub Vec<FormerLine>);

impl Decision for Adopt {
    /// How many were taken over: all, or none because they had been.
    type Outcome = usize;

    fn name(&self) -> &'static str {
        "adopt_audit_lines"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<usize, Suspend> {
        let Some(last) = self.0.last() else { return Ok(0) };
        let trail_id = TrailId::of(last.service.as_str());
        let trail = view.chain::<AuditLine>(trail_id, last.audit_id.any(), Time::MIN)?;
        if trail.caused.is_some() {
            return Ok(0);
        }
        let now = view.now();
        let mut head = trail.head.map(|head| AuditLine::clone(&head));
        for former in &self.0 {
            let line = former.adopted(trail_id, now).sealed(head.as_ref());
            writes.create(line.clone());
            head = Some(line);
        }
        Ok(self.0.len())
    }
}

impl FormerLine {
    /// A draft of its line in a trail.
    fn adopted(&self, trail_id: TrailId, now: Time) -> AuditLine {
        AuditLine {
            trail_id,
            sequence: 0,
            audit_id: self.audit_id,
            service: self.service.clone(),
            at: self.at,
            sub: Some(self.sub.clone()),
            role: Some(self.role),
            operation: self.operation.clone(),
            subject: self.subject.clone(),
            reason: self.reason.clone(),
            outcome: None,
            from_address: None,
            correlation: None,
            times: 1,
            first_at: None,
            adopted_at: Some(now),
            hash: Hash32([0; 32]),
            found: None,
            left: None,
            began: None,
            detail: None,
        }
    }
}
