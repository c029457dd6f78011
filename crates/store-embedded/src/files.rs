//! The port `Files`: the few things that the journal does with the files of one folder, and
//! [`RealFiles`], which does them. What the files hold is not known here.

#[cfg(any(test, feature = "faults"))]
pub mod faulty;

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::folder::FILE_MODE;

/// The files of one folder. Names are plain: no folder stands in them.
///
/// What is done to the folder itself (a file made, renamed, removed) is durable after
/// [`sync_folder`](Self::sync_folder), what is done to a file after [`File::sync`]; until then a
/// crash may undo it, in part too, and in any order.
pub trait Files: Send + Sync + 'static {
    /// The names of the files, in no order.
    ///
    /// # Errors
    /// When the folder cannot be read.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes a file of that length, in bytes, full of zeroes that have their room on the disk: to
    /// overwrite them needs no more of it. It is not durable yet.
    ///
    /// # Errors
    /// `AlreadyExists`; `StorageFull`, and whatever else the disk says. Then the file is not there.
    fn create(&self, name: &str, length: u64) -> io::Result<Arc<dyn File>>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// `NotFound`, and whatever else the disk says.
    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn File>>;

    /// Gives a file another name; what had that name is gone.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Takes a file's name away. Whoever has it open can go on reading it.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes durable which files there are.
    ///
    /// # Errors
    /// Whatever the disk says. What was not durable before may or may not be.
    fn sync_folder(&self) -> io::Result<()>;
}

/// What an opened file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To be read; the folder may belong to another program or be read-only.
    Read,
    /// To be read and written.
    Write,
}

/// An open file.
pub trait File: Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn length(&self) -> io::Result<u64>;

    /// Makes it shorter, or longer with zeroes that may have no room on the disk yet.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn set_length(&self, length: u64) -> io::Result<()>;

    /// Reads at most as much as fits into `buffer`, and says how much; nothing at the end.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes some of `bytes` from the first on, and says how many.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes durable what was written, and the length.
    ///
    /// # Errors
    /// Whatever the disk says. What was not durable before may or may not be, **and a later sync
    /// that succeeds says nothing about it**: it must be written again.
    fn sync(&self) -> io::Result<()>;

    /// Waits until nobody holds the file for himself, and keeps others from doing so until it is
    /// unlocked or closed, across programs.
    ///
    /// # Errors
    /// Whatever the disk says; `Unsupported` where there are no locks.
    fn lock_with_others(&self) -> io::Result<()>;

    /// Takes the file for oneself if nobody else has a lock on it, and says whether that is so.
    ///
    /// # Errors
    /// Whatever the disk says; `Unsupported` where there are no locks.
    fn try_lock_alone(&self) -> io::Result<bool>;

    /// Gives up the lock.
    ///
    /// # Errors
    /// Whatever the disk says.
    fn unlock(&self) -> io::Result<()>;
}

/// Writes all of `bytes`.
///
/// # Errors
/// Whatever the disk says; some of it may be written then.
pub fn write_all_at(file: &dyn File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset = offset.saturating_add(u64::try_from(written).unwrap_or(u64::MAX));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `buffer` as far as the file goes, and says how much of it.
///
/// # Errors
/// Whatever the disk says.
pub fn read_full_at(file: &dyn File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut filled = 0_usize;
    loop {
        let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) else {
            return Ok(filled);
        };
        let place = offset.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        match file.read_at(rest, place) {
            Ok(0) => return Ok(filled),
            Ok(read) => filled = filled.saturating_add(read),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The files of a folder of this machine.
#[derive(Debug, Clone)]
pub struct RealFiles {
    folder: PathBuf,
}

impl RealFiles {
    /// Of that folder, which is made if it is not there.
    ///
    /// # Errors
    /// Whatever the disk says.
    pub fn in_folder(folder: &Path) -> io::Result<Self> {
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            if let Some(above) = folder.parent().filter(|above| above.is_dir()) {
                fs::File::open(above)?.sync_all()?;
            }
        }
        Ok(Self::of_folder(folder))
    }

    /// Of that folder, as it is; for readers. A folder that is not there has no files.
    pub fn of_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        assert!(!name.is_empty() && !name.contains('/'), "{name:?} is no plain name");
        self.folder.join(name)
    }
}

/// How much of a new file is filled with zeroes at once.
static ZEROES: [u8; 256 * 1024] = [0; 256 * 1024];

/// Zeroes are written, not only reserved: overwriting reserved but unwritten space costs the file
/// system a change of its own books at each sync.
fn fill(file: &fs::File, length: u64) -> io::Result<()> {
    // Reserving first tells at once that the disk is full; where that cannot be done, writing tells.
    match rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, length) {
        Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
        Err(error) => return Err(error.into()),
    }
    let mut offset = 0_u64;
    while offset < length {
        let rest = usize::try_from(length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let piece = ZEROES.get(..rest.min(ZEROES.len())).unwrap_or(&ZEROES);
        write_all_at(file, piece, offset)?;
        offset = offset.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
    }
    Ok(())
}

impl Files for RealFiles {
    fn list(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create(&self, name: &str, length: u64) -> io::Result<Arc<dyn File>> {
        let path = self.path(name);
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create_new(true).mode(FILE_MODE);
        let file = options.open(&path)?;
        if let Err(error) = fill(&file, length) {
            // A file that is half there would take the room that is lacking. Where it cannot be
            // removed either, it stays; what the disk said first is what helps.
            let _unheard = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Arc::new(file))
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Arc<dyn File>> {
        let write = access == Access::Write;
        let file = OpenOptions::new().read(true).write(write).open(self.path(name))?;
        Ok(Arc::new(file))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_folder(&self) -> io::Result<()> {
        fs::File::open(&self.folder)?.sync_all()
    }
}

impl File for fs::File {
    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    /// Data, and the length where it changed: `fdatasync`.
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn lock_with_others(&self) -> io::Result<()> {
        self.lock_shared()
    }

    fn try_lock_alone(&self) -> io::Result<bool> {
        match self.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self) -> io::Result<()> {
        fs::File::unlock(self)
    }
}
