//! How often somebody may try a password: by whom he says that he is, and from where. Bounded in
//! memory: names and addresses are hashed into a fixed number of places, with a seed that nobody knows,
//! so that two share one seldom and nobody can choose with whom. Nothing is kept of them but that.
//!
//! | tries | at once | then one in |
//! | --- | --- | --- |
//! | from one address, of IPv6 the first 64 bits | 30 | 1 s |
//! | from one site, of IPv6 the first 48 bits | 60 | 0.5 s |
//! | of one name from one address | 6 | 10 s |
//! | of one name from addresses that never proved it | 20 | 5 s |
//!
//! They are counted in this order, and what is refused is not counted further: so a flood can use up no
//! places of names but by tries that its addresses still have. The last one slows down who guesses from
//! many addresses; it leaves out addresses from which the name was proved before, so that its owner is
//! not kept out by strangers, and their tries of it are counted in places of their own. He who comes
//! from a new address meanwhile competes with strangers for a try, and is never locked out for good.
//! Not in here: limits on other requests.

use std::collections::{HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use http_api::{ClientAddress, Problem, ProblemKind};
use parking_lot::Mutex;

/// How many places there are of each sort; one takes some 24 bytes.
const PLACES: u64 = 1 << 16;

/// How many pairs of a name and an address that proved it are remembered; then the one that proved it
/// longest ago is forgotten.
const PROVED_MAX: usize = 1 << 14;

/// Who tries, and from where; nowhere in particular where that is not known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Try<'a> {
    pub(crate) name: &'a str,
    pub(crate) from: Option<ClientAddress>,
}

/// The throttle.
pub(crate) struct Throttle<C: Clock = DefaultClock> {
    seed: RandomState,
    addresses: Limit<C>,
    sites: Limit<C>,
    pairs: Limit<C>,
    /// Of pairs that were proved of late: no stranger's try is counted in a place of these.
    proved_pairs: Limit<C>,
    names: Limit<C>,
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

/// How often something may be.
struct Limit<C: Clock> {
    limiter: RateLimiter<u64, HashMapStateStore<u64>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
}

impl<C: Clock + Clone> Limit<C> {
    fn of(at_once: u32, then_one_in: Duration, clock: &C) -> Self {
        let quota = Quota::with_period(then_one_in).zip(NonZeroU32::new(at_once));
        let Some((quota, at_once)) = quota else {
            unreachable!("a limit of ours lets nobody try: {at_once}, {then_one_in:?}")
        };
        let quota = quota.allow_burst(at_once);
        let limiter = RateLimiter::new(quota, HashMapStateStore::default(), clock.clone());
        Self { limiter, clock: clock.clone() }
    }

    /// Counts one more of what has that hash; or says how long to wait for it.
    fn count(&self, hash: u64) -> Result<(), Problem> {
        let Err(until) = self.limiter.check_key(&(hash % PLACES)) else { return Ok(()) };
        // Rounded up: who comes back a moment early is told to wait once more.
        let wait = until.wait_time_from(self.clock.now());
        let wait = wait.saturating_add(Duration::from_millis(999)).max(Duration::from_secs(1));
        let detail = "Too many tries; wait as long as `Retry-After` says.";
        Err(Problem::new(ProblemKind::TooManyRequests, detail).retry_after(wait))
    }
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self::by(&DefaultClock::default())
    }
}

impl<C: Clock + Clone> Throttle<C> {
    fn by(clock: &C) -> Self {
        Self {
            seed: RandomState::new(),
            addresses: Limit::of(30, Duration::from_secs(1), clock),
            sites: Limit::of(60, Duration::from_millis(500), clock),
            pairs: Limit::of(6, Duration::from_secs(10), clock),
            proved_pairs: Limit::of(6, Duration::from_secs(10), clock),
            names: Limit::of(20, Duration::from_secs(5), clock),
            proved: Mutex::default(),
        }
    }

