//! What can be wrong with the journal, and who acts: for all of it an operator, by what it says.

use std::io;

use kernel::StoreError;

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
    /// What is stored is damaged. Nothing was changed.
    #[error("the journal is damaged: {segment}, byte {offset}: {why}")]
    Damaged {
        /// The segment's file.
        segment: String,
        /// Where in it, in bytes.
        offset: u64,
        /// What is there.
        why: String,
    },
    /// Batches are neither in the database nor in the journal. Nothing was changed.
    #[error(
        "batches {} to {} are lost: they are neither in the database nor in the journal, which goes \
         on with {first} in {segment}",
        .ends.saturating_add(1), .first.saturating_sub(1)
    )]
    Gap {
        /// The last batch before the gap.
        ends: u64,
        /// The first after it.
        first: u64,
        /// The segment's file that begins with it.
        segment: String,
    },
    /// A segment stands in front of another database. Nothing was changed.
    #[error(
        "the journal's {segment} belongs to another database than the one in this folder: if the \
         database is a restored backup, move the folder `journal` away; otherwise put the right \
         journal there"
    )]
    Foreign {
        /// The segment's file.
        segment: String,
    },
    /// The database says that the journal has a segment, but it has none. Nothing was changed.
    #[error(
        "the journal is gone: the folder `journal` has no segment that can be read, so all that was \
         acknowledged after batch {folded} may be lost. Put the folder back as it was, or restore a \
         backup. To go on without what is lost, run `sqlite3 fintech.sqlite3 \"UPDATE folded SET \
         journal_in_use = 0\"` in the data folder"
    )]
    Gone {
        /// The last batch that is in the database.
        folded: u64,
    },
    /// A batch is whole, but it is none that this program can read. Nothing was changed.
    #[error("the journal's batch {number} in {segment} cannot be read: {why}")]
    Unreadable {
        /// The segment's file.
        segment: String,
        /// The number of the batch.
        number: u64,
        /// What stands in the way.
        why: String,
    },
    /// The batch is longer than a segment can hold.
    #[error("a batch of {bytes} bytes is too long for the journal: at most {bytes_max}")]
    TooLong {
        /// How long its frame is.
        bytes: u64,
        /// How long it may be.
        bytes_max: u64,
    },
}

impl JournalError {
    /// Says of an error of the disk what was tried.
    pub(super) fn disk(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Disk { doing, source }
    }
}

/// A batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// It is not in the journal and never will be. The next append may succeed.
    #[error("{0}")]
    NotWritten(JournalError),
    /// It may be found when the journal is opened next, unless a later append succeeds before: then
    /// it never will. The next append has the same number.
    #[error("{0}")]
    Unknown(JournalError),
}

impl From<AppendError> for StoreError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::NotWritten(why) => Self::Unavailable(why.to_string()),
            AppendError::Unknown(why) => Self::OutcomeUnknown(why.to_string()),
        }
    }
}
