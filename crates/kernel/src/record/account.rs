//! What heads a chain: an account of the ledger (a wallet, a goal, a loan), or an audit trail. And all
//! accounts, with those of the house.

use std::fmt;

use super::{ACCOUNT_PREFIXES, Column, ColumnType, Value};
use crate::id::{AnyId, GoalId, Id, LoanId, Prefix, TrailId, WalletId};
use crate::text::MerchantId;

/// The id of a chain: of a wallet, a goal or a loan, whose entries are the ledger's, or of an audit
/// trail. In a column it is an account's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId(AnyId);

impl ChainId {
    /// The id as it stands in a column.
    pub fn any(self) -> AnyId {
        self.0
    }

    /// From any id; none if its kind has no chain.
    pub fn from_any(id: AnyId) -> Option<Self> {
        let is_chain = id.prefix == Prefix::Trail || ACCOUNT_PREFIXES.contains(&id.prefix);
        is_chain.then_some(Self(id))
    }

    /// The wallet that it is, if it is one.
    pub fn wallet(self) -> Option<WalletId> {
        (self.0.prefix == Prefix::Wallet).then(|| WalletId::from_uuid(self.0.uuid))
    }
}

impl From<WalletId> for ChainId {
    fn from(id: WalletId) -> Self {
        Self(id.any())
    }
}

impl From<GoalId> for ChainId {
    fn from(id: GoalId) -> Self {
        Self(id.any())
    }
}

impl From<TrailId> for ChainId {
    fn from(id: TrailId) -> Self {
        Self(id.any())
    }
}

impl From<LoanId> for ChainId {
    fn from(id: LoanId) -> Self {
        Self(id.any())
    }
}

impl fmt::Display for ChainId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl fmt::Debug for ChainId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, out)
    }
}

impl Column for ChainId {
    const TYPE: ColumnType = ColumnType::Id;

    fn to_value(&self) -> Value<'_> {
        Value::Id(self.0)
    }

    fn from_value(value: &Value<'_>) -> Option<Self> {
        let id = AnyId::from_value(value)?;
        ACCOUNT_PREFIXES.contains(&id.prefix).then_some(Self(id))
    }
}

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Everything outside: `world`.
    World,
    /// What a merchant was paid: `merchant:…`.
    Merchant(MerchantId),
    /// A customer's money: `wallet:wal_…`.
    Wallet(WalletId),
    /// What is saved up: `goal:goal_…`.
    Goal(GoalId),
    /// What is owed, below zero: `loan:loan_…`.
    Loan(LoanId),
    /// What loans have earned: `interest-income`.
    InterestIncome,
}

impl Account {
    /// The word before the colon, by which the trial balance sums.
    pub fn class(&self) -> &'static str {
        match self {
            Self::World => "world",
            Self::Merchant(_) => "merchant",
            Self::Wallet(_) => "wallet",
            Self::Goal(_) => "goal",
            Self::Loan(_) => "loan",
            Self::InterestIncome => "interest-income",
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World | Self::InterestIncome => out.write_str(self.class()),
            Self::Merchant(id) => write!(out, "merchant:{id}"),
            Self::Wallet(id) => write!(out, "wallet:{id}"),
            Self::Goal(id) => write!(out, "goal:{id}"),
            Self::Loan(id) => write!(out, "loan:{id}"),
        }
    }
}

impl std::str::FromStr for Account {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text.split_once(':') {
            None if text == "world" => Ok(Self::World),
            None if text == "interest-income" => Ok(Self::InterestIncome),
            Some(("merchant", id)) => MerchantId::new(id).map(Self::Merchant).map_err(|_| ()),
            Some(("wallet", id)) => id.parse().map(Self::Wallet).map_err(|_| ()),
            Some(("goal", id)) => id.parse().map(Self::Goal).map_err(|_| ()),
            Some(("loan", id)) => id.parse().map(Self::Loan).map_err(|_| ()),
            _ => Err(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_written_and_read() {
        for text in [
            "world",
            "interest-income",
            "merchant:coffee:to go",
            "wallet:wal_00000000-0000-7000-8000-000000000001",
            "loan:loan_00000000-0000-7000-8000-000000000001",
        ] {
            assert_eq!(text.parse::<Account>().unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "worlds",
            "merchant:",
            "wallet:loan_00000000-0000-7000-8000-000000000001",
            "bank:x",
        ] {
            assert!(wrong.parse::<Account>().is_err(), "{wrong}");
        }
    }
}
