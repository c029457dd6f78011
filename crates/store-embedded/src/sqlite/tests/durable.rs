//! The write-ahead log and the disk: what bounds the log, what a full disk leaves behind, and that
//! readers beside the writer see whole batches.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use kernel::{AnyRecord, Record, StoreError};

use super::Database;
use super::kinds::{Link, Sample, link, sample, silent};
use crate::files::RealFiles;
use crate::rows::Batch;
use crate::sqlite::{Durability, Options, Reader, Readers, Schema, SqliteError, Vfs, Writer};

/// Samples `from` and the next ninety-nine, wide enough to fill some pages.
pub(super) fn wide(number: u64, from: u128) -> Batch {
    let text = "x".repeat(1_000);
    let wide = |id| silent(Sample { text: text.clone(), ..sample(id) }, 1);
    let records = (from..from.saturating_add(100)).map(wide).collect();
    Batch { number, records, ..Batch::default() }
}

fn small_log(durability: Durability) -> Options {
    Options { durability, wal_bytes_max: 1 << 20, ..Options::default() }
}

impl Database {
    fn log_bytes(&self) -> u64 {
        let mut path = self.path().into_os_string();
        path.push("-wal");
        std::fs::metadata(PathBuf::from(path)).map_or(0, |metadata| metadata.len())
    }
}

#[test]
fn the_log_stays_short_beside_readers_that_come_and_go() {
    // Each reader is gone in a moment, however long a busy machine makes that.
    let patient = Options { wal_wait: Duration::from_secs(30), ..small_log(Durability::Later) };
    let mut database = Database::of(&[Sample::KIND], patient);
    database.put(wide(1, 1));
    let reader = database.reader();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let stop = &stop;
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                assert!(reader.get(Sample::KIND, sample(1).key()).unwrap().is_some());
            }
        });
        let mut longest = 0;
        for round in 0..100 {
            database.put(wide(0, round * 100));
            if database.writer.wal_bytes() > 1 << 19 {
                database.writer.checkpoint().unwrap();
            }
            longest = longest.max(database.log_bytes());
        }
        stop.store(true, Ordering::Relaxed);
        assert!(longest < 16 << 20, "the log grew to {longest} bytes");
    });
}

#[test]
fn a_database_that_stands_alone_keeps_its_log_short_by_itself() {
    let mut database = Database::of(&[Sample::KIND], small_log(Durability::Now));
    for round in 0..100 {
        database.put(wide(0, round * 100));
    }
    let length = database.log_bytes();
    assert!(length < 2 << 20, "the log grew to {length} bytes");
}

#[test]
fn a_reader_that_takes_its_time_holds_nothing_up() {
    let impatient = Options { wal_wait: Duration::from_millis(1), ..small_log(Durability::Later) };
    let mut database = Database::of(&[Sample::KIND], impatient);
    database.put(wide(0, 1));
    let reader = database.reader();
    let snapshot = reader.snapshot().unwrap();
    for round in 1..50 {
        database.put(wide(0, round * 100));
        database.writer.checkpoint().unwrap();
    }
    assert_eq!(snapshot.folded().unwrap(), 1);
    assert!(snapshot.get(Sample::KIND, sample(4_900).key()).unwrap().is_none());
    assert!(database.log_bytes() > 4 << 20, "the snapshot needs the log");
    drop(snapshot);
    assert_eq!(reader.folded().unwrap(), 50);
    // The log is begun anew, and cut to its bound.
    database.writer.checkpoint().unwrap();
    database.put(wide(0, 1));
    let length = database.log_bytes();
    assert!(length <= 1 << 20, "the log is still {length} bytes");
}

/// A commit is synced if it is written, and it is written if the log grows.
#[test]
fn what_nobody_synced_is_synced_at_the_opening_and_beside_a_reader() {
    let options = Options { durability: Durability::Later, ..Options::default() };
    let mut database = Database::of(&[Sample::KIND], options.clone());
    database.put(wide(0, 1));
    let reader = database.reader();
    let snapshot = reader.snapshot().unwrap();
    database.writer.checkpoint().unwrap();
    database.put(wide(0, 200));
    // The snapshot allows nothing more to be copied: only a commit can sync the log.
    let before = database.log_bytes();
    database.writer.checkpoint().unwrap();
    assert!(database.log_bytes() > before, "the log was not synced beside a reader");
    drop(snapshot);
    drop(reader);

    let before = database.log_bytes();
    // Nobody else may have it open: the log is copied by half.
    database.writer = Database::new().writer;
    let schema = Arc::clone(&database.schema);
    let opened = Writer::open(&database.path(), schema, options).unwrap();
    assert!(database.log_bytes() > before, "the log was not synced at the opening");
    assert_eq!(opened.folded(), 2);
}

