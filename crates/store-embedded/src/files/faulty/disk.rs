//! What is on the disk, what programs see of it, and what is between the two. Whose file it is and
//! who waits for a lock is not known here.

mod node;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};

use node::{Change, Node};

use super::random::Random;
use super::{Failures, Faults};

/// See the file's comment.
pub(super) struct Disk {
    pub(super) faults: Faults,
    pub(super) failing_syncs: u32,
    pub(super) failing_writes: u32,
    pub(super) room: Option<u64>,
    pub(super) operations_left: Option<u64>,
    pub(super) syncs: u64,
    pub(super) writes: u64,
    pub(super) failures: Failures,
    random: Random,
    nodes: Vec<Node>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    /// In order, since the folder was synced.
    renamings: Vec<Renaming>,
}

enum Renaming {
    Add(String, usize),
    Remove(String),
    Move(String, String),
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            faults: Faults::default(),
            failing_syncs: 0,
            failing_writes: 0,
            room: None,
            operations_left: None,
            syncs: 0,
            writes: 0,
            failures: Failures::default(),
            random: Random::new(seed),
            nodes: Vec::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            renamings: Vec::new(),
        }
    }

    pub(super) fn restart(&mut self) -> Self {
        let mut after = Self::new(self.random.draw());
        after.failures = self.failures;
        self.settle_names();
        for (name, place) in std::mem::take(&mut self.durable_names) {
            let Some(node) = self.nodes.get_mut(place) else { continue };
            node.forget(&mut self.random);
            let durable = std::mem::take(&mut node.durable);
            let node = Node { seen: durable.clone(), durable, ..Node::default() };
            after.names.insert(name, after.nodes.len());
            after.nodes.push(node);
        }
        after.durable_names = after.names.clone();
        self.operations_left = Some(0);
        after
    }

    pub(super) fn tamper(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let place = self.find(name)?;
        let node = self.node(place)?;
        change(&mut node.seen);
        node.durable.clone_from(&node.seen);
        node.changes.clear();
        Ok(())
    }

    pub(super) fn list(&mut self) -> io::Result<Vec<String>> {
        self.step()?;
        Ok(self.names.keys().cloned().collect())
    }

    pub(super) fn find(&mut self, name: &str) -> io::Result<usize> {
        self.step()?;
        self.names.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
    }

    pub(super) fn create(&mut self, name: &str, length: u64) -> io::Result<usize> {
        self.step()?;
        if self.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if self.bytes_free() < length {
            return Err(ErrorKind::StorageFull.into());
        }
        let length = in_memory(length);
        let changes = vec![Change::Length(length)];
        let place = self.nodes.len();
        self.nodes.push(Node { seen: vec![0; length], changes, ..Node::default() });
        self.change_names(Renaming::Add(name.to_owned(), place));
        Ok(place)
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        self.find(from)?;
        self.change_names(Renaming::Move(from.to_owned(), to.to_owned()));
        Ok(())
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        self.find(name)?;
        self.change_names(Renaming::Remove(name.to_owned()));
        Ok(())
    }

    pub(super) fn sync_folder(&mut self) -> io::Result<()> {
        self.step()?;
        if self.sync_fails() {
            // What programs see of a folder stays as it is, and the next sync that comes back well
            // makes that durable: a file system keeps its own books whole, or stops.
            self.settle_names();
            return Err(io::Error::other("the disk failed to sync the folder"));
        }
        self.durable_names.clone_from(&self.names);
        self.renamings.clear();
        Ok(())
    }

    pub(super) fn length(&mut self, place: usize) -> io::Result<u64> {
        self.step()?;
        Ok(on_disk(self.node(place)?.seen.len()))
    }

    pub(super) fn set_length(&mut self, place: usize, length: u64) -> io::Result<()> {
        self.step()?;
        let free = self.bytes_free();
        let node = self.node(place)?;
        if length.saturating_sub(on_disk(node.seen.len())) > free {
            return Err(ErrorKind::StorageFull.into());
        }
        node.change(Change::Length(in_memory(length)));
        Ok(())
    }

    pub(super) fn read(
        &mut self,
        place: usize,
        buffer: &mut [u8],
        offset: u64,
    ) -> io::Result<usize> {
        self.step()?;
        let node = self.node(place)?;
        let rest = node.seen.get(in_memory(offset)..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        let (Some(from), Some(to)) = (rest.get(..length), buffer.get_mut(..length)) else {
            return Ok(0);
        };
        to.copy_from_slice(from);
        Ok(length)
    }

    pub(super) fn write(&mut self, place: usize, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.step()?;
        self.writes = self.writes.saturating_add(1);
        let offset = in_memory(offset);
        let free = in_memory(self.bytes_free());
        let longest = self.node(place)?.seen.len().saturating_add(free).saturating_sub(offset);
        if longest == 0 {
            return Err(ErrorKind::StorageFull.into());
        }
        let mut length = bytes.len().min(longest);
        let fails =
            count_down(&mut self.failing_writes) || self.random.happens(self.faults.failed_writes);
        if fails {
            length = self.random.up_to(length);
        } else if self.random.happens(self.faults.short_writes) {
            length = self.random.up_to(length).max(1);
        }
        let bytes = bytes.get(..length).unwrap_or_default().to_vec();
        self.node(place)?.change(Change::Write { offset, bytes });
        if !fails {
            return Ok(length);
        }
        self.failures.writes = self.failures.writes.saturating_add(1);
        Err(io::Error::other("the disk failed to write"))
    }

    pub(super) fn sync(&mut self, place: usize) -> io::Result<()> {
        self.step()?;
        if self.sync_fails() {
            let Self { nodes, random, .. } = self;
            let node = nodes.get_mut(place).ok_or_else(gone)?;
            node.forget(random);
            // Some systems go on showing what they could not write, some show at once what the disk
            // has, and some do so later, when they need the memory.
            if random.happens(500) {
                node.seen.clone_from(&node.durable);
            }
            return Err(io::Error::other("the disk failed to sync"));
        }
        let is_swallowed = self.random.happens(self.faults.swallowed_syncs);
        if !is_swallowed {
            self.node(place)?.sync();
        }
        self.syncs = self.syncs.saturating_add(1);
        Ok(())
    }

    /// Whether it is locked now; otherwise somebody has it alone.
    pub(super) fn lock_with_others(&mut self, place: usize) -> io::Result<bool> {
        let node = self.node(place)?;
        if node.locked_alone {
            return Ok(false);
        }
        node.locked_by = node.locked_by.saturating_add(1);
        Ok(true)
    }

    /// Whether it is locked now; otherwise somebody else has a lock.
    pub(super) fn try_lock_alone(&mut self, place: usize) -> io::Result<bool> {
        let node = self.node(place)?;
        let is_free = !node.locked_alone && node.locked_by == 0;
        node.locked_alone |= is_free;
        Ok(is_free)
    }

    pub(super) fn unlock_with_others(&mut self, place: usize) {
        if let Ok(node) = self.node(place) {
            node.locked_by = node.locked_by.saturating_sub(1);
        }
    }

    pub(super) fn unlock_alone(&mut self, place: usize) {
        if let Ok(node) = self.node(place) {
            node.locked_alone = false;
        }
    }

    /// One more operation, unless the machine has stopped.
    fn step(&mut self) -> io::Result<()> {
        let Some(left) = &mut self.operations_left else { return Ok(()) };
        *left = left.checked_sub(1).ok_or_else(|| io::Error::other("the machine has stopped"))?;
        Ok(())
    }

    fn sync_fails(&mut self) -> bool {
        let fails =
            count_down(&mut self.failing_syncs) || self.random.happens(self.faults.failed_syncs);
        self.failures.syncs = self.failures.syncs.saturating_add(u64::from(fails));
        fails
    }

    /// Each change of names that is not durable yet is so now, or never will be by itself.
    fn settle_names(&mut self) {
        for renaming in self.renamings.drain(..) {
            if self.random.happens(500) {
                renaming.apply(&mut self.durable_names);
            }
        }
    }

    fn node(&mut self, place: usize) -> io::Result<&mut Node> {
        self.nodes.get_mut(place).ok_or_else(gone)
    }

    fn change_names(&mut self, renaming: Renaming) {
        renaming.apply(&mut self.names);
        self.renamings.push(renaming);
    }

    fn bytes_free(&self) -> u64 {
        let nodes = self.names.values().filter_map(|place| self.nodes.get(*place));
        let used = nodes.map(|node| on_disk(node.seen.len())).fold(0, u64::saturating_add);
        self.room.map_or(u64::MAX, |room| room.saturating_sub(used))
    }
}

impl Renaming {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Add(name, place) => {
                names.insert(name.clone(), *place);
            }
            Self::Remove(name) => {
                names.remove(name);
            }
            Self::Move(from, to) => {
                if let Some(place) = names.remove(from) {
                    names.insert(to.clone(), place);
                }
            }
        }
    }
}

fn count_down(count: &mut u32) -> bool {
    let is_left = *count > 0;
    *count = count.saturating_sub(1);
    is_left
}

fn gone() -> io::Error {
    ErrorKind::NotFound.into()
}

fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn on_disk(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
