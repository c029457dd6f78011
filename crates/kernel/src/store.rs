//! The port `Store`: what services ask of a store, whichever it is.

use std::any::Any;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use crate::context::Context;
use crate::decision::{Decision, ErasedDecision, Known};
use crate::id::AnyId;
use crate::record::{
    BadRecord, ChainId, EntryId, Homes, Key, Kind, Record, RecordId, Stored, Value,
};
use crate::time::Time;

/// A future in a box: the port must do without an async runtime's types.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The store could not do what it was asked. No rule said no: that is an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Too much waits already. Nothing was written; try again.
    #[error("too much is waiting; try again in a moment")]
    Busy,
    /// The store cannot take or give anything now. Nothing was written; an operator may have to act.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// It may or may not have been written; ask again with the same idempotency key.
    #[error("the outcome is unknown: {0}; repeat the request with the same Idempotency-Key")]
    OutcomeUnknown(String),
    /// What is stored makes no sense, or a decision of ours broke its own rules. An operator must act.
    #[error("internal failure: {0}")]
    Broken(String),
}

/// In which order a list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Lowest sort value first.
    OldestFirst,
    /// Highest sort value first.
    NewestFirst,
}

/// A place in a list, from which it goes on: stable while records are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The sort value of the last record seen.
    pub sort: i64,
    /// Its key, which orders records of equal sort value.
    pub key: Key,
}

/// Records of one partition, in the order of its sort column (always a whole number: a time or a
/// sequence), records of equal sort value by their key.
#[derive(Debug, Clone)]
pub struct Query {
    /// Of which kind.
    pub kind: &'static Kind,
    /// By which index; none: by the kind's own key, for the entries of a chain.
    pub index: Option<&'static str>,
    /// The value of the partition column.
    pub partition: Value<'static>,
    /// Sort values from here on, inclusive.
    pub from: Option<i64>,
    /// Sort values up to here, exclusive.
    pub to: Option<i64>,
    /// Only what comes after this place.
    pub after: Option<Place>,
    /// In which order.
    pub order: Order,
    /// At most so many.
    pub limit: usize,
}

/// Where a scan left off. What stands in it only the store that made it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanPlace(pub String);

/// A piece of a scan.
#[derive(Debug, Clone)]
pub struct Scan {
    /// The records, and the rows that are none.
    pub rows: Vec<Result<Stored, BadRow>>,
    /// Where to go on; none at the end.
    pub next: Option<ScanPlace>,
}

/// A part of what is in a store that can be read by itself, beside the others of its stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Records of these kinds are in it.
    pub kinds: Vec<&'static Kind>,
    /// Of those, only what lies with this service, where a store keeps services apart.
    pub service: Option<&'static str>,
    /// Which share of them, from 0, of how many. The entries of a chain are in one share.
    pub share: (u16, u16),
}

impl Part {
    /// All records of a kind.
    pub fn of(kind: &'static Kind) -> Self {
        Self { kinds: vec![kind], service: None, share: (0, 1) }
    }
}

/// A stored row that is no record: somebody changed it, or a newer program wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {why}")]
pub struct BadRow {
    /// Its key as it stands there, readable or not: `pay_…`, or `wal_…/7` for a chain's entry.
    pub key: String,
    /// Why it is none.
    pub why: BadRecord,
}

