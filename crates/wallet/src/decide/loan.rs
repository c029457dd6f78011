//! What `LOAN_APPROVED` causes: the loan's money in the wallet, once. Terms and repayment are the loan
//! service's.

use kernel::event::LoanApproved;
use kernel::record::Account as LedgerAccount;
use kernel::{Decision, EventId, EventKind, Id, Suspend, View, Writes};

use super::heard::{Found, Heard, Nowhere, find};
use super::{WalletRefused, rules};
use crate::records::{Direction, EntryKind};

/// Credits the wallet with a loan; says `LOAN_FUNDED`, else `LOAN_FUNDING_FAILED`. Refused:
/// `WalletNotFound` (not there, or not the applicant's), and as [`rules::credit`].
#[derive(Debug, Clone)]
pub struct ProcessLoanApproval {
    /// The event.
    pub event: EventId,
    /// What it asks for.
    pub request: LoanApproved,
}

impl Decision for ProcessLoanApproval {
    type Outcome = Heard;

    fn name(&self) -> &'static str {
        "process_loan_approval"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<Heard, Suspend> {
        let request = &self.request;
        let wallet_id = request.wallet_id;
        let loan = request.loan_id.any();
        let account = match find(view, writes, wallet_id, self.event)? {
            Found::Answered => return Ok(Heard::Again),
            Found::Account(account)
                if account.is_open_to(&request.applied_by, request.applied_as) =>
            {
                account
            }
            Found::Account(_) | Found::Nowhere => {
                let nowhere =
                    Nowhere { cause: self.event, wallet_id, subject: loan, related_id: None };
                let refused = WalletRefused::WalletNotFound { wallet_id };
                return nowhere.refuse(view, writes, refused, EventKind::LoanFundingFailed);
            }
        };
        let owner = account.owner().as_str();
        let after = match rules::credit(&account.wallet(), request.amount) {
            Ok(after) => after,
            Err(refused) => {
                let answer = view.event(EventKind::LoanFundingFailed).with_detail(owner);
                return Ok(account.refuse(writes, refused, loan, answer));
            }
        };
        let draft = account
            .draft(EntryKind::LoanIn, loan)
            .moving(Direction::Credit, request.amount, LedgerAccount::Loan(request.loan_id))
            .leaving(&after);
        let answer = view.event(EventKind::LoanFunded).with_detail(owner);
        account.book(writes, draft, answer);
        Ok(Heard::Done)
    }
}
