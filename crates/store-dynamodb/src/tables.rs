//! How kinds of record lie in tables: keys, indexes, attribute names. Made once from what the services
//! declare, for the store and for the manifest alike. Nothing of the SDK stands here.

use std::collections::BTreeSet;
use std::fmt;

use kernel::audit::AuditLine;
use kernel::manifest::ServiceManifest;
use kernel::record::{ColumnType, Homes, Index};
use kernel::{AnyId, Id, Kind, Record, TrailId};

/// The partition key of every table: the text of a record's id, or of its chain's.
pub const ID: &str = "id";
/// The sort key of every table: an entry's place in its chain; 0 for what is no entry.
pub const SEQUENCE: &str = "sequence";
/// The record's version.
pub const VERSION: &str = "version";
/// The version of the record's schema.
pub const SCHEMA_VERSION: &str = "schema_version";
/// What this version said, first or again: a list of maps, absent if it said nothing.
pub const EVENTS: &str = "events";
/// What former versions said and this one did not, oldest first, in the same form; absent if nothing.
pub const SAID_BEFORE: &str = "said_before";
/// The names of the types of [`EVENTS`], joined by a blank; absent with them. A stream is filtered by it.
pub const SAYS: &str = "says";
/// The cause of a direct movement's entry. Entries that an event caused do without.
pub const CAUSED_BY: &str = "caused_by";
/// The local index of what carries [`CAUSED_BY`].
pub const CAUSED: &str = "caused";

/// Names that no column may have.
const RESERVED: [&str; 8] =
    [ID, SEQUENCE, VERSION, SCHEMA_VERSION, EVENTS, SAID_BEFORE, SAYS, CAUSED_BY];
/// DynamoDB's own bound on global indexes of a table.
const GLOBAL_INDEXES_MAX: usize = 20;

/// What an attribute of a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AttributeType {
    /// `S`
    Text,
    /// `N`
    Number,
    /// `B`
    Bytes,
}

impl AttributeType {
    /// What a column's values become.
    pub fn of(column: ColumnType) -> Self {
        match column {
            ColumnType::Integer => Self::Number,
            ColumnType::Text | ColumnType::Id => Self::Text,
            ColumnType::Bytes => Self::Bytes,
        }
    }

    /// The letter that DynamoDB has for it.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Text => "S",
            Self::Number => "N",
            Self::Bytes => "B",
        }
    }
}

/// An attribute of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub r#type: AttributeType,
}

impl Attribute {
    fn new(name: &str, r#type: AttributeType) -> Self {
        Self { name: name.to_owned(), r#type }
    }
}

/// What an index holds of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Projection {
    /// Its keys alone; the items are read from the table. A change that leaves the keys as they are
    /// costs nothing in the index, and what is listed is never older than the table.
    KeysOnly,
}

impl Projection {
    /// As DynamoDB writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
        }
    }
}

/// An index over the whole table, for one index of one kind.
#[derive(Debug, Clone)]
pub struct GlobalIndex {
    /// `<kind>_<index>`.
    pub name: String,
    /// Its partition key: the column's attribute; one of the index's own name where another kind of
    /// the table has a column of that name, and would stand in this index too.
    pub partition: Attribute,
    /// Its sort key.
    pub sort: Attribute,
    /// What it holds.
    pub projection: Projection,
    /// Of which kind.
    pub kind: &'static Kind,
    /// Which of its indexes.
    pub index: &'static Index,
}

impl GlobalIndex {
    /// Whether its partition key is an attribute that only this index has.
    pub fn has_own_partition(&self) -> bool {
        self.partition.name == self.name
    }
}

/// An index within a partition of the table, read consistently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalIndex {
    /// Its name.
    pub name: &'static str,
    /// Its sort key; the partition key is the table's.
    pub sort: Attribute,
    /// What it holds.
    pub projection: Projection,
}

/// A service's table. Its stream shows new images.
#[derive(Debug, Clone)]
pub struct Table {
    /// The service.
    pub service: &'static str,
    /// The kinds of record in it. Those of its own, and the audit trail of what was done in it.
    pub kinds: Vec<&'static Kind>,
    /// The indexes over the whole of it.
    pub indexes: Vec<GlobalIndex>,
    /// The index of causes, where a kind of its own is a chain. An audit trail does without.
    pub local_indexes: Vec<LocalIndex>,
}

