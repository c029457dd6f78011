//! Files that an older program made are brought up to date; those of a newer one are refused with a
//! sentence.

use std::path::Path;
use std::sync::Arc;

use kernel::record::Row;
use kernel::store::{Order, Query};
use kernel::text::Words;
use kernel::{Id, Kind, PaymentId, Record, Rules, Value};

use super::kinds::{at, silent};
use crate::rows::Batch;
use crate::sqlite::{Options, Reader, Schema, SqliteError, Writer};

/// A kind of record as an older program had it.
mod older {
    use kernel::{PaymentId, Rules, Time};

    kernel::record! {
        /// In its first version.
        pub struct Note in "note" of "test" version 1 {
            note_id: PaymentId,
            written_at: Time,
            gone: u64,
        }
        key (note_id: PaymentId)
        index "by_gone" (gone, written_at) every
    }

    impl Rules for Note {}
}

/// As this program has it: one column more that is required, one that is not, one less; an index
/// more, and one less.
mod newer {
    use super::{PaymentId, Row, Rules, Value, Words};
    use kernel::Time;

    kernel::record! {
        /// In its second version.
        pub struct Note in "note" of "test" version 2 {
            note_id: PaymentId,
            written_at: Time,
            pile: Words<16>,
            remark: Option<Words<16>>,
        }
        key (note_id: PaymentId)
        index "by_pile" (pile, written_at) every
        upgrade [from_1]
    }

    impl Rules for Note {}

    fn from_1(row: &mut Row<'_>) {
        row.set("pile", Value::from("old"));
    }
}

/// As a yet newer one has it, within the second version.
mod newest {
    use super::{PaymentId, Rules, Words};
    use kernel::Time;

    kernel::record! {
        /// With one optional column more, and one of another type.
        pub struct Note in "note" of "test" version 2 {
            note_id: PaymentId,
            written_at: Time,
            pile: Words<16>,
            remark: Option<Words<16>>,
            extra: Option<Words<16>>,
        }
        key (note_id: PaymentId)
        index "by_pile" (pile, note_id) every
    }

    impl Rules for Note {}
}

fn open(path: &Path, kind: &'static Kind) -> Result<Writer, SqliteError> {
    Writer::open(path, Arc::new(Schema::new(&[kind])), Options::default())
}

fn read(path: &Path, kind: &'static Kind) -> Result<Reader, SqliteError> {
    Reader::open(path, Arc::new(Schema::new(&[kind])), &Options::default())
}

fn id() -> PaymentId {
    PaymentId::from_uuid(1)
}

/// A file as the older program left it, with one note in it.
fn older_file(path: &Path) {
    let mut writer = open(path, older::Note::KIND).unwrap();
    let note = silent(older::Note { note_id: id(), written_at: at(7), gone: 1 }, 1);
    writer.apply(&Batch { number: 1, records: vec![note], ..Batch::default() }).unwrap();
    writer.close().unwrap();
}

#[test]
fn an_older_file_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sqlite3");
    older_file(&path);
    let refused = read(&path, newer::Note::KIND).err().unwrap();
    assert!(refused.to_string().contains("made by an older program"), "{refused}");

    let mut writer = open(&path, newer::Note::KIND).unwrap();
    assert_eq!(writer.folded(), 1);
    let reader = read(&path, newer::Note::KIND).unwrap();
    let key = kernel::Key::id(id());
    let found = reader.get(newer::Note::KIND, key).unwrap().unwrap();
    let note = newer::Note {
        note_id: id(),
        written_at: at(7),
        pile: Words::new("old").unwrap(),
        remark: None,
    };
    assert_eq!(found.stored().downcast::<newer::Note>().as_deref(), Some(&note));

    // Written again it is of the new version, and in the new index.
    let note = newer::Note { remark: Words::new("new").ok(), ..note };
    let batch = Batch { number: 2, records: vec![silent(note.clone(), 2)], ..Batch::default() };
    writer.apply(&batch).unwrap();
    let query = Query {
        kind: newer::Note::KIND,
        index: Some("by_pile"),
        partition: Value::from("old"),
        from: None,
        to: None,
        after: None,
        order: Order::OldestFirst,
        limit: 9,
    };
    let listed = reader.list(&query).unwrap();
    assert_eq!(listed[0].stored().downcast::<newer::Note>().as_deref(), Some(&note));
    assert_eq!(indexes(&path), ["note_by_pile"]);

    // Once more it is as it should be, and nothing is done.
    drop((reader, writer));
    drop(open(&path, newer::Note::KIND).unwrap());
    let refused = open(&path, older::Note::KIND).err().unwrap().to_string();
    assert_eq!(
        refused,
        "the database has the schema version 2 of `note`; this program knows up to 1: update it"
    );
    let refused = read(&path, older::Note::KIND).err().unwrap().to_string();
    assert!(refused.contains("schema version 2"), "{refused}");
}

fn indexes(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'note'
               AND sql IS NOT NULL ORDER BY name";
    let mut statement = connection.prepare(sql).unwrap();
    let names = statement.query_map((), |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[test]
fn a_column_that_only_a_newer_program_knows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sqlite3");
    drop(open(&path, newest::Note::KIND).unwrap());
    let refused = open(&path, newer::Note::KIND).err().unwrap().to_string();
    assert!(refused.contains("a column `extra` of `note`"), "{refused}");
    // The other way round it is added, and the index whose columns differ is made anew.
    let path = folder.path().join("other.sqlite3");
    drop(open(&path, newer::Note::KIND).unwrap());
    drop(open(&path, newest::Note::KIND).unwrap());
    assert_eq!(indexes(&path), ["note_by_pile"]);
    drop(read(&path, newest::Note::KIND).unwrap());
}

#[test]
fn what_is_not_for_this_program_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, sql: &str, expected: &str| {
        let path = folder.path().join(name);
        older_file(&path);
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        for refused in [open(&path, older::Note::KIND).err(), read(&path, older::Note::KIND).err()]
        {
            let refused = refused.unwrap().to_string();
            assert!(refused.contains(expected), "{name}: {refused}");
        }
    };
    check("newer", "PRAGMA user_version = 2", "format 2; this program knows up to 1: update it");
    check("other", "PRAGMA application_id = 0", "is of another program");
    check("none", "PRAGMA user_version = 0", "no program of ours wrote");
    check("unsaid", "DELETE FROM meta", "no row for the table `note`, which is there");

    let path = folder.path().join("type");
    older_file(&path);
    let sql = "ALTER TABLE note ADD COLUMN pile INTEGER";
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let refused = open(&path, newer::Note::KIND).err().unwrap().to_string();
    assert!(refused.contains("`pile` of `note` is INTEGER in the database, but TEXT"), "{refused}");

    let path = folder.path().join("text");
    std::fs::write(
        &path,
        "this is no database, but it is long enough to be looked at\n".repeat(99),
    )
    .unwrap();
    let refused = open(&path, older::Note::KIND).err().unwrap();
    assert!(matches!(refused, SqliteError::Corrupt { .. }), "{refused}");

    let path = folder.path().join("missing");
    let refused = read(&path, older::Note::KIND).err().unwrap();
    assert!(matches!(refused, SqliteError::Disk(_)), "{refused}");
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    let refused = read(&path, older::Note::KIND).err().unwrap().to_string();
    assert_eq!(refused, "the database is empty");
}
