//! Reading beside the writer: what was acknowledged is in the database's snapshot or in the tail,
//! and nothing is read that is not there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use parking_lot::Mutex;

use super::meddled::{Meddled, Moment};
use super::{SMALL, append, found, long, names, open, segments, standing, text_of, texts};
use crate::files::faulty::FaultyFiles;
use crate::files::{Files, RealFiles};
use crate::journal::{AppendError, Journal, Options, Preparing, Tail};

#[test]
fn a_tail_keeps_what_it_opened() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for letter in ['a', 'b', 'c'] {
        append(&mut journal, &long(letter)).unwrap();
    }
    let tail = Tail::open(&files, names(), &standing(0)).unwrap();
    let other = Tail::open(&files, names(), &standing(0)).unwrap();
    // Released, and as much again: the files would have been used again.
    journal.release(2);
    for letter in ['d', 'e', 'f', 'g'] {
        append(&mut journal, &long(letter)).unwrap();
    }
    assert_eq!(
        texts(tail.after(&standing(0)).unwrap()).unwrap(),
        ['a', 'b', 'c', 'd'].map(long).join(" ")
    );
    assert_eq!(texts(other.after(&standing(2)).unwrap()).unwrap(), ['c', 'd'].map(long).join(" "));
    assert!(!segments(&files).contains(&"journal-00000001".to_owned()));
    let late = Tail::open(&files, names(), &standing(0)).unwrap();
    assert_eq!(
        late.after(&standing(1)).unwrap_err().to_string(),
        "batches 2 to 2 are lost: they are neither in the database nor in the journal, which goes \
         on with 3 in journal-00000002"
    );
    drop(journal);
    assert_eq!(found(&files, 2), ['c', 'd', 'e', 'f', 'g'].map(long).join(" "));
}

/// What the third guarantee says of tails.
#[test]
fn a_tail_may_have_a_batch_whose_sync_fails_later() {
    let files = FaultyFiles::new(1);
    let (disk, seen) = (files.clone(), Arc::new(Mutex::new(String::new())));
    let reader = Arc::clone(&seen);
    // The number of the first batch is there: it is written, and about to be synced.
    let first = Moment::Sync(4096 + 16, &[1, 0, 0, 0, 0, 0, 0, 0]);
    let meddled = Meddled::new(&files, first, move || {
        let tail = Tail::open(&disk, names(), &standing(0)).unwrap();
        *reader.lock() = texts(tail.after(&standing(0)).unwrap()).unwrap();
        disk.fail_syncs(1);
    });
    let (mut journal, _) = Journal::open(Arc::new(meddled), names(), &standing(0), SMALL).unwrap();
    let refused = append(&mut journal, "one").unwrap_err();
    assert!(matches!(refused, AppendError::NotWritten(_)), "{refused}");
    assert_eq!(*seen.lock(), "one");
    assert_eq!(found(&files, 0), "");
}

#[test]
fn a_tail_of_nothing_is_empty() {
    let files = FaultyFiles::new(1);
    assert_eq!(
        texts(Tail::open(&files, names(), &standing(0)).unwrap().after(&standing(9)).unwrap())
            .unwrap(),
        ""
    );
    let folder = tempfile::tempdir().unwrap();
    let nowhere = RealFiles::of_folder(&folder.path().join("nowhere"));
    assert_eq!(
        texts(Tail::open(&nowhere, names(), &standing(0)).unwrap().after(&standing(0)).unwrap())
            .unwrap(),
        ""
    );
}

#[test]
fn a_tail_names_damage() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for text in ["one", "two", "three"] {
        append(&mut journal, text).unwrap();
    }
    files.tamper("journal-00000001", |bytes| bytes[4096 + 30] ^= 1).unwrap();
    let refused = Tail::open(&files, names(), &standing(0))
        .unwrap()
        .after(&standing(0))
        .unwrap_err()
        .to_string();
    let begins = "the journal is damaged: journal-00000001, byte 4096: batch 1 is damaged";
    assert!(refused.starts_with(begins), "{refused}");
    files.tamper("journal-00000001", |bytes| bytes[70] ^= 1).unwrap();
    let refused = Tail::open(&files, names(), &standing(0))
        .unwrap()
        .after(&standing(1))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("its head is damaged, but batch 2 is whole in it"), "{refused}");
}

