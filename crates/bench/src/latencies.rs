//! How long things took: a histogram, asked for percentiles.
//!
//! It holds times from a microsecond to a minute to three digits; what is beyond counts as the
//! bound. Nothing is allocated when a time is recorded.

use std::time::Duration;

use hdrhistogram::CreationError;
use hdrhistogram::Histogram;

const SHORTEST_NS: u64 = 1_000;
const LONGEST_NS: u64 = 60_000_000_000;
const DIGITS: u8 = 3;

/// Times, counted.
#[derive(Debug)]
pub(crate) struct Latencies {
    nanoseconds: Histogram<u64>,
}

impl Latencies {
    /// None yet.
    ///
    /// # Errors
    /// None in practice: the bounds are constants that the histogram accepts.
    pub(crate) fn new() -> Result<Self, CreationError> {
        let nanoseconds = Histogram::new_with_bounds(SHORTEST_NS, LONGEST_NS, DIGITS)?;
        Ok(Self { nanoseconds })
    }

    /// Counts one.
    pub(crate) fn record(&mut self, took: Duration) {
        self.nanoseconds.saturating_record(u64::try_from(took.as_nanos()).unwrap_or(LONGEST_NS));
    }

    /// How many were counted.
    pub(crate) fn count(&self) -> u64 {
        self.nanoseconds.len()
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.nanoseconds.reset();
    }

    /// The time within which this share of them fell: 0.99 is the 99th percentile. Zero for none.
    pub(crate) fn within(&self, share: f64) -> Duration {
        if self.nanoseconds.is_empty() {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.nanoseconds.value_at_quantile(share))
    }

    /// The longest of them. Zero for none.
    pub(crate) fn longest(&self) -> Duration {
        if self.nanoseconds.is_empty() {
            return Duration::ZERO;
        }
        Duration::from_nanos(self.nanoseconds.max())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Within the three digits that the histogram keeps.
    #[track_caller]
    fn check(found: Duration, expected_us: u64) {
        let expected = Duration::from_micros(expected_us);
        let off = found.abs_diff(expected);
        assert!(off.as_nanos() <= u128::from(expected_us), "{found:?} for {expected:?}");
    }

    #[test]
    fn percentiles_of_the_first_ten_thousand_microseconds() {
        let mut latencies = Latencies::new().unwrap();
        for microseconds in (1..=10_000).rev() {
            latencies.record(Duration::from_micros(microseconds));
        }
        check(latencies.within(0.5), 5_000);
        check(latencies.within(0.99), 9_900);
        check(latencies.within(0.999), 9_990);
        check(latencies.longest(), 10_000);
        latencies.clear();
        assert_eq!(latencies.longest(), Duration::ZERO);
        assert_eq!(latencies.within(0.99), Duration::ZERO);
    }

    #[test]
    fn what_is_beyond_the_bound_counts_as_the_bound() {
        let mut latencies = Latencies::new().unwrap();
        latencies.record(Duration::MAX);
        check(latencies.longest(), 60_000_000);
    }
}
