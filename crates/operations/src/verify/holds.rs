//! Compares holds with the entries that begin and end them, and with their payments. Entries and holds
//! come in any order, payments after all of both. What a wallet holds in all follows: its chain adds up
//! what its entries begin and end, and each of these is that of one hold. It keeps 33 to 66 bytes for
//! each hold until its payment comes, and as much again while its entries were not seen.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use kernel::record::ChainId;
use kernel::store::{StoreError, StorePort};
use kernel::{HoldId, Id, Key, Record, WalletId};
use payment::records::{Asked, Payment, PaymentStatus};
use wallet::records::{Hold, HoldState};

use super::again::{self, Sought};
use super::claims::{Money, of_hold};
use super::moment::Moment;
use super::report::Violations;
use super::services::check;
use crate::facts::{Facts, Meeting};

/// See the file's comment.
#[derive(Debug)]
pub(crate) struct Holds {
    moment: Moment,
    /// What a hold says of its entries and none of them has said yet.
    unsaid: HashMap<u128, Unsaid>,
    /// What the payment of each hold must say, until it does.
    of_payments: HashMap<HoldId, u128>,
}

/// Whose hold says it.
#[derive(Debug, Clone, Copy)]
struct Unsaid {
    hold_id: HoldId,
    /// Where the hold ended in a step that may have come after the wallet's entries were read.
    ended_in: Option<WalletId>,
}

impl Holds {
    pub(crate) fn of(moment: Moment) -> Self {
        Self { moment, unsaid: HashMap::new(), of_payments: HashMap::new() }
    }

    /// A hold, against its entries as far as they came.
    pub(crate) fn hold(&mut self, hold: &Hold, meeting: &mut Meeting, violations: &mut Violations) {
        check(hold, &format!("Hold {}", hold.hold_id), violations);
        let Hold { hold_id, wallet_id, .. } = *hold;
        // Each hold has its payment; the payment will say so.
        self.of_payments.insert(hold_id, of_payment(hold));
        let (begun, ended) = of_hold(hold);
        let ended = ended.map(|ended| (ended, Some(wallet_id)));
        for (facts, ended_in) in [Some((begun, None)), ended].into_iter().flatten() {
            if !meeting.takes(facts) && self.moment.has_settled(hold.created_at) {
                self.unsaid.insert(facts, Unsaid { hold_id, ended_in });
            }
        }
    }

    /// An entry says what a hold has said. False if none has.
    pub(crate) fn takes(&mut self, facts: u128) -> bool {
        self.unsaid.remove(&facts).is_some()
    }

    /// A payment whose money is held first, against its hold. If it has not settled, its hold may have
    /// been another when it was read.
    pub(crate) fn payment(&mut self, payment: &Payment, name: &str, violations: &mut Violations) {
        let hold_id = Hold::id_of(payment.payment_id);
        let meets = self.of_payments.get(&hold_id).is_some_and(|said| {
            let expected = expected_holds(payment).into_iter();
            expected
                .map(|(state, captured)| held_payment(payment, state, captured))
                .any(|facts| facts == *said)
        });
        if meets || !self.moment.has_settled(payment.updated_at) {
            self.of_payments.remove(&hold_id);
            return;
        }
        let may_have_none =
            matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
        if !may_have_none {
            let status = payment.status.text();
            violations.add(format!("{name} is {status}, and there is no hold that fits it."));
        }
    }

    /// After the last record: whatever holds say was said by others. A hold has no date of its end, so
    /// that the newest entries of its wallet are looked through before it is said that none ends it.
    /// Holds of which something was not said are read again, to name them.
    pub(crate) async fn compare(
        &mut self,
        port: &dyn StorePort,
        violations: &mut Violations,
    ) -> Result<(), StoreError> {
        if !self.moment.stands_still() {
            self.look_again(port, violations).await?;
        }
        let unsaid = self.unsaid.values().map(|unsaid| unsaid.hold_id);
        let wrong: BTreeSet<HoldId> = unsaid.chain(self.of_payments.keys().copied()).collect();
        for hold_id in wrong {
            if violations.is_full() {
                violations.add_unnamed();
                continue;
            }
            let found = port.get(Hold::KIND, Key::id(hold_id)).await?;
            match found.and_then(|stored| stored.downcast::<Hold>()) {
                Some(hold) => self.name(&hold, violations),
                None => violations.add(format!("Hold {hold_id} was there and is no longer.")),
            }
        }
        Ok(())
    }

    async fn look_again(
        &mut self,
        port: &dyn StorePort,
        violations: &mut Violations,
    ) -> Result<(), StoreError> {
        let mut sought: BTreeMap<ChainId, HashSet<u128>> = BTreeMap::new();
        for (facts, unsaid) in &self.unsaid {
            if let Some(wallet_id) = unsaid.ended_in {
                sought.entry(wallet_id.into()).or_default().insert(*facts);
            }
        }
        let Sought { found, untried } = again::seek(port, sought, self.moment.time()).await?;
        self.unsaid.retain(|facts, _| !found.contains(facts) && !untried.contains(facts));
        if !untried.is_empty() {
            let count = untried.len();
            violations.add(format!(
                "{count} holds ended while the ledger was read, and so much was booked meanwhile that \
                 it was not looked for the entries that say so. Check again when less is written."
            ));
        }
        Ok(())
    }

    fn name(&self, hold: &Hold, violations: &mut Violations) {
        let name = format!("Hold {}", hold.hold_id);
        let (begun, ended) = of_hold(hold);
        let waits = |facts: &u128| self.unsaid.contains_key(facts);
        if waits(&begun) {
            let (held, wallet_id) = (Money(Some(hold.amount), hold.currency), hold.wallet_id);
            violations.add(format!("{name} of {held} has no entry of its own in {wallet_id}."));
        }
        let state = hold.state.text();
        if ended.filter(waits).is_some() {
            violations.add(format!("{name} is {state}, and no entry of its wallet says so."));
        }
        if self.of_payments.contains_key(&hold.hold_id) {
            let payment_id = hold.payment_id;
            violations.add(format!("{name} is {state}, and {payment_id} does not say so."));
        }
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
fn of_payment(hold: &Hold) -> u128 {
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
