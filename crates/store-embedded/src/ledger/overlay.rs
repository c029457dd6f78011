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
    /// The step that wrote it; 0 when it was read from SQLite.
    step: u64,
}

/// Two generations: what is used moves to the young one; when that is full, the old one goes, but
/// for what is not folded yet.
#[derive(Default)]
struct Shard {
    young: HashMap<Slot, Held>,
    old: HashMap<Slot, Held>,
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
        let young_max = records_max.checked_div(SHARDS.saturating_mul(2)).unwrap_or_default().max(16);
        Self {
            shards: std::array::from_fn(|_| RwLock::new(Shard::default())),
            hasher: RandomState::new(),
            folded: AtomicU64::new(folded),
            young_max,
        }
    }

    /// Every step up to this one is in SQLite.
    pub(crate) fn folded(&self) -> u64 {
        self.folded.load(Ordering::Acquire)
    }

    /// Says that every step up to `step` is in SQLite.
    pub(crate) fn set_folded(&self, step: u64) {
        self.folded.fetch_max(step, Ordering::AcqRel);
    }

    /// The record of a slot, if it is here.
    pub(crate) fn get(&self, slot: Slot) -> Option<RecordRow> {
        let shard = self.shard(slot).read();
        shard.young.get(&slot).or_else(|| shard.old.get(&slot)).map(|held| held.row.clone())
    }

    /// Puts what a durable step wrote.
    pub(crate) fn put(&self, slot: Slot, row: RecordRow, step: u64) {
        self.insert(slot, Held { row, step });
    }

    /// Keeps what the writer read from SQLite. Only the writer may: a reader could come back with an
    /// old version after a newer one has come and gone.
    pub(crate) fn keep(&self, slot: Slot, row: RecordRow) {
        self.insert(slot, Held { row, step: 0 });
    }

    fn insert(&self, slot: Slot, held: Held) {
        let folded = self.folded();
        let mut shard = self.shard(slot).write();
        if shard.young.len() >= self.young_max {
            shard.turn(folded);
        }
        shard.young.insert(slot, held);
    }

    fn shard(&self, slot: Slot) -> &RwLock<Shard> {
        let hash = usize::try_from(self.hasher.hash_one(slot) & 0xffff).unwrap_or_default();
        let [first, ..] = &self.shards;
        self.shards.get(hash & SHARDS.saturating_sub(1)).unwrap_or(first)
    }
}

impl Shard {
    /// The young become the old; of the old only what is not folded stays.
    fn turn(&mut self, folded: u64) {
        let young = std::mem::take(&mut self.young);
        let old = std::mem::replace(&mut self.old, young);
        for (slot, held) in old {
            if held.step > folded {
                self.old.entry(slot).or_insert(held);
            }
        }
    }
}
