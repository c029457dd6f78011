//! The journal in front of SQLite: every batch of writes is one frame, synced before anybody is
//! answered; a segment of frames goes when SQLite has it durably.

pub mod codec;

use std::io;
use std::sync::Arc;

use crate::files::Files;
use crate::rows::Batch;
use codec::Names;

/// How long a segment is, in bytes.
pub const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;

/// How a journal is kept.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long a segment is, in bytes. No batch can be longer.
    pub segment_bytes: u64,
    /// Who makes segments ready.
    pub preparing: Preparing,
}

impl Default for Options {
    fn default() -> Self {
        Self { segment_bytes: SEGMENT_BYTES, preparing: Preparing::Ahead }
    }
}

/// Who makes segments ready: full of zeroes, or emptied of what SQLite has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preparing {
    /// A thread of the journal's own, ahead of time.
    Ahead,
    /// Whoever appends or releases, when it is needed. For tests that must be repeatable.
    WhenNeeded,
}

/// What is wrong with the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk refused.
    #[error("the journal cannot {doing}: {source}")]
    Disk {
        /// What was tried.
        doing: &'static str,
        /// What the disk said; `StorageFull` when it is full.
        source: io::Error,
    },
    /// What is stored is damaged. Nothing was changed; an operator must look.
    #[error("the journal is damaged: {segment} at byte {offset}: {why}")]
    Damaged {
        /// The segment's file.
        segment: String,
        /// Where in it, in bytes.
        offset: u64,
        /// What is there.
        why: String,
    },
    /// Batches are neither in SQLite nor in the journal. Nothing was changed; an operator must look.
    #[error(
        "the journal begins at batch {first} in {segment}, but the database ends at {folded}: what is between is lost"
    )]
    Gap {
        /// The last batch that SQLite has.
        folded: u64,
        /// The first that the journal has after it.
        first: u64,
        /// The segment's file.
        segment: String,
    },
    /// The batch is longer than a segment can hold.
    #[error("a batch of {bytes} bytes is too long; at most {bytes_max}")]
    TooLong {
        /// How long it is.
        bytes: u64,
        /// How long it may be.
        bytes_max: u64,
    },
}

/// A batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It is not in the journal and never will be. The next append may succeed.
    #[error("{0}")]
    NotWritten(JournalError),
    /// It may be found when the journal is opened next, unless a later append succeeds first: then
    /// it never will. The next append has the same number.
    #[error("{0}")]
    Unknown(JournalError),
}

/// The journal, as its one writer has it.
#[derive(Debug)]
pub struct Journal {
    next: u64,
}

impl Journal {
    /// Opens the journal behind a database that has everything up to and including batch `folded`
    /// (0: nothing yet). What the journal has after it is replayed by the iterator, in order and
    /// without a gap, and is durable. Everything is checked before anything is handed out.
    ///
    /// # Errors
    /// `Damaged`, `Gap`, `Disk`.
    pub fn open(
        _files: Arc<dyn Files>,
        _names: Arc<Names>,
        folded: u64,
        _options: Options,
    ) -> Result<(Self, Replay), JournalError> {
        Ok((Self { next: folded.saturating_add(1) }, Replay {}))
    }

    /// The number of the next batch.
    pub fn next_number(&self) -> u64 {
        self.next
    }

    /// Appends a batch, as an [`Encoder`](codec::Encoder) wrote it, and syncs. `number` must be
    /// [`next_number`](Self::next_number). When this comes back well, the batch is durable.
    ///
    /// # Errors
    /// See [`AppendError`]. The number stays the next one.
    pub fn append(&mut self, number: u64, _payload: &[u8]) -> Result<(), AppendError> {
        assert_eq!(number, self.next, "batches are numbered without a gap");
        self.next = number.saturating_add(1);
        Ok(())
    }

    /// Tells that SQLite has, durably, everything up to and including batch `folded`: segments of
    /// which nothing else is needed go, or are used again.
    pub fn release(&mut self, folded: u64) {
        assert!(folded < self.next, "more is folded than was appended");
    }

    /// How many bytes of frames SQLite does not have yet.
    pub fn bytes_waiting(&self) -> u64 {
        0
    }

    /// The first batch that SQLite does not have yet, if there is one.
    pub fn oldest_waiting(&self) -> Option<u64> {
        None
    }
}

/// What a journal has after some batch, in order and without a gap. After an error it ends.
#[derive(Debug)]
pub struct Replay {}

impl Iterator for Replay {
    type Item = Result<Batch, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        None
    }
}

/// The journal, as one reads it beside its writer, in this program or another. What it has when it
/// is opened stays readable until it is dropped, even if the writer releases it.
#[derive(Debug)]
pub struct Tail {}

impl Tail {
    /// Opens all segments that are there. To be done **before** SQLite's snapshot is taken: then
    /// each batch that was acknowledged is in one or the other.
    ///
    /// # Errors
    /// `Damaged`, `Disk`.
    pub fn open(_files: Arc<dyn Files>, _names: Arc<Names>) -> Result<Self, JournalError> {
        Ok(Self {})
    }

    /// What follows after batch `folded`, the last one of SQLite's snapshot. The batch that is being
    /// appended right now may be among it, or not.
    ///
    /// # Errors
    /// `Damaged`, `Gap`, `Disk`.
    pub fn after(self, _folded: u64) -> Result<Replay, JournalError> {
        Ok(Replay {})
    }
}
