//! The fold: a thread that brings SQLite up to what the journal holds, whole batches at a time, and
//! lets segments of the journal go when SQLite has them durably. It decides nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::merge::merge;
use super::state::Shared;
use crate::rows::Batch;
use crate::sqlite::{SqliteError, Writer};

/// While nobody hurries it, the fold lets batches gather for so long: what changes again meanwhile
/// is written once.
const GATHER: Duration = Duration::from_millis(250);

/// It gathers no more rows than these.
const GATHER_ROWS: usize = 24_576;

/// How long the writer rests for each command of a step when there is hardly any room left, in
/// microseconds: so some 6,000 commands a second get through.
const REST_MAX_US: usize = 160;

/// How long it waits before it tries again after SQLite has failed.
const RETRY: Duration = Duration::from_millis(250);

#[derive(Default)]
struct Behind {
    batches: VecDeque<Batch>,
    rows: usize,
    hurry: bool,
    closed: bool,
    trouble: Option<String>,
    in_use: InUse,
}

/// Whether the database says that the journal is in use.
#[derive(Default)]
enum InUse {
    #[default]
    Unsaid,
    /// It is to say so.
    Asked,
    /// It said so, or why it cannot.
    Said(Result<(), String>),
}

/// What the thread has to do next.
enum Work {
    SayInUse,
    Fold(Vec<Batch>),
}

/// The writer's and the readers' side of the fold.
pub(crate) struct Fold {
    behind: Mutex<Behind>,
    arrived: Condvar,
    caught_up: Condvar,
    /// Every step up to here is in SQLite for good, whatever happens to the machine.
    durable: AtomicU64,
    /// How many rows of what is being folded SQLite has taken.
    written: Arc<AtomicUsize>,
    /// See [`Writer::doubt`].
    doubt: Arc<AtomicBool>,
    rows_max: usize,
    wal_bytes_max: u64,
}

impl Fold {
    /// Lets at most about `rows_max` rows wait, and brings the WAL into the database when it has
    /// grown to `wal_bytes_max`.
    pub(crate) fn new(rows_max: usize, wal_bytes_max: u64, sqlite: &Writer) -> Self {
        Self {
            behind: Mutex::default(),
            arrived: Condvar::new(),
            caught_up: Condvar::new(),
            durable: AtomicU64::new(sqlite.folded()),
            written: sqlite.written(),
            doubt: sqlite.doubt(),
            rows_max,
            wal_bytes_max,
        }
    }

    /// Hands over what a step has made durable in the journal.
    pub(crate) fn push(&self, batch: Batch) {
        let mut behind = self.behind.lock();
        behind.rows = behind.rows.saturating_add(rows_of(&batch));
        behind.batches.push_back(batch);
        drop(behind);
        self.arrived.notify_one();
    }

    /// A reader waits for what was acknowledged.
    pub(crate) fn hurry(&self) {
        self.behind.lock().hurry = true;
        self.arrived.notify_one();
    }

    /// Rests after a step of so many commands, the longer the less room there is: callers are slowed
    /// a little each rather than now and then stopped.
    pub(crate) fn rest(&self, commands: usize) {
        let mut behind = self.behind.lock();
        let left = behind.rows.saturating_sub(self.written.load(Ordering::Relaxed));
        let rest = rest(commands, left, self.rows_max);
        if !rest.is_zero() {
            self.caught_up.wait_for(&mut behind, rest);
        }
    }

    /// Waits until there is room for another step.
    ///
    /// # Errors
    /// What keeps the fold from going on, when there is no room within `patience`.
    pub(crate) fn wait_for_room(&self, patience: Duration) -> Result<(), String> {
        let mut behind = self.behind.lock();
        if behind.rows >= self.rows_max {
            self.arrived.notify_one();
            self.caught_up.wait_while_for(
                &mut behind,
                |behind| behind.rows >= self.rows_max && behind.trouble.is_none(),
                patience,
            );
        }
        if behind.rows < self.rows_max {
            return Ok(());
        }
        Err(behind.trouble.clone().unwrap_or_else(|| "the database cannot keep up".to_owned()))
    }

    /// Whether the database says, durably, that the journal is in use.
    pub(crate) fn is_in_use(&self) -> bool {
        matches!(self.behind.lock().in_use, InUse::Said(Ok(())))
    }

    /// Has the database say so, and waits until it is durable.
    ///
    /// # Errors
    /// Why it cannot, or cannot within `patience`.
    pub(crate) fn say_in_use(&self, patience: Duration) -> Result<(), String> {
        let mut behind = self.behind.lock();
        behind.in_use = InUse::Asked;
        self.arrived.notify_one();
        let unsaid = |behind: &mut Behind| !matches!(behind.in_use, InUse::Said(_));
        self.caught_up.wait_while_for(&mut behind, unsaid, patience);
        match &behind.in_use {
            InUse::Said(said) => said.clone(),
            InUse::Unsaid | InUse::Asked => Err("the database cannot keep up".to_owned()),
        }
    }

    fn said_in_use(&self, said: Result<(), String>) {
        self.behind.lock().in_use = InUse::Said(said);
        self.caught_up.notify_all();
    }

