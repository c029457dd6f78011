//! The one writer of the database: it takes batches, whole or not at all, and keeps the write-ahead
//! log short. Who calls it when, and what is durable before it, is not known here.

mod checkpoint;

use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use kernel::record::Value;
use kernel::{AnyId, Key};
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use self::checkpoint::{Copied, set_synchronous};
use super::bind::{Binder, integer};
use super::bus;
use super::connection::{Durability, Options, open_for_writing, set_copied_when_closed};
use super::error::{At, SqliteError};
use super::log_file::{LogFile, real};
use super::schema::Schema;
use super::trickle::Trickle;
use crate::rows::{Batch, CursorRow, DeliveryRow, EventRow, Lineage, RecordRow, Standing};

/// The one writer.
pub struct Writer {
    pub(super) connection: Connection,
    schema: Arc<Schema>,
    options: Options,
    standing: Standing,
    /// What SQLite said of the write-ahead log at the last commit.
    wal_pages: Arc<AtomicU32>,
    /// Readers kept a log of this length from being begun anew; there is no waiting for them again
    /// before it is longer.
    wal_pages_refused: u32,
    written: Arc<AtomicUsize>,
    log_file: LogFile,
    /// A sync failed: what it was to make durable must be written again.
    pub(super) sync_failed: bool,
    copied: Copied,
    /// Why nothing more can be done before the database is opened anew.
    lost: Option<SqliteError>,
    doubt: Arc<AtomicBool>,
    /// Where something else is synced meanwhile: none if the database stands alone.
    trickle: Option<Trickle>,
}

