//! Waiting for an answer: a record that waits says its last event again, with growing waits, and is
//! listed as stuck after a quarter of an hour. Nothing times out to a failure here.

use std::marker::PhantomData;
use std::time::Duration;

use crate::decision::{Decision, Suspend, View, Writes};
use crate::record::{Record, Shard};
use crate::time::Time;

/// How long a record waits before it first says its event again.
pub const FIRST_WAIT: Duration = Duration::from_secs(60);

/// The longest wait between two.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// After so long a record that still waits is listed as stuck.
pub const STUCK_AFTER: Duration = Duration::from_secs(15 * 60);

/// What a record keeps while it waits, in three columns of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Since when.
    pub since: Time,
    /// When it speaks again.
    pub speaks_at: Time,
    /// Its partition in the index of what is open.
    pub shard: Shard,
}

impl Waiting {
    /// From now on.
    pub fn from(now: Time, shard: Shard) -> Self {
        Self { since: now, speaks_at: now.plus(FIRST_WAIT), shard }
    }

    /// After it has spoken again: it waits as long as it has waited so far, an hour at most.
    #[must_use]
    pub fn again(self, now: Time) -> Self {
        let wait = now.since(self.since).clamp(FIRST_WAIT, LONGEST_WAIT);
        Self { speaks_at: now.plus(wait), ..self }
    }
}

/// A kind of record that can wait.
pub trait Waits: Record {
    /// What it keeps while it waits; none when it does not.
    fn waiting(&self) -> Option<Waiting>;

    /// The record with this in its columns.
    #[must_use]
    fn with_waiting(&self, waiting: Option<Waiting>) -> Self;
}

/// Implements [`Waits`] for a kind of record that keeps it in the columns `waiting_since`, `speaks_at`
/// and `open`, which are all there or all absent.
#[macro_export]
macro_rules! waits {
    ($record:ty) => {
        impl $crate::saga::Waits for $record {
            fn waiting(&self) -> Option<$crate::saga::Waiting> {
                Some($crate::saga::Waiting {
                    since: self.waiting_since?,
                    speaks_at: self.speaks_at?,
                    shard: self.open?,
                })
            }

            fn with_waiting(&self, waiting: Option<$crate::saga::Waiting>) -> Self {
                Self {
                    waiting_since: waiting.map(|waiting| waiting.since),
                    speaks_at: waiting.map(|waiting| waiting.speaks_at),
                    open: waiting.map(|waiting| waiting.shard),
                    ..self.clone()
                }
            }
        }
    };
}

/// Says again what a record that still waits said last.
pub struct SayAgain<R: Waits>(R::Id, PhantomData<fn() -> R>);

impl<R: Waits> SayAgain<R> {
    /// Of the record of that id.
    pub fn of(id: R::Id) -> Self {
        Self(id, PhantomData)
    }
}

impl<R> Decision for SayAgain<R>
where
    R: Waits,
    R::Id: Send + Sync + 'static,
{
    /// Whether anything was said.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "say_again"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let now = view.now();
        let Some(known) = view.get::<R>(self.0)? else {
            return Ok(false);
        };
        let Some(waiting) = known.waiting().filter(|waiting| waiting.speaks_at <= now) else {
            return Ok(false);
        };
        let spoken = known.with_waiting(Some(waiting.again(now)));
        writes.say_again_with(&known, spoken);
        Ok(true)
    }
}
