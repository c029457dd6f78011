//! Which database a journal belongs to, and that one that is gone is missed.

use std::sync::Arc;

use super::{SMALL, append, found, long, names, open, segments, standing, texts};
use crate::files::Files;
use crate::files::faulty::FaultyFiles;
use crate::journal::{Journal, JournalError, Tail};
use crate::rows::{Lineage, Standing};

fn in_use(folded: u64) -> Standing {
    Standing { journal_in_use: true, ..standing(folded) }
}

/// What the writer and a reader say of it.
fn told(files: &FaultyFiles, standing: &Standing) -> [Option<JournalError>; 2] {
    let shared: Arc<dyn Files> = Arc::new(files.clone());
    let reading = Tail::open(files, names(), standing).and_then(|tail| tail.after(standing));
    [Journal::open(shared, names(), standing, SMALL).err(), reading.err()]
}

#[test]
fn a_journal_of_another_database_is_refused_and_left_alone() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    append(&mut journal, "one").unwrap();
    drop(journal);
    for folded in [0, 1] {
        let other = Standing { lineage: Lineage([8; 16]), ..standing(folded) };
        for refused in told(&files, &other) {
            let refused = refused.unwrap().to_string();
            assert!(refused.contains("journal-00000001 belongs to another database"), "{refused}");
            assert!(refused.contains("move the folder `journal` away"), "{refused}");
        }
    }
    assert_eq!(found(&files, 0), "one");
}

#[test]
fn a_journal_that_is_gone_is_missed() {
    let check = |files: &FaultyFiles| {
        for refused in told(files, &in_use(3)) {
            let refused = refused.unwrap();
            assert!(matches!(refused, JournalError::Gone { folded: 3 }), "{refused}");
        }
        assert!(told(files, &standing(3)).iter().all(Option::is_none));
    };
    check(&FaultyFiles::new(1));

    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    for text in ["one", "two", "three"] {
        append(&mut journal, text).unwrap();
    }
    drop(journal);
    assert!(told(&files, &in_use(1)).iter().all(Option::is_none));
    // A file that is ready for use is no segment, nor is one that was cut to nothing.
    let (mut journal, _) = open(&files, 3).unwrap();
    journal.release(3);
    drop(journal);
    assert_eq!(segments(&files), ["journal-00000001"]);
    check(&files);
    files.tamper("journal-00000001", Vec::clear).unwrap();
    check(&files);
}

#[test]
fn once_a_segment_was_begun_one_is_always_there() {
    let files = FaultyFiles::new(1);
    let (mut journal, _) = open(&files, 0).unwrap();
    journal.begin().unwrap();
    assert!(told(&files, &in_use(0)).iter().all(Option::is_none));
    append(&mut journal, &long('a')).unwrap();
    append(&mut journal, &long('b')).unwrap();
    journal.release(2);
    // The next segment cannot be begun, and the database needs nothing of the one before.
    files.set_room(Some(SMALL.segment_bytes + 100));
    append(&mut journal, &long('c')).unwrap_err();
    journal.release(2);
    assert!(told(&files, &in_use(2)).iter().all(Option::is_none));
    files.set_room(None);
    append(&mut journal, &long('c')).unwrap();
    journal.release(2);
    drop(journal);
    let reader = Tail::open(&files, names(), &in_use(2)).unwrap();
    assert_eq!(texts(reader.after(&in_use(2)).unwrap()).unwrap(), long('c'));
}
