//! Decisions: pure functions over a view, which a store runs. What is written, on which condition,
//! and which events the records say. How a store makes it one atomic step is not known here.

use std::any::Any;
use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use crate::context::Context;
use crate::event::{EventKind, Said};
use crate::id::{AnyId, EventId, Id};
use crate::record::{AnyRecord, ChainId, EntryId, Key, Kind, Record, RecordId, Stored};
use crate::time::{Ids, Time};

/// A decision. It may be run several times before one run counts, so it changes nothing but `writes`.
pub trait Decision: Send + Sync + 'static {
    /// What the caller gets to know: done or refused.
    type Outcome: Send + 'static;

    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// Decides.
    ///
    /// # Errors
    /// `Suspend` when the view lacks a record; it is passed on with `?` and the decision runs again.
    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend>;
}

/// A decision whose outcome's type is forgotten, for stores.
pub trait ErasedDecision: Send + Sync + 'static {
    /// See [`Decision::name`].
    fn name(&self) -> &'static str;

    /// See [`Decision::decide`].
    ///
    /// # Errors
    /// See [`Decision::decide`].
    fn decide_erased(
        &self,
        view: &mut View<'_>,
        writes: &mut Writes,
    ) -> Result<Box<dyn Any + Send>, Suspend>;
}

impl<D: Decision> ErasedDecision for D {
    fn name(&self) -> &'static str {
        Decision::name(self)
    }

    fn decide_erased(
        &self,
        view: &mut View<'_>,
        writes: &mut Writes,
    ) -> Result<Box<dyn Any + Send>, Suspend> {
        let outcome = self.decide(view, writes)?;
        Ok(Box::new(outcome))
    }
}

/// The view could not answer; the store knows why. Only a store makes one.
#[derive(Debug)]
pub struct Suspend(());

impl Suspend {
    /// For stores alone: what was asked for is remembered by the [`Source`].
    pub fn by_store() -> Self {
        Self(())
    }
}

/// Where a view's records come from. Implemented by stores.
pub trait Source {
    /// The record of a key.
    ///
    /// # Errors
    /// `Suspend` when it must be loaded first.
    fn get(&mut self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, Suspend>;

    /// The head of a chain, and the entry of a cause. Entries booked before `not_before` need not be
    /// searched.
    ///
    /// # Errors
    /// `Suspend` when it must be loaded first.
    fn chain(
        &mut self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
        not_before: Time,
    ) -> Result<StoredChain, Suspend>;
}

/// The head of a chain, and the entry of a cause, as a store holds them.
#[derive(Debug, Clone, Default)]
pub struct StoredChain {
    /// The newest entry; none if the account was never opened.
    pub head: Option<Stored>,
    /// The entry of the cause, if there is one.
    pub caused: Option<Stored>,
}

/// A record and its version.
#[derive(Debug, Clone)]
pub struct Known<R> {
    /// The record.
    pub record: Arc<R>,
    /// 1 when it was made, one more at each change.
    pub version: u64,
    /// The events that this version said, first or again.
    pub said: Arc<[Said]>,
}

impl<R> Deref for Known<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.record
    }
}

impl<R: Record> Known<R> {
    /// From what a store holds. A store that answers with a record of another kind is broken.
    pub fn from_stored(stored: Stored) -> Self {
        let Some(record) = stored.downcast::<R>() else {
            unreachable!("a store answered with a {:?} for a {:?}", stored.record.kind(), R::KIND);
        };
        Self { record, version: stored.version, said: stored.said }
    }
}

/// The head of a chain, and the entry of a cause.
#[derive(Debug, Clone)]
pub struct Chain<R> {
    /// The newest entry; none if the account was never opened.
    pub head: Option<Known<R>>,
    /// The entry of the cause, if there is one.
    pub caused: Option<Known<R>>,
}

/// The ids that one call has drawn, so that a decision that is made again draws the same.
#[derive(Debug, Default)]
pub struct Drawn {
    ids: Vec<u128>,
    next: usize,
}

impl Drawn {
    /// Before a decision is made again.
    pub fn rewind(&mut self) {
        self.next = 0;
    }

    /// Whether this id was drawn in this call: then no record can have it.
    pub fn has(&self, uuid: u128) -> bool {
        self.ids.contains(&uuid)
    }

    fn draw(&mut self, ids: &dyn Ids) -> u128 {
        let drawn = self.ids.get(self.next).copied().unwrap_or_else(|| {
            let fresh = ids.draw();
            self.ids.push(fresh);
            fresh
        });
        self.next = self.next.saturating_add(1);
        drawn
    }
}

/// What a decision sees: records by key or the head of a chain, the time, new ids. No ranges.
pub struct View<'a> {
    source: &'a mut dyn Source,
    context: &'a Context,
    now: Time,
    ids: &'a dyn Ids,
    drawn: &'a mut Drawn,
}

impl<'a> View<'a> {
    /// For stores: a view over what they have.
    pub fn new(
        source: &'a mut dyn Source,
        context: &'a Context,
        now: Time,
        ids: &'a dyn Ids,
        drawn: &'a mut Drawn,
    ) -> Self {
        Self { source, context, now, ids, drawn }
    }

    /// The moment of the decision, never before what caused it.
    pub fn now(&self) -> Time {
        self.now.max(self.context.not_before)
    }

    /// What the decision is made in answer to.
    pub fn context(&self) -> &Context {
        self.context
    }

    /// A new id. Drawn once a call: the same when it is decided again.
    pub fn id<T: Id>(&mut self) -> T {
        T::from_uuid(self.drawn.draw(self.ids))
    }

    /// A new event, to be said by a record that is written.
    pub fn event(&mut self, kind: EventKind) -> Said {
        Said {
            id: self.id::<EventId>(),
            kind,
            at: self.now(),
            sequence: 0,
            causation: self.context.causation,
            correlation: self.context.correlation,
            trace: self.context.trace,
            detail: None,
        }
    }

    /// The record of an id.
    ///
    /// # Errors
    /// `Suspend`, to be passed on.
    pub fn get<R: Record>(&mut self, id: R::Id) -> Result<Option<Known<R>>, Suspend> {
        Ok(self.source.get(R::KIND, id.key())?.map(Known::from_stored))
    }

    /// The head of a chain, and the entry that `cause` made if there is one. The search for the
    /// cause ends at `not_before`: an entry is booked no earlier than its cause.
    ///
    /// # Errors
    /// `Suspend`, to be passed on.
    pub fn chain<R: Record<Id: EntryId>>(
        &mut self,
        of: <R::Id as EntryId>::Of,
        cause: AnyId,
        not_before: Time,
    ) -> Result<Chain<R>, Suspend> {
        let StoredChain { head, caused } =
            self.source.chain(R::KIND, of.into(), cause, not_before)?;
        Ok(Chain { head: head.map(Known::from_stored), caused: caused.map(Known::from_stored) })
    }
}

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
    use crate::id::AuditId;
    use crate::text::Words;

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
