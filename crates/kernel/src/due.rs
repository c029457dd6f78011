//! What the clock does, over any store: the records whose time has come are found, in all partitions
//! of their index, and decided on. What is decided the services say; when the clock looks, and who is
//! told, is not known here.

use futures_util::future::try_join_all;

use crate::context::{Context, CorrelationId};
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
    /// From this moment on no further page is begun.
    pub until: Time,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// How many records were decided on.
    pub records: u64,
    /// Records that cannot be decided on, for that would break a rule of ours, and why. They do not
    /// hold up the others.
    pub broken: Vec<(Key, String)>,
    /// Whether something that is due was left because time was up.
    pub is_cut_off: bool,
}

impl Done {
    fn and(mut self, more: Self) -> Self {
        self.records = self.records.saturating_add(more.records);
        self.broken.extend(more.broken);
        self.is_cut_off |= more.is_cut_off;
        self
    }
}

/// Decides on every record that is due now, in all partitions at once.
///
/// # Errors
/// When the store cannot. What was done before stays done.
pub async fn decide_due(
    port: &dyn StorePort,
    due: &'static Due,
    pace: Pace,
    ids: &dyn Ids,
) -> Result<Done, StoreError> {
    let shards = Shard::all().map(|shard| in_shard(port, due, shard, pace, ids));
    let done = try_join_all(shards).await?;
    Ok(done.into_iter().fold(Done::default(), Done::and))
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
        done = try_join_all(decisions).await?.into_iter().fold(done, Done::and);
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
) -> Result<Done, StoreError> {
    let context = Context::request(CorrelationId(ids.draw()), None);
    match port.decide((due.decide)(key), context).await {
        Ok(_) => Ok(Done { records: 1, ..Done::default() }),
        Err(StoreError::Broken(why)) => Ok(Done { broken: vec![(key, why)], ..Done::default() }),
        Err(error) => Err(error),
    }
}

/// Where a record stands in the index of what is due.
fn place(stored: &Stored, due: &Due) -> Option<Place> {
    let index = due.kind.indexes.iter().find(|index| index.name == due.index)?;
    let sort = i64::from_value(&value_of(stored, index.sort))?;
    Some(Place { sort, key: stored.record.key() })
}