    /// Counts a try: of its address; then, where that may try, takes a place for it to be worked on,
    /// which is told whether the name was proved from there; then of its name. So what finds no place is
    /// counted of its address alone: or who floods would be as many as ever, and nobody else would find
    /// one.
    ///
    /// # Errors
    /// 429 where there were too many, with how long to wait. That says nothing of whether there is
    /// such a name. And what `place` says.
    pub(crate) fn admit<P>(
        &self,
        attempt: Try<'_>,
        place: impl FnOnce(bool) -> Result<P, Problem>,
    ) -> Result<P, Problem> {
        if let Some(from) = attempt.from {
            self.addresses.count(self.seed.hash_one(from.network()))?;
            self.sites.count(self.seed.hash_one(from.site()))?;
        }
        let pair = self.pair(attempt);
        let is_proved = self.proved.lock().known.contains(&pair);
        let place = place(is_proved)?;
        if is_proved {
            self.proved_pairs.count(pair)?;
        } else {
            self.pairs.count(pair)?;
            self.names.count(self.seed.hash_one(attempt.name))?;
        }
        Ok(place)
    }

    /// Remembers that the name was proved from there.
    pub(crate) fn is_proved(&self, attempt: Try<'_>) {
        self.proved.lock().remember(self.pair(attempt));
    }

    fn pair(&self, attempt: Try<'_>) -> u64 {
        self.seed.hash_one((attempt.name, attempt.from.map(ClientAddress::network)))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::hashing::{Hashing, Place};

    fn from(text: &str) -> Option<ClientAddress> {
        Some(ClientAddress::new(text.parse().unwrap()))
    }

    /// Whether it is admitted, wherever there is place.
    fn is_admitted<C: Clock + Clone>(throttle: &Throttle<C>, name: &str, address: &str) -> bool {
        throttle.admit(Try { name, from: from(address) }, |_| Ok(())).is_ok()
    }

    /// How many of so many tries are let through.
    fn admitted(
        throttle: &Throttle,
        tries: usize,
        attempt: impl Fn(usize) -> (String, String),
    ) -> usize {
        let is_let_through = |number: &usize| {
            let (name, address) = attempt(*number);
            is_admitted(throttle, &name, &address)
        };
        (0..tries).filter(is_let_through).count()
    }

    #[test]
    fn a_name_from_an_address_is_tried_a_few_times() {
        let throttle = Throttle::new();
        let count = admitted(&throttle, 100, |_| ("ada@example.org".into(), "192.0.2.1".into()));
        assert!((6..10).contains(&count), "{count}");
        let again = Try { name: "ada@example.org", from: from("192.0.2.1") };
        let refused = throttle.admit(again, |_| Ok(())).unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::TooManyRequests);
        // Somebody else from elsewhere is not concerned, nor is she herself.
        for (name, address) in [("ben@example.org", "192.0.2.2"), ("ada@example.org", "192.0.2.2")]
        {
            assert!(is_admitted(&throttle, name, address), "{name} {address}");
        }
    }

    #[test]
    fn many_names_from_one_address_and_many_addresses_for_one_name() {
        let throttle = Throttle::new();
        let spray = |number| (format!("user{number}@example.org"), "2001:db8::1".to_owned());
        let count = admitted(&throttle, 500, spray);
        assert!((30..40).contains(&count), "{count}");
        // Another address of the same network is the same.
        assert!(!is_admitted(&throttle, "x@y", "2001:db8::ffff"));

        let guess = |number| {
            ("ada@example.org".to_owned(), format!("10.0.{}.{}", number / 250, number % 250))
        };
        let own = Try { name: "ada@example.org", from: from("192.0.2.9") };
        throttle.admit(own, |_| Ok(())).unwrap();
        throttle.is_proved(own);
        let count = admitted(&throttle, 500, guess);
        assert!((19..30).contains(&count), "{count}");
        // Nor by strangers whose pairs share a place with his.
        while throttle.pairs.count(throttle.pair(own)).is_ok() {}
        throttle.admit(own, |_| Ok(())).unwrap();
    }

