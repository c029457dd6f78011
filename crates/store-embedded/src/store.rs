//! The embedded store as the ports see it. Reads by key come from what is durable, folded or not;
//! lists wait until SQLite shows what was acknowledged when they were asked.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use kernel::audit::Act;
use kernel::operators::{DeadLetter, Delivery, EventQuery, EventsPort, LoggedEvent};
use kernel::store::{BoxFuture, Query, Scan, ScanPlace, StorePort};
use kernel::{AnyId, ChainId, Context, ErasedDecision, Key, Kind, StoreError, Stored, Time};
use parking_lot::Mutex;
use tokio::sync::{Semaphore, oneshot};

use crate::folder::Lock;
use crate::ledger::{Command, Fold, Shared};
use crate::rows::DeliveryRow;
use crate::sqlite::{Reader, Readers, SqliteError};

/// The embedded store: one process writes, everybody reads.
pub struct EmbeddedStore {
    pub(crate) shared: Arc<Shared>,
    /// For reads by key, which block for some microseconds only.
    pub(crate) points: Readers,
    /// For lists, off the async threads.
    pub(crate) readers: Arc<Readers>,
    /// A place for each list that is being read or waits for it.
    pub(crate) reads: Semaphore,
    pub(crate) fold: Option<Arc<Fold>>,
    pub(crate) writing: Mutex<Option<JoinHandle<()>>>,
    /// Given back when the store is closed.
    pub(crate) lock: Mutex<Option<Lock>>,
}

impl EmbeddedStore {
    /// Lets nothing more in, does what waits, folds everything, gives the folder back. Blocks until
    /// then: to be called off the async threads.
    pub fn close(&self) {
        self.shared.queue.close();
        if let Some(writing) = self.writing.lock().take()
            && writing.join().is_err()
        {
            tracing::error!("the writer ended by a panic");
        }
        self.lock.lock().take();
    }

    /// Comes back when the store has ended: after [`close`](Self::close), or because of the disk or a bug of ours.
    /// Then it decides nothing any more, and only a new start of the program helps.
    pub async fn ended(&self) {
        let mut ended = self.shared.ended.subscribe();
        // The sender is ours, so that it cannot go before.
        drop(ended.wait_for(|ended| *ended).await);
    }

    /// How many decisions wait.
    pub fn waiting(&self) -> usize {
        self.shared.queue.len()
    }

    /// Whether what is decided becomes durable, as far as is known: the last step did. Nothing is written
    /// to find out; while it is not so the store itself tries again every two seconds or so.
    pub fn is_well(&self) -> bool {
        self.shared.is_well()
    }

    /// How many bytes were appended to the journal since the store was opened.
    pub fn journal_bytes(&self) -> u64 {
        self.shared.journal_bytes.load(Ordering::Relaxed)
    }

