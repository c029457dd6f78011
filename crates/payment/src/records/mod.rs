//! What the service keeps: payments and their refunds. What may become of them is decided in
//! `decide`; how they look outside is said in `bodies`.

mod payment;
mod refund;

pub use payment::{Asked, Payment, PaymentStatus};
pub use refund::{Refund, RefundStatus};

use kernel::{Amount, Balance, Currency};

/// The amount of a column. The records' checks hold it within what an amount may be.
fn amount(minor: u64, currency: Currency) -> Amount {
    match Amount::from_minor(minor, currency) {
        Ok(amount) => amount,
        Err(refused) => unreachable!("a stored amount of {minor} minor units {refused}"),
    }
}

/// The sum of a column, which may be nothing. The records' checks hold it within an amount.
fn balance(minor: u64, currency: Currency) -> Balance {
    match Balance::from_minor(minor, currency) {
        Ok(balance) => balance,
        Err(refused) => unreachable!("a stored sum of {minor} minor units {refused}"),
    }
}

/// Goes on only if `rule` holds; `why` says what contradicts what.
fn require(rule: bool, why: &str) -> Result<(), String> {
    if rule { Ok(()) } else { Err(why.to_owned()) }
}
