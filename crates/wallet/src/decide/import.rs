//! Booking a row of an imported history: dated as the row says, once, and never before what its
//! account has booked already. Reading files and ordering their rows is not here.

use kernel::record::Account;
use kernel::text::{Description, Reference};
use kernel::{Amount, Decision, Id, Subject, Suspend, Time, TransferId, View, WalletId, Writes};

use super::booking::Opening;
use super::{WalletRefused, rules};
use crate::records::{Direction, Entry, EntryKind};

/// Books a row; the first of an account opens its wallet.
#[derive(Debug, Clone)]
pub struct ImportRow {
    /// The history's name.
    pub source: String,
    /// The account's name in it.
    pub account: String,
    /// The row's name in its account.
    pub reference: Reference,
    /// Whose the wallet is, if this row opens it.
    pub owner: Subject,
    /// Whether money came or went.
    pub direction: Direction,
    /// How much.
    pub amount: Amount,
    /// The row's date.
    pub effective_at: Time,
    /// The row's words.
    pub description: Option<Description>,
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Imported {
    /// It is booked now.
    Booked {
        /// Whether it opened its wallet.
        opened: bool,
    },
    /// It was booked before.
    AlreadyBooked,
    /// A rule said no; nothing is written. `ReferenceReused`, `InTheFuture`, `OutOfOrder`, or as
    /// [`rules::credit`] or [`rules::debit`].
    Refused(WalletRefused),
}

/// The wallet of an account of an imported history.
pub fn imported_wallet(source: &str, account: &str) -> WalletId {
    WalletId::named(&["import", source, account])
}

impl Decision for ImportRow {
    type Outcome = Imported;

    fn name(&self) -> &'static str {
        "import_row"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Imported, Suspend> {
        let wallet_id = imported_wallet(&self.source, &self.account);
        let parts = ["import", &self.source, &self.account, self.reference.as_str()];
        let cause = TransferId::named(&parts).any();
        let chain = view.chain::<Entry>(wallet_id.into(), cause, Time::MIN)?;
        if let Some(booked) = chain.caused {
            return Ok(self.compare(&booked));
        }
        let now = view.now();
        let opening = match chain.head {
            Some(_) => None,
            None => Some(Entry::opening(self.opening(wallet_id), now)),
        };
        let head = chain.head.as_deref().or(opening.as_ref());
        let Some(head) = head else { unreachable!("where there is no head, there is an opening") };
        let draft = head.next(EntryKind::Import, cause, now);
        match self.book(head, draft) {
            Ok(entry) => {
                let opened = opening.is_some();
                if let Some(opening) = opening {
                    writes.create(opening);
                }
                writes.create(entry);
                Ok(Imported::Booked { opened })
            }
            Err(refused) => Ok(Imported::Refused(refused)),
        }
    }
}

impl ImportRow {
    fn opening(&self, wallet_id: WalletId) -> Opening {
        let (owner, currency) = (self.owner.clone(), self.amount.currency());
        Opening { wallet_id, owner, currency, body_hash: None }
    }

    fn book(&self, head: &Entry, draft: Entry) -> Result<Entry, WalletRefused> {
        let effective_at = self.effective_at;
        if effective_at > draft.booked_at {
            return Err(WalletRefused::InTheFuture { effective_at });
        }
        // Entry 0 stands outside the order: it was booked when the wallet was made here.
        if head.sequence > 0 && effective_at < head.effective_at {
            return Err(WalletRefused::OutOfOrder { effective_at, newest: head.effective_at });
        }
        let after = rules::moved(&head.wallet(), self.direction, self.amount)?;
        let moving = draft.moving(self.direction, self.amount, Account::World).leaving(&after);
        let entry = Entry {
            effective_at,
            reference: Some(self.reference.clone()),
            description: self.description.clone(),
            ..moving
        };
        Ok(entry.sealed(head))
    }

    /// A row that was booked must be the same row.
    fn compare(&self, booked: &Entry) -> Imported {
        let same = booked.amount() == Some(self.amount)
            && booked.direction == Some(self.direction)
            && booked.effective_at == self.effective_at;
        if same {
            return Imported::AlreadyBooked;
        }
        let booked_as = TransferId::from_uuid(booked.cause.uuid);
        Imported::Refused(WalletRefused::ReferenceReused { booked_as })
    }
}
