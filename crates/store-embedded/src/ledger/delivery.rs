//! How an event comes to those who hear it: a reaction runs in the step, a listener is told once the
//! step is durable. What fails is parked, and holds nothing else up.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use kernel::manifest::React;
use kernel::operators::DeliveryState;
use kernel::{Envelope, Time};

use super::queue::Command;
use super::state::Shared;
use super::step::Step;
use super::writer::Writer;
use crate::bus::{Attempt, Bus, Failure, Hearer, Listener, ParkedDelivery, Subscriber};
use crate::rows::DeliveryRow;
use crate::sqlite::SqliteError;

/// What listeners are told once the step is durable.
#[derive(Default)]
pub(super) struct Outbox(Vec<(Arc<dyn Listener>, Envelope, Attempt)>);

impl Outbox {
    /// Starts them. Their answers come back through the queue.
    pub(super) fn send(self, shared: &Arc<Shared>, runtime: &tokio::runtime::Handle) {
        for (listener, event, Attempt { position, subscription, attempt }) in self.0 {
            let shared = Arc::clone(shared);
            runtime.spawn(async move {
                // A listener that panics has failed like any other.
                let hearing = tokio::spawn(listener.hear(event));
                let result = hearing.await.unwrap_or_else(|gone| Err(gone.to_string()));
                let heard = Command::Heard { position, subscription, attempt, result };
                // When the store is closing, the delivery is tried again at the next start.
                drop(shared.queue.push(heard));
            });
        }
    }
}

/// Delivers an event to everybody who hears it, for the first time.
pub(super) fn deliver_to_all(
    writer: &mut Writer,
    step: &mut Step,
    position: u64,
    event: &Envelope,
    outbox: &mut Outbox,
) {
    let shared = Arc::clone(&writer.shared);
    shared.bus.hearers(event, |subscription| {
        if writer.has_heard(subscription, position) {
            return;
        }
        let attempt = Attempt { position, subscription, attempt: 1 };
        try_once(writer, step, event, attempt, outbox);
    });
}

/// Tries a delivery and books in the step what became of it.
pub(super) fn try_once(
    writer: &mut Writer,
    step: &mut Step,
    event: &Envelope,
    attempt: Attempt,
    outbox: &mut Outbox,
) {
    let shared = Arc::clone(&writer.shared);
    let Some(subscriber) = shared.bus.subscriber(attempt.subscription) else { return };
    let probed = shared
        .bus
        .probe
        .as_ref()
        .map_or(Ok(()), |probe| probe.deliver(&subscriber.name, event, attempt.attempt));
    let result = match (probed, &subscriber.hearer) {
        (Err(reason), _) => Err(Failure::Transient(reason)),
        (Ok(()), Hearer::Decide(react)) => decide(writer, step, event, *react),
        (Ok(()), Hearer::Listen(listener)) => {
            outbox.0.push((Arc::clone(listener), event.clone(), attempt));
            step.deliver(waiting(attempt, event.time, writer.now()));
            return;
        }
    };
    let now = writer.now();
    let row = shared.bus.ended(attempt, event.time, now, result);
    log_failure(subscriber, event, &row);
    step.deliver(row);
}

/// An operator must act when a message is dead; until then it is tried again.
fn log_failure(subscriber: &Subscriber, event: &Envelope, row: &DeliveryRow) {
    let Some(reason) = &row.reason else { return };
    let (subscription, event, attempts) = (&subscriber.name, event.id, row.attempts);
    if row.state == DeliveryState::Dead {
        tracing::error!(%subscription, %event, attempts, %reason, "a message is a dead letter");
    } else {
        tracing::warn!(%subscription, %event, attempts, %reason, "a delivery failed");
    }
}

fn decide(
    writer: &mut Writer,
    step: &mut Step,
    event: &Envelope,
    react: React,
) -> Result<(), Failure> {
    let reacted = catch_unwind(AssertUnwindSafe(|| react(event)));
    let reacted = reacted.map_err(|_| Failure::Transient("the reaction panicked".to_owned()))?;
    let decision = reacted.map_err(|unprocessable| Failure::Final(unprocessable.0))?;
    let now = writer.now();
    let outcome = step.run(&mut writer.base(), &*decision, &event.context(), now);
    outcome.map(drop).map_err(|error| Failure::Transient(error.to_string()))
}

/// The event at a position of the log; none while the fold has not come so far.
///
/// # Errors
/// The event or the record that said it cannot be read.
pub(super) fn load(writer: &Writer, position: u64) -> Result<Option<Envelope>, String> {
    let read = |error: SqliteError| error.to_string();
    let Some(row) = writer.reader.event_at(position).map_err(read)? else { return Ok(None) };
    let slot = writer.shared.kinds.slot(row.kind, row.key);
    let record = match writer.shared.overlay.get(slot) {
        Some(record) => Some(record),
        None => writer.reader.get(row.kind, row.key).map_err(read)?,
    };
    let record = record.ok_or_else(|| format!("{:?} {:?} is gone", row.kind, row.key))?;
    Envelope::build(&*record.record, &row.said).map(Some).map_err(|bad| bad.to_string())
}

/// The row of a delivery that a listener was given and has not answered.
fn waiting(attempt: Attempt, said_at: Time, now: Time) -> DeliveryRow {
    DeliveryRow {
        position: attempt.position,
        subscription: attempt.subscription,
        state: DeliveryState::Waiting,
        attempts: attempt.attempt.saturating_sub(1),
        at: now,
        took_us: u64::try_from(now.since(said_at).as_micros()).unwrap_or(u64::MAX),
        next_at: None,
        reason: None,
    }
}

/// The row of a delivery that a listener has answered.
pub(super) fn heard(
    bus: &Bus,
    attempt: Attempt,
    now: Time,
    result: Result<(), String>,
) -> DeliveryRow {
    bus.ended(attempt, now, now, result.map_err(Failure::Transient))
}

/// How a listener's answer waits if it could not be made durable: it is asked again.
pub(super) fn forgotten(attempt: Attempt, now: Time) -> ParkedDelivery {
    ParkedDelivery {
        position: attempt.position,
        subscription: attempt.subscription,
        attempts: attempt.attempt.saturating_sub(1),
        next_at: now.plus(Duration::from_secs(1)),
    }
}

/// The row of a dead letter that is given to its subscriber again.
pub(super) fn redriven(position: u64, subscription: u16, now: Time) -> DeliveryRow {
    DeliveryRow {
        position,
        subscription,
        state: DeliveryState::Parked,
        attempts: 0,
        at: now,
        took_us: 0,
        next_at: Some(now),
        reason: Some("redriven".into()),
    }
}
