//! An open file, as SQLite asks of it; each answer is one of its result codes. How the questions
//! come is not known here.

use std::ffi::{c_int, c_void};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

use rusqlite::ffi;
use store_embedded::files::faulty::FaultyFiles;
use store_embedded::files::{Access, File, Files, read_full_at, write_all_at};

use super::memory::{Held, Mode};
use super::{Folder, Shared, find};

/// See the file's comment.
pub(super) struct Opened {
    folder: Arc<Folder>,
    file: Arc<dyn File>,
    shared: Arc<Shared>,
    level: c_int,
    held: Held,
    /// It was made just now, and its place in the folder is not durable: SQLite has that done with
    /// the first sync of a journal or a log.
    is_new: bool,
}

impl Opened {
    /// Opens a file, or one without a name that goes when it is closed.
    pub(super) fn open(path: Option<&str>, flags: c_int) -> io::Result<Self> {
        let Some(path) = path else { return Self::nameless() };
        let (folder, name) = find(path).ok_or(ErrorKind::NotFound)?;
        let may_write = flags & ffi::SQLITE_OPEN_READWRITE != 0;
        let access = if may_write { Access::Write } else { Access::Read };
        let found = folder.files.open(&name, access);
        let is_missing = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound);
        let is_made = is_missing && flags & ffi::SQLITE_OPEN_CREATE != 0;
        let file = if is_made { folder.files.create(&name, 0)? } else { found? };
        let syncs_folder = ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_WAL;
        let is_new = is_made && flags & syncs_folder != 0;
        let shared = folder.shared(&name);
        let (level, held) = (ffi::SQLITE_LOCK_NONE, Held::default());
        Ok(Self { folder, file, shared, level, held, is_new })
    }

    fn nameless() -> io::Result<Self> {
        let files: Arc<dyn Files> = Arc::new(FaultyFiles::new(0));
        let file = files.create("nameless", 0)?;
        let folder = Arc::new(Folder { files, shared: Default::default() });
        let shared = folder.shared("nameless");
        let (level, held) = (ffi::SQLITE_LOCK_NONE, Held::default());
        Ok(Self { folder, file, shared, level, held, is_new: false })
    }

    /// Fills the buffer, with zeroes beyond the end.
    pub(super) fn read(&self, buffer: &mut [u8], offset: u64) -> c_int {
        match read_full_at(&*self.file, buffer, offset) {
            Ok(read) if read == buffer.len() => ffi::SQLITE_OK,
            Ok(read) => {
                buffer[read..].fill(0);
                ffi::SQLITE_IOERR_SHORT_READ
            }
            Err(error) => code(&error, ffi::SQLITE_IOERR_READ),
        }
    }

    pub(super) fn write(&self, bytes: &[u8], offset: u64) -> c_int {
        told(write_all_at(&*self.file, bytes, offset), ffi::SQLITE_IOERR_WRITE)
    }

    pub(super) fn truncate(&self, length: u64) -> c_int {
        told(self.file.set_length(length), ffi::SQLITE_IOERR_TRUNCATE)
    }

    pub(super) fn sync(&mut self) -> c_int {
        if let Err(error) = self.file.sync() {
            return code(&error, ffi::SQLITE_IOERR_FSYNC);
        }
        if self.is_new && self.folder.files.sync_folder().is_err() {
            return ffi::SQLITE_IOERR_DIR_FSYNC;
        }
        self.is_new = false;
        ffi::SQLITE_OK
    }

    pub(super) fn length(&self) -> Result<u64, c_int> {
        self.file.length().map_err(|error| code(&error, ffi::SQLITE_IOERR_FSTAT))
    }

    pub(super) fn raise(&mut self, level: c_int) -> c_int {
        busy_unless(self.shared.locks.lock().raise(&mut self.level, level))
    }

    pub(super) fn lower(&mut self, level: c_int) {
        self.shared.locks.lock().lower(&mut self.level, level);
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.shared.locks.lock().is_reserved()
    }

    pub(super) fn piece(
        &mut self,
        number: usize,
        bytes: usize,
        may_make: bool,
    ) -> Option<*mut c_void> {
        self.shared.memory.lock().piece(&mut self.held, number, bytes, may_make)
    }

    /// Takes or gives back locks of the log's index, as `SQLITE_SHM_…` says.
    pub(super) fn index_lock(&mut self, range: Range<usize>, flags: c_int) -> c_int {
        let is_alone = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
        let mode = if is_alone { Mode::Alone } else { Mode::WithOthers };
        let mut memory = self.shared.memory.lock();
        if flags & ffi::SQLITE_SHM_LOCK != 0 {
            return busy_unless(memory.lock(&mut self.held, range, mode));
        }
        memory.unlock(&mut self.held, range, mode);
        ffi::SQLITE_OK
    }

    pub(super) fn leave_index(&mut self) {
        self.shared.memory.lock().leave(&mut self.held);
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.leave_index();
        self.lower(ffi::SQLITE_LOCK_NONE);
    }
}

/// Takes a file's name away.
pub(super) fn delete(path: &str, syncs_folder: bool) -> c_int {
    let Some((folder, name)) = find(path) else { return ffi::SQLITE_IOERR_DELETE };
    match folder.files.remove(&name) {
        Ok(()) if syncs_folder => told(folder.files.sync_folder(), ffi::SQLITE_IOERR_DIR_FSYNC),
        Ok(()) => ffi::SQLITE_OK,
        Err(error) if error.kind() == ErrorKind::NotFound => ffi::SQLITE_IOERR_DELETE_NOENT,
        Err(_) => ffi::SQLITE_IOERR_DELETE,
    }
}

/// Whether a file is there; one without anything in it counts for nothing.
pub(super) fn is_there(path: &str) -> Result<bool, c_int> {
    let Some((folder, name)) = find(path) else { return Ok(false) };
    let length = folder.files.open(&name, Access::Read).and_then(|file| file.length());
    match length {
        Ok(length) => Ok(length > 0),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(code(&error, ffi::SQLITE_IOERR_ACCESS)),
    }
}

fn told(done: io::Result<()>, otherwise: c_int) -> c_int {
    done.map_or_else(|error| code(&error, otherwise), |()| ffi::SQLITE_OK)
}

fn code(error: &io::Error, otherwise: c_int) -> c_int {
    if error.kind() == ErrorKind::StorageFull { ffi::SQLITE_FULL } else { otherwise }
}

fn busy_unless(is_done: bool) -> c_int {
    if is_done { ffi::SQLITE_OK } else { ffi::SQLITE_BUSY }
}
