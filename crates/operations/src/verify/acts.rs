//! Compares what operators did to wallets with the audit trail: a freeze, an unfreeze, a close and a
//! reversal have their line each, and each line its entry. A credit, debit or transfer has a line only
//! where an operator moved somebody else's money, so there may be more of these than lines, never
//! fewer. What they decided about loans is compared in `loans`; what they did to payments is not.

use std::collections::HashMap;

use kernel::audit::AuditLine;
use kernel::{Id, TransferId, WalletId};
use wallet::records::{Direction, Entry, EntryKind};

use super::report::Violations;
use super::trails::name;
use crate::sums::has_chain;

/// What was done to what, and how often. Lines and entries come in any order.
#[derive(Debug, Default)]
pub(crate) struct Acts {
    /// For each wallet or movement to which something was done that has always a line, or that has one.
    counts: HashMap<(u128, EntryKind), Counts>,
    /// For each wallet, how often what [`MAY_HAVE_A_LINE`] names: 37 to 73 bytes.
    direct: HashMap<u128, [u32; 3]>,
}

/// What owners do too, and what then has no line.
const MAY_HAVE_A_LINE: [EntryKind; 3] =
    [EntryKind::Credit, EntryKind::Debit, EntryKind::TransferOut];

#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    entries: u32,
    lines: u32,
}

impl Acts {
    /// A line of the audit trail.
    pub(crate) fn line(&mut self, line: &AuditLine, violations: &mut Violations) {
        let Some(kind) = entry_kind(line) else { return };
        let subject = line.subject.as_str();
        let uuid = if kind == EntryKind::Reversal {
            subject.parse::<TransferId>().map(Id::uuid)
        } else {
            subject.parse::<WalletId>().map(Id::uuid)
        };
        let Ok(uuid) = uuid else {
            let (name, operation) = (name(line), &line.operation);
            violations
                .add(format!("{name} says {operation} of {subject:?}, which is no id for that."));
            return;
        };
        let counts = self.counts.entry((uuid, kind)).or_default();
        counts.lines = counts.lines.saturating_add(1);
    }

    /// An entry.
    pub(crate) fn entry(&mut self, entry: &Entry) {
        let Some(uuid) = subject(entry) else { return };
        let place = MAY_HAVE_A_LINE.iter().position(|kind| *kind == entry.kind);
        let count = match place {
            None => Some(&mut self.counts.entry((uuid, entry.kind)).or_default().entries),
            Some(place) => self.direct.entry(uuid).or_default().get_mut(place),
        };
        if let Some(count) = count {
            *count = count.saturating_add(1);
        }
    }

    /// After the last of both: each line has its entry, and each entry that must have a line has it.
    pub(crate) fn compare(&mut self, violations: &mut Violations) {
        let direct = std::mem::take(&mut self.direct);
        for ((uuid, kind), counts) in &mut self.counts {
            let place = MAY_HAVE_A_LINE.iter().position(|one| one == kind);
            let found = direct.get(uuid).zip(place).and_then(|(counts, place)| counts.get(place));
            counts.entries = found.copied().unwrap_or(counts.entries);
        }
        let mut unequal: Vec<_> = std::mem::take(&mut self.counts).into_iter().collect();
        unequal.retain(|((_, kind), counts)| !counts.fit(*kind));
        unequal.sort_unstable_by_key(|((uuid, kind), _)| (*uuid, kind.text()));
        for ((uuid, kind), Counts { entries, lines }) in unequal {
            let subject = if kind == EntryKind::Reversal {
                TransferId::from_uuid(uuid).to_string()
            } else {
                WalletId::from_uuid(uuid).to_string()
            };
            let (kind, operation) = (kind.text(), operation(kind).unwrap_or_default());
            violations.add(format!(
                "Of {subject} the ledger has {kind} {entries} times, the audit trail {operation} {lines} times."
            ));
        }
    }
}

impl Counts {
    fn fit(self, kind: EntryKind) -> bool {
        if has_always_a_line(kind) {
            self.entries == self.lines
        } else {
            self.entries >= self.lines
        }
    }
}

/// The operation that makes entries of that kind, and by an operator a line.
fn operation(kind: EntryKind) -> Option<&'static str> {
    match kind {
        EntryKind::Frozen => Some("freeze_wallet"),
        EntryKind::Unfrozen => Some("unfreeze_wallet"),
        EntryKind::Closed => Some("close_wallet"),
        EntryKind::Reversal => Some("reverse_transaction"),
        EntryKind::Credit => Some("credit_wallet"),
        EntryKind::Debit => Some("debit_wallet"),
        EntryKind::TransferOut => Some("transfer"),
        EntryKind::Opened
        | EntryKind::TransferIn
        | EntryKind::PaymentOut
        | EntryKind::RefundIn
        | EntryKind::LoanIn
        | EntryKind::LoanRepayment
        | EntryKind::SavingsAdd
        | EntryKind::SavingsRedeem
        | EntryKind::SavingsRefund
        | EntryKind::Import
        | EntryKind::Hold
        | EntryKind::Release
        | EntryKind::Refused => None,
    }
}

/// What only operators do.
fn has_always_a_line(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::Frozen | EntryKind::Unfrozen | EntryKind::Closed | EntryKind::Reversal
    )
}

/// The kind of entry that a line is about.
fn entry_kind(line: &AuditLine) -> Option<EntryKind> {
    const KINDS: [EntryKind; 7] = [
        EntryKind::Frozen,
        EntryKind::Unfrozen,
        EntryKind::Closed,
        EntryKind::Reversal,
        EntryKind::Credit,
        EntryKind::Debit,
        EntryKind::TransferOut,
    ];
    KINDS.into_iter().find(|kind| operation(*kind) == Some(line.operation.as_str()))
}

/// What the line of an entry names: the wallet, or the movement that is reversed.
fn subject(entry: &Entry) -> Option<u128> {
    operation(entry.kind)?;
    if entry.kind != EntryKind::Reversal {
        return entry.account_id.wallet().map(Id::uuid);
    }
    // A reversal between two wallets is two entries and one line.
    let is_between_two = entry.counterparty.as_ref().is_some_and(has_chain);
    let is_counted_there = is_between_two && entry.direction == Some(Direction::Credit);
    entry.reverses.map(Id::uuid).filter(|_| !is_counted_there)
}
