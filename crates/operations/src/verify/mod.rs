//! Checks the whole, from the entries alone: every hash, every balance and held amount, both sides of
//! every movement between two accounts, the sum of each currency over all accounts, services and
//! ledger against each other, operators' acts and the audit list, both ways, and each loan's instalment
//! against its terms. It writes nothing and repairs nothing.
//!
//! The store must stand still meanwhile, or be a snapshot: what is written between two reads looks
//! like a violation. Records come piece by piece and are let go. What stays in memory, at 17 to 34
//! bytes each: the facts that wait for their other side, which after the entries is one for each
//! payment, refund, loan and hold, and the causes of the chain that is being walked; one for each
//! refusal, two for each wallet that an event named and for each operator's act on one or on a loan. For a
//! million payments that is 35 MB, and as much again if one wallet made them all.
//!
//! What cannot be seen: that the newest plain movements of a chain were removed, if no other record
//! tells of them, that a whole chain was written anew where the rest of the store agrees with it, and
//! what a record says that no other record must say too: the guide for operators lists it.

mod acts;
mod again;
mod answers;
mod chain;
mod claims;
mod loans;
mod report;
mod rows;
mod services;

use std::sync::Arc;

use kernel::audit::Audit;
use kernel::store::{BadRow, StoreError, StorePort};
use kernel::{Record, Rules, Time};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Direction, Entry, Hold, Refusal};

pub use report::{CurrencySum, Report};
pub use rows::{Progress, Watch};

pub(crate) use rows::Rows;

use crate::facts::Side;
use crate::sums::has_chain;
use crate::trial_balance::{Summing, TrialBalance};
use acts::Acts;
use chain::Walk;
use claims::{claims, fits, other_side_of, repeated, unmet};
use loans::{Decided, check_instalment};
use report::Violations;
use services::Services;

/// Checks everything that a store holds. Says through `watch`, now and then, how far it is.
///
/// # Errors
/// When the store cannot read. A row that is no record is a violation, not an error.
pub async fn verify(port: &dyn StorePort, watch: &mut Watch<'_>) -> Result<Report, StoreError> {
    Ok(verify_as_of(port, Time::MAX, watch).await?.0)
}

/// The same of a store that does not stand still: it sums what was booked before `as_of`, which must
/// be long enough ago that nothing of it is on its way any more, and reads again by key the entries
/// that seem to be missing. What was changed elsewhere meanwhile can still look wrong. With
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
    read(port, watch, &mut check, |check, line: &Audit| {
        check.acts.line(line, &mut check.violations);
        check.decided.line(line, &mut check.violations);
    })
    .await?;
    let mut rows = Rows::<Entry>::of(port);
    while let Some(piece) = rows.next(watch).await? {
        piece.into_iter().for_each(|row| check.entry(row));
    }
    check.end_chain();
    check.acts.compare(&mut check.violations);
    read(port, watch, &mut check, |check, refusal: &Refusal| {
        if let Err(why) = refusal.check() {
            let cause = refusal.cause;
            check.violations.add(format!("The refusal of {cause} contradicts itself: {why}."));
        }
        check.services.answers.refusal(refusal);
    })
    .await?;
    read(port, watch, &mut check, |check, hold: &Hold| {
        check.services.hold(hold, &mut check.violations);
    })
    .await?;
    check.services.compare_held(&mut check.violations);
    read(port, watch, &mut check, |check, refund: &Refund| {
        check.services.refund(refund, &mut check.violations);
    })
    .await?;
    read(port, watch, &mut check, |check, payment: &Payment| {
        check.services.payment(payment, &mut check.violations);
    })
    .await?;
    check.services.compare_refunds(&mut check.violations);
    read(port, watch, &mut check, |check, loan: &Loan| {
        check.services.loan(loan, &mut check.violations);
        check_instalment(loan, &mut check.violations);
        check.decided.loan(loan, &mut check.violations);
    })
    .await?;
    check.decided.compare(&mut check.violations);
    name_unmet(port, watch, &mut check).await?;
    if as_of < Time::MAX {
        check.violations.look_again(port, as_of).await?;
    }
    let trial = check.summing.end();
    let report = Report::new(&trial.sums, check.transfers, check.violations);
    Ok((report, check.is_read_whole.then_some(trial)))
}

