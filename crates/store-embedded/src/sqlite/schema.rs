//! The schema of the database: a table for each kind of record, and what brings a file that an older
//! program made up to it. The tables of the event bus stand in `bus`.

use kernel::Kind;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::bus;
use super::error::{At, SqliteError};
use super::table::{Table, quoted, type_name};

/// The form of the tables that are not records. A file of a newer one is refused.
const FORMAT: i64 = 1;

/// `fint` in ASCII, by which the file is known for ours.
const APPLICATION_ID: i64 = 0x6669_6e74;

/// What the database holds: made once from the kinds of record, shared by every connection.
#[derive(Debug)]
pub struct Schema {
    tables: Vec<Table>,
}

impl Schema {
    /// For these kinds, each once. Asserts that their names and columns can stand in SQL.
    pub fn new(kinds: &[&'static Kind]) -> Self {
        for (place, kind) in kinds.iter().enumerate() {
            let twin = kinds.iter().take(place).any(|other| other == kind);
            assert!(!twin, "two kinds of record are named `{}`", kind.name);
            assert!(!bus::NAMES.contains(&kind.name), "the name `{}` is taken", kind.name);
        }
        Self { tables: kinds.iter().map(|kind| Table::new(kind)).collect() }
    }

    /// The kinds of record.
    pub fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        self.tables.iter().map(|table| table.kind)
    }

    /// The place of a kind's table, and the table. A kind that is not in the schema is a bug of ours.
    pub(super) fn table(&self, kind: &'static Kind) -> (usize, &Table) {
        let found = self.tables.iter().enumerate().find(|(_, table)| table.kind == kind);
        let Some(found) = found else { unreachable!("the schema has no kind {kind:?}") };
        found
    }

    pub(super) fn kind(&self, name: &str) -> Option<&'static Kind> {
        self.kinds().find(|kind| kind.name == name)
    }

    /// Brings a file up to this schema, and makes everything in an empty one.
    pub(super) fn migrate(&self, connection: &mut Connection) -> Result<(), SqliteError> {
        let step =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).at("database")?;
        if is_empty(&step)? {
            step.execute_batch(bus::CREATE).at("database")?;
            step.pragma_update(None, "application_id", APPLICATION_ID).at("database")?;
            step.pragma_update(None, "user_version", FORMAT).at("database")?;
        }
        check_format(&step)?;
        for table in &self.tables {
            match Kept::of(&step, table)? {
                None if is_there(&step, table)? => return Err(unsaid(table)),
                None => step.execute_batch(&table.create).at(table.kind.name)?,
                Some(kept) => kept.upgrade(&step, table)?,
            }
            Kept::put(&step, table)?;
            renew_indexes(&step, table)?;
        }
        step.commit().at("database")
    }

    /// Whether a file, opened for reading, is as this schema has it.
    pub(super) fn check(&self, connection: &Connection) -> Result<(), SqliteError> {
        let older = || {
            let why =
                "the data folder was made by an older program; let this one's `serve` open it once";
            SqliteError::Refused(why.to_owned())
        };
        if is_empty(connection)? {
            return Err(SqliteError::Refused("the database is empty".to_owned()));
        }
        check_format(connection)?;
        for table in &self.tables {
            let Some(kept) = Kept::of(connection, table)? else {
                let is_there = is_there(connection, table)?;
                return Err(if is_there { unsaid(table) } else { older() });
            };
            kept.check(table)?;
            let current = Kept::current(table);
            if kept.schema_version != current.schema_version || !kept.has(&current) {
                return Err(older());
            }
        }
        Ok(())
    }
}

fn is_empty(connection: &Connection) -> Result<bool, SqliteError> {
    let sql = "SELECT count(*) FROM sqlite_schema";
    let count: i64 = connection.query_row(sql, (), |row| row.get(0)).at("sqlite_schema")?;
    Ok(count == 0)
}

/// Whether a kind's table is there.
fn is_there(connection: &Connection, table: &Table) -> Result<bool, SqliteError> {
    connection.table_exists(None, table.kind.name).at("sqlite_schema")
}

/// A table of which the file does not say what is in it: rows of `meta` go by no act of ours.
fn unsaid(table: &Table) -> SqliteError {
    let why = format!("it has no row for the table `{}`, which is there", table.kind.name);
    SqliteError::Corrupt { table: "meta".to_owned(), why }
}

fn check_format(connection: &Connection) -> Result<(), SqliteError> {
    let read = |name: &str| -> Result<i64, SqliteError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).at("database")
    };
    if read("application_id")? != APPLICATION_ID {
        return Err(SqliteError::Refused("the database is of another program".to_owned()));
    }
    let found = read("user_version")?;
    if found > FORMAT {
        return Err(SqliteError::Refused(format!(
            "the database has format {found}; this program knows up to {FORMAT}: update it"
        )));
    }
    if found < FORMAT {
        let why = format!("no program of ours wrote a database of format {found}");
        return Err(SqliteError::Corrupt { table: "database".to_owned(), why });
    }
    Ok(())
}

