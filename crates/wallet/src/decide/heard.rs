//! What all reactions share: whether an event was answered before, the wallet that it names, and how
//! a refusal is written so that it is final. What an event does to the wallet is not here.

use std::time::Duration;

use kernel::{
    AnyId, EventId, EventKind, Id, Known, RoleName, Said, Subject, Suspend, Time, View, WalletId,
    Writes,
};

use super::booking::reason;
use super::{Wallet, WalletRefused};
use crate::records::{Entry, EntryKind, Refusal};

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// It did what it asked for, now.
    Done,
    /// A rule said no, now; the refusal is written and said.
    Refused(WalletRefused),
    /// It was answered before; the same answer was said again.
    Again,
}

/// How far two clocks of one deployment may differ. An event dated so shortly before its wallet was
/// opened may have been refused because there was no wallet yet, and a refusal is final: only then
/// is it looked for, so that no payment of an older wallet pays for the look-up.
const CLOCKS_DIFFER_MAX: Duration = Duration::from_secs(5);

/// What there is where an event comes.
pub(super) enum Found {
    /// Its answer, which was said again.
    Answered,
    /// The wallet that it names.
    Account(Account),
    /// No such wallet.
    Nowhere,
}

/// The wallet that an event names.
pub(super) struct Account {
    cause: EventId,
    owner: Subject,
    /// Its newest entry.
    pub(super) head: Known<Entry>,
    /// No entry of it is booked earlier.
    pub(super) now: Time,
}

/// Looks for the answer to an event and for the wallet that it names: one look-up in the chain, one
/// of entry 0.
pub(super) fn find(
    view: &mut View<'_>,
    writes: &mut Writes,
    wallet_id: WalletId,
    cause: EventId,
) -> Result<Found, Suspend> {
    let not_before = view.context().not_before;
    let chain = view.chain::<Entry>(wallet_id.into(), cause.any(), not_before)?;
    if let Some(caused) = chain.caused {
        writes.say_again(&caused);
        return Ok(Found::Answered);
    }
    let Some(head) = chain.head else { return Ok(Found::Nowhere) };
    let opening = view.get::<Entry>((wallet_id.into(), 0))?;
    let Some((owner, opened_at)) =
        opening.and_then(|opening| Some((opening.owner.clone()?, opening.booked_at)))
    else {
        unreachable!("{wallet_id} has entries and no entry 0 with its owner");
    };
    if not_before <= opened_at.plus(CLOCKS_DIFFER_MAX)
        && let Some(refusal) = view.get::<Refusal>(cause)?
    {
        writes.say_again(&refusal);
        return Ok(Found::Answered);
    }
    Ok(Found::Account(Account { cause, owner, head, now: view.now() }))
}

impl Account {
    pub(super) fn owner(&self) -> &Subject {
        &self.owner
    }

    /// What the wallet is now.
    pub(super) fn wallet(&self) -> Wallet {
        self.head.wallet()
    }

    /// Whether somebody may have the wallet pay, or be paid a loan: its owner, an operator, a
    /// service that may move payments.
    pub(super) fn is_open_to(&self, sub: &Subject, role: RoleName) -> bool {
        match role {
            RoleName::Operator | RoleName::Service => true,
            RoleName::Customer => *sub == self.owner,
        }
    }

    /// A draft of the entry that the event makes.
    pub(super) fn draft(&self, kind: EntryKind, related_id: AnyId) -> Entry {
        let draft = self.head.next(kind, self.cause.any(), self.now);
        Entry { related_id: Some(related_id), ..draft }
    }

    /// Writes the entry that the event makes, and lets it say the answer.
    pub(super) fn book(&self, writes: &mut Writes, draft: Entry, answer: Said) {
        writes.create(draft.sealed(&self.head)).says(answer);
    }

    /// Writes a refusal into the wallet's chain, and lets it say the answer.
    pub(super) fn refuse(
        &self,
        writes: &mut Writes,
        refused: WalletRefused,
        related_id: AnyId,
        answer: Said,
    ) -> Heard {
        let draft = self.draft(EntryKind::Refused, related_id);
        let entry = Entry { reason: Some(reason(refused.slug())), ..draft };
        self.book(writes, entry, answer);
        Heard::Refused(refused)
    }
}

/// An event whose wallet is not there, or not the asker's, or has no hold of that id.
pub(super) struct Nowhere {
    pub(super) cause: EventId,
    pub(super) wallet_id: WalletId,
    /// The payment or loan.
    pub(super) subject: AnyId,
    /// The refund, or the hold, that it asked for or about.
    pub(super) related_id: Option<AnyId>,
}

impl Nowhere {
    /// Writes a refusal that stands in no chain, unless it is written already, and lets it say that
    /// nothing came of it.
    pub(super) fn refuse(
        self,
        view: &mut View<'_>,
        writes: &mut Writes,
        refused: WalletRefused,
        answer: EventKind,
    ) -> Result<Heard, Suspend> {
        if let Some(known) = view.get::<Refusal>(self.cause)? {
            writes.say_again(&known);
            return Ok(Heard::Again);
        }
        let refusal = Refusal {
            cause: self.cause,
            wallet_id: self.wallet_id,
            subject: self.subject,
            related_id: self.related_id,
            reason: reason(refused.slug()),
            refused_at: view.now(),
        };
        writes.create(refusal).says(view.event(answer));
        Ok(Heard::Refused(refused))
    }
}
