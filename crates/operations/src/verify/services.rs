//! Compares what the services say with what the ledger says: payments, refunds, loans and holds, each
//! with its movements, its wallet's owner and its refusal. An answer that is still on its way is no violation: a payment that waits may
//! have its movement already.

use std::collections::HashMap;

use kernel::event::Capture;
use kernel::record::{Account, ChainId, Rules};
use kernel::{Currency, Id, PaymentId, WalletId};
use loan::records::{Loan, LoanStatus};
use payment::records::{Asked, Payment, PaymentStatus, Refund, RefundStatus};
use wallet::records::{Entry, EntryKind, Hold, HoldState};

use super::again::Missing;
use super::answers::{Answers, Told};
use super::claims::{self, Money, Movement};
use super::report::Violations;
use crate::facts::{Facts, Meeting, Side};
use crate::sums::decimal;

/// What the services have said so far, against what the ledger has said.
#[derive(Debug, Default)]
pub(crate) struct Services {
    /// What entries say and services have not said yet, and holds and payments of each other.
    pub(crate) meeting: Meeting,
    /// What the wallets said besides money.
    pub(crate) answers: Answers,
    /// What wallets hold, less what their pending holds hold.
    held: HashMap<WalletId, (Currency, i128)>,
    /// What is back of a payment, and on its way back.
    refunds: HashMap<u128, Refunds>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Refunds {
    back: u64,
    under_way: u64,
}

/// What a record says of its movement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    /// It was booked.
    Booked,
    /// It may have been booked; the answer is on its way.
    Perhaps,
}

impl Services {
    /// The newest entry of a wallet.
    pub(crate) fn wallet(&mut self, newest: &Entry) {
        let Some(wallet_id) = newest.account_id.wallet() else { return };
        if newest.held_after > 0 {
            self.hold_in(wallet_id, newest.currency, i128::from(newest.held_after));
        }
    }

    /// A hold, against its entries.
    pub(crate) fn hold(&mut self, hold: &Hold, violations: &mut Violations) {
        let name = format!("Hold {}", hold.hold_id);
        check(hold, &name, violations);
        let held = Money(Some(hold.amount), hold.currency);
        let (begun, ended) = claims::of_hold(hold);
        let chain = hold.wallet_id.into();
        let missing = |facts| Missing { chain, facts, side: Side::Left };
        if !self.meeting.takes(begun) {
            let wallet_id = hold.wallet_id;
            let sentence = format!("{name} of {held} has no entry of its own in {wallet_id}.");
            violations.add_unless(sentence, Some(missing(begun)));
        }
        if let Some(ended) = ended.filter(|ended| !self.meeting.takes(*ended)) {
            let state = hold.state.text();
            let sentence = format!("{name} is {state}, and no entry of its wallet says so.");
            violations.add_unless(sentence, Some(missing(ended)));
        }
        if hold.state == HoldState::Pending {
            let minor = i128::from(hold.amount).saturating_neg();
            self.hold_in(hold.wallet_id, hold.currency, minor);
        }
        // Each hold has its payment; the payment will say so.
        self.meeting.says(hold_of_payment(hold), Side::Left);
    }

    /// After the last hold: what each wallet holds is what its pending holds hold.
    pub(crate) fn compare_held(&mut self, violations: &mut Violations) {
        let mut unequal: Vec<_> = std::mem::take(&mut self.held).into_iter().collect();
        unequal.retain(|(_, (_, minor))| *minor != 0);
        unequal.sort_unstable();
        for (wallet_id, (currency, minor)) in unequal {
            let (more, less) = if minor > 0 {
                ("its entries say", "its pending holds")
            } else {
                ("its pending holds say", "its entries")
            };
            let by = decimal(minor.saturating_abs(), currency);
            violations.add(format!(
                "Wallet {wallet_id}: {more} that {by} {currency} more is held than {less}."
            ));
        }
    }

