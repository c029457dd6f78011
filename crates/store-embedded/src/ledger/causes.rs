//! Which causes have made an entry lately, so that a reaction on a busy chain need not ask SQLite
//! whether its event was heard before.

use std::collections::{HashMap, VecDeque};

use kernel::{AnyId, Key, Time};

type Cause = (AnyId, AnyId);

/// The causes of every entry booked by steps since the last one forgotten, and when that was.
///
/// An entry is booked no earlier than its cause. So where a cause is younger than everything that
/// was forgotten, its absence here is final.
#[derive(Debug)]
pub(crate) struct Causes {
    of: HashMap<Cause, u64>,
    order: VecDeque<(u64, Cause, Time)>,
    /// Nothing that was forgotten was booked after this.
    forgotten_until: Time,
    kept_max: usize,
}

/// What is known of a cause without asking SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// It made the entry of this sequence.
    Entry(u64),
    /// It made none.
    None,
    /// SQLite must be asked.
    Unknown,
}

impl Causes {
    /// Knows nothing yet; keeps about `kept_max` folded ones.
    pub(crate) fn new(kept_max: usize) -> Self {
        Self { of: HashMap::new(), order: VecDeque::new(), forgotten_until: Time::MIN, kept_max }
    }

    /// Looks for the entry of a cause that is no older than `not_before`.
    pub(crate) fn find(&self, chain: AnyId, cause: AnyId, not_before: Time) -> Lookup {
        match self.of.get(&(chain, cause)) {
            Some(sequence) => Lookup::Entry(*sequence),
            None if not_before > self.forgotten_until => Lookup::None,
            None => Lookup::Unknown,
        }
    }

    /// An entry became durable by `step`.
    pub(crate) fn add(&mut self, step: u64, entry: Key, cause: AnyId, booked_at: Time) {
        let Some(sequence) = entry.sequence else { return };
        let cause = (entry.id, cause);
        self.of.insert(cause, sequence);
        self.order.push_back((step, cause, booked_at));
    }

    /// A chain's head was read from SQLite: its entries up to there are not known here.
    pub(crate) fn met(&mut self, head_booked_at: Time) {
        self.forgotten_until = self.forgotten_until.max(head_booked_at);
    }

    /// Forgets the oldest of those that are folded, down to what is to be kept.
    pub(crate) fn forget(&mut self, folded: u64) {
        while self.order.len() > self.kept_max {
            match self.order.front() {
                Some((step, cause, booked_at)) if *step <= folded => {
                    self.of.remove(cause);
                    self.forgotten_until = self.forgotten_until.max(*booked_at);
                    self.order.pop_front();
                }
                _ => break,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{EventId, Id, WalletId};

    use super::*;

    #[test]
    fn an_absence_is_final_only_where_nothing_as_young_was_forgotten() {
        let wallet = WalletId::from_uuid(1).any();
        let event = |number| EventId::from_uuid(number).any();
        let mut causes = Causes::new(1);
        for number in 1..=3_u64 {
            let key = Key { id: wallet, sequence: Some(number) };
            let at = i64::try_from(number).unwrap();
            causes.add(number, key, event(u128::from(number)), Time::from_micros(at));
        }
        causes.forget(0);
        assert_eq!(causes.find(wallet, event(1), Time::MIN), Lookup::Entry(1), "not folded: kept");
        causes.forget(1);
        assert_eq!(causes.find(wallet, event(1), Time::from_micros(1)), Lookup::Unknown);
        assert_eq!(causes.find(wallet, event(9), Time::from_micros(2)), Lookup::None);
        assert_eq!(causes.find(wallet, event(3), Time::from_micros(3)), Lookup::Entry(3));
        causes.met(Time::from_micros(5));
        assert_eq!(causes.find(wallet, event(9), Time::from_micros(5)), Lookup::Unknown);
        assert_eq!(causes.find(wallet, event(9), Time::from_micros(6)), Lookup::None);
    }
}