impl Writer {
    /// Opens the database, makes it if it is not there, brings it up to date, and makes that durable.
    ///
    /// # Errors
    /// A file that is not ours or of a newer program; a damaged file; the disk.
    pub fn open(path: &Path, schema: Arc<Schema>, options: Options) -> Result<Self, SqliteError> {
        // A process that was killed may have left a log that was never synced, or in vain. Before
        // SQLite looks at it: what has the right sums then is durable.
        LogFile::of(path, options.vfs.as_ref()).write_again()?;
        let mut connection = open_for_writing(path, &options)?;
        // Only now there is a database for certain, and a link to it leads there.
        let log_file = LogFile::of(path, options.vfs.as_ref());
        checkpoint::refuse_kept_log(&connection, &log_file)?;
        set_synchronous(&connection, Durability::Now)?;
        schema.migrate(&mut connection)?;
        let wal_pages = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&wal_pages);
        let hook = move |_: &mut rusqlite::hooks::Wal, pages| {
            seen.store(u32::try_from(pages).unwrap_or_default(), Ordering::Relaxed);
            Ok(())
        };
        connection.wal_hook(Some(hook)).at("database")?;
        let standing = read_standing(&connection)?;
        let mut writer = Self {
            connection,
            schema,
            options,
            standing,
            wal_pages,
            wal_pages_refused: 0,
            written: Arc::default(),
            log_file,
            sync_failed: false,
            copied: Copied::All,
            lost: None,
            doubt: Arc::default(),
            trickle: None,
        };
        writer.sync_log()?;
        // At the first start there was no log yet when it was written again.
        writer.log_file.sync_folder()?;
        if writer.options.durability == Durability::Later && writer.options.vfs.is_none() {
            let trickle = Trickle::start(&real(path));
            writer.trickle = Some(trickle.map_err(|error| SqliteError::Disk(error.to_string()))?);
        }
        Ok(writer)
    }

    /// The number of the last batch that is in the database; 0 before the first.
    pub fn folded(&self) -> u64 {
        self.standing.folded
    }

    /// What the database says of the journal in front of it.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Says durably that the journal may hold what the database does not. To be called once the
    /// journal has a segment on the disk, and before it has a batch that counts.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn begin_journal_use(&mut self) -> Result<(), SqliteError> {
        self.put_journal_in_use(true)
    }

    /// Says durably that the journal holds nothing that the database does not, and makes durable all
    /// that was applied.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn end_journal_use(&mut self) -> Result<(), SqliteError> {
        self.put_journal_in_use(false)
    }

    fn put_journal_in_use(&mut self, in_use: bool) -> Result<(), SqliteError> {
        if self.standing.journal_in_use != in_use {
            self.step(|step| execute(step, bus::PUT_JOURNAL_IN_USE, [i64::from(in_use)]))?;
        }
        self.checkpoint()?;
        self.standing.journal_in_use = in_use;
        Ok(())
    }

    /// Makes it a database of its own, with no journal in front of it. It is durable with what is
    /// made so next.
    pub(crate) fn renew_lineage(&mut self) -> Result<(), SqliteError> {
        self.step(|step| execute(step, bus::RENEW_LINEAGE, ()))?;
        self.standing = read_standing(&self.connection)?;
        Ok(())
    }

    /// Writes a batch, whole or not at all. One that is there already is passed over.
    ///
    /// # Errors
    /// The disk is full or fails. Nothing was written then, unless it failed while it synced: then
    /// the batch may be there after a restart. After `Lost` nothing more can be done with this writer.
    pub fn apply(&mut self, batch: &Batch) -> Result<(), SqliteError> {
        self.refuse_lost()?;
        if batch.number <= self.standing.folded {
            return Ok(());
        }
        let (schema, written) = (Arc::clone(&self.schema), Arc::clone(&self.written));
        written.store(0, Ordering::Relaxed);
        let _busy = self.trickle.as_ref().map(Trickle::busy);
        self.step(|step| {
            put_records(step, &schema, &batch.records, &written)?;
            put_events(step, &batch.events, &written)?;
            put_deliveries(step, &batch.deliveries)?;
            put_cursors(step, &batch.cursors)?;
            put_folded(step, batch.number)
        })?;
        self.standing.folded = batch.number;
        let alone = self.options.durability == Durability::Now;
        if alone && self.wal_bytes() > u64::from(self.options.wal_bytes_max >> 1) {
            // The batch is durable. A log that could not be copied stays, and is tried again; if it
            // never can be, the next batch is refused.
            drop(self.checkpoint());
        }
        Ok(())
    }

    /// What everybody who reads this database besides must keep, see [`Options::kept`].
    pub fn kept(&self) -> Option<Arc<File>> {
        self.trickle.as_ref().map(Trickle::database)
    }

    /// How many records and events of the last batch are written, while it is being applied too.
    pub(crate) fn written(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.written)
    }

    /// What is written in one transaction.
    fn step<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> Result<T, SqliteError>,
    ) -> Result<T, SqliteError> {
        let immediate = TransactionBehavior::Immediate;
        let step = self.connection.transaction_with_behavior(immediate).at("database")?;
        let written = write(&step)?;
        step.commit().at("database")?;
        Ok(written)
    }

    /// The length of the part of the write-ahead log that no checkpoint has copied yet, or that
    /// could not be begun anew after it, in bytes.
    pub fn wal_bytes(&self) -> u64 {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        u64::from(pages).saturating_mul(u64::from(self.options.page_bytes))
    }

    /// The numbers of subscriptions by their names, in the same order. A new name gets a new number,
    /// for good and durably.
    ///
    /// # Errors
    /// The disk is full or fails.
    pub fn subscriptions(&mut self, names: &[&str]) -> Result<Vec<u16>, SqliteError> {
        set_synchronous(&self.connection, Durability::Now)?;
        let numbers = self.step(|step| names.iter().map(|name| number(step, name)).collect());
        set_synchronous(&self.connection, self.options.durability)?;
        numbers
    }

    pub(super) fn into_connection(self) -> Connection {
        self.connection
    }

    /// Closes the database with everything in it and the write-ahead log gone, unless a reader of
    /// another process still looks at it.
    ///
    /// # Errors
    /// The disk fails. Everything is still in the log then, and found at the next opening.
    pub fn close(mut self) -> Result<(), SqliteError> {
        self.checkpoint()?;
        match self.copy_log(CheckpointMode::TRUNCATE) {
            Ok(_) | Err(SqliteError::Busy) => {}
            Err(error) => return Err(error),
        }
        set_copied_when_closed(&self.connection, true)?;
        self.connection.close().map_err(|(_, error)| error).at("database")
    }
}

