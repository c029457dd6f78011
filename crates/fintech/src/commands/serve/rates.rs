//! How often somebody may ask: a customer, and an address. Each has a bucket that a second fills;
//! whoever finds his empty is told when to come back. Not in here: how much is under way at once.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use clap::Args;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use http_api::{ClientAddress, Gate, Problem, ProblemKind};
use kernel::{Caller, Role, Subject};

use crate::this_machine::is_this_machine;

/// After how many questions those are forgotten whose bucket is full again: so there are never more
/// remembered than asked since, and those who asked within the second before.
const FORGET_EVERY: u32 = 65_536;

/// How often somebody may ask.
#[derive(Debug, Clone, Args)]
pub(super) struct RateOptions {
    /// How many requests a second a customer may send, 0 for any number; operators and services are
    /// not counted
    #[arg(long, value_name = "NUMBER", env = "FINTECH_RATE_PER_CALLER", default_value_t = 100)]
    rate_per_caller: u32,
    /// How many requests a second may come from an address, of IPv6 from its first 64 bits, 0 for any
    /// number; what comes from this machine itself is not counted
    #[arg(long, value_name = "NUMBER", env = "FINTECH_RATE_PER_ADDRESS", default_value_t = 1000)]
    rate_per_address: u32,
}

/// The buckets.
pub(super) struct Rates<C: Clock = DefaultClock> {
    callers: Option<Buckets<Subject, C>>,
    addresses: Option<Buckets<IpAddr, C>>,
}

impl Rates {
    /// As the options say.
    pub(super) fn new(options: &RateOptions) -> Self {
        Self::by(options, &DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn by(options: &RateOptions, clock: &C) -> Self {
        Self {
            callers: Buckets::filled_by(options.rate_per_caller, clock),
            addresses: Buckets::filled_by(options.rate_per_address, clock),
        }
    }
}

impl<C: Clock + Clone + Send + Sync + 'static> Gate for Rates<C>
where
    C::Instant: Send + Sync,
{
    fn pass(&self, from: ClientAddress) -> Result<(), Problem> {
        match &self.addresses {
            Some(addresses) if !is_this_machine(from.ip()) => addresses
                .take(&from.network())
                .map_err(|wait| too_many("This address sends too many requests", wait)),
            _ => Ok(()),
        }
    }

    fn admit(&self, caller: &Caller) -> Result<(), Problem> {
        match (&self.callers, &caller.role) {
            (Some(callers), Role::Customer) => callers
                .take(&caller.sub)
                .map_err(|wait| too_many("You send too many requests", wait)),
            (_, Role::Customer | Role::Operator | Role::Service { .. }) => Ok(()),
        }
    }
}

fn too_many(what: &str, wait: Duration) -> Problem {
    let detail = format!("{what}; wait as long as `Retry-After` says.");
    Problem::new(ProblemKind::TooManyRequests, detail).retry_after(wait)
}

/// A bucket for each of many.
struct Buckets<K: Hash + Eq + Clone, C: Clock> {
    limiter: RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Buckets<K, C> {
    /// Each of that many, which a second fills; none at all for 0.
    fn filled_by(a_second: u32, clock: &C) -> Option<Self> {
        let quota = Quota::per_second(NonZeroU32::new(a_second)?);
        let limiter = RateLimiter::new(quota, DashMapStateStore::default(), clock.clone());
        Some(Self { limiter, clock: clock.clone(), asked: AtomicU32::new(0) })
    }

    /// Takes one from somebody's bucket; or says how long it is empty.
    fn take(&self, whose: &K) -> Result<(), Duration> {
        if self.asked.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.limiter.retain_recent();
            self.limiter.shrink_to_fit();
        }
        let taken = self.limiter.check_key(whose);
        taken.map_err(|until| until.wait_time_from(self.clock.now()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(per_caller: u32, per_address: u32) -> (Rates<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let options = RateOptions { rate_per_caller: per_caller, rate_per_address: per_address };
        (Rates::by(&options, &clock), clock)
    }

    fn caller(sub: &str, role: Role) -> Caller {
        Caller { sub: Subject::new(sub).unwrap(), role }
    }

    fn from(address: &str) -> ClientAddress {
        ClientAddress::new(address.parse().unwrap())
    }

    /// How many of so many questions are answered.
    fn answered(ask: impl Fn() -> Result<(), Problem>, questions: usize) -> usize {
        (0..questions).filter(|_| ask().is_ok()).count()
    }

    #[test]
    fn each_customer_has_his_own_bucket_and_time_fills_it() {
        let (rates, clock) = rates(5, 0);
        let (ada, ben) = (caller("ada", Role::Customer), caller("ben", Role::Customer));
        assert_eq!(answered(|| rates.admit(&ada), 9), 5);
        assert_eq!(answered(|| rates.admit(&ben), 9), 5);
        let refused = rates.admit(&ada).unwrap_err();
        assert_eq!(refused.kind(), ProblemKind::TooManyRequests);
        clock.advance(Duration::from_millis(400));
        assert_eq!(answered(|| rates.admit(&ada), 9), 2);
        clock.advance(Duration::from_secs(60));
        assert_eq!(answered(|| rates.admit(&ada), 9), 5);
    }

    #[test]
    fn operators_and_services_are_not_counted() {
        let (rates, _) = rates(1, 1);
        for role in [Role::Operator, Role::Service { scopes: Arc::default() }] {
            let caller = caller("house", role);
            assert_eq!(answered(|| rates.admit(&caller), 9), 9);
        }
    }

    #[test]
    fn an_address_is_counted_by_its_network_and_the_machine_itself_is_not() {
        let (rates, _) = rates(0, 3);
        assert_eq!(answered(|| rates.pass(from("192.0.2.1")), 9), 3);
        assert_eq!(answered(|| rates.pass(from("::ffff:192.0.2.1")), 9), 0);
        assert_eq!(answered(|| rates.pass(from("192.0.2.2")), 9), 3);
        assert_eq!(answered(|| rates.pass(from("2001:db8::1")), 2), 2);
        assert_eq!(answered(|| rates.pass(from("2001:db8::2")), 9), 1);
        assert_eq!(answered(|| rates.pass(from("2001:db8:0:1::2")), 9), 3);
        for own in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(answered(|| rates.pass(from(own)), 9), 9, "{own}");
        }
    }

    #[test]
    fn nothing_is_counted_where_the_option_is_zero() {
        let (rates, _) = rates(0, 0);
        assert_eq!(answered(|| rates.pass(from("192.0.2.1")), 5_000), 5_000);
        assert_eq!(answered(|| rates.admit(&caller("ada", Role::Customer)), 5_000), 5_000);
    }

    #[test]
    fn a_flood_of_addresses_is_forgotten() {
        let (rates, clock) = rates(0, 1_000);
        let addresses = rates.addresses.as_ref().unwrap();
        for number in 0..4 * FORGET_EVERY {
            rates.pass(ClientAddress::new(IpAddr::V4((0x0b00_0000 | number).into()))).unwrap();
            clock.advance(Duration::from_micros(100));
            assert!(addresses.limiter.len() <= 2 * 65_536);
        }
        assert_eq!(answered(|| rates.pass(from("192.0.2.1")), 2_000), 1_000);
    }
}
