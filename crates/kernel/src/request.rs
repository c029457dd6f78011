//! What makes a repeated request find its first answer: the key names the record that is made, or is
//! kept for a day in the record that is changed.

use std::time::Duration;

use crate::caller::Subject;
use crate::id::{Id, named_uuid};
use crate::record::{Column, ColumnType, Hash32, Value};
use crate::time::Time;

/// How long a key is kept in the record that it changed, at least.
pub const KEY_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// An `Idempotency-Key` of a caller for an operation, and the hash of the body that came with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestKey {
    /// From the caller, the operation with the ids in its path, and the key.
    pub uuid: u128,
    /// SHA-256 of the body.
    pub body: Hash32,
}

impl RequestKey {
    /// `operation` is its name and the ids in its path, such as `["capture_payment", "pay_…"]`.
    pub fn new(caller: &Subject, operation: &[&str], key: &str, body: Hash32) -> Self {
        let mut parts = Vec::with_capacity(operation.len().saturating_add(3));
        parts.extend(["request", caller.as_str()]);
        parts.extend_from_slice(operation);
        parts.push(key);
        Self { uuid: named_uuid(&parts), body }
    }

    /// The id of the record that the request makes.
    pub fn id<T: Id>(&self) -> T {
        T::from_uuid(self.uuid)
    }
}

/// What a key that was seen before means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Not seen: decide.
    New,
    /// The same request again: give its first success again.
    Again,
    /// Another body: refuse, `idempotency-key-reused`.
    Reused,
}

impl Seen {
    /// Compares the body that is kept with the one that came.
    pub fn compare(kept: Hash32, came: Hash32) -> Self {
        if kept == came { Self::Again } else { Self::Reused }
    }
}

/// The keys of the last day that changed a record, kept in it. As text: `uuid:body:micros` with
/// spaces between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecentKeys(Vec<(RequestKey, Time)>);

impl RecentKeys {
    /// Whether this key was seen.
    pub fn seen(&self, key: Option<&RequestKey>) -> Seen {
        let Some(key) = key else { return Seen::New };
        let found = self.0.iter().find(|(kept, _)| kept.uuid == key.uuid);
        found.map_or(Seen::New, |(kept, _)| Seen::compare(kept.body, key.body))
    }

    /// With a key added, and those forgotten that are older than a day.
    #[must_use]
    pub fn with(&self, key: Option<&RequestKey>, now: Time) -> Self {
        let fresh = self.0.iter().filter(|(_, at)| now.since(*at) <= KEY_LIFE);
        Self(fresh.copied().chain(key.map(|key| (*key, now))).collect())
    }
}

impl Column for RecentKeys {
    const TYPE: ColumnType = ColumnType::Text;
    const NULLABLE: bool = true;

    fn to_value(&self) -> Value<'_> {
        if self.0.is_empty() {
            return Value::Null;
        }
        let written = self
            .0
            .iter()
            .map(|(key, at)| format!("{:032x}:{}:{}", key.uuid, key.body, at.micros()));
        Value::Text(written.collect::<Vec<_>>().join(" ").into())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(Self::default()),
            Value::Text(text) => text.split(' ').map(read_key).collect::<Option<_>>().map(Self),
            Value::Integer(_) | Value::Id(_) | Value::Bytes(_) => None,
        }
    }
}

fn read_key(text: &str) -> Option<(RequestKey, Time)> {
    let mut parts = text.split(':');
    let uuid = u128::from_str_radix(parts.next()?, 16).ok()?;
    let hex = parts.next().filter(|hex| hex.len() == 64 && hex.is_ascii())?;
    let mut body = [0; 32];
    for (place, byte) in body.iter_mut().enumerate() {
        let start = place.saturating_mul(2);
        *byte = u8::from_str_radix(hex.get(start..start.saturating_add(2))?, 16).ok()?;
    }
    let at = Time::from_micros(parts.next()?.parse().ok()?);
    Some((RequestKey { uuid, body: Hash32(body) }, at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_kept_for_a_day_and_survive_storage() {
        let alice = Subject::new("alice").unwrap();
        let key = |key, body| {
            RequestKey::new(&alice, &["approve_loan", "loan_1"], key, Hash32([body; 32]))
        };
        let start = Time::from_micros(0);
        let kept = RecentKeys::default()
            .with(Some(&key("a", 1)), start)
            .with(Some(&key("b", 2)), start.plus(Duration::from_secs(1)));
        let kept = RecentKeys::from_value(&kept.to_value()).unwrap();
        assert_eq!(kept.seen(Some(&key("a", 1))), Seen::Again);
        assert_eq!(kept.seen(Some(&key("a", 2))), Seen::Reused);
        assert_eq!(kept.seen(Some(&key("c", 1))), Seen::New);
        assert_eq!(kept.seen(None), Seen::New);
        let later = kept.with(None, start.plus(KEY_LIFE).plus(Duration::from_millis(500)));
        assert_eq!(later.seen(Some(&key("a", 1))), Seen::New);
        assert_eq!(later.seen(Some(&key("b", 2))), Seen::Again);
        assert_eq!(RecentKeys::from_value(&Value::from("nonsense")), None);
    }
}
