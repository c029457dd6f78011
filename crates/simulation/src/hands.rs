//! What a test puts in the place of the machine: a clock that it moves by hand, and ids that are
//! counted, so that two stores given the same work write the same records.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use kernel::time::System;
use kernel::{Clock, Ids, Time};

/// A clock that stands still until it is moved.
pub struct HandClock(AtomicI64);

impl Default for HandClock {
    /// It shows 1 January 2026.
    fn default() -> Self {
        Self(AtomicI64::new(1_767_225_600_000_000))
    }
}

impl HandClock {
    /// Moves it on.
    pub fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    /// Moves it to a moment that is not before the one it shows.
    pub fn pass_to(&self, time: Time) {
        assert!(time >= self.now(), "time does not go back");
        self.0.store(time.micros(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Time {
        Time::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Ids 1, 2, 3 and so on.
#[derive(Default)]
pub struct CountedIds(AtomicU64);

impl Ids for CountedIds {
    fn draw(&self) -> u128 {
        u128::from(self.0.fetch_add(1, Ordering::SeqCst).saturating_add(1))
    }
}

/// Where a store takes the time and new ids from.
#[derive(Clone)]
pub struct Hands {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// New ids.
    pub ids: Arc<dyn Ids>,
}

impl Default for Hands {
    /// The machine's.
    fn default() -> Self {
        Self { clock: Arc::new(System), ids: Arc::new(System) }
    }
}
