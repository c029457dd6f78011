//! Sagas that are open: records of any service that wait for an answer, found by their service's own
//! index of what is open.

use kernel::manifest::{Saga, ServiceManifest};
use kernel::record::{Column, Shard, Stored};
use kernel::saga::STUCK_AFTER;
use kernel::store::{Order, Place, Query, StoreError, StorePort};
use kernel::{AnyId, Key, Time, Value};

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
    /// When it speaks again; the list's order.
    pub(crate) speaks_at: Time,
    /// Where it stands in the list.
    pub(crate) place: Place,
}

impl OpenSaga {
    /// Whether it waits longer than a healthy saga does.
    pub(crate) fn is_stuck(&self, now: Time) -> bool {
        now.since(self.waiting_since) >= STUCK_AFTER
    }
}

/// A place in the list as a cursor's name.
pub(crate) fn cursor(place: Place) -> String {
    format!("{}/{}", place.sort, place.key.id)
}

/// The place of such a name; none if it is none.
pub(crate) fn read_cursor(name: &str) -> Option<Place> {
    let (sort, id) = name.split_once('/')?;
    let key = Key { id: id.parse().ok()?, sequence: None };
    Some(Place { sort: sort.parse().ok()?, key })
}

/// The first `limit` open sagas after a place, in the order in which they speak again.
pub(crate) async fn open(
    port: &dyn StorePort,
    services: &[&'static ServiceManifest],
    after: Option<Place>,
    limit: usize,
) -> Result<Vec<OpenSaga>, StoreError> {
    let mut found = Vec::new();
    for service in services {
        for saga in service.sagas {
            for shard in Shard::all() {
                let query = Query {
                    kind: saga.kind,
                    index: Some(saga.index),
                    partition: shard.to_value().into_owned(),
                    from: None,
                    to: None,
                    after,
                    order: Order::OldestFirst,
                    limit,
                };
                for stored in port.list(query).await? {
                    found.push(read(service, saga, &stored)?);
                }
            }
        }
    }
    found.sort_by_key(|open| (open.place.sort, open.place.key));
    found.truncate(limit);
    Ok(found)
}

fn read(
    service: &ServiceManifest,
    saga: &'static Saga,
    stored: &Stored,
) -> Result<OpenSaga, StoreError> {
    let key = stored.record.key();
    let index = saga.kind.indexes.iter().find(|index| index.name == saga.index);
    let sort = index.and_then(|index| integer(stored, index.sort));
    let since = integer(stored, saga.waiting_since);
    let (Some(sort), Some(since)) = (sort, since) else {
        return Err(StoreError::Broken(format!("{key:?} is listed as open and does not wait")));
    };
    Ok(OpenSaga {
        saga: saga.name,
        service: service.name,
        id: key.id,
        waiting_since: Time::from_micros(since),
        speaks_at: Time::from_micros(sort),
        place: Place { sort, key },
    })
}

/// The number in a column of a record of whatever kind.
fn integer(stored: &Stored, column: &str) -> Option<i64> {
    let place = stored.record.kind().column(column)?;
    let mut found = None;
    let mut next: usize = 0;
    stored.record.values(&mut |value| {
        if let (true, Value::Integer(integer)) = (next == place, &value) {
            found = Some(*integer);
        }
        next = next.saturating_add(1);
    });
    found
}