    /// Reads from SQLite once it shows what is acknowledged now. Where too many wait for that already,
    /// whoever asks is told so rather than slowing everybody.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, SqliteError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let _place = self.reads.try_acquire().map_err(|_| StoreError::Busy)?;
        self.folded().await?;
        let readers = Arc::clone(&self.readers);
        let reading = tokio::task::spawn_blocking(move || readers.read(read));
        let result = reading.await.map_err(|gone| StoreError::Broken(gone.to_string()))?;
        result.map_err(StoreError::from)
    }

    async fn folded(&self) -> Result<(), StoreError> {
        let acknowledged = self.shared.acknowledged.load(Ordering::Acquire);
        let mut folded = self.shared.folded.subscribe();
        if *folded.borrow() >= acknowledged {
            return Ok(());
        }
        if let Some(fold) = &self.fold {
            fold.hurry();
        }
        let waited = folded.wait_for(|folded| *folded >= acknowledged);
        let patience = std::time::Duration::from_secs(5);
        match tokio::time::timeout(patience, waited).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                Err(StoreError::Unavailable("the database is behind the journal".to_owned()))
            }
        }
    }

    fn get_now(&self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, StoreError> {
        let slot = self.shared.kinds.slot(kind, key);
        if let Some(row) = self.shared.overlay.get(slot) {
            return Ok(Some(row.stored()));
        }
        let found = self.points.read(|reader| reader.get(kind, key))?;
        Ok(found.map(|row| row.stored()))
    }

    fn head_now(&self, kind: &'static Kind, of: ChainId) -> Result<Option<Stored>, StoreError> {
        let slot = self.shared.kinds.slot(kind, Key { id: of.any(), sequence: None });
        if let Some(row) = self.shared.overlay.get(slot) {
            return Ok(Some(row.stored()));
        }
        let Some(row) = self.points.read(|reader| reader.head(kind, of))? else { return Ok(None) };
        // It may have been said again since, which SQLite does not show yet.
        let newer = self.shared.overlay.get(self.shared.kinds.slot(kind, row.key()));
        Ok(Some(newer.unwrap_or(row).stored()))
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Command,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        self.shared.queue.push(command(answer))?;
        let gone = |_| StoreError::OutcomeUnknown("the store ended before it answered".to_owned());
        answered.await.map_err(gone)?
    }
}

impl StorePort for EmbeddedStore {
    fn decide(
        &self,
        decision: Box<dyn ErasedDecision>,
        context: Context,
    ) -> BoxFuture<'_, Result<Box<dyn Any + Send>, StoreError>> {
        Box::pin(self.ask(move |answer| Command::Decide { decision, context, answer }))
    }

    fn get(
        &self,
        kind: &'static Kind,
        key: Key,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.get_now(kind, key) })
    }

    fn head(
        &self,
        kind: &'static Kind,
        of: ChainId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move { self.head_now(kind, of) })
    }

    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
    ) -> BoxFuture<'_, Result<Option<Stored>, StoreError>> {
        Box::pin(async move {
            let found = self.read(move |reader| reader.caused(kind, of, cause)).await?;
            Ok(found.map(|row| row.stored()))
        })
    }

    fn list(&self, query: Query) -> BoxFuture<'_, Result<Vec<Stored>, StoreError>> {
        Box::pin(async move {
            let rows = self.read(move |reader| reader.list(&query)).await?;
            Ok(rows.into_iter().map(|row| row.stored()).collect())
        })
    }

    fn scan(
        &self,
        kind: &'static Kind,
        after: Option<ScanPlace>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Scan, StoreError>> {
        Box::pin(self.read(move |reader| reader.scan(kind, after.as_ref(), limit)))
    }

    fn changed(
        &self,
        kind: &'static Kind,
        key: Key,
        seen: u64,
    ) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let slot = self.shared.kinds.slot(kind, key);
            let mut wait = self.shared.waiters.wait(slot, seen);
            let here = self.get_now(kind, key)?;
            if here.is_some_and(|stored| stored.version > seen) {
                return Ok(());
            }
            if wait.told().await {
                Ok(())
            } else {
                Err(StoreError::Unavailable("the store is closing".to_owned()))
            }
        })
    }

    fn now(&self) -> Time {
        self.shared.clock.now()
    }
}

impl EventsPort for EmbeddedStore {
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>> {
        Box::pin(self.read(move |reader| reader.events(&query)))
    }

    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>> {
        Box::pin(self.read(move |reader| reader.deliveries(&positions)))
    }

    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>> {
        Box::pin(self.read(move |reader| reader.dead_letters(after.as_deref(), limit)))
    }

    fn redrive(
        &self,
        id: String,
        act: Act,
        context: Context,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async move {
            let found = self.read(move |reader| reader.dead_letter(&id)).await?;
            let Some(DeliveryRow { position, subscription, .. }) = found else { return Ok(false) };
            let act = Box::new(act);
            let redrive =
                |answer| Command::Redrive { position, subscription, act, context, answer };
            self.ask(redrive).await
        })
    }
}
