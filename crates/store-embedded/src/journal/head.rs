//! The head of a segment's file: whether it is in use, which segment it is, where it joins the one
//! before, and what the numbers in its batches stand for.
//!
//! Layout, whole numbers with the lowest byte first: [`MAGIC`] (8 bytes), length of the head (4),
//! CRC-32 of everything after it (4), 1 in use or 2 spare (8), sequence (8), length of the file (8),
//! `before` (8), `first` (8), lineage (16), length of the names (8), names, zeroes.

use std::io;

use super::codec::Names;
use super::size::{in_memory, on_disk};
use crate::files::{File, read_full_at};
use crate::rows::Lineage;

const MAGIC: [u8; 8] = *b"FINJRNL1";
/// A head takes a multiple of this.
const BLOCK: usize = 4096;
/// No head is longer: a thousand kinds with their columns.
const BYTES_MAX: u64 = 1024 * 1024;
/// What stands before the names.
const FIXED: usize = 80;
const IN_USE: u64 = 1;
const SPARE: u64 = 2;

/// What a file's head says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Head {
    /// Its frames count.
    InUse(Segment),
    /// No frame in it counts. The sequence is that of its last use, 0 if it had none.
    Spare {
        sequence: u64,
        /// How long the file was made.
        file_bytes: u64,
    },
}

/// The head of a segment in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// One more than any segment before it.
    pub(super) sequence: u64,
    /// How long the file was made.
    pub(super) file_bytes: u64,
    /// The last batch that counts in the segments before it: they are cut there.
    pub(super) before: u64,
    /// The number of its own first batch, `before + 1`; more where the database was ahead.
    pub(super) first: u64,
    /// The database that it stands in front of.
    pub(super) lineage: Lineage,
    /// What the numbers in its batches stand for.
    pub(super) names: Vec<u8>,
    /// Where its first frame begins.
    pub(super) head_bytes: u64,
}

impl Segment {
    /// The head of a segment that this program writes.
    pub(super) fn new(lineage: Lineage, names: &Names, file_bytes: u64) -> Self {
        let mut text = Vec::new();
        names.write(&mut text);
        let head_bytes = on_disk(head_bytes_of(text.len()));
        Self { sequence: 0, file_bytes, before: 0, first: 0, lineage, names: text, head_bytes }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let Self { sequence, file_bytes, before, first, lineage, names, head_bytes: _ } = self;
        write([IN_USE, *sequence, *file_bytes, *before, *first], *lineage, names)
    }
}

/// The head of a spare file.
pub(super) fn spare(sequence: u64, file_bytes: u64) -> Vec<u8> {
    write([SPARE, sequence, file_bytes, 0, 0], Lineage([0; 16]), &[])
}

fn head_bytes_of(names: usize) -> usize {
    FIXED.saturating_add(names).checked_next_multiple_of(BLOCK).unwrap_or(usize::MAX)
}

fn write(numbers: [u64; 5], lineage: Lineage, names: &[u8]) -> Vec<u8> {
    let head_bytes = head_bytes_of(names.len());
    let mut body = Vec::with_capacity(head_bytes);
    numbers.iter().for_each(|number| body.extend_from_slice(&number.to_le_bytes()));
    body.extend_from_slice(&lineage.0);
    body.extend_from_slice(&on_disk(names.len()).to_le_bytes());
    body.extend_from_slice(names);
    body.resize(head_bytes.saturating_sub(16), 0);
    let mut head = Vec::with_capacity(head_bytes);
    head.extend_from_slice(&MAGIC);
    head.extend_from_slice(&u32::try_from(head_bytes).unwrap_or(u32::MAX).to_le_bytes());
    head.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    head.extend_from_slice(&body);
    head
}

/// Reads a head; none where there is no whole one.
///
/// # Errors
/// Whatever the disk says.
pub(super) fn read(file: &dyn File) -> io::Result<Option<Head>> {
    let mut bytes = vec![0; BLOCK];
    if read_full_at(file, &mut bytes, 0)? < BLOCK {
        return Ok(None);
    }
    let Some(length) = length_of(&bytes) else { return Ok(None) };
    bytes.resize(length, 0);
    if read_full_at(file, &mut bytes, 0)? < length {
        return Ok(None);
    }
    Ok(parse(&bytes))
}

fn length_of(bytes: &[u8]) -> Option<usize> {
    let (length, _) = bytes.strip_prefix(&MAGIC)?.split_first_chunk()?;
    let length = u64::from(u32::from_le_bytes(*length));
    (length >= on_disk(BLOCK) && length <= BYTES_MAX).then(|| in_memory(length))
}

fn parse(bytes: &[u8]) -> Option<Head> {
    let rest = bytes.get(12..)?;
    let (sum, body) = rest.split_first_chunk()?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return None;
    }
    let mut rest = body;
    let (state, sequence, file_bytes) =
        (number(&mut rest)?, number(&mut rest)?, number(&mut rest)?);
    let (before, first) = (number(&mut rest)?, number(&mut rest)?);
    let lineage = Lineage(chunk(&mut rest)?);
    let names = in_memory(number(&mut rest)?);
    let head_bytes = on_disk(bytes.len());
    let names = rest.get(..names)?.to_vec();
    match state {
        IN_USE => {
            let segment =
                Segment { sequence, file_bytes, before, first, lineage, names, head_bytes };
            Some(Head::InUse(segment))
        }
        SPARE => Some(Head::Spare { sequence, file_bytes }),
        _ => None,
    }
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    chunk(rest).map(u64::from_le_bytes)
}

fn chunk<const BYTES: usize>(rest: &mut &[u8]) -> Option<[u8; BYTES]> {
    let (chunk, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*chunk)
}
