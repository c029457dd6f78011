//! What is read over SQLite and the journal, where both have something of a chain.

use kernel::{Id, Record, WalletId};

use super::*;
use crate::rows::Batch;
use crate::sqlite::tests::kinds::{Link, link, silent};
use crate::sqlite::{Options, Writer};

/// SQLite has entries 0 to 2 in their first version, the journal these, of a sequence and a version.
fn check(beyond: &[(u64, u64)], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.sqlite3");
    let schema = Arc::new(Schema::new(&[Link::KIND]));
    let records = (0..3).map(|sequence| silent(link(1, sequence), 1)).collect();
    let mut writer = Writer::open(&path, Arc::clone(&schema), Options::default()).unwrap();
    writer.apply(&Batch { number: 1, records, ..Batch::default() }).unwrap();
    let reader = Reader::open(&path, schema, &Options::default()).unwrap();
    let rows = beyond.iter().map(|(sequence, version)| silent(link(1, *sequence), *version));
    let rows = rows.map(|row| (place_of(row.key()), row)).collect();
    let beyond = HashMap::from([(Link::KIND.name, rows)]);
    let store =
        ReadOnlyStore { reader: Mutex::new(reader), beyond, bus: unheard::Beyond::default() };
    let head = store.head_now(Link::KIND, WalletId::from_uuid(1).into()).unwrap().unwrap();
    let sequence = head.record.key().sequence.unwrap();
    assert_eq!(format!("entry {sequence} version {}", head.version), expected);
}

#[test]
fn the_head_of_a_chain_is_the_newest_of_both() {
    check(&[], "entry 2 version 1");
    check(&[(3, 1)], "entry 3 version 1");
    check(&[(1, 2), (3, 1)], "entry 3 version 1");
    // It was said again, and nothing was booked since.
    check(&[(1, 2)], "entry 2 version 1");
    check(&[(2, 2)], "entry 2 version 2");
}
