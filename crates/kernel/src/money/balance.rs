//! `Balance`: what a customer has. Never negative, at most 2^53 - 1 minor units.

use std::fmt;

use super::{Amount, AmountRefused, Currency, MINOR_MAX, decimal};

/// What is in a customer's account, or held in it: from 0 to 2^53 - 1 minor units.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Balance {
    minor: u64,
    currency: Currency,
}

impl Balance {
    /// Nothing.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// From minor units (cents).
    ///
    /// # Errors
    /// `TooLarge` beyond 2^53 - 1.
    pub fn from_minor(minor: u64, currency: Currency) -> Result<Self, AmountRefused> {
        if minor > MINOR_MAX { Err(AmountRefused::TooLarge) } else { Ok(Self { minor, currency }) }
    }

    /// In minor units, 0 to 2^53 - 1.
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// Its currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// With `amount` added; `None` beyond 2^53 - 1. Both must be of one currency.
    pub fn plus(self, amount: Amount) -> Option<Self> {
        assert_eq!(self.currency, amount.currency(), "two currencies were added");
        Self::from_minor(self.minor.checked_add(amount.minor())?, self.currency).ok()
    }

    /// With `amount` taken away; `None` below zero. Both must be of one currency.
    pub fn minus(self, amount: Amount) -> Option<Self> {
        assert_eq!(self.currency, amount.currency(), "two currencies were subtracted");
        Some(Self { minor: self.minor.checked_sub(amount.minor())?, currency: self.currency })
    }

    /// What can be spent: the balance less what is held. `None` where more is held than is there,
    /// which no account of ours may come to.
    pub fn less_held(self, held: Self) -> Option<Self> {
        assert_eq!(self.currency, held.currency, "two currencies were subtracted");
        Some(Self { minor: self.minor.checked_sub(held.minor)?, currency: self.currency })
    }

    /// The whole of it as an amount; `None` when there is nothing.
    pub fn amount(self) -> Option<Amount> {
        Amount::from_minor(self.minor, self.currency).ok()
    }
}

/// The decimal text alone: `25.50`.
impl fmt::Display for Balance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(out, false, self.minor, self.currency)
    }
}

impl fmt::Debug for Balance {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn money_is_neither_made_nor_lost(start in 0..=MINOR_MAX, moved in 1..=MINOR_MAX) {
            let balance = Balance::from_minor(start, Currency::USD).unwrap();
            let amount = Amount::from_minor(moved, Currency::USD).unwrap();
            match balance.minus(amount) {
                Some(after) => prop_assert_eq!(after.plus(amount), Some(balance)),
                None => prop_assert!(moved > start),
            }
            match balance.plus(amount) {
                Some(after) => prop_assert_eq!(after.minus(amount), Some(balance)),
                None => prop_assert!(start > MINOR_MAX.saturating_sub(moved)),
            }
        }
    }

    #[test]
    fn what_is_held_cannot_be_spent() {
        let usd = |minor| Balance::from_minor(minor, Currency::USD).unwrap();
        assert_eq!(usd(100).less_held(usd(40)), Some(usd(60)));
        assert_eq!(usd(100).less_held(usd(100)), Some(usd(0)));
        assert_eq!(usd(100).less_held(usd(101)), None);
    }
}
