//! Checks the whole, from the entries alone: every hash, every balance and held amount, both sides of
//! every movement between two accounts, the sum of each currency over all accounts, services and
//! ledger against each other, operators' acts and the audit trails, both ways, and each loan's instalment
//! against its terms. It writes nothing and repairs nothing.
//!
//! A store that is written meanwhile is checked as of a moment: what is older must find its other side,
//! what is newer may find it and is left to the next check (`moment`). So nothing is said falsely and
//! nothing that is wrong is lost, however much is written. Everything is read once; only where an entry
//! and what it speaks of do not agree are the entries read again, to name which. A store may hand out
//! the kinds of a service mixed and in several parts at once, so that nothing here goes by their order,
//! save that the wallet service's records come before those of the others, and a chain's entries one
//! after another; out of the order of their places they are put in it as they come (`order`).
//!
//! Records come piece by piece and are let go. What stays in memory, at 17 to 34 bytes each: the facts
//! that wait for their other side, which after the entries is one for each payment, refund and loan, and
//! the causes of the chains that are being walked; one for each refusal, two for each wallet that an
//! event named, for each that was credited or debited directly, for each hold, loan and operator's act. For a
//! million payments that is 35 MB, and as much again if one wallet made them all.
//!
//! What cannot be seen: that the newest plain movements of a chain were removed, if no other record
//! tells of them, that a whole chain was written anew where the rest of the store agrees with it, and
//! what a record says that no other record must say too: the guide for operators lists it.

mod acts;
mod again;
mod answers;
mod chain;
mod check;
mod claims;
mod holds;
mod loans;
mod moment;
mod order;
mod refunds;
mod report;
mod services;
mod trails;

use kernel::audit::AuditLine;
use kernel::store::{StoreError, StorePort};
use kernel::{Id, Kind, Record};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Entry, Hold, Refusal};

pub use moment::Moment;
pub use report::{CurrencySum, Report, Violations};
pub use trails::TrailEnd;

use crate::sweep::{Sweep, Watch};
use crate::trial_balance::TrialBalance;
use check::Check;
use claims::{About, Claim, claims, unmet};

/// What is read, in the order that it is read in where the store can.
const KINDS: [&Kind; 7] = [
    AuditLine::KIND,
    Entry::KIND,
    Refusal::KIND,
    Hold::KIND,
    Refund::KIND,
    Payment::KIND,
    Loan::KIND,
];

/// Checks everything in a store that stands still, or in a snapshot. Says through `watch`, now and then,
/// how far it is.
///
/// # Errors
/// When the store cannot read. A row that is no record is a violation, not an error.
pub async fn verify(port: &dyn StorePort, watch: &mut Watch<'_>) -> Result<Report, StoreError> {
    Ok(verify_as_of(port, Moment::STANDS_STILL, watch).await?.0)
}

/// The same as of a moment. With the trial balance, which is of that moment too; none if entries could
/// not be read, for then no sum would be right.
///
/// # Errors
/// When the store cannot read.
pub async fn verify_as_of(
    port: &dyn StorePort,
    moment: Moment,
    watch: &mut Watch<'_>,
) -> Result<(Report, Option<TrialBalance>), StoreError> {
    let mut check = Check::of(moment);
    let mut sweep = Sweep::over(port, &KINDS);
    while let Some(piece) = sweep.next(watch).await? {
        check.piece(piece, port.now())?;
    }
    check.end(port).await?;
    name_unmet(port, watch, &mut check).await?;
    Ok(check.into_report())
}

/// Only if entries said something that nobody else did: reads them once more, to name which.
async fn name_unmet(
    port: &dyn StorePort,
    watch: &mut Watch<'_>,
    check: &mut Check,
) -> Result<(), StoreError> {
    if check.meeting.is_settled() {
        return Ok(());
    }
    let mut sweep = Sweep::over(port, &[Entry::KIND]);
    while let Some(piece) = sweep.next(watch).await? {
        let rows = piece.rows.into_iter().flatten();
        for entry in rows.filter_map(|stored| stored.downcast::<Entry>()) {
            for claim in claims(&entry) {
                let waits = check.meeting.waits(claim.facts, claim.side);
                if waits && !is_since_reversed(port, &entry, &claim).await? {
                    check.violations.add(unmet(&entry, &claim));
                }
            }
        }
    }
    Ok(())
}

/// Whether an entry's mark was set so late that its reversal, which is put in the same step, was not seen
/// beside it: a mark has no date.
async fn is_since_reversed(
    port: &dyn StorePort,
    entry: &Entry,
    claim: &Claim,
) -> Result<bool, StoreError> {
    let About::ReversedBy(reversal) = claim.about else { return Ok(false) };
    let found = port.caused(Entry::KIND, entry.account_id, reversal.any()).await?;
    let reversal = found.and_then(|stored| stored.downcast::<Entry>());
    let is_it = |one: Claim| one.facts == claim.facts && one.side == claim.side.other();
    Ok(reversal.is_some_and(|reversal| claims(&reversal).any(is_it)))
}
