//! The canonical bytes of a record, over which a chain's hashes go: schema version, then each column
//! that is there, in declared order, tagged and length-prefixed. Columns that may change later (a
//! link to what reversed it, the hash itself) are left out by name.

use sha2::{Digest, Sha256};

use super::{AnyRecord, Hash32, Value};

/// The hash of a record's canonical bytes and the hash before it. `left_out` names the columns that
/// stand outside the hash.
pub fn hash(record: &dyn AnyRecord, before: Option<Hash32>, left_out: &[&str]) -> Hash32 {
    let mut bytes = Vec::with_capacity(512);
    write(record, left_out, &mut bytes);
    let mut digest = Sha256::new();
    digest.update(&bytes);
    if let Some(before) = before {
        digest.update(before.0);
    }
    Hash32(digest.finalize().into())
}

/// Appends the canonical bytes to `out`.
///
/// Version 1: the kind's schema version (2 bytes, big-endian); for each column that is not absent
/// its place (2 bytes), a letter for its type, its length (4 bytes), its bytes. Numbers are 8 bytes
/// big-endian two's complement; ids the code of their prefix and 16 bytes.
pub fn write(record: &dyn AnyRecord, left_out: &[&str], out: &mut Vec<u8>) {
    let kind = record.kind();
    out.extend_from_slice(&kind.schema_version.to_be_bytes());
    let mut columns = kind.columns.iter();
    let mut place: u16 = 0;
    record.values(&mut |value| {
        let name = columns.next().map_or("", |column| column.name);
        if !left_out.contains(&name) {
            write_value(place, &value, out);
        }
        place = place.saturating_add(1);
    });
}

fn write_value(place: u16, value: &Value<'_>, out: &mut Vec<u8>) {
    let mut push = |letter: u8, parts: [&[u8]; 2]| {
        let length = parts.iter().map(|part| part.len()).fold(0_usize, usize::saturating_add);
        out.extend_from_slice(&place.to_be_bytes());
        out.push(letter);
        out.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        parts.iter().for_each(|part| out.extend_from_slice(part));
    };
    match value {
        Value::Null => {}
        Value::Integer(integer) => push(b'n', [&integer.to_be_bytes(), &[]]),
        Value::Text(text) => push(b't', [text.as_bytes(), &[]]),
        Value::Id(id) => push(b'i', [&[id.prefix.code()], &id.uuid.to_be_bytes()]),
        Value::Bytes(bytes) => push(b'b', [bytes, &[]]),
    }
}
