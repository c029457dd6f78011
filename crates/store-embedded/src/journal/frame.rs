//! A frame: one batch in a segment. Which frames count is decided in `scan`.
//!
//! Layout, whole numbers with the lowest byte first: length of the payload (4 bytes), CRC-32 of all
//! but itself (4), sequence of the segment (8), number of the batch (8), payload, zeroes up to the
//! next multiple of [`ALIGNMENT`]. A segment that is used again still holds frames of its former
//! life: their sequence is not its own.

use super::size::{in_memory, on_disk};

/// What stands before the payload, in bytes.
pub(super) const HEAD_BYTES: usize = 24;
/// Where a frame can begin: at its multiples.
pub(super) const ALIGNMENT: usize = 8;

/// A frame whose sum is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    /// The sequence of its segment.
    pub(super) sequence: u64,
    /// The number of its batch.
    pub(super) number: u64,
    /// The batch.
    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Puts the frame into `out`.
    ///
    /// A payload of 4 GiB is refused long before, as longer than a segment.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let length = u32::try_from(self.payload.len()).unwrap_or(u32::MAX);
        let sum = sum(length, self.sequence, self.number, self.payload);
        out.clear();
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&sum.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(self.payload);
        out.resize(bytes_of(self.payload.len()), 0);
    }

    /// The frame that begins at `offset`, if there is a whole one whose sum is right and of which
    /// `counts` says so by sequence and number (before the sum is looked at, which takes longer).
    pub(super) fn read(
        bytes: &'a [u8],
        offset: usize,
        counts: impl FnOnce(u64, u64) -> bool,
    ) -> Option<Self> {
        let rest = bytes.get(offset..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let (stored, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (number, rest) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length);
        let (sequence, number) = (u64::from_le_bytes(*sequence), u64::from_le_bytes(*number));
        if length == 0 || !counts(sequence, number) {
            return None;
        }
        let payload = rest.get(..usize::try_from(length).ok()?)?;
        let is_whole = sum(length, sequence, number, payload) == u32::from_le_bytes(*stored);
        is_whole.then_some(Self { sequence, number, payload })
    }

    /// How many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        bytes_of(self.payload.len())
    }
}

/// How many bytes a frame with so long a payload takes.
pub(super) fn bytes_of(payload: usize) -> usize {
    let bytes = HEAD_BYTES.saturating_add(payload);
    bytes.checked_next_multiple_of(ALIGNMENT).unwrap_or(usize::MAX)
}

/// The first frame at or after `offset` that is whole and `counts`.
pub(super) fn find(
    bytes: &[u8],
    offset: usize,
    counts: impl Fn(u64, u64) -> bool,
) -> Option<(u64, Frame<'_>)> {
    let from = offset.checked_next_multiple_of(ALIGNMENT)?;
    let mut offsets = (from..bytes.len()).step_by(ALIGNMENT);
    offsets.find_map(|offset| Some((on_disk(offset), Frame::read(bytes, offset, &counts)?)))
}

fn sum(length: u32, sequence: u64, number: u64, payload: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    let mut head = [0; HEAD_BYTES - 4];
    let (length_place, rest) = head.split_at_mut(4);
    let (sequence_place, number_place) = rest.split_at_mut(8);
    length_place.copy_from_slice(&length.to_le_bytes());
    sequence_place.copy_from_slice(&sequence.to_le_bytes());
    number_place.copy_from_slice(&number.to_le_bytes());
    sum.update(&head);
    sum.update(payload);
    sum.finalize()
}

/// Where a frame is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Place {
    /// The bytes of the frame in those of its segment.
    pub(super) fn of(self, segment: &[u8]) -> &[u8] {
        let start = in_memory(self.offset);
        let end = start.saturating_add(in_memory(self.bytes));
        segment.get(start..end).unwrap_or_default()
    }
}