#[derive(Debug)]
struct Check {
    walk: Walk,
    summing: Summing,
    /// Whether every entry could be read.
    is_read_whole: bool,
    services: Services,
    acts: Acts,
    decided: Decided,
    transfers: u64,
    violations: Violations,
}

impl Check {
    fn of(as_of: Time) -> Self {
        Self {
            walk: Walk::default(),
            summing: Summing::of(as_of),
            is_read_whole: true,
            services: Services::default(),
            acts: Acts::default(),
            decided: Decided::default(),
            transfers: 0,
            violations: Violations::default(),
        }
    }

    fn entry(&mut self, row: Result<Arc<Entry>, BadRow>) {
        let entry = match row {
            Ok(entry) => entry,
            Err(bad) => {
                self.walk.step_over(&bad);
                self.is_read_whole = false;
                return self.bad::<Entry>(&bad);
            }
        };
        let ended = self.walk.step(&entry, &mut self.violations);
        self.chain_ended(ended);
        self.summing.add(Arc::clone(&entry));
        self.acts.entry(&entry);
        self.services.answers.entry(&entry);
        if let (Some(direction), Some(counterparty)) = (entry.direction, &entry.counterparty) {
            let is_counted_there = has_chain(counterparty) && direction == Direction::Credit;
            self.transfers = self.transfers.saturating_add(u64::from(!is_counted_there));
            if !fits(entry.kind, counterparty) {
                let (name, kind) = (chain::name(&entry), entry.kind.text());
                self.violations
                    .add(format!("{name} is {kind}, whose money is not {counterparty}'s."));
            }
        }
        for claim in claims(&entry) {
            if !self.services.meeting.says(claim.facts, claim.side) {
                self.violations.add(repeated(&entry, &claim));
            }
        }
    }

    fn end_chain(&mut self) {
        let ended = self.walk.end();
        self.chain_ended(ended);
    }

    fn chain_ended(&mut self, newest: Option<Arc<Entry>>) {
        if let Some(newest) = newest {
            self.services.wallet(&newest);
        }
    }

    fn bad<R: Record>(&mut self, bad: &BadRow) {
        let BadRow { key, why } = bad;
        let kind = R::KIND.name;
        self.violations.add(format!("The {kind} {key} cannot be read: {why}."));
    }
}

/// Reads all records of a kind.
async fn read<R: Record>(
    port: &dyn StorePort,
    watch: &mut Watch<'_>,
    check: &mut Check,
    each: impl Fn(&mut Check, &R) + Send,
) -> Result<(), StoreError> {
    let mut rows = Rows::<R>::of(port);
    while let Some(piece) = rows.next(watch).await? {
        for row in piece {
            match row {
                Ok(record) => each(check, &record),
                Err(bad) => check.bad::<R>(&bad),
            }
        }
    }
    Ok(())
}

/// Only if something was said by one side alone: reads entries and holds once more, to name which.
async fn name_unmet(
    port: &dyn StorePort,
    watch: &mut Watch<'_>,
    check: &mut Check,
) -> Result<(), StoreError> {
    if check.services.meeting.is_settled() {
        return Ok(());
    }
    let mut rows = Rows::<Entry>::of(port);
    while let Some(piece) = rows.next(watch).await? {
        for entry in piece.into_iter().flatten() {
            for claim in claims(&entry) {
                if check.services.meeting.waits(claim.facts, claim.side) {
                    let missing = other_side_of(&entry, &claim);
                    check.violations.add_unless(unmet(&entry, &claim), missing);
                }
            }
        }
    }
    let mut rows = Rows::<Hold>::of(port);
    while let Some(piece) = rows.next(watch).await? {
        for hold in piece.into_iter().flatten() {
            if check.services.meeting.waits(services::hold_of_payment(&hold), Side::Left) {
                let (hold_id, state, payment_id) =
                    (hold.hold_id, hold.state.text(), hold.payment_id);
                check
                    .violations
                    .add(format!("Hold {hold_id} is {state}, and {payment_id} does not say so."));
            }
        }
    }
    Ok(())
}
