//! Opening a data folder: take the lock, bring SQLite up to its schema, fold what the journal has
//! beyond it, find what was not heard yet, start the threads.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use kernel::time::System;
use kernel::{Clock, Envelope, Ids, Kind, Time};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, watch};

use crate::bus::{Bus, Parked, ParkedDelivery, Probe, Retries, Subscriber};
use crate::files::{Files, RealFiles};
use crate::folder::{Folder, FolderError};
use crate::journal::codec::{Encoder, Names};
use crate::journal::{self, Journal, JournalError, Preparing};
use crate::ledger::{
    Causes, Fold, Kinds, LastWord, LedgerClock, Log, Overlay, Queue, Shared, Waiters, Writer, merge,
};
use crate::rows::{Batch, CursorRow};
use crate::sqlite::{self, Reader, Readers, Schema, SqliteError};
use crate::store::EmbeddedStore;

/// What makes a step durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// A frame of the journal, with SQLite folded behind: the default.
    #[default]
    Journal,
    /// A transaction of SQLite: slower, and the reference.
    Sqlite,
}

/// How a store is opened.
pub struct Options {
    /// The data folder; made if it is not there.
    pub folder: PathBuf,
    /// Every kind of record that it keeps.
    pub kinds: Vec<&'static Kind>,
    /// Who hears events.
    pub subscribers: Vec<Subscriber>,
    /// What makes a step durable.
    pub durability: Durability,
    /// How failed deliveries are tried again.
    pub retries: Retries,
    /// About so many records are kept in memory beside those that are not folded yet.
    pub cached_records_max: usize,
    /// So many commands may wait.
    pub waiting_max: usize,
    /// So many lists may be read or wait for it.
    pub reads_max: usize,
    /// About so many rows may wait for SQLite behind the journal: records, events, deliveries. Then
    /// decisions are refused until it has taken some.
    pub unfolded_rows_max: usize,
    /// How long SQLite's write-ahead log may become, in bytes, before it is brought into the database.
    pub wal_bytes_max: u32,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
    /// For tests: makes deliveries fail.
    pub probe: Option<Arc<dyn Probe>>,
    /// How the journal is kept.
    pub journal: journal::Options,
    /// For tests: the files of the journal.
    pub files: Option<Arc<dyn Files>>,
    /// For tests: the VFS under SQLite.
    pub vfs: Option<sqlite::Vfs>,
}

impl Options {
    /// The defaults over a folder.
    pub fn new(
        folder: impl Into<PathBuf>,
        kinds: Vec<&'static Kind>,
        subscribers: Vec<Subscriber>,
    ) -> Self {
        Self {
            folder: folder.into(),
            kinds,
            subscribers,
            durability: Durability::default(),
            retries: Retries::default(),
            cached_records_max: 65_536,
            waiting_max: 8_192,
            reads_max: 1_024,
            unfolded_rows_max: 65_536,
            wal_bytes_max: 48 << 20,
            clock: Arc::new(System),
            ids: Arc::new(System),
            probe: None,
            journal: journal::Options::default(),
            files: None,
            vfs: None,
        }
    }
}

