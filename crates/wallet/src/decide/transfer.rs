//! Money from one wallet to another: two entries in two chains, in one atomic step, under one id. An
//! operator who takes it from a wallet that is not his leaves a line on the audit trail.

use kernel::record::Account;
use kernel::{Decision, Suspend, View, WalletId, Writes};

use super::movement::Movement;
use super::request::{Asked, Found, Stop, audit, find, outcome};
use super::{WalletRefused, rules};
use crate::records::{Direction, Entry, EntryKind};

/// Moves money to another wallet, whoever owns that.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// What leaves the caller's wallet.
    pub movement: Movement,
    /// Where it arrives.
    pub to_wallet_id: WalletId,
}

impl Decision for Transfer {
    /// The entry of the wallet that the money leaves. Refused: `KeyReused`, `WalletNotFound` of
    /// either, `TransferToItself`, as [`rules::debit`], as [`rules::credit`].
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        "transfer"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        outcome(self.attempt(view, writes))
    }
}

impl Transfer {
    fn attempt(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Entry, Stop> {
        let Movement { caller, wallet_id, amount, .. } = &self.movement;
        let asked = Asked::by(view, self.movement.key.as_ref());
        let from = match find(view, *wallet_id, caller, &asked)? {
            Found::Again(entry) => return Ok(Entry::clone(&entry)),
            Found::Head(head) => head,
        };
        if self.to_wallet_id == *wallet_id {
            return Err(WalletRefused::TransferToItself.into());
        }
        let cause = asked.cause();
        let chain = view.chain::<Entry>(self.to_wallet_id.into(), cause, asked.not_before)?;
        let to =
            chain.head.ok_or(WalletRefused::WalletNotFound { wallet_id: self.to_wallet_id })?;
        let from_after = rules::debit(&from.wallet(), *amount)?;
        let to_after = rules::credit(&to.wallet(), *amount)?;

        let audit = audit(view, caller, *wallet_id, Decision::name(self))?;
        // Both sides are booked at one moment: a sum of the ledger has both or neither.
        let now = view.now().max(from.booked_at).max(to.booked_at);
        let leaves = from
            .next(EntryKind::TransferOut, cause, now)
            .moving(Direction::Debit, *amount, Account::Wallet(self.to_wallet_id))
            .leaving(&from_after);
        let arrives = to
            .next(EntryKind::TransferIn, cause, now)
            .moving(Direction::Credit, *amount, Account::Wallet(*wallet_id))
            .leaving(&to_after);
        // The repeat of a request is looked up where the money leaves.
        let leaves = self.finished(Entry { body_hash: asked.body_hash, ..leaves }, &from);
        writes.create(self.finished(arrives, &to));
        writes.create(leaves.clone());
        if let Some(audit) = audit {
            writes.create(audit);
        }
        Ok(leaves)
    }

    fn finished(&self, draft: Entry, before: &Entry) -> Entry {
        Entry {
            description: self.movement.note.description.clone(),
            reference: self.movement.note.reference.clone(),
            ..draft
        }
        .sealed(before)
    }
}
