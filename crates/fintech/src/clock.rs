//! What the clock does: for everything that a service declares as due, the records whose time has
//! come are found and decided on. What is decided the services say.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use kernel::manifest::Due;
use kernel::record::{Column, Shard};
use kernel::store::{Order, Place, Query, StorePort};
use kernel::time::System;
use kernel::{
    Context, CorrelationId, Decision, Ids, Key, Store, StoreError, Stored, Suspend, Time, Value,
    View, Writes,
};
use tokio::time::MissedTickBehavior;

use crate::services;

/// How many records are read at once.
const PAGE: usize = 100;

/// How often the clock looks.
const EVERY: Duration = Duration::from_secs(1);

/// How often one of the things that are due was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticked {
    /// Which, as the service names it.
    pub(crate) name: &'static str,
    /// How many records were decided on.
    pub(crate) records: u64,
}

/// Does everything that is due now, once.
///
/// # Errors
/// When the store cannot. What was done before stays done.
pub(crate) async fn tick(store: &Store) -> Result<Vec<Ticked>, StoreError> {
    let mut ticked = Vec::new();
    for due in services::due() {
        let shards = Shard::all().map(|shard| decide_due(store, due, shard));
        let counts = try_join_all(shards).await?;
        let records = counts.into_iter().fold(0, u64::saturating_add);
        ticked.push(Ticked { name: due.name, records });
    }
    Ok(ticked)
}

/// The moment at which the store would book something now: the machine's, or, where that is behind
/// what is booked already, the moment of that.
///
/// # Errors
/// When the store cannot.
pub(crate) async fn of(store: &Store) -> Result<Time, StoreError> {
    store.decide(ReadClock, Context::request(CorrelationId(System.draw()), None)).await
}

struct ReadClock;

impl Decision for ReadClock {
    type Outcome = Time;

    fn name(&self) -> &'static str {
        "read_clock"
    }

    fn decide(&self, view: &mut View<'_>, _: &mut Writes) -> Result<Time, Suspend> {
        Ok(view.now())
    }
}

/// Ticks for ever; dropping it stops it. A store that cannot is told of once, until it can again.
pub(crate) async fn run(store: Store, each: impl Fn()) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut was_well = true;
    loop {
        ticks.tick().await;
        each();
        match tick(&store).await {
            Ok(ticked) => {
                was_well = true;
                for Ticked { name, records } in ticked.iter().filter(|ticked| ticked.records > 0) {
                    tracing::info!(due = name, records, "the clock did what was due");
                    metrics::counter!("due_records_total", "due" => *name).increment(*records);
                }
            }
            Err(error) => {
                if was_well {
                    tracing::warn!(%error, "the clock cannot do what is due; it tries on");
                }
                was_well = false;
            }
        }
    }
}

/// Decides on every record of a partition that is due.
async fn decide_due(store: &Store, due: &'static Due, shard: Shard) -> Result<u64, StoreError> {
    let port = Arc::clone(store.port());
    // The end is exclusive, and what is due at this very moment is due.
    let to = port.now().micros().saturating_add(1);
    let sort = due.kind.indexes.iter().find(|index| index.name == due.index);
    let sort = sort.and_then(|index| due.kind.column(index.sort));
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
        after = page.last().zip(sort).and_then(|(stored, column)| place(stored, column));
        let is_last = page.len() < PAGE || after.is_none();
        // All at once, so that they share a commit.
        let decisions = page.iter().map(|stored| decide(&*port, due, stored.record.key()));
        let decided = try_join_all(decisions).await?;
        records = records.saturating_add(decided.into_iter().fold(0, u64::saturating_add));
        if is_last {
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

/// Where a record stands in a list that is sorted by that column.
fn place(stored: &Stored, column: usize) -> Option<Place> {
    let mut sort = None;
    let mut next = 0_usize;
    stored.record.values(&mut |value| {
        if next == column
            && let Value::Integer(integer) = value
        {
            sort = Some(integer);
        }
        next = next.saturating_add(1);
    });
    sort.map(|sort| Place { sort, key: stored.record.key() })
}
