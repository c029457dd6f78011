//! Cursors: a position and a tag over it (HMAC-SHA256, its first 16 bytes), in base64url. The tag
//! also covers the list and its filter, so that a cursor fits nowhere else.
//! Not in here: what is done at the position.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use kernel::Key;
use kernel::id::{AnyId, Prefix};
use kernel::store::Place;
use sha2::Sha256;

const TAG_BYTES: usize = 16;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Position {
    /// After a record.
    After(Place),
    /// After a number, such as an event's position in the log.
    Number(u64),
    /// After a name, such as a dead letter's id.
    Name(String),
}

/// Signs the cursors of one list with one filter.
#[derive(Clone)]
pub(super) struct Seal {
    key: [u8; 32],
    list: String,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Seal of {}", self.list)
    }
}

impl Seal {
    /// For a list of that name, its filter included.
    pub(super) fn new(key: [u8; 32], list: String) -> Self {
        Self { key, list }
    }

    /// The cursor's text.
    pub(super) fn write(&self, position: &Position) -> String {
        let mut bytes = encode(position);
        if let Some(mac) = self.mac(&bytes) {
            let tag: [u8; 32] = mac.finalize().into_bytes().into();
            bytes.extend(tag.iter().take(TAG_BYTES));
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The position of a cursor that this list gave; none if it did not.
    pub(super) fn read(&self, text: &str) -> Option<Position> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (payload, tag) = bytes.split_at_checked(bytes.len().checked_sub(TAG_BYTES)?)?;
        self.mac(payload)?.verify_truncated_left(tag).ok()?;
        decode(payload)
    }

    fn mac(&self, payload: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.key).ok()?;
        // The length keeps the two parts from running together.
        mac.update(&payload.len().to_be_bytes());
        mac.update(payload);
        mac.update(self.list.as_bytes());
        Some(mac)
    }
}

const FORM_RECORD: u8 = 1;
const FORM_ENTRY: u8 = 2;
const FORM_NUMBER: u8 = 3;
const FORM_NAME: u8 = 4;

fn encode(position: &Position) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    match position {
        Position::After(Place { sort, key }) => {
            bytes.push(if key.sequence.is_some() { FORM_ENTRY } else { FORM_RECORD });
            bytes.extend(sort.to_be_bytes());
            bytes.push(key.id.prefix.code());
            bytes.extend(key.id.uuid.to_be_bytes());
            bytes.extend(key.sequence.into_iter().flat_map(u64::to_be_bytes));
        }
        Position::Number(number) => {
            bytes.push(FORM_NUMBER);
            bytes.extend(number.to_be_bytes());
        }
        Position::Name(name) => {
            bytes.push(FORM_NAME);
            bytes.extend(name.as_bytes());
        }
    }
    bytes
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (form, rest) = bytes.split_first()?;
    match *form {
        FORM_NUMBER => Some(Position::Number(u64::from_be_bytes(rest.try_into().ok()?))),
        FORM_NAME => Some(Position::Name(String::from_utf8(rest.to_vec()).ok()?)),
        FORM_RECORD | FORM_ENTRY => decode_place(*form, rest).map(Position::After),
        _ => None,
    }
}

fn decode_place(form: u8, rest: &[u8]) -> Option<Place> {
    let (sort, rest) = rest.split_first_chunk::<8>()?;
    let (prefix, rest) = rest.split_first()?;
    let (uuid, rest) = rest.split_first_chunk::<16>()?;
    let id = AnyId { prefix: Prefix::from_code(*prefix)?, uuid: u128::from_be_bytes(*uuid) };
    let sequence = match form {
        FORM_RECORD if rest.is_empty() => None,
        FORM_ENTRY => Some(u64::from_be_bytes(rest.try_into().ok()?)),
        _ => return None,
    };
    Some(Place { sort: i64::from_be_bytes(*sort), key: Key { id, sequence } })
}
