//! Tests of what a data folder says when a part of it is another's, older, or gone.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use kernel::operators::EventsPort as _;
use kernel::store::StorePort as _;
use kernel::{
    Context, Decision, Id, Key, PaymentId, Record, Rules, Store, StoreError, Suspend, View, Writes,
};
use tracing::field::{Field, Visit};
use tracing::span;

use super::*;
use crate::ReadOnlyStore;
use crate::backup;

kernel::record! {
    /// A note.
    pub struct Note in "note" of "test" version 1 {
        note_id: PaymentId,
    }
    key (note_id: PaymentId)
}

impl Rules for Note {}

const KINDS: &[&Kind] = &[Note::KIND];

/// Makes the note of that number.
struct MakeNote(u128);

impl Decision for MakeNote {
    type Outcome = ();

    fn name(&self) -> &'static str {
        "make_note"
    }

    fn decide(&self, _: &mut View<'_>, writes: &mut Writes) -> Result<(), Suspend> {
        writes.create(Note { note_id: PaymentId::from_uuid(self.0) });
        Ok(())
    }
}

fn options(folder: &Path) -> Options {
    let journal = journal::Options { segment_bytes: 1 << 20, ..journal::Options::default() };
    Options { journal, ..Options::new(folder, KINDS.to_vec(), Vec::new()) }
}

fn open(folder: &Path) -> Arc<EmbeddedStore> {
    EmbeddedStore::open(options(folder)).unwrap()
}

fn refused(folder: &Path) -> String {
    EmbeddedStore::open(options(folder)).err().unwrap().to_string()
}

async fn note(store: &Arc<EmbeddedStore>, number: u128) {
    let context = Context::own(&System);
    Store::new(Arc::<EmbeddedStore>::clone(store)).decide(MakeNote(number), context).await.unwrap();
}

async fn has(store: &EmbeddedStore, number: u128) -> bool {
    let key = Key { id: PaymentId::from_uuid(number).any(), sequence: None };
    store.get(Note::KIND, key).await.unwrap().is_some()
}

async fn close(store: Arc<EmbeddedStore>) {
    tokio::task::spawn_blocking(move || store.close()).await.unwrap();
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(test);
    runtime.shutdown_background();
}

/// What a machine that stops now has on its disk.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, to) = entry.map(|it| (it.path(), to.join(it.file_name()))).unwrap();
        if from.is_dir() {
            copy(&from, &to);
        } else if !from.ends_with("fintech.sqlite3-shm") {
            fs::copy(from, to).unwrap();
        }
    }
}

/// A folder as it is after notes 1 to `notes` were acknowledged and its program was killed.
async fn killed(folder: &Path, notes: u128) {
    let mut lives = folder.to_owned();
    lives.set_extension("lives");
    let store = open(&lives);
    for number in 1..=notes {
        note(&store, number).await;
    }
    copy(&lives, folder);
    close(store).await;
}

/// Each file and folder below, with its rights.
fn rights(folder: &Path) -> Vec<(PathBuf, u32)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        all.push((path.clone(), fs::metadata(&path).unwrap().permissions().mode() & 0o777));
        if path.is_dir() {
            all.extend(rights(&path));
        }
    }
    all
}

/// Whatever the umask of who runs this is, and whoever made the folder.
#[test]
fn what_is_in_the_folder_is_the_owners_alone() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let folder = temporary.path().join("shared");
        fs::create_dir(&folder).unwrap();
        let allow = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        allow(&folder, 0o755);
        let check = |names: &[&str]| {
            let rights = rights(&folder);
            for name in names {
                assert!(rights.iter().any(|(path, _)| path.ends_with(name)), "{name}: {rights:?}");
            }
            assert!(rights.iter().all(|(_, mode)| mode & 0o077 == 0), "{rights:?}");
        };
        let store = open(&folder);
        note(&store, 1).await;
        check(&[
            "fintech.sqlite3",
            "fintech.sqlite3-wal",
            "fintech.sqlite3-shm",
            "journal",
            "lock",
        ]);
        close(store).await;

        // What an older program left to others is taken from them.
        for (path, mode) in rights(&folder) {
            allow(&path, mode | 0o055);
        }
        let store = open(&folder);
        check(&["fintech.sqlite3", "journal"]);
        assert!(has(&store, 1).await);
        close(store).await;
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o755);
    });
}

#[test]
fn a_journal_of_another_folder_is_refused() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let [ours, theirs] = ["ours", "theirs"].map(|name| temporary.path().join(name));
        close(open(&ours)).await;
        killed(&theirs, 2).await;
        fs::remove_dir_all(ours.join("journal")).unwrap();
        fs::rename(theirs.join("journal"), ours.join("journal")).unwrap();
        let told = refused(&ours);
        assert!(told.contains("belongs to another database"), "{told}");
        let told = ReadOnlyStore::open(&ours, KINDS).err().unwrap().to_string();
        assert!(told.contains("belongs to another database"), "{told}");

        fs::rename(ours.join("journal"), theirs.join("journal")).unwrap();
        let store = open(&ours);
        assert!(!has(&store, 1).await);
        close(store).await;
        let store = open(&theirs);
        assert!(has(&store, 1).await && has(&store, 2).await);
        close(store).await;
    });
}

