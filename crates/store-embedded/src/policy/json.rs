//! JSON, one level at a time, with what a `serde_json::Value` forgets: the literal text of a number
//! and that a key was given twice. Knows nothing of policies.

use super::attributes::Literal;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;

/// A JSON value whose inside is not read yet.
pub(super) enum Shape<'a> {
    Literal(Literal),
    /// The number as it was written.
    Number(&'a str),
    String(String),
    List(Vec<&'a RawValue>),
    /// The members in their order; no name stands there twice.
    Object(Members<'a>),
}

/// The members of an object.
pub(super) type Members<'a> = Vec<(String, &'a RawValue)>;

/// Why a text is not taken as JSON.
#[derive(Debug)]
pub(super) enum JsonRefused {
    /// The text is not JSON; says where.
    Malformed(String),
    /// An object has this name twice.
    DuplicateKey(String),
}

/// Reads the outermost level of a text.
pub(super) fn parse(text: &str) -> Result<Shape<'_>, JsonRefused> {
    let raw = serde_json::from_str(text).map_err(malformed)?;
    shape(raw)
}

/// Reads the outermost level of a value inside one that was read.
pub(super) fn shape(raw: &RawValue) -> Result<Shape<'_>, JsonRefused> {
    let text = raw.get();
    Ok(match text.as_bytes().first() {
        Some(b'n') => Shape::Literal(Literal::Null),
        Some(b't') => Shape::Literal(Literal::True),
        Some(b'f') => Shape::Literal(Literal::False),
        Some(b'"') => Shape::String(serde_json::from_str(text).map_err(malformed_string)?),
        Some(b'[') => Shape::List(serde_json::from_str(text).map_err(malformed)?),
        Some(b'{') => {
            let AllMembers(members) = serde_json::from_str(text).map_err(malformed_string)?;
            refuse_duplicates(&members)?;
            Shape::Object(members)
        }
        Some(_) | None => Shape::Number(text),
    })
}

fn refuse_duplicates(members: &Members<'_>) -> Result<(), JsonRefused> {
    let mut seen = BTreeSet::new();
    match members.iter().find(|(name, _)| !seen.insert(name)) {
        Some((name, _)) => Err(JsonRefused::DuplicateKey(name.clone())),
        None => Ok(()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "this is the shape that `map_err` wants")]
fn malformed(error: serde_json::Error) -> JsonRefused {
    JsonRefused::Malformed(error.to_string())
}

/// A level was checked as a part of the level around it, but for the escapes in its strings.
/// serde_json's own message would count the column from the start of the part.
fn malformed_string(_: serde_json::Error) -> JsonRefused {
    JsonRefused::Malformed(String::from("a string holds an escape that stands for no character"))
}

/// Every member of an object: a map would keep one of two that have the same name.
struct AllMembers<'a>(Members<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for AllMembers<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllMembersVisitor).map(AllMembers)
    }
}

struct AllMembersVisitor;

impl<'de> Visitor<'de> for AllMembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}
