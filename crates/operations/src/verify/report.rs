//! What a check of the whole found. How it is shown, the program says.

use serde::Serialize;

use super::trails::TrailEnd;
use crate::sums::{Sums, decimal};

/// How many violations are named; of more only the number is told.
const NAMED_MAX: usize = 1000;

/// What a check of the whole found. It is well if there are no violations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Movements of money; one between two wallets counts once.
    pub transfers: u64,
    /// Accounts that have a chain or are named by a movement.
    pub accounts: u64,
    /// The sum over all accounts, currency by currency.
    pub currencies: Vec<CurrencySum>,
    /// How far each service's audit trail goes.
    pub trails: Vec<TrailEnd>,
    /// What is wrong: full sentences that name the record.
    pub violations: Vec<String>,
}

/// The sum over all accounts of a currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CurrencySum {
    /// The currency.
    pub currency: &'static str,
    /// A signed decimal; zero, or money was made or lost.
    pub sum: String,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_well(&self) -> bool {
        self.violations.is_empty()
    }

    pub(crate) fn new(
        sums: &Sums,
        transfers: u64,
        trails: Vec<TrailEnd>,
        mut violations: Violations,
    ) -> Self {
        let mut currencies = Vec::new();
        for (currency, minor) in sums.by_currency() {
            let sum = decimal(minor, currency);
            if minor != 0 {
                let code = currency.code();
                violations.add(format!("All accounts in {code} sum to {sum}, not to zero."));
            }
            currencies.push(CurrencySum { currency: currency.code(), sum });
        }
        let accounts = sums.accounts();
        let violations = violations.into_sentences();
        Self { transfers, accounts, currencies, trails, violations }
    }
}

/// What is wrong so far.
#[derive(Debug, Default)]
pub struct Violations {
    named: Vec<String>,
    unnamed: u64,
}

impl Violations {
    /// One more, in a full sentence.
    pub fn add(&mut self, sentence: String) {
        if self.is_full() {
            self.add_unnamed();
        } else {
            self.named.push(sentence);
        }
    }

    /// Whether no more are named.
    pub(crate) fn is_full(&self) -> bool {
        self.named.len() >= NAMED_MAX
    }

    /// One more that is not named.
    pub(crate) fn add_unnamed(&mut self) {
        self.unnamed = self.unnamed.saturating_add(1);
    }

    /// The sentences, the last of which tells how many more there are if they are too many.
    pub fn into_sentences(self) -> Vec<String> {
        let Self { mut named, unnamed } = self;
        if unnamed > 0 {
            named.push(format!("There are {unnamed} more violations, which are not named here."));
        }
        named
    }
}
