//! What is done when a sync has failed: what the log lost meanwhile never reaches the database, and
//! nobody is told that it is there.

use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kernel::Record;

use super::Database;
use super::durable::wide;
use super::kinds::Sample;
use crate::files::faulty::FaultyFiles;
use crate::sqlite::{Durability, Options, Schema, SqliteError, Vfs, Writer};

/// With a log of some batches that are not in the database.
fn with_log() -> Database {
    let options = Options { durability: Durability::Later, ..Options::default() };
    let mut database = Database::of(&[Sample::KIND], options);
    database.put(wide(0, 1));
    database.put(wide(0, 200));
    database
}

impl Database {
    fn file(&self, ending: &str) -> PathBuf {
        let mut path = self.path().into_os_string();
        path.push(ending);
        path.into()
    }

    /// What a sync that failed may have done to the log: the system shows what was there before.
    fn lose_in_log(&self, offset: u64) {
        let log = std::fs::OpenOptions::new().write(true).open(self.file("-wal")).unwrap();
        log.write_all_at(&[0; 4096], offset).unwrap();
    }
}

#[test]
fn after_a_failed_sync_a_log_that_is_whole_is_gone_on_with() {
    let mut database = with_log();
    database.writer.sync_failed = true;
    database.writer.checkpoint().unwrap();
    assert_eq!(database.writer.wal_bytes(), 0);
    database.put(wide(0, 400));
    assert!(!database.writer.doubt().load(Ordering::SeqCst));
}

#[test]
fn a_log_that_lost_something_never_reaches_the_database() {
    for offset in [0, 4096, 100 * 4096] {
        let mut database = with_log();
        let bytes = std::fs::metadata(database.path()).unwrap().len();
        database.lose_in_log(offset);
        database.writer.sync_failed = true;
        for _ in 0..2 {
            let lost = database.writer.checkpoint().unwrap_err();
            assert!(matches!(lost, SqliteError::Lost(_)), "{offset}: {lost}");
            let lost = database.writer.apply(&wide(9, 1)).unwrap_err();
            assert!(matches!(lost, SqliteError::Lost(_)), "{offset}: {lost}");
        }
        assert!(database.writer.is_lost() && database.writer.doubt().load(Ordering::SeqCst));
        assert_eq!(std::fs::metadata(database.path()).unwrap().len(), bytes);
        // Opened anew, it says truly how much it has.
        let Database { folder, schema, writer } = database;
        drop(writer);
        let path = folder.path().join("test.sqlite3");
        let opened = Writer::open(&path, schema, Options::default()).unwrap();
        assert!(opened.folded() < 2, "{offset}: {}", opened.folded());
    }
}

#[test]
fn a_log_that_is_not_found_is_not_written_again() {
    let mut database = with_log();
    std::fs::remove_file(database.file("-wal")).unwrap();
    database.writer.sync_failed = true;
    let error = database.writer.checkpoint().unwrap_err();
    assert!(matches!(error, SqliteError::Disk(_)), "{error}");
}

#[test]
fn the_log_of_a_database_behind_a_link_is_found() {
    let (folder, links) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let link = links.path().join("link");
    std::os::unix::fs::symlink(folder.path().join("test.sqlite3"), &link).unwrap();
    let schema = Arc::new(Schema::new(&[Sample::KIND]));
    for number in 1..3 {
        let options = Options { durability: Durability::Later, ..Options::default() };
        let mut writer = Writer::open(&link, Arc::clone(&schema), options).unwrap();
        writer.apply(&wide(number, 1)).unwrap();
        writer.sync_failed = true;
        writer.checkpoint().unwrap();
    }
}

/// What the log shows is made durable first: what SQLite takes of it then, it has for good.
#[test]
fn sqlite_looks_at_no_log_that_cannot_be_made_durable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("test.sqlite3-wal")).unwrap();
    let path = folder.path().join("test.sqlite3");
    let schema = Arc::new(Schema::new(&[Sample::KIND]));
    let refused = Writer::open(&path, schema, Options::default()).map(drop).unwrap_err();
    assert!(refused.to_string().contains("its log cannot be written again"), "{refused}");
    assert!(!path.exists());
}

/// Ends the writer as a kill does, beside a reader that keeps what SQLite knows of the log.
fn killed(database: Database) -> (Result<(), SqliteError>, impl FnOnce() -> u64) {
    let Database { folder, schema, writer } = database;
    drop(writer);
    let path = folder.path().join("test.sqlite3");
    let open = move || Writer::open(&path, Arc::clone(&schema), Options::default());
    let opened = open().map(drop);
    (opened, move || {
        let folded = open().unwrap().folded();
        drop(folder);
        folded
    })
}

fn check_refused(refused: Result<(), SqliteError>) {
    let Err(SqliteError::Refused(why)) = refused else { panic!("{refused:?}") };
    assert!(why.starts_with("another program has the database open"), "{why}");
    assert!(why.ends_with("close it, then start again"), "{why}");
}

#[test]
fn a_log_copied_by_half_is_not_gone_on_with_beside_another_program() {
    let mut database = with_log();
    let reader = database.reader();
    let snapshot = reader.snapshot().unwrap();
    database.put(wide(0, 400));
    database.writer.checkpoint().unwrap();
    drop(snapshot);
    let (refused, open) = killed(database);
    check_refused(refused);
    drop(reader);
    assert_eq!(open(), 3);
}

#[test]
fn nor_is_one_that_lost_something() {
    let database = with_log();
    let reader = database.reader();
    assert_eq!(reader.folded(), Ok(2));
    database.lose_in_log(100 * 4096);
    let (refused, open) = killed(database);
    check_refused(refused);
    drop(reader);
    assert!(open() < 2);
}

#[test]
fn another_program_beside_a_log_that_is_whole_is_in_nobodys_way() {
    let database = with_log();
    let reader = database.reader();
    assert_eq!(reader.folded(), Ok(2));
    let (opened, open) = killed(database);
    assert_eq!(opened, Ok(()));
    assert_eq!(open(), 2);
}

#[test]
fn a_database_whose_folder_cannot_be_synced_does_not_open() {
    let open = |syncs: u32| {
        let (folder, files) = (tempfile::tempdir().unwrap(), FaultyFiles::new(1));
        files.fail_syncs(syncs);
        let vfs = Some(Vfs { name: "unix".to_owned(), files: Arc::new(files) });
        let schema = Arc::new(Schema::new(&[Sample::KIND]));
        let path = folder.path().join("test.sqlite3");
        Writer::open(&path, schema, Options { vfs, ..Options::default() }).map(drop)
    };
    assert_eq!(open(0), Ok(()));
    let refused = open(1).unwrap_err().to_string();
    assert!(refused.contains("its folder cannot be synced"), "{refused}");
}

/// The writer that opens a database is often the last one to close it.
#[test]
fn a_database_that_cannot_be_opened_keeps_its_log() {
    let Database { folder, schema, writer } = with_log();
    let sql = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE nothing'";
    writer.connection.execute_batch(sql).unwrap();
    drop(writer);
    let path = folder.path().join("test.sqlite3");
    let log = std::fs::read(folder.path().join("test.sqlite3-wal")).unwrap();
    let refused = Writer::open(&path, schema, Options::default()).map(drop).unwrap_err();
    assert!(matches!(refused, SqliteError::Corrupt { .. }), "{refused}");
    assert!(std::fs::read(folder.path().join("test.sqlite3-wal")).unwrap() == log);
}