#[test]
fn a_backup_does_not_roll_forward_over_the_journal_that_was_left() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let (data, file) = (temporary.path().join("data"), temporary.path().join("backup"));
        let store = open(&data);
        note(&store, 1).await;
        backup::take(&data, KINDS, &file, &mut |_| ()).unwrap();
        note(&store, 2).await;
        close(store).await;
        fs::rename(&file, data.join("fintech.sqlite3")).unwrap();
        let told = refused(&data);
        assert!(told.contains("if the database is a restored backup"), "{told}");

        // As it says.
        fs::rename(data.join("journal"), temporary.path().join("away")).unwrap();
        let store = open(&data);
        assert!(has(&store, 1).await && !has(&store, 2).await);
        note(&store, 3).await;
        close(store).await;
        close(open(&data)).await;
    });
}

#[test]
fn a_journal_that_is_gone_after_a_kill_stops_the_start() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let [data, away] = ["data", "away"].map(|name| temporary.path().join(name));
        killed(&data, 3).await;
        let file = temporary.path().join("backup");
        fs::rename(data.join("journal"), &away).unwrap();
        let told = refused(&data);
        assert!(told.starts_with("the journal is gone"), "{told}");
        let told = backup::take(&data, KINDS, &file, &mut |_| ()).unwrap_err().to_string();
        assert!(told.starts_with("the journal is gone"), "{told}");
        assert!(!file.exists());

        // Cut to nothing it is gone too.
        for entry in fs::read_dir(&away).unwrap() {
            let name = entry.unwrap().file_name();
            fs::write(data.join("journal").join(name), "").unwrap();
        }
        let told = refused(&data);
        assert!(told.starts_with("the journal is gone"), "{told}");

        // Put back, it is as if nothing had been.
        fs::remove_dir_all(data.join("journal")).unwrap();
        fs::rename(&away, data.join("journal")).unwrap();
        let store = open(&data);
        assert!(has(&store, 1).await && has(&store, 3).await);
        close(store).await;
    });
}

#[test]
fn what_is_lost_can_be_accepted_as_the_sentence_says() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        killed(&data, 1).await;
        fs::remove_dir_all(data.join("journal")).unwrap();
        let told = refused(&data);
        let sql = told.split('"').nth(1).unwrap();
        let shell = rusqlite::Connection::open(data.join("fintech.sqlite3")).unwrap();
        shell.execute_batch(sql).unwrap();
        drop(shell);
        close(open(&data)).await;
    });
}

#[test]
fn a_journal_that_holds_nothing_may_go() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let check = async |name: &str, make: &dyn Fn(&Path)| {
            let data = temporary.path().join(name);
            make(&data);
            fs::remove_dir_all(data.join("journal")).unwrap();
            close(open(&data)).await;
        };
        // A program that was killed before it decided anything, also after it had folded what the
        // one before it had left.
        let [data, once, again] = ["data", "once", "again"].map(|name| temporary.path().join(name));
        let store = open(&data);
        check("new", &|to| copy(&data, to)).await;
        note(&store, 1).await;
        copy(&data, &once);
        close(store).await;
        check("closed", &|to| copy(&data, to)).await;
        let store = open(&once);
        copy(&once, &again);
        close(store).await;
        check("folded", &|to| copy(&again, to)).await;
        // Where SQLite alone makes steps durable, there is none.
        let sqlite = || Options { durability: Durability::Sqlite, ..options(&again) };
        let store = EmbeddedStore::open(sqlite()).unwrap();
        note(&store, 2).await;
        check("sqlite", &|to| copy(&again, to)).await;
        close(store).await;
    });
}

/// Keeps what openings on one thread say of the journal. It is the whole program's subscriber: what
/// one thread alone listens to, another thread that listens to nothing may turn off for all.
#[derive(Clone)]
struct Lines(std::thread::ThreadId, Arc<Mutex<Vec<String>>>);

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl tracing::Subscriber for Lines {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        *metadata.level() == tracing::Level::INFO && metadata.target() == "store_embedded::open"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        if std::thread::current().id() == self.0 {
            self.1.lock().push(line.0);
        }
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn an_opening_tells_how_many_batches_it_had_to_fold() {
    run(async {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        let lines = Lines(std::thread::current().id(), Arc::default());
        tracing::subscriber::set_global_default(lines.clone()).unwrap();
        tracing::callsite::rebuild_interest_cache();
        close(open(&data)).await;
        // The database as it was before two steps, and the journal as it was after them.
        let source = temporary.path().join("source");
        let store = open(&source);
        fs::remove_dir_all(&data).unwrap();
        copy(&source, &data);
        note(&store, 1).await;
        note(&store, 2).await;
        copy(&source.join("journal"), &data.join("journal"));
        assert_eq!(*lines.1.lock(), [""; 0], "what ended as it should leaves nothing to fold");
        close(store).await;
        close(open(&data)).await;
        let lines = lines.1.lock();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("batches=2 "), "{lines:?}");
    });
}

#[test]
fn a_list_that_would_wait_behind_too_many_is_refused_at_once() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let store =
            EmbeddedStore::open(Options { reads_max: 1, ..options(folder.path()) }).unwrap();
        let list = async || store.dead_letters(None, 1).await.map(|letters| letters.len());
        assert_eq!(list().await, Ok(0));
        let place = store.reads.try_acquire().unwrap();
        assert_eq!(list().await, Err(StoreError::Busy));
        drop(place);
        assert_eq!(list().await, Ok(0));
        close(store).await;
    });
}
