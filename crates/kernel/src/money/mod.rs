//! Money in minor units: amounts, balances and their currency. No interest, no conversion, no floats.

mod amount;
mod balance;
mod currency;
mod decimal;

pub use amount::{Amount, AmountRefused};
pub use balance::Balance;
pub use currency::Currency;

/// The largest amount and the largest balance, in minor units: 2^53 - 1, so that every JSON reader
/// can hold it.
pub const MINOR_MAX: u64 = (1 << 53) - 1;
