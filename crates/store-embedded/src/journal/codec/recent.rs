//! The table of ids and texts that a batch has named lately, kept alike by who writes it and who
//! reads it: what stands in it is given by its place. It begins empty with each batch.
//!
//! Each id and text has one place, found by its own bytes; a newer one takes it from an older one.
//! These functions are part of the format: another one would read other bytes.

/// How many places there are.
pub(super) const PLACES: usize = 64;

/// A piece of the bytes that were written so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Piece {
    pub(super) start: u32,
    pub(super) length: u8,
}

/// See the file's comment.
#[derive(Debug, Clone)]
pub(super) struct Recent {
    uuids: [u128; PLACES],
    texts: [Piece; PLACES],
    /// The last whole number so large that it must be a time.
    pub(super) large: i64,
    /// The last position.
    pub(super) position: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self { uuids: [0; PLACES], texts: [Piece::default(); PLACES], large: 0, position: 0 }
    }
}

impl Recent {
    /// The id at a place. An empty place is as if the id of zeroes stood there.
    pub(super) fn uuid(&self, place: u8) -> Option<u128> {
        self.uuids.get(usize::from(place)).copied()
    }

    /// The text at a place; an empty piece if there is none.
    pub(super) fn text(&self, place: u8) -> Option<Piece> {
        self.texts.get(usize::from(place)).copied()
    }

    /// Puts an id in its place.
    pub(super) fn put_uuid(&mut self, uuid: u128) {
        if let Some(slot) = self.uuids.get_mut(usize::from(place_of_uuid(uuid))) {
            *slot = uuid;
        }
    }

    /// Puts a text in its place.
    pub(super) fn put_text(&mut self, place: u8, piece: Piece) {
        if let Some(slot) = self.texts.get_mut(usize::from(place)) {
            *slot = piece;
        }
    }
}

/// The last byte of a UUID is random in version 7 and a hash's in version 8.
pub(super) fn place_of_uuid(uuid: u128) -> u8 {
    let [.., last] = uuid.to_be_bytes();
    last & 63
}

/// Fowler, Noll and Vo's hash 1a in 32 bits, folded to a place.
pub(super) fn place_of_text(text: &[u8]) -> u8 {
    let hash = text
        .iter()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    let [a, b, c, d] = hash.to_be_bytes();
    (a ^ b ^ c ^ d) & 63
}

/// Whether a text of that length is kept.
pub(super) fn is_kept(length: usize) -> bool {
    (2..64).contains(&length)
}

/// Whether a number is so large that it must be a time: microseconds after 1970.
pub(super) fn is_large(integer: i64) -> bool {
    integer.unsigned_abs() >= 1 << 40
}
