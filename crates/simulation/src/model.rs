//! Random histories of an institution. The same seed gives the same history, so it can be played at
//! several institutions, over several stores, and be compared act by act.

use kernel::event::Capture;

use crate::dice::Dice;
use crate::institution::{Act, By, Keyed, What};

/// A history without end. What its acts name mostly exists, is mostly the actor's, and is mostly
/// where the act can be done; not always.
#[derive(Debug, Clone)]
pub struct History {
    dice: Dice,
    wallets: usize,
    payments: usize,
    loans: usize,
}

impl History {
    /// The history of a seed.
    pub fn of(seed: u64) -> Self {
        Self { dice: Dice::of(seed), wallets: 0, payments: 0, loans: 0 }
    }

    fn wallet(&mut self) -> usize {
        // One beyond the last is nobody's, and seldom drawn.
        self.dice.below(self.wallets * 10 + 1) / 10
    }

    /// One of the latest: it is likely to be under way still.
    fn recent(&mut self, count: usize) -> usize {
        count.saturating_sub(1 + self.dice.below(5))
    }

    fn cents(&mut self) -> u64 {
        self.dice.pick(&[1, 99, 100, 2_500, 9_999, 10_000, 50_000])
    }

    fn part(&mut self) -> Option<u64> {
        if self.dice.once_in(2) { None } else { Some(self.cents()) }
    }

    fn what(&mut self) -> What {
        if self.wallets < 2 {
            return What::OpenWallet;
        }
        match self.dice.below(100) {
            0..3 => What::OpenWallet,
            3 => What::OpenYenWallet,
            4..18 => What::Credit { wallet: self.wallet(), cents: self.cents() },
            18..26 => What::Debit { wallet: self.wallet(), cents: self.cents() },
            26..36 => {
                let (from, to) = (self.wallet(), self.wallet());
                What::Transfer { from, to, cents: self.cents() }
            }
            36..41 => {
                let sequence = u64::try_from(self.dice.below(12)).unwrap();
                What::Reverse { wallet: self.wallet(), sequence }
            }
            41..43 => What::Freeze { wallet: self.wallet() },
            43..46 => What::Unfreeze { wallet: self.wallet() },
            46 => What::Close { wallet: self.wallet() },
            47..57 => self.pay(Capture::Automatic),
            57..67 => self.pay(Capture::Manual),
            67..74 => {
                let payment = self.recent(self.payments);
                What::CapturePayment { payment, cents: self.part() }
            }
            74..78 => What::VoidPayment { payment: self.recent(self.payments) },
            78..85 => {
                let payment = self.recent(self.payments);
                What::RefundPayment { payment, cents: self.part() }
            }
            85..89 => {
                self.loans += 1;
                What::Apply { wallet: self.wallet(), cents: self.cents() }
            }
            89..94 => What::Approve { loan: self.recent(self.loans) },
            94..96 => What::Reject { loan: self.recent(self.loans) },
            96..99 => What::Pass { seconds: self.dice.pick(&[1, 59, 61, 3_600]) },
            _ => What::Pass { seconds: 7 * 24 * 60 * 60 },
        }
    }

    fn pay(&mut self, capture: Capture) -> What {
        self.payments += 1;
        What::Pay { wallet: self.wallet(), cents: self.cents(), capture }
    }

    fn keyed(&mut self) -> Option<Keyed> {
        // Few keys, so that many come again, and sometimes with another body.
        let key = u8::try_from(self.dice.below(20)).unwrap();
        let body = u8::from(self.dice.once_in(8));
        self.dice.once_in(3).then_some(Keyed { key, body })
    }
}

impl Iterator for History {
    type Item = Act;

    fn next(&mut self) -> Option<Act> {
        let what = self.what();
        let by = match what {
            What::OpenWallet | What::OpenYenWallet => {
                self.wallets += 1;
                self.dice.pick(&[By::Alice, By::Bob])
            }
            What::Debit { .. } | What::Transfer { .. } | What::Pay { .. } | What::Apply { .. } => {
                self.dice.pick(&[By::Alice, By::Bob, By::Alice, By::Bob, By::Operator, By::Shop])
            }
            What::CapturePayment { .. } | What::VoidPayment { .. } | What::RefundPayment { .. } => {
                self.dice.pick(&[By::Shop, By::Operator])
            }
            What::Credit { .. }
            | What::Reverse { .. }
            | What::Freeze { .. }
            | What::Unfreeze { .. }
            | What::Close { .. }
            | What::Approve { .. }
            | What::Reject { .. }
            | What::Pass { .. } => By::Operator,
        };
        Some(Act { by, keyed: self.keyed(), what })
    }
}
