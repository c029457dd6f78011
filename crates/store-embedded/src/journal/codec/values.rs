//! How single values are written: a byte that says what it is, then as little as will do. No memory
//! is asked for but for the bytes themselves. What is read back is in `reader`.

use kernel::record::Value;
use kernel::{AnyId, Time};

use super::recent::{self, Piece, Recent};

/// A whole number, folded, as a varint.
pub(super) const INTEGER: u8 = 0x01;
/// A large whole number, as its distance from the last one, folded, as a varint.
pub(super) const NEAR: u8 = 0x02;
/// A text: its length as a varint, its bytes.
pub(super) const TEXT: u8 = 0x03;
/// Bytes: their number as a varint, themselves.
pub(super) const BYTES: u8 = 0x04;
/// An id: the code of its prefix, its 16 bytes.
pub(super) const ID: u8 = 0x05;
/// An id that was named lately: the code of its prefix, its place.
pub(super) const ID_SEEN: u8 = 0x06;
/// A text that ends in a UUID: the text before it, as a text, and the UUID's 16 bytes.
pub(super) const TEXT_UUID: u8 = 0x07;
/// The same, and the UUID was named lately: the text before it, as a text, and the UUID's place.
pub(super) const TEXT_UUID_SEEN: u8 = 0x08;
/// A text that was named lately: its place.
pub(super) const TEXT_SEEN: u8 = 0x09;
/// Absent, so often in a row: 1 and up to 32.
pub(super) const NULLS: u8 = 0x20;
/// A text of so many bytes: 0 and up to 63.
pub(super) const SHORT_TEXT: u8 = 0x40;
/// A whole number: 0 and up to 127.
pub(super) const SMALL: u8 = 0x80;

/// The longest row of absent values that one byte says.
const NULLS_MAX: u8 = 32;
/// How long a UUID is as text.
pub(super) const UUID_TEXT: usize = 36;

/// Appends values to a batch's bytes.
pub(super) struct Values<'a> {
    pub(super) out: &'a mut Vec<u8>,
    pub(super) recent: &'a mut Recent,
    nulls: u8,
}

impl<'a> Values<'a> {
    /// At the end of `out`.
    pub(super) fn new(out: &'a mut Vec<u8>, recent: &'a mut Recent) -> Self {
        Self { out, recent, nulls: 0 }
    }

    /// A byte.
    pub(super) fn byte(&mut self, byte: u8) {
        self.out.push(byte);
    }

    /// A varint.
    pub(super) fn number(&mut self, mut number: u64) {
        while let [low, ..] = number.to_le_bytes()
            && number >= 0x80
        {
            self.out.push(low | 0x80);
            number >>= 7;
        }
        let [low, ..] = number.to_le_bytes();
        self.out.push(low);
    }

