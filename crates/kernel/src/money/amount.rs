//! `Amount`: what is moved. Never zero, never negative, at most 2^53 - 1 minor units.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Currency, MINOR_MAX, decimal};

/// An amount of money that moves: from 1 to 2^53 - 1 minor units of a currency.
///
/// Its JSON form is the two fields `amount` (decimal text) and `currency`, to be flattened into the
/// object that it belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    minor: NonZeroU64,
    currency: Currency,
}

/// Why a text is no amount. Each is a sentence that goes on after the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountRefused {
    /// Not written as plain digits.
    #[error(
        "must be a plain decimal such as \"25.50\": digits, one point, no sign, exponent or space"
    )]
    NotADecimal,
    /// Finer than the currency's minor unit.
    #[error("has too many decimals; this currency has {decimals}")]
    TooManyDecimals {
        /// What the currency allows.
        decimals: u16,
    },
    /// Zero or less.
    #[error("must be more than zero")]
    NotPositive,
    /// More than 2^53 - 1 minor units.
    #[error("is too large; at most 9007199254740991 minor units")]
    TooLarge,
}

impl Amount {
    /// From minor units (cents).
    ///
    /// # Errors
    /// `NotPositive` for zero, `TooLarge` beyond 2^53 - 1.
    pub fn from_minor(minor: u64, currency: Currency) -> Result<Self, AmountRefused> {
        if minor > MINOR_MAX {
            return Err(AmountRefused::TooLarge);
        }
        let minor = NonZeroU64::new(minor).ok_or(AmountRefused::NotPositive)?;
        Ok(Self { minor, currency })
    }

    /// From decimal text, `"25.50"` or `"25.5"` or `"25"`.
    ///
    /// # Errors
    /// Every way in which the text is no amount, see [`AmountRefused`].
    pub fn parse(text: &str, currency: Currency) -> Result<Self, AmountRefused> {
        Self::from_minor(decimal::parse(text, currency)?, currency)
    }

    /// In minor units, 1 to 2^53 - 1.
    pub fn minor(self) -> u64 {
        self.minor.get()
    }

    /// Its currency.
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; `None` beyond 2^53 - 1. Both must be of one currency.
    pub fn plus(self, other: Self) -> Option<Self> {
        assert_eq!(self.currency, other.currency, "two currencies were added");
        Self::from_minor(self.minor().checked_add(other.minor())?, self.currency).ok()
    }

    /// The difference; `None` where nothing or less is left. Both must be of one currency.
    pub fn minus(self, other: Self) -> Option<Self> {
        assert_eq!(self.currency, other.currency, "two currencies were subtracted");
        Self::from_minor(self.minor().checked_sub(other.minor())?, self.currency).ok()
    }
}

/// The decimal text alone: `25.50`.
impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        decimal::write(out, false, self.minor(), self.currency)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self} {}", self.currency)
    }
}

#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Written {
    /// Decimal text with the currency's number of decimals.
    amount: String,
    currency: Currency,
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written { amount: self.to_string(), currency: self.currency }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Written { amount, currency } = Written::deserialize(deserializer)?;
        Self::parse(&amount, currency).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Written::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, currency: &str, expected: &str) {
        let found = match Amount::parse(text, currency.parse().unwrap()) {
            Ok(amount) => format!("{} is {amount}", amount.minor()),
            Err(refused) => format!("{refused:?}"),
        };
        assert_eq!(found, expected, "{text:?} {currency}");
    }

    #[test]
    fn every_way_to_write_an_amount() {
        check("25.50", "USD", "2550 is 25.50");
        check("25.5", "USD", "2550 is 25.50");
        check("25", "USD", "2500 is 25.00");
        check("0.01", "USD", "1 is 0.01");
        check("7", "JPY", "7 is 7");
        check("0.001", "KWD", "1 is 0.001");
        check("90071992547409.91", "USD", "9007199254740991 is 90071992547409.91");
        check("90071992547409.92", "USD", "TooLarge");
        check("1000000000000000000000000000000", "USD", "TooLarge");
        check("5.001", "USD", "TooManyDecimals { decimals: 2 }");
        check("5.000", "USD", "TooManyDecimals { decimals: 2 }");
        check("1.0", "JPY", "TooManyDecimals { decimals: 0 }");
        check("0", "USD", "NotPositive");
        check("0.00", "USD", "NotPositive");
        check("-0", "USD", "NotPositive");
        check("-5.00", "USD", "NotPositive");
        for text in [
            "", " 5", "5 ", "5.", ".5", "1e3", "1E3", "+5", "--5", "-", "-x", "05", "00.1", "5,00",
            "1_000", "NaN", "Infinity", "0x10", "5.0.0", "٥", "5\u{0}", "true", "null",
        ] {
            check(text, "USD", "NotADecimal");
        }
    }

    proptest! {
        #[test]
        fn text_and_minor_units_agree(minor in 1..=MINOR_MAX, code in prop::sample::select(vec!["USD", "JPY", "KWD", "CLF"])) {
            let amount = Amount::from_minor(minor, code.parse().unwrap()).unwrap();
            prop_assert_eq!(Amount::parse(&amount.to_string(), amount.currency()), Ok(amount));
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&json).unwrap(), amount);
        }

        #[test]
        fn what_is_taken_is_written_back_plainly(text in "[-+ .,0-9eE]{0,20}") {
            if let Ok(amount) = Amount::parse(&text, Currency::USD) {
                prop_assert!(amount.to_string().starts_with(text.trim_end_matches('0').trim_end_matches('.')));
            }
        }

        #[test]
        fn what_is_added_can_be_taken_away(left in 1..=MINOR_MAX, right in 1..=MINOR_MAX) {
            let (left, right) = (Amount::from_minor(left, Currency::USD).unwrap(), Amount::from_minor(right, Currency::USD).unwrap());
            match left.plus(right) {
                Some(sum) => prop_assert_eq!(sum.minus(right), Some(left)),
                None => prop_assert!(left.minor() > MINOR_MAX.saturating_sub(right.minor())),
            }
            prop_assert_eq!(left.minus(left), None);
        }
    }
}
