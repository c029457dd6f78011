//! Sums of the ledger, by class of account and currency. Customers' accounts are taken from their
//! newest entries; the accounts of the house have none and are summed from the entries that name
//! them. What is compared with the sums is not here.

use std::collections::{BTreeMap, HashSet};

use kernel::id::Prefix;
use kernel::record::{Account, ChainId};
use kernel::{Currency, GoalId, Id, LoanId};
use wallet::records::{Direction, Entry};

use crate::facts::Facts;

/// What is in all accounts, by class and currency.
#[derive(Debug, Default)]
pub struct Sums {
    classes: BTreeMap<(&'static str, Currency), i128>,
    house: HashSet<u128>,
    chains: u64,
}

impl Sums {
    /// Takes the side of a movement that has no entry of its own: what leaves a wallet for a
    /// merchant arrives at the merchant.
    pub fn add_other_side(&mut self, entry: &Entry) {
        let Some(account) = entry.counterparty.as_ref().filter(|account| !has_chain(account))
        else {
            return;
        };
        let key = Facts::about("account").text(&account.to_string()).text(entry.currency.code());
        self.house.insert(key.done());
        self.add(account.class(), entry.currency, i128::from(moved(entry)).saturating_neg());
    }

    /// Takes what is in a chain's account after its newest entry.
    pub fn add_chain(&mut self, newest: &Entry) {
        self.chains = self.chains.saturating_add(1);
        let class = account_of(newest.account_id).class();
        self.add(class, newest.currency, i128::from(newest.balance_after));
    }

    /// What each class of accounts has, in minor units.
    pub fn by_class(&self) -> impl Iterator<Item = (&'static str, Currency, i128)> {
        self.classes.iter().map(|((class, currency), minor)| (*class, *currency, *minor))
    }

    /// What all accounts of a currency have together, in minor units.
    pub fn by_currency(&self) -> BTreeMap<Currency, i128> {
        let mut currencies = BTreeMap::new();
        for (_, currency, minor) in self.by_class() {
            let sum: &mut i128 = currencies.entry(currency).or_default();
            *sum = sum.saturating_add(minor);
        }
        currencies
    }

    /// How many accounts there are: chains, and accounts of the house in each of their currencies.
    pub fn accounts(&self) -> u64 {
        self.chains.saturating_add(u64::try_from(self.house.len()).unwrap_or(u64::MAX))
    }

    fn add(&mut self, class: &'static str, currency: Currency, minor: i128) {
        let sum = self.classes.entry((class, currency)).or_default();
        *sum = sum.saturating_add(minor);
    }
}

/// Whether an account has entries of its own.
pub(crate) fn has_chain(account: &Account) -> bool {
    chain_of(account).is_some()
}

/// The chain of an account, if it has entries of its own.
pub(crate) fn chain_of(account: &Account) -> Option<ChainId> {
    match account {
        Account::Wallet(wallet_id) => Some((*wallet_id).into()),
        Account::Goal(goal_id) => Some((*goal_id).into()),
        // What loans have lent is summed from the wallets' entries until loans have chains.
        Account::World | Account::Merchant(_) | Account::Loan(_) | Account::InterestIncome => None,
    }
}

/// The account of a chain.
pub(crate) fn account_of(chain: ChainId) -> Account {
    if let Some(wallet_id) = chain.wallet() {
        return Account::Wallet(wallet_id);
    }
    let uuid = chain.any().uuid;
    if chain.any().prefix == Prefix::Goal {
        Account::Goal(GoalId::from_uuid(uuid))
    } else {
        Account::Loan(LoanId::from_uuid(uuid))
    }
}

/// What an entry moved into its account, below zero where it left. What an amount may not be is
/// found by the entry's own rules.
pub(crate) fn moved(entry: &Entry) -> i64 {
    let amount = i64::try_from(entry.amount.unwrap_or_default()).unwrap_or(i64::MAX);
    match entry.direction {
        Some(Direction::Credit) => amount,
        Some(Direction::Debit) => amount.saturating_neg(),
        None => 0,
    }
}

/// Minor units as a signed decimal with the currency's number of decimals: `-25.50`.
pub fn decimal(minor: i128, currency: Currency) -> String {
    let decimals = usize::from(currency.decimals());
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = decimals.saturating_add(1));
    match digits.split_at_checked(digits.len().saturating_sub(decimals)) {
        Some((whole, fraction)) if !fraction.is_empty() => format!("{sign}{whole}.{fraction}"),
        Some(_) | None => format!("{sign}{digits}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_written_with_the_decimals_of_the_currency() {
        let check = |minor, currency: &str, expected: &str| {
            assert_eq!(decimal(minor, currency.parse().unwrap()), expected);
        };
        check(0, "USD", "0.00");
        check(5, "USD", "0.05");
        check(-5, "USD", "-0.05");
        check(-2550, "USD", "-25.50");
        check(123, "JPY", "123");
        check(0, "JPY", "0");
        check(-1, "KWD", "-0.001");
        check(i128::from(u64::MAX) * 10, "USD", "1844674407370955161.50");
    }
}
