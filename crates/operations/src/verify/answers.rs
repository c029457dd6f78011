//! Compares what services were told besides money with what the wallets' entries and the refusals say:
//! whose a wallet is, and why it refused.

use std::collections::{HashMap, HashSet};

use kernel::id::Prefix;
use kernel::record::ChainId;
use kernel::text::Reason;
use kernel::{AnyId, Id, Subject, WalletId};
use wallet::records::{Entry, EntryKind, Refusal};

use super::report::Violations;
use crate::facts::Facts;

/// What the wallet service said. It keeps 33 to 66 bytes for each wallet that an event named, and half
/// of that for each refusal.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    /// The owners of wallets that an event named.
    owners: HashMap<u128, u128>,
    refusals: HashSet<u128>,
}

/// Whose the wallet is whose chain is being walked, until an event names it.
pub(crate) type Opened = Option<(ChainId, u128)>;

/// Who was told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'a> {
    /// `Payment pay_…`.
    pub(crate) name: &'a str,
    /// The payment, refund or loan.
    pub(crate) id: AnyId,
    /// The wallet that answered.
    pub(crate) wallet_id: WalletId,
}

impl Answers {
    /// An entry of a chain: entry 0 names the owner, a refused one its reason.
    pub(crate) fn entry(&mut self, entry: &Entry, opened: &mut Opened) {
        let Some(wallet_id) = entry.account_id.wallet() else { return };
        if let Some(owner) = &entry.owner {
            *opened = Some((entry.account_id, owner_fact(owner)));
        }
        if entry.related_id.is_none() {
            return;
        }
        if let Some((_, owner)) = opened.take_if(|(chain, _)| *chain == entry.account_id) {
            self.owners.insert(wallet_id.uuid(), owner);
        }
        self.refusals.extend(refused_fact(entry));
    }

    /// A refusal that stands in no chain.
    pub(crate) fn refusal(&mut self, refusal: &Refusal) {
        let refund = refusal.related_id.filter(|id| id.prefix == Prefix::Refund);
        let about = refund.unwrap_or(refusal.subject);
        self.refusals.insert(refused(refusal.wallet_id, about, &refusal.reason));
    }

    /// Whose the wallet is, if it was told, is what entry 0 says. Of a wallet whose entry 0 is not
    /// there or cannot be read, that was named already.
    pub(crate) fn check_owner(
        &self,
        told: &Told<'_>,
        owner: Option<&Subject>,
        violations: &mut Violations,
    ) {
        let Told { name, wallet_id, .. } = told;
        let known = self.owners.get(&wallet_id.uuid());
        if let Some((owner, known)) = owner.zip(known)
            && owner_fact(owner) != *known
        {
            violations.add(format!(
                "{name} says that {wallet_id} is {owner}'s, and entry 0 of it does not."
            ));
        }
    }

    /// Why it failed is what a refusal says.
    pub(crate) fn check_reason(
        &self,
        told: &Told<'_>,
        reason: Option<&Reason>,
        violations: &mut Violations,
    ) {
        let Told { name, id, wallet_id } = told;
        let unsaid =
            reason.filter(|reason| !self.refusals.contains(&refused(*wallet_id, *id, reason)));
        if let Some(reason) = unsaid {
            violations.add(format!(
                "{name} failed with {reason}, and no refusal of {wallet_id} says so."
            ));
        }
    }
}

/// What a refused entry says: which wallet refused what, and why.
fn refused_fact(entry: &Entry) -> Option<u128> {
    let reason = entry.reason.as_ref().filter(|_| entry.kind == EntryKind::Refused)?;
    Some(refused(entry.account_id.wallet()?, entry.related_id?, reason))
}

fn owner_fact(owner: &Subject) -> u128 {
    Facts::about("owner").text(owner.as_str()).done()
}

fn refused(wallet_id: WalletId, about: AnyId, reason: &Reason) -> u128 {
    Facts::about("refused").id(wallet_id.any()).id(about).text(reason.as_str()).done()
}
