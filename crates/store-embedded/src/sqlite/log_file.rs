//! The file of the write-ahead log, past SQLite, for the one thing that SQLite cannot do: after a sync
//! that failed the system takes what it could not write for written, so that no later sync sees to
//! it. It must be written again.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::connection::Vfs;
use super::error::SqliteError;
use crate::files::{Access, Files, RealFiles, read_full_at, write_all_at};

/// So much is written at once.
const PIECE_BYTES: usize = 1 << 20;

/// The log's file. SQLite holds its locks on other files, so that this one may be opened beside it.
pub(super) struct LogFile {
    files: Arc<dyn Files>,
    name: String,
}

impl LogFile {
    /// Of the database at that path.
    pub(super) fn of(database: &Path, vfs: Option<&Vfs>) -> Self {
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let files: Arc<dyn Files> = match vfs {
            Some(vfs) => Arc::clone(&vfs.files),
            None => Arc::new(RealFiles::of_folder(folder)),
        };
        let name = database.file_name().unwrap_or_default().to_string_lossy();
        Self { files, name: format!("{name}-wal") }
    }

    /// Writes all of it again, as it stands in memory, and syncs it. To be called by the one writer,
    /// between two commits: others may read meanwhile, for they see the same bytes.
    ///
    /// # Errors
    /// The disk fails. It is as it was, and must be written again later.
    pub(super) fn write_again(&self) -> Result<(), SqliteError> {
        let disk = |error: io::Error| {
            SqliteError::Disk(format!("its log cannot be written again: {error}"))
        };
        self.try_to().map_err(disk)
    }

    fn try_to(&self) -> io::Result<()> {
        let file = match self.files.open(&self.name, Access::Write) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let mut piece = vec![0; PIECE_BYTES];
        let mut offset = 0_u64;
        loop {
            let read = read_full_at(&*file, &mut piece, offset)?;
            write_all_at(&*file, piece.get(..read).unwrap_or_default(), offset)?;
            offset = offset.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if read < piece.len() {
                break;
            }
        }
        // Its place in the folder as well: SQLite has that made durable only once.
        file.sync().and_then(|()| self.files.sync_folder())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::File;
    use crate::files::faulty::FaultyFiles;

    fn made(seed: u64) -> (FaultyFiles, Arc<dyn File>) {
        let files = FaultyFiles::new(seed);
        let file = files.create("database-wal", 0).unwrap();
        files.sync_folder().unwrap();
        (files, file)
    }

    fn content(files: &FaultyFiles) -> Vec<u8> {
        let file = files.open("database-wal", Access::Read).unwrap();
        let mut content = vec![0; 4 * PIECE_BYTES];
        let length = read_full_at(&*file, &mut content, 0).unwrap();
        content.truncate(length);
        content
    }

    #[test]
    fn what_a_failed_sync_has_lost_is_there_once_it_is_written_again() {
        for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 7] {
            let (files, file) = made(1);
            let log = vec![b'x'; length];
            write_all_at(&*file, &log, 0).unwrap();
            files.fail_syncs(1);
            file.sync().unwrap_err();
            let vfs = Vfs { name: String::new(), files: Arc::new(files.clone()) };
            let log_file = LogFile::of(Path::new("/nowhere/database"), Some(&vfs));
            files.fail_syncs(1);
            assert!(matches!(log_file.write_again(), Err(SqliteError::Disk(_))));
            log_file.write_again().unwrap();
            assert!(content(&files.restart()) == log, "{length} bytes");
        }
    }

    #[test]
    fn a_database_without_a_log_has_none_to_be_written() {
        let vfs = Vfs { name: String::new(), files: Arc::new(FaultyFiles::new(1)) };
        LogFile::of(Path::new("database"), Some(&vfs)).write_again().unwrap();
        LogFile::of(Path::new("no such folder/database"), None).write_again().unwrap();
    }
}
