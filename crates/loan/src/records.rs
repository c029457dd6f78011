//! The record of a loan: what was asked for, on which terms, and how far it is. What is owed and paid
//! stands in the ledger, not here.

use kernel::event::{EventData, LoanApproved, LoanRejected};
use kernel::record::{Hash32, Rules, Shard};
use kernel::request::RecentKeys;
use kernel::text::Reason;
use kernel::{
    Amount, Caller, Currency, EventId, EventKind, LoanId, RoleName, Said, Subject, Time, WalletId,
    record, word_column,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::rate::{AnnualRate, LOAN_TERM_MONTHS_MAX};

/// How far a loan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LoanStatus {
    /// Applied for; waits for an operator.
    Pending,
    /// Approved; the money is on its way until it is funded.
    Approved,
    /// Turned down. It ends here.
    Rejected,
    /// The wallet could not be credited. It can be approved again, or rejected.
    FundingFailed,
    /// Paid back. It ends here.
    Paid,
}

word_column!(LoanStatus {
    Pending = "PENDING",
    Approved = "APPROVED",
    Rejected = "REJECTED",
    FundingFailed = "FUNDING_FAILED",
    Paid = "PAID",
});

impl LoanStatus {
    /// Whether an operator may approve or reject it: no money has moved and none is on its way.
    pub fn is_open_to_decision(self) -> bool {
        match self {
            Self::Pending | Self::FundingFailed => true,
            Self::Approved | Self::Rejected | Self::Paid => false,
        }
    }
}

record! {
    /// A loan.
    pub struct Loan in "loan" of "loan" version 1 {
        /// Its id.
        loan_id: LoanId,
        /// The wallet that is credited.
        wallet_id: WalletId,
        /// What is lent, in minor units of the currency.
        amount_minor: u64,
        /// The currency of all its amounts.
        currency: Currency,
        /// For how many months, 1 to 360.
        loan_term_months: u32,
        /// The annual rate, in hundredths of a percent.
        rate_basis_points: u32,
        /// The equal instalment, in minor units.
        minimum_payment_minor: u64,
        /// How far it is.
        status: LoanStatus,
        /// Why it was rejected, or could not be funded.
        reason: Option<Reason>,
        /// How often it was approved.
        attempt: u32,
        /// The event that said the latest approval: its answer names it as its cause.
        approved_event: Option<EventId>,
        /// Who applied; he sees it.
        created_by: Subject,
        /// As what he applied.
        applied_as: RoleName,
        /// Whose wallet it is, as the wallet service said; he sees it too.
        owner: Option<Subject>,
        /// The operator who approved it last.
        approved_by: Option<Subject>,
        /// When it was applied for.
        created_at: Time,
        /// When it changed last.
        updated_at: Time,
        /// When the money was booked.
        funded_at: Option<Time>,
        /// SHA-256 of the application's body, if it came with a key.
        body_hash: Option<Hash32>,
        /// The keys of the last day that changed it.
        recent_keys: RecentKeys,
        /// Since when it waits for its money.
        waiting_since: Option<Time>,
        /// When it says its approval again.
        speaks_at: Option<Time>,
        /// Its partition among those that wait.
        open: Option<Shard>,
    }
    key (loan_id: LoanId)
    index "by_wallet" (wallet_id, created_at) every
    index "by_status" (status, created_at) every
    index "open" (open, speaks_at) every
}

impl Loan {
    /// What is lent. Asserts what [`Rules::check`] holds.
    pub fn amount(&self) -> Amount {
        self.money(self.amount_minor)
    }

    /// The equal instalment. Asserts what [`Rules::check`] holds.
    pub fn minimum_payment(&self) -> Amount {
        self.money(self.minimum_payment_minor)
    }

    /// The annual rate. Asserts what [`Rules::check`] holds.
    pub fn rate(&self) -> AnnualRate {
        match AnnualRate::from_basis_points(self.rate_basis_points) {
            Ok(rate) => rate,
            Err(bad) => unreachable!("the rate of {} {bad}", self.loan_id),
        }
    }

    /// Whether the wallet may still say what became of the latest approval.
    pub fn is_unfunded(&self) -> bool {
        matches!(self.status, LoanStatus::Approved | LoanStatus::FundingFailed)
            && self.funded_at.is_none()
    }