    /// A refund, against its movement.
    pub(crate) fn refund(&mut self, refund: &Refund, violations: &mut Violations) {
        let name = format!("Refund {}", refund.refund_id);
        check(refund, &name, violations);
        let movement = Movement {
            kind: EntryKind::RefundIn,
            of: refund.refund_id.any(),
            wallet: refund.wallet_id.any(),
            counterparty: Account::Merchant(refund.merchant_id.clone()),
            minor: refund.amount_minor,
            currency: refund.currency,
        };
        let sums = self.refunds.entry(refund.payment_id.uuid()).or_default();
        let says = match refund.status {
            RefundStatus::Successful => {
                sums.back = sums.back.saturating_add(refund.amount_minor);
                Says::Booked
            }
            RefundStatus::Pending => {
                sums.under_way = sums.under_way.saturating_add(refund.amount_minor);
                Says::Perhaps
            }
            RefundStatus::Failed => {
                let told =
                    Told { name: &name, id: refund.refund_id.any(), wallet_id: refund.wallet_id };
                self.answers.check_reason(&told, refund.reason.as_ref(), violations);
                return;
            }
        };
        self.movement(&movement, says, (&name, refund.status.text()), violations);
    }

    /// A payment, against its movement, its hold and its refunds. After all holds and refunds.
    pub(crate) fn payment(&mut self, payment: &Payment, violations: &mut Violations) {
        let name = format!("Payment {}", payment.payment_id);
        check(payment, &name, violations);
        let told = Told { name: &name, id: payment.payment_id.any(), wallet_id: payment.wallet_id };
        self.answers.check_owner(&told, payment.owner.as_ref(), violations);
        if payment.status == PaymentStatus::Failed {
            self.answers.check_reason(&told, payment.reason.as_ref(), violations);
        }
        let refunds = self.refunds.remove(&payment.payment_id.uuid()).unwrap_or_default();
        let said = Refunds { back: payment.refunded_minor, under_way: payment.refunding_minor };
        if refunds != said {
            violations.add(format!(
                "{name} has {said}, its refunds {refunds}.",
                said = said.words(payment),
                refunds = refunds.words(payment)
            ));
        }
        let movement = |minor| Movement {
            kind: EntryKind::PaymentOut,
            of: payment.payment_id.any(),
            wallet: payment.wallet_id.any(),
            counterparty: Account::Merchant(payment.merchant_id.clone()),
            minor,
            currency: payment.currency,
        };
        let booked = match payment.status {
            PaymentStatus::Successful | PaymentStatus::Refunded => {
                Some((payment.captured_minor, Says::Booked))
            }
            PaymentStatus::Pending if payment.capture == Capture::Automatic => {
                Some((payment.amount_minor, Says::Perhaps))
            }
            PaymentStatus::Authorized if payment.asked == Some(Asked::Capture) => {
                payment.asked_minor.map(|minor| (minor, Says::Perhaps))
            }
            PaymentStatus::Pending
            | PaymentStatus::Authorized
            | PaymentStatus::Failed
            | PaymentStatus::Voided => None,
        };
        if let Some((minor, says)) = booked {
            let status = payment.status.text();
            self.movement(&movement(minor), says, (&name, status), violations);
        }
        if payment.capture == Capture::Manual {
            self.held_payment(payment, &name, violations);
        }
    }

    /// A loan, against its movement.
    pub(crate) fn loan(&mut self, loan: &Loan, violations: &mut Violations) {
        let name = format!("Loan {}", loan.loan_id);
        check(loan, &name, violations);
        let told = Told { name: &name, id: loan.loan_id.any(), wallet_id: loan.wallet_id };
        self.answers.check_owner(&told, loan.owner.as_ref(), violations);
        if loan.status == LoanStatus::FundingFailed {
            self.answers.check_reason(&told, loan.reason.as_ref(), violations);
        }
        let movement = Movement {
            kind: EntryKind::LoanIn,
            of: loan.loan_id.any(),
            wallet: loan.wallet_id.any(),
            counterparty: Account::Loan(loan.loan_id),
            minor: loan.amount_minor,
            currency: loan.currency,
        };
        let says = if loan.funded_at.is_some() {
            Says::Booked
        } else if loan.status == LoanStatus::Approved {
            Says::Perhaps
        } else {
            return;
        };
        self.movement(&movement, says, (&name, "funded"), violations);
    }

