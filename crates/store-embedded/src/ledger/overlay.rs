//! What readers see without asking SQLite: the newest durable version of every record that is not
//! folded yet, and of those used lately. Only durable versions stand here; what a step in the making
//! has changed is in `step`.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use kernel::{Key, Kind};
use parking_lot::RwLock;

use crate::rows::RecordRow;

/// A record's place: its kind's number and its key. The head of a chain stands under the chain's id
/// without a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Slot {
    /// The number of the kind, see [`Kinds`].
    pub kind: u16,
    /// The key.
    pub key: Key,
}

/// The kinds of a store and their numbers.
#[derive(Debug, Clone)]
pub(crate) struct Kinds(pub Vec<&'static Kind>);

impl Kinds {
    /// The slot of a record. A kind that the store was not opened with is a bug of the program.
    pub(crate) fn slot(&self, kind: &'static Kind, key: Key) -> Slot {
        let number = self.0.iter().position(|known| std::ptr::eq(*known, kind) || **known == *kind);
        let Some(number) = number.and_then(|number| u16::try_from(number).ok()) else {
            unreachable!("the store was opened without the kind `{}`", kind.name);
        };
        Slot { kind: number, key }
    }
}

struct Held {
    row: RecordRow,
    /// The step that wrote it.
    step: u64,
}

/// What is not folded yet, and two generations of what decisions read: what is used moves to the
/// young one; when that is full, it becomes the old one, and what was the old one goes.
#[derive(Default)]
struct Shard {
    unfolded: HashMap<Slot, Held>,
    young: HashMap<Slot, RecordRow>,
    old: HashMap<Slot, RecordRow>,
}

const SHARDS: usize = 16;

/// See the file's comment.
pub(crate) struct Overlay {
    shards: [RwLock<Shard>; SHARDS],
    hasher: RandomState,
    /// Every step up to this one is in SQLite.
    folded: AtomicU64,
    young_max: usize,
}

impl Overlay {
    /// An empty one that keeps about `records_max` folded records.
    pub(crate) fn new(records_max: usize, folded: u64) -> Self {
        let per_generation = records_max.checked_div(SHARDS.saturating_mul(2)).unwrap_or_default();
        Self {
            shards: std::array::from_fn(|_| RwLock::new(Shard::default())),
            hasher: RandomState::new(),
            folded: AtomicU64::new(folded),
            young_max: per_generation.max(16),
        }
    }

    /// Every step up to this one is in SQLite.
    pub(crate) fn folded(&self) -> u64 {
        self.folded.load(Ordering::Acquire)
    }

    /// The record of a slot, if it is here.
    pub(crate) fn get(&self, slot: Slot) -> Option<RecordRow> {
        self.shard(slot).read().get(slot).cloned()
    }

    /// As [`get`](Self::get), for the writer: what decisions use stays.
    pub(crate) fn use_one(&self, slot: Slot) -> Option<RecordRow> {
        let mut shard = self.shard(slot).write();
        let found = shard.get(slot).cloned()?;
        if !shard.young.contains_key(&slot) {
            shard.keep(slot, found.clone(), self.young_max);
        }
        Some(found)
    }

    /// Puts what a durable step wrote.
    pub(crate) fn put(&self, slot: Slot, row: RecordRow, step: u64) {
        self.shard(slot).write().put(slot, row, step);
    }

    /// Keeps what the writer read from SQLite. Only the writer may: a reader could come back with an
    /// old version after a newer one has come and gone.
    pub(crate) fn keep(&self, slot: Slot, row: RecordRow) {
        self.shard(slot).write().keep(slot, row, self.young_max);
    }

    /// SQLite has everything up to `step`, of which these slots are part: they need not stay for
    /// that reason any longer.
    pub(crate) fn fold(&self, step: u64, slots: impl Iterator<Item = Slot>) {
        self.folded.fetch_max(step, Ordering::AcqRel);
        for slot in slots {
            self.shard(slot).write().fold(slot, step);
        }
    }

    fn shard(&self, slot: Slot) -> &RwLock<Shard> {
        let hash = usize::try_from(self.hasher.hash_one(slot) & 0xffff).unwrap_or_default();
        let [first, ..] = &self.shards;
        self.shards.get(hash & SHARDS.saturating_sub(1)).unwrap_or(first)
    }
}

impl Shard {
    fn get(&self, slot: Slot) -> Option<&RecordRow> {
        let unfolded = self.unfolded.get(&slot).map(|held| &held.row);
        unfolded.or_else(|| self.young.get(&slot)).or_else(|| self.old.get(&slot))
    }

    fn put(&mut self, slot: Slot, row: RecordRow, step: u64) {
        if let Some(here) = self.young.get_mut(&slot) {
            *here = row.clone();
        }
        self.old.remove(&slot);
        self.unfolded.insert(slot, Held { row, step });
    }

    fn keep(&mut self, slot: Slot, row: RecordRow, young_max: usize) {
        if self.young.len() >= young_max {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(slot, row);
    }

    fn fold(&mut self, slot: Slot, step: u64) {
        if self.unfolded.get(&slot).is_some_and(|held| held.step <= step) {
            self.unfolded.remove(&slot);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use kernel::record::Rules;
    use kernel::{AnyRecord, HoldId, Id, Record, record};

    use super::*;

    record! {
        /// A record of the test.
        pub struct Sample in "sample" of "test" version 1 {
            /// Its id.
            id: HoldId,
        }
        key (id: HoldId)
    }

    impl Rules for Sample {}

    fn row(number: u128, version: u64) -> (Slot, RecordRow) {
        let record: Arc<dyn AnyRecord> = Arc::new(Sample { id: HoldId::from_uuid(number) });
        let slot = Kinds(vec![Sample::KIND]).slot(Sample::KIND, record.key());
        (slot, RecordRow { record, version, said: Arc::from([]), said_position: None })
    }

    #[test]
    fn what_is_not_folded_stays_whatever_comes() {
        let overlay = Overlay::new(0, 0);
        let (slot, written) = row(0, 7);
        overlay.put(slot, written, 3);
        for number in 1..10_000 {
            let (slot, read) = row(number, 1);
            overlay.keep(slot, read);
        }
        assert_eq!(overlay.get(slot).map(|row| row.version), Some(7));
        overlay.fold(2, [slot].into_iter());
        assert!(overlay.get(slot).is_some(), "step 3 is not folded yet");
        overlay.fold(3, [slot].into_iter());
        assert!(overlay.get(slot).is_none());
    }

    #[test]
    fn what_decisions_use_stays_in_its_newest_version() {
        let overlay = Overlay::new(0, 0);
        let (slot, read) = row(0, 1);
        overlay.keep(slot, read);
        let (_, written) = row(0, 2);
        overlay.put(slot, written, 1);
        overlay.fold(1, [slot].into_iter());
        for number in 1..1_000 {
            let (other, read) = row(number, 1);
            overlay.keep(other, read);
            assert_eq!(overlay.use_one(slot).map(|row| row.version), Some(2));
        }
    }
}
