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
}

impl Meeting {
    /// A side says a fact. False if it has said the very same before and still waits.
    pub(crate) fn says(&mut self, facts: u128, side: Side) -> bool {
        let (own, other) = sides(facts, side);
        self.waiting.remove(&other) || self.waiting.insert(own)
    }

    /// The right side takes what the left side has said. False if it has not, or it is taken.
    pub(crate) fn takes(&mut self, facts: u128) -> bool {
        self.withdraws(facts, Side::Left)
    }

    /// What this side said is taken back. False if it waits no longer.
    pub(crate) fn withdraws(&mut self, facts: u128, side: Side) -> bool {
        self.waiting.remove(&sides(facts, side).0)
    }

    /// Whether what this side said still waits for the other.
    pub(crate) fn waits(&self, facts: u128, side: Side) -> bool {
        self.waiting.contains(&sides(facts, side).0)
    }

    /// Whether every fact has met its other side.
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
        assert!(meeting.says(fact, Side::Left));
        assert!(!meeting.says(fact, Side::Left), "said twice");
        assert!(meeting.waits(fact, Side::Left) && !meeting.waits(fact, Side::Right));
        assert!(meeting.says(fact, Side::Right));
        assert!(meeting.is_settled());
        assert!(!meeting.takes(fact));
        assert!(meeting.says(fact, Side::Left) && meeting.takes(fact) && meeting.is_settled());
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
