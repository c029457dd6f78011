//! Compares what operators did to wallets with the audit trail: a freeze, an unfreeze, a close and a
//! reversal have their line each, and each line its entry. A credit, debit or transfer has a line only
//! where an operator moved somebody else's money, so there may be more of these than lines, never
//! fewer. In a store that is written meanwhile, what one of both says from before the moment the other
//! says too. What they decided about loans is compared in `loans`; what they did to payments is not.

use std::collections::HashMap;

use kernel::audit::AuditLine;
use kernel::{Id, TransferId, WalletId};
use wallet::records::{Direction, Entry, EntryKind};

use super::moment::Moment;
use super::report::Violations;
use super::trails::name;
use crate::sums::has_chain;

/// What was done to what, and how often. Lines and entries come in any order.
#[derive(Debug)]
pub(crate) struct Acts {
    moment: Moment,
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
    entries: Count,
    lines: Count,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    all: u32,
    settled: u32,
}

impl Acts {
    pub(crate) fn of(moment: Moment) -> Self {
        Self { moment, counts: HashMap::new(), direct: HashMap::new() }
    }

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
        let has_settled = self.moment.has_settled(line.at);
        self.counts.entry((uuid, kind)).or_default().lines.add(has_settled);
    }

    /// An entry.
    pub(crate) fn entry(&mut self, entry: &Entry) {
        let Some(uuid) = subject(entry) else { return };
        let Some(place) = MAY_HAVE_A_LINE.iter().position(|kind| *kind == entry.kind) else {
            let has_settled = self.moment.has_settled(entry.booked_at);
            self.counts.entry((uuid, entry.kind)).or_default().entries.add(has_settled);
            return;
        };
        if let Some(count) = self.direct.entry(uuid).or_default().get_mut(place) {
            *count = count.saturating_add(1);
        }
    }

    /// After the last of both: each line has its entry, and each entry that must have a line has it.
    pub(crate) fn compare(&mut self, violations: &mut Violations) {
        let direct = std::mem::take(&mut self.direct);
        for ((uuid, kind), counts) in &mut self.counts {
            let place = MAY_HAVE_A_LINE.iter().position(|one| one == kind);
            let found = direct.get(uuid).zip(place).and_then(|(counts, place)| counts.get(place));
            counts.entries.all = found.copied().unwrap_or(counts.entries.all);
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
            let (entries, lines) = (entries.all, lines.all);
            violations.add(format!(
                "Of {subject} the ledger has {kind} {entries} times, the audit trail {operation} {lines} times."
            ));
        }
    }
}

impl Counts {
    /// Each line has its entry; each entry its line, where it always has one.
    fn fit(self, kind: EntryKind) -> bool {
        let has_lines = !has_always_a_line(kind) || self.entries.settled <= self.lines.all;
        has_lines && self.lines.settled <= self.entries.all
    }
}

impl Count {
    fn add(&mut self, has_settled: bool) {
        self.all = self.all.saturating_add(1);
        self.settled = self.settled.saturating_add(u32::from(has_settled));
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
