//! The reference store: maps behind a lock, and events that a test delivers step by step, in any
//! order and as often as it likes. The model that real stores are compared with; nothing durable.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::task::{Poll, Waker};

use crate::audit::Act;
use crate::context::Context;
use crate::decision::{
    Drawn, ErasedDecision, Expect, Put, Source, StoredChain, Suspend, View, Writes,
};
use crate::event::Envelope;
use crate::id::{AnyId, EventId};
use crate::manifest::{Subscription, Unprocessable};
use crate::operators::{DeadLetter, Delivery, DeliveryState, EventQuery, EventsPort, LoggedEvent};
use crate::record::{ChainId, Column, Key, Kind, Record, Stored, Value};
use crate::store::{BoxFuture, Order, Query, Scan, ScanPlace, StoreError, StorePort};
use crate::time::{Clock, Ids, Time};

type Table = BTreeMap<Key, Stored>;

#[derive(Default)]
struct State {
    tables: HashMap<&'static str, Table>,
    events: Vec<Envelope>,
    deliveries: Vec<Delivery>,
    wakers: Vec<Waker>,
}

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

impl State {
    fn table(&self, kind: &'static Kind) -> impl DoubleEndedIterator<Item = (&Key, &Stored)> {
        self.tables.get(kind.name).into_iter().flat_map(BTreeMap::iter)
    }

    fn chain_of(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> impl DoubleEndedIterator<Item = &Stored> {
        let range = Key::entry(of, 0)..=Key::entry(of, u64::MAX);
        self.tables
            .get(kind.name)
            .into_iter()
            .flat_map(move |table| table.range(range.clone()))
            .map(|(_, stored)| stored)
    }

    fn put(&mut self, put: Put) {
        let key = put.record.key();
        let table = self.tables.entry(put.record.kind().name).or_default();
        let there = table.get(&key).map(|stored| stored.version);
        let expected = match put.expect {
            Expect::Absent => None,
            Expect::Version(version) => Some(version),
        };
        assert_eq!(
            there,
            expected,
            "{:?} {key:?} is not as the decision saw it",
            put.record.kind()
        );
        for said in &put.events {
            match Envelope::build(&*put.record, said) {
                Ok(envelope) => self.events.push(envelope),
                Err(bad) => unreachable!("{bad}"),
            }
        }
        let said_before = put.said_before(table.get(&key));
        let stored = Stored::new(Arc::clone(&put.record), put.version(), put.events.into());
        table.insert(key, Stored { said_before, ..stored });
    }
}

impl Source for State {
    fn get(&mut self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, Suspend> {
        Ok(self.tables.get(kind.name).and_then(|table| table.get(&key)).cloned())
    }

    fn chain(
        &mut self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
        _: Time,
    ) -> Result<StoredChain, Suspend> {
        let head = self.chain_of(kind, of).next_back().cloned();
        Ok(StoredChain { head, caused: caused(self, kind, of, cause) })
    }
}

fn caused(state: &State, kind: &'static Kind, of: ChainId, cause: AnyId) -> Option<Stored> {
    let column = kind.chain?.cause;
    state.chain_of(kind, of).find(|stored| value_of(stored, column) == Value::Id(cause)).cloned()
}

/// The value of a column of a record; absent if there is no such column.
pub fn value_of(stored: &Stored, column: &str) -> Value<'static> {
    let place = stored.record.kind().column(column);
    let mut found = Value::Null;
    let mut next = 0_usize;
    stored.record.values(&mut |value| {
        if Some(next) == place {
            found = value.into_owned();
        }
        next = next.saturating_add(1);
    });
    found
}

/// A scan goes on behind the key that it came to, whatever was written meanwhile.
fn place_of(key: Key) -> ScanPlace {
    ScanPlace(format!("{key:?}"))
}

fn scanned_to(ScanPlace(place): ScanPlace) -> Option<Key> {
    let (id, sequence) = match place.split_once('/') {
        Some((id, sequence)) => (id, Some(sequence.parse().ok()?)),
        None => (place.as_str(), None),
    };
    Some(Key { id: id.parse().ok()?, sequence })
}

fn list(state: &State, query: &Query) -> Vec<Stored> {
    let (partition, sort) = match query
        .index
        .and_then(|name| query.kind.indexes.iter().find(|index| index.name == name))
    {
        Some(index) => (index.partition, index.sort),
        None => (query.kind.partition, query.kind.sort.unwrap_or(query.kind.partition)),
    };
    let mut found: Vec<(i64, Key, &Stored)> = state
        .table(query.kind)
        .filter(|(_, stored)| value_of(stored, partition) == query.partition)
        .filter_map(|(key, stored)| Some((i64::from_value(&value_of(stored, sort))?, *key, stored)))
        .filter(|(sort, _, _)| {
            query.from.is_none_or(|from| *sort >= from) && query.to.is_none_or(|to| *sort < to)
        })
        .collect();
    found.sort_by_key(|(sort, key, _)| (*sort, *key));
    if query.order == Order::NewestFirst {
        found.reverse();
    }
    let comes_after = |sort: i64, key: Key| {
        query.after.is_none_or(|after| match query.order {
            Order::OldestFirst => (sort, key) > (after.sort, after.key),
            Order::NewestFirst => (sort, key) < (after.sort, after.key),
        })
    };
    let rest = found.into_iter().filter(|(sort, key, _)| comes_after(*sort, *key));
    rest.map(|(_, _, stored)| stored.clone()).take(query.limit).collect()
}

impl StorePort for MemoryStore {
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        Box::pin(async move { self.run(&*decision, context) })
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = self.lock().tables.get(kind.name).and_then(|table| table.get(&key)).cloned();
        Box::pin(async move { Ok(found) })
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = self.lock().chain_of(kind, of).next_back().cloned();
        Box::pin(async move { Ok(found) })
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        let found = caused(&self.lock(), kind, of, cause);
        Box::pin(async move { Ok(found) })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        let found = list(&self.lock(), &query);
        Box::pin(async move { Ok(found) })
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
        Box::pin(async move { Ok(Scan { rows, next }) })
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(poll_fn(move |context| {
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

impl EventsPort for MemoryStore {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        let state = self.lock();
        let found = (1_u64..)
            .zip(&state.events)
            .filter(|(position, _)| query.after.is_none_or(|after| *position > after))
            .filter(|(_, event)| query.topic.is_none_or(|topic| event.kind().topic() == topic))
            .filter(|(_, event)| query.kind.is_none_or(|kind| event.kind() == kind))
            .filter(|(_, event)| {
                query.subject.is_none_or(|subject| event.data.subject() == subject)
            })
            .map(|(position, event)| LoggedEvent { position, envelope: event.clone() })
            .take(query.limit)
            .collect();
        Box::pin(async move { Ok(found) })
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        let state = self.lock();
        let said: Vec<EventId> = (1_u64..)
            .zip(&state.events)
            .filter(|(position, _)| positions.contains(position))
            .map(|(_, event)| event.id)
            .collect();
        let heard = state.deliveries.iter().filter(|delivery| said.contains(&delivery.event));
        let found = heard.cloned().collect();
        Box::pin(async move { Ok(found) })
    }

    fn dead_letters(
        &self,
        _: Option<String>,
        _: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(async move { Ok(Vec::new()) })
    }

    fn redrive(&self, _: String, _: Act, _: Context) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move { Ok(false) })
    }
}
