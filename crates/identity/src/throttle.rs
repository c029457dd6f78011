//! How often somebody may try a password: by whom he says that he is, and from where. Bounded in
//! memory: names and addresses are hashed into a fixed number of places, with a seed that nobody knows,
//! so that two share one seldom and nobody can choose with whom. Nothing is kept of them but that.
//!
//! | tries | at once | then one in |
//! | --- | --- | --- |
//! | from one address, of IPv6 the first 64 bits | 30 | 1 s |
//! | from one site, of IPv6 the first 48 bits | 60 | 0.5 s |
//! | of one name from one address | 6 | 10 s |
//! | of one name, from all addresses | 20 | 5 s |
//!
//! They are counted in this order, and what is refused is not counted further: so a flood can use up no
//! places of names but by tries that its addresses still have. The last one slows down who guesses from
//! many addresses.
//!
//! A try is known that says again what proved its name from the same address of late: the very password.
//! Known tries are counted apart, in the first three ways, so an owner gets in at home while others guess,
//! elsewhere or at the same address; unless it is his own name that they guess there, for whether a try is
//! known is looked up as seldom as passwords are compared. A wrong password is never known, and is counted
//! and refused as any stranger's: so nobody learns whose home an address is, nor who has an account. Who
//! comes from a new address, with a new password or a mistyped one, competes with strangers for a try, and
//! is never locked out for good. Not in here: limits on other requests.

use std::collections::{HashMap, VecDeque};
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

/// Who tries, by what, and from where; nowhere in particular where that is not known.
#[derive(Clone, Copy)]
pub(crate) struct Try<'a> {
    pub(crate) name: &'a str,
    /// The password or secret that is shown.
    pub(crate) shown: &'a str,
    pub(crate) from: Option<ClientAddress>,
}

/// The throttle.
pub(crate) struct Throttle<C: Clock = DefaultClock> {
    seed: RandomState,
    strangers: Limits<C>,
    names: Limit<C>,
    /// Of known tries: a stranger's is counted here only of the name and address, to see whether it is
    /// known, and only where something was proved by that name from there.
    owners: Limits<C>,
    proved: Mutex<Proved>,
}

/// What proved a name from an address of late.
#[derive(Default)]
struct Proved {
    /// The newest proof of each pair. It is not the password, but in whose hands the seed is too, it
    /// would be found by it: it stays in memory, and no more of it than one for each pair.
    known: HashMap<u64, Proof>,
    /// The pairs, the one that was proved last at the end.
    order: VecDeque<u64>,
}

/// What proved a name from an address, hashed.
struct Proof {
    name: u64,
    shown: u64,
}

impl Proved {
    fn remember(&mut self, pair: u64, proof: Proof) {
        if self.known.insert(pair, proof).is_some() {
            self.order.retain(|known| *known != pair);
        }
        self.order.push_back(pair);
        if self.order.len() > PROVED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    fn forget(&mut self, name: u64) {
        let Self { known, order } = self;
        known.retain(|_, proof| proof.name != name);
        order.retain(|pair| known.contains_key(pair));
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

/// How often one address, one site, and one name from one address may try.
struct Limits<C: Clock> {
    addresses: Limit<C>,
    sites: Limit<C>,
    pairs: Limit<C>,
}

impl<C: Clock + Clone> Limits<C> {
    fn by(clock: &C) -> Self {
        Self {
            addresses: Limit::of(30, Duration::from_secs(1), clock),
            sites: Limit::of(60, Duration::from_millis(500), clock),
            pairs: Limit::of(6, Duration::from_secs(10), clock),
        }
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
            strangers: Limits::by(clock),
            names: Limit::of(20, Duration::from_secs(5), clock),
            owners: Limits::by(clock),
            proved: Mutex::default(),
        }
    }

    /// Counts a try: of its address; then, where that may try, takes a place for it to be worked on,
    /// which is told whether the try is known; then of its name. So what finds no place is counted of
    /// its address alone: or who floods would be as many as ever, and nobody else would find one.
    ///
    /// # Errors
    /// 429 where there were too many, with how long to wait. That says nothing of whether there is
    /// such a name. And what `place` says.
    pub(crate) fn admit<P>(
        &self,
        attempt: Try<'_>,
        place: impl FnOnce(bool) -> Result<P, Problem>,
    ) -> Result<P, Problem> {
        let pair = self.pair(attempt);
        let is_known = self.is_known(pair, attempt);
        let limits = if is_known { &self.owners } else { &self.strangers };
        if let Some(from) = attempt.from {
            limits.addresses.count(self.seed.hash_one(from.network()))?;
            limits.sites.count(self.seed.hash_one(from.site()))?;
        }
        let place = place(is_known)?;
        if !is_known {
            limits.pairs.count(pair)?;
            self.names.count(self.seed.hash_one(attempt.name))?;
        }
        Ok(place)
    }

    /// Remembers that the name was proved from there by what was shown, in the place of what proved it
    /// before.
    pub(crate) fn remember_proved(&self, attempt: Try<'_>) {
        let pair = self.pair(attempt);
        let name = self.seed.hash_one(attempt.name);
        let shown = self.shown(pair, attempt.shown);
        self.proved.lock().remember(pair, Proof { name, shown });
    }

    /// Forgets what proved the name, wherever that was.
    pub(crate) fn forget_proved(&self, name: &str) {
        self.proved.lock().forget(self.seed.hash_one(name));
    }

    /// Whether the try says what proved its name from there. To look is to compare a password, so that is
    /// counted of a name and address before, and for whom it is too often everything is unknown: or one
    /// could guess here as fast as he can ask.
    fn is_known(&self, pair: u64, attempt: Try<'_>) -> bool {
        // Made for everybody: where something was proved there is no more to do than to count and compare.
        let shown = self.shown(pair, attempt.shown);
        let proved = self.proved.lock().known.get(&pair).map(|proof| proof.shown);
        proved.is_some_and(|proved| self.owners.pairs.count(pair).is_ok() && proved == shown)
    }

    fn pair(&self, attempt: Try<'_>) -> u64 {
        self.seed.hash_one((attempt.name, attempt.from.map(ClientAddress::network)))
    }

    fn shown(&self, pair: u64, shown: &str) -> u64 {
        self.seed.hash_one((pair, shown))
    }
}

#[cfg(test)]
mod tests;
