//! What can go wrong with the database, by who must act. SQLite's own errors go no further than here.

use kernel::StoreError;
use kernel::store::BadRow;
use rusqlite::ErrorCode;

/// The database could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SqliteError {
    /// Nothing was written; it goes on when there is room.
    #[error("the disk is full")]
    Full,
    /// The disk, or the right to use it, failed.
    #[error("the database cannot be read or written: {0}")]
    Disk(String),
    /// A sync failed and what it was to make durable is gone: what SQLite shows may be wrong from now
    /// on, and stays so until the database is opened anew.
    #[error("the database cannot be gone on with: {0}")]
    Lost(String),
    /// Somebody else holds a lock for longer than we wait.
    #[error("the database is locked by another process")]
    Busy,
    /// The file is damaged.
    #[error("the table `{table}` is corrupt: {why}")]
    Corrupt {
        /// Where it was found.
        table: String,
        /// In SQLite's words.
        why: String,
    },
    /// A row is no record.
    #[error(transparent)]
    BadRow(#[from] BadRow),
    /// The file is not for this program: a sentence that says what to do.
    #[error("{0}")]
    Refused(String),
    /// A bug of ours.
    #[error("the table `{table}`: {why}")]
    Broken {
        /// Where it was found.
        table: String,
        /// In SQLite's words.
        why: String,
    },
}

impl From<SqliteError> for StoreError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Busy => Self::Busy,
            SqliteError::Full
            | SqliteError::Disk(_)
            | SqliteError::Lost(_)
            | SqliteError::Refused(_) => Self::Unavailable(error.to_string()),
            SqliteError::Corrupt { .. } | SqliteError::BadRow(_) | SqliteError::Broken { .. } => {
                Self::Broken(error.to_string())
            }
        }
    }
}

impl SqliteError {
    pub(super) fn new(error: &rusqlite::Error, table: &str) -> Self {
        let why = error.to_string();
        let table = table.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::OutOfMemory
                | ErrorCode::NoLargeFileSupport,
            ) => Self::Disk(why),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { table, why }
            }
            _ => Self::Broken { table, why },
        }
    }
}

/// Says of which table an error of SQLite's is.
pub(super) trait At<T> {
    fn at(self, table: &str) -> Result<T, SqliteError>;
}

impl<T> At<T> for rusqlite::Result<T> {
    fn at(self, table: &str) -> Result<T, SqliteError> {
        self.map_err(|error| SqliteError::new(&error, table))
    }
}
