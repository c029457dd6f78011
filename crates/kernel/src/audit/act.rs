//! An act, and how it becomes a line: at the head of its service's trail, in the step of the act.

use super::AuditLine;
use crate::caller::{Caller, RoleName, Subject};
use crate::decision::{Decision, Suspend, View, Writes};
use crate::id::{AuditId, Id, TrailId};
use crate::record::Hash32;
use crate::request::{KEY_LIFE, RequestKey};
use crate::text::{Reason, Words};
use crate::time::Time;

/// What was done, by whom, on whom. When and from where, the decision's view knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// The key of the request, where that asks twice for the same: it names the line of its day.
    pub key: Option<RequestKey>,
    /// In which service.
    pub service: &'static str,
    /// Who, if it is known.
    pub sub: Option<Subject>,
    /// As what.
    pub role: Option<RoleName>,
    /// The operation's name.
    pub operation: Words<64>,
    /// On whom or what: an id.
    pub subject: Words<128>,
    /// The words he gave for it.
    pub reason: Option<Reason>,
    /// How it ended, where it was not done.
    pub outcome: Option<Words<64>>,
    /// How often: 1 unless several are told together.
    pub times: u64,
    /// Of several, when the first was.
    pub first_at: Option<Time>,
    /// The hash of the record that it changes, where no other record tells of that, as it finds it.
    pub found: Option<Hash32>,
    /// The same as it leaves it.
    pub left: Option<Hash32>,
    /// The hash of what a record that it begins says for good.
    pub began: Option<Hash32>,
    /// What of it, where the operation's name does not say.
    pub detail: Option<Words<64>>,
}

impl Act {
    /// What this caller did.
    pub fn of(caller: &Caller, service: &'static str, operation: &str, subject: &str) -> Self {
        Self {
            sub: Some(caller.sub.clone()),
            role: Some(caller.role_name()),
            ..Self::of_nobody(service, operation, subject)
        }
    }

    /// What somebody did who is not known, or not yet: `sub` and `role` may be set.
    pub fn of_nobody(service: &'static str, operation: &str, subject: &str) -> Self {
        Self {
            key: None,
            service,
            sub: None,
            role: None,
            operation: word(operation),
            subject: word(subject),
            reason: None,
            outcome: None,
            times: 1,
            first_at: None,
            found: None,
            left: None,
            began: None,
            detail: None,
        }
    }

    /// The same, for that reason.
    #[must_use]
    pub fn because(self, reason: Option<Reason>) -> Self {
        Self { reason, ..self }
    }

    /// The same, which was not done but ended so.
    #[must_use]
    pub fn ending(self, outcome: &'static str) -> Self {
        Self { outcome: Some(word(outcome)), ..self }
    }

    /// Several alike, the first at that moment and the last now.
    #[must_use]
    pub fn several(self, times: u64, first_at: Time) -> Self {
        let first_at = (times > 1).then_some(first_at);
        Self { times, first_at, ..self }
    }

    /// The same, which changes a record of that hash, or makes one where there was none, into one of that.
    #[must_use]
    pub fn changing(self, found: Option<Hash32>, left: Hash32) -> Self {
        Self { found, left: Some(left), ..self }
    }

    /// The same, which begins a record that says for good what has that hash.
    #[must_use]
    pub fn beginning(self, began: Hash32) -> Self {
        Self { began: Some(began), ..self }
    }

    /// The same, more precisely; by an empty text as it is.
    #[must_use]
    pub fn namely(self, detail: &str) -> Self {
        Self { detail: (!detail.is_empty()).then(|| word(detail)), ..self }
    }

    /// The same, asked for under that key, if there is one.
    #[must_use]
    pub fn keyed(self, key: Option<RequestKey>) -> Self {
        Self { key, ..self }
    }
}

impl AuditLine {
    /// The line of an act, to be created beside what it changes. To be asked for before anything is
    /// written. One act of a service a decision.
    ///
    /// # Errors
    /// `Suspend`, to be passed on.
    pub fn of(view: &mut View<'_>, act: &Act) -> Result<Self, Suspend> {
        let audit_id = match &act.key {
            Some(key) => id_of_day(key, day_of(view.now())),
            None => view.id(),
        };
        let trail_id = TrailId::of(act.service);
        let head = view.chain::<Self>(trail_id, audit_id.any(), view.now())?.head;
        let now = view.now();
        let draft = Self {
            trail_id,
            sequence: 0,
            audit_id,
            service: word(act.service),
            at: now,
            sub: act.sub.clone(),
            role: act.role,
            operation: act.operation.clone(),
            subject: act.subject.clone(),
            reason: act.reason.clone(),
            outcome: act.outcome.clone(),
            from_address: view.context().from,
            correlation: Some(view.context().correlation),
            times: act.times,
            first_at: act.first_at.map(|first_at| first_at.min(now)),
            adopted_at: None,
            hash: Hash32([0; 32]),
            found: act.found,
            left: act.left,
            began: act.began,
            detail: act.detail.clone(),
        };
        Ok(draft.sealed(head.as_deref()))
    }

    /// Whether an act that a request's key names has its line: then that request was done. Keys are
    /// remembered for a day, so that the line is named by its day beside the key: one act has one line
    /// of that name, and a later one under the same key another. Clocks that differ may have written it
    /// on the day after.
    ///
    /// # Errors
    /// `Suspend`, to be passed on.
    pub fn is_booked(view: &mut View<'_>, act: &Act) -> Result<bool, Suspend> {
        let Some(key) = &act.key else { return Ok(false) };
        let today = day_of(view.now());
        let not_before = view.now().minus(KEY_LIFE);
        for day in [today, today.saturating_sub(1), today.saturating_add(1)] {
            let cause = id_of_day(key, day).any();
            let trail = view.chain::<Self>(TrailId::of(act.service), cause, not_before)?;
            if trail.caused.is_some_and(|line| line.at >= not_before) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The id of the line that a key names on a day.
fn id_of_day(key: &RequestKey, day: u64) -> AuditId {
    AuditId::named(&["audit-line", &format!("{:032x}", key.uuid), &day.to_string()])
}

/// The days since the first that there is.
fn day_of(now: Time) -> u64 {
    now.since(Time::MIN).as_secs().checked_div(KEY_LIFE.as_secs()).unwrap_or_default()
}

/// Books an act of which its line is all that is written, once if a key names it.
#[derive(Debug, Clone)]
pub struct Book(pub Act);

impl Decision for Book {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "book_act"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        if !AuditLine::is_booked(view, &self.0)? {
            writes.create(AuditLine::of(view, &self.0)?);
        }
        Ok(())
    }
}

/// Asks whether the act that a request's key names has its line. Writes nothing.
#[derive(Debug, Clone)]
pub struct WasBooked(pub Act);

impl Decision for WasBooked {
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "was_act_booked"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<bool, Suspend> {
        AuditLine::is_booked(view, &self.0)
    }
}

/// Names of ours and ids always fit; what did not would be a bug, shown as such.
pub(super) fn word<const MAX: usize>(text: &str) -> Words<MAX> {
    match Words::new(text) {
        Ok(word) => word,
        Err(refused) => unreachable!("an audit line's own word {text:?} {refused}"),
    }
}
