//! The SQL of one kind of record: its table, its indexes and every statement over them. Generated
//! once; the statements are prepared from it and kept.

use kernel::Kind;
use kernel::record::{ColumnSpec, ColumnType, Index};
use kernel::store::Order;

/// The columns that every table has beside the record's own.
pub(super) const OWN_COLUMNS: [&str; 4] =
    ["version", "schema_version", "said_position", "said_count"];

/// The table of a kind.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) kind: &'static Kind,
    pub(super) create: String,
    pub(super) indexes: Vec<IndexSql>,
    pub(super) put: String,
    pub(super) get: String,
    pub(super) head: String,
    pub(super) caused: Option<String>,
    pub(super) scan: String,
    pub(super) keys: String,
    pub(super) lists: Vec<List>,
}

/// An index of a table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct IndexSql {
    pub(super) name: String,
    pub(super) create: String,
}

/// The statements of a list by one index, or by the key.
#[derive(Debug)]
pub(super) struct List {
    pub(super) index: Option<&'static str>,
    /// Whether the id, and whether the sequence, orders what has the same sort value.
    pub(super) ties: Ties,
    oldest_first: String,
    newest_first: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ties {
    pub(super) id: bool,
    pub(super) sequence: bool,
}

impl List {
    pub(super) fn sql(&self, order: Order) -> &str {
        match order {
            Order::OldestFirst => &self.oldest_first,
            Order::NewestFirst => &self.newest_first,
        }
    }
}

/// A name in SQL. Names are ours: words and underscores.
pub(super) fn quoted(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    assert!(name.bytes().all(plain), "`{name}` is no plain name for SQL");
    format!("\"{name}\"")
}

pub(super) fn type_name(column: ColumnType) -> &'static str {
    match column {
        ColumnType::Integer => "INTEGER",
        ColumnType::Text | ColumnType::Id => "TEXT",
        ColumnType::Bytes => "BLOB",
    }
}

fn joined<T>(items: impl IntoIterator<Item = T>, text: impl Fn(T) -> String) -> String {
    items.into_iter().map(text).collect::<Vec<_>>().join(", ")
}

impl Table {
    pub(super) fn new(kind: &'static Kind) -> Self {
        for own in OWN_COLUMNS {
            assert!(kind.column(own).is_none(), "{kind:?} has a column `{own}`, which is ours");
        }
        let name = quoted(kind.name);
        let columns = joined(all_columns(kind), quoted);
        let id = quoted(kind.partition);
        let select = format!("SELECT {columns} FROM {name}");
        let and_sequence = |text: &str| {
            let condition = |sort| format!(" AND {} {text}", quoted(sort));
            kind.sort.map(condition).unwrap_or_default()
        };
        let caused = kind.chain.map(|chain| {
            let cause = quoted(chain.cause);
            let index = quoted(&index_name(kind, "cause"));
            format!("{select} INDEXED BY {index} WHERE {cause} = ?2 AND {id} = ?1 LIMIT 1")
        });
        let newest = kind.sort.map(|sort| format!(" ORDER BY {} DESC LIMIT 1", quoted(sort)));
        let key = joined(key_columns(kind), quoted);
        let place = if kind.sort.is_some() { "(?1, ?2)" } else { "(?1)" };
        Self {
            kind,
            create: create_table(kind),
            indexes: indexes(kind),
            put: put(kind),
            get: format!("{select} WHERE {id} = ?1{}", and_sequence("= ?2")),
            head: format!("{select} WHERE {id} = ?1{}", newest.unwrap_or_default()),
            caused,
            scan: format!("{select} WHERE ({key}) > {place} ORDER BY {key}"),
            keys: format!("SELECT {key} FROM {name} ORDER BY {key}"),
            lists: lists(kind, &select),
        }
    }
}

