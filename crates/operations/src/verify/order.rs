//! Puts the rows of chains in the order of their places. A scan gives the rows of a chain together, and
//! by the contract of the store in that order too; a database that sorts numbers as text does not, and
//! costs memory here rather than a false alarm. What is made of the rows is not here.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use kernel::AnyId;
use kernel::store::BadRow;

/// How many rows of a chain wait for one that comes before them. Past that it is taken as missing.
const EARLY_MAX: usize = 10_000;

/// The rows of chains that come one after another.
#[derive(Debug)]
pub(crate) struct InOrder<R> {
    chain: Option<AnyId>,
    /// Whose turn it is in the chain.
    next: u64,
    early: BTreeMap<u64, Arc<R>>,
    ready: VecDeque<Arc<R>>,
}

impl<R> Default for InOrder<R> {
    fn default() -> Self {
        Self { chain: None, next: 0, early: BTreeMap::new(), ready: VecDeque::new() }
    }
}

impl<R> InOrder<R> {
    /// The next row as it came.
    pub(crate) fn put(&mut self, chain: AnyId, sequence: u64, row: &Arc<R>) {
        self.turn_to(chain);
        if sequence > self.next && self.early.len() < EARLY_MAX {
            self.early.insert(sequence, Arc::clone(row));
            return;
        }
        if sequence > self.next {
            self.end();
        }
        self.ready.push_back(Arc::clone(row));
        self.next = self.next.max(sequence.saturating_add(1));
        self.follow();
    }

    /// A row that cannot be read: those after it do not wait for it.
    pub(crate) fn step_over(&mut self, bad: &BadRow) {
        let Some((chain, sequence)) = bad.key.split_once('/') else { return };
        let (Ok(chain), Ok(sequence)) = (chain.parse(), sequence.parse::<u64>()) else { return };
        self.turn_to(chain);
        if sequence == self.next {
            self.next = self.next.saturating_add(1);
            self.follow();
        }
    }

    /// The next row in order, if it has come.
    pub(crate) fn pop(&mut self) -> Option<Arc<R>> {
        self.ready.pop_front()
    }

    /// After the last row: those that still wait, wait in vain.
    pub(crate) fn end(&mut self) {
        if let Some((last, _)) = self.early.last_key_value() {
            self.next = last.saturating_add(1);
        }
        self.ready.extend(std::mem::take(&mut self.early).into_values());
    }

    fn turn_to(&mut self, chain: AnyId) {
        if self.chain != Some(chain) {
            self.end();
            (self.chain, self.next) = (Some(chain), 0);
        }
    }

    fn follow(&mut self) {
        while let Some(row) = self.early.remove(&self.next) {
            self.ready.push_back(row);
            self.next = self.next.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::record::BadRecord;
    use kernel::{Id, WalletId};

    use super::*;

    fn check(came: &[u64], expected: &[u64]) {
        let mut rows = InOrder::default();
        let (chain, other) = (WalletId::from_uuid(1).any(), WalletId::from_uuid(2).any());
        for sequence in came {
            rows.put(chain, *sequence, &Arc::new(*sequence));
        }
        rows.put(other, 0, &Arc::new(999));
        let mut found: Vec<u64> = std::iter::from_fn(|| rows.pop()).map(|row| *row).collect();
        assert_eq!(found.pop(), Some(999), "the next chain comes after it");
        assert_eq!(found, *expected, "{came:?}");
    }

    #[test]
    fn rows_come_out_in_the_order_of_their_places() {
        check(&[], &[]);
        check(&[0, 1, 2], &[0, 1, 2]);
        check(&[0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9], &[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        check(&[3, 2, 1, 0], &[0, 1, 2, 3]);
        // What is missing or comes twice holds nothing up.
        check(&[1, 2], &[1, 2]);
        check(&[0, 3, 2], &[0, 2, 3]);
        check(&[0, 1, 1, 2], &[0, 1, 1, 2]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut rows = InOrder::default();
        let chain = WalletId::from_uuid(1).any();
        let many = u64::try_from(EARLY_MAX).unwrap().saturating_add(10);
        for sequence in 1..=many {
            rows.put(chain, sequence, &Arc::new(sequence));
        }
        let found: Vec<u64> = std::iter::from_fn(|| rows.pop()).map(|row| *row).collect();
        assert_eq!(found, (1..=many).collect::<Vec<_>>());
    }

    #[test]
    fn a_row_that_cannot_be_read_is_not_waited_for() {
        let mut rows = InOrder::default();
        let chain = WalletId::from_uuid(1).any();
        rows.put(chain, 0, &Arc::new(0));
        let why = BadRecord::Column { kind: "entry", column: "amount" };
        rows.step_over(&BadRow { key: format!("{chain}/1"), why });
        rows.put(chain, 2, &Arc::new(2));
        assert_eq!(std::iter::from_fn(|| rows.pop()).map(|row| *row).collect::<Vec<_>>(), [0, 2]);
    }
}
