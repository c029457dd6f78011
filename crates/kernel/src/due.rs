//! What the clock does, over any store: the records whose time has come are found, in all partitions
//! of their index, and decided on. What is decided the services say; when the clock looks, and who is
//! told, is not known here.

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;

use crate::context::Context;
use crate::manifest::Due;
use crate::memory::value_of;
use crate::record::{Column, Key, Shard, Stored};
use crate::store::{Order, Place, Query, StoreError, StorePort};
use crate::time::{Ids, Time};

/// How much is done at once, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// So many records of a partition are read, and decided on, at once.
    pub page: usize,
    /// So many partitions are worked on at once.
    pub partitions: usize,
    /// From this moment on no further page is begun.
    pub until: Time,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// How many records were decided on.
    pub records: u64,
    /// Records that could not be decided on, and why. They do not hold up the others.
    pub failed: Vec<(Key, StoreError)>,
    /// Whether something that is due was left because time was up.
    pub is_cut_off: bool,
}

impl Done {
    fn and(mut self, more: Self) -> Self {
        self.records = self.records.saturating_add(more.records);
        self.failed.extend(more.failed);
        self.is_cut_off |= more.is_cut_off;
        self
    }
}

/// Decides on every record that is due now, in all partitions.
///
/// # Errors
/// When the store cannot: it lists nothing, or of a whole page nothing could be decided on. What was
/// done before stays done, and the other partitions are done.
pub async fn decide_due(
    port: &dyn StorePort,
    due: &'static Due,
    pace: Pace,
    ids: &dyn Ids,
) -> Result<Done, StoreError> {
    let shards = Shard::all().map(|shard| in_shard(port, due, shard, pace, ids));
    let done: Vec<_> = stream::iter(shards).buffer_unordered(pace.partitions).collect().await;
    done.into_iter().try_fold(Done::default(), |done, more| Ok(done.and(more?)))
}

/// The same in one partition, where nothing is done at once with a page of one.
///
/// # Errors
/// As [`decide_due`].
pub async fn in_shard(
    port: &dyn StorePort,
    due: &'static Due,
    shard: Shard,
    pace: Pace,
    ids: &dyn Ids,
) -> Result<Done, StoreError> {
    // The end is exclusive, and what is due at this very moment is due.
    let to = port.now().micros().saturating_add(1);
    let mut after = None;
    let mut done = Done::default();
    loop {
        let query = Query {
            kind: due.kind,
            index: Some(due.index),
            partition: shard.to_value().into_owned(),
            from: None,
            to: Some(to),
            after,
            order: Order::OldestFirst,
            limit: pace.page,
        };
        let page = port.list(query).await?;
        after = page.last().and_then(|stored| place(stored, due));
        let decisions = page.iter().map(|stored| decide(port, due, stored.record.key(), ids));
        done = done.and(together(join_all(decisions).await)?);
        if page.len() < pace.page || after.is_none() {
            return Ok(done);
        }
        if port.now() >= pace.until {
            done.is_cut_off = true;
            return Ok(done);
        }
    }
}

async fn decide(
    port: &dyn StorePort,
    due: &'static Due,
    key: Key,
    ids: &dyn Ids,
) -> Result<(), (Key, StoreError)> {
    let context = Context::own(ids);
    let decided = port.decide((due.decide)(key), context).await;
    decided.map(drop).map_err(|error| (key, error))
}

/// What became of a page. One record may be at fault by itself; where all are, the store is.
fn together(page: Vec<Result<(), (Key, StoreError)>>) -> Result<Done, StoreError> {
    let mut done = Done::default();
    for decided in page {
        match decided {
            Ok(()) => done.records = done.records.saturating_add(1),
            Err(failed) => done.failed.push(failed),
        }
    }
    let is_store = |error: &StoreError| !matches!(error, StoreError::Broken(_));
    match done.failed.iter().find(|(_, error)| is_store(error)) {
        Some((_, error)) if done.records == 0 => Err(error.clone()),
        Some(_) | None => Ok(done),
    }
}

/// Where a record stands in the index of what is due.
fn place(stored: &Stored, due: &Due) -> Option<Place> {
    let index = due.kind.indexes.iter().find(|index| index.name == due.index)?;
    let sort = i64::from_value(&value_of(stored, index.sort))?;
    Some(Place { sort, key: stored.record.key() })
}
