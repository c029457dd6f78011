//! Money from outside into a wallet, and out of it: direct movements with `world` on the other side.
//! An operator in a wallet that is not his leaves a line on the audit trail. Between two wallets it is a
//! transfer, see `transfer`.

use kernel::record::Account;
use kernel::{Amount, Caller, Decision, RequestKey, Suspend, View, WalletId, Writes};

use super::request::{Asked, Found, Note, Stop, audit, find, outcome};
use super::{WalletRefused, rules};
use crate::records::{Direction, Entry, EntryKind};

const CREDIT_WALLET: &str = "credit_wallet";
const DEBIT_WALLET: &str = "debit_wallet";

/// A direct movement of one wallet.
#[derive(Debug, Clone)]
pub struct Movement {
    /// Who asks.
    pub caller: Caller,
    /// Whose money moves.
    pub wallet_id: WalletId,
    /// How much.
    pub amount: Amount,
    /// His words on it.
    pub note: Note,
    /// The request's key.
    pub key: Option<RequestKey>,
}

/// Takes money in from outside. Whether the caller may make money appear is the route's to say.
#[derive(Debug, Clone)]
pub struct Credit(pub Movement);

/// Pays money out to outside.
#[derive(Debug, Clone)]
pub struct Debit(pub Movement);

impl Decision for Credit {
    /// The entry. Refused: `KeyReused`, `WalletNotFound`, and as [`rules::credit`].
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        CREDIT_WALLET
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        outcome(book(&self.0, Direction::Credit, view, writes))
    }
}

impl Decision for Debit {
    /// The entry. Refused: `KeyReused`, `WalletNotFound`, and as [`rules::debit`].
    type Outcome = Result<Entry, WalletRefused>;

    fn name(&self) -> &'static str {
        DEBIT_WALLET
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        outcome(book(&self.0, Direction::Debit, view, writes))
    }
}

fn book(
    movement: &Movement,
    direction: Direction,
    view: &mut View<'_>,
    writes: &mut Writes,
) -> Result<Entry, Stop> {
    let asked = Asked::by(view, movement.key.as_ref());
    let head = match find(view, movement.wallet_id, &movement.caller, &asked)? {
        Found::Again(entry) => return Ok(Entry::clone(&entry)),
        Found::Head(head) => head,
    };
    let after = rules::moved(&head.wallet(), direction, movement.amount)?;
    let (kind, operation) = match direction {
        Direction::Credit => (EntryKind::Credit, CREDIT_WALLET),
        Direction::Debit => (EntryKind::Debit, DEBIT_WALLET),
    };
    let audit = audit(view, &movement.caller, movement.wallet_id, operation)?;
    let draft = head
        .next(kind, asked.cause(), view.now())
        .moving(direction, movement.amount, Account::World)
        .leaving(&after);
    let entry = Entry {
        description: movement.note.description.clone(),
        reference: movement.note.reference.clone(),
        body_hash: asked.body_hash,
        ..draft
    }
    .sealed(&head);
    writes.create(entry.clone());
    if let Some(audit) = audit {
        writes.create(audit);
    }
    Ok(entry)
}
