//! Reversing a direct movement: the same amount the other way, both sides of a transfer at once, once
//! for good, linked both ways, by the ordinary rules. A payment is refunded instead.

use kernel::audit::{Act, AuditLine};
use kernel::record::Account;
use kernel::text::Reason;
use kernel::{
    Caller, Decision, EventId, Id, Known, RequestKey, Suspend, Time, TransferId, View, WalletId,
    Writes,
};

use super::request::{Asked, Found, Stop, find, outcome};
use super::{WalletRefused, rules};
use crate::manifest::MANIFEST;
use crate::records::{Entry, EntryKind};

/// Reverses a movement. That the caller is an operator, the route has seen to.
#[derive(Debug, Clone)]
pub struct Reverse {
    /// The operator.
    pub caller: Caller,
    /// A wallet that the movement is of; of a transfer, either.
    pub wallet_id: WalletId,
    /// The movement.
    pub transaction_id: TransferId,
    /// The operator's words for it.
    pub reason: Reason,
    /// The request's key.
    pub key: Option<RequestKey>,
}

impl Decision for Reverse {
    /// The reversing entry of the wallet that was named. Refused: `KeyReused`, `WalletNotFound`,
    /// `TransactionNotFound`, `NotReversible`, `AlreadyReversed`, and on either side as
    /// [`rules::credit`] or [`rules::debit`].
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        "reverse_transaction"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        outcome(self.attempt(view, writes))
    }
}

/// One side of the movement, and the head of its chain.
struct Side {
    original: Known<Entry>,
    head: Known<Entry>,
}

impl Reverse {
    fn attempt(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Entry, Stop> {
        let asked = Asked::by(view, self.key.as_ref());
        let head = match find(view, self.wallet_id, &self.caller, &asked)? {
            Found::Again(entry) => return Ok(Entry::clone(&entry)),
            Found::Head(head) => head,
        };
        let original = self.original(view)?;
        if !original.kind.is_reversible() {
            return Err(WalletRefused::NotReversible { kind: original.kind }.into());
        }
        if let Some(reversed_by) = original.reversed_by {
            return Err(WalletRefused::AlreadyReversed { reversed_by }.into());
        }
        let here = Side { original, head };
        let there = self.other_side(view, &here.original)?;
        // Both sides are booked at one moment: a sum of the ledger has both or neither.
        let heads = there.iter().chain([&here]).map(|side| side.head.booked_at);
        let now = heads.fold(view.now(), Time::max);
        let there = there
            .map(|side| self.reversing(&side, &asked, now).map(|draft| (side, draft)))
            .transpose()?;
        let draft = self.reversing(&here, &asked, now)?;
        // The repeat of a request is looked up in the wallet that it names.
        let entry = Entry { body_hash: asked.body_hash, ..draft }.sealed(&here.head);

        let subject = self.transaction_id.to_string();
        let act = Act::of(&self.caller, MANIFEST.name, Decision::name(self), &subject);
        let line = AuditLine::of(view, &act.because(Some(self.reason.clone())))?;
        if let Some((side, draft)) = there {
            link(writes, &side.original, asked.transfer_id);
            writes.create(draft.sealed(&side.head));
        }
        link(writes, &here.original, asked.transfer_id);
        writes.create(line);
        writes.create(entry.clone());
        Ok(entry)
    }

    /// The movement's entry in the wallet that was named.
    fn original(&self, view: &mut View<'_>) -> Result<Known<Entry>, Stop> {
        // A direct movement is caused by its own id; what an event moved, by the event's, and is
        // found so that the answer can say that it cannot be reversed.
        let event: EventId = EventId::from_uuid(self.transaction_id.uuid());
        for cause in [self.transaction_id.any(), event.any()] {
            let chain = view.chain::<Entry>(self.wallet_id.into(), cause, Time::MIN)?;
            if let Some(found) = chain.caused.filter(|found| found.transfer_id().is_some()) {
                return Ok(found);
            }
        }
        let transaction_id = self.transaction_id;
        Err(WalletRefused::TransactionNotFound { transaction_id }.into())
    }

    /// The other wallet's side, if the other side is a wallet.
    fn other_side(&self, view: &mut View<'_>, original: &Entry) -> Result<Option<Side>, Stop> {
        let Some(Account::Wallet(wallet_id)) = original.counterparty else { return Ok(None) };
        let chain = view.chain::<Entry>(wallet_id.into(), self.transaction_id.any(), Time::MIN)?;
        match (chain.caused, chain.head) {
            (Some(original), Some(head)) => Ok(Some(Side { original, head })),
            _ => Err(WalletRefused::WalletNotFound { wallet_id }.into()),
        }
    }

    /// The draft of the entry that reverses one side.
    fn reversing(&self, side: &Side, asked: &Asked, now: Time) -> Result<Entry, WalletRefused> {
        let original = &side.original;
        let (Some(direction), Some(amount), Some(counterparty)) =
            (original.direction, original.amount(), original.counterparty.clone())
        else {
            unreachable!("only movements are reversible");
        };
        let direction = direction.opposite();
        let after = rules::moved(&side.head.wallet(), direction, amount)?;
        let draft = side
            .head
            .next(EntryKind::Reversal, asked.cause(), now)
            .moving(direction, amount, counterparty)
            .leaving(&after);
        Ok(Entry {
            reason: Some(self.reason.clone()),
            reverses: Some(self.transaction_id),
            ..draft
        })
    }
}

fn link(writes: &mut Writes, original: &Known<Entry>, reversed_by: TransferId) {
    let linked = Entry { reversed_by: Some(reversed_by), ..Entry::clone(original) };
    writes.update(original, linked);
}
