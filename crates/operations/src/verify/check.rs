//! What a check knows while it reads: each record is handed to whatever is compared with it. What is
//! compared stands in files of its own, and so does reading.

use std::sync::Arc;

use kernel::audit::AuditLine;
use kernel::record::Stored;
use kernel::store::{BadRow, StoreError, StorePort};
use kernel::{Record, Rules, Time};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Direction, Entry, Hold, Refusal};

use super::acts::Acts;
use super::answers::Opened;
use super::chain::{self, Walk};
use super::claims::{About, claims, fits, other_side_of, repeated, unmet};
use super::loans::{Decided, check_instalment};
use super::report::{Report, Violations};
use super::services::Services;
use super::trails::{TrailEnd, Trails};
use crate::facts::Meeting;
use crate::sums::has_chain;
use crate::sweep::Piece;
use crate::trial_balance::{Newest, Summing, TrialBalance};

/// So many entries that were booked since the moment are kept to be named without reading again.
const RECENT_MAX: usize = 50_000;

#[derive(Debug)]
pub(crate) struct Check {
    as_of: Time,
    /// Where in its chains each part is.
    strands: Vec<Strand>,
    summing: Summing,
    /// Whether every entry could be read.
    is_read_whole: bool,
    /// What entries say and others have not said yet.
    pub(crate) meeting: Meeting,
    services: Services,
    acts: Acts,
    decided: Decided,
    trails: Vec<TrailEnd>,
    transfers: u64,
    /// Entries that were booked since the moment: what they speak of may have been read before.
    recent: Vec<Arc<Entry>>,
    pub(crate) violations: Violations,
}

/// A part of the entries and lines, in which chains come one after another.
#[derive(Debug, Default)]
struct Strand {
    walk: Walk,
    trails: Trails,
    newest: Newest,
    opened: Opened,
}

impl Check {
    pub(crate) fn of(as_of: Time) -> Self {
        Self {
            as_of,
            strands: Vec::new(),
            summing: Summing::of(as_of),
            is_read_whole: true,
            meeting: Meeting::default(),
            services: Services::default(),
            acts: Acts::default(),
            decided: Decided::default(),
            trails: Vec::new(),
            transfers: 0,
            recent: Vec::new(),
            violations: Violations::default(),
        }
    }

    /// The next rows of a part.
    pub(crate) fn piece(&mut self, Piece { part, rows }: Piece) -> Result<(), StoreError> {
        while self.strands.len() <= part {
            self.strands.push(Strand::default());
        }
        // It is put back: entries need it beside everything else.
        let mut strand = self.strands.get_mut(part).map(std::mem::take).unwrap_or_default();
        for row in rows {
            match row {
                Ok(stored) => self.record(&stored, &mut strand)?,
                Err(bad) => self.bad(&bad, &mut strand),
            }
        }
        if let Some(place) = self.strands.get_mut(part) {
            *place = strand;
        }
        Ok(())
    }

    /// A store that answers with records that were not asked for is broken.
    fn record(&mut self, stored: &Stored, strand: &mut Strand) -> Result<(), StoreError> {
        if let Some(entry) = stored.downcast::<Entry>() {
            self.entry(&entry, strand);
        } else if let Some(payment) = stored.downcast::<Payment>() {
            self.services.payment(&payment, &mut self.meeting, &mut self.violations);
        } else if let Some(hold) = stored.downcast::<Hold>() {
            self.services.holds.hold(&hold, &mut self.meeting, &mut self.violations);
        } else if let Some(refund) = stored.downcast::<Refund>() {
            self.services.refund(&refund, &mut self.meeting, &mut self.violations);
        } else if let Some(refusal) = stored.downcast::<Refusal>() {
            self.refusal(&refusal);
        } else if let Some(loan) = stored.downcast::<Loan>() {
            self.services.loan(&loan, &mut self.meeting, &mut self.violations);
            check_instalment(&loan, &mut self.violations);
            self.decided.loan(&loan);
        } else if let Some(line) = stored.downcast::<AuditLine>() {
            strand.trails.step(&line, &mut self.violations);
            self.acts.line(&line, &mut self.violations);
            self.decided.line(&line, &mut self.violations);
        } else {
            let kind = stored.record.kind();
            return Err(StoreError::Broken(format!("a scan came to a {kind:?}")));
        }
        Ok(())
    }

