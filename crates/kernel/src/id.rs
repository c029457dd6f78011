//! Ids: a prefix that says of what, and a UUID. Opaque outside; order never comes from an id.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// What an id is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Prefix {
    /// A wallet, `wal_`.
    Wallet,
    /// A loan, `loan_`.
    Loan,
    /// A payment, `pay_`.
    Payment,
    /// A movement of money, `trf_`.
    Transfer,
    /// Money held for a payment, `hold_`.
    Hold,
    /// A refund, `ref_`.
    Refund,
    /// A loan's repayment, `rep_`.
    Repayment,
    /// A savings goal, `goal_`.
    Goal,
    /// An event, `evt_`.
    Event,
    /// A line of an audit trail, `aud_`.
    Audit,
    /// A message that could not be delivered, `dead_`.
    DeadLetter,
    /// A trial balance, `bal_`.
    TrialBalance,
    /// The keys of a provider of sign-in, `keys_`.
    SigningKeys,
    /// Somebody who can sign in, `usr_`.
    User,
    /// The name by which somebody signs in, `name_`.
    LoginName,
    /// A session, `ses_`.
    Session,
    /// The audit trail of a service, `trail_`.
    Trail,
}

/// Every prefix, in the order of their codes.
const PREFIXES: [(Prefix, &str); 17] = [
    (Prefix::Wallet, "wal"),
    (Prefix::Loan, "loan"),
    (Prefix::Payment, "pay"),
    (Prefix::Transfer, "trf"),
    (Prefix::Hold, "hold"),
    (Prefix::Refund, "ref"),
    (Prefix::Repayment, "rep"),
    (Prefix::Goal, "goal"),
    (Prefix::Event, "evt"),
    (Prefix::Audit, "aud"),
    (Prefix::DeadLetter, "dead"),
    (Prefix::TrialBalance, "bal"),
    (Prefix::SigningKeys, "keys"),
    (Prefix::User, "usr"),
    (Prefix::LoginName, "name"),
    (Prefix::Session, "ses"),
    (Prefix::Trail, "trail"),
];

impl Prefix {
    /// The text before the underscore.
    pub fn text(self) -> &'static str {
        match self {
            Self::Wallet => "wal",
            Self::Loan => "loan",
            Self::Payment => "pay",
            Self::Transfer => "trf",
            Self::Hold => "hold",
            Self::Refund => "ref",
            Self::Repayment => "rep",
            Self::Goal => "goal",
            Self::Event => "evt",
            Self::Audit => "aud",
            Self::DeadLetter => "dead",
            Self::TrialBalance => "bal",
            Self::SigningKeys => "keys",
            Self::User => "usr",
            Self::LoginName => "name",
            Self::Session => "ses",
            Self::Trail => "trail",
        }
    }

    /// A small stable number for binary forms. The numbers are never given anew.
    pub fn code(self) -> u8 {
        match self {
            Self::Wallet => 1,
            Self::Loan => 2,
            Self::Payment => 3,
            Self::Transfer => 4,
            Self::Hold => 5,
            Self::Refund => 6,
            Self::Repayment => 7,
            Self::Goal => 8,
            Self::Event => 9,
            Self::Audit => 10,
            Self::DeadLetter => 11,
            Self::TrialBalance => 12,
            Self::SigningKeys => 13,
            Self::User => 14,
            Self::LoginName => 15,
            Self::Session => 16,
            Self::Trail => 17,
        }
    }

    /// The prefix of a code, if there is one.
    pub fn from_code(code: u8) -> Option<Self> {
        PREFIXES.iter().map(|(prefix, _)| *prefix).find(|prefix| prefix.code() == code)
    }

    fn from_text(text: &str) -> Option<Self> {
        PREFIXES.iter().find(|(_, known)| *known == text).map(|(prefix, _)| *prefix)
    }
}

/// The text is no id of this kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not an id of this kind; ids look like `{0}_` and a UUID in lower case")]
pub struct BadId(pub &'static str);

/// Any id, of whatever kind, as pairs of prefix and UUID. Also how ids stand in a record's columns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnyId {
    /// What it is of.
    pub prefix: Prefix,
    /// The UUID's 128 bits.
    pub uuid: u128,
}

impl AnyId {
    /// The text form into a buffer on the stack, without an allocation.
    pub fn write<'a>(&self, buffer: &'a mut [u8; 48]) -> &'a str {
        let prefix = self.prefix.text().as_bytes();
        let mut length = 0_usize;
        let mut push = |bytes: &[u8]| {
            let end = length.saturating_add(bytes.len());
            if let Some(place) = buffer.get_mut(length..end) {
                place.copy_from_slice(bytes);
                length = end;
            }
        };
        push(prefix);
        push(b"_");
        let mut text = Uuid::encode_buffer();
        push(Uuid::from_u128(self.uuid).hyphenated().encode_lower(&mut text).as_bytes());
        buffer.get(..length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl FromStr for AnyId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let (prefix, uuid) = text.split_once('_').ok_or(BadId("…"))?;
        let prefix = Prefix::from_text(prefix).ok_or(BadId("…"))?;
        // Only the hyphenated form in lower case: one id has one text.
        let plain = uuid.len() == 36 && !uuid.bytes().any(|byte| byte.is_ascii_uppercase());
        let parsed = Uuid::try_parse(uuid).ok().filter(|_| plain).ok_or(BadId(prefix.text()))?;
        Ok(Self { prefix, uuid: parsed.as_u128() })
    }
}

