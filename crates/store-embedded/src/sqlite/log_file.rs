//! The file of the write-ahead log, past SQLite, for the one thing that SQLite cannot do: after a sync
//! that failed the system takes what it could not write for written, so that no later sync sees to
//! it. It must be written again.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::connection::Vfs;
use super::error::SqliteError;
use super::log_sums::{HEADER_BYTES, Sums};
use crate::files::{Access, File, Files, RealFiles, read_full_at, write_all_at};

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
        let database = if vfs.is_none() { real(database) } else { database.to_owned() };
        let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let files: Arc<dyn Files> = match vfs {
            Some(vfs) => Arc::clone(&vfs.files),
            None => Arc::new(RealFiles::of_folder(folder)),
        };
        let name = database.file_name().unwrap_or_default().to_string_lossy();
        Self { files, name: format!("{name}-wal") }
    }

    /// Writes all of it again, as it stands in memory, and syncs it: before SQLite opens it, which
    /// then takes of it what has the right sums.
    ///
    /// # Errors
    /// The disk fails.
    pub(super) fn write_again(&self) -> Result<(), SqliteError> {
        let written = self.write_all();
        written.map_err(|error| disk("its log cannot be written again", &error))
    }

    /// Writes so many of its frames again, each once its sum is found right, and syncs them. To be
    /// called by the one writer, between two commits: others may read meanwhile, for they see the
    /// same bytes. It leaves nothing to do for later: what stands behind these frames was never
    /// committed, and is written over.
    ///
    /// # Errors
    /// The disk fails: it must be written again later. `Lost`: a frame is not what was written, so
    /// that it cannot be written again.
    pub(super) fn write_frames_again(&self, frames: u32) -> Result<(), SqliteError> {
        let write = |file: &dyn File, bytes: &[u8], offset| write_all_at(file, bytes, offset);
        let written = self.walk(frames, Access::Write, write).and_then(|(file, is_whole)| {
            // Its place in the folder as well: SQLite has that made durable only once.
            file.sync().and_then(|()| self.files.sync_folder())?;
            Ok(is_whole)
        });
        refuse_torn(written.map_err(|error| disk("its log cannot be written again", &error))?)
    }

    /// Looks whether so many of its frames are what was written.
    ///
    /// # Errors
    /// The disk fails. `Lost`: they are not.
    pub(super) fn check_frames(&self, frames: u32) -> Result<(), SqliteError> {
        let looked = self.walk(frames, Access::Read, |_, _, _| Ok(()));
        refuse_torn(looked.map_err(|error| disk("its log cannot be read", &error))?.1)
    }

    /// Makes durable where it is, and where the database is.
    ///
    /// # Errors
    /// The disk fails.
    pub(super) fn sync_folder(&self) -> Result<(), SqliteError> {
        self.files.sync_folder().map_err(|error| disk("its folder cannot be synced", &error))
    }

    fn write_all(&self) -> io::Result<()> {
        let file = match self.files.open(&self.name, Access::Write) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let mut piece = vec![0; PIECE_BYTES];
        let mut offset = 0_u64;
        loop {
            let read = read_full_at(&*file, &mut piece, offset)?;
            write_all_at(&*file, piece.get(..read).unwrap_or_default(), offset)?;
            offset = offset.saturating_add(on_disk(read));
            if read < piece.len() {
                break;
            }
        }
        file.sync().and_then(|()| self.files.sync_folder())
    }

    /// Gives the header and so many frames to `each`, with their places; as far as they are whole,
    /// and says whether all are.
    fn walk(
        &self,
        frames: u32,
        access: Access,
        each: impl Fn(&dyn File, &[u8], u64) -> io::Result<()>,
    ) -> io::Result<(Arc<dyn File>, bool)> {
        let file = self.files.open(&self.name, access)?;
        if frames == 0 {
            return Ok((file, true));
        }
        let mut header = [0; HEADER_BYTES];
        read_full_at(&*file, &mut header, 0)?;
        let Some(mut sums) = Sums::of(&header) else { return Ok((file, false)) };
        each(&*file, &header, 0)?;
        let mut frame = vec![0; sums.frame_bytes()];
        let mut offset = on_disk(HEADER_BYTES);
        for _ in 0..frames {
            let read = read_full_at(&*file, &mut frame, offset)?;
            if read < frame.len() || !sums.take(&frame) {
                return Ok((file, false));
            }
            each(&*file, &frame, offset)?;
            offset = offset.saturating_add(on_disk(frame.len()));
        }
        Ok((file, true))
    }
}

