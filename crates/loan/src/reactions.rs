//! What the service does when it hears an event: the event becomes a decision.

use kernel::decision::ErasedDecision;
use kernel::event::EventData;
use kernel::manifest::Unprocessable;
use kernel::{Envelope, LoanId};

use crate::decide::{Answer, UpdateFunding};

/// The wallet service says what became of an approval.
///
/// # Errors
/// When the event is no answer to an approval.
pub fn update_loan_funding(event: &Envelope) -> Result<Box<dyn ErasedDecision>, Unprocessable> {
    let (loan_id, answer) = read_answer(event)?;
    Ok(Box::new(UpdateFunding { loan_id, approved_event: event.causation, answer }))
}

fn read_answer(event: &Envelope) -> Result<(LoanId, Answer), Unprocessable> {
    if let EventData::LoanFunded(data) = &event.data {
        let wallet_owner = data.wallet_owner.clone();
        return Ok((data.loan_id, Answer::Funded { wallet_owner, funded_at: data.funded_at }));
    }
    if let EventData::LoanFundingFailed(data) = &event.data {
        let (wallet_owner, reason) = (data.wallet_owner.clone(), data.reason.clone());
        return Ok((data.loan_id, Answer::FundingFailed { wallet_owner, reason }));
    }
    Err(Unprocessable(format!("{} is no answer to an approval", event.kind().name())))
}
