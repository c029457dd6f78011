//! How often somebody may try a password: by whom he says that he is, and from where. Bounded in
//! memory: names and addresses are hashed into a fixed number of places, with a seed that nobody knows,
//! so that two share one seldom and nobody can choose with whom. Nothing is kept of them but that.
//!
//! | tries | at once | then one in |
//! | --- | --- | --- |
//! | of one name from one address | 6 | 10 s |
//! | from one address | 30 | 1 s |
//! | of one name from addresses that never proved it | 20 | 5 s |
//!
//! The last one slows down who guesses from many addresses; it leaves out addresses from which the name
//! was proved before, so that its owner is not kept out by strangers. He who comes from a new address
//! meanwhile competes with them for a try, and is never locked out for good.
//! Not in here: limits on other requests.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use http_api::{ClientAddress, Problem, ProblemKind};
use parking_lot::Mutex;

/// How many places there are of each sort; one takes some 24 bytes.
const PLACES: u64 = 1 << 16;

/// How many pairs of a name and an address that proved it are remembered; then the one that proved it
/// longest ago is forgotten.
const PROVED_MAX: usize = 1 << 14;

type Limiter = RateLimiter<u64, HashMapStateStore<u64>, DefaultClock>;

/// Who tries, and from where; nowhere in particular where that is not known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try<'a> {
    pub(crate) name: &'a str,
    pub(crate) from: Option<ClientAddress>,
}

/// The throttle.
pub(crate) struct Throttle {
    seed: RandomState,
    pairs: Limit,
    addresses: Limit,
    names: Limit,
    proved: Mutex<Proved>,
}

/// The pairs that were proved of late.
#[derive(Default)]
struct Proved {
    known: HashSet<u64>,
    /// The same, the one that was proved last at the end.
    order: VecDeque<u64>,
}

impl Proved {
    fn remember(&mut self, pair: u64) {
        if !self.known.insert(pair) {
            self.order.retain(|known| *known != pair);
        }
        self.order.push_back(pair);
        if self.order.len() > PROVED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

impl std::fmt::Debug for Throttle {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Throttle")
    }
}

/// How often something may be, and what was counted and is not to be.
struct Limit {
    limiter: Limiter,
    clock: DefaultClock,
    at_once: u32,
    given_back: Mutex<HashMap<u64, u32>>,
}

impl Limit {
    fn of(at_once: u32, then_one_in: Duration) -> Self {
        let quota = Quota::with_period(then_one_in).unwrap_or(Quota::per_second(NonZeroU32::MIN));
        let quota = quota.allow_burst(NonZeroU32::new(at_once).unwrap_or(NonZeroU32::MIN));
        let clock = DefaultClock::default();
        let limiter = RateLimiter::hashmap_with_clock(quota, clock.clone());
        Self { limiter, clock, at_once, given_back: Mutex::default() }
    }

    /// Counts one more; or says how long to wait for it.
    fn wait(&self, place: u64) -> Option<Duration> {
        if let Entry::Occupied(mut left) = self.given_back.lock().entry(place) {
            *left.get_mut() = left.get().saturating_sub(1);
            if *left.get() == 0 {
                left.remove();
            }
            return None;
        }
        let not_until = self.limiter.check_key(&place).err()?;
        // Rounded up: who comes back a moment early is told to wait once more.
        let wait = not_until.wait_time_from(self.clock.now());
        Some(wait.saturating_add(Duration::from_millis(999)).max(Duration::from_secs(1)))
    }

