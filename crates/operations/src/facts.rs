//! Facts that two records must agree on, as one number, and the set in which the records' two sides
//! meet. It keeps 16 bytes for each fact that waits for its other side, whatever the fact is.

use std::collections::HashSet;

use kernel::AnyId;
use sha2::{Digest, Sha256};

/// The hash of some facts in a row, each with its length before it.
#[derive(Clone)]
pub(crate) struct Facts(Sha256);

impl Facts {
    /// Facts of one sort never meet those of another.
    pub(crate) fn about(sort: &str) -> Self {
        Self(Sha256::new()).text(sort)
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text.as_bytes());
        self
    }

    pub(crate) fn id(mut self, id: AnyId) -> Self {
        self.0.update([id.prefix.code()]);
        self.0.update(id.uuid.to_be_bytes());
        self
    }

    pub(crate) fn number(mut self, number: u64) -> Self {
        self.0.update(number.to_be_bytes());
        self
    }

    /// The first half of the hash.
    pub(crate) fn done(self) -> u128 {
        let digest: [u8; 32] = self.0.finalize().into();
        u128::from_be_bytes(*digest.first_chunk::<16>().unwrap_or(&[0; 16]))
    }
}

/// Which of the two that must agree says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

impl Side {
    /// The other one.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Facts that one side has said and the other has not, so far.
#[derive(Debug, Default)]
pub(crate) struct Meeting {
    waiting: HashSet<u128>,
    /// The same of facts whose other side need not be there yet.
    fresh: HashSet<u128>,
}

impl Meeting {
    /// A side says a fact; one that is not settled may wait for its other side for ever. False if it
    /// has said the very same before and still waits.
    pub(crate) fn says(&mut self, facts: u128, side: Side, is_settled: bool) -> bool {
        let (own, other) = sides(facts, side);
        let own_side = if is_settled { &mut self.waiting } else { &mut self.fresh };
        if own_side.contains(&own) {
            return false;
        }
        if !self.waiting.remove(&other) && !self.fresh.remove(&other) {
            let own_side = if is_settled { &mut self.waiting } else { &mut self.fresh };
            own_side.insert(own);
        }
        true
    }

    /// The right side takes what the left side has said. False if it has not, or it is taken.
    pub(crate) fn takes(&mut self, facts: u128) -> bool {
        let (left, _) = sides(facts, Side::Left);
        self.waiting.remove(&left) || self.fresh.remove(&left)
    }

    /// Whether what this side said still waits for the other, which must be there.
    pub(crate) fn waits(&self, facts: u128, side: Side) -> bool {
        self.waiting.contains(&sides(facts, side).0)
    }

    /// Whether every fact has met its other side, as far as that must be there.
    pub(crate) fn is_settled(&self) -> bool {
        self.waiting.is_empty()
    }
}

/// The number for a side of the facts, and that for the other: they differ in the last bit.
fn sides(facts: u128, side: Side) -> (u128, u128) {
    let (left, right) = (facts & !1, facts | 1);
    match side {
        Side::Left => (left, right),
        Side::Right => (right, left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sides_meet_once() {
        let fact = Facts::about("a").text("b").number(1).done();
        let mut meeting = Meeting::default();
        assert!(meeting.says(fact, Side::Left, true));
        assert!(!meeting.says(fact, Side::Left, true), "said twice");
        assert!(meeting.waits(fact, Side::Left) && !meeting.waits(fact, Side::Right));
        assert!(meeting.says(fact, Side::Right, true));
        assert!(meeting.is_settled());
        assert!(!meeting.takes(fact));
        assert!(meeting.says(fact, Side::Left, true) && meeting.takes(fact));
        assert!(meeting.is_settled());
    }

    #[test]
    fn a_fresh_fact_meets_and_need_not() {
        let fact = Facts::about("a").text("b").number(1).done();
        let mut meeting = Meeting::default();
        assert!(meeting.says(fact, Side::Left, false));
        assert!(!meeting.says(fact, Side::Left, false), "said twice");
        assert!(meeting.is_settled() && !meeting.waits(fact, Side::Left));
        assert!(meeting.says(fact, Side::Right, true));
        assert!(meeting.is_settled(), "it was there");
        assert!(meeting.says(fact, Side::Right, true) && !meeting.is_settled());
        assert!(meeting.says(fact, Side::Left, false) && meeting.is_settled());
        assert!(meeting.says(fact, Side::Left, false) && meeting.takes(fact));
    }

    #[test]
    fn facts_do_not_run_together() {
        let text = |parts: &[&str]| {
            parts.iter().fold(Facts::about("t"), |facts, part| facts.text(part)).done()
        };
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
        assert_ne!(Facts::about("a").done(), Facts::about("b").done());
        assert_eq!(text(&["a"]), text(&["a"]));
    }
}
