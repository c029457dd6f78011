//! The equal instalment of a loan, exact to the minor unit. Schedules, accrual and the annual
//! percentage rate are not here.

use kernel::Amount;
use kernel::money::MINOR_MAX;
use num_bigint::BigUint;

use crate::rate::AnnualRate;

/// Hundredths of a percent in the whole.
const BASIS_POINTS: u32 = 10_000;
const MONTHS_A_YEAR: u32 = 12;

/// What is due each month, so that all of them together pay the principal and its interest: the
/// annuity `P * i / (1 - (1 + i)^-n)` with `i` a twelfth of the annual rate (each month counts 30
/// days of 360), rounded half-even to the minor unit, at least one minor unit.
///
/// The formula is worked out in whole numbers of any size and rounded once. None if all instalments
/// together pass 2^53 - 1 minor units. `months` must not be zero.
pub fn instalment(principal: Amount, rate: AnnualRate, months: u32) -> Option<Amount> {
    assert_ne!(months, 0, "a loan has a term");
    let (numerator, denominator) = annuity(principal.minor(), rate, months);
    let minor = u64::try_from(round_half_even(&numerator, &denominator)).ok()?.max(1);
    minor.checked_mul(u64::from(months)).filter(|total| *total <= MINOR_MAX)?;
    Amount::from_minor(minor, principal.currency()).ok()
}

/// With `i = b / q` (basis points over 12 * 10,000) and `g = q + b` the annuity is the fraction
/// `P * b * g^n / (q * (g^n - q^n))`. Without interest it is `P / n`.
#[allow(clippy::arithmetic_side_effects, reason = "big integers do not overflow; g^n > q^n")]
fn annuity(principal_minor: u64, rate: AnnualRate, months: u32) -> (BigUint, BigUint) {
    let principal = BigUint::from(principal_minor);
    if rate.basis_points() == 0 {
        return (principal, BigUint::from(months));
    }
    let interest = BigUint::from(rate.basis_points());
    let whole = BigUint::from(BASIS_POINTS) * MONTHS_A_YEAR;
    let grown = (&whole + &interest).pow(months);
    let ungrown = whole.pow(months);
    (principal * interest * &grown, whole * (grown - ungrown))
}

/// The nearest whole number; of two equally near the even one.
#[allow(clippy::arithmetic_side_effects, reason = "big integers do not overflow")]
fn round_half_even(numerator: &BigUint, denominator: &BigUint) -> BigUint {
    let below = numerator / denominator;
    let twice_the_rest = (numerator - &below * denominator) * 2_u32;
    let is_up = match twice_the_rest.cmp(denominator) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => below.bit(0),
        std::cmp::Ordering::Greater => true,
    };
    below + u32::from(is_up)
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test that overflows fails, as it should")]
mod tests {
    use kernel::Currency;
    use proptest::prelude::*;

    use super::*;

    fn usd(minor: u64) -> Amount {
        Amount::from_minor(minor, Currency::USD).unwrap()
    }

    fn check(principal: &str, rate: &str, months: u32, expected: &str) {
        let principal = Amount::parse(principal, Currency::USD).unwrap();
        let found = instalment(principal, rate.parse().unwrap(), months);
        let found = found.map_or("too large".to_owned(), |amount| amount.to_string());
        assert_eq!(found, expected, "{principal} at {rate} % over {months} months");
    }

    /// The first five are what every calculator of instalments says.
    #[test]
    fn the_instalment_is_the_annuity() {
        check("1000.00", "8.0", 12, "86.99");
        check("10000.00", "12.0", 24, "470.73");
        check("10000.00", "15.0", 36, "346.65");
        check("200000.00", "15.0", 360, "2528.89");
        check("5000.00", "8.0", 1, "5033.33");
        check("1200.00", "0.0", 12, "100.00");
        check("1000.00", "0.0", 3, "333.33");
    }

    #[test]
    fn ties_go_to_the_even_cent() {
        // One month at 8.0 % is 151/150 of the principal: 75.5, 226.5 and 377.5 cents.
        check("0.75", "8.0", 1, "0.76");
        check("2.25", "8.0", 1, "2.26");
        check("3.75", "8.0", 1, "3.78");
        check("0.05", "0.0", 2, "0.02");
        check("0.07", "0.0", 2, "0.04");
    }

    #[test]
    fn the_ends() {
        check("0.01", "15.0", 360, "0.01");
        check("0.01", "0.0", 360, "0.01");
        check("90071992547409.91", "0.0", 1, "90071992547409.91");
        check("90071992547409.91", "8.0", 1, "too large");
        check("90071992547409.91", "100.0", 360, "too large");
    }

    /// Pays each month what is due and counts interest on what is left, in thousandths of a cent.
    fn left_after(principal: u64, basis_points: u32, months: u32, instalment: u64) -> i128 {
        let scale = 1000;
        let mut left = i128::from(principal) * scale;
        for _ in 0..months {
            left += left * i128::from(basis_points) / 120_000;
            left -= i128::from(instalment) * scale;
        }
        left / scale
    }

    proptest! {
        /// A cent more pays the loan off within its term, a cent less does not.
        #[test]
        fn it_pays_the_loan_and_no_cent_more(
            principal in 10_000..=100_000_000_u64,
            basis_points in 1..=3000_u32,
            months in 1..=120_u32,
        ) {
            let rate = AnnualRate::from_basis_points(basis_points).unwrap();
            let minor = instalment(usd(principal), rate, months).unwrap().minor();
            prop_assert!(left_after(principal, basis_points, months, minor + 1) <= 0);
            prop_assert!(left_after(principal, basis_points, months, minor - 1) >= 0);
        }

        #[test]
        fn no_loan_panics(principal in 1..=MINOR_MAX, basis_points in 0..=10_000_u32, months in 1..=360_u32) {
            let rate = AnnualRate::from_basis_points(basis_points).unwrap();
            if let Some(found) = instalment(usd(principal), rate, months) {
                prop_assert!(found.minor() * u64::from(months) <= MINOR_MAX);
            }
        }
    }
}