/// What a file says of a kind's table.
struct Kept {
    schema_version: i64,
    /// Names and types, as they stand in the statement that makes the table.
    columns: String,
}

impl Kept {
    fn of(connection: &Connection, table: &Table) -> Result<Option<Self>, SqliteError> {
        let sql = "SELECT schema_version, columns FROM meta WHERE kind = ?1";
        connection
            .query_row(sql, [table.kind.name], |row| {
                Ok(Self { schema_version: row.get(0)?, columns: row.get(1)? })
            })
            .optional()
            .at("meta")
    }

    fn current(table: &Table) -> Self {
        let columns = table.kind.columns.iter();
        let columns = columns.map(|column| format!("{} {}", column.name, type_name(column.r#type)));
        Self {
            schema_version: i64::from(table.kind.schema_version),
            columns: columns.collect::<Vec<_>>().join(", "),
        }
    }

    fn put(connection: &Connection, table: &Table) -> Result<(), SqliteError> {
        let current = Self::current(table);
        let sql = "INSERT INTO meta (kind, schema_version, columns) VALUES (?1, ?2, ?3) \
                   ON CONFLICT DO UPDATE SET schema_version = ?2, columns = ?3 \
                   WHERE schema_version <> ?2 OR columns <> ?3";
        connection
            .execute(sql, (table.kind.name, current.schema_version, current.columns))
            .at("meta")
            .map(drop)
    }

    fn columns(&self) -> impl Iterator<Item = (&str, &str)> {
        self.columns.split(", ").filter_map(|column| column.split_once(' '))
    }

    /// Whether every column of `other` is there.
    fn has(&self, other: &Self) -> bool {
        other.columns().all(|column| self.columns().any(|kept| kept == column))
    }

    /// Refuses what a newer program wrote. Within a schema version columns are only added, so one
    /// that we do not know is a newer program's too.
    fn check(&self, table: &Table) -> Result<(), SqliteError> {
        let kind = table.kind;
        let version = i64::from(kind.schema_version);
        if self.schema_version > version {
            return Err(SqliteError::Refused(format!(
                "the database has the schema version {} of `{}`; this program knows up to {version}: \
                 update it",
                self.schema_version, kind.name
            )));
        }
        let unknown = self.columns().find(|(name, _)| kind.column(name).is_none());
        if let Some((name, _)) = unknown.filter(|_| self.schema_version == version) {
            return Err(SqliteError::Refused(format!(
                "the database has a column `{name}` of `{}` that this program does not know: update it",
                kind.name
            )));
        }
        Ok(())
    }

    /// Adds the columns that are new. One that the program no longer has stays in the table, unused.
    fn upgrade(&self, connection: &Connection, table: &Table) -> Result<(), SqliteError> {
        self.check(table)?;
        let kind = table.kind;
        let sql = "SELECT type FROM pragma_table_info(?1) WHERE name = ?2";
        let mut find = connection.prepare(sql).at(kind.name)?;
        for column in kind.columns {
            let (name, wanted) = (column.name, type_name(column.r#type));
            let found: Option<String> =
                find.query_row((kind.name, name), |row| row.get(0)).optional().at(kind.name)?;
            match found {
                Some(found) if found == wanted => {}
                Some(found) => {
                    return Err(SqliteError::Refused(format!(
                        "the column `{name}` of `{}` is {found} in the database, but {wanted} in \
                         this program, which cannot bring it up to date",
                        kind.name
                    )));
                }
                None => {
                    let (table, name) = (quoted(kind.name), quoted(name));
                    let sql = format!("ALTER TABLE {table} ADD COLUMN {name} {wanted}");
                    connection.execute_batch(&sql).at(kind.name)?;
                }
            }
        }
        Ok(())
    }
}

/// Drops the indexes that are no longer declared so, and makes those that are missing.
fn renew_indexes(connection: &Connection, table: &Table) -> Result<(), SqliteError> {
    let name = table.kind.name;
    let sql = "SELECT name, sql FROM sqlite_schema \
               WHERE type = 'index' AND tbl_name = ?1 AND sql IS NOT NULL";
    let mut statement = connection.prepare(sql).at("sqlite_schema")?;
    let there = statement
        .query_map([name], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .at("sqlite_schema")?;
    let is_declared = |there: &(String, String)| {
        table.indexes.iter().any(|index| index.name == there.0 && index.create == there.1)
    };
    for (index, _) in there.iter().filter(|index| !is_declared(index)) {
        let sql = format!("DROP INDEX {}", quoted(index));
        connection.execute_batch(&sql).at(name)?;
    }
    for index in &table.indexes {
        if !there.iter().any(|there| there.1 == index.create) {
            connection.execute_batch(&index.create).at(name)?;
        }
    }
    Ok(())
}