/// The record's columns and ours, in the order of every statement.
fn all_columns(kind: &'static Kind) -> impl Iterator<Item = &'static str> {
    kind.columns.iter().map(|column| column.name).chain(OWN_COLUMNS)
}

fn key_columns(kind: &'static Kind) -> impl Iterator<Item = &'static str> + Clone {
    std::iter::once(kind.partition).chain(kind.sort)
}

/// Only the key is `NOT NULL`: a column that a later version may leave out could not be set free
/// again. A record with a value missing is found when it is read.
fn create_table(kind: &'static Kind) -> String {
    let column = |column: &ColumnSpec| {
        let bound = if key_columns(kind).any(|key| key == column.name) { " NOT NULL" } else { "" };
        format!("{} {}{bound}", quoted(column.name), type_name(column.r#type))
    };
    format!(
        "CREATE TABLE {} ({}, \"version\" INTEGER NOT NULL, \"schema_version\" INTEGER NOT NULL, \
         \"said_position\" INTEGER, \"said_count\" INTEGER NOT NULL, PRIMARY KEY ({})) \
         STRICT, WITHOUT ROWID",
        quoted(kind.name),
        joined(kind.columns, column),
        joined(key_columns(kind), quoted),
    )
}

fn put(kind: &'static Kind) -> String {
    let count = kind.columns.len().saturating_add(OWN_COLUMNS.len());
    let changing = all_columns(kind).filter(|name| !key_columns(kind).any(|key| key == *name));
    format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO UPDATE SET {}",
        quoted(kind.name),
        joined(all_columns(kind), quoted),
        joined(1..=count, |place| format!("?{place}")),
        joined(changing, |name| format!("{0} = excluded.{0}", quoted(name))),
    )
}

fn index_name(kind: &'static Kind, name: &str) -> String {
    format!("{}_{name}", kind.name)
}

fn is_nullable(kind: &'static Kind, name: &str) -> bool {
    let column = kind.columns.iter().find(|column| column.name == name);
    let Some(column) = column else { unreachable!("{kind:?} has no column `{name}`") };
    column.nullable
}

/// The key follows in every index, for the table is kept by its key: it orders equal sort values.
fn indexes(kind: &'static Kind) -> Vec<IndexSql> {
    let table = quoted(kind.name);
    let declared = kind.indexes.iter().map(|index| {
        let there = |name| is_nullable(kind, name).then(|| format!("{} IS NOT NULL", quoted(name)));
        let conditions: Vec<_> =
            [index.partition, index.sort].into_iter().filter_map(there).collect();
        let partial = match &*conditions.join(" AND ") {
            "" => String::new(),
            conditions => format!(" WHERE {conditions}"),
        };
        (index.name, [index.partition, index.sort], partial)
    });
    let cause = kind.chain.map(|chain| {
        let there = is_nullable(kind, chain.cause);
        let partial = there.then(|| format!(" WHERE {} IS NOT NULL", quoted(chain.cause)));
        ("cause", [chain.cause, kind.partition], partial.unwrap_or_default())
    });
    let indexes = declared.chain(cause).map(|(name, columns, partial)| {
        let name = index_name(kind, name);
        let columns = joined(columns, quoted);
        let create = format!("CREATE INDEX {} ON {table} ({columns}){partial}", quoted(&name));
        IndexSql { name, create }
    });
    let indexes: Vec<_> = indexes.collect();
    for (place, index) in indexes.iter().enumerate() {
        let twin = indexes.iter().take(place).any(|other| other.name == index.name);
        assert!(!twin, "two indexes are named `{}`", index.name);
    }
    indexes
}

fn lists(kind: &'static Kind, select: &str) -> Vec<List> {
    let own = kind.sort.map(|sort| list(kind, select, None, (kind.partition, sort)));
    let declared = kind
        .indexes
        .iter()
        .map(|index| list(kind, select, Some(index), (index.partition, index.sort)));
    declared.chain(own).collect()
}

/// A list in both orders. Parameters: 1 the partition, 2 the bound at the far end, 3 the limit, then
/// the place after which it begins: sort value, id, sequence, as far as they are needed.
fn list(
    kind: &'static Kind,
    select: &str,
    index: Option<&'static Index>,
    (partition, sort): (&'static str, &'static str),
) -> List {
    let is_tie = |column: &str| column != partition && column != sort;
    let ties = Ties { id: is_tie(kind.partition), sequence: kind.sort.is_some_and(is_tie) };
    let columns = std::iter::once(sort)
        .chain(ties.id.then_some(kind.partition))
        .chain(kind.sort.filter(|_| ties.sequence));
    let columns: Vec<_> = columns.collect();
    let place = joined(4..4_usize.saturating_add(columns.len()), |place| format!("?{place}"));
    let row = joined(columns.iter().copied(), quoted);
    let by = index.map(|index| format!(" INDEXED BY {}", quoted(&index_name(kind, index.name))));
    let by = by.unwrap_or_default();
    // Said in these words, or SQLite does not see that the partial index will do.
    let there =
        |name| is_nullable(kind, name).then(|| format!(" AND {} IS NOT NULL", quoted(name)));
    let there = there(sort).unwrap_or_default();
    let (partition, sort) = (quoted(partition), quoted(sort));
    let sql = |beyond: &str, within: &str, direction: &str| {
        let order = joined(columns.iter().copied(), |name| quoted(name) + direction);
        format!(
            "{select}{by} WHERE {partition} = ?1 AND {sort} {within} ?2{there} \
             AND ({row}) {beyond} ({place}) ORDER BY {order} LIMIT ?3"
        )
    };
    List {
        index: index.map(|index| index.name),
        ties,
        oldest_first: sql(">", "<=", ""),
        newest_first: sql("<", ">=", " DESC"),
    }
}
