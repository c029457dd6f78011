//! Keeps the keys of a provider fresh: at intervals, and soon after a token named one that is not
//! there, but never so often that bad tokens make us a burden to it. While it is down the keys that
//! are known stay. Not in here: what is fetched, see `provider`, or whoever asks `wants_keys`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::provider::{FetchError, Source, fetch_keys};
use crate::verifier::Verifier;

/// How old the keys may be. A key that its provider takes back is believed that long.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// Between two fetches at least, whatever is asked for, and whether or not it answered.
const PAUSE: Duration = Duration::from_secs(10);

/// How long nothing is fetched.
fn pause(is_urgent: bool) -> Duration {
    if is_urgent { PAUSE } else { INTERVAL }
}

/// For who has no thread that keeps keys fresh.
impl Verifier {
    /// Whether keys that were fetched so long ago are to be fetched now: after some minutes; after some
    /// seconds where there are none, or where a token named one that is not there. Who hears that it is
    /// time must fetch them: he is not told again for that token.
    pub fn wants_keys(&self, age: Duration) -> bool {
        let is_due = age >= pause(!self.has_keys() || self.wish().is_said());
        if is_due {
            self.wish().is_heard();
        }
        is_due
    }
}

/// Fetches keys for a verifier.
pub struct Keeper {
    verifier: Arc<Verifier>,
    source: Box<dyn Source>,
    fetched: Option<Instant>,
    was_well: bool,
}

impl std::fmt::Debug for Keeper {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Keeper").field("verifier", &self.verifier).finish_non_exhaustive()
    }
}

impl Keeper {
    /// From that source.
    pub fn new(verifier: Arc<Verifier>, source: impl Source) -> Self {
        Self { verifier, source: Box::new(source), fetched: None, was_well: true }
    }

    /// Fetches now. That it does not answer is told once, until it answers again.
    ///
    /// # Errors
    /// When there are no new keys; the former ones stay.
    pub fn fetch(&mut self, now: Instant) -> Result<(), FetchError> {
        self.verifier.wish().is_heard();
        self.fetched = Some(now);
        let fetched = fetch_keys(&self.verifier, &*self.source);
        match &fetched {
            Ok(()) if !self.was_well => {
                tracing::info!("the sign-in provider's keys are there again");
            }
            Err(error) if self.was_well => {
                tracing::warn!(%error, "the sign-in provider's keys cannot be fetched; those known stay");
            }
            Ok(()) | Err(_) => {}
        }
        self.was_well = fetched.is_ok();
        fetched
    }

    /// Fetches if it is time; how long nothing is to be done then, if no token asks for it.
    pub fn step(&mut self, now: Instant) -> Duration {
        let left = self.left(now);
        if !left.is_zero() {
            return left;
        }
        // What came of it, it has told.
        drop(self.fetch(now));
        self.left(now)
    }

    fn left(&self, now: Instant) -> Duration {
        let Some(fetched) = self.fetched else { return Duration::ZERO };
        let is_urgent = !self.was_well || self.verifier.wish().is_said();
        pause(is_urgent).saturating_sub(now.saturating_duration_since(fetched))
    }

    /// Goes on for ever, in a thread of its own that ends with the program.
    pub fn run(mut self) {
        loop {
            let left = self.step(Instant::now());
            self.verifier.wish().wait(left, PAUSE);
        }
    }
}
