//! The file system itself: SQLite works on it as on any other, and it forgets what was not synced.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use store_embedded::files::Files as _;

use super::{Mounted, NAME, mount};
use crate::faults::machine::{Bug, Machine, Program};

/// A machine that has started, and where SQLite finds its files.
struct Started {
    machine: Machine,
    path: PathBuf,
    mounted: Mounted,
    program: Arc<Program>,
}

fn start(machine: Machine, path: &str, bug: Bug) -> Started {
    let program = machine.start(bug);
    let path = Path::new("/nowhere").join(path);
    let mounted = mount(&path, program.data());
    Started { machine, path, mounted, program }
}

impl Started {
    fn connect(&self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Connection::open_with_flags_and_vfs(self.path.join("database"), flags, NAME)
    }

    fn writer(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let connection = self.connect(flags)?;
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        assert_eq!(mode, "wal");
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "wal_autocheckpoint", 20)?;
        connection.execute_batch("CREATE TABLE IF NOT EXISTS row (text TEXT) STRICT")?;
        Ok(connection)
    }

    fn reader(&self) -> Connection {
        self.connect(OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }
}

fn add(connection: &Connection) -> rusqlite::Result<usize> {
    connection.execute("INSERT INTO row VALUES (?1)", ["x".repeat(3000)])
}

fn count(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("SELECT count(*) FROM row", (), |row| row.get(0))
}

#[test]
fn connections_share_one_database() {
    let started = start(Machine::new(1), "share", Bug::None);
    let mut writer = started.writer().unwrap();
    add(&writer).unwrap();
    let (early, late) = (started.reader(), started.reader());
    early.execute_batch("BEGIN").unwrap();
    assert_eq!(count(&early), Ok(1));
    for _ in 0..30 {
        add(&writer).unwrap();
    }
    assert_eq!((count(&early), count(&late)), (Ok(1), Ok(31)), "a reader holds its moment");
    early.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&early), Ok(31));

    let other = started.writer().unwrap();
    let step = writer.transaction_with_behavior(TransactionBehavior::Immediate).unwrap();
    other.busy_timeout(Duration::from_millis(1)).unwrap();
    assert_eq!(add(&other).unwrap_err().sqlite_error_code(), Some(ErrorCode::DatabaseBusy));
    step.commit().unwrap();
    add(&other).unwrap();
    assert_eq!(count(&late), Ok(32));
    drop((early, late, other));
    writer.close().unwrap();
    assert_eq!(names(&started), ["database"], "the last one takes the log along");
    assert_eq!(count(&started.reader()), Ok(32));
}

fn names(started: &Started) -> Vec<String> {
    started.machine.data.list().unwrap()
}

/// One after another lives that end by a crash; says what was lost.
fn live(seed: u64, bug: Bug) -> Result<(), String> {
    let mut machine = Machine::new(seed);
    let mut rows = 0_u32;
    for life in 0..6 {
        let name = format!("live-{bug:?}-{seed}-{life}");
        let started = start(machine, &name, Bug::None);
        let there = match started.writer() {
            Ok(writer) => count(&writer).map_err(|error| error.to_string())?,
            Err(error) => return Err(error.to_string()),
        };
        if there < rows || there > rows + 1 {
            return Err(format!("{rows} rows were there, now {there}"));
        }
        rows = there;
        let Started { machine: before, mounted, .. } = started;
        drop(mounted);
        let started = start(before, &name, bug);
        started.program.stop_after(seed.wrapping_mul(2_654_435_761) % 97 * (life + 1));
        if let Ok(writer) = started.writer() {
            while add(&writer).is_ok() {
                rows += 1;
            }
        }
        machine = started.machine.restart();
    }
    Ok(())
}

fn lost(bug: Bug) -> Vec<String> {
    (0..60).filter_map(|seed| Some(format!("seed {seed}: {}", live(seed, bug).err()?))).collect()
}

#[test]
fn what_was_committed_is_there_after_a_crash() {
    assert_eq!(lost(Bug::None), [""; 0]);
}

#[test]
fn without_syncs_it_is_not() {
    for bug in [Bug::DatabaseUnsynced, Bug::LogUnsynced, Bug::CheckpointUnsynced] {
        let lost = lost(bug);
        println!("{bug:?}: {} of 60 lose something, such as {:?}", lost.len(), lost.first());
        let is_loss = |why: &String| why.contains("rows were there") || why.contains("malformed");
        assert!(lost.len() > 10 && lost.iter().all(is_loss), "{bug:?}: {lost:?}");
    }
}
