//! Rows and files that somebody changed: what cannot be read is named, and stops nothing else.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;

use kernel::store::{BadRow, Scan, ScanPlace};
use kernel::{AnyRecord, Kind, Record};

use super::Database;
use super::kinds::{Link, Sample, link, sample, silent};
use crate::rows::Batch;
use crate::sqlite::{Reader, SqliteError};

/// The whole of a kind, piece by piece: the last hexadecimal digits of each key, or what is wrong.
fn scan(reader: &Reader, kind: &'static Kind, limit: usize) -> Vec<String> {
    let (mut told, mut after): (Vec<String>, Option<ScanPlace>) = (Vec::new(), None);
    for _ in 0..100 {
        let Scan { rows, next } = reader.scan(kind, after.as_ref(), limit).unwrap();
        told.extend(rows.into_iter().map(|row| match row {
            Ok(stored) => {
                let key = stored.record.key();
                let sequence = key.sequence.map(|sequence| format!("/{sequence}"));
                format!("{:x}{}", key.id.uuid, sequence.unwrap_or_default())
            }
            Err(BadRow { key, why }) => format!("{} {why}", key.rsplit('-').next().unwrap()),
        }));
        after = next;
        if after.is_none() {
            return told;
        }
    }
    panic!("the scan does not end: {told:?}");
}

#[test]
fn a_scan_shows_everything_once_in_the_order_of_the_keys() {
    let mut database = Database::new();
    let samples = [3, 1, 2, 5, 4].map(|id| silent(sample(id), 1));
    let links = [(2, 0), (1, 1), (1, 0), (1, 10), (1, 2)].map(|(of, at)| silent(link(of, at), 1));
    database.put(Batch { records: [samples, links].concat(), ..Batch::default() });
    let reader = database.reader();
    for limit in 1..8 {
        assert_eq!(scan(&reader, Sample::KIND, limit), ["1", "2", "3", "4", "5"], "{limit}");
        let links = scan(&reader, Link::KIND, limit);
        assert_eq!(links, ["1/0", "1/1", "1/2", "1/10", "2/0"], "{limit}");
    }
    assert!(reader.scan(Sample::KIND, Some(&ScanPlace("nonsense".to_owned())), 1).is_err());
}

#[test]
fn a_row_that_is_no_record_is_named_and_stops_nothing() {
    let mut database = Database::new();
    let records = (1..=9).map(|id| silent(sample(id), 1)).collect();
    database.put(Batch { records, ..Batch::default() });
    database.shell(
        "UPDATE sample SET currency = 'XXX' WHERE sample_id LIKE '%2';
         UPDATE sample SET small = 13 WHERE sample_id LIKE '%3';
         UPDATE sample SET schema_version = 2 WHERE sample_id LIKE '%4';
         UPDATE sample SET text = CAST(x'ff' AS TEXT) WHERE sample_id LIKE '%5';
         UPDATE sample SET hash = x'00' WHERE sample_id LIKE '%6';
         UPDATE sample SET version = -1 WHERE sample_id LIKE '%7';
         UPDATE sample SET wallet_id = NULL WHERE sample_id LIKE '%8';
         UPDATE sample SET sample_id = replace(sample_id, '09', 'xx') WHERE sample_id LIKE '%9';",
    );
    let reader = database.reader();
    for limit in [1, 4, 100] {
        assert_eq!(
            scan(&reader, Sample::KIND, limit),
            [
                "1",
                "000000000002 a sample has a bad value in `currency`",
                "000000000003 a sample contradicts itself: 13 is no number of ours",
                "000000000004 a sample has schema version 2; this program knows up to 1: update it",
                "000000000005 a sample has a bad value in `text`",
                "000000000006 a sample has a bad value in `hash`",
                "000000000007 a sample has a bad value in `version`",
                "000000000008 a sample has a bad value in `wallet_id`",
                "0000000000xx a sample has a bad value in `sample_id`",
            ]
        );
    }
    let bad = reader.get(Sample::KIND, sample(2).key()).unwrap_err();
    assert_eq!(
        bad.to_string(),
        format!("{}: a sample has a bad value in `currency`", sample(2).sample_id)
    );
    assert!(matches!(kernel::StoreError::from(bad), kernel::StoreError::Broken(_)));
}

