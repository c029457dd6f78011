//! Tests of the database over files of their own.

mod bus;
mod columns;
mod damage;
mod durable;
pub(crate) mod kinds;
mod lists;
mod lost;
mod migrations;
mod speed;

use std::path::PathBuf;
use std::sync::Arc;

use kernel::{Kind, Record};

use super::{Options, Reader, Schema, Writer};
use crate::rows::{Batch, RecordRow};
use kinds::{Link, Sample};

/// A database of its own.
struct Database {
    folder: tempfile::TempDir,
    schema: Arc<Schema>,
    writer: Writer,
}

impl Database {
    fn new() -> Self {
        Self::of(&[Sample::KIND, Link::KIND], Options::default())
    }

    fn of(kinds: &[&'static Kind], options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schema = Arc::new(Schema::new(kinds));
        let path = folder.path().join("test.sqlite3");
        let writer = Writer::open(&path, Arc::clone(&schema), options).unwrap();
        Self { folder, schema, writer }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("test.sqlite3")
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path(), Arc::clone(&self.schema), &Options::default()).unwrap()
    }

    /// Applies the next batch.
    fn put(&mut self, batch: Batch) {
        let number = self.writer.folded().saturating_add(1);
        self.writer.apply(&Batch { number, ..batch }).unwrap();
    }

    fn put_records(&mut self, records: impl IntoIterator<Item = RecordRow>) {
        self.put(Batch { records: records.into_iter().collect(), ..Batch::default() });
    }

    /// What somebody does with the `sqlite3` shell.
    fn shell(&self, sql: &str) {
        rusqlite::Connection::open(self.path()).unwrap().execute_batch(sql).unwrap();
    }
}

/// The same record, version and events.
fn assert_same(found: &RecordRow, expected: &RecordRow) {
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
}
