//! The one writer: takes what waits, runs it over the cache, appends one frame, syncs once, then
//! answers. What the step's own events cause runs in the same step, so a whole saga is one sync.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kernel::audit::Book;
use kernel::operators::DeliveryState;
use kernel::{Envelope, StoreError, Time};
use tokio::sync::oneshot;

use super::causes::Causes;
use super::delivery::{self, Outbox};
use super::log::Log;
use super::overlay::Slot;
use super::queue::{Answer, Command, Taken};
use super::state::Shared;
use super::step::{Base, Step, head_slot};
use crate::bus::{Attempt, Failure, Parked, ParkedDelivery};
use crate::rows::{Batch, CursorRow, RecordRow};
use crate::sqlite::Reader;

/// So many commands go into one step.
const COMMANDS_MAX: usize = 512;

/// Once a step has so many rows, events that are left are heard in the next one.
const ROWS_MAX: usize = 12_288;

/// The longest that the writer sleeps when nothing comes.
const PATIENCE: Duration = Duration::from_millis(500);

/// After a step that could not be made it waits so long, unless somebody comes.
const TROUBLE_PAUSE: Duration = Duration::from_millis(250);

/// How long after a step that could not be made it makes one of nothing, where no other is to be made: it
/// would not learn else that it can go on. A full disk is filled by it, so not more often.
const TRY_PAUSE: Duration = Duration::from_secs(2);

/// How long it waits for the fold before it says that it cannot go on.
const ROOM_PATIENCE: Duration = Duration::from_secs(3);

/// The writer's own state: only its thread touches it.
pub(crate) struct Writer {
    pub shared: Arc<Shared>,
    pub log: Log,
    pub reader: Reader,
    pub causes: Causes,
    pub parked: Parked,
    /// Events that are durable but were not heard yet, oldest first.
    pub unheard: VecDeque<(u64, Envelope)>,
    /// How far each subscription had heard when the store was opened.
    pub heard: Vec<CursorRow>,
    pub next_step: u64,
    pub next_position: u64,
    /// When it last could not make a step.
    pub failed_at: Option<Instant>,
    /// Where listeners run.
    pub runtime: tokio::runtime::Handle,
}

/// Who is to be told how a step ended.
enum Reply {
    Decision(oneshot::Sender<Answer>, Answer),
    Redrive(oneshot::Sender<Result<bool, StoreError>>, Result<bool, StoreError>),
}

/// What must be put back if a step does not become durable.
#[derive(Default)]
pub(super) struct Taking {
    pub unheard: Vec<(u64, Envelope)>,
    pub parked: Vec<ParkedDelivery>,
}

impl Writer {
    /// The thread's work. Ends when the queue is closed and everything in it is done; or when nothing
    /// can be made durable any more before the store is opened anew.
    pub(crate) fn run(mut self) {
        let mut commands = Vec::with_capacity(COMMANDS_MAX);
        loop {
            let patience = self.patience();
            let taken = self.shared.queue.take(&mut commands, COMMANDS_MAX, patience);
            let count = commands.len();
            if self.shared.has_ended() || self.log.is_lost() {
                // Who waits is told that nobody answers any more.
                break;
            }
            match self.log.wait_for_room(ROOM_PATIENCE) {
                Ok(()) => self.step(&mut commands),
                Err(trouble) => self.refuse(commands.drain(..), &StoreError::Unavailable(trouble)),
            }
            self.log.rest(count);
            // What is not heard yet stands in the journal and is heard at the next start.
            if matches!(taken, Taken::Closed) && (self.unheard.is_empty() || !self.shared.is_well())
            {
                break;
            }
        }
        self.log.close();
    }

    fn patience(&mut self) -> Duration {
        if !self.shared.is_well() {
            return TROUBLE_PAUSE;
        }
        if !self.unheard.is_empty() {
            return Duration::ZERO;
        }
        let now = self.now();
        self.parked.next_at().map_or(PATIENCE, |at| at.since(now).min(PATIENCE))
    }

    pub(super) fn now(&self) -> Time {
        self.shared.clock.now()
    }

