//! Releasing a hold whose time is up: an ordinary void that the clock asks for.

use kernel::event::VoidReason;
use kernel::{Decision, EventKind, HoldId, Id, Suspend, View, Writes};

use super::booking::reason;
use super::rules;
use crate::records::{Entry, EntryKind, Hold, HoldState};

/// Releases a hold if its time is up and it is still held.
#[derive(Debug, Clone, Copy)]
pub struct ExpireHold {
    /// The hold.
    pub hold_id: HoldId,
}

impl Decision for ExpireHold {
    /// Whether it was released now.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "expire_hold"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let now = view.now();
        let Some(hold) = view.get::<Hold>(self.hold_id)? else { return Ok(false) };
        if hold.state != HoldState::Pending || now < hold.expires_at {
            return Ok(false);
        }
        // The hold is pending, so it has not been released: there is nothing to search for.
        let cause = self.hold_id.any();
        let chain = view.chain::<Entry>(hold.wallet_id.into(), cause, now)?;
        let Some(head) = chain.head else { return Ok(false) };
        let entry = Entry {
            hold_amount: Some(hold.amount),
            related_id: Some(hold.payment_id.any()),
            reason: Some(reason(VoidReason::Expired.text())),
            ..head.next(EntryKind::Release, cause, now)
        }
        .leaving(&rules::release(&head.wallet(), &hold))
        .sealed(&head);
        let mut said = view.event(EventKind::PaymentVoided);
        said.correlation = hold.correlation;
        writes.create(entry).says(said);
        writes.update(&hold, hold.ended(HoldState::Expired, None));
        Ok(true)
    }
}
