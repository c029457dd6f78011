//! Several readers for whoever comes: a call takes one that is free, or waits for the next.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::connection::Options;
use super::error::SqliteError;
use super::reader::Reader;
use super::schema::Schema;

/// A fixed number of readers.
pub struct Readers {
    readers: Vec<Mutex<Reader>>,
    turn: AtomicUsize,
}

impl Readers {
    /// Opens `count` readers, one at least.
    ///
    /// # Errors
    /// See [`Reader::open`].
    pub fn open(
        path: &Path,
        schema: &Arc<Schema>,
        options: &Options,
        count: usize,
    ) -> Result<Self, SqliteError> {
        let open = |_| Reader::open(path, Arc::clone(schema), options).map(Mutex::new);
        let readers = (0..count.max(1)).map(open).collect::<Result<_, _>>()?;
        Ok(Self { readers, turn: AtomicUsize::new(0) })
    }

    /// Reads. It blocks: for the disk, and while every reader is taken.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, SqliteError>,
    ) -> Result<T, SqliteError> {
        if let Some(reader) = self.readers.iter().find_map(Mutex::try_lock) {
            return read(&reader);
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(self.readers.len());
        match turn.and_then(|turn| self.readers.get(turn)) {
            Some(reader) => read(&reader.lock()),
            None => unreachable!("there is one reader at least"),
        }
    }
}
