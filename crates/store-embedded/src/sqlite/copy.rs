//! Copies of the whole database: the page-wise copy of one moment, and the closing of a copy as one
//! file without a write-ahead log.

use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connection::set_journal_mode;
use super::error::{At, SqliteError};
use super::reader::Snapshot;
use super::schema::Schema;
use super::writer::Writer;

/// So many pages are copied before the progress is told.
const PAGES_A_STEP: i32 = 1024;

impl Snapshot<'_> {
    /// What the database holds.
    pub fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.reader().schema)
    }

    /// Copies the database of this moment into an empty file; nothing is durable yet.
    pub(crate) fn copy_to(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), SqliteError> {
        let mut to = Connection::open(path).at("database")?;
        to.pragma_update(None, "synchronous", "OFF").at("database")?;
        {
            let backup = Backup::new(&self.reader().connection, &mut to).at("database")?;
            loop {
                // The moment is held, so that no write of others begins the copy anew.
                let step = backup.step(PAGES_A_STEP).at("database")?;
                let seen = backup.progress();
                let total = u64::try_from(seen.pagecount).unwrap_or_default();
                let remaining = u64::try_from(seen.remaining).unwrap_or_default();
                progress(total.saturating_sub(remaining), total);
                match step {
                    StepResult::Done => break,
                    StepResult::More => {}
                    StepResult::Busy | StepResult::Locked | _ => return Err(SqliteError::Busy),
                }
            }
        }
        to.close().map_err(|(_, error)| error).at("database")
    }
}

impl Writer {
    /// Closes the database so that it is one file, with nothing beside it.
    pub(crate) fn close_as_one_file(mut self) -> Result<(), SqliteError> {
        self.checkpoint()?;
        let connection = self.into_connection();
        if set_journal_mode(&connection, "delete")? != "delete" {
            return Err(SqliteError::Busy);
        }
        connection.close().map_err(|(_, error)| error).at("database")
    }
}
