//! The audit list: what operators did. A record is written in the atomic step of the act itself.

use crate::caller::{Caller, RoleName, Subject};
use crate::decision::View;
use crate::id::AuditId;
use crate::record::Rules;
use crate::text::Words;
use crate::time::Time;

crate::record! {
    /// One act of an operator.
    pub struct Audit in "audit" of "audit" version 1 {
        /// Its id.
        audit_id: AuditId,
        /// The list it belongs to: the service in which the act was done.
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
        reason: Option<Words<256>>,
    }
    key (audit_id: AuditId)
    index "by_service" (service, at) every
}

impl Rules for Audit {}

impl Audit {
    /// The line of an act, to be created beside what it changes.
    pub fn of(view: &mut View<'_>, caller: &Caller, act: &Act<'_>) -> Self {
        Self::at(view.id(), view.now(), caller, act)
    }

    /// The same for an act outside a decision, such as a redrive.
    pub fn at(audit_id: AuditId, at: Time, caller: &Caller, act: &Act<'_>) -> Self {
        Self {
            audit_id,
            service: word(act.service),
            at,
            sub: caller.sub.clone(),
            role: caller.role_name(),
            operation: word(act.operation),
            subject: word(act.subject),
            reason: act.reason.cloned(),
        }
    }
}

/// What an operator does.
#[derive(Debug, Clone, Copy)]
pub struct Act<'a> {
    /// In which service.
    pub service: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// On whom or what: an id.
    pub subject: &'a str,
    /// The words he gave for it.
    pub reason: Option<&'a Words<256>>,
}

/// Names of ours and ids always fit; what did not would be a bug, shown as such.
fn word<const MAX: usize>(text: &str) -> Words<MAX> {
    match Words::new(text) {
        Ok(word) => word,
        Err(refused) => unreachable!("an audit line's own word {text:?} {refused}"),
    }
}
