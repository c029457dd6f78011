//! The price list, and what so much of a thing costs. Exact; only what is shown is rounded.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;

/// The price list.
#[derive(Debug, Deserialize)]
pub(super) struct Prices {
    /// The region whose prices they are.
    pub(super) region: String,
    /// By the names of things.
    #[serde(flatten)]
    pub(super) of: BTreeMap<String, Price>,
}

/// What a thing costs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Price {
    /// In US dollars.
    usd: Decimal,
    /// For so many.
    of: u64,
    /// Of what.
    pub(super) unit: String,
    /// Where it stands.
    pub(super) source: String,
    /// When that was read; none where it was not.
    pub(super) checked: Option<String>,
}

impl Prices {
    /// What so many cost, in US dollars. None of a thing without a price, or of a sum that is beyond
    /// what a decimal holds.
    pub(super) fn cost(&self, thing: &str, many: Decimal) -> Option<Decimal> {
        let price = self.of.get(thing)?;
        price.usd.checked_mul(many)?.checked_div(Decimal::from(price.of))
    }
}

impl Price {
    /// As it is shown: `1.00 for 1000000`.
    pub(super) fn shown(&self) -> String {
        if self.of == 1 { self.usd.to_string() } else { format!("{} for {}", self.usd, self.of) }
    }
}