#[test]
fn a_tail_misses_no_segment_that_is_begun_while_it_opens() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for letter in ['a', 'b', 'c'] {
        append(&mut journal, &long(letter)).unwrap();
    }
    journal.release(2);
    // The first file is spare when it is opened. Then it becomes a segment, and so does the second
    // one, two segments later.
    let meddled = Meddled::new(&files, Moment::Open("journal-00000002"), move || {
        for letter in ['d', 'e', 'f', 'g'] {
            append(&mut journal, &long(letter)).unwrap();
        }
        journal.release(4);
        for letter in ['h', 'i'] {
            append(&mut journal, &long(letter)).unwrap();
        }
    });
    let tail = Tail::open(&meddled, names(), &standing(0)).unwrap();
    assert!(meddled.has_happened());
    let expected = ['e', 'f', 'g', 'h', 'i'].map(long).join(" ");
    assert_eq!(texts(tail.after(&standing(4)).unwrap()).unwrap(), expected);
}

#[test]
fn a_tail_takes_no_frame_under_way_for_damage() {
    for read in (4096..4400).step_by(4) {
        let files = FaultyFiles::new(1);
        let (mut journal, _) = open(&files, 0).unwrap();
        append(&mut journal, "one").unwrap();
        let meddled = Meddled::new(&files, Moment::Read(read), move || {
            for text in ["two", "three", "four"] {
                append(&mut journal, text).unwrap();
            }
        });
        let tail = Tail::open(&meddled, names(), &standing(0)).unwrap();
        let found = texts(tail.after(&standing(0)).unwrap()).unwrap();
        assert!(meddled.has_happened());
        assert!("one two three four".starts_with(&found) && found.len() > 2, "{read}: {found}");
    }
}

/// What the writer and its readers know of each other.
#[derive(Default)]
struct Shared {
    acknowledged: AtomicU64,
    folded: AtomicU64,
    is_done: AtomicBool,
}

fn write(files: Arc<dyn Files>, batches: u64, shared: &Shared) {
    let options = Options { preparing: Preparing::Ahead, ..SMALL };
    let (mut journal, _) = Journal::open(files, names(), &standing(0), options).unwrap();
    for number in 1..=batches {
        let length = usize::try_from(number * 7919 % 2500).unwrap();
        append(&mut journal, &format!("{number} {}", "x".repeat(length))).unwrap();
        shared.acknowledged.store(number, Ordering::SeqCst);
        if number % 5 == 0 {
            shared.folded.store(number - 3, Ordering::SeqCst);
            journal.release(number - 3);
        }
    }
    shared.is_done.store(true, Ordering::SeqCst);
}

/// Reads until the writer is done; how often it was read, and how many batches.
fn read(files: &dyn Files, shared: &Shared) -> (u64, u64) {
    let (mut reads, mut batches) = (0, 0);
    while !shared.is_done.load(Ordering::SeqCst) {
        let acknowledged = shared.acknowledged.load(Ordering::SeqCst);
        let tail = Tail::open(files, names(), &standing(0)).unwrap();
        let folded = shared.folded.load(Ordering::SeqCst);
        let mut last = folded;
        for batch in tail.after(&standing(folded)).unwrap() {
            let batch = batch.unwrap();
            assert_eq!(batch.number, last + 1);
            assert!(text_of(&batch).starts_with(&format!("{} ", batch.number)));
            last = batch.number;
            batches += 1;
        }
        assert!(last >= acknowledged, "{acknowledged} was acknowledged, {last} is the last");
        reads += 1;
    }
    (reads, batches)
}

fn read_beside_writer(files: &Arc<dyn Files>, batches: u64) {
    let shared = Shared::default();
    thread::scope(|scope| {
        let readers = [0; 2].map(|_| scope.spawn(|| read(&**files, &shared)));
        write(Arc::clone(files), batches, &shared);
        for reader in readers {
            println!("reads, batches: {:?}", reader.join().unwrap());
        }
    });
}

#[test]
fn readers_beside_the_writer_see_what_was_acknowledged() {
    let files: Arc<dyn Files> = Arc::new(FaultyFiles::new(1));
    read_beside_writer(&files, 2000);
}

#[test]
fn readers_beside_the_writer_see_what_was_acknowledged_on_a_real_disk() {
    let folder = tempfile::tempdir().unwrap();
    let files = RealFiles::in_folder(&folder.path().join("journal")).unwrap();
    let files: Arc<dyn Files> = Arc::new(files);
    read_beside_writer(&files, 500);
}