    fn entry(&mut self, entry: &Arc<Entry>, strand: &mut Strand) {
        let ended = strand.walk.step(entry, &mut self.violations);
        self.chain_ended(ended);
        self.summing.add(entry, &mut strand.newest);
        self.acts.entry(entry);
        self.services.answers.entry(entry, &mut strand.opened);
        if let (Some(direction), Some(counterparty)) = (entry.direction, &entry.counterparty) {
            let is_counted_there = has_chain(counterparty) && direction == Direction::Credit;
            self.transfers = self.transfers.saturating_add(u64::from(!is_counted_there));
            if !fits(entry.kind, counterparty) {
                let (name, kind) = (chain::name(entry), entry.kind.text());
                self.violations
                    .add(format!("{name} is {kind}, whose money is not {counterparty}'s."));
            }
        }
        for claim in claims(entry) {
            let is_of_hold = matches!(claim.about, About::HoldBegun | About::HoldEnded);
            let is_met = is_of_hold && self.services.holds.takes(claim.facts);
            if !is_met && !self.meeting.says(claim.facts, claim.side) {
                self.violations.add(repeated(entry, &claim));
            }
        }
        if entry.booked_at >= self.as_of && self.recent.len() < RECENT_MAX {
            self.recent.push(Arc::clone(entry));
        }
    }

    fn refusal(&mut self, refusal: &Refusal) {
        if let Err(why) = refusal.check() {
            let cause = refusal.cause;
            self.violations.add(format!("The refusal of {cause} contradicts itself: {why}."));
        }
        self.services.answers.refusal(refusal);
    }

    fn bad(&mut self, bad: &BadRow, strand: &mut Strand) {
        let BadRow { key, why } = bad;
        let kind = why.kind();
        if kind == Entry::KIND.name {
            strand.walk.step_over(bad);
            self.is_read_whole = false;
        } else if kind == AuditLine::KIND.name {
            strand.trails.step_over(bad);
        }
        self.violations.add(format!("The {kind} {key} cannot be read: {why}."));
    }

    fn chain_ended(&mut self, newest: Option<Arc<Entry>>) {
        if let Some(newest) = newest {
            self.services.holds.wallet(&newest);
        }
    }

    /// After the last record: what only the whole tells.
    pub(crate) async fn end(&mut self, port: &dyn StorePort) -> Result<(), StoreError> {
        for mut strand in std::mem::take(&mut self.strands) {
            let ended = strand.walk.end();
            self.chain_ended(ended);
            self.summing.end_chain(strand.newest);
            self.trails.extend(strand.trails.end(&mut self.violations));
        }
        self.acts.compare(&mut self.violations);
        self.services.holds.compare(port, &mut self.violations).await?;
        self.services.refunds.compare(port, &mut self.violations).await?;
        self.decided.compare(&mut self.violations);
        for entry in std::mem::take(&mut self.recent) {
            for claim in claims(&entry) {
                if self.meeting.withdraws(claim.facts, claim.side) {
                    let missing = other_side_of(&entry, &claim);
                    self.violations.add_unless(unmet(&entry, &claim), missing);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn into_report(mut self) -> (Report, Option<TrialBalance>) {
        self.trails.sort_by(|left, right| left.service.cmp(&right.service));
        let trial = self.summing.end();
        let report = Report::new(&trial.sums, self.transfers, self.trails, self.violations);
        (report, self.is_read_whole.then_some(trial))
    }
}
