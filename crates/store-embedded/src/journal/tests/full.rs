//! A full disk, and what an append costs.

use super::{SMALL, append, found, long, open, open_with, segments};
use crate::files::faulty::FaultyFiles;
use crate::journal::{AppendError, JournalError, Options};

#[test]
fn an_append_is_one_write_and_one_sync() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    append(&mut journal, "one").unwrap();
    let (writes, syncs) = (files.writes(), files.syncs());
    for _ in 0..10 {
        append(&mut journal, "more").unwrap();
    }
    assert_eq!((files.writes(), files.syncs()), (writes + 10, syncs + 10));
}

#[test]
fn a_full_disk_is_met_between_segments_and_got_over() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    append(&mut journal, &long('a')).unwrap();
    files.set_room(Some(SMALL.segment_bytes + 100));
    // What was made ready has its room.
    append(&mut journal, &long('b')).unwrap();
    for _ in 0..3 {
        let full = append(&mut journal, &long('c')).unwrap_err();
        let AppendError::NotWritten(JournalError::Disk { source, .. }) = &full else {
            panic!("{full}");
        };
        assert_eq!(source.kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(segments(&files), ["journal-00000001"]);
    }
    assert_eq!(found(&files, 0), [long('a'), long('b')].join(" "));
    files.set_room(None);
    append(&mut journal, &long('c')).unwrap();
    drop(journal);
    assert_eq!(found(&files.restart(), 0), [long('a'), long('b'), long('c')].join(" "));
}

#[test]
fn room_that_the_database_has_made_is_used_again() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    files.set_room(Some(3 * SMALL.segment_bytes));
    for _ in 0..50 {
        let last = append(&mut journal, &long('a')).unwrap();
        journal.release(last - 1);
    }
}

#[test]
fn a_batch_longer_than_a_segment_is_refused() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    let long = append(&mut journal, &"x".repeat(9000)).unwrap_err();
    assert_eq!(long.to_string(), "a batch of 9056 bytes is too long for the journal: at most 8192");
    append(&mut journal, "short").unwrap();
    drop(journal);
    assert_eq!(found(&files, 0), "short");
}

#[test]
fn what_waits_is_counted() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    assert_eq!((journal.oldest_waiting(), journal.bytes_waiting()), (None, 0));
    for _ in 0..4 {
        append(&mut journal, "x").unwrap();
    }
    let of_one = journal.bytes_waiting() / 4;
    assert!(of_one > 24);
    assert_eq!(journal.oldest_waiting(), Some(1));
    journal.release(3);
    assert_eq!((journal.oldest_waiting(), journal.bytes_waiting()), (Some(4), of_one));
    drop(journal);
    // Nobody has said to this journal what the database has for good.
    let (mut journal, batches) = open(&files, 3).unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!((journal.oldest_waiting(), journal.bytes_waiting()), (Some(1), 4 * of_one));
    journal.release(4);
    assert_eq!((journal.oldest_waiting(), journal.bytes_waiting()), (None, 0));
}

#[test]
fn segments_may_become_longer_or_shorter() {
    let files = FaultyFiles::new(1);
    let mut expected = Vec::new();
    for kilobytes in [12, 40, 8] {
        let options = Options { segment_bytes: kilobytes * 1024, ..SMALL };
        let (mut journal, _) = open_with(&files, 0, options).unwrap();
        for letter in ['a', 'b', 'c'] {
            append(&mut journal, &long(letter)).unwrap();
            expected.push(long(letter));
        }
    }
    assert_eq!(found(&files, 0), expected.join(" "));
    let (mut journal, _) = open(&files, 9).unwrap();
    journal.release(9);
    append(&mut journal, "ten").unwrap();
    assert_eq!(found(&files, 9), "ten");
}
