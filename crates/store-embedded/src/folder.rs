//! The data folder: what stands where, and that only one program writes in it. What the files hold
//! is not known here. Readers need no lock of it.

#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use kernel::time::System;
use kernel::{Clock as _, Time};

/// The database's file. A backup under this name, alone in a folder, makes it a data folder.
const DATABASE: &str = "fintech.sqlite3";
const JOURNAL: &str = "journal";
const LOCK: &str = "lock";

/// The folder and the files are the owner's alone: there are names and amounts in them.
const FOLDER_MODE: u32 = 0o700;
pub(crate) const FILE_MODE: u32 = 0o600;

/// What others than the owner may do with a file, and what of a folder's rights lets them put files
/// into it.
const OTHERS: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;

/// The lock file tells no more than this of who holds it, in bytes.
const HOLDER_BYTES_MAX: u64 = 4096;

/// The folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Somebody else writes in it.
    #[error("the data folder {} is in use by {holder}; stop it first", folder.display())]
    Held {
        /// The folder.
        folder: PathBuf,
        /// Who, as he wrote it down himself.
        holder: Holder,
    },
    /// There is nothing to read.
    #[error("{} is no data folder: it has no {DATABASE}", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// It cannot be made or read.
    #[error("the data folder {}: {why}", folder.display())]
    Disk {
        /// The folder.
        folder: PathBuf,
        /// In the machine's words.
        why: io::Error,
    },
}

/// Who holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// The process; none if it has not written it down yet.
    pub process: Option<u32>,
    /// The program that was started and its subcommands, without what they were given.
    pub command: Option<String>,
    /// Since when it holds the lock.
    pub since: Option<Time>,
}

impl fmt::Display for Holder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.process {
            Some(process) => write!(out, "process {process}")?,
            None => out.write_str("another process")?,
        }
        if let Some(command) = &self.command {
            write!(out, " (`{command}`)")?;
        }
        if let Some(since) = self.since {
            write!(out, " since {since}")?;
        }
        Ok(())
    }
}

impl Holder {
    fn this_process() -> Self {
        let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
        Self {
            process: Some(std::process::id()),
            command: Some(command(words)),
            since: Some(System.now()),
        }
    }

    fn write(&self) -> String {
        let process = self.process.map(|process| format!("process {process}\n"));
        let command = self.command.as_ref().map(|command| format!("command {command}\n"));
        let since = self.since.map(|since| format!("since {since}\n"));
        [process, command, since].into_iter().flatten().collect()
    }

    /// Reads what can be read: it only serves to tell a person.
    fn read(text: &str) -> Self {
        let value =
            |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Self {
            process: value("process").and_then(|value| value.parse().ok()),
            command: value("command").map(str::to_owned),
            since: value("since").and_then(|value| value.parse().ok()),
        }
    }
}

/// The name of the program and its subcommands, of which there are two at most: what they are given, an
/// e-mail address or a path, is nobody's business who is only told who holds the folder.
fn command(mut words: impl Iterator<Item = String>) -> String {
    let path = words.next().unwrap_or_default();
    let program = Path::new(&path).file_name().unwrap_or_default().to_string_lossy();
    // One line, whatever the file is called.
    let program = program.replace(char::is_control, " ");
    let is_letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    let is_subcommand = |word: &String| !word.starts_with('-') && word.bytes().all(is_letter);
    let subcommands = words.take_while(is_subcommand).take(2);
    std::iter::once(program).chain(subcommands).collect::<Vec<_>>().join(" ")
}

