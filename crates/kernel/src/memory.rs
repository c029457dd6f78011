//! The reference store: maps behind a lock, and events that a test delivers step by step, in any
//! order and as often as it likes. The model that real stores are compared with; nothing durable.

mod events;
mod state;

use std::any::Any;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

use crate::context::Context;
use crate::decision::{Drawn, ErasedDecision, View, Writes};
use crate::event::Envelope;
use crate::id::AnyId;
use crate::manifest::{Subscription, Unprocessable};
use crate::operators::{Delivery, DeliveryState};
use crate::record::{ChainId, Homes, Key, Kind, Record, Stored};
use crate::store::{BoxFuture, Query, Scan, ScanPlace, StoreError, StorePort};
use crate::time::{Clock, Ids, Time};

pub use state::value_of;
use state::{State, Table, caused, list, place_of, scanned_to};

/// The reference store. Cheap to make; each is empty.
pub struct MemoryStore {
    #[allow(
        clippy::disallowed_types,
        reason = "the kernel does without a lock library; poisoning is undone below"
    )]
    state: std::sync::Mutex<State>,
    time: AtomicI64,
    ids: AtomicU64,
    given: Option<(Arc<dyn Clock>, Arc<dyn Ids>)>,
    is_down: AtomicBool,
    is_frugal: AtomicBool,
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for MemoryStore {
    /// The clock that was given, or one that moves by a microsecond each time that it is looked at.
    fn now(&self) -> Time {
        if let Some((clock, _)) = &self.given {
            return clock.now();
        }
        Time::from_micros(self.time.fetch_add(1, Ordering::Relaxed))
    }
}

impl Ids for MemoryStore {
    /// As they were given, or counted, so that a run can be repeated.
    fn draw(&self) -> u128 {
        if let Some((_, ids)) = &self.given {
            return ids.draw();
        }
        u128::from(self.ids.fetch_add(1, Ordering::Relaxed))
    }
}

impl MemoryStore {
    /// An empty store whose clock starts on 1 January 2026.
    pub fn new() -> Self {
        Self {
            state: <_>::default(),
            time: AtomicI64::new(1_767_225_600_000_000),
            ids: AtomicU64::new(1),
            given: None,
            is_down: AtomicBool::new(false),
            is_frugal: AtomicBool::new(false),
        }
    }

    /// An empty store that takes the time and new ids from where a test says.
    pub fn with(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self { given: Some((clock, ids)), ..Self::new() }
    }

    /// Moves its own clock forward.
    pub fn pass(&self, time: std::time::Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        self.time.fetch_add(micros, Ordering::Relaxed);
    }

    /// From now on nothing can be read or written through its port.
    pub fn go_down(&self) {
        self.is_down.store(true, Ordering::Relaxed);
    }

    /// It can again.
    pub fn come_back(&self) {
        self.is_down.store(false, Ordering::Relaxed);
    }

    /// From now on it keeps only the indexes of every home, as a store does that pays for them.
    pub fn pay_for_indexes(&self) {
        self.is_frugal.store(true, Ordering::Relaxed);
    }