    /// A customer of a provider has 65,536 networks, and counts as two addresses all the same.
    #[test]
    fn all_networks_of_one_site_have_as_many_tries_as_two_addresses() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::by(&clock);
        let mut count = 0;
        for second in 0..10 {
            for network in 0..2_000 {
                let name = format!("{second}.{network}@example.org");
                let address = format!("2001:db8:0:{network:x}::1");
                count += usize::from(is_admitted(&throttle, &name, &address));
            }
            assert!(is_admitted(&throttle, &format!("{second}@example.org"), "2001:db8:1::1"));
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(count, 60 + 9 * 2);
    }

    /// For a minute 64 addresses send 6,400 tries a second, each of another name, while the threads do
    /// thirty. Whoever was at home before gets in each time that he asks.
    #[test]
    fn the_owner_at_home_gets_in_during_a_flood_from_elsewhere() {
        let clock = FakeRelativeClock::default();
        let throttle = Throttle::by(&clock);
        let hashing = Hashing::start().unwrap();
        let admit = |name: &str, address: &str| {
            throttle.admit(Try { name, from: from(address) }, |is_proved| {
                if is_proved { hashing.kept_place() } else { hashing.place() }
            })
        };
        // One that shares its place with none of theirs.
        let place =
            |address: &str| throttle.seed.hash_one(from(address).unwrap().network()) % PLACES;
        let theirs: HashSet<_> =
            (0..64).map(|number| place(&format!("198.51.100.{number}"))).collect();
        let home = (1..9).map(|number| format!("192.0.2.{number}"));
        let home = &*home.into_iter().find(|home| !theirs.contains(&place(home))).unwrap();
        let name = "ada@example.org";
        drop(admit(name, home).unwrap());
        throttle.is_proved(Try { name, from: from(home) });

        let (mut number, mut busy, mut done) = (0, 0, 0);
        let mut working: VecDeque<Place<'_>> = VecDeque::new();
        for tick in 1..=60 * 30 {
            // Each sends a hundred a second, all together at any time as many as at any other.
            for address in (0..64).filter(|address| (tick + address) % 30 == 0) {
                for _ in 0..100 {
                    number += 1;
                    let name = format!("{number}@example.org");
                    match admit(&name, &format!("198.51.100.{address}")) {
                        Ok(place) => working.push_back(place),
                        Err(no) => busy += usize::from(no.kind() == ProblemKind::Busy),
                    }
                }
            }
            if tick % 300 == 0 {
                let place = admit(name, home).map_err(|refused| refused.kind());
                working.push_back(place.unwrap());
                // Somebody else from there does not, for he is a stranger too.
                let ben = admit("ben@example.org", home).map_err(|refused| refused.kind());
                assert_eq!(ben.err(), Some(ProblemKind::Busy));
            }
            done += usize::from(working.pop_front().is_some());
            clock.advance(Duration::from_millis(34));
        }
        assert_eq!(done, 60 * 30, "there was always somebody");
        assert!(busy > done, "{busy}");
    }

    #[test]
    fn what_an_address_has_too_many_of_or_finds_no_place_is_counted_of_no_name() {
        let throttle = Throttle::by(&FakeRelativeClock::default());
        let tried = |place: Result<(), Problem>, address: &str| {
            let name = format!("{}@example.org", throttle.names.limiter.len());
            drop(throttle.admit(Try { name: &name, from: from(address) }, |_| place));
            (throttle.pairs.limiter.len(), throttle.names.limiter.len())
        };
        let busy = || Err(Problem::new(ProblemKind::Busy, "no place"));
        assert_eq!((0..20).map(|_| tried(busy(), "192.0.2.1")).max(), Some((0, 0)));
        // Of thirty the others are left.
        let counted = (0..200).map(|_| tried(Ok(()), "192.0.2.1")).max().unwrap();
        assert!(counted.0 <= 10 && counted.1 <= 10, "{counted:?}");
        assert!(tried(Ok(()), "192.0.2.2") > counted);
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
            drop(throttle.admit(Try { name: &number.to_string(), from: None }, |_| Ok(())));
        }
        assert!(u64::try_from(throttle.pairs.limiter.len()).unwrap() <= PLACES);
        assert!(u64::try_from(throttle.names.limiter.len()).unwrap() <= PLACES);
    }
}