/// A data folder.
///
/// Nobody may open the database's file but SQLite: closing it again would drop SQLite's own locks,
/// which belong to the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// For writing: the folder and what is missing in it are made.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(path: &Path) -> Result<Self, FolderError> {
        let folder = Self { path: path.to_owned() };
        // A new folder must not be lost with what is in it. Which ones are new is asked before.
        let synced = to_sync(path, &|above| above.is_dir());
        let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder.journal());
        made.and_then(|()| synced.into_iter().try_for_each(sync))
            .map_err(|why| folder.disk(why))?;
        Ok(folder)
    }

    /// For reading: it must be there.
    ///
    /// # Errors
    /// It is not there, or has no database in it.
    pub fn existing(path: &Path) -> Result<Self, FolderError> {
        let folder = Self { path: path.to_owned() };
        match fs::metadata(folder.database()) {
            Ok(metadata) if metadata.is_file() => Ok(folder),
            Ok(_) => Err(FolderError::Missing { folder: folder.path }),
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                Err(FolderError::Missing { folder: folder.path })
            }
            Err(why) => Err(folder.disk(why)),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database.
    pub fn database(&self) -> PathBuf {
        self.path.join(DATABASE)
    }

    /// The folder of the journal.
    pub fn journal(&self) -> PathBuf {
        self.path.join(JOURNAL)
    }

    /// The file by which a process holds the folder.
    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join(LOCK)
    }

    /// Takes the right to write, until the lock is dropped or the process ends, however it ends.
    ///
    /// # Errors
    /// `Held` tells who has it.
    pub fn lock(&self) -> Result<Lock, FolderError> {
        let mut options = OpenOptions::new();
        let options = options.read(true).write(true).create(true).truncate(false).mode(FILE_MODE);
        // A link would have the file that it points to written over.
        let options = options.custom_flags(no_follow());
        let mut file = options.open(self.lock_file()).map_err(|why| self.disk(why))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let read = (&file).take(HOLDER_BYTES_MAX).read_to_string(&mut text);
                let holder = read.map(|_| Holder::read(&text)).unwrap_or_default();
                return Err(FolderError::Held { folder: self.path.clone(), holder });
            }
            Err(TryLockError::Error(why)) => return Err(self.disk(why)),
        }
        let holder = Holder::this_process().write();
        let written = file.set_len(0).and_then(|()| file.rewind());
        let written = written.and_then(|()| file.write_all(holder.as_bytes()));
        written.map_err(|why| self.disk(why))?;
        Ok(Lock { file })
    }

    /// Keeps to the owner what is in it, whoever made the folder and whatever the umask is: the database
    /// is made, empty, where it is not there, for SQLite would make it for everybody; and what others
    /// could reach they no longer can. Who holds the lock calls it before anything is opened.
    ///
    /// # Errors
    /// The database cannot be made.
    pub(crate) fn keep_to_owner(&self) -> Result<(), FolderError> {
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(FILE_MODE).open(self.database()) {
            Err(why) if why.kind() != io::ErrorKind::AlreadyExists => return Err(self.disk(why)),
            _ => {}
        }
        let beside = ["-wal", "-shm"].map(|end| self.path.join(format!("{DATABASE}{end}")));
        let journal = fs::read_dir(self.journal()).map_err(|why| self.disk(why))?;
        let segments = journal.filter_map(|entry| Some(entry.ok()?.path()));
        let own = [self.database(), self.lock_file(), self.journal()];
        own.into_iter().chain(beside).chain(segments).for_each(|path| take_from_others(&path));
        // The folder itself may be somebody's on purpose; what is in it does not depend on it.
        if mode(&self.path).is_some_and(|mode| mode & OTHERS_WRITE != 0) {
            tracing::warn!(
                folder = %self.path.display(),
                "others than its owner may put files into the data folder; `chmod go-w` forbids it"
            );
        }
        Ok(())
    }

    fn disk(&self, why: io::Error) -> FolderError {
        FolderError::Disk { folder: self.path.clone(), why }
    }
}

/// The rights to a file or folder; none where there is none.
fn mode(path: &Path) -> Option<u32> {
    Some(fs::metadata(path).ok()?.permissions().mode())
}

/// By its path: see [`Folder`] why the database's file is not opened.
fn take_from_others(path: &Path) {
    let Some(mode) = mode(path).filter(|mode| mode & OTHERS != 0) else { return };
    let taken = fs::set_permissions(path, Permissions::from_mode(mode & !OTHERS));
    let path = path.display();
    match taken {
        Ok(()) => tracing::warn!(%path, "others than its owner could reach it, and can no longer"),
        Err(error) => tracing::warn!(%path, %error, "others than its owner can reach it"),
    }
}

fn no_follow() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOFOLLOW.bits()).unwrap_or_default()
}

/// The folders that have an entry which may be new: the folder itself, and those above it up to the
/// first one that was there before.
fn to_sync<'p>(path: &'p Path, is_there: &dyn Fn(&Path) -> bool) -> Vec<&'p Path> {
    let named = |above: &'p Path| {
        if above.as_os_str().is_empty() { Path::new(".") } else { above }
    };
    let mut synced = vec![path];
    for above in path.ancestors().skip(1).map(named) {
        synced.push(above);
        if is_there(above) {
            break;
        }
    }
    synced
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The right to write in a data folder.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // What cannot be unlocked is when the file is closed, just after.
        drop(self.file.unlock());
    }
}