    /// How many there are of something.
    pub(super) fn count(&mut self, count: usize) {
        self.number(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// A position, as its distance from the last one.
    pub(super) fn position(&mut self, position: u64) {
        let distance = position.wrapping_sub(self.recent.position);
        self.recent.position = position;
        self.number(fold(distance.cast_signed()));
    }

    /// A time.
    pub(super) fn time(&mut self, time: Time) {
        self.integer(time.micros());
    }

    /// A UUID whose kind is known: its place, or 255 and its bytes.
    pub(super) fn uuid(&mut self, uuid: u128) {
        match self.seen(uuid) {
            Some(place) => self.byte(place),
            None => {
                self.byte(u8::MAX);
                self.new_uuid(uuid);
            }
        }
    }

    /// An id of any kind.
    pub(super) fn id(&mut self, id: AnyId) {
        match self.seen(id.uuid) {
            Some(place) => self.out.extend_from_slice(&[ID_SEEN, id.prefix.code(), place]),
            None => {
                self.out.extend_from_slice(&[ID, id.prefix.code()]);
                self.new_uuid(id.uuid);
            }
        }
    }

    /// The value of a column. Absent ones are gathered until another comes or
    /// [`flush`](Self::flush) is called.
    pub(super) fn value(&mut self, value: &Value<'_>) {
        if value.is_null() {
            self.nulls = self.nulls.saturating_add(1);
            if self.nulls == NULLS_MAX {
                self.flush();
            }
            return;
        }
        self.flush();
        match value {
            Value::Null => {}
            Value::Integer(integer) => self.integer(*integer),
            Value::Text(text) => self.text(text),
            Value::Id(id) => self.id(*id),
            Value::Bytes(bytes) => {
                self.byte(BYTES);
                self.count(bytes.len());
                self.out.extend_from_slice(bytes);
            }
        }
    }

    /// After the last column.
    pub(super) fn flush(&mut self) {
        if let Some(more) = self.nulls.checked_sub(1) {
            self.byte(NULLS | more);
            self.nulls = 0;
        }
    }

    /// A whole number of either sign.
    pub(super) fn integer(&mut self, integer: i64) {
        if let Ok(small) = u8::try_from(integer)
            && small < SMALL
        {
            self.byte(SMALL | small);
        } else if recent::is_large(integer) {
            let distance = integer.wrapping_sub(self.recent.large);
            self.recent.large = integer;
            self.byte(NEAR);
            self.number(fold(distance));
        } else {
            self.byte(INTEGER);
            self.number(fold(integer));
        }
    }

    /// A text.
    pub(super) fn text(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let Some((head, uuid)) = ends_in_uuid(bytes) else { return self.plain_text(bytes) };
        match self.seen(uuid) {
            Some(place) => {
                self.byte(TEXT_UUID_SEEN);
                self.plain_text(head);
                self.byte(place);
            }
            None => {
                self.byte(TEXT_UUID);
                self.plain_text(head);
                self.new_uuid(uuid);
            }
        }
    }

    fn plain_text(&mut self, text: &[u8]) {
        let Some(length) = u8::try_from(text.len()).ok().filter(|length| *length < 64) else {
            self.byte(TEXT);
            self.count(text.len());
            return self.out.extend_from_slice(text);
        };
        if !recent::is_kept(text.len()) {
            self.byte(SHORT_TEXT | length);
            return self.out.extend_from_slice(text);
        }
        let place = recent::place_of_text(text);
        if self.recent.text(place).and_then(|piece| piece.of(self.out)) == Some(text) {
            return self.out.extend_from_slice(&[TEXT_SEEN, place]);
        }
        self.byte(SHORT_TEXT | length);
        // A batch of 4 GiB is never written; if it were, its later texts would not be found again.
        let start = u32::try_from(self.out.len()).unwrap_or(u32::MAX);
        self.recent.put_text(place, Piece { start, length });
        self.out.extend_from_slice(text);
    }

    fn seen(&self, uuid: u128) -> Option<u8> {
        let place = recent::place_of_uuid(uuid);
        (self.recent.uuid(place) == Some(uuid)).then_some(place)
    }

    fn new_uuid(&mut self, uuid: u128) {
        self.recent.put_uuid(uuid);
        self.out.extend_from_slice(&uuid.to_be_bytes());
    }
}

impl Piece {
    /// The bytes that it stands for; none where it stands for nothing.
    pub(super) fn of(self, bytes: &[u8]) -> Option<&[u8]> {
        let start = usize::try_from(self.start).ok()?;
        let end = start.checked_add(usize::from(self.length))?;
        bytes.get(start..end).filter(|text| !text.is_empty())
    }
}

/// Folds the sign into the lowest bit, so that small numbers of either sign stay small.
pub(super) fn fold(integer: i64) -> u64 {
    ((integer << 1) ^ (integer >> 63)).cast_unsigned()
}

/// Undoes [`fold`].
pub(super) fn unfold(folded: u64) -> i64 {
    (folded >> 1).cast_signed() ^ (folded & 1).cast_signed().wrapping_neg()
}

/// The text before a UUID in its one usual form, and the UUID.
fn ends_in_uuid(text: &[u8]) -> Option<(&[u8], u128)> {
    let (head, uuid) = text.split_at_checked(text.len().checked_sub(UUID_TEXT)?)?;
    let mut bits = 0_u128;
    for (place, byte) in uuid.iter().enumerate() {
        if matches!(place, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte.wrapping_sub(b'0'),
            b'a'..=b'f' => byte.wrapping_sub(b'a').wrapping_add(10),
            _ => return None,
        };
        bits = (bits << 4) | u128::from(digit);
    }
    Some((head, bits))
}
