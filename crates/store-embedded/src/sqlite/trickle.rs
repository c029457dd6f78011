//! Sends to the disk what SQLite has written, little by little: SQLite syncs tens of megabytes at
//! once, and a sync of the journal would wait behind them. Nothing counts on it: what must be durable
//! SQLite syncs itself, and hears of every failure, since the kernel tells each open file.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

/// How long it pauses between two syncs.
const PAUSE: Duration = Duration::from_millis(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Busy,
    Ended,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// See the file's comment. Its thread ends with it.
#[derive(Debug)]
pub(super) struct Trickle {
    shared: Arc<Shared>,
    database: Arc<File>,
}

/// While it stands, SQLite is writing.
#[derive(Debug)]
pub(super) struct Busy(Arc<Shared>);

impl Trickle {
    /// Starts the thread over the database and its write-ahead log, which must be there.
    ///
    /// # Errors
    /// The files cannot be opened; the machine gives no thread.
    pub(super) fn start(database: &Path) -> io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let (database, log) = (Arc::new(File::open(database)?), File::open(log)?);
        let shared = Arc::new(Shared { state: Mutex::new(State::Idle), changed: Condvar::new() });
        let of_thread = (Arc::clone(&shared), Arc::clone(&database));
        std::thread::Builder::new().name("trickle".into()).spawn(move || {
            let (shared, database) = of_thread;
            run(&shared, [&database, &log]);
        })?;
        Ok(Self { shared, database })
    }

    /// The database's file. Whoever has a connection to the database keeps this too and lets go of it
    /// last: when a process closes any handle of a file, POSIX ends all its locks on that file, those
    /// of SQLite too.
    pub(super) fn database(&self) -> Arc<File> {
        Arc::clone(&self.database)
    }

    /// SQLite writes from now on, until the answer is dropped.
    pub(super) fn busy(&self) -> Busy {
        *self.shared.state.lock() = State::Busy;
        self.shared.changed.notify_one();
        Busy(Arc::clone(&self.shared))
    }
}

impl Drop for Trickle {
    fn drop(&mut self) {
        *self.shared.state.lock() = State::Ended;
        self.shared.changed.notify_one();
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        if *state == State::Busy {
            *state = State::Idle;
        }
    }
}

fn run(shared: &Shared, files: [&File; 2]) {
    for file in files.into_iter().cycle() {
        let mut state = shared.state.lock();
        shared.changed.wait_while(&mut state, |state| *state == State::Idle);
        shared.changed.wait_while_for(&mut state, |state| *state != State::Ended, PAUSE);
        if *state == State::Ended {
            return;
        }
        drop(state);
        // A failure is SQLite's to find.
        drop(file.sync_data());
    }
}
