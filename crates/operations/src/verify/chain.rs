//! Walks along the chains, entry by entry: each hash, each balance, what is held, the order, and that
//! no cause made two entries. Other accounts and other services are not looked at here.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use kernel::AnyId;
use kernel::record::{ChainId, Rules};
use kernel::store::BadRow;
use wallet::records::{Entry, EntryKind};

use super::report::Violations;
use crate::sums::moved;

/// Walks along chains that come one after another.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    before: Option<Before>,
    causes: HashSet<u128>,
    /// The account of a row that could not be read: what follows it is taken as it is.
    gap: Option<String>,
}

/// The entry before.
#[derive(Debug)]
struct Before {
    entry: Arc<Entry>,
    /// If it did not follow: the same with the balance and held amount that it should have had. What
    /// comes next follows one of the two, so that one wrong entry is named once.
    amended: Option<Entry>,
}

impl Walk {
    /// Goes on to an entry.
    pub(crate) fn step(&mut self, entry: &Arc<Entry>, violations: &mut Violations) {
        if self.before.as_ref().is_some_and(|before| before.entry.account_id != entry.account_id) {
            *self = Self { gap: self.gap.take(), ..Self::default() };
        }
        let name = name(entry);
        if let Err(why) = entry.check() {
            violations.add(format!("{name} contradicts itself: {why}."));
        }
        let follows_a_gap = self.take_gap(entry.account_id);
        let amended = match self.before.take().filter(|_| !follows_a_gap) {
            Some(before) => {
                check_hash(entry, Some(&before.entry), &name, violations);
                before.check(entry, &name, violations)
            }
            None if follows_a_gap => None,
            None if entry.sequence > 0 => {
                violations.add(format!("{name} begins its chain, which entry 0 must."));
                None
            }
            None => {
                check_hash(entry, None, &name, violations);
                None
            }
        };
        if !self.causes.insert(in_16_bytes(entry.cause)) {
            let cause = entry.cause;
            violations.add(format!("{name} has the cause {cause}, which made an entry before."));
        }
        self.before = Some(Before { entry: Arc::clone(entry), amended });
    }

    /// A row that is no entry.
    pub(crate) fn step_over(&mut self, bad: &BadRow) {
        self.gap = bad.key.split_once('/').map(|(account, _)| account.to_owned());
    }

    fn take_gap(&mut self, account: ChainId) -> bool {
        self.gap.take().is_some_and(|gap| gap == account.to_string())
    }
}

impl Before {
    /// Checks that `next` follows; if it does not, gives back what it should have been.
    fn check(&self, next: &Entry, name: &str, violations: &mut Violations) -> Option<Entry> {
        let why = next.follows(&self.entry).err()?;
        let before = self.amended.as_ref().unwrap_or(&self.entry);
        if self.amended.is_some() && next.follows(before).is_ok() {
            return None;
        }
        violations.add(format!("{name} does not follow the one before it: {why}."));
        let held = i64::try_from(before.held_after).unwrap_or(i64::MAX);
        let held_after = u64::try_from(held.saturating_add(newly_held(next))).unwrap_or_default();
        let balance_after = before.balance_after.saturating_add(moved(next));
        Some(Entry { balance_after, held_after, ..next.clone() })
    }
}

/// An id in half the memory: 16 bytes instead of 32.
fn in_16_bytes(id: AnyId) -> u128 {
    id.uuid ^ u128::from(id.prefix.code()).rotate_right(8)
}

/// `Entry wal_…/7`.
pub(crate) struct Name<'a>(pub(crate) &'a Entry);

impl fmt::Display for Name<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Entry {}/{}", self.0.account_id, self.0.sequence)
    }
}

/// The same as text.
pub(crate) fn name(entry: &Entry) -> String {
    Name(entry).to_string()
}

fn check_hash(entry: &Entry, before: Option<&Entry>, name: &str, violations: &mut Violations) {
    if entry.hash_after(before.map(|before| before.hash)) != entry.hash {
        violations.add(format!(
            "{name} has a hash that is not that of its content and of the hash before it."
        ));
    }
}

/// What an entry holds, below zero where that is held no longer.
fn newly_held(entry: &Entry) -> i64 {
    let hold = i64::try_from(entry.hold_amount.unwrap_or_default()).unwrap_or(i64::MAX);
    if entry.kind == EntryKind::Hold { hold } else { hold.saturating_neg() }
}
