//! What operators do to a wallet: freeze, unfreeze, close. Each is an entry and a line of the audit
//! trail, in one step.

use kernel::audit::{Act, AuditLine};
use kernel::text::Reason;
use kernel::{Caller, Decision, RequestKey, Suspend, View, WalletId, Writes};

use super::request::{Asked, Found, Stop, find, outcome};
use super::{Wallet, WalletRefused, rules};
use crate::manifest::MANIFEST;
use crate::records::{Entry, EntryKind};

/// What an operator does to a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusChange {
    /// No money leaves any more.
    Freeze,
    /// Money leaves again.
    Unfreeze,
    /// Nothing more is booked.
    Close,
}

/// Changes a wallet's status. That the caller is an operator, the route has seen to.
#[derive(Debug, Clone)]
pub struct ChangeStatus {
    /// The operator.
    pub caller: Caller,
    /// Which wallet.
    pub wallet_id: WalletId,
    /// What he does to it.
    pub change: StatusChange,
    /// His words for it, for the audit trail.
    pub reason: Option<Reason>,
    /// The request's key.
    pub key: Option<RequestKey>,
}

impl Decision for ChangeStatus {
    /// The entry. Refused: `KeyReused`, `WalletNotFound`, and as [`rules::freeze`],
    /// [`rules::unfreeze`] or [`rules::close`].
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        match self.change {
            StatusChange::Freeze => "freeze_wallet",
            StatusChange::Unfreeze => "unfreeze_wallet",
            StatusChange::Close => "close_wallet",
        }
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        outcome(self.attempt(view, writes))
    }
}

impl ChangeStatus {
    fn attempt(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Entry, Stop> {
        let asked = Asked::by(view, self.key.as_ref());
        let head = match find(view, self.wallet_id, &self.caller, &asked)? {
            Found::Again(entry) => return Ok(Entry::clone(&entry)),
            Found::Head(head) => head,
        };
        let (kind, after) = self.after(&head.wallet())?;
        let draft = head.next(kind, asked.cause(), view.now()).leaving(&after);
        let entry = Entry { body_hash: asked.body_hash, ..draft }.sealed(&head);
        let subject = self.wallet_id.to_string();
        let act = Act::of(&self.caller, MANIFEST.name, Decision::name(self), &subject);
        let line = AuditLine::of(view, &act.because(self.reason.clone()))?;
        writes.create(entry.clone());
        writes.create(line);
        Ok(entry)
    }

    fn after(&self, wallet: &Wallet) -> Result<(EntryKind, Wallet), WalletRefused> {
        Ok(match self.change {
            StatusChange::Freeze => (EntryKind::Frozen, rules::freeze(wallet)?),
            StatusChange::Unfreeze => (EntryKind::Unfrozen, rules::unfreeze(wallet)?),
            StatusChange::Close => (EntryKind::Closed, rules::close(wallet)?),
        })
    }
}
