//! Decimal text to minor units and back, without a float in between. No sign, no exponent, no
//! grouping: money in a request is written plainly or refused.

use super::{AmountRefused, Currency, MINOR_MAX};

/// Reads `text` as an amount of minor units of `currency`, zero included.
pub(super) fn parse(text: &str, currency: Currency) -> Result<u64, AmountRefused> {
    let decimals = usize::from(currency.decimals());
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(AmountRefused::NotADecimal),
        Some((whole, fraction)) => (whole, fraction),
        None => (text, ""),
    };
    if let Some(rest) = text.strip_prefix('-') {
        let plain =
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        return Err(if plain { AmountRefused::NotPositive } else { AmountRefused::NotADecimal });
    }
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || leading_zero || !digits_only(whole) || !digits_only(fraction) {
        return Err(AmountRefused::NotADecimal);
    }
    if fraction.len() > decimals {
        return Err(AmountRefused::TooManyDecimals { decimals: currency.decimals() });
    }
    let zeros = decimals.saturating_sub(fraction.len());
    let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', zeros));
    let mut minor: u64 = 0;
    for digit in digits {
        minor = minor
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(u64::from(digit.wrapping_sub(b'0'))))
            .filter(|minor| *minor <= MINOR_MAX)
            .ok_or(AmountRefused::TooLarge)?;
    }
    Ok(minor)
}

/// Writes minor units with the currency's number of decimals: `2550` USD is `25.50`.
pub(super) fn write(
    out: &mut impl std::fmt::Write,
    negative: bool,
    minor: u64,
    currency: Currency,
) -> std::fmt::Result {
    let sign = if negative { "-" } else { "" };
    let decimals = currency.decimals();
    if decimals == 0 {
        return write!(out, "{sign}{minor}");
    }
    let unit = 10_u64.saturating_pow(u32::from(decimals));
    let whole = minor.checked_div(unit).unwrap_or_default();
    let fraction = minor.checked_rem(unit).unwrap_or_default();
    write!(out, "{sign}{whole}.{fraction:0width$}", width = usize::from(decimals))
}
