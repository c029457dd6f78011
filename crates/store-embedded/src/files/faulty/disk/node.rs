//! A file: what programs see of it, what is on the disk, and what a crash leaves of the changes between.

use crate::files::faulty::random::Random;

/// A crash tears writes at these places, or at any byte.
const SECTOR: usize = 512;

/// A file, with or without a name.
#[derive(Clone, Default)]
pub(super) struct Node {
    /// As programs see it.
    pub(super) seen: Vec<u8>,
    /// As it is on the disk.
    pub(super) durable: Vec<u8>,
    /// In order, since it was synced.
    pub(super) changes: Vec<Change>,
    pub(super) locked_alone: bool,
    pub(super) locked_by: usize,
}

#[derive(Clone)]
pub(super) enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Node {
    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.changes.push(change);
    }

    pub(super) fn sync(&mut self) {
        self.changes.drain(..).for_each(|change| change.apply(&mut self.durable));
    }

    /// What was not synced becomes durable in part, or never.
    pub(super) fn forget(&mut self, random: &mut Random) {
        for change in std::mem::take(&mut self.changes) {
            change.apply_in_part(&mut self.durable, random);
        }
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(length) => content.resize(*length, 0),
            Self::Write { offset, bytes } => put(content, *offset, bytes),
        }
    }

    fn apply_in_part(&self, content: &mut Vec<u8>, random: &mut Random) {
        let Self::Write { offset, bytes } = self else {
            if random.happens(500) {
                self.apply(content);
            }
            return;
        };
        let torn_at = random.up_to(bytes.len());
        match random.up_to(4) {
            0 => {}
            1 => put(content, *offset, bytes),
            2 => put(content, *offset, bytes.get(..torn_at).unwrap_or_default()),
            3 => {
                let rest = bytes.get(torn_at..).unwrap_or_default();
                put(content, offset.saturating_add(torn_at), rest);
            }
            _ => put_sectors(content, *offset, bytes, random),
        }
    }
}

fn put(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset.saturating_add(bytes.len());
    if !bytes.is_empty() && content.len() < end {
        content.resize(end, 0);
    }
    if let Some(place) = content.get_mut(offset..end) {
        place.copy_from_slice(bytes);
    }
}

/// Each sector of it, or not.
fn put_sectors(content: &mut Vec<u8>, offset: usize, bytes: &[u8], random: &mut Random) {
    let mut start = 0_usize;
    while start < bytes.len() {
        let place = offset.saturating_add(start);
        let sector_end = place.saturating_add(1).next_multiple_of(SECTOR);
        let end = start.saturating_add(sector_end.saturating_sub(place)).min(bytes.len());
        if random.happens(500) {
            put(content, place, bytes.get(start..end).unwrap_or_default());
        }
        start = end;
    }
}
