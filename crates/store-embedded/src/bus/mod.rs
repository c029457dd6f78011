//! The event bus: who hears what, and what becomes of a delivery. A small correct SNS: filter
//! policies on message attributes, at least once, one failing message holds nothing else up. It has
//! no thread of its own: the ledger's writer delivers straight from each step.

mod parked;
mod subscriber;

use std::sync::Arc;
use std::time::Duration;

use kernel::operators::DeliveryState;
use kernel::time::Time;
use kernel::{AnyId, Envelope, EventKind};

pub(crate) use parked::{Parked, ParkedDelivery};

pub use subscriber::{Hearer, Listener, Subscriber};

use crate::policy::Attributes;
use crate::rows::DeliveryRow;

/// How failed deliveries are tried again.
#[derive(Debug, Clone, Copy)]
pub struct Retries {
    /// The wait after the first failure; it doubles after each further one.
    pub first_wait: Duration,
    /// It grows no longer than this.
    pub longest_wait: Duration,
    /// After so many attempts a delivery is a dead letter.
    pub attempts_max: u32,
}

impl Default for Retries {
    /// Ten attempts over about eight minutes.
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(120),
            attempts_max: 10,
        }
    }
}

impl Retries {
    /// The wait after so many failed attempts.
    fn wait(&self, attempts: u32) -> Duration {
        let doublings = attempts.saturating_sub(1).min(20);
        self.first_wait.saturating_mul(1_u32.wrapping_shl(doublings)).min(self.longest_wait)
    }
}

/// For tests of failures: asked before each delivery, and may make it fail.
pub trait Probe: Send + Sync + 'static {
    /// Says why this attempt shall fail.
    ///
    /// # Errors
    /// Whatever the test wants the subscriber to have said.
    fn deliver(&self, subscription: &str, event: &Envelope, attempt: u32) -> Result<(), String>;
}

/// The subscribers of a store and how they are served.
pub(crate) struct Bus {
    /// With the numbers that the database has given to their names.
    pub subscribers: Vec<(u16, Subscriber)>,
    pub retries: Retries,
    pub probe: Option<Arc<dyn Probe>>,
}

/// A delivery that is to be tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attempt {
    /// The event's place in the log.
    pub position: u64,
    /// The number of the subscription.
    pub subscription: u16,
    /// 1 for the first.
    pub attempt: u32,
}

impl From<ParkedDelivery> for Attempt {
    fn from(parked: ParkedDelivery) -> Self {
        let ParkedDelivery { position, subscription, attempts, .. } = parked;
        Self { position, subscription, attempt: attempts.saturating_add(1) }
    }
}

/// Why an attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Trying again may help.
    Transient(String),
    /// Trying again cannot help.
    Final(String),
}

/// Calls `with` with what is heard of an event: its message attributes.
pub(crate) fn heard<T>(
    kind: EventKind,
    subject: AnyId,
    with: impl FnOnce(&Attributes<'_>) -> T,
) -> T {
    let mut written = [0; 48];
    let subject = subject.write(&mut written);
    with(&Attributes::of_event(kind.name(), u32::from(kind.schema_version()), subject))
}

impl Bus {
    /// Calls `each` with the number of every subscription that hears an event.
    pub(crate) fn hearers(&self, event: &Envelope, mut each: impl FnMut(u16)) {
        let kind = event.kind();
        heard(kind, event.data.subject(), |attributes| {
            for (number, subscriber) in &self.subscribers {
                if subscriber.hears(kind, attributes) {
                    each(*number);
                }
            }
        });
    }

    /// The subscription of a number.
    pub(crate) fn subscriber(&self, number: u16) -> Option<&Subscriber> {
        self.subscribers.iter().find(|(of, _)| *of == number).map(|(_, subscriber)| subscriber)
    }

    /// The row of an attempt that came to an end.
    pub(crate) fn ended(
        &self,
        attempt: Attempt,
        said_at: Time,
        now: Time,
        result: Result<(), Failure>,
    ) -> DeliveryRow {
        let Attempt { position, subscription, attempt: attempts } = attempt;
        let (state, reason) = match result {
            Ok(()) => (DeliveryState::Delivered, None),
            Err(Failure::Final(reason)) => (DeliveryState::Dead, Some(reason)),
            Err(Failure::Transient(reason)) if attempts >= self.retries.attempts_max => {
                (DeliveryState::Dead, Some(reason))
            }
            Err(Failure::Transient(reason)) => (DeliveryState::Parked, Some(reason)),
        };
        let parked = state == DeliveryState::Parked;
        DeliveryRow {
            position,
            subscription,
            state,
            attempts,
            at: now,
            took_us: u64::try_from(now.since(said_at).as_micros()).unwrap_or(u64::MAX),
            next_at: parked.then(|| now.plus(self.retries.wait(attempts))),
            reason: reason.map(String::into_boxed_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_their_bound() {
        let retries = Retries::default();
        let waits: Vec<u64> = [1, 2, 3, 7, 8, 9, 40].map(|n| retries.wait(n).as_secs()).to_vec();
        assert_eq!(waits, [1, 2, 4, 64, 120, 120, 120]);
    }

    #[test]
    fn a_delivery_ends_in_one_of_three_ways() {
        let bus = Bus { subscribers: Vec::new(), retries: Retries::default(), probe: None };
        let attempt = |attempt| Attempt { position: 7, subscription: 0, attempt };
        let (said_at, now) = (Time::from_micros(0), Time::from_micros(5));
        let end = |number, result| bus.ended(attempt(number), said_at, now, result);
        let failed = |text: &str| Err(Failure::Transient(text.to_owned()));
        assert_eq!(end(1, Ok(())).state, DeliveryState::Delivered);
        let parked = end(2, failed("busy"));
        assert_eq!(parked.state, DeliveryState::Parked);
        assert_eq!(parked.next_at, Some(now.plus(Duration::from_secs(2))));
        assert_eq!(end(10, failed("busy")).state, DeliveryState::Dead);
        assert_eq!(end(1, Err(Failure::Final("no".to_owned()))).state, DeliveryState::Dead);
    }
}
