//! A reader of the database: records by key, the head of a chain, what a cause made. Each call sees
//! one moment. Lists stand in `list`, scans in `scan`, events and deliveries in `events`.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use kernel::record::BadRecord;
use kernel::store::BadRow;
use kernel::{AnyId, ChainId, Key, Kind, Said};
use rusqlite::Connection;

use super::bind::Binder;
use super::connection::{Options, open_for_reading};
use super::decode::{self, EVENT_COLUMNS, RecordSeen};
use super::error::{At, SqliteError};
use super::schema::Schema;
use super::writer::read_standing;
use crate::rows::{RecordRow, Standing};

/// A reader. It takes no lock of the folder's, and may run in another process than the writer.
pub struct Reader {
    pub(super) connection: Connection,
    pub(super) schema: Arc<Schema>,
    _kept: Option<Arc<File>>,
}

impl Reader {
    /// Opens the database for reading.
    ///
    /// # Errors
    /// It is not there; it is not ours, or of an older or newer program; the disk.
    pub fn open(path: &Path, schema: Arc<Schema>, options: &Options) -> Result<Self, SqliteError> {
        let connection = open_for_reading(path, options)?;
        schema.check(&connection)?;
        Ok(Self { connection, schema, _kept: options.kept.clone() })
    }

    /// The record of a key.
    ///
    /// # Errors
    /// Its row is no record; the disk.
    pub fn get(&self, kind: &'static Kind, key: Key) -> Result<Option<RecordRow>, SqliteError> {
        assert_eq!(kind.sort.is_some(), key.sequence.is_some(), "{key:?} is no key of a {kind:?}");
        let (_, table) = self.schema.table(kind);
        let mut statement = self.prepare(kind.name, &table.get)?;
        let mut with = Binder::new(&mut statement);
        with.id(key.id);
        if let Some(sequence) = key.sequence {
            with.number(sequence);
        }
        Ok(self.records(kind, with)?.pop())
    }

    /// The newest entry of a chain.
    ///
    /// # Errors
    /// Its row is no record; the disk.
    pub fn head(&self, kind: &'static Kind, of: ChainId) -> Result<Option<RecordRow>, SqliteError> {
        let (_, table) = self.schema.table(kind);
        let mut statement = self.prepare(kind.name, &table.head)?;
        let mut with = Binder::new(&mut statement);
        with.id(of.any());
        Ok(self.records(kind, with)?.pop())
    }

    /// The entry that a cause made in a chain.
    ///
    /// # Errors
    /// Its row is no record; the disk.
    pub fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> Result<Option<RecordRow>, SqliteError> {
        let (_, table) = self.schema.table(kind);
        let Some(sql) = &table.caused else { unreachable!("a {kind:?} is no entry of a chain") };
        let mut statement = self.prepare(kind.name, sql)?;
        let mut with = Binder::new(&mut statement);
        with.id(of.any());
        with.id(cause);
        Ok(self.records(kind, with)?.pop())
    }

    /// The number of the last batch that is in the database; 0 before the first.
    ///
    /// # Errors
    /// The disk.
    pub fn folded(&self) -> Result<u64, SqliteError> {
        Ok(self.standing()?.folded)
    }

    /// What the database says of the journal in front of it.
    ///
    /// # Errors
    /// The disk.
    pub fn standing(&self) -> Result<Standing, SqliteError> {
        read_standing(&self.connection)
    }

    /// Holds one moment: until it is dropped, every read sees the database as it is now. The
    /// write-ahead log grows as long.
    ///
    /// # Errors
    /// The disk.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, SqliteError> {
        assert!(self.connection.is_autocommit(), "a reader holds one moment at a time");
        self.connection.execute_batch("BEGIN").at("database")?;
        let snapshot = Snapshot(self);
        // It is the first read that fixes the moment.
        self.folded()?;
        Ok(snapshot)
    }

    /// As [`snapshot`](Self::snapshot), until this reader is dropped.
    ///
    /// # Errors
    /// The disk.
    pub fn hold(&self) -> Result<(), SqliteError> {
        std::mem::forget(self.snapshot()?);
        Ok(())
    }

    pub(super) fn prepare(
        &self,
        table: &str,
        sql: &str,
    ) -> Result<rusqlite::CachedStatement<'_>, SqliteError> {
        self.connection.prepare_cached(sql).at(table)
    }

    /// Every record that a statement finds. While it runs, what else is read sees the same moment.
    pub(super) fn records(
        &self,
        kind: &'static Kind,
        with: Binder<'_, '_>,
    ) -> Result<Vec<RecordRow>, SqliteError> {
        let mut found = Vec::new();
        let mut rows = with.finish().at(kind.name)?.raw_query();
        while let Some(row) = rows.next().at(kind.name)? {
            let seen = decode::record(kind, row)?;
            found.push(self.with_said(seen)??);
        }
        Ok(found)
    }

    /// The record with the events that its version said, from the log. The outer error stops
    /// everything, the inner one is this row's.
    pub(super) fn with_said(
        &self,
        seen: RecordSeen,
    ) -> Result<Result<RecordRow, BadRow>, SqliteError> {
        let RecordSeen { record, version, said_position, said_count } = seen;
        let said = match said_position {
            None => Ok(Arc::from([])),
            Some(position) => self.said(record.kind(), record.key(), (position, said_count))?,
        };
        Ok(said.map(|said| RecordRow { record, version, said, said_position }))
    }

    fn said(
        &self,
        kind: &'static Kind,
        key: Key,
        (position, count): (u64, u64),
    ) -> Result<Result<Arc<[Said]>, BadRow>, SqliteError> {
        let sql = format!("SELECT {EVENT_COLUMNS} FROM event WHERE position >= ?1 LIMIT ?2");
        let mut statement = self.prepare("event", &sql)?;
        let mut with = Binder::new(&mut statement);
        with.number(position);
        with.number(count);
        let mut rows = with.finish().at("event")?.raw_query();
        let mut said = Vec::new();
        let mut next = position;
        while let Some(row) = rows.next().at("event")? {
            let event = match decode::event(&self.schema, row) {
                Ok(event) => event,
                Err(bad) => return Ok(Err(bad)),
            };
            if event.position == next && event.kind == kind && event.key == key {
                said.push(event.said);
                next = next.saturating_add(1);
            }
        }
        if u64::try_from(said.len()) == Ok(count) {
            return Ok(Ok(said.into()));
        }
        let why = format!("the log lacks the {count} events from position {position} that it said");
        let why = BadRecord::Contradiction { kind: kind.name, why };
        Ok(Err(BadRow { key: format!("{key:?}"), why }))
    }
}

/// Reads that all see one moment, see [`Reader::snapshot`].
pub struct Snapshot<'r>(&'r Reader);

impl Snapshot<'_> {
    pub(super) fn reader(&self) -> &Reader {
        self.0
    }
}

impl std::ops::Deref for Snapshot<'_> {
    type Target = Reader;

    fn deref(&self) -> &Reader {
        self.0
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // It has read only. Should the disk fail here, the next read says so.
        drop(self.0.connection.execute_batch("ROLLBACK"));
    }
}
