//! Opening a data folder: take the lock, bring SQLite up to its schema, fold what the journal has
//! beyond it, find what was not heard yet, start the threads.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use kernel::time::System;
use kernel::{Clock, Envelope, Ids, Kind, Time};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::bus::{Bus, Parked, ParkedDelivery, Probe, Retries, Subscriber};
use crate::files::{Files, RealFiles};
use crate::folder::{Folder, FolderError};
use crate::journal::{Journal, JournalError};
use crate::ledger::{Causes, Fold, Kinds, Log, Overlay, Queue, Shared, Waiters, Writer, merge};
use crate::rows::Batch;
use crate::sqlite::{self, Pool, Reader, SqliteError};
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
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub ids: Arc<dyn Ids>,
    /// For tests: makes deliveries fail.
    pub probe: Option<Arc<dyn Probe>>,
    /// For tests: the files of the journal.
    pub files: Option<Arc<dyn Files>>,
    /// For tests: the VFS under SQLite.
    pub vfs: Option<String>,
}

impl Options {
    /// The defaults over a folder.
    pub fn new(folder: impl Into<PathBuf>, kinds: Vec<&'static Kind>, subscribers: Vec<Subscriber>) -> Self {
        Self {
            folder: folder.into(),
            kinds,
            subscribers,
            durability: Durability::default(),
            retries: Retries::default(),
            cached_records_max: 65_536,
            waiting_max: 8_192,
            clock: Arc::new(System),
            ids: Arc::new(System),
            probe: None,
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

/// Rows that may wait for the fold.
const UNFOLDED_ROWS_MAX: usize = 100_000;

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
        let subscribers: Vec<_> = options.subscribers.iter().map(|subscriber| Arc::clone(&subscriber.name)).collect();
        let sqlite_options = sqlite::Options {
            vfs: options.vfs.clone(),
            every_commit_durable: options.durability == Durability::Sqlite,
            ..sqlite::Options::new(folder.database())
        };
        let mut sqlite = sqlite::Writer::open(&sqlite_options, &options.kinds, &subscribers)?;
        let mut journal = open_journal(&options, &folder, &mut sqlite)?;
        let folded = sqlite.folded();
        if options.durability == Durability::Sqlite {
            journal.release(folded);
        }
        let reader = Reader::open(&sqlite_options, &options.kinds, &subscribers)?;
        let recovered = recover(&reader)?;
        let kinds = Kinds(options.kinds.clone());
        let shared = Arc::new(Shared {
            overlay: Overlay::new(options.cached_records_max, folded),
            kinds,
            queue: Queue::new(options.waiting_max),
            waiters: Waiters::default(),
            bus: Bus { subscribers: options.subscribers, retries: options.retries, probe: options.probe },
            clock: options.clock,
            ids: options.ids,
            acknowledged: AtomicU64::new(folded),
            folded: watch::Sender::new(folded),
        });
        let (log, fold) = match options.durability {
            Durability::Sqlite => (Log::Sqlite(sqlite), None),
            Durability::Journal => {
                let fold = Arc::new(Fold::new(UNFOLDED_ROWS_MAX, folded));
                let folding = Some(Log::start_fold(&fold, &shared, sqlite)?);
                let log = Log::Journal { journal, fold: Arc::clone(&fold), folding, frame: Vec::new() };
                (log, Some(fold))
            }
        };
        let pool = Arc::new(Pool::open(&sqlite_options, &options.kinds, &subscribers)?);
        let writer = Writer {
            shared: Arc::clone(&shared),
            log,
            reader,
            causes: Causes::new(CAUSES_MAX),
            parked: recovered.parked,
            unheard: recovered.unheard,
            next_step: folded.saturating_add(1),
            next_position: recovered.next_position,
            last_now: recovered.last_now,
            runtime: tokio::runtime::Handle::current(),
        };
        let writing = std::thread::Builder::new().name("ledger".into()).spawn(move || writer.run())?;
        let (writing, lock) = (Mutex::new(Some(writing)), Mutex::new(Some(lock)));
        Ok(Arc::new(Self { shared, pool, fold, writing, lock }))
    }
}

/// Opens the journal and folds what it has beyond SQLite, in pieces.
fn open_journal(
    options: &Options,
    folder: &Folder,
    sqlite: &mut sqlite::Writer,
) -> Result<Journal, OpenError> {
    const PIECE: usize = 1_024;
    let files: Arc<dyn Files> = match &options.files {
        Some(files) => Arc::clone(files),
        None => Arc::new(RealFiles::open(folder.journal())?),
    };
    let kinds = Kinds(options.kinds.clone());
    let mut piece: Vec<Batch> = Vec::new();
    let mut trouble = Ok(());
    let mut fold = |piece: &mut Vec<Batch>| {
        let merged = merge(&kinds, std::mem::take(piece));
        merged.map_or(Ok(()), |batch| sqlite.apply(&batch))
    };
    let folded = sqlite.folded();
    let journal = Journal::open(files, &options.kinds, folded, |batch| {
        piece.push(batch);
        if piece.len() >= PIECE && trouble.is_ok() {
            trouble = fold(&mut piece);
        }
    })?;
    trouble?;
    fold(&mut piece)?;
    Ok(journal)
}

struct Recovered {
    unheard: VecDeque<(u64, Envelope)>,
    parked: Parked,
    next_position: u64,
    last_now: Time,
}

/// Finds what was said and not heard, what waits to be heard again, and where the log ends.
fn recover(reader: &Reader) -> Result<Recovered, SqliteError> {
    let mut parked = Parked::default();
    for row in reader.waiting_deliveries()? {
        parked.add(ParkedDelivery {
            position: row.position,
            subscription: row.subscription,
            attempts: row.attempts,
            // A listener that had not answered is asked again at once.
            next_at: row.next_at.unwrap_or(Time::MIN),
        });
    }
    let unheard = reader.unheard_events()?.into();
    let (last_position, last_now) = reader.last_event()?.unwrap_or((0, Time::MIN));
    Ok(Recovered { unheard, parked, next_position: last_position.saturating_add(1), last_now })
}