pub(super) fn read_standing(connection: &Connection) -> Result<Standing, SqliteError> {
    let mut statement = connection.prepare_cached(bus::GET_STANDING).at("folded")?;
    let (lineage, folded, journal_in_use): (_, i64, _) =
        statement.query_row((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).at("folded")?;
    let folded = u64::try_from(folded).unwrap_or_default();
    Ok(Standing { lineage: Lineage(lineage), folded, journal_in_use })
}

fn execute(
    step: &Transaction<'_>,
    sql: &str,
    with: impl rusqlite::Params,
) -> Result<(), SqliteError> {
    step.execute(sql, with).at("folded").map(drop)
}

fn number(step: &Transaction<'_>, name: &str) -> Result<u16, SqliteError> {
    let table = "subscription";
    step.execute(bus::PUT_SUBSCRIPTION, [name]).at(table)?;
    let sql = "SELECT number FROM subscription WHERE name = ?1";
    let number: i64 = step.query_row(sql, [name], |row| row.get(0)).at(table)?;
    step.execute(bus::START_CURSOR, [number]).at("cursor")?;
    u16::try_from(number).map_err(|_| SqliteError::Broken {
        table: table.to_owned(),
        why: format!("{number} is no number of a subscription"),
    })
}

/// The newest row of each key. Neighbours are written one after another: by the first index, whose
/// pages lie far apart, where the table grows at its end; in the table itself where it is a chain.
fn put_records(
    step: &Transaction<'_>,
    schema: &Schema,
    rows: &[RecordRow],
    written: &AtomicUsize,
) -> Result<(), SqliteError> {
    let mut rows: Vec<(usize, Key, &RecordRow)> =
        rows.iter().map(|row| (schema.table(row.kind()).0, row.key(), row)).collect();
    rows.sort_by_key(|(table, key, _)| (*table, *key));
    for of_kind in rows.chunk_by(|one, next| one.0 == next.0) {
        let Some((_, _, first)) = of_kind.first() else { continue };
        let kind = first.kind();
        let (_, table) = schema.table(kind);
        let mut put = step.prepare_cached(&table.put).at(kind.name)?;
        let newest = of_kind.chunk_by(|one, next| one.1 == next.1).filter_map(|rows| rows.last());
        let mut newest: Vec<_> = newest.map(|(_, _, row)| (indexed_by(row), *row)).collect();
        newest.sort_by_key(|(by, _)| *by);
        for (_, row) in newest {
            put_record(Binder::new(&mut put), row).at(kind.name)?;
            written.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// What the first index of a record that is no chain's has it under, if that is an id.
fn indexed_by(row: &RecordRow) -> Option<AnyId> {
    let kind = row.kind();
    let index = kind.indexes.first().filter(|_| kind.sort.is_none())?;
    let column = kind.column(index.partition)?;
    let (mut place, mut found) = (0_usize, None);
    row.record.values(&mut |value| {
        if place == column
            && let Value::Id(id) = value
        {
            found = Some(id);
        }
        place = place.saturating_add(1);
    });
    found
}

fn put_record(mut row: Binder<'_, '_>, record: &RecordRow) -> rusqlite::Result<()> {
    record.record.values(&mut |value| row.value(&value));
    row.number(record.version);
    row.integer(i64::from(record.kind().schema_version));
    row.optional(record.said_position, Binder::number);
    row.integer(i64::try_from(record.said.len()).unwrap_or(i64::MAX));
    row.execute()
}

fn put_events(
    step: &Transaction<'_>,
    rows: &[EventRow],
    written: &AtomicUsize,
) -> Result<(), SqliteError> {
    let mut put = step.prepare_cached(bus::PUT_EVENT).at("event")?;
    for row in rows {
        put_event(Binder::new(&mut put), row).at("event")?;
        written.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

fn put_event(mut row: Binder<'_, '_>, event: &EventRow) -> rusqlite::Result<()> {
    let said = &event.said;
    let by: Option<AnyId> = Some(event.key.id).filter(|id| *id != event.subject);
    row.number(event.position);
    row.id(kernel::Id::any(said.id));
    row.text(said.kind.name());
    row.id(event.subject);
    row.time(said.at);
    row.number(said.sequence);
    row.optional(said.causation.map(kernel::Id::any), Binder::id);
    row.text(&said.correlation.to_string());
    row.optional(said.trace, |row, trace| row.text(&trace.to_string()));
    row.optional(said.detail.as_deref(), Binder::text);
    row.text(event.kind.name);
    row.optional(by, Binder::id);
    row.optional(event.key.sequence, Binder::number);
    row.execute()
}

fn put_deliveries(step: &Transaction<'_>, rows: &[DeliveryRow]) -> Result<(), SqliteError> {
    let key = |row: &DeliveryRow| (row.position, row.subscription);
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|row| key(row));
    let mut put = step.prepare_cached(bus::PUT_DELIVERY).at("delivery")?;
    for of_key in rows.chunk_by(|one, next| key(one) == key(next)) {
        let Some(row) = of_key.last() else { continue };
        put_delivery(Binder::new(&mut put), row).at("delivery")?;
    }
    Ok(())
}

fn put_delivery(mut row: Binder<'_, '_>, delivery: &DeliveryRow) -> rusqlite::Result<()> {
    row.number(delivery.position);
    row.integer(i64::from(delivery.subscription));
    row.text(delivery.state.text());
    row.integer(i64::from(delivery.attempts));
    row.time(delivery.at);
    row.number(delivery.took_us);
    row.optional(delivery.next_at, Binder::time);
    row.optional(delivery.reason.as_deref(), Binder::text);
    row.execute()
}

fn put_cursors(step: &Transaction<'_>, rows: &[CursorRow]) -> Result<(), SqliteError> {
    let mut put = step.prepare_cached(bus::PUT_CURSOR).at("cursor")?;
    for cursor in rows {
        let row = (i64::from(cursor.subscription), integer(cursor.position));
        put.execute(row).at("cursor")?;
    }
    Ok(())
}

fn put_folded(step: &Transaction<'_>, batch: u64) -> Result<(), SqliteError> {
    step.prepare_cached(bus::PUT_FOLDED)
        .and_then(|mut put| put.execute([integer(batch)]))
        .at("folded")
        .map(drop)
}