#[test]
fn a_closed_database_is_one_file() {
    let mut database = Database::new();
    database.put(wide(0, 1));
    let Database { folder, writer, .. } = database;
    writer.close().unwrap();
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(names.collect::<Vec<_>>(), ["test.sqlite3"]);
}

#[test]
fn a_full_disk_leaves_nothing_half_done_and_is_forgiven() {
    let mut database = Database::new();
    let (first, second) = (wide(1, 1), wide(2, 1_000));
    database.writer.apply(&first).unwrap();
    let limit = |writer: &Writer, pages: i64| {
        writer.connection.pragma_update(None, "max_page_count", pages).unwrap();
    };
    limit(&database.writer, 1);
    let error = database.writer.apply(&second).unwrap_err();
    assert_eq!(error, SqliteError::Full);
    assert!(matches!(StoreError::from(error), StoreError::Unavailable(_)));
    let reader = database.reader();
    assert_eq!((reader.folded().unwrap(), database.writer.folded()), (1, 1));
    assert!(reader.get(Sample::KIND, sample(1_000).key()).unwrap().is_none());

    limit(&database.writer, 1_000_000);
    database.writer.apply(&second).unwrap();
    assert_eq!(reader.folded().unwrap(), 2);
    assert!(reader.get(Sample::KIND, sample(1_000).key()).unwrap().is_some());
}

#[test]
fn what_another_process_locks_is_busy() {
    let options = Options { busy_wait: Duration::ZERO, ..Options::default() };
    let mut database = Database::of(&[Sample::KIND], options);
    let other = rusqlite::Connection::open(database.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = database.writer.apply(&wide(1, 1)).unwrap_err();
    assert_eq!(error, SqliteError::Busy);
    assert_eq!(StoreError::from(error), StoreError::Busy);
    other.execute_batch("ROLLBACK").unwrap();
    database.writer.apply(&wide(1, 1)).unwrap();
}

#[test]
fn the_file_system_is_the_one_that_is_named() {
    let open = |vfs: &str| {
        let folder = tempfile::tempdir().unwrap();
        let files = Arc::new(RealFiles::of_folder(folder.path()));
        let vfs = Some(Vfs { name: vfs.to_owned(), files });
        let options = Options { vfs, ..Options::default() };
        let schema = Arc::new(Schema::new(&[Sample::KIND]));
        let path = folder.path().join("test.sqlite3");
        Writer::open(&path, schema.clone(), options.clone())?.apply(&wide(1, 1))?;
        let reader = Reader::open(&path, schema, &options)?;
        Ok::<_, SqliteError>((reader.folded()?, folder))
    };
    assert_eq!(open("unix").map(|(folded, _)| folded), Ok(1));
    let refused = open("no-such").map(|(folded, _)| folded).unwrap_err().to_string();
    assert!(refused.contains("no such vfs"), "{refused}");
}

/// Each batch moves one from the first link's place to the second: their sum never changes.
#[test]
fn readers_see_whole_batches() {
    let mut database = Database::of(&[Link::KIND], Options::default());
    let count = |number: u64| {
        let at = |wallet, version| silent(link(wallet, 0), version);
        vec![at(1, number), at(2, 1_000_u64.saturating_sub(number))]
    };
    database.put_records(count(1));
    let readers =
        Readers::open(&database.path(), &database.schema, &Options::default(), 2).unwrap();
    let stop = AtomicBool::new(false);
    let looked = std::thread::scope(|scope| {
        let look = || {
            let mut looked = 0_u64;
            while !stop.load(Ordering::Relaxed) || looked == 0 {
                let scan = readers.read(|reader| reader.scan(Link::KIND, None, 9)).unwrap();
                let versions = scan.rows.iter().map(|row| row.as_ref().unwrap().version);
                assert_eq!(versions.sum::<u64>(), 1_000);
                looked = looked.saturating_add(1);
            }
            looked
        };
        let lookers: Vec<_> = (0..4).map(|_| scope.spawn(look)).collect();
        (2..200).for_each(|number| database.put_records(count(number)));
        stop.store(true, Ordering::Relaxed);
        lookers.into_iter().map(|looker| looker.join().unwrap()).sum::<u64>()
    });
    assert!(looked >= 4);
}
