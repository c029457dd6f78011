//! A machine with two folders on its disk, the data folder with SQLite's files and the journal's. A
//! crash takes both in one moment. What a store does with the files is not known here.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use store_embedded::files::faulty::{Failures, Faults, FaultyFiles};
use store_embedded::files::{Access, File, Files};

/// The machine. What is on its disks outlives the programs that run on it.
pub(crate) struct Machine {
    /// The files of SQLite.
    pub(crate) data: FaultyFiles,
    /// The files of the journal.
    pub(crate) journal: FaultyFiles,
}

impl Machine {
    /// With empty folders.
    pub(crate) fn new(seed: u64) -> Self {
        let (data, journal) = (FaultyFiles::new(seed), FaultyFiles::new(!seed));
        Self { data, journal }
    }

    /// Pulls the plug, and gives the machine as it is afterwards: what was synced is there; of what
    /// was not, each write whole, in part or not at all.
    pub(crate) fn restart(&self) -> Self {
        Self { data: self.data.restart(), journal: self.journal.restart() }
    }

    /// How many bytes there may be in each of its folders.
    pub(crate) fn set_room(&self, bytes: Option<u64>) {
        self.data.set_room(bytes);
        self.journal.set_room(bytes);
    }

    /// What goes wrong with its disk from now on.
    pub(crate) fn set_faults(&self, faults: DiskFaults) {
        self.data.set_faults(faults.data);
        self.journal.set_faults(faults.journal);
    }

    /// How often what went wrong with its disk.
    pub(crate) fn failures(&self) -> Failures {
        let (data, journal) = (self.data.failures(), self.journal.failures());
        Failures { writes: data.writes + journal.writes, syncs: data.syncs + journal.syncs }
    }

    /// Starts a program.
    pub(crate) fn start(&self, bug: Bug) -> Arc<Program> {
        Arc::new(Program {
            data: self.data.clone(),
            journal: self.journal.clone(),
            bug,
            operations_left: Mutex::new(None),
            segments: Mutex::default(),
            counts: Mutex::default(),
        })
    }
}

/// How often a program did what a test wants to have happened.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Counts {
    /// The database's own file was synced.
    pub(crate) checkpoints: u64,
    /// A segment of the journal was begun, made ready or emptied.
    pub(crate) segments: u64,
    /// Its store ended by itself.
    pub(crate) ended: u64,
    /// The disk refused to sync a file of the database, whose content may be the past since.
    pub(crate) failed_syncs: u64,
}

/// What goes wrong with a disk, folder by folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct DiskFaults {
    pub(crate) data: Faults,
    pub(crate) journal: Faults,
}

/// What is wrong with a program, so that what it has acknowledged may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing.
    None,
    /// The journal is never synced.
    JournalUnsynced,
    /// The database is never synced, neither its file nor its write-ahead log.
    DatabaseUnsynced,
    /// The write-ahead log is never synced, the database's own file is.
    LogUnsynced,
    /// The database's own file is never synced, so that checkpoints are not durable.
    CheckpointUnsynced,
    /// A segment of the journal goes as soon as the next one is begun, whatever the database has.
    SegmentsDropped,
}