    /// Whether the caller may see it: who applied for it, whose wallet it is, an operator. Leave to
    /// move payments is none to read loans.
    pub fn is_visible_to(&self, caller: &Caller) -> bool {
        caller.is_operator()
            || caller.sub == self.created_by
            || self.owner.as_ref() == Some(&caller.sub)
    }

    /// The loan as it was when it was applied for.
    #[must_use]
    pub fn as_applied(&self) -> Self {
        Self {
            status: LoanStatus::Pending,
            reason: None,
            attempt: 0,
            approved_event: None,
            owner: None,
            approved_by: None,
            updated_at: self.created_at,
            funded_at: None,
            recent_keys: RecentKeys::default(),
            waiting_since: None,
            speaks_at: None,
            open: None,
            ..self.clone()
        }
    }

    fn money(&self, minor: u64) -> Amount {
        match Amount::from_minor(minor, self.currency) {
            Ok(amount) => amount,
            Err(refused) => unreachable!("an amount of {} {refused}", self.loan_id),
        }
    }

    fn check_terms(&self) -> Result<(), String> {
        for minor in [self.amount_minor, self.minimum_payment_minor] {
            let checked = Amount::from_minor(minor, self.currency);
            checked.map_err(|refused| format!("its amount of {minor} {refused}"))?;
        }
        if !(1..=LOAN_TERM_MONTHS_MAX).contains(&self.loan_term_months) {
            return Err(format!("its term is {} months", self.loan_term_months));
        }
        let rate = AnnualRate::from_basis_points(self.rate_basis_points);
        rate.map(|_| ()).map_err(|bad| format!("its rate {bad}"))
    }

    fn check_status(&self) -> Result<(), String> {
        let was_approved = self.attempt > 0;
        let is_consistent = self.approved_event.is_some() == was_approved
            && self.approved_by.is_some() == was_approved;
        if !is_consistent {
            return Err("it does not say who approved it, and when".to_owned());
        }
        let is_funded = self.funded_at.is_some();
        let fits = match self.status {
            LoanStatus::Pending => !was_approved && !is_funded && self.reason.is_none(),
            LoanStatus::Approved => was_approved && self.reason.is_none(),
            LoanStatus::Rejected => !is_funded,
            LoanStatus::FundingFailed => was_approved && !is_funded && self.reason.is_some(),
            LoanStatus::Paid => was_approved && is_funded,
        };
        if fits { Ok(()) } else { Err(format!("it is not what {} means", self.status.text())) }
    }
}

/// What the record does not say for good of an approval, because a later one overwrites it: which
/// attempt it is and who approved.
pub(crate) fn approval_detail(attempt: u32, approved_by: &Subject) -> String {
    format!("{attempt} {approved_by}")
}

fn read_approval_detail(detail: &str) -> Option<(u32, Subject)> {
    let (attempt, approved_by) = detail.split_once(' ')?;
    Some((attempt.parse().ok()?, Subject::new(approved_by).ok()?))
}

impl Rules for Loan {
    fn check(&self) -> Result<(), String> {
        self.check_terms()?;
        self.check_status()?;
        let columns = [self.waiting_since.is_some(), self.speaks_at.is_some(), self.open.is_some()];
        let waits = self.status == LoanStatus::Approved && self.funded_at.is_none();
        if columns != [waits; 3] {
            return Err(
                "it waits for its money exactly while it is approved and unfunded".to_owned()
            );
        }
        if self.updated_at < self.created_at {
            return Err("it changed before it was made".to_owned());
        }
        Ok(())
    }

    fn event_data(&self, said: &Said) -> Option<EventData> {
        if said.kind == EventKind::LoanApproved {
            let (attempt, approved_by) = read_approval_detail(said.detail.as_deref()?)?;
            let approved = LoanApproved {
                loan_id: self.loan_id,
                wallet_id: self.wallet_id,
                amount: self.amount(),
                attempt,
                applied_by: self.created_by.clone(),
                applied_as: self.applied_as,
                approved_by,
            };
            return Some(approved.into());
        }
        let rejected = LoanRejected {
            loan_id: self.loan_id,
            wallet_id: self.wallet_id,
            reason: self.reason.clone(),
        };
        (said.kind == EventKind::LoanRejected).then(|| rejected.into())
    }
}

kernel::waits!(Loan);