/// Where a database is: SQLite keeps its log there, not beside a link to it.
pub(super) fn real(database: &Path) -> PathBuf {
    // One that is not there yet has no log.
    database.canonicalize().unwrap_or_else(|_| database.to_owned())
}

fn disk(what: &str, error: &io::Error) -> SqliteError {
    SqliteError::Disk(format!("{what}: {error}"))
}

fn refuse_torn(is_whole: bool) -> Result<(), SqliteError> {
    let why = "after a sync that failed, its log is not what was written. Restart the program, which \
               goes on from what is left of it";
    if is_whole { Ok(()) } else { Err(SqliteError::Lost(why.to_owned())) }
}

fn on_disk(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
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
    fn what_is_seen_after_a_failed_sync_is_durable_once_it_is_written_again() {
        for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 7] {
            let (files, file) = made(1);
            let log = vec![b'x'; length];
            write_all_at(&*file, &log, 0).unwrap();
            files.fail_syncs(1);
            file.sync().unwrap_err();
            let log_file = of(&files);
            files.fail_syncs(1);
            assert!(matches!(log_file.write_again(), Err(SqliteError::Disk(_))));
            let seen = content(&files);
            log_file.write_again().unwrap();
            assert!(content(&files.restart()) == seen, "{length} bytes");
        }
    }

    /// A log of SQLite's own making, with its frames.
    fn made_by_sqlite() -> (Vec<u8>, u32) {
        let folder = tempfile::tempdir().unwrap();
        let connection = rusqlite::Connection::open(folder.path().join("database")).unwrap();
        let sql = "PRAGMA page_size = 512; PRAGMA journal_mode = wal; CREATE TABLE t (x); \
                   INSERT INTO t VALUES (zeroblob(3000))";
        connection.execute_batch(sql).unwrap();
        let log = std::fs::read(folder.path().join("database-wal")).unwrap();
        let frames = log.len().saturating_sub(HEADER_BYTES) / (512 + 24);
        (log, u32::try_from(frames).unwrap())
    }

    fn of(files: &FaultyFiles) -> LogFile {
        let vfs = Vfs { name: String::new(), files: Arc::new(files.clone()) };
        LogFile::of(Path::new("/nowhere/database"), Some(&vfs))
    }

    #[test]
    fn frames_are_written_again_while_their_sums_are_right() {
        let (log, frames) = made_by_sqlite();
        let mut lost = 0;
        for seed in 0..20 {
            let (files, file) = made(seed);
            write_all_at(&*file, &log, 0).unwrap();
            files.fail_syncs(1);
            file.sync().unwrap_err();
            let is_seen = content(&files) == log;
            match of(&files).write_frames_again(frames) {
                Ok(()) => assert!(is_seen && content(&files.restart()) == log, "seed {seed}"),
                Err(SqliteError::Lost(_)) if !is_seen => lost += 1,
                Err(error) => panic!("seed {seed}: {error}"),
            }
        }
        assert!((1..20).contains(&lost), "{lost} of 20");
    }

    #[test]
    fn a_frame_that_is_not_what_was_written_is_not_written_again() {
        let (log, frames) = made_by_sqlite();
        for place in [0, 40, HEADER_BYTES + 536 * 3 + 100, log.len() - 1] {
            let (files, file) = made(1);
            let mut wrong = log.clone();
            wrong[place] ^= 1;
            write_all_at(&*file, &wrong, 0).unwrap();
            let log_file = of(&files);
            assert!(matches!(log_file.write_frames_again(frames), Err(SqliteError::Lost(_))));
            assert!(matches!(log_file.check_frames(frames), Err(SqliteError::Lost(_))));
            // What stands before the place is as good as it was.
            let before = u32::try_from(place.saturating_sub(HEADER_BYTES) / 536).unwrap();
            log_file.write_frames_again(before).unwrap();
        }
        let (files, file) = made(1);
        write_all_at(&*file, &log[..log.len() - 1], 0).unwrap();
        assert!(matches!(of(&files).write_frames_again(frames), Err(SqliteError::Lost(_))));
    }

    #[test]
    fn a_database_without_a_log_has_none_to_be_written() {
        let vfs = Vfs { name: String::new(), files: Arc::new(FaultyFiles::new(1)) };
        LogFile::of(Path::new("database"), Some(&vfs)).write_again().unwrap();
        LogFile::of(Path::new("no such folder/database"), None).write_again().unwrap();
    }
}
