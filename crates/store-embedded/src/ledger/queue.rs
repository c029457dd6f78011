//! What waits for the writer: decisions, what listeners answered, redrives. Bounded, so that a
//! flood is told so rather than slowing everybody.

use std::any::Any;
use std::collections::VecDeque;
use std::time::Duration;

use kernel::audit::Act;
use kernel::{Context, ErasedDecision, StoreError};
use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

/// The answer to a decision.
pub(crate) type Answer = Result<Box<dyn Any + Send>, StoreError>;

/// Something for the writer to do.
pub(crate) enum Command {
    /// Make a decision.
    Decide { decision: Box<dyn ErasedDecision>, context: Context, answer: oneshot::Sender<Answer> },
    /// A listener has heard an event, or failed to.
    Heard { position: u64, subscription: u16, attempt: u32, result: Result<(), String> },
    /// Give a dead letter to its subscriber again.
    Redrive {
        position: u64,
        subscription: u16,
        act: Box<Act>,
        context: Context,
        answer: oneshot::Sender<Result<bool, StoreError>>,
    },
}

#[derive(Default)]
struct Waiting {
    commands: VecDeque<Command>,
    closed: bool,
}

/// See the file's comment.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    waiting_max: usize,
}

/// What the writer finds when it looks.
pub(crate) enum Taken {
    /// There is something to do, or the time is up.
    Commands,
    /// Nothing more will come.
    Closed,
}

impl Queue {
    /// Takes up to `waiting_max` at a time.
    pub(crate) fn new(waiting_max: usize) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), waiting_max }
    }

    /// Hands a command in.
    ///
    /// # Errors
    /// When too much waits or the store is closing.
    pub(crate) fn push(&self, command: Command) -> Result<(), StoreError> {
        let mut waiting = self.waiting.lock();
        if waiting.closed {
            let closing = StoreError::Unavailable("the store is closing".to_owned());
            return Err(closing);
        }
        // What a listener answered is always taken: it frees something.
        let bounded = !matches!(command, Command::Heard { .. });
        if bounded && waiting.commands.len() >= self.waiting_max {
            return Err(StoreError::Busy);
        }
        waiting.commands.push_back(command);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// Moves up to `most` commands to `into`, waiting up to `patience` for the first.
    pub(crate) fn take(&self, into: &mut Vec<Command>, most: usize, patience: Duration) -> Taken {
        let mut waiting = self.waiting.lock();
        if waiting.commands.is_empty() && !waiting.closed && !patience.is_zero() {
            self.arrived.wait_for(&mut waiting, patience);
        }
        let count = waiting.commands.len().min(most);
        into.extend(waiting.commands.drain(..count));
        if into.is_empty() && waiting.closed { Taken::Closed } else { Taken::Commands }
    }

    /// Lets nothing more in. What waits is still done.
    pub(crate) fn close(&self) {
        self.waiting.lock().closed = true;
        self.arrived.notify_all();
    }

    /// Lets nothing more in, and nobody waits any longer: there is no writer any more.
    pub(crate) fn abandon(&self) {
        let mut waiting = self.waiting.lock();
        waiting.closed = true;
        // Dropped, they tell their callers that they are gone.
        let gone = std::mem::take(&mut waiting.commands);
        drop(waiting);
        drop(gone);
        self.arrived.notify_all();
    }

    /// How much waits.
    pub(crate) fn len(&self) -> usize {
        self.waiting.lock().commands.len()
    }
}
