//! Checks the whole, from the entries alone: every hash, every balance and held amount, both sides of
//! every movement between two accounts, the sum of each currency over all accounts, services and
//! ledger against each other, operators' acts and the audit trails, both ways, and each loan's instalment
//! against its terms. It writes nothing and repairs nothing.
//!
//! The store must stand still meanwhile, or be a snapshot: what is written between two reads looks
//! like a violation. Everything is read once; only where an entry and what it speaks of do not agree
//! are the entries read again, to name which. A store may hand out the kinds of a service mixed and in
//! several parts at once, so that nothing here goes by their order, save that the wallet service's
//! records come before those of the others, and a chain's entries one after another.
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
mod refunds;
mod report;
mod services;
mod trails;

use kernel::audit::AuditLine;
use kernel::store::{StoreError, StorePort};
use kernel::{Kind, Record, Time};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Entry, Hold, Refusal};

pub use report::{CurrencySum, Report};
pub use trails::TrailEnd;

use crate::sweep::{Sweep, Watch};
use crate::trial_balance::TrialBalance;
use check::Check;
use claims::{claims, other_side_of, unmet};

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

/// Checks everything that a store holds. Says through `watch`, now and then, how far it is.
///
/// # Errors
/// When the store cannot read. A row that is no record is a violation, not an error.
pub async fn verify(port: &dyn StorePort, watch: &mut Watch<'_>) -> Result<Report, StoreError> {
    Ok(verify_as_of(port, Time::MAX, watch).await?.0)
}

/// The same of a store that does not stand still: it sums what was booked before `as_of`, which must
/// be long enough ago that nothing of it is on its way any more, and reads again by key the entries
/// and holds that seem to be missing. What was changed elsewhere meanwhile can still look wrong. With
/// the trial balance; none if entries could not be read, for then no sum would be right.
///
/// # Errors
/// When the store cannot read.
pub async fn verify_as_of(
    port: &dyn StorePort,
    as_of: Time,
    watch: &mut Watch<'_>,
) -> Result<(Report, Option<TrialBalance>), StoreError> {
    let mut check = Check::of(as_of);
    let mut sweep = Sweep::over(port, &KINDS);
    while let Some(piece) = sweep.next(watch).await? {
        check.piece(piece)?;
    }
    check.end(port).await?;
    name_unmet(port, watch, &mut check).await?;
    if as_of < Time::MAX {
        check.violations.look_again(port, as_of).await?;
    }
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
                if check.meeting.waits(claim.facts, claim.side) {
                    let missing = other_side_of(&entry, &claim);
                    check.violations.add_unless(unmet(&entry, &claim), missing);
                }
            }
        }
    }
    Ok(())
}
