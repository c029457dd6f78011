//! How the write-ahead log becomes durable and comes into the database, and what is done when a sync
//! of either fails. What is in the log is not known here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, MAIN_DB};

use super::{Writer, put_folded};
use crate::sqlite::connection::Durability;
use crate::sqlite::error::{At, SqliteError};
use crate::sqlite::log_file::LogFile;
use crate::sqlite::trickle::Trickle;

/// How much of the log is in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copied {
    /// All that was there when it was copied last, durably.
    All,
    /// A part, not durably: SQLite syncs the database when it has copied all.
    Part,
}

/// Another process keeps what SQLite knows of the log, so that the log is not recovered.
const KEPT: &str = "another program has the database open, and nobody can tell what became of the log \
                    that a former one left; close it, then start again";

/// SQLite reads the part that it has copied from the database alone, and does not copy it again before
/// the log is recovered.
const PART_LOST: &str = "a sync of it failed with a part of its log copied. Restart the program, \
                         which copies the log again; if it says that another program has the \
                         database open, close that one, then start again";

impl Writer {
    /// Makes durable all that was applied, and copies the write-ahead log into the database as far
    /// as readers allow. Of a log beyond `wal_bytes_max` it waits for them, `wal_wait` at most.
    ///
    /// # Errors
    /// The disk is full or fails. The log then stays, and so does all that is in it. After `Lost`
    /// nothing more can be done with this writer.
    pub fn checkpoint(&mut self) -> Result<(), SqliteError> {
        self.refuse_lost()?;
        let _busy = self.trickle.as_ref().map(Trickle::busy);
        if self.sync_failed {
            self.write_log_again()?;
        }
        let done = self.copy_or_sync();
        if self.sync_failed {
            // At once, not before the next attempt: see `write_log_again`.
            self.write_log_again()?;
        }
        done
    }

    /// True while what SQLite shows may be wrong: a sync has failed, and it is not known yet what
    /// became of the log. It stays so when something was lost.
    pub(crate) fn doubt(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.doubt)
    }

    /// Whether nothing more can be done with this writer.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.is_some()
    }

    pub(super) fn refuse_lost(&self) -> Result<(), SqliteError> {
        self.lost.clone().map_or(Ok(()), Err)
    }

    fn copy_or_sync(&mut self) -> Result<(), SqliteError> {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        if self.wal_bytes() > u64::from(self.options.wal_bytes_max)
            && pages > self.wal_pages_refused
        {
            self.connection.busy_timeout(self.options.wal_wait).at("database")?;
            let done = self.copy_log(CheckpointMode::RESTART);
            self.connection.busy_timeout(self.options.busy_wait).at("database")?;
            match done {
                Err(SqliteError::Busy) => {}
                done => return done.map(drop),
            }
            // A reader that takes its time: not again before the log has grown by half.
            self.wal_pages_refused = pages.saturating_add(pages >> 1);
        }
        if self.copy_log(CheckpointMode::PASSIVE)? {
            self.wal_pages_refused = 0;
            return Ok(());
        }
        self.sync_log()
    }

    /// After a sync that failed: the system takes what it could not write for written. It may show it
    /// for as long as it likes, or what the disk had before at once, as Btrfs does. SQLite would read
    /// such pages and copy them into the database without a look at their sums, and the journal would
    /// be let go. So the log is written again as far as its sums are right. Where they are not, what
    /// was committed is gone from it: readers may have been shown the past already, decisions would be
    /// made on it, and nothing that this process does brings it back. Then the ledger ends, by
    /// [`SqliteError::Lost`]; at the next start SQLite recovers the log up to there, and the journal,
    /// which keeps its segments, has the rest.
    fn write_log_again(&mut self) -> Result<(), SqliteError> {
        let pages = self.wal_pages.load(Ordering::Relaxed);
        let mut written = self.log_file.write_frames_again(pages);
        if matches!(written, Err(SqliteError::Disk(_))) {
            // Another sync may have failed, and the same have come of it.
            written = self.log_file.check_frames(pages).and(written);
        }
        match &written {
            Ok(()) => self.sync_failed = false,
            Err(lost @ SqliteError::Lost(_)) => self.lost = Some(lost.clone()),
            Err(_) => {}
        }
        self.doubt.store(self.is_lost(), Ordering::SeqCst);
        self.refuse_lost().and(written)
    }

    fn note_failed_sync(&mut self) {
        self.doubt.store(true, Ordering::SeqCst);
        self.sync_failed = true;
    }

    /// True when all of the log is in the database, durably.
    pub(super) fn copy_log(&mut self, mode: CheckpointMode) -> Result<bool, SqliteError> {
        let done = self.connection.wal_checkpoint_v2(Some(MAIN_DB), mode);
        if let Err(error) = &done
            && is_failed_sync(error)
        {
            self.note_failed_sync();
            if self.copied == Copied::Part {
                self.lost = Some(SqliteError::Lost(PART_LOST.to_owned()));
            }
        }
        match done.at("database") {
            Ok((pages, copied)) if pages == copied => {
                self.copied = Copied::All;
                self.wal_pages.store(0, Ordering::Relaxed);
                Ok(true)
            }
            Ok(_) => {
                self.copied = Copied::Part;
                Ok(false)
            }
            Err(SqliteError::Busy) => {
                self.copied = Copied::Part;
                Err(SqliteError::Busy)
            }
            Err(error) => Err(error),
        }
    }

    /// A commit that is durable makes everything before it durable. SQLite neither writes nor syncs
    /// one that leaves every value as it was, so a value is another for a moment within it.
    pub(super) fn sync_log(&mut self) -> Result<(), SqliteError> {
        set_synchronous(&self.connection, Durability::Now)?;
        let folded = self.standing.folded;
        let synced = self.step(|step| {
            put_folded(step, folded.saturating_add(1))?;
            put_folded(step, folded)
        });
        if matches!(synced, Err(SqliteError::Disk(_))) {
            self.note_failed_sync();
        }
        set_synchronous(&self.connection, self.options.durability)?;
        synced
    }
}

/// SQLite recovers a log, by its sums and from the first frame on, unless somebody else has the
/// database open, such as a `verify` or a shell. Then it goes on from what the process before this one
/// knew. It does not say whether a sync failed meanwhile: of a log that is copied by half the copied
/// part may be lost, for it is never copied again; and a frame may be lost that it takes for whole.
///
/// # Errors
/// `Refused` when that may be so.
pub(super) fn refuse_kept_log(
    connection: &Connection,
    log_file: &LogFile,
) -> Result<(), SqliteError> {
    let sql = "PRAGMA wal_checkpoint(NOOP)";
    let found = connection.query_row(sql, (), |row| Ok((row.get(1)?, row.get(2)?)));
    let (pages, copied): (i64, i64) = found.at("database")?;
    let kept = || SqliteError::Refused(KEPT.to_owned());
    if pages <= 0 {
        return Ok(());
    }
    if copied > 0 && copied < pages {
        return Err(kept());
    }
    match u32::try_from(pages).map_or(Ok(()), |pages| log_file.check_frames(pages)) {
        Err(SqliteError::Lost(_)) => Err(kept()),
        checked => checked,
    }
}

fn is_failed_sync(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error().map(|error| error.extended_code);
    code == Some(rusqlite::ffi::SQLITE_IOERR_FSYNC)
}

pub(super) fn set_synchronous(
    connection: &Connection,
    durability: Durability,
) -> Result<(), SqliteError> {
    let value = match durability {
        Durability::Now => "FULL",
        Durability::Later => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", value).at("database")
}
