//! Records: what a service keeps. Named columns, a key, indexes, a schema version; the same
//! declaration serves every store. How and where they are stored is not known here.

mod account;
pub mod canonical;
mod column;
mod declare;
mod value;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub use account::{Account, ChainId};
pub use column::{Column, ColumnType, Hash32, Shard};
pub use value::Value;

use crate::event::{EventData, Said};
use crate::id::{AnyId, Id, Prefix, TrailId};
use crate::time::Time;

/// One column of a kind of record.
#[derive(Debug, Clone, Copy)]
pub struct ColumnSpec {
    /// Its name, in SQL and in DynamoDB.
    pub name: &'static str,
    /// What it holds.
    pub r#type: ColumnType,
    /// Whether it can be absent.
    pub nullable: bool,
}

/// Which homes keep an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Homes {
    /// Every store.
    Every,
    /// Only the embedded store, where an index costs no write units.
    Embedded,
}

/// An index, declared once for every home. A record whose partition or sort column is absent is not
/// in it.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// Its name, unique within the kind.
    pub name: &'static str,
    /// The column that a query names one value of.
    pub partition: &'static str,
    /// The column that orders what a query finds.
    pub sort: &'static str,
    /// Who keeps it.
    pub homes: Homes,
}

/// Makes a record from the values of its columns in declared order.
pub type Decode = fn(&[Value<'_>]) -> Result<Arc<dyn AnyRecord>, BadRecord>;

/// Brings a row of an older schema version up to the next one.
pub type Upgrade = fn(&mut Row<'_>);

/// What a store must know of a kind of record.
pub struct Kind {
    /// The name of the kind: a table in SQL, the item type in DynamoDB.
    pub name: &'static str,
    /// The service that owns it: a table in DynamoDB.
    pub service: &'static str,
    /// The version that is written.
    pub schema_version: u16,
    /// In declared order, which is also that of the canonical bytes.
    pub columns: &'static [ColumnSpec],
    /// The column that holds the id, or the chain's id.
    pub partition: &'static str,
    /// What that id is of.
    pub prefixes: &'static [Prefix],
    /// The column of the sequence, for chains.
    pub sort: Option<&'static str>,
    /// For chains: the columns of the cause and of the booked time.
    pub chain: Option<ChainSpec>,
    /// Whether what was made once never changes: no decision may update it.
    pub append_only: bool,
    /// The indexes.
    pub indexes: &'static [Index],
    /// Makes a record from the values of its columns in declared order.
    pub decode: Decode,
    /// Element `n` brings version `n + 1` up to `n + 2`.
    pub upgrades: &'static [Upgrade],
}

/// The columns by which a chain is searched.
#[derive(Debug, Clone, Copy)]
pub struct ChainSpec {
    /// What caused an entry; unique within a chain.
    pub cause: &'static str,
    /// When it was booked; never goes back within a chain.
    pub booked_at: &'static str,
}

impl fmt::Debug for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name)
    }
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Kind {}

impl Kind {
    /// The place of a column in the declared order.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Reads a stored row, whatever its version.
    ///
    /// # Errors
    /// When the version is newer than this program, or a value does not fit its column, or the
    /// record contradicts itself.
    pub fn read(
        &'static self,
        schema_version: u16,
        values: Vec<Value<'_>>,
    ) -> Result<Arc<dyn AnyRecord>, BadRecord> {
        if schema_version > self.schema_version || schema_version == 0 {
            return Err(BadRecord::Version {
                kind: self.name,
                found: schema_version,
                known: self.schema_version,
            });
        }
        let mut row = Row { kind: self, values };
        for upgrade in self.upgrades.iter().skip(usize::from(schema_version.saturating_sub(1))) {
            upgrade(&mut row);
        }
        let record = (self.decode)(&row.values)?;
        record.check().map_err(|why| BadRecord::Contradiction { kind: self.name, why })?;
        Ok(record)
    }
}

/// A stored row on its way to the current version.
pub struct Row<'a> {
    kind: &'static Kind,
    values: Vec<Value<'a>>,
}

impl<'a> Row<'a> {
    /// The value of a column; absent if the row was written before there was one.
    pub fn get(&self, column: &str) -> &Value<'a> {
        static ABSENT: Value<'static> = Value::Null;
        self.kind.column(column).and_then(|place| self.values.get(place)).unwrap_or(&ABSENT)
    }

    /// Gives a column a value.
    pub fn set(&mut self, column: &str, value: Value<'a>) {
        if let Some(slot) = self.kind.column(column).and_then(|place| self.values.get_mut(place)) {
            *slot = value;
        }
    }
}

/// A stored row is no record. An operator must look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadRecord {
    /// Written by a newer program.
    #[error("a {kind} has schema version {found}; this program knows up to {known}: update it")]
    Version {
        /// The kind of record.
        kind: &'static str,
        /// What is stored.
        found: u16,
        /// What this program knows.
        known: u16,
    },
    /// A value does not fit its column.
    #[error("a {kind} has a bad value in `{column}`")]
    Column {
        /// The kind of record.
        kind: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The values contradict each other.
    #[error("a {kind} contradicts itself: {why}")]
    Contradiction {
        /// The kind of record.
        kind: &'static str,
        /// How.
        why: String,
    },
}