    /// Every step up to here is in SQLite for good.
    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// Whether what SQLite shows now may be wrong, and what was decided on it.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.doubt.load(Ordering::SeqCst)
    }

    /// Nothing more will come: what waits is folded, then the thread ends.
    pub(crate) fn close(&self) {
        self.behind.lock().closed = true;
        self.arrived.notify_one();
    }

    /// The next batches, when there are some; none when it is time to end.
    fn next(&self) -> Option<Work> {
        let mut behind = self.behind.lock();
        while behind.batches.is_empty() {
            if matches!(behind.in_use, InUse::Asked) {
                return Some(Work::SayInUse);
            }
            behind.hurry = false;
            if behind.closed {
                return None;
            }
            self.arrived.wait(&mut behind);
        }
        let enough =
            |behind: &mut Behind| !behind.hurry && !behind.closed && behind.rows < GATHER_ROWS;
        self.arrived.wait_while_for(&mut behind, enough, GATHER);
        let mut rows = 0_usize;
        let mut taken = Vec::new();
        while let Some(batch) = behind.batches.front() {
            rows = rows.saturating_add(rows_of(batch));
            if !taken.is_empty() && rows > GATHER_ROWS {
                break;
            }
            taken.extend(behind.batches.pop_front());
        }
        Some(Work::Fold(taken))
    }

    fn done(&self, rows: usize) {
        let mut behind = self.behind.lock();
        behind.rows = behind.rows.saturating_sub(rows);
        self.written.store(0, Ordering::Relaxed);
        behind.trouble = None;
        self.caught_up.notify_all();
    }

    /// Waits a little after a failure. True when the store is closing and it is no use to go on.
    fn troubled(&self, error: &SqliteError, attempts: u32) -> bool {
        let mut behind = self.behind.lock();
        behind.trouble = Some(error.to_string());
        if behind.closed && attempts > 8 {
            return true;
        }
        self.arrived.wait_for(&mut behind, RETRY);
        false
    }
}

/// Nothing while three quarters of the room are free, then growing with the square of what is taken
/// beyond.
fn rest(commands: usize, rows: usize, rows_max: usize) -> Duration {
    let free = rows_max >> 2;
    let (beyond, all) = (rows.min(rows_max).saturating_sub(free), rows_max.saturating_sub(free));
    let most = commands.saturating_mul(REST_MAX_US);
    let by_share = |most: usize| most.saturating_mul(beyond).checked_div(all).unwrap_or(0);
    Duration::from_micros(u64::try_from(by_share(by_share(most))).unwrap_or(0))
}

fn rows_of(batch: &Batch) -> usize {
    let Batch { records, events, deliveries, .. } = batch;
    records.len().saturating_add(events.len()).saturating_add(deliveries.len())
}

/// The thread's work. Ends when the fold is closed and everything is folded; or before, and with it
/// the ledger, when the database cannot be gone on with.
pub(crate) fn run(fold: &Fold, shared: &Arc<Shared>, mut sqlite: Writer) {
    let mut last = shared.overlay.folded();
    while let Some(work) = fold.next() {
        let batches = match work {
            Work::Fold(batches) => batches,
            Work::SayInUse => {
                fold.said_in_use(sqlite.begin_journal_use().map_err(|error| error.to_string()));
                if sqlite.is_lost() {
                    return;
                }
                continue;
            }
        };
        let rows = batches.iter().map(rows_of).fold(0_usize, usize::saturating_add);
        let Some(merged) = merge(&shared.kinds, batches) else { continue };
        if !apply(fold, &mut sqlite, &merged) {
            return;
        }
        last = merged.number;
        shared.fold(&merged);
        fold.done(rows);
        // Dropping thousands of records takes a while; nobody should wait for it.
        drop(merged);
        if sqlite.wal_bytes() >= fold.wal_bytes_max {
            checkpoint(fold, &mut sqlite, last);
            if sqlite.is_lost() {
                return;
            }
        }
    }
    // Everything is folded: from here on the journal can go.
    match sqlite.end_journal_use().and_then(|()| sqlite.close()) {
        Ok(()) => fold.durable.store(last, Ordering::Release),
        Err(error) => tracing::error!(%error, "the database cannot be closed; the journal stays"),
    }
}

fn apply(fold: &Fold, sqlite: &mut Writer, batch: &Batch) -> bool {
    let mut attempts = 0_u32;
    while let Err(error) = sqlite.apply(batch) {
        attempts = attempts.saturating_add(1);
        if attempts == 1 {
            tracing::error!(%error, "the journal cannot be folded into the database; trying again");
        }
        if sqlite.is_lost() || fold.troubled(&error, attempts) {
            return false;
        }
    }
    true
}

/// Brings the WAL into the database file and syncs it: from then on the journal up to there can go.
fn checkpoint(fold: &Fold, sqlite: &mut Writer, step: u64) {
    match sqlite.checkpoint() {
        Ok(()) => fold.durable.store(step, Ordering::Release),
        Err(error) if sqlite.is_lost() => tracing::error!(%error, "the ledger ends"),
        Err(error) => tracing::error!(%error, "the database cannot be synced; trying again later"),
    }
}
