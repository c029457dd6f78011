//! Backups: taken while a writer runs, completed with what a journal has, restored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kernel::id::named_uuid;
use kernel::text::Words;
use kernel::{Id, Kind, PaymentId, Record, Rules};

use super::*;
use crate::folder::Folder;
use crate::rows::RecordRow;
use crate::sqlite::Reader;

kernel::record! {
    /// A page of a book.
    pub struct Page in "page" of "test" version 1 {
        page_id: PaymentId,
        batch: u64,
        text: Words<256>,
    }
    key (page_id: PaymentId)
}

impl Rules for Page {}

const KINDS: &[&Kind] = &[Page::KIND];
const PAGES: u64 = 50;

/// Batch number `number`: as many pages as every batch has.
fn batch(number: u64) -> Batch {
    let page = |place: u64| {
        let page_id = PaymentId::from_uuid(named_uuid(&[&number.to_string(), &place.to_string()]));
        let text = Words::new(&"x".repeat(200)).unwrap();
        let record = Arc::new(Page { page_id, batch: number, text });
        RecordRow { record, version: 1, said: Arc::from([]), said_position: None }
    };
    Batch { number, records: (0..PAGES).map(page).collect(), ..Batch::default() }
}

fn schema() -> Arc<Schema> {
    Arc::new(Schema::new(KINDS))
}

fn writer(folder: &Folder) -> Writer {
    Writer::open(&folder.database(), schema(), Options::default()).unwrap()
}

fn reader(folder: &Folder) -> Reader {
    Reader::open(&folder.database(), schema(), &Options::default()).unwrap()
}

/// Every page of every batch up to `batches` is there, and no other.
fn assert_whole(reader: &Reader, batches: u64) {
    assert_eq!(reader.folded().unwrap(), batches);
    let scan = reader.scan(Page::KIND, None, usize::MAX).unwrap();
    let pages = scan.rows.into_iter().map(|row| row.unwrap().downcast::<Page>().unwrap());
    let mut of_batch: Vec<u64> = pages.map(|page| page.batch).collect();
    of_batch.sort_unstable();
    let expected: Vec<u64> =
        (1..=batches).flat_map(|number| (0..PAGES).map(move |_| number)).collect();
    assert_eq!(of_batch, expected);
}

#[test]
fn a_backup_alone_in_a_folder_is_a_data_folder_again() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data")).unwrap();
    let mut writer = writer(&folder);
    writer.apply(&batch(1)).unwrap();

    let file = temporary.path().join("backup.sqlite3");
    let source = reader(&folder);
    let snapshot = source.snapshot().unwrap();
    // What the writer does after the snapshot comes from the journal, as far as it is new.
    writer.apply(&batch(2)).unwrap();
    let mut seen = Vec::new();
    let mut backup = Backup::copy(&snapshot, &file, &mut |progress| seen.push(progress)).unwrap();
    assert_eq!(backup.folded(), 1);
    for number in 1..=3 {
        backup.apply(&batch(number)).unwrap();
    }
    assert!(!file.exists(), "it has its name before it is whole");
    backup.finish().unwrap();
    let last = seen.last().unwrap();
    assert!(last.total > 0 && last.copied == last.total, "{last:?}");

    // Bytes 18 and 19 of its header: no write-ahead log is needed beside it to read it.
    assert_eq!(fs::read(&file).unwrap()[18..20], [1, 1]);
    let files = |path: &Path| fs::read_dir(path).unwrap().count();
    assert_eq!(files(temporary.path()), 2, "beside the data folder there is one file");
    let restored = Folder::create(&temporary.path().join("restored")).unwrap();
    fs::rename(&file, restored.database()).unwrap();
    let lock = restored.lock().unwrap();
    let mut restored_writer = self::writer(&restored);
    assert_whole(&reader(&restored), 3);
    restored_writer.apply(&batch(4)).unwrap();
    assert_whole(&reader(&restored), 4);
    drop(lock);

    drop(snapshot);
    assert_whole(&source, 2);
}

#[test]
fn a_backup_taken_under_load_is_whole() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data")).unwrap();
    let mut writer = writer(&folder);
    (1..=20).for_each(|number| writer.apply(&batch(number)).unwrap());
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| {
            let mut number = writer.folded();
            while !stop.load(Ordering::Relaxed) {
                number = number.saturating_add(1);
                writer.apply(&batch(number)).unwrap();
                writer.checkpoint().unwrap();
            }
            number
        });
        let source = reader(&folder);
        for round in 0..3 {
            let file = temporary.path().join(format!("{round}.sqlite3"));
            let snapshot = source.snapshot().unwrap();
            let folded = snapshot.folded().unwrap();
            Backup::copy(&snapshot, &file, &mut |_| ()).unwrap().finish().unwrap();
            let copy = Reader::open(&file, schema(), &Options::default()).unwrap();
            assert_whole(&copy, folded);
        }
        stop.store(true, Ordering::Relaxed);
        let written = writing.join().unwrap();
        assert_whole(&source, written);
    });
}

#[test]
fn a_backup_takes_the_place_of_nothing() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = Folder::create(&temporary.path().join("data")).unwrap();
    let writer = writer(&folder);
    let source = reader(&folder);
    let snapshot = source.snapshot().unwrap();
    let check = |file: &Path, expected: &str| {
        let refused = Backup::copy(&snapshot, file, &mut |_| ()).err().unwrap().to_string();
        assert!(refused.contains(expected), "{refused}");
    };
    check(&folder.database(), "is there already");
    check(&temporary.path().join("missing/backup"), "missing/backup: there is no such folder");

    let file = temporary.path().join("backup");
    let first = Backup::copy(&snapshot, &file, &mut |_| ()).unwrap();
    check(&file, "another backup is being made");
    fs::write(&file, "somebody else's").unwrap();
    let refused = first.finish().unwrap_err().to_string();
    assert!(refused.contains("is there already"), "{refused}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "somebody else's");

    // One that is given up leaves nothing behind.
    let given_up = temporary.path().join("given-up");
    drop(Backup::copy(&snapshot, &given_up, &mut |_| ()).unwrap());
    let names = fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["backup", "data"]);
    drop(writer);
}