    /// One that was counted was none.
    fn give_back(&self, place: u64) {
        let mut given_back = self.given_back.lock();
        let left = given_back.entry(place).or_default();
        *left = left.saturating_add(1).min(self.at_once);
    }
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            seed: RandomState::new(),
            pairs: Limit::of(6, Duration::from_secs(10)),
            addresses: Limit::of(30, Duration::from_secs(1)),
            names: Limit::of(20, Duration::from_secs(5)),
            proved: Mutex::default(),
        }
    }

    /// Counts a try.
    ///
    /// # Errors
    /// 429 where there were too many, with how long to wait. That says nothing of whether there is
    /// such a name.
    pub(crate) fn admit(&self, attempt: Try<'_>) -> Result<(), Problem> {
        let mut wait = self.pairs.wait(self.pair(attempt) % PLACES);
        if wait.is_none()
            && let Some(from) = attempt.from
        {
            wait = self.addresses.wait(self.seed.hash_one(from.network()) % PLACES);
        }
        if wait.is_none() && !self.was_proved(attempt) {
            wait = self.names.wait(self.name(attempt));
        }
        let Some(wait) = wait else { return Ok(()) };
        let detail = "Too many tries; wait as long as `Retry-After` says.";
        Err(Problem::new(ProblemKind::TooManyRequests, detail).retry_after(wait))
    }

    /// A try that was admitted came to nothing, for too many were at it: it is not counted of that name.
    /// Of its address it is. Or who floods would be as many as ever, and nobody else would find a place.
    pub(crate) fn give_back(&self, attempt: Try<'_>) {
        self.pairs.give_back(self.pair(attempt) % PLACES);
        if !self.was_proved(attempt) {
            self.names.give_back(self.name(attempt));
        }
    }

    /// Remembers that the name was proved from there.
    pub(crate) fn is_proved(&self, attempt: Try<'_>) {
        self.proved.lock().remember(self.pair(attempt));
    }

    fn pair(&self, attempt: Try<'_>) -> u64 {
        self.seed.hash_one((attempt.name, attempt.from.map(ClientAddress::network)))
    }

    fn name(&self, attempt: Try<'_>) -> u64 {
        self.seed.hash_one(attempt.name) % PLACES
    }

    fn was_proved(&self, attempt: Try<'_>) -> bool {
        self.proved.lock().known.contains(&self.pair(attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Option<ClientAddress> {
        Some(ClientAddress::new(text.parse().unwrap()))
    }

    /// How many of so many tries are let through.
    fn admitted(
        throttle: &Throttle,
        tries: usize,
        attempt: impl Fn(usize) -> (String, String),
    ) -> usize {
        let is_admitted = |number: &usize| {
            let (name, address) = attempt(*number);
            throttle.admit(Try { name: &name, from: from(&address) }).is_ok()
        };
        (0..tries).filter(is_admitted).count()
    }

    #[test]
    fn a_name_from_an_address_is_tried_a_few_times() {
        let throttle = Throttle::new();
        let count = admitted(&throttle, 100, |_| ("ada@example.org".into(), "192.0.2.1".into()));
        assert!((6..10).contains(&count), "{count}");
        let refused = throttle.admit(Try { name: "ada@example.org", from: from("192.0.2.1") });
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::TooManyRequests);
        // Somebody else from elsewhere is not concerned, nor is she herself.
        for (name, address) in [("ben@example.org", "192.0.2.2"), ("ada@example.org", "192.0.2.2")]
        {
            throttle.admit(Try { name, from: from(address) }).unwrap();
        }
    }

    #[test]
    fn many_names_from_one_address_and_many_addresses_for_one_name() {
        let throttle = Throttle::new();
        let spray = |number| (format!("user{number}@example.org"), "2001:db8::1".to_owned());
        let count = admitted(&throttle, 500, spray);
        assert!((30..40).contains(&count), "{count}");
        // Another address of the same network is the same.
        assert!(throttle.admit(Try { name: "x@y", from: from("2001:db8::ffff") }).is_err());

        let guess = |number| {
            ("ada@example.org".to_owned(), format!("10.0.{}.{}", number / 250, number % 250))
        };
        let own = Try { name: "ada@example.org", from: from("192.0.2.9") };
        throttle.admit(own).unwrap();
        throttle.is_proved(own);
        let count = admitted(&throttle, 500, guess);
        assert!((19..30).contains(&count), "{count}");
        throttle.admit(own).unwrap();
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let throttle = Throttle::new();
        let is_known = |name: &str| {
            let pair = throttle.pair(Try { name, from: None });
            throttle.proved.lock().known.contains(&pair)
        };
        let prove = |number: usize| {
            throttle.is_proved(Try { name: &number.to_string(), from: None });
        };
        (0..PROVED_MAX).for_each(prove);
        // The first proves it again; then the second is the one that did so longest ago.
        prove(0);
        prove(PROVED_MAX);
        assert!(is_known("0") && !is_known("1") && is_known("2"));
        (0..PROVED_MAX * 2).for_each(prove);
        let proved = throttle.proved.lock();
        assert_eq!((proved.known.len(), proved.order.len()), (PROVED_MAX, PROVED_MAX));
        drop(proved);
        for number in 0..200_000_u32 {
            drop(throttle.admit(Try { name: &number.to_string(), from: None }));
        }
        assert!(u64::try_from(throttle.pairs.limiter.len()).unwrap() <= PLACES);
        assert!(u64::try_from(throttle.names.limiter.len()).unwrap() <= PLACES);
    }
}
