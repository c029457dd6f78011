//! The ledger's clock: the machine's, but it never goes back. Where the machine's is set back, or is
//! behind what a folder has booked already, the ledger's goes on from where it was, as fast as time
//! passes, so that what waits for a moment still comes to it.

use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, Time};
use parking_lot::Mutex;

/// See the file's comment. Shared by the writer and the readers of one store.
pub(crate) struct LedgerClock {
    machine: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    /// What it said last.
    last: Time,
    /// How far it is ahead of the machine's.
    ahead: Duration,
}

impl LedgerClock {
    /// One that says nothing earlier than what was booked last.
    pub(crate) fn new(machine: Arc<dyn Clock>, booked: Time) -> Self {
        Self { machine, state: Mutex::new(State { last: booked, ahead: Duration::ZERO }) }
    }

    /// This moment, no earlier than any that it said before.
    pub(crate) fn now(&self) -> Time {
        let machine = self.machine.now();
        let mut state = self.state.lock();
        let now = machine.plus(state.ahead);
        if now < state.last {
            state.ahead = state.last.since(machine);
        } else {
            state.last = now;
        }
        state.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A clock that is set by hand.
    struct Hand(Mutex<Time>);

    impl Clock for Hand {
        fn now(&self) -> Time {
            *self.0.lock()
        }
    }

    /// What the ledger's clock says, in microseconds, when the machine's says these, one by one.
    #[track_caller]
    fn check(booked: i64, machine: &[i64], expected: &[i64]) {
        let hand = Arc::new(Hand(Mutex::new(Time::MIN)));
        let clock = LedgerClock::new(Arc::<Hand>::clone(&hand), Time::from_micros(booked));
        let said = machine.iter().map(|now| {
            *hand.0.lock() = Time::from_micros(*now);
            clock.now().micros()
        });
        assert_eq!(said.collect::<Vec<_>>(), expected, "{booked} {machine:?}");
    }

    #[test]
    fn it_never_goes_back_and_never_stands_still() {
        check(0, &[5, 5, 8], &[5, 5, 8]);
        // Behind what is booked, and set back while it runs.
        check(100, &[5, 5, 8, 200], &[100, 100, 103, 295]);
        check(0, &[100, 40, 41, 50, 10, 11], &[100, 100, 101, 110, 110, 111]);
    }
}