/// The data folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it, or it cannot be made.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The journal is damaged.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The database is damaged, newer than this program, or cannot be read.
    #[error(transparent)]
    Sqlite(#[from] SqliteError),
    /// The machine gives no thread.
    #[error("no thread can be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// Connections that read lists, and as many that read by key, so that a long list keeps nobody from
/// reading one record.
const READERS: usize = 2;

/// Causes that are kept in memory beside those that are not folded yet.
const CAUSES_MAX: usize = 65_536;

impl EmbeddedStore {
    /// Opens a data folder for writing. To be called within a tokio runtime, where listeners run.
    ///
    /// # Errors
    /// When another process has the folder, or what is in it is damaged, newer or unreadable.
    pub fn open(options: Options) -> Result<Arc<Self>, OpenError> {
        let folder = Folder::create(&options.folder)?;
        let lock = folder.lock()?;
        if options.vfs.is_none() {
            folder.keep_to_owner()?;
        }
        let database = folder.database();
        let schema = Arc::new(Schema::new(&options.kinds));
        let mut sqlite_options = sqlite_options(&options);
        let mut sqlite =
            sqlite::Writer::open(&database, Arc::clone(&schema), sqlite_options.clone())?;
        sqlite_options.kept = sqlite.kept();
        let names = Names::of(&options.kinds);
        let journal = open_journal(&options, &folder, &names, &mut sqlite)?;
        let folded = sqlite.folded();
        let bus = register(&mut sqlite, &options)?;
        let reader = Reader::open(&database, Arc::clone(&schema), &sqlite_options)?;
        let recovered = recover(&reader, &bus)?;
        let shared = Arc::new(Shared {
            overlay: Overlay::new(options.cached_records_max, folded),
            kinds: Kinds(options.kinds),
            queue: Queue::new(options.waiting_max),
            waiters: Waiters::default(),
            bus,
            clock: LedgerClock::new(options.clock, recovered.last_now),
            ids: options.ids,
            is_well: AtomicBool::new(true),
            journal_bytes: AtomicU64::new(0),
            acknowledged: AtomicU64::new(folded),
            folded: watch::Sender::new(folded),
            ended: watch::Sender::new(false),
        });
        let readers = Readers::open(&database, &schema, &sqlite_options, READERS)?;
        let points = Readers::open(&database, &schema, &sqlite_options, READERS)?;
        let (log, fold) = match options.durability {
            Durability::Sqlite => (Log::Sqlite(Box::new(sqlite)), None),
            Durability::Journal => {
                let wal_bytes_max = u64::from(options.wal_bytes_max);
                let fold = Arc::new(Fold::new(options.unfolded_rows_max, wal_bytes_max, &sqlite));
                let encoder = Encoder::new(names);
                (Log::journal(journal, encoder, &fold, &shared, sqlite)?, Some(fold))
            }
        };
        let writer = Writer {
            shared: Arc::clone(&shared),
            log,
            reader,
            causes: Causes::new(CAUSES_MAX),
            parked: recovered.parked,
            unheard: recovered.unheard,
            heard: recovered.heard,
            next_step: folded.saturating_add(1),
            next_position: recovered.next_position,
            failed_at: None,
            runtime: tokio::runtime::Handle::current(),
        };
        let name = "ledger".to_owned();
        let last_word = LastWord(Arc::clone(&shared));
        let writing = std::thread::Builder::new().name(name).spawn(move || {
            let _last_word = last_word;
            writer.run();
        })?;
        let (writing, lock) = (Mutex::new(Some(writing)), Mutex::new(Some(lock)));
        let (readers, reads) = (Arc::new(readers), Semaphore::new(options.reads_max));
        Ok(Arc::new(Self { shared, points, readers, reads, fold, writing, lock }))
    }
}

fn sqlite_options(options: &Options) -> sqlite::Options {
    let durability = match options.durability {
        Durability::Journal => sqlite::Durability::Later,
        Durability::Sqlite => sqlite::Durability::Now,
    };
    sqlite::Options {
        vfs: options.vfs.clone(),
        durability,
        wal_bytes_max: options.wal_bytes_max.saturating_mul(2),
        ..sqlite::Options::default()
    }
}

/// Opens the journal, folds what it has beyond SQLite in pieces, and makes that durable.
fn open_journal(
    options: &Options,
    folder: &Folder,
    names: &Arc<Names>,
    sqlite: &mut sqlite::Writer,
) -> Result<Journal, OpenError> {
    const PIECE: usize = 1_024;
    let files: Arc<dyn Files> = match &options.files {
        Some(files) => Arc::clone(files),
        None => Arc::new(RealFiles::in_folder(&folder.journal())?),
    };
    let kinds = Kinds(options.kinds.clone());
    let standing = sqlite.standing();
    let journal_options = match options.durability {
        Durability::Journal => options.journal,
        // What a journal left behind is folded; no segment is made ready for more.
        Durability::Sqlite => {
            journal::Options { preparing: Preparing::WhenNeeded, ..options.journal }
        }
    };
    let (mut journal, replay) =
        Journal::open(files, Arc::clone(names), &standing, journal_options)?;
    let mut piece: Vec<Batch> = Vec::new();
    let mut batches = 0_u64;
    for batch in replay {
        batches = batches.saturating_add(1);
        piece.push(batch?);
        if piece.len() >= PIECE {
            merge(&kinds, std::mem::take(&mut piece))
                .map_or(Ok(()), |batch| sqlite.apply(&batch))?;
        }
    }
    merge(&kinds, piece).map_or(Ok(()), |batch| sqlite.apply(&batch))?;
    if batches > 0 || standing.journal_in_use {
        // Before its segments go: without any, a database that says it has some does not open.
        sqlite.end_journal_use()?;
        journal.release(sqlite.folded());
    }
    if batches > 0 {
        // The program before this one did not stop as it should.
        tracing::info!(batches, last = sqlite.folded(), "the journal is folded into the database");
    }
    Ok(journal)
}

/// Gives every subscriber the number that the database keeps for its name.
fn register(sqlite: &mut sqlite::Writer, options: &Options) -> Result<Bus, SqliteError> {
    let names: Vec<&str> = options.subscribers.iter().map(|subscriber| &*subscriber.name).collect();
    let numbers = sqlite.subscriptions(&names)?;
    let subscribers = numbers.into_iter().zip(options.subscribers.iter().cloned()).collect();
    Ok(Bus { subscribers, retries: options.retries, probe: options.probe.clone() })
}

struct Recovered {
    heard: Vec<CursorRow>,
    unheard: VecDeque<(u64, Envelope)>,
    parked: Parked,
    next_position: u64,
    last_now: Time,
}

/// Finds what was said and not heard, what waits to be heard again, and where the log ends.
fn recover(reader: &Reader, bus: &Bus) -> Result<Recovered, SqliteError> {
    let mut parked = Parked::default();
    for row in reader.open_deliveries(None, usize::MAX)? {
        parked.add(ParkedDelivery {
            position: row.position,
            subscription: row.subscription,
            attempts: row.attempts,
            // A listener that had not answered is asked again at once.
            next_at: row.next_at.unwrap_or(Time::MIN),
        });
    }
    let cursors = reader.cursors()?;
    let ours = cursors.iter().filter(|cursor| bus.subscriber(cursor.subscription).is_some());
    let last_position = reader.max_position()?;
    let heard = ours.map(|cursor| cursor.position).min().unwrap_or(last_position);
    let mut unheard = VecDeque::new();
    for row in reader.events_after(heard, usize::MAX)? {
        unheard.push_back((row.position, reader.envelope(&row)?));
    }
    let last_event = reader.event_at(last_position)?;
    let last_now = last_event.map_or(Time::MIN, |event| event.said.at);
    Ok(Recovered {
        heard: cursors,
        unheard,
        parked,
        next_position: last_position.saturating_add(1),
        last_now,
    })
}

#[cfg(test)]
mod tests;
