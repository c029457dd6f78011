//! Held money whose time is up, and of which the wallet was not heard. The wallet releases it by itself
//! and says so once; nobody waits for that, so where it is lost this service asks. Not in here: what a
//! caller asks for, and the release, which is the wallet's.

use kernel::saga::FIRST_WAIT;
use kernel::{Decision, EventKind, PaymentId, Suspend, View, Writes};

use super::hold::{ask, asking};
use crate::records::{Asked, Payment, PaymentStatus};

/// Asks the wallet to release held money whose time has been up for a minute, unless it was asked for
/// something already: then that is said again. The wallet answers what became of the hold, whenever
/// that was.
#[derive(Debug, Clone, Copy)]
pub struct AskAboutExpiredHold {
    /// Of which payment.
    pub payment_id: PaymentId,
}

impl Decision for AskAboutExpiredHold {
    /// Whether the wallet was asked now.
    type Outcome = bool;

    fn name(&self) -> &'static str {
        "ask_about_expired_hold"
    }

    fn decide(&self, view: &mut View<'_>, writes: &mut Writes) -> Result<bool, Suspend> {
        let Some(known) = view.get::<Payment>(self.payment_id)? else { return Ok(false) };
        let now = view.now();
        let is_overdue =
            known.expires_at.is_some_and(|expires_at| expires_at.plus(FIRST_WAIT) <= now);
        if known.status != PaymentStatus::Authorized || known.asked.is_some() || !is_overdue {
            return Ok(false);
        }
        let said = view.event(EventKind::PaymentVoidRequested);
        let payment = Payment { asked: Some(Asked::Void), ..asking(&known, &said, None) };
        ask(writes, &known, payment, said);
        Ok(true)
    }
}