/// The tables of the services that keep or write records: one a service.
pub fn tables(services: &[&'static ServiceManifest]) -> Vec<Table> {
    services
        .iter()
        .filter(|service| {
            let writes = |operation: &kernel::manifest::Operation| !operation.writes.is_empty();
            !service.kinds.is_empty() || service.operations.iter().any(writes)
        })
        .map(|service| Table::new(service.name, service.kinds))
        .collect()
}

/// The tables of these kinds: one for each service that owns some.
pub fn tables_of(kinds: &[&'static Kind]) -> Vec<Table> {
    let services: BTreeSet<_> =
        kinds.iter().filter(|kind| **kind != AuditLine::KIND).map(|kind| kind.service).collect();
    let own = |service: &str| -> Vec<&'static Kind> {
        kinds.iter().copied().filter(|kind| kind.service == service).collect()
    };
    services.into_iter().map(|service| Table::new(service, &own(service))).collect()
}

impl Table {
    /// The table of a service that owns these kinds. Asserts that they can lie in one table.
    pub fn new(service: &'static str, own: &[&'static Kind]) -> Self {
        let kinds: Vec<_> = own.iter().copied().chain([AuditLine::KIND]).collect();
        assert_apart(service, &kinds);
        let indexes: Vec<_> = kinds
            .iter()
            .flat_map(|kind| kind.indexes.iter().map(|index| (*kind, index)))
            .filter(|(_, index)| index.homes == Homes::Every)
            .map(|(kind, index)| global_index(&kinds, kind, index))
            .collect();
        assert!(indexes.len() <= GLOBAL_INDEXES_MAX, "{service} has too many indexes");
        let caused = LocalIndex {
            name: CAUSED,
            sort: Attribute::new(CAUSED_BY, AttributeType::Text),
            projection: Projection::KeysOnly,
        };
        let is_chained = own.iter().any(|kind| kind.chain.is_some());
        let local_indexes = is_chained.then_some(caused).into_iter().collect();
        Self { service, kinds, indexes, local_indexes }
    }

    /// Whether a record of that kind and id lies in it, if there is one.
    pub fn is_of(&self, kind: &'static Kind, id: AnyId) -> bool {
        // Every service writes audit lines; the trail tells whose it is.
        let is_here = || kind != AuditLine::KIND || id == TrailId::of(self.service).any();
        self.kinds.contains(&kind) && is_here()
    }

    /// Its name under a deployment's prefix.
    pub fn name(&self, prefix: &str) -> String {
        format!("{prefix}-{}", self.service)
    }

    /// The partition key and the sort key.
    pub fn key(&self) -> (Attribute, Attribute) {
        let sequence = Attribute::new(SEQUENCE, AttributeType::Number);
        (Attribute::new(ID, AttributeType::Text), sequence)
    }

    /// Every attribute that is part of a key, its own or an index's, by name.
    pub fn attributes(&self) -> Vec<Attribute> {
        let (id, sequence) = self.key();
        let of_global = |index: &GlobalIndex| [index.partition.clone(), index.sort.clone()];
        let of_local = self.local_indexes.iter().map(|index| index.sort.clone());
        let all: BTreeSet<_> = [id, sequence]
            .into_iter()
            .chain(self.indexes.iter().flat_map(of_global))
            .chain(of_local)
            .collect();
        let names: BTreeSet<_> = all.iter().map(|attribute| &attribute.name).collect();
        assert_eq!(names.len(), all.len(), "an attribute of {} has two types", self.service);
        all.into_iter().collect()
    }

    /// The index of a kind by its name there.
    pub fn index(&self, kind: &Kind, name: &str) -> Option<&GlobalIndex> {
        self.indexes.iter().find(|index| index.kind == kind && index.index.name == name)
    }
}

