//! What the clock does, once: the records whose time has come are found and decided on, in all
//! partitions of their index. The next schedule finds what was left. What is decided the services say.

use futures_util::future::try_join_all;
use kernel::manifest::Due;
use kernel::memory::value_of;
use kernel::record::{Column, Shard};
use kernel::store::{Order, Place, Query, StorePort};
use kernel::time::System;
use kernel::{Context, CorrelationId, Ids, Key, Store, StoreError, Stored, Time};

use crate::failure::Failure;

/// How many records of a partition are read, and decided on, at once.
const PAGE: usize = 25;

/// Does everything of one kind that is due now. After `until` no further page is begun.
///
/// # Errors
/// When the store cannot. What was done before stays done.
pub(crate) async fn tick(store: &Store, due: &'static Due, until: Time) -> Result<u64, Failure> {
    let shards = Shard::all().map(|shard| decide_due(store, due, shard, until));
    let counts = try_join_all(shards).await?;
    let records = counts.into_iter().fold(0, u64::saturating_add);
    if records > 0 {
        tracing::info!(due = due.name, records, "the clock did what was due");
    }
    Ok(records)
}

/// Decides on every record of a partition that is due.
async fn decide_due(
    store: &Store,
    due: &'static Due,
    shard: Shard,
    until: Time,
) -> Result<u64, StoreError> {
    let port = &**store.port();
    // The end is exclusive, and what is due at this very moment is due.
    let to = port.now().micros().saturating_add(1);
    let mut after = None;
    let mut records = 0_u64;
    loop {
        let query = Query {
            kind: due.kind,
            index: Some(due.index),
            partition: shard.to_value().into_owned(),
            from: None,
            to: Some(to),
            after,
            order: Order::OldestFirst,
            limit: PAGE,
        };
        let page = port.list(query).await?;
        after = page.last().and_then(|stored| place(stored, due));
        let is_last = page.len() < PAGE || after.is_none();
        let decisions = page.iter().map(|stored| decide(port, due, stored.record.key()));
        let decided = try_join_all(decisions).await?;
        records = records.saturating_add(decided.into_iter().fold(0, u64::saturating_add));
        if is_last {
            return Ok(records);
        }
        if port.now() >= until {
            tracing::warn!(due = due.name, records, "time is up; the next schedule goes on");
            return Ok(records);
        }
    }
}

/// Decides on one record; one that breaks a rule of ours is told of and does not hold up the others.
async fn decide(port: &dyn StorePort, due: &'static Due, key: Key) -> Result<u64, StoreError> {
    let context = Context::request(CorrelationId(System.draw()), None);
    match port.decide((due.decide)(key), context).await {
        Ok(_) => Ok(1),
        Err(StoreError::Broken(why)) => {
            tracing::error!(due = due.name, ?key, why, "a record that is due cannot be decided on");
            Ok(0)
        }
        Err(error) => Err(error),
    }
}

/// Where a record stands in the index of what is due.
fn place(stored: &Stored, due: &Due) -> Option<Place> {
    let index = due.kind.indexes.iter().find(|index| index.name == due.index)?;
    let sort = i64::from_value(&value_of(stored, index.sort))?;
    Some(Place { sort, key: stored.record.key() })
}