/// Changes bytes of the file, past SQLite: every one of `from` becomes `to`.
fn change_bytes(database: Database, from: &[u8], to: &[u8]) -> Database {
    let Database { folder, schema, writer } = database;
    writer.close().unwrap();
    let path = folder.path().join("test.sqlite3");
    let bytes = std::fs::read(&path).unwrap();
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    let places = bytes.windows(from.len()).enumerate().filter(|(_, window)| *window == from);
    let places: Vec<_> = places.map(|(place, _)| place).collect();
    assert!(!places.is_empty(), "the file has no such bytes");
    for place in places {
        file.write_all_at(to, place.try_into().unwrap()).unwrap();
    }
    drop(file);
    let options = crate::sqlite::Options::default();
    let writer = crate::sqlite::Writer::open(&path, schema.clone(), options).unwrap();
    Database { folder, schema, writer }
}

#[test]
fn a_scan_over_a_changed_byte_goes_on_and_ends() {
    let misplaced = "a sample contradicts itself: it stands where its key does not belong";
    let check = |from: &str, to: &[u8], expected: &[&str]| {
        let mut database = Database::new();
        let records = (0xa..=0xf).map(|id| silent(sample(id), 1)).collect();
        database.put(Batch { records, ..Batch::default() });
        let database = change_bytes(database, from.as_bytes(), to);
        let reader = database.reader();
        // Past a key out of order, searches miss rows; but that it is so is always told.
        for limit in [1, 2, 3] {
            let told = scan(&reader, Sample::KIND, limit);
            assert!(told[0].ends_with(misplaced), "{limit}: {told:?}");
        }
        let told = scan(&reader, Sample::KIND, 100);
        let told: Vec<_> = told.iter().skip_while(|told| told.ends_with(misplaced)).collect();
        assert_eq!(told, expected);
    };
    // A key above its neighbours, one below, one that is an id all the same, one that is no text.
    let bad = "a sample has a bad value in `sample_id`";
    let check_one = |from: &str, to: &[u8], place: usize, told: &str| {
        let mut expected = vec!["a", "b", "c", "d", "e", "f"];
        expected[place] = told;
        check(from, to, &expected);
    };
    check_one("00000000000c", b"00000000000z", 2, &format!("00000000000z {bad}"));
    check_one("00000000000c", b"000000000000", 2, &format!("000000000000 {misplaced}"));
    check_one("00000000000c", b"0000000000ff", 2, &format!("0000000000ff {misplaced}"));
    check_one("00000000000c", b"00000000000\xff", 2, &format!("00000000000\u{fffd} {bad}"));
    check_one("00000000000f", b"000000000000", 5, &format!("000000000000 {misplaced}"));
}

#[test]
fn a_damaged_page_names_the_table() {
    let mut database = Database::new();
    let records = (1..200).map(|id| silent(sample(id), 1)).collect();
    database.put(Batch { records, ..Batch::default() });
    let connection = rusqlite::Connection::open(database.path()).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'sample'";
    let root: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
    drop(connection);
    let Database { folder, schema, writer } = database;
    writer.close().unwrap();
    let path = folder.path().join("test.sqlite3");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&[0xee; 4096], u64::try_from((root - 1) * 4096).unwrap()).unwrap();
    drop(file);
    let reader = Reader::open(&path, schema, &crate::sqlite::Options::default()).unwrap();
    let error = reader.get(Sample::KIND, sample(1).key()).unwrap_err();
    let SqliteError::Corrupt { table, .. } = &error else { panic!("{error}") };
    assert_eq!(table, "sample");
    assert!(reader.get(Link::KIND, link(1, 1).key()).unwrap().is_none());
}
