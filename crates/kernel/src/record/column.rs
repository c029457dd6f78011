//! What can stand in a column, and how it is turned into a value and back.

use core::net::IpAddr;
use std::borrow::Cow;
use std::fmt;

use crate::caller::{RoleName, Subject};
use crate::context::{CorrelationId, TraceParent};
use crate::id::{AnyId, Id};
use crate::money::Currency;
use crate::record::{Account, Value};
use crate::text::Words;
use crate::time::Time;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// `INTEGER` in SQL, `N` in DynamoDB.
    Integer,
    /// `TEXT`, `S`.
    Text,
    /// An id: text for a person, 17 bytes in the journal.
    Id,
    /// `BLOB`, `B`.
    Bytes,
}

/// A type that can stand in a column.
pub trait Column: Sized {
    /// What the column holds.
    const TYPE: ColumnType;
    /// Whether it can be absent.
    const NULLABLE: bool = false;

    /// As a value.
    fn to_value(&self) -> Value<'_>;

    /// From a value; none if it does not fit.
    fn from_value(value: &Value<'_>) -> Option<Self>;
}

impl<T: Column> Column for Option<T> {
    const TYPE: ColumnType = T::TYPE;
    const NULLABLE: bool = true;

    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        if value.is_null() { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl Column for i64 {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Value<'_> {
        Value::Integer(*self)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Integer(integer) => Some(*integer),
            Value::Null | Value::Text(_) | Value::Id(_) | Value::Bytes(_) => None,
        }
    }
}

impl Column for u64 {
    const TYPE: ColumnType = ColumnType::Integer;

    /// Numbers of ours stay below 2^63; one that did not would be stored as 2^63 - 1 and be found
    /// by its record's check.
    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        i64::from_value(value).and_then(|integer| Self::try_from(integer).ok())
    }
}

impl Column for u32 {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(*self))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        i64::from_value(value).and_then(|integer| Self::try_from(integer).ok())
    }
}

impl Column for Time {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Value<'_> {
        Value::Integer(self.micros())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

/// Reads text where a column holds text.
pub(crate) fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    match value {
        Value::Text(text) => Some(text),
        Value::Null | Value::Integer(_) | Value::Id(_) | Value::Bytes(_) => None,
    }
}

impl Column for String {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        text(value).map(str::to_owned)
    }
}

impl<const MAX: usize> Column for Words<MAX> {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.as_str()))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        text(value).and_then(|text| Self::new(text).ok())
    }
}

impl Column for Subject {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.as_str()))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        text(value).and_then(|text| Self::new(text).ok())
    }
}

impl Column for Currency {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::Text(Cow::Borrowed(self.code()))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        text(value).and_then(|text| text.parse().ok())
    }
}

/// Columns that are written as the text of their `Display` and read by their `FromStr`.
macro_rules! text_columns {
    ($($name:ty),*) => {$(
        impl Column for $name {
            const TYPE: ColumnType = ColumnType::Text;

            fn to_value(&self) -> Value<'_> {
                Value::Text(Cow::Owned(self.to_string()))
            }

            fn from_value(value: &Value<'_>) -> Option<Self> {
                text(value).and_then(|text| text.parse().ok())
            }
        }
    )*};
}

text_columns!(CorrelationId, TraceParent, Account, IpAddr);

/// Enumerations whose columns hold a fixed word for each case.
#[macro_export]
macro_rules! word_column {
    ($name:ty { $($case:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// The word for it, in columns and on the wire.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)*
                }
            }

            /// What a word stands for.
            pub fn from_text(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$case),)*
                    _ => None,
                }
            }
        }

        impl $crate::record::Column for $name {
            const TYPE: $crate::record::ColumnType = $crate::record::ColumnType::Text;

            fn to_value(&self) -> $crate::record::Value<'_> {
                $crate::record::Value::from(self.text())
            }

            fn from_value(value: &$crate::record::Value<'_>) -> Option<Self> {
                match value {
                    $crate::record::Value::Text(text) => Self::from_text(text),
                    $crate::record::Value::Null
                    | $crate::record::Value::Integer(_)
                    | $crate::record::Value::Id(_)
                    | $crate::record::Value::Bytes(_) => None,
                }
            }
        }
    };
}

impl Column for RoleName {
    const TYPE: ColumnType = ColumnType::Text;

    fn to_value(&self) -> Value<'_> {
        Value::from(self.text())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match text(value)? {
            "customer" => Some(Self::Customer),
            "operator" => Some(Self::Operator),
            "service" => Some(Self::Service),
            _ => None,
        }
    }
}

impl Column for AnyId {
    const TYPE: ColumnType = ColumnType::Id;

    fn to_value(&self) -> Value<'_> {
        Value::Id(*self)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Id(id) => Some(*id),
            Value::Text(text) => text.parse().ok(),
            Value::Null | Value::Integer(_) | Value::Bytes(_) => None,
        }
    }
}

impl<T: Id> Column for T {
    const TYPE: ColumnType = ColumnType::Id;

    fn to_value(&self) -> Value<'_> {
        Value::Id(self.any())
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        let id = AnyId::from_value(value)?;
        (id.prefix == T::PREFIX).then(|| T::from_uuid(id.uuid))
    }
}

/// 32 bytes of SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash32(pub [u8; 32]);

impl fmt::Display for Hash32 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash32 {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl Column for Hash32 {
    const TYPE: ColumnType = ColumnType::Bytes;

    fn to_value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(&self.0))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => <[u8; 32]>::try_from(&**bytes).ok().map(Self),
            Value::Null | Value::Integer(_) | Value::Text(_) | Value::Id(_) => None,
        }
    }
}

/// One of 16 partitions over which an index of what is open is spread, so that no partition of
/// DynamoDB takes all the writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shard(u8);

impl Shard {
    /// The partition of an id.
    pub fn of(id: impl Id) -> Self {
        // The last byte of a UUID is random in version 7 and a hash's in version 8.
        let [.., last] = id.uuid().to_be_bytes();
        Self(last & 0x0f)
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..16).map(Self)
    }
}

impl Column for Shard {
    const TYPE: ColumnType = ColumnType::Integer;

    fn to_value(&self) -> Value<'_> {
        Value::Integer(i64::from(self.0))
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        i64::from_value(value)
            .and_then(|shard| u8::try_from(shard).ok())
            .filter(|shard| *shard < 16)
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{LoanId, PaymentId, WalletId};
    use crate::record::ChainId;

    #[test]
    fn an_id_of_another_kind_does_not_fit() {
        let wallet = WalletId::from_uuid(7).any();
        assert_eq!(WalletId::from_value(&Value::Id(wallet)), Some(WalletId::from_uuid(7)));
        assert_eq!(
            WalletId::from_value(&Value::from(&*wallet.to_string())),
            Some(WalletId::from_uuid(7))
        );
        assert_eq!(LoanId::from_value(&Value::Id(wallet)), None);
        assert_eq!(ChainId::from_value(&Value::Id(PaymentId::from_uuid(7).any())), None);
        assert_eq!(Option::<WalletId>::from_value(&Value::Null), Some(None));
    }
}