impl BadRecord {
    /// The name of the kind of record that it was to be.
    pub fn kind(&self) -> &'static str {
        let (Self::Version { kind, .. }
        | Self::Column { kind, .. }
        | Self::Contradiction { kind, .. }) = self;
        kind
    }
}

/// Where a record stands within its kind.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The id, or the chain's id.
    pub id: AnyId,
    /// The place within a chain.
    pub sequence: Option<u64>,
}

impl Key {
    /// The key of a record with an id of its own.
    pub fn id(id: impl Id) -> Self {
        Self { id: id.any(), sequence: None }
    }

    /// The key of a chain's entry.
    pub fn entry(chain: impl Into<ChainId>, sequence: u64) -> Self {
        Self { id: chain.into().any(), sequence: Some(sequence) }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sequence {
            None => write!(out, "{}", self.id),
            Some(sequence) => write!(out, "{}/{sequence}", self.id),
        }
    }
}

/// What a record's rules say about it beyond its columns. Written by hand for each kind.
pub trait Rules {
    /// Whether the record makes sense: asserted before it is put, and again when it is read back.
    ///
    /// # Errors
    /// A sentence that says what contradicts what.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }

    /// The data of an event that this record says. None if it says no such event.
    fn event_data(&self, said: &Said) -> Option<EventData> {
        let _ = said;
        None
    }
}

/// Any record, of whatever kind. Made by [`record!`](crate::record!).
pub trait AnyRecord: Any + Rules + fmt::Debug + Send + Sync {
    /// Its kind.
    fn kind(&self) -> &'static Kind;
    /// Its key.
    fn key(&self) -> Key;
    /// For an entry of a chain: what caused it and when it was booked.
    fn chained(&self) -> Option<(AnyId, Time)>;
    /// Hands the value of each column to `sink`, in declared order.
    fn values<'a>(&'a self, sink: &mut dyn FnMut(Value<'a>));
    /// For a downcast.
    fn as_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;
}

/// A record of a known kind. Made by [`record!`](crate::record!).
pub trait Record: AnyRecord + Clone {
    /// What stores know of it.
    const KIND: &'static Kind;
    /// What it is found by.
    type Id: RecordId;
}

/// What a record is found by.
pub trait RecordId: Copy + fmt::Debug {
    /// The prefixes that its ids have.
    const PREFIXES: &'static [Prefix];

    /// As a key.
    fn key(self) -> Key;
}

impl<T: Id> RecordId for T {
    const PREFIXES: &'static [Prefix] = &[T::PREFIX];

    fn key(self) -> Key {
        Key::id(self)
    }
}

impl RecordId for (ChainId, u64) {
    const PREFIXES: &'static [Prefix] = &ACCOUNT_PREFIXES;

    fn key(self) -> Key {
        Key::entry(self.0, self.1)
    }
}

impl RecordId for (TrailId, u64) {
    const PREFIXES: &'static [Prefix] = &[TrailId::PREFIX];

    fn key(self) -> Key {
        Key::entry(self.0, self.1)
    }
}

/// What an entry of a chain is found by: its chain, and its place there.
pub trait EntryId: RecordId {
    /// The chain's id.
    type Of: Into<ChainId>;
}

impl EntryId for (ChainId, u64) {
    type Of = ChainId;
}

impl EntryId for (TrailId, u64) {
    type Of = TrailId;
}

/// The first rule that does not hold, as a sentence: for what [`Rules::check`] says.
///
/// # Errors
/// The sentence of that rule.
pub fn all_hold(rules: &[(bool, &str)]) -> Result<(), String> {
    match rules.iter().find(|(holds, _)| !holds) {
        Some((_, broken)) => Err((*broken).to_owned()),
        None => Ok(()),
    }
}

/// A record as a store holds it.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The record.
    pub record: Arc<dyn AnyRecord>,
    /// 1 when it was made, one more at each change.
    pub version: u64,
    /// The events that this version said, first or again.
    pub said: Arc<[Said]>,
    /// The events that former versions said and this one did not, oldest first, at most
    /// [`SAID_BEFORE_MAX`](crate::decision::SAID_BEFORE_MAX). Empty where a store has a log of all.
    pub said_before: Arc<[Said]>,
}

impl Stored {
    /// A record as one version left it, of whose former ones nothing is known.
    pub fn new(record: Arc<dyn AnyRecord>, version: u64, said: Arc<[Said]>) -> Self {
        Self { record, version, said, said_before: Arc::default() }
    }

    /// As the kind that it is known to be.
    pub fn downcast<R: Record>(&self) -> Option<Arc<R>> {
        Arc::clone(&self.record).as_any().downcast::<R>().ok()
    }
}

/// Which prefixes the accounts have that are chains.
pub(crate) const ACCOUNT_PREFIXES: [Prefix; 3] = [Prefix::Wallet, Prefix::Goal, Prefix::Loan];
