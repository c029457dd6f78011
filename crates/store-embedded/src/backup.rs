//! Backups while the program runs: one file, which alone in a folder under the database's name is a
//! data folder again. What a journal holds beyond the database is applied to the copy by whoever
//! takes the backup; how a journal is read is not known here.

mod whole;

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rows::Batch;
use crate::sqlite::{Durability, Options, Schema, Snapshot, SqliteError, Writer};

pub use whole::{TakeError, take};

/// The file is its owner's alone: there are names and amounts in it.
const FILE_MODE: u32 = 0o600;

/// The backup was not made. There is no file of its name then.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A backup never takes the place of anything.
    #[error("{} is there already; name another file", .0.display())]
    Exists(PathBuf),
    /// Another backup is on its way to that name, or was cut short.
    #[error("{} is there: another backup is being made, or was cut short; then remove it", .0.display())]
    Unfinished(PathBuf),
    /// There is no folder for it.
    #[error("{}: there is no such folder; make it, or name another file", .0.display())]
    NoFolder(PathBuf),
    /// The file cannot be made.
    #[error("{}: {why}", file.display())]
    Disk {
        /// The file.
        file: PathBuf,
        /// In the machine's words.
        why: io::Error,
    },
    /// The database cannot be read, or the copy not be written.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
}

/// How much is copied, in pages of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// So many are copied.
    pub copied: u64,
    /// Of so many.
    pub total: u64,
}

/// A backup on its way. Dropped before it is finished, it leaves nothing behind.
pub struct Backup {
    /// None once it is finished.
    writer: Option<Writer>,
    unfinished: PathBuf,
    to: PathBuf,
}

impl Backup {
    /// Copies what a snapshot of the database shows. Writers go on meanwhile; the database's
    /// write-ahead log grows as long as this takes.
    ///
    /// # Errors
    /// The file is there already or cannot be made; the database cannot be read.
    pub fn copy(
        snapshot: &Snapshot<'_>,
        to: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Self, BackupError> {
        let mut backup = Self::begin(to)?;
        snapshot.copy_to(&backup.unfinished, &mut |copied, total| {
            progress(Progress { copied, total });
        })?;
        let writer = backup.open(snapshot.schema())?;
        // A journal of the database that it was copied from must not be taken for its own.
        writer.renew_lineage()?;
        Ok(backup)
    }

    /// Begins with a database that has nothing in it.
    pub(crate) fn anew(to: &Path, schema: Arc<Schema>) -> Result<Self, BackupError> {
        let mut backup = Self::begin(to)?;
        backup.open(schema)?;
        Ok(backup)
    }

    /// An empty file beside its place, under a name of its own.
    fn begin(to: &Path) -> Result<Self, BackupError> {
        if fs::symlink_metadata(to).is_ok() {
            return Err(BackupError::Exists(to.to_owned()));
        }
        let [unfinished, ..] = Self::unfinished(to);
        let made =
            OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&unfinished);
        match made {
            Ok(_) => Ok(Self { writer: None, unfinished, to: to.to_owned() }),
            Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
                Err(BackupError::Unfinished(unfinished))
            }
            Err(why)
                if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
            {
                Err(BackupError::NoFolder(to.to_owned()))
            }
            Err(why) => Err(BackupError::Disk { file: to.to_owned(), why }),
        }
    }

    fn open(&mut self, schema: Arc<Schema>) -> Result<&mut Writer, BackupError> {
        // It is made durable as a whole, when it is finished.
        let options = Options { durability: Durability::Later, ..Options::default() };
        Ok(self.writer.insert(Writer::open(&self.unfinished, schema, options)?))
    }

    /// The files of one that is on its way to that name: the database first, then SQLite's own.
    pub(crate) fn unfinished(to: &Path) -> [PathBuf; 3] {
        ["", "-wal", "-shm"].map(|ending| {
            let mut name = to.file_name().unwrap_or_default().to_owned();
            name.push(".unfinished");
            name.push(ending);
            to.with_file_name(name)
        })
    }

    /// The number of the last batch that is in the copy.
    pub fn folded(&self) -> u64 {
        self.writer.as_ref().map_or(0, Writer::folded)
    }

    /// Adds what came after: the next batch of a journal that was opened before the snapshot. One
    /// that is there already is passed over.
    ///
    /// # Errors
    /// See [`Writer::apply`].
    pub fn apply(&mut self, batch: &Batch) -> Result<(), BackupError> {
        let Some(writer) = &mut self.writer else { unreachable!("a finished backup is consumed") };
        writer.apply(batch)?;
        if writer.wal_bytes() > u64::from(Options::default().wal_bytes_max) {
            writer.checkpoint()?;
        }
        Ok(())
    }

    /// Makes it one file, durable, under its name.
    ///
    /// # Errors
    /// The disk.
    pub fn finish(mut self) -> Result<(), BackupError> {
        let Some(writer) = self.writer.take() else { unreachable!("a backup is finished once") };
        writer.close_as_one_file()?;
        let disk = |why| BackupError::Disk { file: self.to.clone(), why };
        File::open(&self.unfinished).and_then(|file| file.sync_all()).map_err(disk)?;
        if fs::symlink_metadata(&self.to).is_ok() {
            return Err(BackupError::Exists(self.to.clone()));
        }
        fs::rename(&self.unfinished, &self.to).map_err(disk)?;
        let folder = match self.to.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(disk)
    }
}

impl Drop for Backup {
    fn drop(&mut self) {
        // The files must be closed first. After a rename there is nothing of that name any more.
        drop(self.writer.take());
        for file in Self::unfinished(&self.to) {
            drop(fs::remove_file(file));
        }
    }
}

#[cfg(test)]
mod tests;
