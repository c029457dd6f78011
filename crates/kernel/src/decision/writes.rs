//! What a decision writes. How it looks at what is there is not here.

use std::collections::HashSet;
use std::sync::Arc;

use super::Known;
use crate::event::Said;
use crate::record::{AnyRecord, Record, Stored};

/// On which condition a record is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// There is none of that key.
    Absent,
    /// It is as it was seen.
    Version(u64),
}

/// So many events of former versions stay in a record, for a store that has no log: more than any
/// saga says unless the wallet refuses it again and again.
pub const SAID_BEFORE_MAX: usize = 32;

/// A record to be put.
#[derive(Debug, Clone)]
pub struct Put {
    /// The record.
    pub record: Arc<dyn AnyRecord>,
    /// On which condition.
    pub expect: Expect,
    /// The events that this version says, first or again.
    pub events: Vec<Said>,
}

impl Put {
    /// The version that this put makes.
    pub fn version(&self) -> u64 {
        match self.expect {
            Expect::Absent => 1,
            Expect::Version(version) => version.saturating_add(1),
        }
    }

    /// The events of former versions that stay beside those of this one: what the former version
    /// held, oldest first, the oldest dropped where they are too many. What this version says again
    /// is not among them.
    pub fn said_before(&self, former: Option<&Stored>) -> Arc<[Said]> {
        let Some(former) = former else { return Arc::default() };
        let is_said_now = |said: &Said| self.events.iter().any(|now| now.id == said.id);
        let all = former.said_before.iter().chain(&*former.said);
        let kept: Vec<_> = all.filter(|said| !is_said_now(said)).collect();
        let surplus = kept.len().saturating_sub(SAID_BEFORE_MAX);
        kept.into_iter().skip(surplus).cloned().collect()
    }

    /// Lets the record say an event in the same step.
    pub fn says(&mut self, mut said: Said) -> &mut Self {
        said.sequence = self.version();
        self.events.push(said);
        self
    }
}

/// What a decision writes: all of it in one atomic step, or nothing.
#[derive(Debug, Default)]
pub struct Writes {
    puts: Vec<Put>,
}

impl Writes {
    /// A new record; it must not be there.
    pub fn create<R: Record>(&mut self, record: R) -> &mut Put {
        self.push(Arc::new(record), Expect::Absent)
    }

    /// A changed record; what was seen must be unchanged.
    pub fn update<R: Record>(&mut self, known: &Known<R>, record: R) -> &mut Put {
        assert_eq!(known.record.key(), record.key(), "a record's key does not change");
        self.push(Arc::new(record), Expect::Version(known.version))
    }

    /// Says again what `known` said: a new version with the same events, the record as it is.
    pub fn say_again<R: Record>(&mut self, known: &Known<R>) {
        self.say_again_with(known, R::clone(known));
    }

    /// As [`say_again`](Self::say_again), with a record that differs in what its events do not say.
    pub fn say_again_with<R: Record>(&mut self, known: &Known<R>, record: R) {
        let events = known.said.to_vec();
        self.update(known, record).events = events;
    }

    /// The puts, for a store. Asserts what no decision may do: put one record twice, a record that
    /// contradicts itself, or one in the place of what never changes.
    pub fn into_puts(self) -> Vec<Put> {
        for put in &self.puts {
            let (kind, checked) = (put.record.kind(), put.record.check());
            assert_eq!(checked, Ok(()), "a decision wrote a {kind:?} that contradicts itself");
            let is_new = put.expect == Expect::Absent;
            assert!(
                is_new || !kind.append_only,
                "a decision changed a record of {kind:?}, which never changes"
            );
        }
        if self.puts.len() > 1 {
            let keys: HashSet<_> =
                self.puts.iter().map(|put| (put.record.kind().name, put.record.key())).collect();
            assert_eq!(keys.len(), self.puts.len(), "a decision put one record twice");
        }
        self.puts
    }

    fn push(&mut self, record: Arc<dyn AnyRecord>, expect: Expect) -> &mut Put {
        self.puts.push(Put { record, expect, events: Vec::new() });
        match self.puts.last_mut() {
            Some(put) => put,
            None => unreachable!("it was pushed just now"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::FormerLine;
    use crate::caller::{RoleName, Subject};
    use crate::context::CorrelationId;
    use crate::event::EventKind;
    use crate::id::{AuditId, EventId, Id as _};
    use crate::text::Words;
    use crate::time::Time;

    fn record() -> Arc<dyn AnyRecord> {
        Arc::new(FormerLine {
            audit_id: AuditId::from_uuid(1),
            service: Words::new("loan").unwrap(),
            at: Time::MIN,
            sub: Subject::new("root").unwrap(),
            role: RoleName::Operator,
            operation: Words::new("approve_loan").unwrap(),
            subject: Words::new("loan").unwrap(),
            reason: None,
        })
    }

    fn said(numbers: &[u128]) -> Vec<Said> {
        let said = |number: &u128| Said {
            id: EventId::from_uuid(*number),
            kind: EventKind::LoanRejected,
            at: Time::MIN,
            sequence: 1,
            causation: None,
            correlation: CorrelationId(0),
            trace: None,
            detail: None,
        };
        numbers.iter().map(said).collect()
    }

    /// What the former version and those before it said, what this one says, and what stays beside it.
    #[track_caller]
    fn check(before: &[u128], former: &[u128], now: &[u128], expected: &[u128]) {
        let stored = Stored::new(record(), 2, said(former).into());
        let stored = Stored { said_before: said(before).into(), ..stored };
        let put = Put { record: record(), expect: Expect::Version(2), events: said(now) };
        let kept = put.said_before(Some(&stored));
        assert_eq!(kept.iter().map(|said| said.id.uuid()).collect::<Vec<_>>(), expected);
        assert!(put.said_before(None).is_empty());
    }

    #[test]
    fn what_former_versions_said_stays_once() {
        check(&[], &[], &[1], &[]);
        check(&[], &[1], &[], &[1]);
        check(&[], &[1], &[1], &[]);
        check(&[1, 2], &[3], &[], &[1, 2, 3]);
        check(&[1, 2], &[3], &[3], &[1, 2]);
        check(&[1, 2], &[3, 4], &[2, 5], &[1, 3, 4]);
        let many: Vec<u128> = (0..40).collect();
        check(&many[..32], &many[32..33], &[40], &many[1..33]);
    }
}
