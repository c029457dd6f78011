//! How long a call goes on trying: waits of random length up to a bound that doubles (full jitter),
//! under a deadline. What is tried is not known here.

use std::time::Duration;

use tokio::time::Instant;

/// How long calls go on trying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waits {
    /// The bound of the first wait.
    pub first: Duration,
    /// The bound of the longest one.
    pub longest: Duration,
    /// From a call's beginning until it gives up.
    pub deadline: Duration,
}

impl Default for Waits {
    /// Up to 10 ms at first, up to two seconds later, 10 s in all.
    fn default() -> Self {
        let [first, longest] = [10, 2_000].map(Duration::from_millis);
        Self { first, longest, deadline: Duration::from_secs(10) }
    }
}

/// The patience of one call.
pub(crate) struct Patience {
    bound: Duration,
    longest: Duration,
    end: Instant,
}

impl Patience {
    pub(crate) fn new(waits: &Waits) -> Self {
        let now = Instant::now();
        let end = now.checked_add(waits.deadline).unwrap_or(now);
        Self { bound: waits.first, longest: waits.longest, end }
    }

    /// Waits a moment of random length. False, and no wait, when there is no patience left.
    #[must_use = "whoever has no patience left gives up"]
    pub(crate) async fn wait(&mut self) -> bool {
        let wait = jitter(self.bound);
        self.bound = self.bound.saturating_mul(2).min(self.longest);
        let until = Instant::now().checked_add(wait).filter(|until| *until < self.end);
        let Some(until) = until else { return false };
        tokio::time::sleep_until(until).await;
        true
    }
}

/// Between nothing and `bound`.
fn jitter(bound: Duration) -> Duration {
    let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(fastrand::u64(0..=micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn patience_ends_at_the_deadline() {
        let waits = Waits::default();
        let mut patience = Patience::new(&waits);
        let begun = Instant::now();
        let mut waited = 0;
        while patience.wait().await {
            waited += 1;
        }
        let took = begun.elapsed();
        assert!(waited > 10 && took <= waits.deadline, "{waited} waits, {took:?}");
        assert!(took > waits.deadline.saturating_sub(waits.longest * 2), "{took:?}");
    }

    /// Of many who were beaten at once, no two come back together, and they spread further each time.
    #[tokio::test(start_paused = true)]
    async fn waits_differ_and_their_bound_doubles() {
        let [first, longest] = [1, 4].map(Duration::from_secs);
        let waits = Waits { first, longest, deadline: Duration::from_secs(60 * 60) };
        let mut all: Vec<_> = (0..64).map(|_| Patience::new(&waits)).collect();
        for bound in [1, 2, 4, 4].map(Duration::from_secs) {
            let mut waited = Vec::new();
            for patience in &mut all {
                let begun = Instant::now();
                assert!(patience.wait().await);
                waited.push(begun.elapsed());
            }
            waited.sort_unstable();
            waited.dedup();
            assert!(waited.len() > 32, "{waited:?}");
            let most = waited.last().copied().unwrap_or_default();
            // Tokio's clock has steps of a millisecond, and none of 64 in the upper half is no accident.
            assert!(most > bound / 2 && most <= bound + Duration::from_millis(1), "{most:?}");
        }
    }
}