    /// After the last payment: what was refunded belongs to a payment.
    pub(crate) fn compare_refunds(&mut self, violations: &mut Violations) {
        let mut orphans: Vec<_> = std::mem::take(&mut self.refunds).into_keys().collect();
        orphans.sort_unstable();
        for uuid in orphans {
            let payment_id = PaymentId::from_uuid(uuid);
            violations.add(format!("Payment {payment_id} has refunds, and is not there."));
        }
    }

    fn movement(
        &mut self,
        movement: &Movement,
        says: Says,
        (name, status): (&str, &str),
        violations: &mut Violations,
    ) {
        let is_booked = self.meeting.takes(movement.facts());
        if !is_booked && says == Says::Booked {
            let money = Money(Some(movement.minor), movement.currency);
            let Movement { wallet, counterparty, .. } = movement;
            let (chain, facts) = (ChainId::from_any(*wallet), movement.facts());
            let sentence = format!(
                "{name} is {status}, and no entry books its {money} between {wallet} and {counterparty}."
            );
            let missing = chain.map(|chain| Missing { chain, facts, side: Side::Left });
            violations.add_unless(sentence, missing);
        }
    }

    /// A payment whose money is held first, against its hold.
    fn held_payment(&mut self, payment: &Payment, name: &str, violations: &mut Violations) {
        let meets = expected_holds(payment)
            .iter()
            .any(|(state, captured)| self.meeting.takes(held_payment(payment, *state, *captured)));
        let may_have_none =
            matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
        if !meets && !may_have_none {
            let status = payment.status.text();
            violations.add(format!("{name} is {status}, and there is no hold that fits it."));
        }
    }

    fn hold_in(&mut self, wallet_id: WalletId, currency: Currency, minor: i128) {
        let (_, held) = self.held.entry(wallet_id).or_insert((currency, 0));
        *held = held.saturating_add(minor);
    }
}

impl Refunds {
    fn words(self, payment: &Payment) -> String {
        let back = Money(Some(self.back), payment.currency);
        let under_way = Money(Some(self.under_way), payment.currency);
        format!("{back} back and {under_way} on its way back")
    }
}

/// In which states, and with how much captured, the hold of a payment may be.
fn expected_holds(payment: &Payment) -> Vec<(HoldState, Option<u64>)> {
    match payment.status {
        PaymentStatus::Pending => vec![(HoldState::Pending, None), (HoldState::Expired, None)],
        PaymentStatus::Authorized => {
            let mut holds = vec![(HoldState::Pending, None), (HoldState::Expired, None)];
            match payment.asked {
                Some(Asked::Capture) => holds.push((HoldState::Captured, payment.asked_minor)),
                Some(Asked::Void) => holds.push((HoldState::Voided, None)),
                None => {}
            }
            holds
        }
        PaymentStatus::Successful | PaymentStatus::Refunded => {
            vec![(HoldState::Captured, Some(payment.captured_minor))]
        }
        PaymentStatus::Voided => vec![(HoldState::Voided, None), (HoldState::Expired, None)],
        PaymentStatus::Failed => Vec::new(),
    }
}

/// What a hold says of its payment.
pub(crate) fn hold_of_payment(hold: &Hold) -> u128 {
    let facts = Facts::about("held payment").id(hold.payment_id.any()).id(hold.wallet_id.any());
    let facts = facts.text(hold.merchant_id.as_str()).number(hold.amount);
    held_as(facts.text(hold.currency.code()), hold.state, hold.captured)
}

/// What a payment says of its hold.
fn held_payment(payment: &Payment, state: HoldState, captured: Option<u64>) -> u128 {
    let facts = Facts::about("held payment").id(payment.payment_id.any());
    let facts = facts.id(payment.wallet_id.any()).text(payment.merchant_id.as_str());
    let facts = facts.number(payment.amount_minor).text(payment.currency.code());
    held_as(facts, state, captured)
}

fn held_as(facts: Facts, state: HoldState, captured: Option<u64>) -> u128 {
    facts.text(state.text()).number(captured.unwrap_or_default()).done()
}

fn check(record: &dyn Rules, name: &str, violations: &mut Violations) {
    if let Err(why) = record.check() {
        violations.add(format!("{name} contradicts itself: {why}."));
    }
}
