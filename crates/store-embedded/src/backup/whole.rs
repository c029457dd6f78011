//! A whole backup of a data folder, beside whoever writes in it: the database as it is at one moment,
//! and what the journal holds beyond. How the copy is made is in the parent module.

use std::path::Path;
use std::sync::Arc;

use kernel::Kind;

use super::{Backup, BackupError, Progress};
use crate::files::RealFiles;
use crate::folder::{Folder, FolderError};
use crate::journal::codec::Names;
use crate::journal::{JournalError, Tail};
use crate::sqlite::{Options, Reader, Schema, SqliteError};

/// The backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// There is no such folder, or it cannot be read.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database cannot be read.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// The copy cannot be made.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

/// Makes a backup of a folder: everything that was acknowledged before it began is in it, and nothing
/// half. No lock is taken.
///
/// # Errors
/// When the folder is not there or cannot be read, or the copy cannot be made.
pub fn take(
    folder: &Path,
    kinds: &[&'static Kind],
    to: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), TakeError> {
    let folder = Folder::existing(folder)?;
    let schema = Arc::new(Schema::new(kinds));
    let reader = Reader::open(&folder.database(), schema, &Options::default())?;
    // The journal before the snapshot: what leaves it after this is in the snapshot already.
    let files = RealFiles::of_folder(&folder.journal());
    let tail = Tail::open(&files, Names::of(kinds), &reader.standing()?)?;
    let snapshot = reader.snapshot()?;
    let beyond = tail.after(&snapshot.standing()?)?;
    let mut backup = Backup::copy(&snapshot, to, progress)?;
    drop(snapshot);
    for batch in beyond {
        backup.apply(&batch?)?;
    }
    Ok(backup.finish()?)
}
