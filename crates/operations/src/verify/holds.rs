//! Compares holds with the entries that begin and end them, with what wallets hold in all, and with
//! their payments. Entries and holds come in any order, payments after all of both. It keeps 33 to 66
//! bytes for each fact of a hold that nothing else has said yet: that of its payment, mostly.

use std::collections::{BTreeSet, HashMap};

use kernel::store::{StoreError, StorePort};
use kernel::{Currency, HoldId, Id, Key, Record, WalletId};
use payment::records::{Asked, Payment, PaymentStatus};
use wallet::records::{Entry, Hold, HoldState};

use super::again::Missing;
use super::claims::{Money, of_hold};
use super::report::Violations;
use super::services::check;
use crate::facts::{Facts, Meeting, Side};
use crate::sums::decimal;

/// See the file's comment.
#[derive(Debug, Default)]
pub(crate) struct Holds {
    /// What a hold says and nothing else has said yet, with the hold's id.
    waiting: HashMap<u128, u128>,
    /// What wallets hold, less what their pending holds hold.
    held: HashMap<WalletId, (Currency, i128)>,
}

impl Holds {
    /// The newest entry of a wallet.
    pub(crate) fn wallet(&mut self, newest: &Entry) {
        let Some(wallet_id) = newest.account_id.wallet() else { return };
        if newest.held_after > 0 {
            self.hold_in(wallet_id, newest.currency, i128::from(newest.held_after));
        }
    }

    /// A hold, against its entries as far as they came.
    pub(crate) fn hold(&mut self, hold: &Hold, meeting: &mut Meeting, violations: &mut Violations) {
        check(hold, &format!("Hold {}", hold.hold_id), violations);
        let (begun, ended) = of_hold(hold);
        let unsaid = [Some(begun), ended].into_iter().flatten().filter(|one| !meeting.takes(*one));
        // Each hold has its payment; the payment will say so.
        let waiting = unsaid.chain([of_payment(hold)]);
        self.waiting.extend(waiting.map(|facts| (facts, hold.hold_id.uuid())));
        if hold.state == HoldState::Pending {
            let minor = i128::from(hold.amount).saturating_neg();
            self.hold_in(hold.wallet_id, hold.currency, minor);
        }
    }

    /// Something else says what a hold has said. False if none has.
    pub(crate) fn takes(&mut self, facts: u128) -> bool {
        self.waiting.remove(&facts).is_some()
    }

    /// A payment whose money is held first, against its hold.
    pub(crate) fn payment(&mut self, payment: &Payment, name: &str, violations: &mut Violations) {
        let expected: Vec<_> = expected_holds(payment)
            .into_iter()
            .map(|(state, captured)| held_payment(payment, state, captured))
            .collect();
        let meets = expected.iter().any(|facts| self.takes(*facts));
        let may_have_none =
            matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
        if !meets && !may_have_none {
            let status = payment.status.text();
            let sentence = format!("{name} is {status}, and there is no hold that fits it.");
            let hold_id = Hold::id_of(payment.payment_id);
            violations.add_unless(sentence, Some(Missing::Hold { hold_id, facts: expected }));
        }
    }

    /// After the last record: whatever holds say was said by others, and what each wallet holds is what
    /// its pending holds hold. Holds of which something was not said are read again, to name them; what
    /// has changed since is left out.
    pub(crate) async fn compare(
        &mut self,
        port: &dyn StorePort,
        violations: &mut Violations,
    ) -> Result<(), StoreError> {
        let unsaid: BTreeSet<u128> = self.waiting.values().copied().collect();
        for uuid in unsaid {
            if violations.is_full() {
                violations.add_unnamed();
                continue;
            }
            let key = Key::id(HoldId::from_uuid(uuid));
            let found = port.get(Hold::KIND, key).await?;
            if let Some(hold) = found.and_then(|stored| stored.downcast::<Hold>()) {
                self.name(&hold, violations);
            }
        }
        self.compare_held(violations);
        Ok(())
    }

    fn name(&self, hold: &Hold, violations: &mut Violations) {
        let name = format!("Hold {}", hold.hold_id);
        let (begun, ended) = of_hold(hold);
        let waits = |facts: &u128| self.waiting.contains_key(facts);
        let missing =
            |facts| Some(Missing::Entry { chain: hold.wallet_id.into(), facts, side: Side::Left });
        if waits(&begun) {
            let (held, wallet_id) = (Money(Some(hold.amount), hold.currency), hold.wallet_id);
            let sentence = format!("{name} of {held} has no entry of its own in {wallet_id}.");
            violations.add_unless(sentence, missing(begun));
        }
        let state = hold.state.text();
        if let Some(ended) = ended.filter(waits) {
            let sentence = format!("{name} is {state}, and no entry of its wallet says so.");
            violations.add_unless(sentence, missing(ended));
        }
        if waits(&of_payment(hold)) {
            let payment_id = hold.payment_id;
            violations.add(format!("{name} is {state}, and {payment_id} does not say so."));
        }
    }

    fn compare_held(&mut self, violations: &mut Violations) {
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

    fn hold_in(&mut self, wallet_id: WalletId, currency: Currency, minor: i128) {
        let (_, held) = self.held.entry(wallet_id).or_insert((currency, 0));
        *held = held.saturating_add(minor);
        if *held == 0 {
            self.held.remove(&wallet_id);
        }
    }
}

/// Whether a hold says one of these facts.
pub(crate) fn says(hold: &Hold, facts: &[u128]) -> bool {
    let (begun, ended) = of_hold(hold);
    let said = [Some(begun), ended, Some(of_payment(hold))];
    said.into_iter().flatten().any(|one| facts.contains(&one))
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