impl fmt::Display for AnyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.write(&mut [0; 48]))
    }
}

impl fmt::Debug for AnyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl<T: Id> From<T> for AnyId {
    fn from(id: T) -> Self {
        id.any()
    }
}

/// An id of one kind.
pub trait Id:
    Copy
    + Eq
    + Ord
    + std::hash::Hash
    + fmt::Display
    + fmt::Debug
    + FromStr<Err = BadId>
    + Send
    + Sync
    + 'static
{
    /// What it is of.
    const PREFIX: Prefix;

    /// From the UUID's bits.
    fn from_uuid(uuid: u128) -> Self;

    /// The UUID's bits.
    fn uuid(self) -> u128;

    /// With its prefix, for where ids of several kinds meet.
    fn any(self) -> AnyId {
        AnyId { prefix: Self::PREFIX, uuid: self.uuid() }
    }

    /// The id that a cause or a key names: the same parts give the same id (UUID version 8, from
    /// SHA-256). The parts are length-prefixed, so no two lists of parts run together.
    fn named(parts: &[&str]) -> Self {
        Self::from_uuid(named_uuid(parts))
    }
}

/// A UUID of version 8 from the SHA-256 of the length-prefixed parts.
pub fn named_uuid(parts: &[&str]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(digest.first_chunk::<16>().unwrap_or(&[0; 16]));
    uuid::Builder::from_custom_bytes(bytes).into_uuid().as_u128()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u128);

        impl Id for $name {
            const PREFIX: Prefix = Prefix::$prefix;

            fn from_uuid(uuid: u128) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> u128 {
                self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let wrong = BadId(Prefix::$prefix.text());
                let any: AnyId = text.parse().map_err(|_| wrong)?;
                if any.prefix == Prefix::$prefix { Ok(Self(any.uuid)) } else { Err(wrong) }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.any(), out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.any(), out)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.any().write(&mut [0; 48]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let pattern = format!("^{}_[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$", Prefix::$prefix.text());
                schemars::json_schema!({ "type": "string", "pattern": pattern })
            }
        }
    )*};
}

ids! {
    /// A wallet.
    WalletId Wallet;
    /// A loan.
    LoanId Loan;
    /// A payment; the API calls it `transaction_id`.
    PaymentId Payment;
    /// A movement of money.
    TransferId Transfer;
    /// Money held for a payment.
    HoldId Hold;
    /// A refund.
    RefundId Refund;
    /// A loan's repayment.
    RepaymentId Repayment;
    /// A savings goal.
    GoalId Goal;
    /// An event.
    EventId Event;
    /// A line of an audit trail.
    AuditId Audit;
    /// A message that could not be delivered.
    DeadLetterId DeadLetter;
    /// A trial balance.
    TrialBalanceId TrialBalance;
    /// The keys of a provider of sign-in.
    SigningKeysId SigningKeys;
    /// Somebody who can sign in; the `sub` of his tokens.
    SubId User;
    /// The name by which somebody signs in: a hash of it.
    LoginNameId LoginName;
    /// A session: from one log-in to its end.
    SessionId Session;
    /// The audit trail of a service.
    TrailId Trail;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_text() {
        let id = PaymentId::named(&["alice", "request_payment", "key-1"]);
        let text = id.to_string();
        assert!(text.starts_with("pay_") && text.len() == 40, "{text}");
        assert_eq!(text.parse(), Ok(id));
        for wrong in [
            text.replace("pay_", "wal_"),
            text.replace("pay_", ""),
            text.to_uppercase(),
            text.replace('-', ""),
            format!("{text}0"),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<PaymentId>(), Err(BadId("pay")), "{wrong}");
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(named_uuid(&["ab", "c"]), named_uuid(&["a", "bc"]));
        assert_ne!(named_uuid(&["a"]), named_uuid(&["a", ""]));
        assert_eq!(Uuid::from_u128(named_uuid(&["a"])).get_version_num(), 8);
    }

    #[test]
    fn codes_lead_back_to_their_prefix() {
        for (prefix, text) in PREFIXES {
            assert_eq!(Prefix::from_code(prefix.code()), Some(prefix));
            assert_eq!(prefix.text(), text);
        }
        assert_eq!(Prefix::from_code(0), None);
    }
}
