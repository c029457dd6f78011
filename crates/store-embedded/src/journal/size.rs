//! Lengths in memory and lengths on disk, turned into each other. Both are 64 bits wide on every
//! machine that this runs on; where they were not, the largest number is taken and refused later.

pub(super) fn on_disk(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

pub(super) fn in_memory(length: u64) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX)
}
