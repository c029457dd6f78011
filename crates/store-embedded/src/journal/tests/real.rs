//! The journal on a real disk: that it works there too, and how fast it is.

use std::fs;
use std::sync::Arc;
use std::time::Instant;

use super::sagas::busy;
use super::sample::KINDS;
use super::{append, long, names, standing, text_of};
use crate::files::{Access, Files, RealFiles};
use crate::journal::codec::{Encoder, Names, Table, decode};
use crate::journal::{Journal, Options, Preparing};

#[test]
fn real_files_do_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let files = RealFiles::in_folder(&folder.path().join("a/b")).unwrap();
    let file = files.create("one", 10_000).unwrap();
    assert!(files.create("one", 1).is_err());
    assert_eq!(file.length().unwrap(), 10_000);
    assert_eq!(fs::read(folder.path().join("a/b/one")).unwrap(), vec![0; 10_000]);
    crate::files::write_all_at(&*file, b"hello", 9_998).unwrap();
    file.sync().unwrap();
    files.sync_folder().unwrap();
    let again = files.open("one", Access::Read).unwrap();
    let mut bytes = [0; 8];
    assert_eq!(crate::files::read_full_at(&*again, &mut bytes, 9_997).unwrap(), 6);
    assert_eq!(&bytes, b"\0hello\0\0");
    assert!(again.write_at(b"x", 0).is_err());
    again.lock_with_others().unwrap();
    assert!(!file.try_lock_alone().unwrap());
    drop(again);
    assert!(file.try_lock_alone().unwrap());
    file.unlock().unwrap();
    files.rename("one", "two").unwrap();
    assert_eq!(files.list().unwrap(), ["two"]);
    file.set_length(3).unwrap();
    assert_eq!(file.length().unwrap(), 3);
    files.remove("two").unwrap();
    assert!(files.list().unwrap().is_empty());
}

#[test]
fn a_journal_on_a_real_disk_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let files: Arc<dyn Files> = Arc::new(RealFiles::in_folder(folder.path()).unwrap());
    let options = Options { segment_bytes: 64 * 1024, preparing: Preparing::Ahead };
    let open = |folded| {
        let (journal, replay) =
            Journal::open(Arc::clone(&files), names(), &standing(folded), options).unwrap();
        let texts: Vec<_> = replay.map(|batch| text_of(&batch.unwrap())).collect();
        (journal, texts)
    };
    let mut expected = Vec::new();
    for life in 0..5 {
        let (mut journal, found) = open(0);
        assert_eq!(found, expected);
        for letter in ['a', 'b', 'c'] {
            expected.push(format!("{life}{}", long(letter)));
            append(&mut journal, expected.last().unwrap()).unwrap();
        }
    }
    let (mut journal, found) = open(10);
    assert_eq!(found, expected[10..]);
    journal.release(15);
    drop(journal);
    // What was released is spare now: two files at most.
    assert!(files.list().unwrap().len() <= 2);
    assert_eq!(open(15).1, Vec::<String>::new());
}

/// A real file, frames of 16 KiB: appends a second, and microseconds for each.
#[test]
#[ignore = "a measurement, to be read by a person"]
fn how_fast_an_append_is() {
    let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
    let files: Arc<dyn Files> = Arc::new(RealFiles::in_folder(folder.path()).unwrap());
    let (mut journal, _) = Journal::open(files, names(), &standing(0), Options::default()).unwrap();
    let payload = vec![7; 16 * 1024 - 24];
    let mut took_us: Vec<u128> = Vec::new();
    let start = Instant::now();
    for number in 1..=10_000 {
        let before = Instant::now();
        journal.append(number, &payload).unwrap();
        took_us.push(before.elapsed().as_micros());
        journal.release(number.saturating_sub(1000));
    }
    let appends_a_second = 10_000 * 1_000_000 / start.elapsed().as_micros();
    took_us.sort_unstable();
    println!(
        "16 KiB frames: {appends_a_second} appends/s; one takes {} us (median), {} us (p99), {} us (longest)",
        took_us[5_000], took_us[9_900], took_us[9_999]
    );
}

/// How long a batch of many sagas takes to be encoded and decoded.
#[test]
#[ignore = "a measurement, to be read by a person"]
fn how_fast_a_batch_is_encoded() {
    let names = Names::of(KINDS);
    let encoder = Encoder::new(Arc::clone(&names));
    let mut table = Vec::new();
    names.write(&mut table);
    let table = Table::read(&table, &names).unwrap();
    let batches = busy(64);
    let mut bytes = Vec::new();
    let (mut encoding, mut decoding) = (0, 0);
    for _ in 0..500 {
        for batch in &batches {
            bytes.clear();
            let start = Instant::now();
            encoder.encode(batch, &mut bytes);
            encoding += start.elapsed().as_nanos();
            let start = Instant::now();
            decode(batch.number, &bytes, &table).unwrap();
            decoding += start.elapsed().as_nanos();
        }
    }
    let sagas = 500 * 64;
    println!("a saga is encoded in {} ns, decoded in {} ns", encoding / sagas, decoding / sagas);
}