    fn step(&mut self, commands: &mut Vec<Command>) {
        let mut step = Step::new(self.next_step, self.next_position);
        let mut replies = Vec::with_capacity(commands.len());
        let mut taking = Taking::default();
        let mut outbox = Outbox::default();
        for command in commands.drain(..) {
            self.obey(&mut step, command, &mut replies, &mut taking);
        }
        self.hear_again(&mut step, &mut taking, &mut outbox);
        let leftover = self.hear(&mut step, &mut taking, &mut outbox);
        // After everything was read, and before anybody is told what came of it.
        let sure = self.log.refuse_doubt();
        if step.is_empty() && sure.is_ok() {
            replies.drain(..).for_each(|reply| reply.send(Ok(())));
            if !self.tries() {
                return;
            }
        }
        let next_position = step.next_position();
        let Step { batch, heads, .. } = step;
        match sure.and_then(|()| self.log.append(&batch)) {
            Ok(()) => {
                self.shared.is_well.store(true, Ordering::Relaxed);
                self.shared.journal_bytes.fetch_add(self.log.frame_bytes(), Ordering::Relaxed);
                self.next_step = self.next_step.saturating_add(1);
                self.next_position = next_position;
                self.unheard.extend(leftover);
                self.publish(batch, &heads);
                replies.into_iter().for_each(|reply| reply.send(Ok(())));
                outbox.send(&self.shared, &self.runtime);
            }
            Err(trouble) => {
                self.note(&trouble);
                taking.unheard.into_iter().rev().for_each(|event| self.unheard.push_front(event));
                taking.parked.into_iter().for_each(|parked| self.parked.add(parked));
                replies.into_iter().for_each(|reply| reply.send(Err(trouble.clone())));
            }
        }
    }

    /// Answers commands that no step can be made for.
    fn refuse(&mut self, commands: impl Iterator<Item = Command>, why: &StoreError) {
        self.note(why);
        let now = self.now();
        for command in commands {
            match command {
                Command::Decide { answer, .. } => drop(answer.send(Err(why.clone()))),
                Command::Redrive { answer, .. } => drop(answer.send(Err(why.clone()))),
                Command::Heard { position, subscription, attempt, result: _ } => {
                    let attempt = Attempt { position, subscription, attempt };
                    self.parked.add(delivery::forgotten(attempt, now));
                }
            }
        }
    }

    fn note(&mut self, trouble: &StoreError) {
        if self.shared.is_well.swap(false, Ordering::Relaxed) {
            tracing::error!(error = %trouble, "steps cannot be made durable; it tries on");
        }
        self.failed_at = Some(Instant::now());
    }

    /// Whether a step is made though there is nothing in it: to see whether one can be made again.
    fn tries(&self) -> bool {
        let is_over = |failed_at: Instant| failed_at.elapsed() >= TRY_PAUSE;
        !self.shared.is_well() && self.failed_at.is_none_or(is_over)
    }

    fn obey(
        &mut self,
        step: &mut Step,
        command: Command,
        replies: &mut Vec<Reply>,
        taking: &mut Taking,
    ) {
        match command {
            Command::Decide { decision, context, answer } => {
                let now = self.now();
                let result = step.run(&mut self.base(), &*decision, &context, now);
                replies.push(Reply::Decision(answer, result));
            }
            Command::Heard { position, subscription, attempt, result } => {
                let now = self.now();
                let attempt = Attempt { position, subscription, attempt };
                step.deliver(delivery::heard(&self.shared.bus, attempt, now, result));
                taking.parked.push(delivery::forgotten(attempt, now));
            }
            Command::Redrive { position, subscription, act, context, answer } => {
                let now = self.now();
                let waits = self.parked.has(position, subscription);
                let booked = if waits {
                    Ok(())
                } else {
                    step.run(&mut self.base(), &Book(*act), &context, now).map(drop)
                };
                if booked.is_ok() && !waits {
                    step.deliver(delivery::redriven(position, subscription, now));
                }
                replies.push(Reply::Redrive(answer, booked.map(|()| !waits)));
            }
        }
    }

