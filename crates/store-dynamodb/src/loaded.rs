//! What was loaded for one call, and what a decision sees of it. What it asked for and was not there is
//! noted, to be loaded before it decides again. Nothing is loaded here.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use kernel::decision::{Source, StoredChain};
use kernel::{AnyId, ChainId, Key, Kind, Put, Stored, Suspend, Time};

use crate::items::is_direct;

/// How far the clocks of two machines may be apart.
const CLOCKS_APART: Duration = Duration::from_secs(60);

/// Where a record stands: its kind's name and its key.
pub(crate) type Slot = (&'static str, Key);

pub(crate) fn slot(kind: &Kind, key: Key) -> Slot {
    (kind.name, key)
}

pub(crate) fn slot_of(put: &Put) -> Slot {
    slot(put.record.kind(), put.record.key())
}

/// The newest entries of a chain, without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tail {
    /// The lowest and the highest sequence; none where there is no entry at all.
    pub(crate) known: Option<(u64, u64)>,
    /// Whether somebody has appended since.
    pub(crate) is_old: bool,
}

impl Tail {
    /// Whether the chain's beginning is among them.
    fn is_whole(self) -> bool {
        self.known.is_none_or(|(lowest, _)| lowest == 0)
    }
}

/// Something to be loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Want {
    /// The record of a key.
    Record(&'static Kind, Key),
    /// Entries of a chain, newest first: from its head, or from below a sequence.
    Entries(&'static Kind, ChainId, Option<u64>),
    /// Entries of a chain after a sequence, to its head.
    Newer(&'static Kind, ChainId, u64),
    /// The entry of a direct cause, by the index of causes.
    Cause(&'static Kind, ChainId, AnyId),
}

/// What one call knows.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) records: HashMap<Slot, Option<Stored>>,
    pub(crate) tails: HashMap<(&'static str, ChainId), Tail>,
    pub(crate) causes: HashMap<(&'static str, ChainId, AnyId), Option<u64>>,
}

/// What a decision looked at in one run.
#[derive(Default)]
pub(crate) struct Seen {
    /// Records of keys of their own, there or not.
    pub(crate) records: Vec<(&'static Kind, Key)>,
    /// Chains in which the cause was not found: what is decided holds while their heads stay.
    pub(crate) chains: Vec<(&'static Kind, ChainId)>,
    /// What was asked for in vain.
    pub(crate) wanted: Vec<Want>,
}

/// What a decision sees.
pub(crate) struct Sight<'l> {
    pub(crate) loaded: &'l Gathered,
    pub(crate) seen: Seen,
}

impl Gathered {
    /// A record that is known to be there.
    pub(crate) fn stored(&self, slot: &Slot) -> Option<&Stored> {
        self.records.get(slot)?.as_ref()
    }

    /// The version of a record that is known to be there; none if it is known not to be.
    pub(crate) fn version(&self, slot: &Slot) -> Option<u64> {
        self.stored(slot).map(|stored| stored.version)
    }

    /// Takes up the entries of a chain that follow each other downwards, from its head or from below
    /// what is known. Fewer than were asked for: there are no more.
    pub(crate) fn take_entries(&mut self, kind: &'static Kind, of: ChainId, entries: Vec<Stored>) {
        let sequences = entries.iter().filter_map(|entry| entry.record.key().sequence);
        let (lowest, highest) = (sequences.clone().min(), sequences.max());
        let found = lowest.zip(highest);
        let before = self.tails.get(&(kind.name, of)).and_then(|tail| tail.known);
        let known = match (before, found) {
            (Some((lowest, highest)), Some((found, _))) => Some((lowest.min(found), highest)),
            (Some((_, highest)), None) => Some((0, highest)),
            (None, found) => found,
        };
        for entry in entries {
            self.take(kind, entry.record.key(), Some(entry));
        }
        // Somebody appended between two requests that were on their way together: look again.
        let next = known.map_or(Some(0), |(_, highest)| highest.checked_add(1));
        let is_old = next.is_some_and(|next| self.entry(kind, of, next).is_some());
        if is_old && known.is_none() {
            self.tails.remove(&(kind.name, of));
        } else {
            self.tails.insert((kind.name, of), Tail { known, is_old });
        }
    }

    /// Takes up the entries of a chain that were appended since, in their order.
    pub(crate) fn take_newer(&mut self, kind: &'static Kind, of: ChainId, entries: Vec<Stored>) {
        let newest = entries.last().and_then(|entry| entry.record.key().sequence);
        if let Some(tail) = self.tails.get_mut(&(kind.name, of)) {
            tail.known = tail.known.map(|(lowest, highest)| (lowest, newest.unwrap_or(highest)));
            tail.is_old = false;
        }
        for entry in entries {
            self.take(kind, entry.record.key(), Some(entry));
        }
    }

    /// Takes up a record as it is now.
    pub(crate) fn take(&mut self, kind: &'static Kind, key: Key, found: Option<Stored>) {
        self.records.insert(slot(kind, key), found);
    }

    /// Takes up who was faster: a record, or the entry after a chain's head.
    pub(crate) fn take_winner(&mut self, kind: &'static Kind, key: Key, found: Option<Stored>) {
        if let (Some(sequence), Some(of), Some(_)) =
            (key.sequence, ChainId::from_any(key.id), found.as_ref())
        {
            match self.tails.get_mut(&(kind.name, of)) {
                Some(Tail { known: Some((_, highest)), .. })
                    if highest.checked_add(1) == Some(sequence) =>
                {
                    *highest = sequence;
                }
                Some(Tail { known: Some((lowest, highest)), .. })
                    if (*lowest..=*highest).contains(&sequence) => {}
                Some(_) | None => self.forget_chain(kind, of),
            }
        }
        self.take(kind, key, found);
    }

    /// Forgets a record. If it is the entry after a chain's head, what was appended is looked at; if
    /// it is another entry, the chain is forgotten with it.
    pub(crate) fn forget(&mut self, kind: &'static Kind, key: Key) {
        self.records.remove(&slot(kind, key));
        let chain = ChainId::from_any(key.id).zip(key.sequence);
        let Some((of, sequence)) = chain else { return };
        match self.tails.get_mut(&(kind.name, of)) {
            Some(Tail { known: Some((_, highest)), is_old })
                if highest.checked_add(1) == Some(sequence) =>
            {
                *is_old = true;
            }
            Some(_) | None => self.forget_chain(kind, of),
        }
    }

    /// Forgets where a chain ends.
    fn forget_chain(&mut self, kind: &'static Kind, of: ChainId) {
        self.tails.remove(&(kind.name, of));
        self.causes.retain(|(name, chain, _), found| {
            found.is_some() || (*name, *chain) != (kind.name, of)
        });
    }

    /// Whether what is known of a chain's end reaches back to before this moment, whatever the clocks of
    /// those who book in it.
    pub(crate) fn is_settled(&self, kind: &'static Kind, of: ChainId, now: Time) -> bool {
        let tail = self.tails.get(&(kind.name, of));
        tail.is_some_and(|tail| self.reaches(kind, of, *tail, now.minus(CLOCKS_APART)))
    }

    fn entry(&self, kind: &'static Kind, of: ChainId, sequence: u64) -> Option<&Stored> {
        self.records.get(&slot(kind, Key::entry(of, sequence)))?.as_ref()
    }

    /// The entry of a cause among those of a tail.
    fn caused(
        &self,
        kind: &'static Kind,
        of: ChainId,
        tail: Tail,
        cause: AnyId,
    ) -> Option<&Stored> {
        let (lowest, highest) = tail.known?;
        (lowest..=highest)
            .filter_map(|sequence| self.entry(kind, of, sequence))
            .find(|entry| entry.record.chained().is_some_and(|(by, _)| by == cause))
    }

    /// Whether the search for a cause ends within a tail.
    fn reaches(&self, kind: &'static Kind, of: ChainId, tail: Tail, not_before: Time) -> bool {
        let lowest = tail.known.and_then(|(lowest, _)| self.entry(kind, of, lowest));
        let booked_at = lowest.and_then(|entry| entry.record.chained()).map(|(_, at)| at);
        tail.is_whole() || booked_at.is_some_and(|booked_at| booked_at < not_before)
    }
}

impl<'l> Sight<'l> {
    pub(crate) fn over(loaded: &'l Gathered) -> Self {
        Self { loaded, seen: Seen::default() }
    }

    fn want<T>(&mut self, want: Want) -> Result<T, Suspend> {
        if !self.seen.wanted.contains(&want) {
            self.seen.wanted.push(want);
        }
        Err(Suspend::by_store())
    }
}

impl Source for Sight<'_> {
    fn get(&mut self, kind: &'static Kind, key: Key) -> Result<Option<Stored>, Suspend> {
        let Some(found) = self.loaded.records.get(&slot(kind, key)) else {
            return self.want(Want::Record(kind, key));
        };
        // An entry that is there never changes in what decisions go by.
        if (key.sequence.is_none() || found.is_none()) && !self.seen.records.contains(&(kind, key))
        {
            self.seen.records.push((kind, key));
        }
        Ok(found.clone())
    }

    fn chain(
        &mut self,
        kind: &'static Kind,
        of: ChainId,
        cause: AnyId,
        not_before: Time,
    ) -> Result<StoredChain, Suspend> {
        let by_index = self.loaded.causes.get(&(kind.name, of, cause)).copied();
        let Some(tail) = self.loaded.tails.get(&(kind.name, of)).copied() else {
            if is_direct(cause) && not_before == Time::MIN && by_index.is_none() {
                let _both: Result<(), _> = self.want(Want::Cause(kind, of, cause));
            }
            return self.want(Want::Entries(kind, of, None));
        };
        if let (true, Some((_, highest))) = (tail.is_old, tail.known) {
            return self.want(Want::Newer(kind, of, highest));
        }
        let Some((lowest, highest)) = tail.known else {
            self.seen.chains.push((kind, of));
            return Ok(StoredChain::default());
        };
        let Some(head) = self.loaded.entry(kind, of, highest).cloned() else {
            return self.want(Want::Entries(kind, of, None));
        };
        if let Some(caused) = self.loaded.caused(kind, of, tail, cause) {
            return Ok(StoredChain { head: Some(head), caused: Some(caused.clone()) });
        }
        if !self.loaded.reaches(kind, of, tail, not_before) {
            match by_index {
                None if is_direct(cause) => return self.want(Want::Cause(kind, of, cause)),
                None => return self.want(Want::Entries(kind, of, Some(lowest))),
                Some(Some(sequence)) => {
                    let caused = self.loaded.entry(kind, of, sequence).cloned();
                    if caused.is_none() {
                        return self.want(Want::Record(kind, Key::entry(of, sequence)));
                    }
                    return Ok(StoredChain { head: Some(head), caused });
                }
                Some(None) => {}
            }
        }
        self.seen.chains.push((kind, of));
        Ok(StoredChain { head: Some(head), caused: None })
    }
}

/// What must be unchanged though nothing is written on it: records that were looked at, and the
/// places after heads that were.
pub(crate) fn guarded(seen: &Seen, loaded: &Gathered, puts: &[Put]) -> Vec<(&'static Kind, Key)> {
    let written: HashSet<Slot> = puts.iter().map(slot_of).collect();
    let records = seen.records.iter().copied();
    let next = seen.chains.iter().filter_map(|(kind, of)| {
        let tail = loaded.tails.get(&(kind.name, *of))?;
        let next = tail.known.map_or(Some(0), |(_, highest)| highest.checked_add(1))?;
        Some((*kind, Key::entry(*of, next)))
    });
    let mut guarded: Vec<(&'static Kind, Key)> = Vec::new();
    for (kind, key) in records.chain(next) {
        if !written.contains(&slot(kind, key)) && !guarded.contains(&(kind, key)) {
            guarded.push((kind, key));
        }
    }
    guarded
}