/// What a store can do. Services use it through [`Store`].
pub trait StorePort: Send + Sync + 'static {
    /// Makes a decision one atomic, durable step. The answer comes when it is durable.
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>>;

    /// The record of a key. It shows everything that was acknowledged.
    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>>;

    /// The newest entry of a chain.
    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>>;

    /// The entry that a cause made in a chain.
    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>>;

    /// A list. It shows what was acknowledged when it was asked.
    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>>;

    /// All records of a kind, the entries of a chain together and in the order of their sequence,
    /// from where `after` left off, at most `limit`. A row that is no record is told as such and
    /// stops nothing. For checks of the whole and for exports, never for a request of a customer.
    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>>;

    /// In which parts all records of these kinds are to be read, each once: stage after stage, the parts
    /// of a stage at once. A kind is in one stage, no later than those that are named after it unless
    /// they share what they lie in; the audit list may be in each. A store that reads several kinds in
    /// one go, or one kind in several, says so here.
    fn stages(&self, kinds: &[&'static Kind]) -> Vec<Vec<Part>> {
        kinds.iter().map(|kind| vec![Part::of(kind)]).collect()
    }

    /// The same as [`scan`](Self::scan) of a part: its kinds come in any order, the entries of a chain
    /// together and in the order of their sequence among entries.
    fn scan_part(
        &self,
        part: &Part,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        match part.kinds.first() {
            Some(kind) => self.scan(kind, after, limit),
            None => Box::pin(async { Ok(Scan { rows: Vec::new(), next: None }) }),
        }
    }

    /// Whether it keeps the indexes that are declared for these homes; by another there is no list.
    fn keeps(&self, _homes: Homes) -> bool {
        true
    }

    /// Comes back when the record of a key has, durably, a version above `seen`. Given up by
    /// dropping it.
    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// The store's clock.
    fn now(&self) -> Time;
}

/// The store, as services hold it.
#[derive(Clone)]
pub struct Store(Arc<dyn StorePort>);

impl fmt::Debug for Store {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Store")
    }
}

impl Store {
    /// Over any store.
    pub fn new(port: Arc<dyn StorePort>) -> Self {
        Self(port)
    }

    /// Makes a decision one atomic, durable step.
    ///
    /// # Errors
    /// When the store cannot, see [`StoreError`]. A rule that says no is an outcome, not an error.
    pub async fn decide<D: Decision>(
        &self,
        decision: D,
        context: Context,
    ) -> Result<D::Outcome, StoreError> {
        let outcome = self.0.decide(Box::new(decision), context).await?;
        match outcome.downcast::<D::Outcome>() {
            Ok(outcome) => Ok(*outcome),
            Err(_) => {
                Err(StoreError::Broken("a decision came back with another's outcome".to_owned()))
            }
        }
    }

    /// The record of an id.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn get<R: Record>(&self, id: R::Id) -> Result<Option<Known<R>>, StoreError> {
        Ok(self.0.get(R::KIND, id.key()).await?.map(Known::from_stored))
    }

    /// The newest entry of a chain.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn head<R: Record<Id: EntryId>>(
        &self,
        of: <R::Id as EntryId>::Of,
    ) -> Result<Option<Known<R>>, StoreError> {
        Ok(self.0.head(R::KIND, of.into()).await?.map(Known::from_stored))
    }

    /// The entry that a cause made in a chain.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn caused<R: Record<Id: EntryId>>(
        &self,
        of: <R::Id as EntryId>::Of,
        cause: AnyId,
    ) -> Result<Option<Known<R>>, StoreError> {
        Ok(self.0.caused(R::KIND, of.into(), cause).await?.map(Known::from_stored))
    }

    /// A list of records of one kind, which must be the query's.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn list<R: Record>(&self, query: Query) -> Result<Vec<Known<R>>, StoreError> {
        assert_eq!(query.kind, R::KIND, "the query is of another kind");
        Ok(self.0.list(query).await?.into_iter().map(Known::from_stored).collect())
    }

    /// Whether it keeps the indexes that are declared for these homes; by another there is no list.
    pub fn keeps(&self, homes: Homes) -> bool {
        self.0.keeps(homes)
    }

    /// Waits until the record has, durably, a version above `seen`.
    ///
    /// # Errors
    /// When the store cannot.
    pub async fn changed<R: Record>(&self, id: R::Id, seen: u64) -> Result<(), StoreError> {
        self.0.changed(R::KIND, id.key(), seen).await
    }

    /// The store's clock.
    pub fn now(&self) -> Time {
        self.0.now()
    }

    /// The port itself, for the crate `operations` and the programs.
    pub fn port(&self) -> &Arc<dyn StorePort> {
        &self.0
    }
}