/// The attribute of a column.
pub fn attribute_of(kind: &Kind, column: &'static str) -> &'static str {
    if column == kind.partition {
        ID
    } else if kind.sort == Some(column) {
        SEQUENCE
    } else {
        column
    }
}

/// Ids tell the kinds of a table apart, and no column meets an attribute of the store's.
fn assert_apart(service: &str, kinds: &[&'static Kind]) {
    let mut prefixes = BTreeSet::new();
    for kind in kinds {
        for prefix in kind.prefixes {
            assert!(prefixes.insert(*prefix), "{service} has two kinds of id {}_", prefix.text());
        }
        for column in kind.columns {
            let is_key = column.name == kind.partition || kind.sort == Some(column.name);
            let is_free = is_key || !RESERVED.contains(&column.name);
            assert!(is_free, "{kind:?}.{} has a name that the store needs", column.name);
        }
    }
}

fn global_index(
    kinds: &[&'static Kind],
    kind: &'static Kind,
    index: &'static Index,
) -> GlobalIndex {
    let name = format!("{}_{}", kind.name, index.name);
    let type_of = |name: &str| {
        let column = kind.columns.iter().find(|column| column.name == name);
        let Some(column) = column else { unreachable!("{kind:?} has no column {name}") };
        AttributeType::of(column.r#type)
    };
    assert_ne!(index.partition, kind.partition, "{name} would hold every kind of the table");
    let is_shared = kinds.iter().filter(|other| **other != kind).any(|other| {
        other.columns.iter().any(|column| attribute_of(other, column.name) == index.partition)
    });
    let partition = if is_shared { &name } else { index.partition };
    GlobalIndex {
        partition: Attribute::new(partition, type_of(index.partition)),
        sort: Attribute::new(attribute_of(kind, index.sort), type_of(index.sort)),
        projection: Projection::KeysOnly,
        name,
        kind,
        index,
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.name, self.r#type.letter())
    }
}

impl fmt::Display for Table {
    /// A line for the table and one for each index, for people and tests.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, sequence) = self.key();
        let kinds: Vec<_> = self.kinds.iter().map(|kind| kind.name).collect();
        write!(out, "{} ({id}, {sequence}): {}", self.service, kinds.join(" "))?;
        for LocalIndex { name, sort, projection } in &self.local_indexes {
            write!(out, "\n  local {name} ({id}, {sort}) {}", projection.text())?;
        }
        for GlobalIndex { name, partition, sort, projection, .. } in &self.indexes {
            write!(out, "\n  {name} ({partition}, {sort}) {}", projection.text())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_table() {
        let services =
            [&wallet::MANIFEST, &payment::MANIFEST, &loan::MANIFEST, &operations::MANIFEST];
        let described: Vec<_> = tables(&services).iter().map(ToString::to_string).collect();
        let expected = [
            "wallet (id S, sequence N): entry hold refusal audit_line
  local caused (id S, caused_by S) KEYS_ONLY
  entry_by_owner (owner S, booked_at N) KEYS_ONLY
  hold_expiring (pending N, expires_at N) KEYS_ONLY",
            "payment (id S, sequence N): payment refund audit_line
  payment_by_wallet (payment_by_wallet S, created_at N) KEYS_ONLY
  payment_open (payment_open N, speaks_at N) KEYS_ONLY
  payment_held (held N, expires_at N) KEYS_ONLY
  refund_by_payment (payment_id S, created_at N) KEYS_ONLY
  refund_open (refund_open N, speaks_at N) KEYS_ONLY",
            "loan (id S, sequence N): loan audit_line
  loan_by_wallet (wallet_id S, created_at N) KEYS_ONLY
  loan_by_status (status S, created_at N) KEYS_ONLY
  loan_open (open N, speaks_at N) KEYS_ONLY",
            "operations (id S, sequence N): audit_line",
        ];
        assert_eq!(described, expected);
    }

    #[test]
    fn what_is_part_of_a_key_is_named_once() {
        let table = Table::new("wallet", wallet::MANIFEST.kinds);
        let names: Vec<_> = table.attributes().iter().map(ToString::to_string).collect();
        let expected = "booked_at N|caused_by S|expires_at N|id S|owner S|pending N|sequence N";
        assert_eq!(names.join("|"), expected);
        assert_eq!(table.name("fintech"), "fintech-wallet");
    }

    #[test]
    #[should_panic(expected = "two kinds of id wal_")]
    fn kinds_that_could_not_be_told_apart_are_no_table() {
        let entry = wallet::MANIFEST.kinds[0];
        Table::new("wallet", &[entry, entry]);
    }
}
