//! What JSON readers let pass and this one does not: the same key twice, `null`, deep nesting,
//! anything but an object on top. On the way it makes the hash of what the body means.
//! Not in here: the fields and their types.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use kernel::record::Hash32;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::typed::{not_json, shown};
use crate::problem::Problem;

/// How deep lists and objects may stand in each other.
const DEPTH_MAX: usize = 16;

/// The hash of the body with its keys in order, no spaces, texts escaped in one way and numbers as
/// they were written.
pub(super) fn hash(text: &str) -> Result<Hash32, Problem> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| not_json(&error))?;
    if !raw.get().starts_with('{') {
        return Err(Problem::bad_field("body", "must be a JSON object"));
    }
    let mut walk = Walk { path: String::new(), depth: 0, out: Vec::with_capacity(text.len()) };
    walk.value(raw.get())?;
    Ok(Hash32(Sha256::digest(&walk.out).into()))
}

struct Walk {
    path: String,
    depth: usize,
    out: Vec<u8>,
}

impl Walk {
    /// Writes a value, whose syntax was checked before.
    fn value(&mut self, literal: &str) -> Result<(), Problem> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEPTH_MAX {
            return Err(self.refuse(format!("is nested too deeply; at most {DEPTH_MAX} levels")));
        }
        match literal.bytes().next() {
            Some(b'{') => self.object(literal)?,
            Some(b'[') => self.list(literal)?,
            Some(b'"') => {
                let text: Cow<'_, str> = read::<Text<'_>>(literal)?.0;
                self.text(&text)?;
            }
            Some(b'n') => {
                return Err(self.refuse(
                    "must not be null; give it a value, or leave it out where it is not required",
                ));
            }
            _ => self.out.extend_from_slice(literal.as_bytes()),
        }
        self.depth = self.depth.saturating_sub(1);
        Ok(())
    }

    fn object(&mut self, literal: &str) -> Result<(), Problem> {
        let members = match read::<Members<'_>>(literal)? {
            Members::Distinct(members) => members,
            Members::Twice(key) => {
                self.path_push_key(&key);
                return Err(self.refuse("is there twice; give it once"));
            }
        };
        let mut separator = b'{';
        for (key, value) in &members {
            self.out.push(separator);
            self.text(key)?;
            self.out.push(b':');
            let length = self.path.len();
            self.path_push_key(key);
            self.value(value.get())?;
            self.path.truncate(length);
            separator = b',';
        }
        self.out.extend_from_slice(if members.is_empty() { b"{}" } else { b"}" });
        Ok(())
    }

    fn list(&mut self, literal: &str) -> Result<(), Problem> {
        let items: Vec<&RawValue> = read(literal)?;
        let mut separator = b'[';
        for (place, item) in items.iter().enumerate() {
            self.out.push(separator);
            let length = self.path.len();
            self.path.push_str(&format!("[{place}]"));
            self.value(item.get())?;
            self.path.truncate(length);
            separator = b',';
        }
        self.out.extend_from_slice(if items.is_empty() { b"[]" } else { b"]" });
        Ok(())
    }

    /// Writes a text in the one form that this writer has for it.
    fn text(&mut self, text: &str) -> Result<(), Problem> {
        let written = serde_json::to_writer(&mut self.out, text);
        written.map_err(|error| Problem::internal(error.to_string()))
    }

    fn path_push_key(&mut self, key: &str) {
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }

    fn refuse(&self, message: impl Into<Cow<'static, str>>) -> Problem {
        Problem::bad_field(shown(&self.path), message)
    }
}

fn read<'a, T: Deserialize<'a>>(literal: &'a str) -> Result<T, Problem> {
    serde_json::from_str(literal).map_err(|error| not_json(&error))
}

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The members of an object by their keys, or the first key that is there twice.
enum Members<'a> {
    Distinct(BTreeMap<Cow<'a, str>, &'a RawValue>),
    Twice(Cow<'a, str>),
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = BTreeMap::new();
        let mut twice = None;
        while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &'de RawValue>()? {
            match members.entry(key) {
                Entry::Occupied(entry) => twice = twice.or(Some(entry.key().clone())),
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
            }
        }
        Ok(twice.map_or(Members::Distinct(members), Members::Twice))
    }
}
