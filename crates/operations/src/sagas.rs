//! Sagas that have not ended: records of any service that wait for an answer, found by their service's
//! own index of what is open.

use kernel::manifest::{Saga, ServiceManifest};
use kernel::record::{Column, Shard, Stored};
use kernel::saga::STUCK_AFTER;
use kernel::store::{Order, Query};
use kernel::{AnyId, Time, Value};

use crate::manifest::SERVICES;

/// A record that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenSaga {
    /// The saga's name.
    pub(crate) saga: &'static str,
    /// The service whose record waits.
    pub(crate) service: &'static str,
    /// The record.
    pub(crate) id: AnyId,
    /// Since when it waits.
    pub(crate) waiting_since: Time,
    /// When it speaks again.
    pub(crate) speaks_at: Time,
}

impl OpenSaga {
    /// What a record that was found waits for; none if it is no record that can wait.
    pub(crate) fn of(stored: &Stored) -> Option<Self> {
        let kind = stored.record.kind();
        let (service, saga) = sagas().find(|(_, saga)| saga.kind == kind)?;
        let index = kind.indexes.iter().find(|index| index.name == saga.index)?;
        Some(Self {
            saga: saga.name,
            service: service.name,
            id: stored.record.key().id,
            waiting_since: time(stored, saga.waiting_since)?,
            speaks_at: time(stored, index.sort)?,
        })
    }

    /// Whether it waits longer than a healthy saga does.
    pub(crate) fn is_stuck(&self, now: Time) -> bool {
        now.since(self.waiting_since) >= STUCK_AFTER
    }
}

/// One query for each partition of each index of what is open; those that speak first come first.
pub(crate) fn queries() -> Vec<Query> {
    let of = |saga: &Saga, shard: Shard| Query {
        kind: saga.kind,
        index: Some(saga.index),
        partition: shard.to_value().into_owned(),
        from: None,
        to: None,
        after: None,
        order: Order::OldestFirst,
        limit: 0,
    };
    sagas().flat_map(|(_, saga)| Shard::all().map(move |shard| of(saga, shard))).collect()
}

fn sagas() -> impl Iterator<Item = (&'static ServiceManifest, &'static Saga)> {
    SERVICES.into_iter().flat_map(|service| service.sagas.iter().map(move |saga| (service, saga)))
}

/// The time in a column of a record of whatever kind.
fn time(stored: &Stored, column: &str) -> Option<Time> {
    let place = stored.record.kind().column(column)?;
    let mut found = None;
    let mut next: usize = 0;
    stored.record.values(&mut |value| {
        if let (true, Value::Integer(micros)) = (next == place, value) {
            found = Some(Time::from_micros(micros));
        }
        next = next.saturating_add(1);
    });
    found
}
