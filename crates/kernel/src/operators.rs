//! The port for what operators look at beside records: events, their deliveries, dead letters.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::Act;
use crate::context::Context;
use crate::event::{Envelope, EventKind, Topic};
use crate::id::{AnyId, EventId};
use crate::store::{BoxFuture, StoreError};
use crate::time::Time;

/// Which events to list, oldest first. What is left out matches everything.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Said on this topic.
    pub topic: Option<Topic>,
    /// Of this type.
    pub kind: Option<EventKind>,
    /// About this payment or loan.
    pub subject: Option<AnyId>,
    /// Only those after this position.
    pub after: Option<u64>,
    /// At most so many.
    pub limit: usize,
}

/// An event and its position in the log: strictly growing, with gaps.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The position.
    pub position: u64,
    /// The event.
    pub envelope: Envelope,
}

/// How far the delivery of an event to a subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// Not tried yet.
    Waiting,
    /// Heard, and its effect is durable.
    Delivered,
    /// Failed; tried again later.
    Parked,
    /// Failed too often, or cannot be heard at all: a dead letter.
    Dead,
}

crate::word_column!(DeliveryState {
    Waiting = "WAITING",
    Delivered = "DELIVERED",
    Parked = "PARKED",
    Dead = "DEAD",
});

/// The delivery of an event to a subscription.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event.
    pub event: EventId,
    /// To which subscription.
    pub subscription: Arc<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// How far it is.
    pub state: DeliveryState,
    /// When it came to that state.
    pub at: Option<Time>,
    /// From the event's time to there.
    pub took: Option<Duration>,
    /// Why it failed last.
    pub reason: Option<String>,
}

/// A message that could not be delivered.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// By which it is redriven; opaque.
    pub id: String,
    /// To which subscription; or the function that was to relay it, or to do what the clock asked.
    pub subscription: Arc<str>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it failed last.
    pub reason: String,
    /// Since when it is dead.
    pub at: Time,
    /// The message, if it is an event that this program can read.
    pub event: Option<Envelope>,
    /// The message as it came, if it cannot be read.
    pub message: Option<String>,
}

/// What operators look at beside records.
pub trait EventsPort: Send + Sync + 'static {
    /// Whether it has a log of all events. Without one they are found by what they are about alone.
    fn keeps_log(&self) -> bool {
        true
    }

    /// Events, oldest first.
    fn events(&self, query: EventQuery) -> BoxFuture<'_, Result<Vec<LoggedEvent>, StoreError>>;

    /// Every delivery of the events at these positions.
    fn deliveries(&self, positions: Vec<u64>) -> BoxFuture<'_, Result<Vec<Delivery>, StoreError>>;

    /// Dead letters, oldest first, after the one of that id, at most `limit`.
    fn dead_letters(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<DeadLetter>, StoreError>>;

    /// Gives a dead letter to its one subscriber again, and books who did it in the same step. False
    /// if there is no such letter.
    fn redrive(
        &self,
        id: String,
        act: Act,
        context: Context,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;
}
