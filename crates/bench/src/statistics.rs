//! The few quotients that the tables show.
//!
//! Nothing here is money, and nothing that is counted passes through here on its way to another
//! count: a quotient is only shown.
#![allow(
    clippy::float_arithmetic,
    clippy::as_conversions,
    reason = "statistics are shown as fractions; no amount of money is ever among them"
)]

use std::time::Duration;

/// A count a second. Zero where no time has passed.
pub(crate) fn per_second(count: u64, time: Duration) -> f64 {
    let seconds = time.as_secs_f64();
    if seconds > 0.0 { rounded(count as f64 / seconds) } else { 0.0 }
}

/// One quantity for each of a count. Zero where nothing was counted.
pub(crate) fn each(quantity: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { rounded(quantity as f64 / count as f64) }
}

/// As [`each`], of a quantity that may have shrunk.
pub(crate) fn change_each(before: u64, after: u64, count: u64) -> f64 {
    if after >= before {
        each(after.saturating_sub(before), count)
    } else {
        -each(before.saturating_sub(after), count)
    }
}

/// How many times the one is the other. Nothing where the other is zero.
pub(crate) fn ratio(one: f64, other: f64) -> Option<f64> {
    (other > 0.0).then(|| rounded(one / other))
}

/// Seconds, with their fractions.
pub(crate) fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64())
}

/// Milliseconds, with their fractions.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1_000.0)
}

/// Mebibytes.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    rounded(bytes as f64 / (1024.0 * 1024.0))
}

/// Megabytes, of a million bytes each.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    rounded(bytes as f64 / 1_000_000.0)
}

/// To a thousandth, half away from zero: what is beyond is noise in every figure shown.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotients() {
        assert_eq!(per_second(10, Duration::from_millis(2_500)), 4.0);
        assert_eq!(per_second(10, Duration::ZERO), 0.0);
        assert_eq!(each(1, 3), 0.333);
        assert_eq!(each(1, 0), 0.0);
        assert_eq!(change_each(10, 4, 3), -2.0);
        assert_eq!(change_each(4, 10, 3), 2.0);
        assert_eq!(ratio(1.0, 4.0), Some(0.25));
        assert_eq!(ratio(1.0, 0.0), None);
        assert_eq!(seconds(Duration::from_millis(1_234)), 1.234);
        assert_eq!(milliseconds(Duration::from_micros(1_234)), 1.234);
        assert_eq!(mebibytes(3 * 512 * 1024), 1.5);
        assert_eq!(megabytes(1_500_499), 1.5);
    }
}
