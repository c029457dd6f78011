//! The embedded store with every service over it, running as a program on a machine.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kernel::{Store, StoreError};
use payment::records::{Payment, PaymentStatus};
use simulation::institution::{kinds, subscriptions};
use store_embedded::bus::Subscriber;
use store_embedded::journal::{self, Preparing};
use store_embedded::sqlite::Vfs;
use store_embedded::{Durability, EmbeddedStore, OpenError, Options};
use tempfile::TempDir;
use tokio::task::JoinHandle as JoinTask;

use super::machine::{Bug, DiskFaults, Program};
use super::vfs::{self, Mounted};
use super::witness::{Trouble, all};

/// Long enough for a few batches: segments come and go.
const SEGMENT_BYTES: u64 = 12 * 1024;

/// Long enough for a few steps of the fold: it is brought into the database again and again.
const WAL_BYTES_MAX: u32 = 256 * 1024;

/// How a store is opened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// What makes its steps durable.
    pub(crate) durability: Durability,
    /// What is wrong with it.
    pub(crate) bug: Bug,
    /// What goes wrong with the disk meanwhile.
    pub(crate) faults: DiskFaults,
    /// How many rows may wait for SQLite.
    pub(crate) unfolded_rows_max: usize,
    /// How long SQLite's write-ahead log may become.
    pub(crate) wal_bytes_max: u32,
    /// It stops before so many operations on files; each of these is as likely.
    pub(crate) operations: &'static [usize],
}

impl Setup {
    /// With nothing wrong.
    pub(crate) fn of(durability: Durability) -> Self {
        Self {
            durability,
            bug: Bug::None,
            faults: DiskFaults::default(),
            unfolded_rows_max: 120_000,
            wal_bytes_max: WAL_BYTES_MAX,
            operations: &[50, 500, 4_000],
        }
    }
}

/// A program with an open store.
pub(crate) struct Running {
    /// The store.
    pub(crate) opened: Arc<EmbeddedStore>,
    /// As services have it.
    pub(crate) store: Store,
    /// The program around it.
    pub(crate) program: Arc<Program>,
    /// A store that ends by itself takes its program with it, as `serve` does.
    watching: JoinTask<()>,
    mounted: Mounted,
    folder: TempDir,
}

impl Running {
    /// Opens the store of a machine in a program that has started there.
    pub(crate) fn open(program: Arc<Program>, setup: Setup) -> Result<Self, OpenError> {
        // On the machine under the test there is the lock alone.
        let folder = tempfile::tempdir().unwrap();
        let mounted = vfs::mount(folder.path(), program.data());
        let subscribers = subscriptions();
        let subscribers = subscribers.iter().map(|one| Subscriber::of(one).unwrap()).collect();
        let options = Options {
            durability: setup.durability,
            unfolded_rows_max: setup.unfolded_rows_max,
            wal_bytes_max: setup.wal_bytes_max,
            // Little is kept in memory, so that SQLite is asked.
            cached_records_max: 0,
            journal: journal::Options { segment_bytes: SEGMENT_BYTES, preparing: Preparing::Ahead },
            files: Some(program.journal()),
            vfs: Some(Vfs { name: vfs::NAME.to_owned(), files: program.data() }),
            ..Options::new(folder.path(), kinds(), subscribers)
        };
        let opened = EmbeddedStore::open(options)?;
        let store = Store::new(opened.clone());
        let (ending, stopping) = (Arc::clone(&opened), Arc::clone(&program));
        let watching = tokio::spawn(async move {
            ending.ended().await;
            stopping.end();
        });
        Ok(Self { opened, store, program, watching, mounted, folder })
    }

    /// Comes back when every payment has ended and every event was heard.
    ///
    /// # Errors
    /// The store cannot read, or its program has stopped: then nothing goes on.
    pub(crate) async fn settle(&self) -> Result<(), Trouble> {
        while self.program.is_running() {
            let payments = all::<Payment>(&self.store).await?;
            if payments.iter().all(|payment| payment.status != PaymentStatus::Pending) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(StoreError::Unavailable("the program stopped".to_owned()).into())
    }

    /// Closes the store in order.
    pub(crate) async fn close(self) {
        self.watching.abort();
        tokio::task::spawn_blocking(move || self.end()).await.unwrap();
    }

    /// Stops the program where it stands. What is left of it ends by itself, after a while.
    pub(crate) fn kill(self) -> JoinHandle<()> {
        self.watching.abort();
        self.program.stop_after(0);
        thread::spawn(move || self.end())
    }

    fn end(self) {
        let Self { opened, store, program, watching: _, mounted, folder } = self;
        opened.close();
        drop((opened, store, program));
        drop((mounted, folder));
    }
}
