//! What waits to be delivered again, by the time at which it is due.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use kernel::Time;

/// A delivery that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ParkedDelivery {
    /// The event's place in the log.
    pub position: u64,
    /// The number of the subscription.
    pub subscription: u16,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_at: Time,
}

type Place = (u64, u16);

/// The deliveries that wait. One that is out with a listener does not.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    of: HashMap<Place, ParkedDelivery>,
    due: BinaryHeap<Reverse<(Time, Place)>>,
}

impl Parked {
    /// Lets one wait, in the place of what waited for the same subscriber.
    pub(crate) fn add(&mut self, delivery: ParkedDelivery) {
        let place = (delivery.position, delivery.subscription);
        self.of.insert(place, delivery);
        self.due.push(Reverse((delivery.next_at, place)));
    }

    /// When the next one is due.
    pub(crate) fn next_at(&mut self) -> Option<Time> {
        while let Some(Reverse((at, place))) = self.due.peek() {
            if self.of.get(place).is_some_and(|delivery| delivery.next_at == *at) {
                return Some(*at);
            }
            self.due.pop();
        }
        None
    }

    /// Takes the next one that is due, if there is one.
    pub(crate) fn take_due(&mut self, now: Time) -> Option<ParkedDelivery> {
        if self.next_at()? > now {
            return None;
        }
        let Reverse((_, place)) = self.due.pop()?;
        self.of.remove(&place)
    }

    /// Whether this one waits.
    pub(crate) fn has(&self, position: u64, subscription: u16) -> bool {
        self.of.contains_key(&(position, subscription))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_a_later_word_counts() {
        let parked = |position, at| ParkedDelivery {
            position,
            subscription: 0,
            attempts: 1,
            next_at: Time::from_micros(at),
        };
        let mut waiting = Parked::default();
        waiting.add(parked(1, 30));
        waiting.add(parked(2, 20));
        waiting.add(parked(2, 40));
        assert_eq!(waiting.take_due(Time::from_micros(29)), None);
        assert_eq!(waiting.take_due(Time::from_micros(99)).map(|due| due.position), Some(1));
        assert_eq!(waiting.take_due(Time::from_micros(99)).map(|due| due.position), Some(2));
        assert!(!waiting.has(2, 0));
        assert_eq!(waiting.take_due(Time::from_micros(99)), None);
    }
}