    pub(super) fn base(&mut self) -> Base<'_> {
        Base {
            kinds: &self.shared.kinds,
            overlay: &self.shared.overlay,
            causes: &mut self.causes,
            reader: &self.reader,
            ids: &*self.shared.ids,
        }
    }

    /// Whether a subscription had heard this event before the store was opened.
    pub(super) fn has_heard(&self, subscription: u16, position: u64) -> bool {
        let cursor = self.heard.iter().find(|cursor| cursor.subscription == subscription);
        cursor.is_some_and(|cursor| position <= cursor.position)
    }

    /// Delivers what has waited long enough.
    fn hear_again(&mut self, step: &mut Step, taking: &mut Taking, outbox: &mut Outbox) {
        let now = self.now();
        while step.rows() < ROWS_MAX {
            let Some(parked) = self.parked.take_due(now) else { break };
            taking.parked.push(parked);
            match delivery::load(self, parked.position) {
                Ok(Some(event)) => delivery::try_once(self, step, &event, parked.into(), outbox),
                // Not folded yet: a moment later.
                Ok(None) => {
                    let next_at = now.plus(Duration::from_millis(50));
                    self.parked.add(ParkedDelivery { next_at, ..parked });
                    taking.parked.pop();
                }
                Err(reason) => {
                    let failed = Err(Failure::Transient(reason));
                    step.deliver(self.shared.bus.ended(parked.into(), now, now, failed));
                }
            }
        }
    }

    /// Delivers what was said: by earlier steps, then by this one, whose reactions say more. Gives
    /// back what this step said and had no room to hear.
    fn hear(
        &mut self,
        step: &mut Step,
        taking: &mut Taking,
        outbox: &mut Outbox,
    ) -> Vec<(u64, Envelope)> {
        let mut last = None;
        while step.rows() < ROWS_MAX {
            let Some((position, event)) = self.unheard.pop_front() else { break };
            taking.unheard.push((position, event.clone()));
            delivery::deliver_to_all(self, step, position, &event, outbox);
            last = Some(position);
        }
        let mut next = 0_usize;
        while self.unheard.is_empty() && step.rows() < ROWS_MAX {
            let said = step.envelopes.get(next).cloned().zip(step.batch.events.get(next));
            let Some((event, row)) = said else { break };
            let position = row.position;
            delivery::deliver_to_all(self, step, position, &event, outbox);
            last = Some(position);
            next = next.saturating_add(1);
        }
        if let Some(position) = last {
            for (subscription, _) in &self.shared.bus.subscribers {
                step.advance(CursorRow { subscription: *subscription, position });
            }
        }
        let positions = step.batch.events.iter().map(|row| row.position);
        positions.zip(step.envelopes.iter().cloned()).skip(next).collect()
    }

    /// Shows a durable step to everybody. `heads` are the places of the entries in it that are the
    /// newest of their chains.
    fn publish(&mut self, batch: Batch, heads: &HashMap<Slot, usize>) {
        let number = batch.number;
        let shared = Arc::clone(&self.shared);
        let mut changed: Vec<(Slot, u64)> = Vec::with_capacity(batch.records.len());
        for (place, row) in batch.records.iter().enumerate() {
            let slot = shared.kinds.slot(row.kind(), row.key());
            changed.push((slot, row.version));
            if let Some((cause, booked_at)) = row.record.chained() {
                self.causes.add(number, slot.key, cause, booked_at);
                self.publish_head(
                    slot,
                    row,
                    number,
                    heads.get(&head_slot(slot)).map(|newest| *newest == place),
                );
            }
            shared.overlay.put(slot, row.clone(), number);
        }
        self.causes.forget(shared.overlay.folded());
        for row in batch.deliveries.iter().filter(|row| row.state == DeliveryState::Parked) {
            let Some(next_at) = row.next_at else { continue };
            let (position, subscription, attempts) = (row.position, row.subscription, row.attempts);
            self.parked.add(ParkedDelivery { position, subscription, attempts, next_at });
        }
        shared.acknowledged.store(number, Ordering::Release);
        self.log.fold(batch, &shared);
        shared.waiters.tell(changed.into_iter());
    }

    /// The newest entry of the step is its chain's head, whatever its version: it may have been said
    /// again in the same step. Where the step has none, one that was said again is it if it was.
    fn publish_head(&self, slot: Slot, row: &RecordRow, number: u64, newest: Option<bool>) {
        let head = head_slot(slot);
        let was_head = || self.shared.overlay.get(head).is_some_and(|head| head.key() == slot.key);
        if newest.unwrap_or_else(was_head) {
            self.shared.overlay.put(head, row.clone(), number);
        }
    }
}

impl Reply {
    /// Tells how it ended, now that it is durable or never will be. A caller may have gone away.
    fn send(self, durable: Result<(), StoreError>) {
        match self {
            Self::Decision(answer, result) => {
                let result: Result<Box<dyn Any + Send>, StoreError> = durable.and(result);
                drop(answer.send(result));
            }
            Self::Redrive(answer, result) => drop(answer.send(durable.and(result))),
        }
    }
}
