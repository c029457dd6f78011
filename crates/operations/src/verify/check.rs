//! What a check knows while it reads: each record is handed to whatever is compared with it. What is
//! compared stands in files of its own, and so does reading.

use std::fmt::Display;
use std::sync::Arc;

use kernel::audit::AuditLine;
use kernel::record::Stored;
use kernel::store::{BadRow, StoreError, StorePort};
use kernel::{Id, Record, Rules, Time};
use loan::records::Loan;
use payment::records::{Payment, Refund};
use wallet::records::{Direction, Entry, Hold, Refusal};

use super::acts::Acts;
use super::answers::Opened;
use super::chain::{self, Walk};
use super::claims::{About, claims, fits, repeated};
use super::loans::{Decided, check_instalment};
use super::moment::Moment;
use super::order::InOrder;
use super::report::{Report, Violations};
use super::services::Services;
use super::trails::{self, TrailEnd, Trails};
use crate::facts::Meeting;
use crate::sums::has_chain;
use crate::sweep::Piece;
use crate::trial_balance::{Newest, Summing, TrialBalance};

#[derive(Debug)]
pub(crate) struct Check {
    moment: Moment,
    /// What the store's clock says while records are read.
    now: Time,
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
    pub(crate) violations: Violations,
}

/// A part of the entries and lines, in which chains come one after another.
#[derive(Debug, Default)]
struct Strand {
    entries: InOrder<Entry>,
    lines: InOrder<AuditLine>,
    walk: Walk,
    trails: Trails,
    newest: Newest,
    opened: Opened,
}

impl Check {
    pub(crate) fn of(moment: Moment) -> Self {
        Self {
            moment,
            now: Time::MIN,
            strands: Vec::new(),
            summing: Summing::of(moment.time()),
            is_read_whole: true,
            meeting: Meeting::default(),
            services: Services::of(moment),
            acts: Acts::of(moment),
            decided: Decided::of(moment),
            trails: Vec::new(),
            transfers: 0,
            violations: Violations::default(),
        }
    }

    /// The next rows of a part, read when the store's clock said `now`.
    pub(crate) fn piece(
        &mut self,
        Piece { part, rows, is_last }: Piece,
        now: Time,
    ) -> Result<(), StoreError> {
        self.now = now;
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
        if is_last {
            strand.entries.end();
            strand.lines.end();
            self.in_order(&mut strand);
        }
        if let Some(place) = self.strands.get_mut(part) {
            *place = strand;
        }
        Ok(())
    }

    /// A store that answers with records that were not asked for is broken.
    fn record(&mut self, stored: &Stored, strand: &mut Strand) -> Result<(), StoreError> {
        if let Some(entry) = stored.downcast::<Entry>() {
            strand.entries.put(entry.account_id.any(), entry.sequence, &entry);
            self.in_order(strand);
        } else if let Some(payment) = stored.downcast::<Payment>() {
            self.dated(payment.payment_id, payment.updated_at);
            self.services.payment(&payment, &mut self.meeting, &mut self.violations);
        } else if let Some(hold) = stored.downcast::<Hold>() {
            self.dated(hold.hold_id, hold.created_at);
            self.services.holds.hold(&hold, &mut self.meeting, &mut self.violations);
        } else if let Some(refund) = stored.downcast::<Refund>() {
            self.dated(refund.refund_id, refund.updated_at);
            self.services.refund(&refund, &mut self.meeting, &mut self.violations);
        } else if let Some(refusal) = stored.downcast::<Refusal>() {
            self.refusal(&refusal);
        } else if let Some(loan) = stored.downcast::<Loan>() {
            self.dated(loan.loan_id, loan.updated_at);
            self.services.loan(&loan, &mut self.meeting, &mut self.violations);
            check_instalment(&loan, &mut self.violations);
            self.decided.loan(&loan);
        } else if let Some(line) = stored.downcast::<AuditLine>() {
            strand.lines.put(line.trail_id.any(), line.sequence, &line);
            self.in_order(strand);
        } else {
            let kind = stored.record.kind();
            return Err(StoreError::Broken(format!("a scan came to a {kind:?}")));
        }
        Ok(())
    }

    /// Entries and lines whose turn has come.
    fn in_order(&mut self, strand: &mut Strand) {
        while let Some(entry) = strand.entries.pop() {
            self.entry(&entry, strand);
        }
        while let Some(line) = strand.lines.pop() {
            self.line(&line, strand);
        }
    }

    fn line(&mut self, line: &Arc<AuditLine>, strand: &mut Strand) {
        self.dated(trails::Name(line), line.at);
        strand.trails.step(line, &mut self.violations);
        self.acts.line(line, &mut self.violations);
        self.decided.line(line, &mut self.violations);
    }

    fn entry(&mut self, entry: &Arc<Entry>, strand: &mut Strand) {
        self.dated(chain::Name(entry), entry.booked_at);
        strand.walk.step(entry, &mut self.violations);
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
        let has_settled = self.moment.has_settled(entry.booked_at);
        for claim in claims(entry) {
            let is_of_hold = matches!(claim.about, About::HoldBegun | About::HoldEnded);
            let is_met = is_of_hold && self.services.holds.takes(claim.facts);
            if !is_met && !self.meeting.says(claim.facts, claim.side, has_settled) {
                self.violations.add(repeated(entry, &claim));
            }
        }
    }

    /// When a record changed last: what is yet to come would not be compared until then.
    fn dated(&mut self, what: impl Display, at: Time) {
        if self.moment.is_yet_to_come(at, self.now) {
            self.violations.add(format!(
                "{what} is dated {at}, which is yet to come: what it says is not compared before."
            ));
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
            strand.entries.step_over(bad);
            self.in_order(strand);
            strand.walk.step_over(bad);
            self.is_read_whole = false;
        } else if kind == AuditLine::KIND.name {
            strand.lines.step_over(bad);
            self.in_order(strand);
            strand.trails.step_over(bad);
        }
        self.violations.add(format!("The {kind} {key} cannot be read: {why}."));
    }

    /// After the last record: what only the whole tells.
    pub(crate) async fn end(&mut self, port: &dyn StorePort) -> Result<(), StoreError> {
        for strand in std::mem::take(&mut self.strands) {
            self.summing.end_chain(strand.newest);
            self.trails.extend(strand.trails.end());
        }
        self.acts.compare(&mut self.violations);
        self.services.holds.compare(port, &mut self.violations).await?;
        self.services.refunds.compare(port, &mut self.violations).await?;
        self.decided.compare(&mut self.violations);
        Ok(())
    }

    pub(crate) fn into_report(mut self) -> (Report, Option<TrialBalance>) {
        self.trails.sort_by(|left, right| left.service.cmp(&right.service));
        let trial = self.summing.end();
        let report = Report::new(&trial.sums, self.transfers, self.trails, self.violations);
        (report, self.is_read_whole.then_some(trial))
    }
}
