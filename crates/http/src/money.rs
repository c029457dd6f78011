//! Money as it stands in a request's body: the amount's literal text and the currency's code.
//! Not in here: what an amount is, see `kernel::money`.

use std::borrow::Cow;

use kernel::money::MINOR_MAX;
use kernel::{Amount, AmountRefused, Currency};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::deployment::Settings;
use crate::problem::Problem;

/// An amount in a request's body: a JSON string or number, kept as its literal text and never read
/// through a float. Not for a `#[serde(flatten)]`ed struct, whose fields lose their literal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyText(Box<str>);

impl MoneyText {
    /// The amount in a currency.
    ///
    /// # Errors
    /// 400 naming `field`, when the text is no amount of that currency.
    pub fn parse(&self, field: &'static str, currency: Currency) -> Result<Amount, Problem> {
        Amount::parse(&self.0, currency)
            .map_err(|refused| Problem::bad_field(field, message(refused, currency)))
    }

    /// The amount in the currency that the request names, or else in the deployment's default.
    ///
    /// # Errors
    /// 400 naming `field` or `currency`, as [`parse`](Self::parse).
    pub fn parse_or_default(
        &self,
        field: &'static str,
        currency: Option<&CurrencyText>,
        settings: &Settings,
    ) -> Result<Amount, Problem> {
        if let Some(currency) = currency {
            return self.parse(field, currency.parse("currency")?);
        }
        let default = settings.default_currency;
        Amount::parse(&self.0, default).map_err(|refused| {
            let mut message = message(refused, default);
            if is_about_the_currency(refused) {
                message.push_str("; that is the default, another one is named in `currency`");
            }
            Problem::bad_field(field, message)
        })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is no amount of that currency, in the currency's own terms.
fn message(refused: AmountRefused, currency: Currency) -> String {
    match refused {
        AmountRefused::TooManyDecimals { decimals } => {
            format!("has too many decimals; {currency} has {decimals}")
        }
        AmountRefused::TooLarge => match Amount::from_minor(MINOR_MAX, currency) {
            Ok(most) => format!("is too large; at most {most} {currency}"),
            Err(refused) => unreachable!("the largest amount {refused}"),
        },
        AmountRefused::NotADecimal | AmountRefused::NotPositive => refused.to_string(),
    }
}

/// Whether the same text could be an amount of another currency.
fn is_about_the_currency(refused: AmountRefused) -> bool {
    match refused {
        AmountRefused::TooManyDecimals { .. } | AmountRefused::TooLarge => true,
        AmountRefused::NotADecimal | AmountRefused::NotPositive => false,
    }
}

impl<'de> Deserialize<'de> for MoneyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <Box<RawValue>>::deserialize(deserializer)?;
        let literal = raw.get();
        let first = literal.bytes().next().unwrap_or_default();
        if first == b'"' {
            let text: String = serde_json::from_str(literal).map_err(D::Error::custom)?;
            Ok(Self(text.into()))
        } else if first == b'-' || first.is_ascii_digit() {
            Ok(Self(literal.into()))
        } else {
            Err(D::Error::custom("must be a decimal in a string or a number, such as \"25.50\""))
        }
    }
}

impl PartialSchema for MoneyText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some(r"^(0|[1-9][0-9]*)(\.[0-9]{1,4})?$"))
            .description(Some(
                "A decimal with at most the currency's decimals, more than zero, at most 2^53-1 \
                 minor units. A JSON number is taken by its literal text.",
            ))
            .examples([serde_json::json!("25.50")])
            .into()
    }
}

impl ToSchema for MoneyText {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("MoneyText")
    }
}

/// A currency in a request's body or query: three capital letters of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct CurrencyText(Box<str>);

impl CurrencyText {
    /// The currency.
    ///
    /// # Errors
    /// 400 naming `field`, when there is none of that code with minor units.
    pub fn parse(&self, field: &'static str) -> Result<Currency, Problem> {
        self.0.parse().map_err(|unknown: <Currency as std::str::FromStr>::Err| {
            Problem::bad_field(field, unknown.to_string())
        })
    }
}

impl PartialSchema for CurrencyText {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Z]{3}$"))
            .description(Some("ISO 4217"))
            .examples([serde_json::json!("USD")])
            .into()
    }
}

impl ToSchema for CurrencyText {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("CurrencyText")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, currency: Option<&str>, expected: &str) {
        let settings = Settings::new([0; 32]);
        let currency = currency.map(|code| CurrencyText(code.into()));
        let found = MoneyText(text.into()).parse_or_default("amount", currency.as_ref(), &settings);
        let found = match found {
            Ok(amount) => format!("{amount:?}"),
            Err(problem) => problem.detail().to_owned(),
        };
        assert_eq!(found, expected, "{text} {currency:?}");
    }

    #[test]
    fn what_is_wrong_is_said_in_the_terms_of_the_currency() {
        check("5.5", None, "5.50 USD");
        check("5.5", Some("KWD"), "5.500 KWD");
        check("5.5", Some("JPY"), "`amount` has too many decimals; JPY has 0.");
        check(
            "5.001",
            None,
            "`amount` has too many decimals; USD has 2; that is the default, another one is named in `currency`.",
        );
        check("5.001", Some("USD"), "`amount` has too many decimals; USD has 2.");
        check(
            "9007199254740992",
            Some("JPY"),
            "`amount` is too large; at most 9007199254740991 JPY.",
        );
        check("0", None, "`amount` must be more than zero.");
        check(
            "5",
            Some("usd"),
            "`currency` is not an ISO 4217 currency with minor units; write three capital letters such as \"USD\".",
        );
    }
}
