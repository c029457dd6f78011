//! How the database is opened: SQLite in WAL mode, with everything that bounds memory and files said
//! out loud. What is in it is not known here.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::error::{At, SqliteError};
use crate::files::Files;

/// When a batch is on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// When it was applied: the database stands alone.
    Now,
    /// After the next checkpoint: until then something else has it, such as a journal.
    Later,
}

/// A file system for SQLite, for tests.
#[derive(Clone)]
pub struct Vfs {
    /// The name that it is registered under with SQLite.
    pub name: String,
    /// What it has in the folder of the database.
    pub files: Arc<dyn Files>,
}

impl fmt::Debug for Vfs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

/// How the database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file system; none: the machine's own.
    pub vfs: Option<Vfs>,
    /// When a batch is on the disk.
    pub durability: Durability,
    /// The size of a page of a new database: a power of two from 512 to 65,536.
    pub page_bytes: u32,
    /// At most so much of the database is kept in memory by the writer.
    pub writer_cache_bytes_max: u32,
    /// At most so much of the database is kept in memory by each reader.
    pub reader_cache_bytes_max: u32,
    /// A checkpoint that finds the write-ahead log longer than this waits for readers, so that the
    /// log is begun anew.
    pub wal_bytes_max: u32,
    /// How long it waits for them. While one reads for longer the log grows on.
    pub wal_wait: Duration,
    /// How long is waited for a lock that another process holds.
    pub busy_wait: Duration,
    /// The database's file, if the writer of this process has it open beside SQLite: kept for as long
    /// as a connection, whose locks end when it is closed.
    pub kept: Option<Arc<File>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            vfs: None,
            durability: Durability::Now,
            page_bytes: 4096,
            writer_cache_bytes_max: 16 << 20,
            reader_cache_bytes_max: 2 << 20,
            wal_bytes_max: 64 << 20,
            wal_wait: Duration::from_millis(50),
            busy_wait: Duration::from_secs(5),
            kept: None,
        }
    }
}

/// Prepared statements that a connection keeps: more than there are.
const STATEMENTS_MAX: usize = 512;

fn open(path: &Path, flags: OpenFlags, options: &Options) -> Result<Connection, SqliteError> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs.name.as_str()),
        None => Connection::open_with_flags(path, flags),
    };
    let connection = connection.at("database")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(options.busy_wait).at("database")?;
    // Or each new value of a `LIMIT` has its statement planned anew, for longer than it runs.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).at("database")?;
    connection.pragma_update(None, "mmap_size", 0).at("database")?;
    connection.pragma_update(None, "trusted_schema", false).at("database")?;
    Ok(connection)
}

/// Opens the database for its one writer, and makes it if it is not there.
pub(super) fn open_for_writing(path: &Path, options: &Options) -> Result<Connection, SqliteError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let connection = open(path, flags, options)?;
    // Before anything opens the log: even when this fails and the connection is closed, nothing may be
    // copied of a log that was not synced.
    set_copied_when_closed(&connection, false)?;
    let set = |name: &str, value: i64| connection.pragma_update(None, name, value).at("database");
    set("page_size", i64::from(options.page_bytes))?;
    set_cache(&connection, options.writer_cache_bytes_max)?;
    let mode = set_journal_mode(&connection, "wal")?;
    if mode != "wal" {
        let why = format!("it has no write-ahead log but `{mode}`; the file system lacks for it");
        return Err(SqliteError::Disk(why));
    }
    set("wal_autocheckpoint", 0)?;
    set("journal_size_limit", i64::from(options.wal_bytes_max))?;
    Ok(connection)
}

/// Changes how the database keeps its journal, and says how it does now.
pub(super) fn set_journal_mode(connection: &Connection, mode: &str) -> Result<String, SqliteError> {
    let sql = format!("PRAGMA journal_mode = {mode}");
    let mut statement = connection.prepare(&sql).at("database")?;
    let mut rows = statement.raw_query();
    let row = rows.next().at("database")?;
    let mode = row.map_or_else(|| Ok(String::new()), |row| row.get(0)).at("database")?;
    // SQLite names the new mode before it writes it down: whether that went well is told after.
    while rows.next().at("database")?.is_some() {}
    Ok(mode)
}

/// Whether SQLite copies the log into the database and removes it when the last connection is closed.
pub(super) fn set_copied_when_closed(connection: &Connection, is: bool) -> Result<(), SqliteError> {
    let config = DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE;
    connection.set_db_config(config, !is).at("database").map(drop)
}

/// Opens the database for reading. Beside SQLite's own, it needs no lock.
pub(super) fn open_for_reading(path: &Path, options: &Options) -> Result<Connection, SqliteError> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY, options)?;
    set_cache(&connection, options.reader_cache_bytes_max)?;
    Ok(connection)
}

fn set_cache(connection: &Connection, bytes_max: u32) -> Result<(), SqliteError> {
    // Below zero it is KiB, above it would be pages.
    let kibibytes = i64::from(bytes_max >> 10).saturating_neg();
    connection.pragma_update(None, "cache_size", kibibytes).at("database")
}
