//! Annual rates, and the table that says which one a term has. What an instalment is stands in
//! `instalment`; what a deployment's table is, the program says.

use std::fmt;
use std::str::FromStr;

/// The longest term, in months.
pub const LOAN_TERM_MONTHS_MAX: u32 = 360;

/// A percentage a year in basis points, 0 to 10,000 (100 %). Written `8.0` or `12.25`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AnnualRate(u32);

/// The text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a percentage a year from 0 to 100 with at most two decimals, such as \"8.0\"")]
pub struct BadRate;

impl AnnualRate {
    /// From basis points, hundredths of a percent.
    ///
    /// # Errors
    /// Beyond 10,000.
    pub fn from_basis_points(basis_points: u32) -> Result<Self, BadRate> {
        if basis_points <= 10_000 { Ok(Self(basis_points)) } else { Err(BadRate) }
    }

    /// In basis points, 0 to 10,000.
    pub fn basis_points(self) -> u32 {
        self.0
    }
}

impl FromStr for AnnualRate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, BadRate> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_digits = |part: &str, longest: usize| {
            (1..=longest).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_digits(whole, 3) || !is_digits(fraction, 2) {
            return Err(BadRate);
        }
        format!("{whole}{fraction:0<2}")
            .parse()
            .map_err(|_| BadRate)
            .and_then(Self::from_basis_points)
    }
}

impl fmt::Display for AnnualRate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, hundredths) = (self.0 / 100, self.0 % 100);
        if hundredths % 10 == 0 {
            write!(out, "{whole}.{}", hundredths / 10)
        } else {
            write!(out, "{whole}.{hundredths:02}")
        }
    }
}

impl fmt::Debug for AnnualRate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{self} %")
    }
}

/// Which rate a term has: that of the first step which reaches it. As text:
/// `12=8.0,24=12.0,360=15.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateTable(Vec<RateStep>);

/// One step of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateStep {
    /// For terms up to so many months.
    pub months_max: u32,
    /// The rate.
    pub rate: AnnualRate,
}

/// Why a table is refused. Each is a sentence that goes on after its name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateTableRefused {
    /// The text is not written as a table.
    #[error("is not written as months and rates such as \"12=8.0,24=12.0,360=15.0\"")]
    NotATable,
    /// A rate in it is none.
    #[error("has a rate that {0}")]
    Rate(#[from] BadRate),
    /// The terms do not grow from step to step.
    #[error("must name longer terms from step to step")]
    NotGrowing,
    /// Some terms have no rate, or some that nobody may take have one.
    #[error("must end at {LOAN_TERM_MONTHS_MAX} months")]
    WrongEnd,
}

impl RateTable {
    /// From its steps, short terms first.
    ///
    /// # Errors
    /// When the terms do not grow, or do not end at [`LOAN_TERM_MONTHS_MAX`].
    pub fn new(steps: Vec<RateStep>) -> Result<Self, RateTableRefused> {
        let grows = steps.is_sorted_by(|step, next| step.months_max < next.months_max);
        if !grows || steps.first().is_some_and(|step| step.months_max == 0) {
            return Err(RateTableRefused::NotGrowing);
        }
        if steps.last().map(|step| step.months_max) != Some(LOAN_TERM_MONTHS_MAX) {
            return Err(RateTableRefused::WrongEnd);
        }
        Ok(Self(steps))
    }

    /// The rate of a term; none for terms that nobody may take.
    pub fn rate(&self, loan_term_months: u32) -> Option<AnnualRate> {
        let reaches = |step: &&RateStep| loan_term_months <= step.months_max;
        self.0.iter().find(reaches).filter(|_| loan_term_months > 0).map(|step| step.rate)
    }
}

impl Default for RateTable {
    /// 8.0 % up to 12 months, 12.0 % up to 24, 15.0 % beyond.
    fn default() -> Self {
        let step =
            |months_max, basis_points| RateStep { months_max, rate: AnnualRate(basis_points) };
        Self(vec![step(12, 800), step(24, 1200), step(LOAN_TERM_MONTHS_MAX, 1500)])
    }
}

impl FromStr for RateTable {
    type Err = RateTableRefused;

    fn from_str(text: &str) -> Result<Self, RateTableRefused> {
        let read_step = |step: &str| {
            let (months, rate) = step.split_once('=').ok_or(RateTableRefused::NotATable)?;
            let months_max = months.trim().parse().map_err(|_| RateTableRefused::NotATable)?;
            Ok(RateStep { months_max, rate: rate.trim().parse()? })
        };
        Self::new(text.split(',').map(read_step).collect::<Result<_, RateTableRefused>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_written_with_one_decimal_or_two() {
        for (text, basis_points, written) in [
            ("8", 800, "8.0"),
            ("8.0", 800, "8.0"),
            ("12.25", 1225, "12.25"),
            ("0.05", 5, "0.05"),
            ("7.50", 750, "7.5"),
            ("0", 0, "0.0"),
            ("100", 10_000, "100.0"),
        ] {
            let rate: AnnualRate = text.parse().unwrap();
            assert_eq!(
                (rate.basis_points(), &*rate.to_string()),
                (basis_points, written),
                "{text}"
            );
        }
        for wrong in ["", ".", "8.", ".5", "100.01", "1000", "-1", "8.125", "8e1", " 8", "8,0", "٨"]
        {
            assert_eq!(wrong.parse::<AnnualRate>(), Err(BadRate), "{wrong}");
        }
    }

    #[test]
    fn a_term_has_the_rate_of_its_step() {
        let table = RateTable::default();
        for (months, rate) in
            [(1, "8.0"), (12, "8.0"), (13, "12.0"), (24, "12.0"), (25, "15.0"), (360, "15.0")]
        {
            assert_eq!(table.rate(months).unwrap().to_string(), rate, "{months} months");
        }
        assert_eq!((table.rate(0), table.rate(361)), (None, None));
    }

    #[test]
    fn a_table_is_read_or_says_why_not() {
        assert_eq!("12=8.0,24=12.0,360=15.0".parse(), Ok(RateTable::default()));
        assert_eq!("12=8, 24=12, 360=15".parse(), Ok(RateTable::default()));
        for (text, why) in [
            ("", RateTableRefused::NotATable),
            ("12:8.0", RateTableRefused::NotATable),
            ("x=8.0", RateTableRefused::NotATable),
            ("360=101", RateTableRefused::Rate(BadRate)),
            ("24=8.0,12=9.0,360=15.0", RateTableRefused::NotGrowing),
            ("12=8.0,12=9.0,360=15.0", RateTableRefused::NotGrowing),
            ("0=8.0,360=15.0", RateTableRefused::NotGrowing),
            ("12=8.0", RateTableRefused::WrongEnd),
            ("361=8.0", RateTableRefused::WrongEnd),
        ] {
            assert_eq!(text.parse::<RateTable>(), Err(why), "{text}");
        }
    }
}
