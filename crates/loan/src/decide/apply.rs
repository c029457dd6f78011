//! Somebody applies for a loan. Whether the wallet is his, the wallet service says when it is funded.

use std::sync::Arc;

use kernel::request::{RecentKeys, RequestKey, Seen};
use kernel::{Caller, Decision, Known, LoanId, Suspend, View, WalletId, Writes};

use super::left_by;
use crate::records::{Loan, LoanStatus};
use crate::terms::Terms;

/// An application.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The request's key, if it came with one.
    pub key: Option<RequestKey>,
    /// Who applies.
    pub caller: Caller,
    /// The wallet to be credited.
    pub wallet_id: WalletId,
    /// What is to be lent, and on which terms.
    pub terms: Terms,
}

/// Why no application was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyRefused {
    /// The key came with another body before.
    KeyReused,
}

impl Decision for Apply {
    type Outcome = Result<Known<Loan>, ApplyRefused>;

    fn name(&self) -> &'static str {
        "apply_for_loan"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Self::Outcome, Suspend> {
        let loan_id = match &self.key {
            None => view.id(),
            Some(key) => {
                let loan_id = key.id();
                if let Some(known) = view.get::<Loan>(loan_id)? {
                    return Ok(again(&known, key));
                }
                loan_id
            }
        };
        Ok(Ok(left_by(writes.create(self.application(loan_id, view)))))
    }
}

impl Apply {
    fn application(&self, loan_id: LoanId, view: &View<'_>) -> Loan {
        let now = view.now();
        Loan {
            loan_id,
            wallet_id: self.wallet_id,
            amount_minor: self.terms.amount.minor(),
            currency: self.terms.amount.currency(),
            loan_term_months: self.terms.loan_term_months,
            rate_basis_points: self.terms.rate.basis_points(),
            minimum_payment_minor: self.terms.minimum_payment.minor(),
            status: LoanStatus::Pending,
            reason: None,
            attempt: 0,
            approved_event: None,
            created_by: self.caller.sub.clone(),
            applied_as: self.caller.role_name(),
            owner: None,
            approved_by: None,
            created_at: now,
            updated_at: now,
            funded_at: None,
            body_hash: self.key.map(|key| key.body),
            recent_keys: RecentKeys::default(),
            waiting_since: None,
            speaks_at: None,
            open: None,
        }
    }
}

/// What the first of these requests was answered: the application as it was made.
fn again(known: &Known<Loan>, key: &RequestKey) -> Result<Known<Loan>, ApplyRefused> {
    let kept = known.body_hash.map(|kept| Seen::compare(kept, key.body));
    if kept != Some(Seen::Again) {
        return Err(ApplyRefused::KeyReused);
    }
    Ok(Known { record: Arc::new(known.as_applied()), version: 1, said: Arc::from([]) })
}
