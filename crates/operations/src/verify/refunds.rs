//! Compares what a payment says is back, and on its way back, with its refunds. They come in any order;
//! both change in one step, so that where neither changed since the moment they agree.

use std::collections::BTreeMap;

use kernel::store::{StoreError, StorePort};
use kernel::{Currency, Id, Key, PaymentId, Record};
use payment::records::{Payment, Refund, RefundStatus};

use super::claims::Money;
use super::report::Violations;

/// What is back of each payment that has refunds or says so.
#[derive(Debug, Default)]
pub(crate) struct Refunds {
    of: BTreeMap<u128, Sides>,
}

#[derive(Debug, Clone, Copy)]
struct Sides {
    currency: Currency,
    refunds: Sums,
    payment: Option<Sums>,
    /// Whether none of them has changed since the moment.
    has_settled: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Sums {
    back: u64,
    under_way: u64,
}

impl Refunds {
    pub(crate) fn refund(&mut self, refund: &Refund, has_settled: bool) {
        let sides = self.sides(refund.payment_id, refund.currency);
        sides.has_settled &= has_settled;
        let refunds = &mut sides.refunds;
        let sum = match refund.status {
            RefundStatus::Successful => &mut refunds.back,
            RefundStatus::Pending => &mut refunds.under_way,
            RefundStatus::Failed => return,
        };
        *sum = sum.saturating_add(refund.amount_minor);
    }

    pub(crate) fn payment(&mut self, payment: &Payment, has_settled: bool) {
        let said = Sums::said(payment);
        if said != Sums::default() || self.of.contains_key(&payment.payment_id.uuid()) {
            let sides = self.sides(payment.payment_id, payment.currency);
            sides.payment = Some(said);
            sides.has_settled &= has_settled;
        }
    }

    /// After the last of both: they say the same. A payment that came before its refunds and said
    /// nothing of any was not kept, and is read again: in a store that is written, no refund of it has
    /// settled.
    pub(crate) async fn compare(
        &mut self,
        port: &dyn StorePort,
        violations: &mut Violations,
    ) -> Result<(), StoreError> {
        let mut of = std::mem::take(&mut self.of);
        of.retain(|_, sides| sides.has_settled && sides.payment != Some(sides.refunds));
        for (uuid, Sides { currency, refunds, payment, .. }) in of {
            let payment_id = PaymentId::from_uuid(uuid);
            let payment = match payment {
                Some(said) => Some(said),
                None => {
                    let found = port.get(Payment::KIND, Key::id(payment_id)).await?;
                    let found = found.and_then(|stored| stored.downcast::<Payment>());
                    found.map(|payment| Sums::said(&payment))
                }
            };
            let Some(said) = payment else {
                violations.add(format!("Payment {payment_id} has refunds, and is not there."));
                continue;
            };
            if said != refunds {
                let (said, refunds) = (said.words(currency), refunds.words(currency));
                violations.add(format!("Payment {payment_id} has {said}, its refunds {refunds}."));
            }
        }
        Ok(())
    }

    fn sides(&mut self, payment_id: PaymentId, currency: Currency) -> &mut Sides {
        self.of.entry(payment_id.uuid()).or_insert(Sides {
            currency,
            refunds: Sums::default(),
            payment: None,
            has_settled: true,
        })
    }
}

impl Sums {
    fn said(payment: &Payment) -> Self {
        Self { back: payment.refunded_minor, under_way: payment.refunding_minor }
    }

    fn words(self, currency: Currency) -> String {
        let back = Money(Some(self.back), currency);
        let under_way = Money(Some(self.under_way), currency);
        format!("{back} back and {under_way} on its way back")
    }
}