    fn up(&self) -> Result<(), StoreError> {
        if self.is_down.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("it is down".to_owned()));
        }
        Ok(())
    }

    /// Every event said so far, in order; one that was said again stands there again.
    pub fn said(&self) -> Vec<Envelope> {
        self.lock().events.clone()
    }

    /// Gives an event to a subscription, as a bus would, once.
    ///
    /// # Errors
    /// When the subscription cannot hear it.
    pub fn deliver(
        &self,
        subscription: &Subscription,
        event: &Envelope,
    ) -> Result<(), Unprocessable> {
        let decision = (subscription.react)(event)?;
        let outcome = self.run(&*decision, event.context());
        assert!(outcome.is_ok(), "{}: {:?}", subscription.name, outcome.err());
        let now = Clock::now(self);
        self.lock().deliveries.push(Delivery {
            event: event.id,
            subscription: subscription.name.into(),
            attempts: 1,
            state: DeliveryState::Delivered,
            at: Some(now),
            took: Some(now.since(event.time)),
            reason: None,
        });
        Ok(())
    }

    /// Delivers everything that was said from position `from` on, and what that causes, to whoever
    /// hears it; in order, once. Gives back how much was said in all.
    ///
    /// # Errors
    /// When a subscription cannot hear an event.
    pub fn settle(
        &self,
        subscriptions: &[&Subscription],
        from: usize,
    ) -> Result<usize, Unprocessable> {
        let mut next = from;
        loop {
            let Some(event) = self.lock().events.get(next).cloned() else { return Ok(next) };
            next = next.saturating_add(1);
            for subscription in subscriptions {
                if subscription.hears.contains(&event.kind()) {
                    self.deliver(subscription, &event)?;
                }
            }
        }
    }

    /// Every record of a kind, in the order of their keys.
    pub fn records<R: Record>(&self) -> Vec<Arc<R>> {
        let state = self.lock();
        let table = state.tables.get(R::KIND.name);
        table.into_iter().flat_map(Table::values).filter_map(Stored::downcast).collect()
    }

    /// Puts a record in the place of what is there, past all rules: for tests of what finds that out.
    pub fn tamper<R: Record>(&self, record: R) {
        let key = record.key();
        let mut state = self.lock();
        let table = state.tables.entry(R::KIND.name).or_default();
        let (version, said) =
            table.get(&key).map_or((1, Arc::from([])), |old| (old.version, Arc::clone(&old.said)));
        table.insert(key, Stored::new(Arc::new(record), version, said));
    }

    /// Takes a record away, past all rules.
    pub fn remove<R: Record>(&self, key: Key) {
        if let Some(table) = self.lock().tables.get_mut(R::KIND.name) {
            table.remove(&key);
        }
    }

    /// Makes a decision, without a future around it.
    ///
    /// # Errors
    /// Never by itself; the form is the port's.
    pub fn run(
        &self,
        decision: &dyn ErasedDecision,
        context: Context,
    ) -> Result<Box<dyn Any + Send>, StoreError> {
        let now = Clock::now(self);
        let mut state = self.lock();
        let mut writes = Writes::default();
        let mut drawn = Drawn::default();
        let outcome = {
            let mut view = View::new(&mut *state, &context, now, self, &mut drawn);
            decision.decide_erased(&mut view, &mut writes)
        };
        let Ok(outcome) = outcome else {
            return Err(StoreError::Broken("a store in memory never suspends".to_owned()));
        };
        for put in writes.into_puts() {
            state.put(put);
        }
        state.wakers.drain(..).for_each(Waker::wake);
        Ok(outcome)
    }

    #[allow(clippy::disallowed_types, reason = "see the field")]
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StorePort for MemoryStore {
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        Box::pin(async move { self.up().and_then(|()| self.run(&*decision, context)) })
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = self.lock().tables.get(kind.name).and_then(|table| table.get(&key)).cloned();
        Box::pin(async move { self.up().map(|()| found) })
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = self.lock().chain_of(kind, of).next_back().cloned();
        Box::pin(async move { self.up().map(|()| found) })
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = caused(&self.lock(), kind, of, cause);
        Box::pin(async move { self.up().map(|()| found) })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        let index = query.kind.indexes.iter().find(|index| Some(index.name) == query.index);
        assert!(
            index.is_none_or(|index| self.keeps(index.homes)),
            "it keeps no such index: {query:?}"
        );
        let found = list(&self.lock(), &query);
        Box::pin(async move { self.up().map(|()| found) })
    }

    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        let after = after.and_then(scanned_to);
        let state = self.lock();
        let rest = state.table(kind).filter(|(key, _)| after.is_none_or(|after| **key > after));
        let found: Vec<_> = rest.take(limit).collect();
        let next = found.last().filter(|_| found.len() == limit).map(|(key, _)| place_of(**key));
        let rows = found.into_iter().map(|(_, stored)| Ok(stored.clone())).collect();
        Box::pin(async move { self.up().map(|()| Scan { rows, next }) })
    }

    fn keeps(&self, homes: Homes) -> bool {
        homes == Homes::Every || !self.is_frugal.load(Ordering::Relaxed)
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(poll_fn(move |context| {
            self.up()?;
            let mut state = self.lock();
            let version = state
                .tables
                .get(kind.name)
                .and_then(|table| table.get(&key))
                .map(|stored| stored.version);
            if version.is_some_and(|version| version > seen) {
                return Poll::Ready(Ok(()));
            }
            state.wakers.push(context.waker().clone());
            Poll::Pending
        }))
    }

    fn now(&self) -> Time {
        Clock::now(self)
    }
}
