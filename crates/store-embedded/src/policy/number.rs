//! The numbers of policies and messages, held and compared exactly, without floats.
//! Knows nothing of JSON or of operators.

use std::cmp::Ordering;
use std::ops::Bound;

/// Decimals that a policy's number may have.
const DECIMALS: i64 = 5;

/// The largest number of a policy, 10^9, in units of 10^-5.
const UNITS_MAX: i64 = 100_000_000_000_000;

/// Stands for everything beyond a policy's range: more than any number that a policy can name.
const UNITS_BEYOND: i64 = 100_000_000_000_000_000;

/// Digits of units up to which a number is held as it is; with more it is beyond the range.
const UNIT_DIGITS_MAX: i64 = 16;

/// Bounds exponents. No text is long enough for its digits to outweigh one of this size.
const EXPONENT_MAX: i64 = 1_000_000_000;

/// A number of a message: any decimal. Held as where it stands among the numbers that a policy can
/// name, which is all that is ever asked of it.
#[derive(Clone, Copy, Debug)]
pub struct Number {
    /// The number in units of 10^-5, rounded down; `UNITS_BEYOND` far outside a policy's range.
    units: i64,
    /// Whether rounding took something away.
    more: bool,
}

impl Number {
    /// Reads a decimal such as `300`, `-0.5` or `3.015e2`; `None` where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Number> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all_digits = whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit());
        if !all_digits || (whole.is_empty() && fraction.is_empty()) {
            return None;
        }
        let scale = exponent.saturating_sub(length(fraction)).saturating_add(DECIMALS);
        let magnitude = Number::from_digits(whole, fraction, scale);
        Some(if negative { magnitude.negated() } else { magnitude })
    }

    /// The digits of both parts, as one whole number, times 10^scale units. Never negative.
    fn from_digits(whole: &str, fraction: &str, scale: i64) -> Number {
        let digits = || whole.chars().chain(fraction.chars()).skip_while(|digit| *digit == '0');
        let count = i64::try_from(digits().count()).unwrap_or(EXPONENT_MAX);
        if count == 0 {
            return Number { units: 0, more: false };
        }
        let kept = count.saturating_add(scale);
        if kept > UNIT_DIGITS_MAX {
            return Number { units: UNITS_BEYOND, more: false };
        }
        let mut units: i64 = 0;
        let mut more = false;
        for (position, digit) in (0_i64..).zip(digits()) {
            let digit = i64::from(digit.to_digit(10).unwrap_or(0));
            if position < kept {
                units = units.saturating_mul(10).saturating_add(digit);
            } else {
                more |= digit != 0;
            }
        }
        for _ in count..kept {
            units = units.saturating_mul(10);
        }
        Number { units, more }
    }

    /// Rounded down again: what lies between two units lies above the lower one on both sides of
    /// zero.
    fn negated(self) -> Number {
        let negated = self.units.saturating_neg();
        Number {
            units: if self.more { negated.saturating_sub(1) } else { negated },
            more: self.more,
        }
    }

    /// The same number as a policy's, where a policy can name it.
    pub(super) fn as_policy_number(self) -> Option<PolicyNumber> {
        let within = (-UNITS_MAX..=UNITS_MAX).contains(&self.units);
        (within && !self.more).then_some(PolicyNumber(self.units))
    }

    /// Exact, for any number of a message and any of a policy.
    pub(super) fn compare(self, other: PolicyNumber) -> Ordering {
        let rest = if self.more { Ordering::Greater } else { Ordering::Equal };
        self.units.cmp(&other.0).then(rest)
    }
}

impl From<u32> for Number {
    fn from(number: u32) -> Number {
        Number { units: i64::from(number).saturating_mul(100_000), more: false }
    }
}

/// The number of bytes, for arithmetic with exponents.
fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(EXPONENT_MAX)
}

/// An exponent, held within ±`EXPONENT_MAX`; `None` where the text is none.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // The only way to fail here is to be too large.
    let size = digits.parse::<i64>().unwrap_or(EXPONENT_MAX).min(EXPONENT_MAX);
    Some(if negative { size.saturating_neg() } else { size })
}

/// A number of a policy, in units of 10^-5: at most 10^9 either side of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PolicyNumber(i64);

/// Why a policy may not name a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PolicyNumberRefused {
    OutOfRange,
    TooPrecise,
}

impl PolicyNumber {
    /// Reads a number of a policy from its literal JSON text.
    pub(super) fn parse(text: &str) -> Result<PolicyNumber, PolicyNumberRefused> {
        let number = Number::parse(text).ok_or(PolicyNumberRefused::OutOfRange)?;
        match number.as_policy_number() {
            Some(number) => Ok(number),
            None if (-UNITS_MAX..UNITS_MAX).contains(&number.units) => {
                Err(PolicyNumberRefused::TooPrecise)
            }
            None => Err(PolicyNumberRefused::OutOfRange),
        }
    }
}

/// What `numeric` asks for: the numbers between two ends, either of which may be open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NumericRange {
    pub(super) from: Bound<PolicyNumber>,
    pub(super) to: Bound<PolicyNumber>,
}

impl NumericRange {
    pub(super) fn contains(&self, number: Number) -> bool {
        let after_start = match self.from {
            Bound::Included(start) => number.compare(start).is_ge(),
            Bound::Excluded(start) => number.compare(start).is_gt(),
            Bound::Unbounded => true,
        };
        let before_end = match self.to {
            Bound::Included(end) => number.compare(end).is_le(),
            Bound::Excluded(end) => number.compare(end).is_lt(),
            Bound::Unbounded => true,
        };
        after_start && before_end
    }
}
