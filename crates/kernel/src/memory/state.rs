//! What lies in the store in memory, and how it is found there. Who may ask, and when somebody is told, is
//! not here.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::Waker;

use crate::decision::{Expect, Put, Source, StoredChain, Suspend};
use crate::event::Envelope;
use crate::id::AnyId;
use crate::operators::Delivery;
use crate::record::{ChainId, Column, Key, Kind, Stored, Value};
use crate::store::{Order, Query, ScanPlace};
use crate::time::Time;

pub(super) type Table = BTreeMap<Key, Stored>;

/// Every record and what was said of it.
#[derive(Default)]
pub(super) struct State {
    pub(super) tables: HashMap<&'static str, Table>,
    pub(super) events: Vec<Envelope>,
    pub(super) deliveries: Vec<Delivery>,
    pub(super) wakers: Vec<Waker>,
}

impl State {
    pub(super) fn table(
        &self,
        kind: &'static Kind,
    ) -> impl DoubleEndedIterator<Item = (&Key, &Stored)> {
        self.tables.get(kind.name).into_iter().flat_map(BTreeMap::iter)
    }

    pub(super) fn chain_of(
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

    pub(super) fn put(&mut self, put: Put) {
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

pub(super) fn caused(
    state: &State,
    kind: &'static Kind,
    of: ChainId,
    cause: AnyId,
) -> Option<Stored> {
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
pub(super) fn place_of(key: Key) -> ScanPlace {
    ScanPlace(format!("{key:?}"))
}

pub(super) fn scanned_to(ScanPlace(place): ScanPlace) -> Option<Key> {
    let (id, sequence) = match place.split_once('/') {
        Some((id, sequence)) => (id, Some(sequence.parse().ok()?)),
        None => (place.as_str(), None),
    };
    Some(Key { id: id.parse().ok()?, sequence })
}

pub(super) fn list(state: &State, query: &Query) -> Vec<Stored> {
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
