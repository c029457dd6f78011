//! What the writer, the fold and the readers of one store share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use kernel::Ids;
use tokio::sync::watch;

use super::clock::LedgerClock;
use super::overlay::{Kinds, Overlay};
use super::queue::Queue;
use super::step::head_slot;
use super::waiters::Waiters;
use crate::bus::Bus;
use crate::rows::Batch;

/// See the file's comment.
pub(crate) struct Shared {
    pub kinds: Kinds,
    pub overlay: Overlay,
    pub queue: Queue,
    pub waiters: Waiters,
    pub bus: Bus,
    pub clock: LedgerClock,
    pub ids: Arc<dyn Ids>,
    /// Whether the last step could be made durable; so a trouble is told of once.
    pub is_well: AtomicBool,
    /// Bytes appended to the journal since the store was opened.
    pub journal_bytes: AtomicU64,
    /// The last step that was acknowledged.
    pub acknowledged: AtomicU64,
    /// The last step that SQLite shows to readers.
    pub folded: watch::Sender<u64>,
    /// Whether a thread of the ledger has ended: nothing is decided any more.
    pub ended: watch::Sender<bool>,
}

/// Held by each thread of the ledger. When it ends, by a panic too, nobody goes on waiting for it.
pub(crate) struct LastWord(pub Arc<Shared>);

impl Drop for LastWord {
    fn drop(&mut self) {
        self.0.queue.abandon();
        self.0.ended.send_replace(true);
    }
}

impl Shared {
    /// Whether the last step could be made durable.
    pub(crate) fn is_well(&self) -> bool {
        self.is_well.load(Ordering::Relaxed)
    }

    /// Whether a thread of the ledger has ended.
    pub(crate) fn has_ended(&self) -> bool {
        *self.ended.borrow()
    }

    /// SQLite shows everything up to and including this batch.
    pub(crate) fn fold(&self, batch: &Batch) {
        self.folded.send_replace(batch.number);
        let slots = batch.records.iter().flat_map(|row| {
            let slot = self.kinds.slot(row.kind(), row.key());
            // An entry may stand under its chain too, as the head.
            let head = slot.key.sequence.map(|_| head_slot(slot));
            [Some(slot), head].into_iter().flatten()
        });
        self.overlay.fold(batch.number, slots);
    }
}