impl Bug {
    fn swallows_sync(self, folder: Folder, name: &str) -> bool {
        match self {
            Self::None | Self::SegmentsDropped => false,
            Self::JournalUnsynced => folder == Folder::Journal,
            Self::DatabaseUnsynced => folder == Folder::Data,
            Self::LogUnsynced => folder == Folder::Data && is_log(name),
            Self::CheckpointUnsynced => folder == Folder::Data && !is_log(name),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Folder {
    Data,
    Journal,
}

fn is_log(name: &str) -> bool {
    name.ends_with("-wal")
}

/// A program that runs on a machine, as its files see it.
pub(crate) struct Program {
    data: FaultyFiles,
    journal: FaultyFiles,
    bug: Bug,
    /// Until it stops. The lock is held over each operation: there is one last one.
    operations_left: Mutex<Option<u64>>,
    /// The segments that have frames in them, in the order in which they got the first one.
    segments: Mutex<Vec<String>>,
    counts: Mutex<Counts>,
}

impl Program {
    /// What it did so far.
    pub(crate) fn counts(&self) -> Counts {
        *self.counts.lock()
    }

    /// Lets it stop after so many more operations on files: from then on each fails.
    pub(crate) fn stop_after(&self, operations: u64) {
        *self.operations_left.lock() = Some(operations);
    }

    /// Stops it, because its store has ended by itself.
    pub(crate) fn end(&self) {
        self.counts.lock().ended += 1;
        self.stop_after(0);
    }

    /// Whether it has not stopped yet.
    pub(crate) fn is_running(&self) -> bool {
        *self.operations_left.lock() != Some(0)
    }

    /// The files of SQLite, as this program has them.
    pub(crate) fn data(self: &Arc<Self>) -> Arc<dyn Files> {
        Arc::new(Side { program: Arc::clone(self), folder: Folder::Data })
    }

    /// The files of the journal, as this program has them.
    pub(crate) fn journal(self: &Arc<Self>) -> Arc<dyn Files> {
        Arc::new(Side { program: Arc::clone(self), folder: Folder::Journal })
    }

    fn files(&self, folder: Folder) -> &FaultyFiles {
        match folder {
            Folder::Data => &self.data,
            Folder::Journal => &self.journal,
        }
    }

    fn operate<T>(&self, operation: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        let mut left = self.operations_left.lock();
        if let Some(left) = &mut *left {
            *left = left.checked_sub(1).ok_or_else(|| io::Error::other("the program stopped"))?;
        }
        operation()
    }

    /// Drops every segment but the newest, as a store would that releases too early.
    fn drop_segments(&self) -> io::Result<()> {
        let mut segments = self.segments.lock();
        let newest = segments.len().saturating_sub(1);
        for name in segments.drain(..newest) {
            self.journal.remove(&name)?;
        }
        self.journal.sync_folder()
    }

    /// Notes which segments have frames. A head is written at the start of a file, frames are after.
    fn note_write(&self, name: &str, offset: u64) -> io::Result<()> {
        let mut segments = self.segments.lock();
        let place = segments.iter().position(|segment| segment == name);
        match (place, offset) {
            (Some(place), 0) => drop(segments.remove(place)),
            (None, 1..) => segments.push(name.to_owned()),
            (None, 0) => {}
            (Some(_), _) => return Ok(()),
        }
        drop(segments);
        if offset == 0 {
            self.counts.lock().segments += 1;
        } else if self.bug == Bug::SegmentsDropped {
            self.drop_segments()?;
        }
        Ok(())
    }
}

/// One of the folders, as a program has it.
struct Side {
    program: Arc<Program>,
    folder: Folder,
}

impl Side {
    fn of<T>(&self, operation: impl FnOnce(&FaultyFiles) -> io::Result<T>) -> io::Result<T> {
        self.program.operate(|| operation(self.program.files(self.folder)))
    }

    fn file(&self, name: &str, file: Arc<dyn File>) -> Arc<dyn File> {
        let (program, name) = (Arc::clone(&self.program), name.to_owned());
        Arc::new(SideFile { program, folder: self.folder, name, file })
    }
}

impl Files for Side {
    fn list(&self) -> io::Result<Vec<String>> {
        self.of(Files::list)
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Arc<dyn File>> {
        Ok(self.file(name, self.of(|files| files.create(name, length))?))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn File>> {
        Ok(self.file(name, self.of(|files| files.open(name, access))?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.of(|files| files.rename(from, to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.of(|files| files.remove(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        self.of(Files::sync_folder)
    }
}

struct SideFile {
    program: Arc<Program>,
    folder: Folder,
    name: String,
    file: Arc<dyn File>,
}

impl File for SideFile {
    fn length(&self) -> io::Result<u64> {
        self.program.operate(|| self.file.length())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.program.operate(|| self.file.set_length(length))
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.program.operate(|| self.file.read_at(buffer, offset))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.program.operate(|| {
            if self.folder == Folder::Journal {
                self.program.note_write(&self.name, offset)?;
            }
            self.file.write_at(bytes, offset)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.program.operate(|| {
            if self.folder == Folder::Data && !is_log(&self.name) {
                self.program.counts.lock().checkpoints += 1;
            }
            if self.program.bug.swallows_sync(self.folder, &self.name) {
                return Ok(());
            }
            let synced = self.file.sync();
            if synced.is_err() && self.folder == Folder::Data {
                self.program.counts.lock().failed_syncs += 1;
            }
            synced
        })
    }

    fn lock_with_others(&self) -> io::Result<()> {
        self.file.lock_with_others()
    }

    /// A segment that was dropped cannot be used again: nobody would find it.
    fn try_lock_alone(&self) -> io::Result<bool> {
        let is_dropped = self.program.bug == Bug::SegmentsDropped
            && self
                .program
                .operate(|| self.program.journal.list())?
                .iter()
                .all(|name| *name != self.name);
        if is_dropped { Ok(false) } else { self.file.try_lock_alone() }
    }

    fn unlock(&self) -> io::Result<()> {
        self.file.unlock()
    }
}
