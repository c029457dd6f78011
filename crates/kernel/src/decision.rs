//! Decisions: pure functions over a view, which a store runs. What is written, on which condition,
//! and which events the records say. How a store makes it one atomic step is not known here.

mod writes;

use std::any::Any;
use std::ops::Deref;
use std::sync::Arc;

use crate::context::Context;
use crate::event::{EventKind, Said};
use crate::id::{AnyId, EventId, Id};
use crate::record::{ChainId, EntryId, Key, Kind, Record, RecordId, Stored};
use crate::time::{Ids, Time};

pub use writes::{Expect, Put, SAID_BEFORE_MAX, Writes};

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
