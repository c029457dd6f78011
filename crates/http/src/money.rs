//! Money as it stands in a request's body: the amount's literal text and the currency's code.
//! Not in here: what an amount is, see `kernel::money`.

use std::borrow::Cow;

use kernel::{Amount, Currency};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

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
        Amount::parse(&self.0, currency).map_err(|refused| Problem::bad_amount(field, refused))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
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
