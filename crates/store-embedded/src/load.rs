//! A new data folder, made of the records of another home: they are put as they were there, with
//! their versions, and with the events that they said last, which count as said and heard. Where they
//! come from is not known here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::event::BadEvent;
use kernel::{Envelope, Kind, Stored, Time};

use crate::backup::{Backup, BackupError};
use crate::folder::{Folder, FolderError, Lock};
use crate::rows::{Batch, EventRow, RecordRow};
use crate::sqlite::Schema;

/// So many records are written at once.
const BATCH: usize = 4096;

/// What a record said last: when, and how many events. What said nothing has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Saying {
    /// When.
    pub at: Time,
    /// How many events.
    pub events: u64,
}

/// The folder was not made. There is no database in it then.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Another process has it, or it cannot be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is something in it.
    #[error("{} is not empty: there is {what} in it; name a folder that is new", folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// The first thing that was found.
        what: String,
    },
    /// A record says an event that it cannot say.
    #[error(transparent)]
    Event(#[from] BadEvent),
    /// The database cannot be made.
    #[error(transparent)]
    Database(#[from] BackupError),
}

/// A data folder on its way. Dropped before it is finished, it leaves an empty folder.
pub struct Loading {
    database: Backup,
    batch: Batch,
    /// Where in the log the events of each record begin, in the order of the records.
    positions: std::vec::IntoIter<u64>,
    _lock: Lock,
}

impl Loading {
    /// Begins with a folder that is new or empty, and takes its lock. What an earlier load that was
    /// cut off left there is removed.
    ///
    /// # Errors
    /// The folder is held by another process, not empty, or cannot be made.
    pub fn begin(folder: &Path, kinds: &[&'static Kind]) -> Result<Self, LoadError> {
        let folder = Folder::create(folder)?;
        let lock = folder.lock()?;
        refuse_full(&folder)?;
        let schema = Arc::new(Schema::new(kinds));
        let database = Backup::anew(&folder.database(), schema)?;
        let batch = Batch { number: 1, ..Batch::default() };
        Ok(Self { database, batch, positions: Vec::new().into_iter(), _lock: lock })
    }

    /// Tells what the records will have said, in the order in which they will come: the log has the
    /// events in the order in which they were said. To be called before the first is put.
    pub fn expect(&mut self, sayings: &[Saying]) {
        self.positions = positions(sayings).into_iter();
    }

    /// Puts the next record.
    ///
    /// # Errors
    /// It says an event that it cannot say; the disk.
    pub fn put(&mut self, stored: Stored) -> Result<(), LoadError> {
        let Some(first) = self.positions.next() else { unreachable!("more came than was told of") };
        let (kind, key) = (stored.record.kind(), stored.record.key());
        for (position, said) in (first..).zip(&*stored.said) {
            let subject = Envelope::build(&*stored.record, said)?.data.subject();
            let said = said.clone();
            self.batch.events.push(EventRow { position, said, kind, key, subject });
        }
        let said_position = (!stored.said.is_empty()).then_some(first);
        let Stored { record, version, said, .. } = stored;
        self.batch.records.push(RecordRow { record, version, said, said_position });
        if self.batch.records.len() >= BATCH { self.write() } else { Ok(()) }
    }

    /// Makes the folder's database durable, under its name: from now on the folder is one. Whoever
    /// opens it and subscribes hears nothing of what was loaded.
    ///
    /// # Errors
    /// The disk.
    pub fn finish(mut self) -> Result<(), LoadError> {
        self.write()?;
        Ok(self.database.finish()?)
    }

    fn write(&mut self) -> Result<(), LoadError> {
        let next = self.batch.number.saturating_add(1);
        let batch = std::mem::replace(&mut self.batch, Batch { number: next, ..Batch::default() });
        Ok(self.database.apply(&batch)?)
    }
}

/// The position of the first event of each record, from 1 on. Those of one record follow each other;
/// records that spoke at the same moment stand as they come.
fn positions(sayings: &[Saying]) -> Vec<u64> {
    let mut by_time: Vec<(Time, usize, u64)> = Vec::with_capacity(sayings.len());
    by_time.extend(sayings.iter().enumerate().map(|(place, said)| (said.at, place, said.events)));
    by_time.sort_unstable();
    let mut positions = vec![0; sayings.len()];
    let mut next = 1_u64;
    for (_, place, events) in by_time {
        if let Some(position) = positions.get_mut(place) {
            *position = next;
        }
        next = next.saturating_add(events);
    }
    positions
}

/// Whatever stands in a folder may belong to another database: a log beside it, a journal.
fn refuse_full(folder: &Folder) -> Result<(), LoadError> {
    let disk = |why| FolderError::Disk { folder: folder.path().to_owned(), why };
    let unfinished = Backup::unfinished(&folder.database());
    let mut what = None;
    for entry in fs::read_dir(folder.path()).map_err(disk)? {
        let path = entry.map_err(disk)?.path();
        if path == folder.journal() {
            if fs::read_dir(&path).map_err(disk)?.next().is_some() {
                what = Some("a journal".to_owned());
            }
        } else if unfinished.contains(&path) {
            fs::remove_file(&path).map_err(disk)?;
        } else if path != folder.lock_file() {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            what = Some(format!("`{name}`"));
        }
    }
    let Some(what) = what else { return Ok(()) };
    Err(LoadError::NotEmpty { folder: folder.path().to_owned(), what })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When records spoke and how many events they said, and where those begin in the log.
    #[track_caller]
    fn check(sayings: &[(i64, u64)], expected: &[u64]) {
        let saying = |&(at, events)| Saying { at: Time::from_micros(at), events };
        let sayings: Vec<_> = sayings.iter().map(saying).collect();
        assert_eq!(positions(&sayings), expected, "{sayings:?}");
    }

    #[test]
    fn the_log_is_in_the_order_in_which_events_were_said() {
        check(&[], &[]);
        check(&[(5, 1), (5, 2), (5, 1)], &[1, 2, 4]);
        check(&[(9, 1), (3, 2), (7, 1)], &[4, 1, 3]);
        check(&[(0, 0), (3, 1), (0, 0), (1, 1)], &[1, 2, 1, 1]);
    }

    fn refused(folder: &Path) -> String {
        match Loading::begin(folder, &[]) {
            Ok(_) => "taken".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_folder_with_anything_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert_eq!(refused(&data), "taken");
        assert_eq!(refused(&data), "taken", "what was given up left nothing");
        for name in ["fintech.sqlite3", "fintech.sqlite3-wal", "notes.txt"] {
            fs::write(data.join(name), "").unwrap();
            assert!(refused(&data).contains(&format!("there is `{name}` in it")), "{name}");
            fs::remove_file(data.join(name)).unwrap();
        }
        fs::write(data.join("journal/1"), "").unwrap();
        assert!(refused(&data).contains("there is a journal in it"));
        fs::remove_file(data.join("journal/1")).unwrap();
        assert_eq!(refused(&data), "taken");
    }

    #[test]
    fn what_a_load_that_was_killed_left_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("journal")).unwrap();
        for ending in ["", "-wal", "-shm"] {
            let name = format!("fintech.sqlite3.unfinished{ending}");
            fs::write(folder.path().join(name), "half").unwrap();
        }
        let loading = Loading::begin(folder.path(), &[]).unwrap();
        assert!(matches!(
            Loading::begin(folder.path(), &[]),
            Err(LoadError::Folder(FolderError::Held { .. }))
        ));
        loading.finish().unwrap();
        let names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(names.len(), 3, "{names:?}");
        assert!(refused(folder.path()).contains("`fintech.sqlite3`"));
    }
}
